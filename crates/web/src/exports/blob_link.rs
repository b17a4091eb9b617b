//! What opens the files of an export without a token: a query that is signed and expires with them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use engine::exporting::Export;
use formats::vendor::WireDateTime;
use formats::vendor::request::Query;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;

use crate::failure::Failure;
use crate::family::STORAGE_VERSION;

/// What is signed begins so.
const PURPOSE: &str = "quittance/export-blob/1";

/// The query that stands behind the name of each file.
pub(super) fn sign(key: &[u8; 32], export: &Export) -> Result<String, Failure> {
    let expires = WireDateTime::from(whole_second(export.expires_at())).to_string();
    let signature = STANDARD.encode(mac(key, export, &expires)?.finalize().into_bytes());
    let escaped = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let (expires, signature) = (escaped(&expires), escaped(&signature));
    Ok(format!("sv={STORAGE_VERSION}&se={expires}&sr=d&sp=rl&sig={signature}"))
}

/// # Errors
/// 403 for a signature that is not ours, or no more.
pub(super) fn check(key: &[u8; 32], export: &Export, query: &Query, now: Timestamp) -> Result<(), Failure> {
    let refused = Failure::blob_refused;
    let (Some(expires), Some(signature)) = (query.get("se"), query.get("sig")) else { return Err(refused()) };
    let signature = STANDARD.decode(signature).or_else(|_| URL_SAFE_NO_PAD.decode(signature));
    // Compares in constant time.
    mac(key, export, expires)?.verify_slice(&signature.map_err(|_| refused())?).map_err(|_| refused())?;
    let until: Timestamp = expires.parse().map_err(|_| refused())?;
    if until <= now { Err(refused()) } else { Ok(()) }
}

fn whole_second(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap_or(instant)
}

/// Neither an id nor a tag holds a line break, so no two sets of fields give the same bytes.
fn mac(key: &[u8; 32], export: &Export, expires: &str) -> Result<Hmac<Sha256>, Failure> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(Failure::unexpected)?;
    mac.update(format!("{PURPOSE}\n{}\n{}\n{expires}", export.id.as_str(), export.etag).as_bytes());
    Ok(mac)
}
