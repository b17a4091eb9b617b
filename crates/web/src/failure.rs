//! What went wrong, for the caller and for whoever runs the server.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::EngineError;
use formats::vendor::{ThrottledBody, VendorError};

use crate::answer;
use crate::api::Problem;

/// A refused or failed request. The caller gets the vendor's body and nothing else; what happened
/// inside goes to the log.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) error: VendorError,
    header: Option<(HeaderName, String)>,
    /// Too many requests: the seconds to wait. Its body has another shape.
    throttled: Option<u32>,
    /// Code and facts of what happened inside; empty when the body says it all.
    operator: String,
}

/// The partner is not known when a token is refused, hence the zeros.
const CHALLENGE: &str = "OAuth realm=urn:cpsvc:cpid:00000000-0000-0000-0000-000000000000";
/// The one body for what does not exist and for what belongs to somebody else (ORG-1).
const NO_SUCH_INVOICE: &str = "there is no such invoice";
const UNEXPECTED: &str = "an unexpected error; the log of the server names it by the MS-RequestId of this answer";

type Answer = fn() -> Failure;

/// What a caller is told about the codes of the engine. Every other code is an unexpected error.
const ENGINE_CODES: [(&str, Answer); 3] = [
    ("invoice.unknown", Failure::no_such_invoice),
    ("organisation.unknown", || VendorError::not_found("nothing is billed to this organisation").into()),
    ("ledger.busy", Failure::busy),
];

impl Failure {
    pub(crate) fn no_such_invoice() -> Self {
        VendorError::not_found(NO_SUCH_INVOICE).into()
    }

    pub(crate) fn no_such_route() -> Self {
        VendorError::not_found("there is no such route").into()
    }

    pub(crate) fn token_missing() -> Self {
        let error = VendorError::token_missing("the header Authorization has to carry a bearer token");
        Self { header: Some((header::WWW_AUTHENTICATE, CHALLENGE.to_owned())), ..error.into() }
    }

    /// One body for every reason: which of them it was helps only who should not get in.
    pub(crate) fn token_refused() -> Self {
        let error = VendorError::token_refused("the token is not valid or has expired");
        Self { header: Some((header::WWW_AUTHENTICATE, CHALLENGE.to_owned())), ..error.into() }
    }

    pub(crate) fn signature_refused() -> Self {
        let error = VendorError::token_refused("the signature of the link is not valid");
        Self { header: Some((header::WWW_AUTHENTICATE, CHALLENGE.to_owned())), ..error.into() }
    }

    pub(crate) fn link_expired() -> Self {
        let hint = "the link has expired; read the invoice again for a new one, or send a bearer token";
        status(StatusCode::GONE, 1000, hint)
    }

    /// The reason is the issuer's business.
    pub(crate) fn month_not_billable((code, message): &(String, String)) -> Self {
        let hint = "the month cannot be billed as it stands, so its lines are not known yet";
        Self { operator: format!("{code}: {message}"), ..VendorError::conflict(hint).into() }
    }

    pub(crate) fn export_expired() -> Self {
        status(StatusCode::GONE, 1000, "the export has expired; ask for it again")
    }

    /// One body for every reason, as for tokens.
    pub(crate) fn blob_refused() -> Self {
        VendorError::access_denied("the signature of the link is not valid or has expired").into()
    }

    pub(crate) fn no_such_blob() -> Self {
        VendorError::not_found("there is no such file in this export").into()
    }

    pub(crate) fn condition_not_met() -> Self {
        status(StatusCode::PRECONDITION_FAILED, 800_002, "the file is not the one that If-Match names")
    }

    pub(crate) fn range_not_satisfiable(length: u64) -> Self {
        let failure = status(StatusCode::RANGE_NOT_SATISFIABLE, 800_002, "the file has none of the bytes asked for");
        Self { header: Some((header::CONTENT_RANGE, format!("bytes */{length}"))), ..failure }
    }

    pub(crate) fn method_not_allowed(allowed: &str) -> Self {
        let failure = status(StatusCode::METHOD_NOT_ALLOWED, 900_141, &format!("only {allowed} is served here"));
        Self { header: Some((header::ALLOW, allowed.to_owned())), ..failure }
    }

    pub(crate) fn unsupported_media_type(accepted: &str) -> Self {
        status(StatusCode::UNSUPPORTED_MEDIA_TYPE, 800_002, &format!("the body has to be {accepted}"))
    }

