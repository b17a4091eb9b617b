//! Tokens that clients get for their secret: a client's id and an expiry, signed and stored nowhere.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

use crate::failure::Failure;

pub(super) const VALID_FOR: SignedDuration = SignedDuration::from_hours(1);
/// Every token begins so, for scanners of leaked secrets to know it.
const PREFIX: &str = "qts_";
/// What is signed begins so, and no signature of another kind fits.
const PURPOSE: &str = "quittance/access-token/1";
const LENGTH_MAX: usize = 500;

/// A token for `client` that is good for [`VALID_FOR`] from `now` on.
pub(super) fn sign(key: &[u8; 32], client: &str, now: Timestamp) -> Result<String, Failure> {
    let expires = now.checked_add(VALID_FOR).map_err(Failure::unexpected)?.as_second();
    let statement = format!("{expires}\n{client}");
    let signature = mac(key, &statement).ok_or_else(|| Failure::unexpected("a key that no MAC takes"))?.finalize();
    let [statement, signature] =
        [statement.as_bytes(), &signature.into_bytes()].map(|part| URL_SAFE_NO_PAD.encode(part));
    Ok(format!("{PREFIX}{statement}.{signature}"))
}

/// The client that a token was made for; `None` for one that is not ours or has expired.
pub(super) fn client(key: &[u8; 32], token: &str, now: Timestamp) -> Option<String> {
    let (statement, signature) = token.strip_prefix(PREFIX).filter(|_| token.len() <= LENGTH_MAX)?.split_once('.')?;
    let statement = String::from_utf8(URL_SAFE_NO_PAD.decode(statement).ok()?).ok()?;
    // Compares in constant time.
    mac(key, &statement)?.verify_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
    let (expires, client) = statement.split_once('\n')?;
    let expires: i64 = expires.parse().ok()?;
    (now.as_second() < expires).then(|| client.to_owned())
}

fn mac(key: &[u8; 32], statement: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(format!("{PURPOSE}\n{statement}").as_bytes());
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_token_is_good_for_an_hour_and_only_as_it_was_made() {
        let token = sign(&KEY, "c-1", at(1_000)).unwrap();
        assert_eq!(client(&KEY, &token, at(1_000)).as_deref(), Some("c-1"));
        assert_eq!(client(&KEY, &token, at(4_599)).as_deref(), Some("c-1"));
        assert_eq!(client(&KEY, &token, at(4_600)), None);
        assert_eq!(client(&[8; 32], &token, at(1_000)), None);
        for place in 0..token.len() {
            let other = |letter: char| if letter == 'A' { 'B' } else { 'A' };
            let letters = token.chars().enumerate();
            let changed: String =
                letters.map(|(at, letter)| if at == place { other(letter) } else { letter }).collect();
            assert_eq!(client(&KEY, &changed, at(1_000)), None, "{place}");
        }
        for other in ["", "qts_", "qts_.", "qtc_00", "qts_YQ", &"qts_a.".repeat(200)] {
            assert_eq!(client(&KEY, other, at(1_000)), None, "{other}");
        }
    }
}
