//! Families of APIs, which tell the same errors in bodies of their own.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use formats::vendor::{GraphErrorBody, VendorError};
use jiff::Timestamp;
use uuid::Uuid;

use crate::answer;
use crate::failure::Failure;
use crate::layers::RequestId;

pub(crate) const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");
const GRAPH_REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const STORAGE_ERROR: HeaderName = HeaderName::from_static("x-ms-error-code");
const STORAGE_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");
const STORAGE_VERSION_NAME: HeaderName = HeaderName::from_static("x-ms-version");
/// The version of the storage service whose clients read the files.
pub(crate) const STORAGE_VERSION: &str = "2021-08-06";

/// Which API a path belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// `/v1`, and whatever is no other.
    PartnerCenter,
    /// Exports and price sheets: `/v1.0` and `/beta`.
    Graph,
    /// Files of exports, read by clients of a blob storage.
    Blob,
}

impl Family {
    pub(crate) fn of(path: &str) -> Self {
        let first = path.split('/').find(|segment| !segment.is_empty()).unwrap_or_default();
        match first {
            word if word.eq_ignore_ascii_case("v1.0") || word.eq_ignore_ascii_case("beta") => Self::Graph,
            word if word.eq_ignore_ascii_case("exports") => Self::Blob,
            _ => Self::PartnerCenter,
        }
    }

    pub(crate) fn refuse(self, failure: Failure, head: &Parts, now: Timestamp) -> Response {
        match self {
            Self::PartnerCenter => failure.into_response(),
            Self::Graph => {
                let request_id = head.extensions.get::<RequestId>().map_or_else(Uuid::nil, |id| id.0);
                let ids = (request_id, client_request_id(&head.headers).unwrap_or(request_id));
                let body = GraphErrorBody::of(&failure.error, now, (ids.0.to_string(), ids.1.to_string()));
                let mut response = failure.with_body(|status| answer::with_status(status, &body));
                if response.status() == StatusCode::UNAUTHORIZED {
                    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                }
                response
            }
            Self::Blob => {
                let code = storage_error(&failure.error);
                let mut response = failure.into_response();
                response.headers_mut().insert(STORAGE_ERROR, HeaderValue::from_static(code));
                response
            }
        }
    }

    /// What answers of a family carry besides those of all.
    pub(crate) fn name(self, headers: &mut HeaderMap, request_id: Uuid, client_request_id: Option<Uuid>) {
        let ids = match self {
            Self::PartnerCenter => vec![],
            Self::Graph => {
                vec![(GRAPH_REQUEST_ID, request_id), (CLIENT_REQUEST_ID, client_request_id.unwrap_or(request_id))]
            }
            Self::Blob => {
                headers.insert(STORAGE_VERSION_NAME, HeaderValue::from_static(STORAGE_VERSION));
                vec![(STORAGE_REQUEST_ID, request_id)]
            }
        };
        for (name, id) in ids {
            // Hexadecimal fits any header.
            if let Ok(value) = HeaderValue::try_from(id.to_string()) {
                headers.insert(name, value);
            }
        }
    }
}

pub(crate) fn client_request_id(headers: &HeaderMap) -> Option<Uuid> {
    let sent = headers.get(CLIENT_REQUEST_ID).and_then(|value| value.to_str().ok());
    sent.and_then(|text| Uuid::try_parse(text.trim()).ok())
}

fn storage_error(error: &VendorError) -> &'static str {
    match error.http_status {
        401 | 403 => "AuthenticationFailed",
        404 => "BlobNotFound",
        412 => "ConditionNotMet",
        416 => "InvalidRange",
        500.. => "InternalError",
        _ => "InvalidInput",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_segment_tells_the_family() {
        for (path, family) in [
            ("/v1/invoices", Family::PartnerCenter),
            ("//V1.0/sales/x", Family::Graph),
            ("/beta/reports", Family::Graph),
            ("/exports/a/b", Family::Blob),
            ("/", Family::PartnerCenter),
        ] {
            assert_eq!(Family::of(path), family, "{path}");
        }
    }
}
