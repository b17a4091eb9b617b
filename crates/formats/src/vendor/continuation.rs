//! Continuation tokens.
//!
//! A token is the whole next request: what was asked, and where to go on. So it needs no store, the
//! same token always means the same page, and a client that sends nothing beside it is served.
//! It is no secret and no permission: whoever resumes a token authorises the request that comes out
//! as if it had been typed.

use std::fmt;

use flate2::Crc;

use super::error::VendorError;
use super::request::Request;

const VERSION: u8 = 1;
/// The longest token, in bytes: it has to fit into a header.
const LENGTH_MAX: usize = 4096;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Where a list goes on: the request in its canonical form, and a position in its items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContinuationToken {
    request: String,
    position: String,
}

impl ContinuationToken {
    /// `position` belongs to whoever reads the items; it names the first item of the next page.
    #[must_use]
    pub fn new(request: &Request, position: impl Into<String>) -> Self {
        Self { request: request.canonical(), position: position.into() }
    }

    #[must_use]
    pub fn position(&self) -> &str {
        &self.position
    }

    /// Reads a token.
    ///
    /// # Errors
    /// 400/800002 for everything that [`fmt::Display`] would not have written, letter by letter.
    pub fn parse(text: &str) -> Result<Self, VendorError> {
        let token = Self::decoded(text).filter(|token| token.to_string() == text);
        token.ok_or_else(|| VendorError::invalid_input("the continuation token is not valid"))
    }

    fn decoded(text: &str) -> Option<Self> {
        if text.len() > LENGTH_MAX {
            return None;
        }
        let bytes = from_base64url(text)?;
        let (&version, rest) = bytes.split_first()?;
        let (sum, payload) = rest.split_first_chunk::<4>()?;
        if version != VERSION || u32::from_be_bytes(*sum) != checksum(payload) {
            return None;
        }
        let (length, payload) = std::str::from_utf8(payload).ok()?.split_once(':')?;
        let (position, request) = payload.split_at_checked(length.parse().ok()?)?;
        let canonical = Request::parse(request).ok()?.canonical();
        (canonical == request).then(|| Self { request: canonical, position: position.to_owned() })
    }

    /// The request that goes on: the path must be the one that the token was made for, and where
    /// the two queries differ the token wins.
    ///
    /// # Errors
    /// 400/800002 for a token of another path.
    pub fn resume(&self, request: &Request) -> Result<Request, VendorError> {
        let resumed = Request::parse(&self.request)?;
        if !resumed.path.eq_ignore_ascii_case(&request.path) {
            return Err(VendorError::invalid_input("the continuation token belongs to another list"));
        }
        Ok(resumed)
    }
}

impl fmt::Display for ContinuationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let payload = format!("{}:{}{}", self.position.len(), self.position, self.request);
        let mut bytes = vec![VERSION];
        bytes.extend(checksum(payload.as_bytes()).to_be_bytes());
        bytes.extend(payload.as_bytes());
        f.write_str(&to_base64url(&bytes))
    }
}

/// Finds what got lost or changed on the way; whoever wants to forge a token can.
fn checksum(payload: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(payload);
    crc.sum()
}

fn to_base64url(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3).saturating_mul(4));
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for shift in [18, 12, 6, 0].into_iter().take(chunk.len().saturating_add(1)) {
            let index = usize::try_from(bits >> shift & 63).unwrap_or(0);
            text.push(char::from(ALPHABET.get(index).copied().unwrap_or(b'A')));
        }
    }
    text
}

/// `None` for other characters and for a length that no bytes have.
fn from_base64url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    for chunk in text.as_bytes().chunks(4) {
        let mut bits: u32 = 0;
        for letter in chunk {
            let value = ALPHABET.iter().position(|known| known == letter)?;
            bits = bits << 6 | u32::try_from(value).ok()?;
        }
        let missing = 4_usize.checked_sub(chunk.len())?;
        let [_, a, b, c] = (bits << (6 * u32::try_from(missing).ok()?)).to_be_bytes();
        match missing {
            0 => bytes.extend([a, b, c]),
            1 => bytes.extend([a, b]),
            2 => bytes.push(a),
            _ => return None,
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn request(target: &str) -> Request {
        Request::parse(target).unwrap()
    }

    #[test]
    fn the_token_wins_over_the_query_but_not_over_the_path() {
        let first = request("/v1/invoices/G1/lineitems?provider=onetime&size=2&seekOperation=Next&offset=3");
        let token = ContinuationToken::new(&first, "s7:2");
        let resumed = token.resume(&request("/v1//Invoices/g1/lineitems?size=9")).unwrap();
        assert_eq!(resumed.query.get("size"), Some("2"));
        assert_eq!(resumed.query.get("provider"), Some("onetime"));
        assert_eq!(resumed.query.get("offset"), None);
        assert_eq!(token.resume(&request("/v1/invoices/G2/lineitems")).unwrap_err().code, 800_002);
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let valid = ContinuationToken::new(&request("/v1/invoices/G1/lineitems?size=2"), "2").to_string();
        assert!(ContinuationToken::parse(&valid).is_ok());
        let other_version = to_base64url(&[&[2], &from_base64url(&valid).unwrap()[1..]].concat());
        let payload = "1:2/v1//invoices";
        let not_canonical = [&[1], &checksum(payload.as_bytes()).to_be_bytes()[..], payload.as_bytes()].concat();
        let bad = [
            String::new(),
            "A".to_owned(),
            "eyJwIjoyfQ==".to_owned(),
            format!("{valid}="),
            format!("{valid} "),
            format!("{valid}A"),
            valid[1..].to_owned(),
            valid.replace('/', "_") + "é",
            "A".repeat(5000),
            other_version,
            to_base64url(&not_canonical),
        ];
        for text in bad {
            assert_eq!(ContinuationToken::parse(&text).unwrap_err().code, 800_002, "{text}");
        }
    }

    proptest! {
        #[test]
        fn tokens_come_back(path in "[a-zA-Z0-9/-]{0,20}", provider in any::<String>(), position in any::<String>()) {
            let raw = format!("/v1/{path}?provider={}", crate::vendor::uri::encode_component(&provider));
            let token = ContinuationToken::new(&request(&raw), position);
            let text = token.to_string();
            prop_assert!(text.bytes().all(|b| b.is_ascii_graphic()));
            if text.len() <= LENGTH_MAX {
                prop_assert_eq!(ContinuationToken::parse(&text), Ok(token));
            }
        }

        #[test]
        fn a_changed_letter_is_noticed(index in 0_usize..60, letter in "[A-Za-z0-9_-]") {
            let text = ContinuationToken::new(&request("/v1/invoices/G1/lineitems?provider=onetime&size=2"), "12").to_string();
            let mut changed = text.clone();
            changed.replace_range(index..=index, &letter);
            prop_assert_eq!(ContinuationToken::parse(&changed).is_ok(), changed == text);
        }

        #[test]
        fn bytes_come_back(bytes in any::<Vec<u8>>()) {
            prop_assert_eq!(from_base64url(&to_base64url(&bytes)), Some(bytes));
        }
    }
}
