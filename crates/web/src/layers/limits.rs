//! Sizes, time, and how many at once.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use uuid::Uuid;

use super::identification::RequestId;
use crate::api::{self, Problem, allowance};
use crate::failure::Failure;
use crate::state::Limits;

#[derive(Debug)]
pub(super) struct Admission {
    limits: Limits,
    places: Semaphore,
    /// Of those that wait or are answered.
    queue: Semaphore,
}

impl Admission {
    pub(super) fn new(limits: Limits) -> Self {
        let places = limits.request_count_max.min(Semaphore::MAX_PERMITS);
        let queue = places.saturating_add(limits.waiting_count_max).min(Semaphore::MAX_PERMITS);
        Self { limits, places: Semaphore::new(places), queue: Semaphore::new(queue) }
    }
}

/// Lets a request in that keeps to the limits. Too many at once wait: clients repeat a refused
/// request within milliseconds, so a slow answer is the cheaper one. What would wait for long is refused at once, so that
/// those that are waited for are still wanted when they are answered.
pub(super) async fn admit(State(admission): State<Arc<Admission>>, request: Request, next: Next) -> Response {
    let form = Form::of(&request);
    let (body_bytes_max, time) = allowance(&admission.limits, &request);
    if let Err(refusal) = sizes(&admission.limits, body_bytes_max, &request) {
        return form.refuse(refusal);
    }
    let Ok(_queued) = admission.queue.try_acquire() else { return form.refuse(Refusal::Busy) };
    let answer = async {
        match admission.places.acquire().await {
            Ok(_place) => next.run(request).await,
            Err(_) => form.refuse(Refusal::TimedOut),
        }
    };
    timeout(time, answer).await.unwrap_or_else(|_| form.refuse(Refusal::TimedOut))
}

/// Why the limits stop a request.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    TargetTooLong,
    BodyTooLarge,
    TimedOut,
    Busy,
}

/// Which API's errors a caller expects.
#[derive(Debug, Clone, Copy)]
struct Form {
    api_request: Option<Uuid>,
}

impl Form {
    fn of(request: &Request) -> Self {
        let id = request.extensions().get::<RequestId>().map_or_else(Uuid::nil, |id| id.0);
        Self { api_request: api::is_api(request.uri().path()).then_some(id) }
    }

    fn refuse(self, refusal: Refusal) -> Response {
        match (self.api_request, refusal) {
            (None, Refusal::TargetTooLong) => Failure::target_too_long().into_response(),
            (None, Refusal::BodyTooLarge) => Failure::body_too_large().into_response(),
            (None, Refusal::TimedOut) => Failure::timed_out().into_response(),
            (None, Refusal::Busy) => Failure::busy().into_response(),
            (Some(id), refusal) => refusal.problem().into_response(id),
        }
    }
}

impl Refusal {
    fn problem(self) -> Problem {
        let (status, code, detail) = match self {
            Self::TargetTooLong => (StatusCode::URI_TOO_LONG, "request.too_long", "path and query are too long"),
            Self::BodyTooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "request.body_too_large",
                "the body is too large; import larger files with the command line",
            ),
            Self::TimedOut => (
                StatusCode::GATEWAY_TIMEOUT,
                "request.timed_out",
                "the request took too long; what it writes goes on: send it again with its key",
            ),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "request.busy", "the server is busy; try again"),
        };
        Problem::new(status, code, detail)
    }
}

fn sizes(limits: &Limits, body_bytes_max: u64, request: &Request) -> Result<(), Refusal> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > limits.target_bytes_max {
        return Err(Refusal::TargetTooLong);
    }
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let length = length.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    if length > body_bytes_max { Err(Refusal::BodyTooLarge) } else { Ok(()) }
}
