//! The scheme, host and port by which a client reached this server: links that have to be absolute begin so.

use axum::http::uri::Authority;

use crate::call::Call;
use crate::failure::Failure;

/// Set on requests that came over TLS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Encrypted;

/// `https://billing.example.net:8443`, or what the operator says. The host is the client's own word and goes back to it
/// and to nobody else.
///
/// # Errors
/// 400 for a host that could not stand in a link.
pub(crate) fn of(call: &Call) -> Result<String, Failure> {
    if let Some(root) = &call.state.exports.public_root {
        return Ok(root.clone());
    }
    let scheme = if call.is_encrypted { "https" } else { "http" };
    let named = call.authority.as_deref().and_then(|text| text.parse::<Authority>().ok());
    // A name of somebody would be repeated in the links.
    let host = named.filter(|host| !host.as_str().contains('@') && !host.host().is_empty());
    match host {
        Some(host) => Ok(format!("{scheme}://{host}")),
        None => Err(Failure::host_malformed()),
    }
}
