//! A request with a key acts once, however often it is sent.
//!
//! The key is kept in the ledger before the work begins and its answer after it. A request that is
//! found without an answer while nobody else can be writing was cut off by a crash: it is done again,
//! as the same attempt (`engine::writing`).

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use billing::ids::OrganisationId;
use billing::ports::{KeptAnswer, KeptRequest, KeyedRequest};
use engine::writing::Attempt;
use jiff::SignedDuration;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::call::{Content, Later, Reply, Written};
use super::problem::{PROBLEM_TYPE, Problem};
use super::writing::{Turn, UnderWay};
use crate::answer::JSON;
use crate::state::AppState;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const KEY_LENGTH_MAX: usize = 255;
/// A day is promised; clocks may be set.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(48);

/// # Errors
/// `idempotency.key_missing`, `idempotency.key_malformed`
pub(crate) fn key(headers: &HeaderMap) -> Result<String, Problem> {
    let refuse = |code: &str, detail: &str| Problem::new(StatusCode::BAD_REQUEST, code, detail);
    let mut values = headers.get_all(KEY).iter();
    let value = values.next().ok_or_else(|| {
        let detail = "every POST needs the header Idempotency-Key: a name of its own, to be sent again with it";
        refuse("idempotency.key_missing", detail)
    })?;
    let bytes = value.as_bytes();
    let is_good = (1..=KEY_LENGTH_MAX).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
    match value.to_str() {
        Ok(key) if is_good && values.next().is_none() => Ok(key.to_owned()),
        _ => {
            Err(refuse("idempotency.key_malformed", "a key is 1 to 255 visible ASCII characters without blanks, once"))
        }
    }
}

fn in_progress() -> Problem {
    let detail = "a request with this key is being worked on; send it again for its answer";
    Problem::new(StatusCode::CONFLICT, "idempotency.in_progress", detail)
}

/// The answer that is kept, `None` for a request that left none.
fn replay(kept: &KeptRequest, digest: &str) -> Result<Option<Response>, Problem> {
    if kept.digest != digest {
        let detail = "this key was sent with another request; a new request needs a new key";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency.key_reused", detail));
    }
    Ok(kept.answer.as_ref().map(|answer| {
        let mut response = response_of(answer);
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        response
    }))
}

fn response_of(answer: &KeptAnswer) -> Response {
    let mut response = Response::new(Body::from(answer.body.clone()));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let is_good = response.status().is_success();
    response.headers_mut().insert(header::CONTENT_TYPE, if is_good { JSON } else { PROBLEM_TYPE });
    response
}

/// A request on its way to be done once.
pub(crate) struct Once {
    pub(crate) state: Arc<AppState>,
    pub(crate) organisation: OrganisationId,
    pub(crate) key: String,
    pub(crate) digest: String,
    pub(crate) request_id: Uuid,
}

impl Once {
    /// Does `work` unless it was done, in a thread of its own: a caller who does not wait for the answer
    /// finds it under the key.
    ///
    /// # Errors
    /// `idempotency.*`, `data_dir.locked`, and whatever the work refuses.
    pub(crate) async fn run(self, work: impl FnOnce(Attempt) -> Written + Send + 'static) -> Result<Response, Problem> {
        let kept = self.state.books.ledger.kept_request(&self.organisation, &self.key).await?;
        if let Some(replayed) = kept.as_ref().map(|kept| replay(kept, &self.digest)).transpose()?.flatten() {
            return Ok(replayed);
        }
        let under_way = self.state.writing.begin(&self.organisation, &self.key).ok_or_else(in_progress)?;
        let (send, answered) = oneshot::channel();
        let runtime = Handle::current();
        let span = tracing::Span::current();
        let thread = spawn_blocking(move || {
            let _span = span.entered();
            runtime.block_on(self.work(work, under_way, kept.is_some(), send));
        });
        match answered.await {
            Ok(answer) => answer,
            // It fell over; the next try does it again.
            Err(_) => Err(Problem::unexpected(thread.await.err().map(|error| error.to_string()).unwrap_or_default())),
        }
    }

    async fn work(
        self,
        work: impl FnOnce(Attempt) -> Written,
        under_way: UnderWay,
        was_begun: bool,
        send: oneshot::Sender<Result<Response, Problem>>,
    ) {
        let entered = self.state.writing.enter(&self.state.books, self.state.limits.write_wait).await;
        let turn: Turn = match entered {
            Ok(turn) => turn,
            Err(problem) => {
                // The one who writes may be another server, with this very request.
                let problem = if was_begun && problem.code == "data_dir.locked" { in_progress() } else { problem };
                drop(under_way);
                drop(send.send(Err(problem)));
                return;
            }
        };
        let (answer, later) = match self.answer(work).await {
            Ok((response, later)) => (Ok(response), later),
            Err(problem) => (Err(problem), None),
        };
        drop(under_way);
        // Whoever asked may be gone.
        drop(send.send(answer));
        if let Some(later) = later {
            later().await;
        }
        drop(turn);
    }

    /// Nobody else writes: a request that is kept without an answer will never get one by itself.
    async fn answer(&self, work: impl FnOnce(Attempt) -> Written) -> Result<(Response, Option<Later>), Problem> {
        let ledger = &self.state.books.ledger;
        let now = self.state.now();
        let request = KeyedRequest {
            organisation: self.organisation.clone(),
            key: self.key.clone(),
            digest: self.digest.clone(),
            started_at: now,
        };
        let forget_before = now.checked_sub(KEPT_FOR).map_err(Problem::unexpected)?;
        let attempt = match ledger.begin_request(&request, forget_before).await? {
            None => Attempt::first(now),
            Some(kept) => match replay(&kept, &self.digest)? {
                Some(replayed) => return Ok((replayed, None)),
                None => Attempt::repeated(&kept),
            },
        };
        let (kept, later) = match work(attempt).await {
            Ok(Reply { status, content: Content::Json(body), later }) => {
                (KeptAnswer { status: status.as_u16(), body }, later)
            }
            Ok(_) => return Err(Problem::unexpected("an answer to a POST that is no JSON")),
            Err(problem) if problem.is_passing() => {
                ledger.forget_request(&self.organisation, &self.key).await?;
                return Err(problem);
            }
            Err(problem) => {
                let body = problem.bytes(self.request_id);
                (KeptAnswer { status: problem.status.as_u16(), body }, None)
            }
        };
        ledger.answer_request(&self.organisation, &self.key, &kept).await?;
        Ok((response_of(&kept), later))
    }
}
