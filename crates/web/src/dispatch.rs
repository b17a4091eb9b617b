//! From a request to its handler: route, caller, query, handler, in this order.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use formats::vendor::request::{self, normalise_path};

use crate::access::Reader;
use crate::call::{Call, continuation};
use crate::failure::Failure;
use crate::routes::{self, Resource};
use crate::state::AppState;
use crate::{api, health, invoices, line_items};

pub(crate) async fn dispatch(State(state): State<Arc<AppState>>, request: Request) -> Response {
    if api::is_api(request.uri().path()) {
        return api::dispatch(state, request).await;
    }
    answer(state, request).await.unwrap_or_else(IntoResponse::into_response)
}

async fn answer(state: Arc<AppState>, request: Request) -> Result<Response, Failure> {
    // The body is dropped unread: no route takes one.
    let (head, _) = request.into_parts();
    let (route, parameters) = routes::find(&normalise_path(head.uri.path())).ok_or_else(Failure::no_such_route)?;
    if head.method != Method::GET && head.method != Method::HEAD {
        return Err(Failure::method_not_allowed());
    }
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let call = || -> Result<Call, Failure> {
        let (request, continuation) = (request::Request::parse(target)?, continuation(&head.headers));
        Ok(Call { state: state.clone(), request, parameters, continuation })
    };
    match route.resource {
        Resource::Health => health::answer(),
        Resource::Statement => invoices::statement::answer(&call()?, &head.headers).await,
        guarded => {
            let reader = Reader::admit(&state, &head.headers).await?;
            show(guarded, &call()?, &reader).await
        }
    }
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
        Resource::Health | Resource::Statement => Err(Failure::no_such_route()),
    }
}
