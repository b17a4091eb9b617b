//! The journal: double entry, chained per organisation.
//!
//! Rules JO-1 to JO-3 (docs/rules/journal.md). Amounts are minor units. The hashed bytes are
//! defined here and nowhere else, version byte first, so that a chain stays checkable whatever a
//! serialiser does.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ids::OrganisationId;
use crate::invoice::DocumentTotals;
use crate::money::{Amount, Currency, MoneyError};

/// The layout of the hashed bytes.
const LAYOUT_VERSION: u8 = 1;

/// An account of the issuer's books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    Receivable,
    Revenue,
    TaxPayable,
    Adjustments,
    Cash,
    /// Money received that no document was paid with yet.
    Unallocated,
    WriteOffs,
}

/// What an entry books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    InvoiceIssued,
    CreditIssued,
    /// A document that charges differences, or all anew.
    CorrectionIssued,
    PaymentReceived,
    PaymentAllocated,
    CreditReleased,
    RefundPaid,
    WrittenOff,
    WriteOffTakenBack,
}

/// The names under which accounts and kinds are stored and hashed.
const ACCOUNTS: [(Account, &str); 7] = [
    (Account::Receivable, "receivable"),
    (Account::Revenue, "revenue"),
    (Account::TaxPayable, "tax_payable"),
    (Account::Adjustments, "adjustments"),
    (Account::Cash, "cash"),
    (Account::Unallocated, "unallocated"),
    (Account::WriteOffs, "write_offs"),
];
const KINDS: [(EntryKind, &str); 9] = [
    (EntryKind::InvoiceIssued, "invoice_issued"),
    (EntryKind::CreditIssued, "credit_issued"),
    (EntryKind::CorrectionIssued, "correction_issued"),
    (EntryKind::PaymentReceived, "payment_received"),
    (EntryKind::PaymentAllocated, "payment_allocated"),
    (EntryKind::CreditReleased, "credit_released"),
    (EntryKind::RefundPaid, "refund_paid"),
    (EntryKind::WrittenOff, "written_off"),
    (EntryKind::WriteOffTakenBack, "write_off_taken_back"),
];

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    #[error("the postings of an entry do not add up to zero in {0}")]
    Unbalanced(Currency),
    #[error("an entry needs two postings or more")]
    TooFewPostings,
    #[error("{0:?} names no account or kind of entry")]
    UnknownName(String),
    #[error(transparent)]
    Amount(#[from] MoneyError),
}

impl JournalError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unbalanced(_) => "journal.unbalanced",
            Self::TooFewPostings => "journal.too_few_postings",
            Self::UnknownName(_) => "journal.unknown_name",
            Self::Amount(error) => error.code(),
        }
    }
}

fn name_of<T: Copy + PartialEq>(names: &[(T, &'static str)], value: T) -> &'static str {
    names.iter().find(|(named, _)| *named == value).map_or("", |(_, name)| name)
}

fn named<T: Copy>(names: &[(T, &'static str)], text: &str) -> Result<T, JournalError> {
    let found = names.iter().find(|(_, name)| *name == text);
    found.map(|(value, _)| *value).ok_or_else(|| JournalError::UnknownName(text.to_owned()))
}

impl Account {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        name_of(&ACCOUNTS, self)
    }
}

impl EntryKind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        name_of(&KINDS, self)
    }
}

impl FromStr for Account {
    type Err = JournalError;

    fn from_str(text: &str) -> Result<Self, JournalError> {
        named(&ACCOUNTS, text)
    }
}

impl FromStr for EntryKind {
    type Err = JournalError;

    fn from_str(text: &str) -> Result<Self, JournalError> {
        named(&KINDS, text)
    }
}

/// One side of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    pub account: Account,
    pub amount: Amount,
}

/// SHA-256 of an entry's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryHash(pub [u8; 32]);

impl EntryHash {
    /// Stands before the first entry of a chain.
    pub const START: Self = Self([0; 32]);
}

impl fmt::Display for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An entry as it stands in an organisation's chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub organisation: OrganisationId,
    /// Counts from 1.
    pub position: u64,
    pub kind: EntryKind,
    /// The document or payment that is booked.
    pub reference: String,
    pub booked_at: Timestamp,
    pub postings: Vec<Posting>,
}

impl Entry {
    /// JRN-1: two postings or more that add up to zero per currency.
    ///
    /// # Errors
    /// [`JournalError::Unbalanced`] or [`JournalError::TooFewPostings`].
    pub fn check_balance(&self) -> Result<(), JournalError> {
        if self.postings.len() < 2 {
            return Err(JournalError::TooFewPostings);
        }
        let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
        for posting in &self.postings {
            let sum = sums.entry(posting.amount.currency).or_default();
            *sum = sum.saturating_add(i128::from(posting.amount.minor));
        }
        match sums.into_iter().find(|(_, sum)| *sum != 0) {
            Some((currency, _)) => Err(JournalError::Unbalanced(currency)),
            None => Ok(()),
        }
    }

