//! From a request to its handler: route, caller, body, query, handler, in this order.

use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;
use billing::ids::OrganisationId;
use formats::vendor::request::{self, normalise_path};
use http_body_util::{BodyExt as _, Limited};

use crate::access::Reader;
use crate::call::{Call, authority, continuation};
use crate::failure::Failure;
use crate::family::Family;
use crate::identity::{discovery, token_endpoint};
use crate::origin::Encrypted;
use crate::routes::{self, NoRoute, Parameters, Resource, Route, Verb};
use crate::state::AppState;
use crate::throttle::Throttle;
use crate::{api, exports, health, invoices, line_items, usage};

pub(crate) async fn dispatch(State(state): State<Arc<AppState>>, request: Request) -> Response {
    if api::is_api(request.uri().path()) {
        return api::dispatch(state, request).await;
    }
    let now = state.now();
    let (head, body) = request.into_parts();
    let answered = answer(state, &head, body).await;
    answered.unwrap_or_else(|failure| Family::of(head.uri.path()).refuse(failure, &head, now))
}

async fn answer(state: Arc<AppState>, head: &Parts, body: Body) -> Result<Response, Failure> {
    let found = routes::find(&head.method, &normalise_path(head.uri.path()));
    let (route, parameters) = found.map_err(|reason| match reason {
        NoRoute::UnknownPath => Failure::no_such_route(),
        NoRoute::OtherVerbs(allowed) => Failure::method_not_allowed(&allowed),
    })?;
    match route.resource {
        Resource::Health => health::answer(),
        Resource::Token => {
            let call = call(state, head, body, route, parameters).await?;
            token_endpoint::answer(&call, token_endpoint::Version::First).await
        }
        Resource::TokenOfVersion2 => {
            let call = call(state, head, body, route, parameters).await?;
            token_endpoint::answer(&call, token_endpoint::Version::Second).await
        }
        Resource::OpenIdConfiguration => discovery::answer(&call(state, head, body, route, parameters).await?),
        Resource::Statement => invoices::statement::answer(&call(state, head, body, route, parameters).await?).await,
        Resource::ExportBlob => exports::blob::answer(&call(state, head, body, route, parameters).await?).await,
        guarded => {
            let reader = Reader::admit(&state, &head.headers).await?;
            throttle(head, reader.organisation_id()).map_err(Failure::throttled)?;
            show(guarded, &call(state, head, body, route, parameters).await?, &reader).await
        }
    }
}

async fn call(
    state: Arc<AppState>,
    head: &Parts,
    body: Body,
    route: &Route,
    parameters: Parameters,
) -> Result<Call, Failure> {
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let request = request::Request::parse(target)?;
    let body = match route.verb {
        // Dropped unread.
        Verb::Get => Bytes::new(),
        Verb::Put | Verb::Patch | Verb::Post => {
            receive(&head.headers, body, route, state.limits.body_bytes_max).await?
        }
    };
    Ok(Call {
        state,
        request,
        parameters,
        continuation: continuation(&head.headers),
        headers: head.headers.clone(),
        authority: authority(&head.uri, &head.headers),
        is_encrypted: head.extensions.get::<Encrypted>().is_some(),
        is_head: head.method == Method::HEAD,
        body,
    })
}

/// Takes the place of one request of an organisation.
///
/// # Errors
/// The seconds after which there is one.
pub(crate) fn throttle(head: &Parts, organisation: &OrganisationId) -> Result<(), u32> {
    let throttle = head.extensions.get::<Arc<Throttle>>();
    throttle.map_or(Ok(()), |throttle| throttle.admit(organisation, Instant::now()))
}

fn accepted_type(resource: Resource) -> &'static str {
    match resource {
        Resource::Token | Resource::TokenOfVersion2 => "application/x-www-form-urlencoded",
        _ => "application/json",
    }
}

/// # Errors
/// 415 for a body of another type, 413 for one that is too large.
async fn receive(headers: &HeaderMap, body: Body, route: &Route, bytes_max: u64) -> Result<Bytes, Failure> {
    let limit = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    let bytes = Limited::new(body, limit).collect().await.map_err(|_| Failure::body_too_large())?.to_bytes();
    let content_type = headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or("?"));
    let accepted = accepted_type(route.resource);
    let is_accepted = content_type.is_none_or(|text| {
        let essence = text.split(';').next().unwrap_or_default().trim();
        essence.is_empty() || essence.eq_ignore_ascii_case(accepted)
    });
    if bytes.is_empty() || is_accepted { Ok(bytes) } else { Err(Failure::unsupported_media_type(accepted)) }
}

/// What only a token opens.
async fn show(resource: Resource, call: &Call, reader: &Reader) -> Result<Response, Failure> {
    match resource {
        Resource::Invoices => invoices::list::answer(call, reader).await,
        Resource::Summary => invoices::balance::summary(reader).await,
        Resource::Summaries => invoices::balance::summaries(call, reader).await,
        Resource::Invoice => invoices::by_id::answer(call, reader).await,
        Resource::UnbilledLineItems => line_items::unbilled::answer(call, reader).await,
        Resource::LineItems => line_items::billed::by_query(call, reader).await,
        Resource::LineItemsOfPair => line_items::billed::by_path(call, reader).await,
        Resource::Export => exports::graph::begin(call, reader).await,
        Resource::ExportOperation => exports::graph::operation(call, reader).await,
        Resource::ExportManifest => exports::graph::manifest(call, reader).await,
        Resource::EarlyBilledExport => exports::early::begin_billed(call, reader).await,
        Resource::EarlyUnbilledExport => exports::early::begin_unbilled(call, reader).await,
        Resource::EarlyOperation => exports::early::operation(call, reader).await,
        Resource::EarlyManifest => exports::early::manifest(call, reader).await,
        Resource::EstimateLinks => invoices::estimates::links(call, reader).await,
        Resource::PartnerUsage => usage::customers::partner(call, reader).await,
        Resource::CustomersUsage => usage::customers::all(call, reader).await,
        Resource::CustomerUsage => usage::customers::one(call, reader).await,
        Resource::SubscriptionsUsage => usage::customers::subscriptions(call, reader).await,
        Resource::SubscriptionUsage => usage::subscriptions::summary(call, reader).await,
        Resource::MeterUsage => usage::subscriptions::meters(call, reader).await,
        Resource::ResourceUsage => usage::subscriptions::resources(call, reader).await,
        Resource::MeterUsageAsResources => usage::subscriptions::meters_as_resources(call, reader).await,
        Resource::DailyUsage => usage::subscriptions::days(call, reader).await,
        Resource::Utilization => usage::utilization::answer(call, reader).await,
        Resource::Budget => usage::budget::show(call, reader).await,
        Resource::NewBudget => usage::budget::change(call, reader).await,
        Resource::Health
        | Resource::Token
        | Resource::TokenOfVersion2
        | Resource::OpenIdConfiguration
        | Resource::Statement
        | Resource::ExportBlob => Err(Failure::no_such_route()),
    }
}
