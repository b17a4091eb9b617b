//! Answers: JSON without a byte-order mark, and PDFs.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use billing::invoice::InvoiceNumber;
use formats::vendor::ErrorBody;
use serde::Serialize;

use crate::failure::Failure;

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
pub(crate) const PDF: &str = "application/pdf";
/// Files that are taken as they are.
pub(crate) const OCTETS: &str = "application/octet-stream";
/// For an error whose body cannot be written.
const FALLBACK: &str = r#"{"code":800003,"description":"an unexpected error","data":[],"source":"Quittance"}"#;

pub(crate) fn json<T: Serialize>(body: &T) -> Result<Response, Failure> {
    let bytes = serde_json::to_vec(body).map_err(|error| Failure::unexpected(format!("answer: {error}")))?;
    Ok(with_type(JSON, bytes))
}

/// An error's body, of whatever API.
pub(crate) fn with_status<T: Serialize>(status: StatusCode, body: &T) -> Response {
    let bytes = serde_json::to_vec(body).unwrap_or_else(|_| FALLBACK.into());
    let mut response = with_type(JSON, bytes);
    *response.status_mut() = status;
    response
}

pub(crate) fn error(status: StatusCode, body: &ErrorBody) -> Response {
    with_status(status, body)
}

/// A statement, to be saved under its number.
pub(crate) fn statement(number: &InvoiceNumber, bytes: Vec<u8>) -> Response {
    let mut response = with_type(HeaderValue::from_static(PDF), bytes);
    // A number is letters and digits, so it cannot break out of the header.
    if let Ok(disposition) = HeaderValue::try_from(format!("attachment; filename=Invoice_{number}.pdf")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

fn with_type(content_type: HeaderValue, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}
