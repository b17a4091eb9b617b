//! Names each request, in the answer and in the log.
//!
//! The log gets the path and never the query, in which signatures of links stand, nor a header, in
//! which tokens stand.

use std::time::Instant;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::family::{Family, client_request_id};

const REQUEST_ID: HeaderName = HeaderName::from_static("ms-requestid");
const CORRELATION_ID: HeaderName = HeaderName::from_static("ms-correlationid");
const CORRELATION_VECTOR: HeaderName = HeaderName::from_static("ms-cv");
const SERVER_ID: HeaderName = HeaderName::from_static("ms-serverid");
const LOCALE: HeaderName = HeaderName::from_static("x-locale");

/// Clients expect digits; which of several servers answered is nobody's business.
const SERVER: HeaderValue = HeaderValue::from_static("100000001");
/// Only names in rate cards have languages. Until they are served, every locale, known or not,
/// falls back to this one.
const LOCALE_SERVED: HeaderValue = HeaderValue::from_static("en-US");
/// Answers are somebody's bills.
const NOT_STORED: HeaderValue = HeaderValue::from_static("no-store");

/// The id of a request, for whoever answers it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestId(pub(crate) Uuid);

pub(super) async fn identify(mut request: Request, next: Next) -> Response {
    let request_id = id(request.headers(), &REQUEST_ID);
    let correlation_id = id(request.headers(), &CORRELATION_ID);
    request.extensions_mut().insert(RequestId(request_id));
    let (family, client_request_id) = (Family::of(request.uri().path()), client_request_id(request.headers()));
    let span = tracing::info_span!(
        "request",
        method = %request.method(),
        path = request.uri().path(),
        %request_id,
        %correlation_id
    );
    async {
        let started = Instant::now();
        let mut response = next.run(request).await;
        let status = response.status().as_u16();
        tracing::info!(status, duration_ms = started.elapsed().as_millis(), "answered");
        name(response.headers_mut(), request_id, correlation_id);
        family.name(response.headers_mut(), request_id, client_request_id);
        response
    }
    .instrument(span)
    .await
}

/// The GUID of a header, or a new one.
fn id(headers: &HeaderMap, name: &HeaderName) -> Uuid {
    let sent = headers.get(name).and_then(|value| value.to_str().ok());
    sent.and_then(|text| Uuid::try_parse(text.trim()).ok()).unwrap_or_else(Uuid::new_v4)
}

fn name(headers: &mut HeaderMap, request_id: Uuid, correlation_id: Uuid) {
    let ids = [(REQUEST_ID, request_id.to_string()), (CORRELATION_ID, correlation_id.to_string())];
    for (name, text) in ids.into_iter().chain([(CORRELATION_VECTOR, correlation_vector())]) {
        // Hexadecimal and base64 fit any header.
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(name, value);
        }
    }
    headers.insert(SERVER_ID, SERVER);
    headers.insert(LOCALE, LOCALE_SERVED);
    headers.insert(header::CACHE_CONTROL, NOT_STORED);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// Sixteen letters and the number of the step, such as `bpqyomePDUqrSSYC.0`.
fn correlation_vector() -> String {
    let random = Uuid::new_v4().into_bytes();
    let base = STANDARD_NO_PAD.encode(random.get(..12).unwrap_or_default());
    format!("{base}.0")
}
