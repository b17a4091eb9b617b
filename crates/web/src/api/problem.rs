//! What went wrong, as RFC 9457 says it.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use engine::EngineError;
use formats::error::FileError;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub(crate) const PROBLEM_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");
const UNEXPECTED: &str = "server.unexpected";

/// Codes of the engine that mean something to a caller beyond "this cannot be done".
const STATUSES: [(StatusCode, &[&str]); 3] = [
    (
        StatusCode::NOT_FOUND,
        &["customer.unknown", "invoice.unknown", "organisation.unknown", "payment.unknown", "subscription.unknown"],
    ),
    (
        StatusCode::CONFLICT,
        &[
            "adjustment.reference_used",
            "credit.already",
            "customer.party_differs",
            "organisation.exists",
            "payment.reference_used",
        ],
    ),
    (StatusCode::SERVICE_UNAVAILABLE, &["data_dir.locked", "ledger.busy"]),
];
/// Codes that begin so tell of the inside: the log has them, the caller does not.
const INSIDE: [&str; 7] = ["clock.", "data_dir.", "document.", "ledger.", "random.", "storage.", "verify."];

/// A refused or failed request.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) detail: String,
    pub(crate) errors: Vec<FieldProblem>,
    /// Code and facts of what happened inside.
    operator: String,
}

/// One thing that is wrong with a body or a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FieldProblem)]
pub(crate) struct FieldProblem {
    /// Where, as a JSON pointer; of a parameter its name behind `?`.
    pub(crate) pointer: String,
    pub(crate) code: String,
    pub(crate) detail: String,
}

/// The body of every answer that is an error (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// Where the code is explained.
    #[serde(rename = "type")]
    type_path: String,
    title: String,
    status: u16,
    /// Stable; to be compared, unlike the sentences.
    code: String,
    detail: String,
    /// The id of the request, by which the log names it.
    instance: String,
    /// What is wrong with the body, all at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldProblem>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), detail: detail.into(), errors: vec![], operator: String::new() }
    }

    pub(crate) fn unexpected(operator: impl std::fmt::Display) -> Self {
        let detail = "an unexpected error; the log of the server names it by the instance of this answer";
        let problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, UNEXPECTED, detail);
        Self { operator: operator.to_string(), ..problem }
    }

    /// With the seconds after which to come again.
    pub(crate) fn throttled(seconds: u32) -> Self {
        let detail = format!("too many requests; come again in {seconds} s");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "request.too_many", detail)
    }

    /// Of a body or a query.
    pub(crate) fn invalid(errors: Vec<FieldProblem>) -> Self {
        let detail = "the request has wrong values; errors names each";
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "request.invalid", detail) }
    }

    /// The one answer for what does not exist and for what belongs to somebody else (ORG-1).
    pub(crate) fn not_found(code: &str, detail: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// Whether the same request may fare better later: such answers are not kept.
    pub(crate) fn is_passing(&self) -> bool {
        self.status.is_server_error()
    }

    pub(crate) fn bytes(&self, request_id: Uuid) -> Vec<u8> {
        let body = ProblemBody {
            type_path: format!("/docs/errors/{}", self.code),
            title: self.status.canonical_reason().unwrap_or_default().to_owned(),
            status: self.status.as_u16(),
            code: self.code.clone(),
            detail: self.detail.clone(),
            instance: request_id.to_string(),
            errors: self.errors.clone(),
        };
        // Strings and a number can always be written.
        serde_json::to_vec(&body).unwrap_or_default()
    }

    pub(crate) fn into_response(self, request_id: Uuid) -> Response {
        if self.status.is_server_error() {
            tracing::error!(code = self.code, operator = self.operator, "request failed");
        } else if !self.operator.is_empty() {
            tracing::debug!(code = self.code, operator = self.operator, "request refused");
        }
        let mut response = Response::new(Body::from(self.bytes(request_id)));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, PROBLEM_TYPE);
        match self.status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ if self.code == "idempotency.in_progress" => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        let operator = format!("{}: {} {}", error.code, error.message, error.operator);
        let status = STATUSES.iter().find(|(_, codes)| codes.contains(&error.code.as_str())).map(|(status, _)| *status);
        match status {
            None if error.code.is_empty() || INSIDE.iter().any(|prefix| error.code.starts_with(prefix)) => {
                Self::unexpected(operator)
            }
            status => {
                let status = status.unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
                Self { operator, ..Self::new(status, &error.code, error.message) }
            }
        }
    }
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        EngineError::from(error).into()
    }
}

impl From<billing::ports::PortError> for Problem {
    fn from(error: billing::ports::PortError) -> Self {
        EngineError::from(error).into()
    }
}

impl From<billing::settlement::SettlementError> for Problem {
    fn from(error: billing::settlement::SettlementError) -> Self {
        EngineError::from(error).into()
    }
}

impl From<billing::money::MoneyError> for Problem {
    fn from(error: billing::money::MoneyError) -> Self {
        Self::unexpected(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, status: u16, shown: &str) {
        let inside = EngineError::new(code, "the disk /srv/x is full").with_operator("row 7");
        let problem = Problem::from(inside);
        assert_eq!((problem.status.as_u16(), problem.code.as_str()), (status, shown), "{code}");
        assert!(problem.operator.contains("row 7") && problem.operator.contains(code));
        assert!(!problem.detail.contains("row 7"));
        assert_eq!(problem.detail.contains("/srv/x"), code == shown, "{code}");
    }

    #[test]
    fn codes_of_the_engine_have_a_status_and_the_inside_stays_inside() {
        check("invoice.unknown", 404, "invoice.unknown");
        check("credit.already", 409, "credit.already");
        check("close.too_early", 422, "close.too_early");
        check("ledger.busy", 503, "ledger.busy");
        check("data_dir.locked", 503, "data_dir.locked");
        check("ledger.damaged", 500, UNEXPECTED);
        check("storage.full", 500, UNEXPECTED);
        check("", 500, UNEXPECTED);
    }
}
