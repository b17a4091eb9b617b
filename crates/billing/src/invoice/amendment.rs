//! How documents amend one another: a chain behind the first one, which stays as it is.
//!
//! Rules IN-12, IN-13 (docs/rules/corrections.md).

use serde::{Deserialize, Serialize};

use crate::invoice::InvoiceNumber;

/// What a document does to those before it in its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amendment {
    /// Takes back all that stands.
    Credit,
    /// Gives an amount back, outside the lines.
    PartialCredit,
    /// Takes back the lines that were wrong and charges them anew.
    Difference,
    /// As a difference; the party's next document asks for what it comes to.
    DeferredDifference,
    /// Charges all anew, after a credit.
    Rebill,
}

impl Amendment {
    const WORDS: [(Self, &'static str); 5] = [
        (Self::Credit, "credit"),
        (Self::PartialCredit, "partial_credit"),
        (Self::Difference, "difference"),
        (Self::DeferredDifference, "deferred_difference"),
        (Self::Rebill, "rebill"),
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(known, _)| *known == self).map_or("", |(_, word)| word)
    }

    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, word)| *word == text).map(|(known, _)| *known)
    }
}

/// A document's place in a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amends {
    /// The first document of the chain.
    pub number: InvoiceNumber,
    pub how: Amendment,
    /// Behind the first document, from 1.
    pub position: u32,
}

/// A line of an issued document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LineName {
    pub number: InvoiceNumber,
    pub line_number: u32,
}
