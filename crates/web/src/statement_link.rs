//! Links to statements that open without a token: signed, and for half an hour (ADR 0009).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use billing::ids::OrganisationId;
use billing::invoice::InvoiceNumber;
use engine::invoices::{self, IssuedInvoice};
use engine::present::PdfLink;
use formats::vendor::request::Query;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

use crate::access::invoice_number;
use crate::failure::Failure;
use crate::state::AppState;

const VALID_FOR: SignedDuration = SignedDuration::from_mins(30);
/// What is signed begins so; a later kind of link begins otherwise.
const PURPOSE: &str = "quittance/statement-link/1";

/// What a link carries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Credentials<'a> {
    expires: &'a str,
    signature: &'a str,
}

/// The link that `issued` gets now.
pub(crate) fn sign(key: &[u8; 32], issued: &IssuedInvoice, now: Timestamp) -> Result<PdfLink, Failure> {
    let expires_at = now.checked_add(VALID_FOR).map_err(Failure::unexpected)?;
    let mac = mac(key, &issued.stored.party, &issued.stored.number, expires_at.as_second())?;
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    Ok(PdfLink::Signed { expires_at, signature })
}

/// `None` where the query has no signature at all.
pub(crate) fn credentials(query: &Query) -> Option<Credentials<'_>> {
    let signature = query.get("signature")?;
    Some(Credentials { expires: query.get("expires").unwrap_or_default(), signature })
}

/// The invoice that the credentials open.
///
/// An invoice that does not exist is refused like a wrong signature: whoever has no token learns
/// nothing about numbers.
///
/// # Errors
/// 401 for a signature that is not ours, 410 for one that was.
pub(crate) async fn open(
    state: &AppState,
    segment: &str,
    credentials: Credentials<'_>,
) -> Result<IssuedInvoice, Failure> {
    let refused = |_| Failure::signature_refused();
    let number = invoice_number(segment).map_err(refused)?;
    let expires: i64 = credentials.expires.parse().map_err(|_| Failure::signature_refused())?;
    let signature = URL_SAFE_NO_PAD.decode(credentials.signature).map_err(|_| Failure::signature_refused())?;
    let issued = invoices::find(&state.books, None, &number).await.map_err(|error| match error.code.as_str() {
        "invoice.unknown" => Failure::signature_refused(),
        _ => error.into(),
    })?;
    let mac = mac(&state.link_key, &issued.stored.party, &issued.stored.number, expires)?;
    // Compares in constant time.
    mac.verify_slice(&signature).map_err(|_| Failure::signature_refused())?;
    if expires <= state.now().as_second() {
        return Err(Failure::link_expired());
    }
    Ok(issued)
}

/// Ids and numbers hold no control characters, so no two sets of fields give the same bytes.
fn mac(key: &[u8; 32], party: &OrganisationId, number: &InvoiceNumber, expires: i64) -> Result<Hmac<Sha256>, Failure> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(Failure::unexpected)?;
    mac.update(format!("{PURPOSE}\n{party}\n{number}\n{expires}").as_bytes());
    Ok(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(key: u8, party: &str, number: &str, expires: i64) -> Vec<u8> {
        let mac = mac(&[key; 32], &party.parse().unwrap(), &number.parse().unwrap(), expires).unwrap();
        mac.finalize().into_bytes().to_vec()
    }

    #[test]
    fn a_signature_is_about_one_document_of_one_party_until_one_instant() {
        let signed = signature(7, "harrow", "G000000001", 1_794_313_800);
        assert_eq!(signature(7, "harrow", "g000000001", 1_794_313_800), signed);
        for other in [
            signature(8, "harrow", "G000000001", 1_794_313_800),
            signature(7, "harrov", "G000000001", 1_794_313_800),
            signature(7, "harrow", "G000000002", 1_794_313_800),
            signature(7, "harrow", "G000000001", 1_794_313_801),
        ] {
            assert_ne!(other, signed);
        }
    }
}
