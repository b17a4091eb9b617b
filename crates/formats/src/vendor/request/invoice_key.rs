//! The invoice that a path names.

use crate::vendor::error::VendorError;
use crate::vendor::words::InvoiceType;

const UNBILLED: &str = "unbilled";

/// What stands behind `/invoices/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoiceKey<'a> {
    /// Lines that no invoice has yet; only the routes of line items know it.
    Unbilled,
    /// The bare number. Numbers are compared without case.
    Number(&'a str),
}

impl<'a> InvoiceKey<'a> {
    /// Reads a decoded segment. Links put `OneTime-` or `Recurring-` in front of the number; it is
    /// taken off in any case, and the wrong one does no harm.
    ///
    /// # Errors
    /// 404/1000 where no number is left.
    pub fn parse(segment: &'a str) -> Result<Self, VendorError> {
        let segment = segment.trim();
        if segment.eq_ignore_ascii_case(UNBILLED) {
            return Ok(Self::Unbilled);
        }
        let prefix = |kind: &InvoiceType| without_prefix(segment, kind.wire());
        let number = InvoiceType::ALL.iter().find_map(prefix).unwrap_or(segment);
        if number.is_empty() {
            return Err(VendorError::not_found("no such invoice"));
        }
        Ok(Self::Number(number))
    }

    /// The number.
    ///
    /// # Errors
    /// 404/1000 for `unbilled`, which is no invoice.
    pub fn number(self) -> Result<&'a str, VendorError> {
        match self {
            Self::Number(number) => Ok(number),
            Self::Unbilled => Err(VendorError::not_found("no such invoice")),
        }
    }
}

/// `text` behind `prefix` and a hyphen.
fn without_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, tail) = text.split_at_checked(prefix.len())?;
    if head.eq_ignore_ascii_case(prefix) { tail.strip_prefix('-') } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_in_front_of_a_number_is_taken_off() {
        for segment in ["G1", "OneTime-G1", "onetime-G1", "RECURRING-G1"] {
            assert_eq!(InvoiceKey::parse(segment), Ok(InvoiceKey::Number("G1")), "{segment}");
        }
        assert_eq!(InvoiceKey::parse("OneTime-OneTime-1"), Ok(InvoiceKey::Number("OneTime-1")));
        assert_eq!(InvoiceKey::parse("ónetime-1"), Ok(InvoiceKey::Number("ónetime-1")));
        assert_eq!(InvoiceKey::parse("Unbilled"), Ok(InvoiceKey::Unbilled));
        assert_eq!(InvoiceKey::Unbilled.number().unwrap_err().http_status, 404);
        for segment in ["", "OneTime-"] {
            assert_eq!(InvoiceKey::parse(segment).unwrap_err().code, 1000, "{segment}");
        }
    }
}
