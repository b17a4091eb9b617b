//! Sizes, time, and how many at once.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::failure::Failure;
use crate::state::Limits;

#[derive(Debug)]
pub(super) struct Admission {
    limits: Limits,
    places: Semaphore,
}

impl Admission {
    pub(super) fn new(limits: Limits) -> Self {
        let places = limits.request_count_max.min(Semaphore::MAX_PERMITS);
        Self { limits, places: Semaphore::new(places) }
    }
}

/// Lets a request in that keeps to the limits. Too many at once wait: clients repeat a refused
/// request within milliseconds, so a slow answer is the cheaper one.
pub(super) async fn admit(State(admission): State<Arc<Admission>>, request: Request, next: Next) -> Response {
    if let Err(failure) = sizes(&admission.limits, &request) {
        return failure.into_response();
    }
    let answer = async {
        match admission.places.acquire().await {
            Ok(_place) => next.run(request).await,
            Err(closed) => Failure::unexpected(closed).into_response(),
        }
    };
    let answered = timeout(admission.limits.request_timeout, answer).await;
    answered.unwrap_or_else(|_| Failure::timed_out().into_response())
}

fn sizes(limits: &Limits, request: &Request) -> Result<(), Failure> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > limits.target_bytes_max {
        return Err(Failure::target_too_long());
    }
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let length = length.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    if length > limits.body_bytes_max { Err(Failure::body_too_large()) } else { Ok(()) }
}
