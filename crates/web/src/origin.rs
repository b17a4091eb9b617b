//! The scheme, host and port by which a client reached this server: links that have to be absolute begin so.

use axum::http::header;

use crate::call::Call;
use crate::failure::Failure;

/// Set on requests that came over TLS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Encrypted;

/// `https://billing.example.net:8443`. The host is the client's own word and goes back to it and to nobody else.
///
/// # Errors
/// 400 for a host that could not stand in a link.
pub(crate) fn of(call: &Call) -> Result<String, Failure> {
    let scheme = if call.is_encrypted { "https" } else { "http" };
    let host = call.headers.get(header::HOST).and_then(|host| host.to_str().ok()).or(call.authority.as_deref());
    let is_good = |host: &&str| {
        (1..=255).contains(&host.len())
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']' | b'_'))
    };
    match host.filter(is_good) {
        Some(host) => Ok(format!("{scheme}://{host}")),
        None => Err(Failure::host_malformed()),
    }
}
