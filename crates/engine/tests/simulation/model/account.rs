//! What a party paid and owes, in plain sums (PA-1 to PA-6).

use std::collections::{BTreeMap, BTreeSet};

use billing::invoice::InvoiceNumber;
use billing::journal::EntryKind;
use billing::settlement::{Allocate, Source};
use engine::paying::Request;
use jiff::Timestamp;
use jiff::civil::Date;

/// A document of an account. Amounts are minor units of the party's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) total: i64,
    pub(crate) received: i64,
    pub(crate) written_off: i64,
    pub(crate) due_on: Date,
    pub(crate) issued_at: Timestamp,
    pub(crate) amends: Option<InvoiceNumber>,
    /// A credit note in full came behind it.
    pub(crate) is_credited: bool,
}

impl Document {
    pub(crate) fn open(&self) -> i64 {
        self.total - self.received - self.written_off
    }
}

/// Money that came in, and what of it waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Money {
    pub(crate) amount: i64,
    pub(crate) rest: i64,
    received_on: Option<Date>,
}

/// What one event of the account changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Received {
        reference: String,
        amount: i64,
        on: Date,
    },
    Released {
        note: InvoiceNumber,
        amount: i64,
    },
    Put {
        source: Source,
        document: InvoiceNumber,
        amount: i64,
    },
    Refunded {
        reference: String,
        source: Source,
        amount: i64,
        on: Date,
    },
    WrittenOff {
        reference: String,
        document: InvoiceNumber,
        amount: i64,
    },
    /// A write-off was taken back.
    Expected {
        reference: String,
        document: InvoiceNumber,
        amount: i64,
    },
}

impl Change {
    /// Its entry: kind, reference and what it debits.
    pub(crate) fn entry(&self) -> (EntryKind, String, i64) {
        match self {
            Self::Received { reference, amount, .. } => (EntryKind::PaymentReceived, reference.clone(), *amount),
            Self::Released { note, amount } => (EntryKind::CreditReleased, note.to_string(), *amount),
            Self::Put { document, amount, .. } => (EntryKind::PaymentAllocated, document.to_string(), *amount),
            Self::Refunded { reference, amount, .. } => (EntryKind::RefundPaid, reference.clone(), *amount),
            Self::WrittenOff { document, amount, .. } => (EntryKind::WrittenOff, document.to_string(), *amount),
            Self::Expected { document, amount, .. } => (EntryKind::WriteOffTakenBack, document.to_string(), *amount),
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) documents: BTreeMap<InvoiceNumber, Document>,
    pub(crate) sources: BTreeMap<Source, Money>,
    pub(crate) put: BTreeMap<(Source, InvoiceNumber), i64>,
    /// Refunds and write-offs.
    references: BTreeMap<String, Change>,
    /// Write-offs that were taken back.
    expected: BTreeSet<String>,
}

type Decision = Result<Vec<Change>, &'static str>;

impl Account {
    pub(crate) fn apply(&mut self, change: &Change) {
        match change {
            Change::Received { reference, amount, on } => {
                let money = Money { amount: *amount, rest: *amount, received_on: Some(*on) };
                assert_eq!(self.sources.insert(Source::Payment(reference.clone()), money), None, "paid twice");
            }
            Change::Released { note, amount } => {
                self.documents.get_mut(note).unwrap().received -= amount;
                let money = Money { amount: *amount, rest: *amount, received_on: None };
                assert_eq!(self.sources.insert(Source::CreditNote(note.clone()), money), None, "released twice");
            }
            Change::Put { source, document, amount } => {
                self.sources.get_mut(source).unwrap().rest -= amount;
                self.documents.get_mut(document).unwrap().received += amount;
                *self.put.entry((source.clone(), document.clone())).or_default() += amount;
                self.put.retain(|_, amount| *amount != 0);
            }
            Change::Refunded { reference, source, amount, .. } => {
                self.sources.get_mut(source).unwrap().rest -= amount;
                assert_eq!(self.references.insert(reference.clone(), change.clone()), None, "refunded twice");
            }
            Change::WrittenOff { reference, document, amount } => {
                self.documents.get_mut(document).unwrap().written_off += amount;
                assert_eq!(self.references.insert(reference.clone(), change.clone()), None, "written off twice");
            }
            Change::Expected { reference, document, amount } => {
                self.documents.get_mut(document).unwrap().written_off -= amount;
                assert!(self.expected.insert(reference.clone()), "a write-off taken back twice");
            }
        }
    }