    pub(crate) fn host_malformed() -> Self {
        status(StatusCode::BAD_REQUEST, 800_002, "the header Host names no host that a link could have")
    }

    /// With the seconds after which to come again.
    pub(crate) fn throttled(seconds: u32) -> Self {
        let failure = status(StatusCode::TOO_MANY_REQUESTS, 0, &ThrottledBody::retry_after(seconds).message);
        Self { header: Some((header::RETRY_AFTER, seconds.to_string())), throttled: Some(seconds), ..failure }
    }

    pub(crate) fn target_too_long() -> Self {
        status(StatusCode::URI_TOO_LONG, 800_002, "path and query are too long")
    }

    pub(crate) fn body_too_large() -> Self {
        status(StatusCode::PAYLOAD_TOO_LARGE, 800_002, "the body is too large")
    }

    pub(crate) fn timed_out() -> Self {
        status(StatusCode::GATEWAY_TIMEOUT, 800_003, "the request took too long; ask for smaller pages")
    }

    pub(crate) fn busy() -> Self {
        let failure = status(StatusCode::SERVICE_UNAVAILABLE, 800_003, "the server is busy; try again");
        Self { header: Some((header::RETRY_AFTER, "1".to_owned())), ..failure }
    }

    pub(crate) fn unexpected(operator: impl std::fmt::Display) -> Self {
        Self { operator: operator.to_string(), ..VendorError::unexpected(UNEXPECTED).into() }
    }
}

fn status(status: StatusCode, code: u32, description: &str) -> Failure {
    VendorError { http_status: status.as_u16(), code, description: description.to_owned() }.into()
}

impl From<VendorError> for Failure {
    fn from(error: VendorError) -> Self {
        Self { error, header: None, throttled: None, operator: String::new() }
    }
}

/// Whoever writes waits for its turn as in the own API.
impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        match problem.status {
            StatusCode::SERVICE_UNAVAILABLE => Self::busy(),
            _ => Self::unexpected(format!("{}: {}", problem.code, problem.detail)),
        }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let answer = ENGINE_CODES.iter().find(|(code, _)| *code == error.code);
        let failure = answer.map_or_else(|| Self::unexpected(""), |(_, answer)| answer());
        Self { operator: format!("{}: {} {}", error.code, error.message, error.operator), ..failure }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (body, throttled) = (self.error.body(), self.throttled);
        self.with_body(|status| match throttled {
            Some(seconds) => answer::with_status(status, &ThrottledBody::retry_after(seconds)),
            None => answer::error(status, &body),
        })
    }
}

impl Failure {
    /// The answer with the body of some API.
    pub(crate) fn with_body(self, body: impl FnOnce(StatusCode) -> Response) -> Response {
        let status = StatusCode::from_u16(self.error.http_status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if status.is_server_error() {
            tracing::error!(code = self.error.code, operator = self.operator, "request failed");
        } else if !self.operator.is_empty() {
            tracing::debug!(code = self.error.code, operator = self.operator, "request refused");
        }
        let mut response = body(status);
        if let Some((name, value)) =
            self.header.and_then(|(name, text)| Some((name, HeaderValue::try_from(text).ok()?)))
        {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, status: u16, vendor_code: u32) {
        let inside = EngineError::new(code, "the disk /srv/x is full").with_operator("row 7");
        let failure = Failure::from(inside);
        assert_eq!((failure.error.http_status, failure.error.code), (status, vendor_code), "{code}");
        assert!(!failure.error.description.contains("/srv/x"), "{code}");
        assert!(failure.operator.contains("row 7") && failure.operator.contains(code));
    }

    #[test]
    fn codes_of_the_engine_have_an_answer_that_tells_nothing_of_the_inside() {
        check("invoice.unknown", 404, 1000);
        check("organisation.unknown", 404, 1000);
        check("ledger.busy", 503, 800_003);
        check("ledger.damaged", 500, 800_003);
        check("storage.full", 500, 800_003);
        check("", 500, 800_003);
    }

    #[test]
    fn a_busy_server_says_when_to_come_again() {
        let response = Failure::busy().into_response();
        assert_eq!(response.headers().get(header::RETRY_AFTER).unwrap(), "1");
    }
}
