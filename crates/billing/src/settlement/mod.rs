//! What a billed party paid, and which documents it was paid for.
//!
//! Rules PA-1 to PA-6 (docs/rules/payments.md), IN-8 and IN-9 (docs/rules/balances.md). Amounts are
//! minor units and positive. All changes are events of the party's account with its issuer; each
//! posts one entry of the journal. What is decided here is pure: it answers the events to book.

mod account;
mod decide;
mod event;
#[cfg(test)]
mod tests;

pub use account::{DocumentState, PartyAccount, SourceState, check_reference};
pub use decide::{Allocate, NewPayment};
pub use event::{AccountEvent, Source};

use crate::invoice::InvoiceNumber;
use crate::money::{Amount, Currency, MoneyError};

/// Why money cannot be booked as it was asked for; nothing is booked then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettlementError {
    #[error("{what} is an amount above zero, not {amount}")]
    NotPositive { what: &'static str, amount: Amount },
    #[error("a reference has 1 to 140 characters, not all blanks, and no control characters")]
    Reference,
    #[error("{reference:?} was booked before with other figures")]
    ReferenceUsed { reference: String },
    #[error("invoice {number} is in {document}, the money in {money}")]
    Currency { number: InvoiceNumber, document: Currency, money: Currency },
    #[error("there is no invoice {0} of this organisation")]
    UnknownDocument(InvoiceNumber),
    #[error("nothing is open on invoice {0}")]
    NothingOpen(InvoiceNumber),
    #[error("{0} was never booked for this organisation")]
    UnknownSource(Source),
    #[error("{rest} of {source_name} is left, not {amount}")]
    NothingLeft { source_name: Source, rest: Amount, amount: Amount },
    #[error("{source_name} was not allocated to invoice {document}")]
    NotAllocated { source_name: Source, document: InvoiceNumber },
    #[error("{rest} of {source_name} is not allocated, less than {amount}")]
    RefundTooLarge { source_name: Source, rest: Amount, amount: Amount },
    #[error("{open} is open on invoice {document}, less than {amount}")]
    MoreThanOpen { document: InvoiceNumber, open: Amount, amount: Amount },
    #[error("no write-off {reference:?} of invoice {document} was booked")]
    UnknownWriteOff { reference: String, document: InvoiceNumber },
    #[error("invoice {0} gives no credit")]
    NoCredit(InvoiceNumber),
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl SettlementError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotPositive { .. } => "payment.not_positive",
            Self::Reference => "payment.reference_malformed",
            Self::ReferenceUsed { .. } => "payment.reference_used",
            Self::Currency { .. } => "payment.currency",
            Self::UnknownDocument(_) => "invoice.unknown",
            Self::NothingOpen(_) => "invoice.nothing_open",
            Self::UnknownSource(_) => "payment.unknown",
            Self::NothingLeft { .. } => "payment.nothing_left",
            Self::NotAllocated { .. } => "payment.not_allocated",
            Self::RefundTooLarge { .. } => "refund.too_large",
            Self::MoreThanOpen { .. } => "write_off.too_large",
            Self::UnknownWriteOff { .. } => "write_off.unknown",
            Self::NoCredit(_) => "credit.none",
            Self::Money(error) => error.code(),
        }
    }
}
