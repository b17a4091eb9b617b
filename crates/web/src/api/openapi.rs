//! The document of the API, OpenAPI 3.1, made from the operations and their shapes.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::header;
use axum::response::Response;
use utoipa::ToSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, PathsBuilder};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{ComponentsBuilder, ObjectBuilder, Ref, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Content, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Required, ResponseBuilder, ResponsesBuilder,
};

use super::operations::{Answer, Intake, OPERATIONS, Operation, Schemas, Verb, Work};
use super::problem::{FieldProblem, ProblemBody};
use crate::answer::{JSON, PDF};

const TOKEN: &str = "token";
const DESCRIPTION: &str = "The books of an issuer. Amounts are strings of exact decimals with their currency, days are \
    ISO 8601, instants are UTC. Every POST needs a key of its own, and may be sent again with it.";

static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| serde_json::to_vec(&document()).unwrap_or_default());

pub(crate) fn response() -> Response {
    let mut response = Response::new(Body::from(BYTES.clone()));
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// The OpenAPI document of all routes.
#[must_use]
pub fn document() -> OpenApi {
    let license = LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build();
    let info = InfoBuilder::new().title("Quittance").version("1").description(Some(DESCRIPTION)).license(Some(license));
    let mut paths = PathsBuilder::new();
    for operation in OPERATIONS {
        let method = match operation.verb {
            Verb::Get => HttpMethod::Get,
            Verb::Post => HttpMethod::Post,
        };
        paths = paths.path(operation.path, PathItem::new(method, described(operation)));
    }
    let mut components = ComponentsBuilder::new()
        .security_scheme(TOKEN, SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()));
    for (name, schema) in schemas() {
        components = components.schema(name, schema);
    }
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components.build())).build()
}

fn schemas() -> Schemas {
    let mut schemas: Schemas =
        vec![(ProblemBody::name().into_owned(), <ProblemBody as utoipa::PartialSchema>::schema())];
    schemas.push((FieldProblem::name().into_owned(), <FieldProblem as utoipa::PartialSchema>::schema()));
    for operation in OPERATIONS {
        if let Answer::Json(_, shape) = operation.answer {
            (shape.collect)(&mut schemas);
        }
        if let Work::Write(Intake::Json(shape), _) = operation.work {
            (shape.collect)(&mut schemas);
        }
    }
    schemas
}

fn described(operation: &Operation) -> OperationBuilder {
    let mut described =
        OperationBuilder::new().operation_id(Some(operation.id)).summary(Some(operation.summary)).tag(tag(operation));
    for segment in operation.path.split('/') {
        if let Some(name) = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            described = described.parameter(text(name, ParameterIn::Path, Required::True, None));
        }
    }
    for parameter in operation.parameters {
        let description = Some(parameter.description);
        described = described.parameter(text(parameter.name, ParameterIn::Query, Required::False, description));
    }
    if let Work::Write(intake, _) = &operation.work {
        let description = Some("1 to 255 visible ASCII characters, another for each request.");
        described = described
            .parameter(text("Idempotency-Key", ParameterIn::Header, Required::True, description))
            .request_body(Some(body(intake)));
    }
    if operation.access.is_some() {
        described = described.security(SecurityRequirement::new::<_, _, &str>(TOKEN, []));
    }
    described.responses(responses(operation))
}

/// The word behind the version.
fn tag(operation: &Operation) -> &'static str {
    operation.path.split('/').nth(3).unwrap_or_default()
}

fn text(name: &str, place: ParameterIn, required: Required, description: Option<&str>) -> ParameterBuilder {
    let schema = ObjectBuilder::new().schema_type(Type::String);
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(description)
        .schema(Some(schema))
}

fn reference(name: &str) -> Content {
    ContentBuilder::new().schema(Some(Ref::from_schema_name(name))).build()
}

fn body(intake: &Intake) -> RequestBody {
    let body = RequestBodyBuilder::new().required(Some(Required::True));
    match intake {
        Intake::Json(shape) => body.content("application/json", reference(&(shape.name)())),
        Intake::File(formats) => {
            body.description(Some(*formats)).content("application/octet-stream", ContentBuilder::new().build())
        }
    }
    .build()
}

fn responses(operation: &Operation) -> ResponsesBuilder {
    let (status, content_type, content) = match operation.answer {
        Answer::Json(status, shape) => (status, "application/json", reference(&(shape.name)())),
        Answer::Pdf => (200, PDF, ContentBuilder::new().build()),
        Answer::Document => (200, "application/json", ContentBuilder::new().build()),
    };
    let good = ResponseBuilder::new().description("Done.").content(content_type, content);
    let problem = ResponseBuilder::new()
        .description("Refused or failed; the code says why.")
        .content("application/problem+json", reference(&ProblemBody::name()));
    ResponsesBuilder::new().response(status.to_string(), good).response("default", problem)
}