    /// The entry's digest behind `previous` (JO-3).
    #[must_use]
    pub fn hash(&self, previous: EntryHash) -> EntryHash {
        let mut hasher = Sha256::new();
        hasher.update([LAYOUT_VERSION]);
        let mut field = |text: &str| {
            hasher.update(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
            hasher.update(text.as_bytes());
        };
        field(self.organisation.as_str());
        field(&self.position.to_string());
        field(self.kind.as_str());
        field(&self.reference);
        field(&self.booked_at.to_string());
        field(&self.postings.len().to_string());
        for posting in &self.postings {
            field(posting.account.as_str());
            field(posting.amount.currency.code());
            field(&posting.amount.minor.to_string());
        }
        hasher.update(previous.0);
        EntryHash(hasher.finalize().into())
    }
}

/// What an issued document posts: the whole total is receivable.
///
/// # Errors
/// An amount without an opposite.
pub fn invoice_postings(totals: &DocumentTotals) -> Result<Vec<Posting>, JournalError> {
    let mut postings = vec![
        Posting { account: Account::Receivable, amount: totals.total },
        Posting { account: Account::Revenue, amount: totals.subtotal.negated()? },
    ];
    for (account, amount) in [(Account::TaxPayable, totals.tax), (Account::Adjustments, totals.adjustments)] {
        if amount.minor != 0 {
            postings.push(Posting { account, amount: amount.negated()? });
        }
    }
    Ok(postings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eur(minor: i64) -> Amount {
        Amount { minor, currency: Currency::EUR }
    }

    fn issued() -> Entry {
        let totals = DocumentTotals {
            charges: eur(21_369),
            credits: eur(-9_408),
            subtotal: eur(11_961),
            tax: eur(2_392),
            adjustments: eur(-150),
            total: eur(14_203),
        };
        Entry {
            organisation: "org-1".parse().unwrap(),
            position: 1,
            kind: EntryKind::InvoiceIssued,
            reference: "G000000001".to_owned(),
            booked_at: "2026-11-03T00:00:00Z".parse().unwrap(),
            postings: invoice_postings(&totals).unwrap(),
        }
    }

    fn paid() -> Entry {
        Entry {
            position: 2,
            kind: EntryKind::PaymentReceived,
            reference: "transfer 1".to_owned(),
            booked_at: "2026-11-20T00:00:00Z".parse().unwrap(),
            postings: vec![
                Posting { account: Account::Cash, amount: eur(10_000) },
                Posting { account: Account::Unallocated, amount: eur(-10_000) },
            ],
            ..issued()
        }
    }

    /// The digests of docs/rules/journal.md, computed there by other means.
    #[test]
    fn the_chain_is_the_documented_one() {
        let first = issued().hash(EntryHash::START);
        assert_eq!(first.to_string(), "09c1fd0c0fbc69890553a29cdca25436e8a7461bee627c550c385504e610ece7");
        let second = paid().hash(first);
        assert_eq!(second.to_string(), "528bd88ba93cfc8a2efce57eb553219d7f55140b2787dc14bc8b9a78104aba96");
    }

    #[test]
    fn every_fact_of_an_entry_is_in_its_digest() {
        let digest = issued().hash(EntryHash::START);
        let changes: [fn(&mut Entry); 6] = [
            |e| e.organisation = "org-2".parse().unwrap(),
            |e| e.position = 2,
            |e| e.kind = EntryKind::PaymentReceived,
            |e| e.reference.push('0'),
            |e| e.booked_at = "2026-11-03T00:00:01Z".parse().unwrap(),
            |e| e.postings[0].amount.minor += 1,
        ];
        for (i, change) in changes.iter().enumerate() {
            let mut entry = issued();
            change(&mut entry);
            assert_ne!(entry.hash(EntryHash::START), digest, "change {i}");
        }
        assert_ne!(issued().hash(digest), digest);
    }

    #[test]
    fn an_entry_balances_in_each_currency() {
        assert_eq!(issued().check_balance(), Ok(()));
        let mut one_sided = issued();
        one_sided.postings[0].amount.minor += 1;
        assert_eq!(one_sided.check_balance(), Err(JournalError::Unbalanced(Currency::EUR)));
        let mut mixed = paid();
        mixed.postings[0].amount.currency = Currency::USD;
        assert!(mixed.check_balance().is_err());
        mixed.postings.truncate(1);
        assert_eq!(mixed.check_balance(), Err(JournalError::TooFewPostings));
    }
}
