//! Invoice numbers: a series letter and nine digits, gapless per issuer and series (IN-1, INV-1).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The letter that opens every number of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Series(char);

impl Series {
    pub const ONE_TIME: Self = Self('G');
    pub const RECURRING: Self = Self('D');

    #[must_use]
    pub fn letter(self) -> char {
        self.0
    }
}

/// A number such as `G000024135`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct InvoiceNumber(Box<str>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    #[error("an invoice number is a letter and nine letters or digits, such as G000024135")]
    Malformed,
    #[error("the series {0} has used all its numbers")]
    Exhausted(char),
}

impl NumberError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "invoice.number_malformed",
            Self::Exhausted(_) => "invoice.series_exhausted",
        }
    }
}

const COUNTER_MAX: u64 = 999_999_999;

impl InvoiceNumber {
    /// The number at place `counter` (from 1) of a series.
    ///
    /// # Errors
    /// [`NumberError::Exhausted`] after 999,999,999 documents.
    pub fn in_series(series: Series, counter: u64) -> Result<Self, NumberError> {
        if counter == 0 || counter > COUNTER_MAX {
            return Err(NumberError::Exhausted(series.0));
        }
        Ok(Self(format!("{}{counter:09}", series.0).into_boxed_str()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The letter of its series.
    #[must_use]
    pub fn letter(&self) -> Option<char> {
        self.0.chars().next()
    }

    /// The place in its series; `None` for a number that another system drew.
    #[must_use]
    pub fn counter(&self) -> Option<u64> {
        self.0.get(1..)?.parse().ok()
    }
}

impl FromStr for InvoiceNumber {
    type Err = NumberError;

    /// Any case.
    fn from_str(text: &str) -> Result<Self, NumberError> {
        let upper = text.to_ascii_uppercase();
        let shaped = upper.len() == 10
            && upper.starts_with(|c: char| c.is_ascii_uppercase())
            && upper.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if shaped { Ok(Self(upper.into_boxed_str())) } else { Err(NumberError::Malformed) }
    }
}

impl fmt::Display for InvoiceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for InvoiceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for InvoiceNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for InvoiceNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_a_letter_and_nine_digits() {
        let number = InvoiceNumber::in_series(Series::ONE_TIME, 24_135).unwrap();
        assert_eq!(number.as_str(), "G000024135");
        assert_eq!(number.counter(), Some(24_135));
        assert_eq!("g000024135".parse(), Ok(number));
        assert!("D020001IVK".parse::<InvoiceNumber>().is_ok());
        for text in ["", "G00002413", "G0000241355", "0000024135", "G00002413é", "G0000-4135"] {
            assert_eq!(text.parse::<InvoiceNumber>(), Err(NumberError::Malformed), "{text}");
        }
        assert!(InvoiceNumber::in_series(Series::ONE_TIME, 0).is_err());
        assert!(InvoiceNumber::in_series(Series::ONE_TIME, 1_000_000_000).is_err());
    }
}