    /// What a request changes, or the code that it is refused with.
    pub(crate) fn decide(&self, request: &Request, today: Date) -> Decision {
        match request {
            Request::Receive { payment, allocate } => {
                let (reference, amount, on) = (&payment.reference, payment.amount.minor, payment.received_on);
                refuse_unless(amount > 0, "payment.not_positive")?;
                let source = Source::Payment(reference.clone());
                if let Some(known) = self.sources.get(&source) {
                    let is_same = known.amount == amount && known.received_on == Some(on);
                    return if is_same { Ok(vec![]) } else { Err("payment.reference_used") };
                }
                refuse_unless(!reference.is_empty(), "payment.reference_malformed")?;
                let received = Change::Received { reference: reference.clone(), amount, on };
                Ok([vec![received], self.spread(&source, amount, allocate)?].concat())
            }
            Request::Allocate { source, amount, allocate } => {
                let rest = self.sources.get(source).ok_or("payment.unknown")?.rest;
                let amount = amount.map_or(rest, |amount| amount.minor);
                refuse_unless(rest != 0 && amount <= rest, "payment.nothing_left")?;
                refuse_unless(amount > 0, "payment.not_positive")?;
                self.spread(source, amount, allocate)
            }
            Request::TakeBack { source, document } => {
                refuse_unless(self.sources.contains_key(source), "payment.unknown")?;
                refuse_unless(self.documents.contains_key(document), "invoice.unknown")?;
                let put = self.put.get(&(source.clone(), document.clone())).ok_or("payment.not_allocated")?;
                Ok(vec![Change::Put { source: source.clone(), document: document.clone(), amount: -put }])
            }
            Request::Refund { source, amount, reference, paid_on } => {
                let on = paid_on.unwrap_or(today);
                let (reference, source, amount) = (reference.clone(), source.clone(), amount.minor);
                let refunded = Change::Refunded { reference, source, amount, on };
                self.decide_refund(refunded, paid_on.is_none())
            }
            Request::WriteOff { document, amount, reference } => {
                self.decide_write_off(document, amount.map(|amount| amount.minor), reference)
            }
            Request::TakeBackWriteOff { document, reference } => match self.references.get(reference) {
                Some(Change::WrittenOff { document: known, amount, .. }) if known == document => {
                    let expected =
                        Change::Expected { reference: reference.clone(), document: document.clone(), amount: *amount };
                    Ok(if self.expected.contains(reference) { vec![] } else { vec![expected] })
                }
                _ => Err("write_off.unknown"),
            },
        }
    }

    fn decide_refund(&self, refunded: Change, any_day: bool) -> Decision {
        let Change::Refunded { reference, source, amount, on } = &refunded else { unreachable!() };
        if let Some(Change::Refunded { source: known, amount: booked, on: day, .. }) = self.references.get(reference)
            && (known, booked) == (source, amount)
            && (any_day || day == on)
        {
            return Ok(vec![]);
        }
        refuse_unless(*amount > 0, "payment.not_positive")?;
        refuse_unless(!reference.is_empty(), "payment.reference_malformed")?;
        refuse_unless(!self.references.contains_key(reference), "payment.reference_used")?;
        let rest = self.sources.get(source).ok_or("payment.unknown")?.rest;
        refuse_unless(*amount <= rest, "refund.too_large")?;
        Ok(vec![refunded])
    }

    fn decide_write_off(&self, document: &InvoiceNumber, amount: Option<i64>, reference: &str) -> Decision {
        if let Some(Change::WrittenOff { document: known, amount: booked, .. }) = self.references.get(reference)
            && known == document
            && amount.is_none_or(|amount| amount == *booked)
            && !self.expected.contains(reference)
        {
            return Ok(vec![]);
        }
        let open = self.documents.get(document).ok_or("invoice.unknown")?.open();
        refuse_unless(open > 0, "invoice.nothing_open")?;
        let amount = amount.unwrap_or(open);
        refuse_unless(amount > 0, "payment.not_positive")?;
        refuse_unless(!reference.is_empty(), "payment.reference_malformed")?;
        refuse_unless(!self.references.contains_key(reference), "payment.reference_used")?;
        refuse_unless(amount <= open, "write_off.too_large")?;
        refuse_unless(!self.documents[document].is_credited, "write_off.credited")?;
        Ok(vec![Change::WrittenOff { reference: reference.to_owned(), document: document.clone(), amount }])
    }

    fn spread(&self, source: &Source, amount: i64, allocate: &Allocate) -> Decision {
        let numbers = match allocate {
            Allocate::Later => vec![],
            Allocate::Documents(numbers) => numbers.clone(),
            Allocate::OldestFirst => {
                let mut open: Vec<_> = self.documents.iter().filter(|(_, document)| document.open() > 0).collect();
                open.sort_by_key(|(number, document)| (document.due_on, document.issued_at, *number));
                open.into_iter().map(|(number, _)| number.clone()).collect()
            }
        };
        let (mut left, mut changes, mut taken) = (amount, vec![], BTreeMap::<InvoiceNumber, i64>::new());
        for document in numbers {
            let open = self.documents.get(&document).ok_or("invoice.unknown")?.open();
            let open = open - taken.get(&document).copied().unwrap_or_default();
            refuse_unless(open > 0, "invoice.nothing_open")?;
            if left == 0 {
                break;
            }
            let amount = open.min(left);
            left -= amount;
            *taken.entry(document.clone()).or_default() += amount;
            changes.push(Change::Put { source: source.clone(), document, amount });
        }
        Ok(changes)
    }

    /// References of write-offs with their documents.
    pub(crate) fn write_offs(&self) -> Vec<(String, InvoiceNumber)> {
        let of = |change: &Change| match change {
            Change::WrittenOff { reference, document, .. } => Some((reference.clone(), document.clone())),
            _ => None,
        };
        self.references.values().filter_map(of).collect()
    }

    /// What the issue of a note changes besides: it settles the documents before it in its chain, or is paid with
    /// what is left of their credits.
    pub(crate) fn settle(&self, note: &InvoiceNumber, chain: &[InvoiceNumber]) -> Vec<Change> {
        let (mut after, mut changes) = (self.clone(), vec![]);
        let total = self.documents[note].total;
        let mut change = |after: &mut Self, change: Change| {
            after.apply(&change);
            changes.push(change);
        };
        if total < 0 {
            change(&mut after, Change::Released { note: note.clone(), amount: -total });
        }
        for other in chain {
            let (giver, taker) = if total < 0 { (note, other) } else { (other, note) };
            let source = Source::CreditNote(giver.clone());
            let rest = after.sources.get(&source).map_or(0, |money| money.rest);
            let amount = rest.min(after.documents[taker].open());
            if amount > 0 {
                change(&mut after, Change::Put { source, document: taker.clone(), amount });
            }
        }
        changes
    }
}

fn refuse_unless(holds: bool, code: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(code) }
}
