//! One request on its way to a handler.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, Uri, header};
use formats::vendor::CONTINUATION_HEADER;
use formats::vendor::request::Request;

use crate::failure::Failure;
use crate::routes::Parameters;
use crate::state::AppState;

#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) state: Arc<AppState>,
    pub(crate) request: Request,
    pub(crate) parameters: Parameters,
    /// As the header `MS-ContinuationToken` has it.
    pub(crate) continuation: Option<String>,
    pub(crate) headers: HeaderMap,
    /// The host that the client asked, as it says.
    pub(crate) authority: Option<String>,
    pub(crate) is_head: bool,
    /// Whether it came over TLS.
    pub(crate) is_encrypted: bool,
    /// Empty where the verb takes none.
    pub(crate) body: Bytes,
}

/// The header's text. What is no ASCII was not written by us, and reads as a token that is wrong.
pub(crate) fn continuation(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTINUATION_HEADER)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Of HTTP/2 it stands in the target.
pub(crate) fn authority(target: &Uri, headers: &HeaderMap) -> Option<String> {
    let host = || headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
    target.authority().map(ToString::to_string).or_else(host)
}

/// The bearer token of a request.
///
/// # Errors
/// The header is missing, stands there twice, or holds something else.
pub(crate) fn bearer_token(headers: &HeaderMap) -> Result<&str, Failure> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Err(Failure::token_missing()) };
    if values.next().is_some() {
        return Err(Failure::token_refused());
    }
    let text = value.to_str().map_err(|_| Failure::token_refused())?.trim();
    if text.is_empty() {
        return Err(Failure::token_missing());
    }
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        None if text.eq_ignore_ascii_case("bearer") => Err(Failure::token_missing()),
        _ => Err(Failure::token_refused()),
    }
}
