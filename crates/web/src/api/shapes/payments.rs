//! Money that came in, adjustments, accounts and balances.

use billing::invoice::InvoiceNumber;
use billing::settlement::{AccountEvent, PartyAccount, SettlementError, Source};
use engine::paying::{AccountBalance, Booked};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Money, NewMoney, page};

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Adjustment {
    reference: String,
    /// Below zero it lowers what is asked for.
    amount: Money,
    reason: String,
}
page!(AdjustmentPage, Adjustment);

impl Adjustment {
    pub(crate) fn key(&self) -> String {
        self.reference.clone()
    }
}

impl From<&billing::invoice::Adjustment> for Adjustment {
    fn from(waiting: &billing::invoice::Adjustment) -> Self {
        Self { reference: waiting.reference.clone(), amount: waiting.amount.into(), reason: waiting.reason.clone() }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAdjustment {
    /// Names it for good; the same reference is taken once.
    #[schema(min_length = 1, max_length = 140)]
    pub(crate) reference: String,
    pub(crate) amount: NewMoney,
    /// Printed on the document.
    #[schema(min_length = 1, max_length = 500)]
    pub(crate) reason: String,
}

/// Which documents money is put to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Spread {
    /// Those that were due first.
    OldestFirst,
    /// Those that `documents` names, in that order.
    Documents,
    /// None yet.
    Later,
}

/// Such as G000000001.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, format = "document-number")]
pub(crate) struct DocumentNumber(pub(crate) InvoiceNumber);

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPayment {
    /// The payer's; the same reference is booked once.
    #[schema(min_length = 1, max_length = 140)]
    pub(crate) reference: String,
    pub(crate) amount: NewMoney,
    /// The value date; without it, today.
    #[schema(value_type = Option<String>, format = "date")]
    pub(crate) received_on: Option<Date>,
    pub(crate) allocate: Spread,
    /// With `documents` only.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub(crate) documents: Vec<DocumentNumber>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAllocation {
    /// The reference of a payment, or the number of a credit note.
    #[schema(min_length = 1, max_length = 140)]
    pub(crate) source: String,
    /// In this order; without any, those that were due first.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub(crate) documents: Vec<DocumentNumber>,
    /// At most so much; without it, all that is left.
    pub(crate) amount: Option<NewMoney>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTakeBack {
    /// The reference of a payment, or the number of a credit note.
    #[schema(min_length = 1, max_length = 140)]
    pub(crate) source: String,
    #[schema(value_type = String, format = "document-number")]
    pub(crate) document: InvoiceNumber,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRefund {
    /// The reference of a payment, or the number of a credit note.
    #[schema(min_length = 1, max_length = 140)]
    pub(crate) source: String,
    /// Of the refund; booked once.
    #[schema(min_length = 1, max_length = 140)]
    pub(crate) reference: String,
    pub(crate) amount: NewMoney,
    /// Without it, today.
    #[schema(value_type = Option<String>, format = "date")]
    pub(crate) paid_on: Option<Date>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWriteOff {
    /// Of the write-off; booked once.
    #[schema(min_length = 1, max_length = 140)]
    pub(crate) reference: String,
    /// Without it, all that is open.
    pub(crate) amount: Option<NewMoney>,
    /// Expect again what was given up under this reference; goes without an amount.
    #[serde(default)]
    pub(crate) take_back: bool,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SourceKind {
    Payment,
    CreditNote,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Allocated {
    document: String,
    amount: Money,
}

/// A payment, or a credit note that gives money.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Payment {
    kind: SourceKind,
    /// The payer's, or the credit note's number.
    pub(crate) reference: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "date")]
    received_on: Option<String>,
    amount: Money,
    allocated: Vec<Allocated>,
    /// What is left.
    unallocated: Money,
}
page!(PaymentPage, Payment);

fn named(source: &Source) -> (SourceKind, String) {
    match source {
        Source::Payment(reference) => (SourceKind::Payment, reference.clone()),
        Source::CreditNote(number) => (SourceKind::CreditNote, number.to_string()),
    }
}

impl Payment {
    /// `None` for a source that the account does not have.
    pub(crate) fn of(account: &PartyAccount, source: &Source) -> Option<Self> {
        let state = account.sources.get(source)?;
        let (kind, reference) = named(source);
        let allocated = account.allocations.iter().filter(|((of, _), _)| of == source);
        Some(Self {
            kind,
            reference,
            received_on: state.received_on.map(|day| day.to_string()),
            amount: state.amount.into(),
            allocated: allocated
                .map(|((_, number), amount)| Allocated { document: number.to_string(), amount: (*amount).into() })
                .collect(),
            unallocated: state.rest.into(),
        })
    }
}

/// One event of an account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Event {
    /// `payment_received`, `credit_released`, `payment_allocated`, `refund_paid`, `written_off` or
    /// `write_off_taken_back`.
    event: String,
    amount: Money,
    /// The payer's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    /// The money that was put, taken back or refunded.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<String>,
    /// The value date.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "date")]
    day: Option<String>,
    /// Its place on the account, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time")]
    booked_at: Option<String>,
}
page!(EventPage, Event);

impl From<&AccountEvent> for Event {
    fn from(event: &AccountEvent) -> Self {
        let (reference, source, day) = match event {
            AccountEvent::Payment { reference, received_on, .. } => (Some(reference), None, Some(received_on)),
            AccountEvent::Refund { reference, source, paid_on, .. } => (Some(reference), Some(source), Some(paid_on)),
            AccountEvent::WriteOff { reference, .. } | AccountEvent::WriteOffTakenBack { reference, .. } => {
                (Some(reference), None, None)
            }
            AccountEvent::Allocation { source, .. } => (None, Some(source), None),
            AccountEvent::CreditReleased { .. } => (None, None, None),
        };
        Self {
            event: event.kind().as_str().to_owned(),
            amount: event.amount().into(),
            reference: reference.cloned(),
            source: source.map(|source| named(source).1),
            document: event.document().map(ToString::to_string),
            day: day.map(ToString::to_string),
            position: None,
            booked_at: None,
        }
    }
}

impl From<&billing::ports::StoredAccountEvent> for Event {
    fn from(stored: &billing::ports::StoredAccountEvent) -> Self {
        let (position, booked_at) = (Some(stored.position), Some(stored.booked_at.to_string()));
        Self { position, booked_at, ..Self::from(&stored.event) }
    }
}

impl Event {
    pub(crate) fn place(&self) -> u64 {
        self.position.unwrap_or(0)
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenDocument {
    document: String,
    open: Money,
}

/// What was booked, and how things stand after it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Booking {
    /// Empty where the same was booked before.
    events: Vec<Event>,
    /// The payment or credit that it was about; absent for a write-off.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<Payment>,
    /// What is open on the documents that changed.
    documents: Vec<OpenDocument>,
}

impl Booking {
    /// # Errors
    /// A sum beyond 64 bits of minor units.
    pub(crate) fn of(booked: &Booked, source: Option<&Source>) -> Result<Self, SettlementError> {
        let mut documents: Vec<OpenDocument> = Vec::new();
        for number in booked.events.iter().filter_map(AccountEvent::document) {
            let document = number.to_string();
            if let Some(state) = booked.account.documents.get(number)
                && documents.iter().all(|known| known.document != document)
            {
                documents.push(OpenDocument { document, open: state.open()?.into() });
            }
        }
        Ok(Self {
            events: booked.events.iter().map(Event::from).collect(),
            payment: source.and_then(|source| Payment::of(&booked.account, source)),
            documents,
        })
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BalanceOfType {
    #[serde(rename = "type")]
    kind: String,
    balance: Money,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Balance {
    balance: Money,
    /// Of it, what was due before today.
    overdue: Money,
    /// Money that is put to no document.
    unallocated: Money,
    by_type: Vec<BalanceOfType>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Balances {
    /// By currency.
    pub(crate) balances: Vec<Balance>,
}

impl From<&AccountBalance> for Balance {
    fn from(balance: &AccountBalance) -> Self {
        let of_type = |(kind, part): (&billing::invoice::InvoiceType, &billing::balance::Balance)| BalanceOfType {
            kind: kind.as_str().to_owned(),
            balance: part.amount.into(),
        };
        Self {
            balance: balance.balance.whole.amount.into(),
            overdue: balance.overdue.into(),
            unallocated: balance.unallocated.into(),
            by_type: balance.balance.by_type.iter().map(of_type).collect(),
        }
    }
}
