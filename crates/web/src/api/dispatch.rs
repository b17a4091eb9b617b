//! Finds the operation of a request, and does it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use sha2::{Digest, Sha256};
use tokio::task::AbortHandle;
use uuid::Uuid;

use super::access::Caller;
use super::body;
use super::call::{Call, Content, Reply, WriteCall};
use super::idempotency::{self, Once};
use super::openapi;
use super::operations::{Intake, OPERATIONS, Operation, Verb, Work};
use super::problem::Problem;
use super::query::Query;
use crate::answer::{self, JSON};
use crate::dispatch::throttle;
use crate::layers::RequestId;
use crate::routes::{Parameters, match_pattern};
use crate::state::{AppState, Limits};

/// Whether a path belongs to this API, so that its errors have this API's form.
pub(crate) fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// What a request may be: bytes of its body, and how long it may take.
pub(crate) fn allowance(limits: &Limits, request: &Request) -> (u64, std::time::Duration) {
    let path = request.uri().path();
    let takes_file = OPERATIONS.iter().any(|operation| {
        matches!(operation.work, Work::Write(Intake::File(_), _))
            && request.method() == Method::POST
            && match_pattern(operation.path, path).is_some()
    });
    match takes_file {
        true => (limits.import_bytes_max, limits.import_timeout),
        false => (limits.body_bytes_max, limits.request_timeout),
    }
}

pub(crate) async fn dispatch(state: Arc<AppState>, request: Request) -> Response {
    let request_id = request.extensions().get::<RequestId>().map_or_else(Uuid::nil, |id| id.0);
    let (head, body) = request.into_parts();
    let answered = answer(state, &head, body, request_id).await;
    answered.unwrap_or_else(|problem| problem.into_response(request_id))
}

async fn answer(state: Arc<AppState>, head: &Parts, body: Body, request_id: Uuid) -> Result<Response, Problem> {
    let (operation, parameters) = find(&head.method, head.uri.path())?;
    let Some(access) = operation.access else { return Ok(openapi::response()) };
    let caller = Caller::admit(&state, &head.headers, access).await?;
    throttle(head, caller.organisation()).map_err(Problem::throttled)?;
    let call = |query| Call { state: state.clone(), caller: caller.clone(), parameters, query };
    let text = head.uri.query().unwrap_or_default();
    match &operation.work {
        Work::Document => Ok(openapi::response()),
        Work::Read(read) => {
            let reading = tokio::spawn(read(call(Query::read(text, operation.parameters)?)));
            // Nobody waits any more when this is dropped.
            let _stopped = Stopped(reading.abort_handle());
            // It fell over; whatever it says stays inside.
            Ok(good(reading.await.map_err(Problem::unexpected)??))
        }
        Work::Write(intake, write) => {
            let key = idempotency::key(&head.headers)?;
            let query = Query::read(text, operation.parameters)?;
            let (body, body_digest) = body::receive(intake, &head.headers, body, &state.limits).await?;
            let digest = digest_of(head, caller.organisation().as_str(), &body_digest);
            let organisation = caller.organisation().clone();
            let call = call(query);
            let once = Once { state, organisation, key: key.clone(), digest: digest.clone(), request_id };
            let write = *write;
            once.run(move |attempt| write(WriteCall { call, attempt, digest, key, body })).await
        }
    }
}

/// Stops a task when it is dropped.
struct Stopped(AbortHandle);

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// # Errors
/// `request.route_unknown`, `request.method`
fn find(method: &Method, path: &str) -> Result<(&'static Operation, Parameters), Problem> {
    let mut is_known = false;
    for operation in OPERATIONS.iter() {
        let Some(parameters) = match_pattern(operation.path, path) else { continue };
        is_known = true;
        match (operation.verb, method) {
            (Verb::Get, &Method::GET | &Method::HEAD) | (Verb::Post, &Method::POST) => {
                return Ok((operation, parameters));
            }
            _ => {}
        }
    }
    Err(match is_known {
        true => {
            let detail = format!("{method:.20} is not served here; /api/v1/openapi.json says what is");
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "request.method", detail)
        }
        false => Problem::not_found("request.route_unknown", "there is no such route; /api/v1/openapi.json has all"),
    })
}

/// All that makes a request the same request.
fn digest_of(head: &Parts, organisation: &str, body_digest: &str) -> String {
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let text = format!("{}\n{target}\n{organisation}\n{body_digest}", head.method);
    billing::ports::hex(&Sha256::digest(text.as_bytes()))
}

fn good(reply: Reply) -> Response {
    let bytes = match reply.content {
        Content::Pdf(number, bytes) => return answer::statement(&number, bytes),
        Content::Json(bytes) => bytes,
    };
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = reply.status;
    let content_type: HeaderValue = JSON;
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}
