//! The events of a party's account, and what each posts.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::invoice::InvoiceNumber;
use crate::journal::{Account, EntryKind, JournalError, Posting};
use crate::money::Amount;

/// Money that documents can be paid with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// By the payer's reference.
    Payment(String),
    /// What a document below zero gives: a credit note, or an invoice that takes more back than it charges.
    CreditNote(InvoiceNumber),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Payment(reference) => write!(f, "payment {reference:?}"),
            Self::CreditNote(number) => write!(f, "the credit of {number}"),
        }
    }
}

/// One change of a party's account with its issuer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum AccountEvent {
    /// Money came in.
    Payment { reference: String, amount: Amount, received_on: Date },
    /// What a document below zero gives may be paid with from now on.
    CreditReleased { credit_note: InvoiceNumber, amount: Amount },
    /// Money was put to a document; below zero it was taken back from it.
    Allocation { source: Source, document: InvoiceNumber, amount: Amount },
    /// Money went back to the payer.
    Refund { reference: String, source: Source, amount: Amount, paid_on: Date },
    /// A document's rest is no longer expected.
    WriteOff { reference: String, document: InvoiceNumber, amount: Amount },
    /// It is expected again after all; the reference is the write-off's.
    WriteOffTakenBack { reference: String, document: InvoiceNumber, amount: Amount },
}

impl AccountEvent {
    #[must_use]
    pub fn kind(&self) -> EntryKind {
        match self {
            Self::Payment { .. } => EntryKind::PaymentReceived,
            Self::CreditReleased { .. } => EntryKind::CreditReleased,
            Self::Allocation { .. } => EntryKind::PaymentAllocated,
            Self::Refund { .. } => EntryKind::RefundPaid,
            Self::WriteOff { .. } => EntryKind::WrittenOff,
            Self::WriteOffTakenBack { .. } => EntryKind::WriteOffTakenBack,
        }
    }

    /// What the entry names: the document where one is paid, else the payer's words.
    #[must_use]
    pub fn reference(&self) -> &str {
        match self {
            Self::Payment { reference, .. } | Self::Refund { reference, .. } => reference,
            Self::CreditReleased { credit_note, .. } => credit_note.as_str(),
            Self::Allocation { document, .. }
            | Self::WriteOff { document, .. }
            | Self::WriteOffTakenBack { document, .. } => document.as_str(),
        }
    }

    #[must_use]
    pub fn amount(&self) -> Amount {
        match self {
            Self::Payment { amount, .. }
            | Self::CreditReleased { amount, .. }
            | Self::Allocation { amount, .. }
            | Self::Refund { amount, .. }
            | Self::WriteOff { amount, .. }
            | Self::WriteOffTakenBack { amount, .. } => *amount,
        }
    }

    /// The document whose open amount changes.
    #[must_use]
    pub fn document(&self) -> Option<&InvoiceNumber> {
        match self {
            Self::Payment { .. } | Self::Refund { .. } => None,
            Self::CreditReleased { credit_note: document, .. }
            | Self::Allocation { document, .. }
            | Self::WriteOff { document, .. }
            | Self::WriteOffTakenBack { document, .. } => Some(document),
        }
    }

    /// Its entry in the journal (PA-6).
    ///
    /// # Errors
    /// An amount without an opposite.
    pub fn postings(&self) -> Result<Vec<Posting>, JournalError> {
        let (debit, credit) = match self {
            Self::Payment { .. } => (Account::Cash, Account::Unallocated),
            Self::CreditReleased { .. } => (Account::Receivable, Account::Unallocated),
            Self::Allocation { .. } => (Account::Unallocated, Account::Receivable),
            Self::Refund { .. } => (Account::Unallocated, Account::Cash),
            Self::WriteOff { .. } => (Account::WriteOffs, Account::Receivable),
            Self::WriteOffTakenBack { .. } => (Account::Receivable, Account::WriteOffs),
        };
        let amount = self.amount();
        Ok(vec![Posting { account: debit, amount }, Posting { account: credit, amount: amount.negated()? }])
    }
}
