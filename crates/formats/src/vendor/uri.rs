//! Percent-encoding as RFC 2396 has it.
//!
//! One client hands every link to a parser of that RFC while it reads a body, and loses the whole
//! body over one character that the RFC does not allow.

use std::fmt::Write as _;

/// Letters, digits and marks that never need an escape.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte)
}

/// Characters with a meaning that a query may hold as they are.
fn is_reserved(byte: u8) -> bool {
    b";/?:@&=+$,".contains(&byte)
}

fn push_escape(encoded: &mut String, byte: u8) {
    // Writing to a `String` cannot fail.
    let _ = write!(encoded, "%{byte:02X}");
}

/// `text` as one segment of a path or one value of a query: only what needs no escape stays.
pub(super) fn encode_component(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for &byte in text.as_bytes() {
        if is_unreserved(byte) {
            encoded.push(char::from(byte));
        } else {
            push_escape(&mut encoded, byte);
        }
    }
    encoded
}

/// A part of a URI that someone else wrote, made legal: escapes and reserved characters stay as
/// they are, everything that the RFC does not allow is escaped.
pub(super) fn repair(raw: &str) -> String {
    let mut repaired = String::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let is_escape = byte == b'%' && escape(tail).is_some();
        if is_escape || is_unreserved(byte) || is_reserved(byte) {
            repaired.push(char::from(byte));
        } else {
            push_escape(&mut repaired, byte);
        }
        rest = tail;
    }
    repaired
}

/// The byte of the two hexadecimal digits that `tail` begins with.
fn escape(tail: &[u8]) -> Option<u8> {
    let digit = |index: usize| char::from(*tail.get(index)?).to_digit(16);
    u8::try_from(digit(0)?.checked_mul(16)?.checked_add(digit(1)?)?).ok()
}

/// Resolves escapes. A `+` stays a `+`: a time's offset is sent that way.
///
/// `None` for an escape without two digits and for bytes that are no UTF-8.
pub(super) fn decode(raw: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'%' {
            decoded.push(escape(tail)?);
            rest = tail.get(2..)?;
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn links_of_others_become_legal_and_keep_their_escapes() {
        assert_eq!(repair("a=%7b&b={ é|&c=%zz%4"), "a=%7b&b=%7B%20%C3%A9%7C&c=%25zz%254");
        assert_eq!(repair("?&=+$,:@;/-_.!~*'()"), "?&=+$,:@;/-_.!~*'()");
    }

    #[test]
    fn broken_escapes_and_foreign_bytes_are_refused() {
        for raw in ["%", "%2", "%zz", "%ff", "%C3", "a%+1"] {
            assert_eq!(decode(raw), None, "{raw}");
        }
        assert_eq!(decode("%C3%a9+%2B").as_deref(), Some("é++"));
    }

    proptest! {
        #[test]
        fn components_come_back(text in any::<String>()) {
            prop_assert_eq!(decode(&encode_component(&text)), Some(text));
        }

        #[test]
        fn repairing_twice_changes_nothing(raw in any::<String>()) {
            let once = repair(&raw);
            prop_assert_eq!(repair(&once), once);
        }
    }
}
