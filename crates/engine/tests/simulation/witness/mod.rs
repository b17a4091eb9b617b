//! Looks at the stores after each step: what happened has to be what the model says, all of it or nothing.

mod closing;
mod corrections;
mod imports;
mod invoices;
mod journal;
mod read;
mod state;

use std::collections::{BTreeMap, BTreeSet};

use billing::invoice::InvoiceNumber;
use billing::journal::Account;
use billing::licence::LicenceOrder;
use billing::money::Currency;
use billing::ports::StoredEntry;
use engine::{EngineError, EngineResult};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use testkit::faults::FAILED;

use crate::model::Model;
use crate::step::{Act, Answer, Step};
use crate::stores::Stores;

/// What became of a use case.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Told<'a> {
    Done(&'a Answer),
    /// For a reason of its own; nothing was written.
    Refused(&'a EngineError),
    /// A call failed or the process died: it may have come to its end or not.
    Unknown,
}

impl<'a> Told<'a> {
    fn of(answer: Option<&'a EngineResult<Answer>>) -> Self {
        match answer {
            Some(Ok(answer)) => Self::Done(answer),
            Some(Err(error)) if error.code != FAILED => Self::Refused(error),
            _ => Self::Unknown,
        }
    }
}

/// A document as it was when it was seen first.
#[derive(Debug)]
struct Seen {
    header: Vec<u8>,
    digest: String,
    lines: Vec<Vec<u8>>,
}

#[derive(Debug, Default)]
pub(crate) struct Witness {
    pub(crate) model: Model,
    documents: BTreeMap<InvoiceNumber, Seen>,
    journal: Vec<StoredEntry>,
    balances: BTreeMap<(Account, Currency), i64>,
    orders: Vec<LicenceOrder>,
    /// Lines in quarantine, and stored rows of usage.
    waiting_count: u64,
    row_count: u64,
    list_counts: BTreeMap<&'static str, usize>,
    printed: BTreeMap<InvoiceNumber, Vec<u8>>,
    /// How often what of [`MET`] happened.
    pub(crate) met: BTreeMap<&'static str, u64>,
}

/// What has to happen now and then, or the runs show nothing.
pub(crate) const MET: [&str; 25] = [
    "a document",
    "an invoice below zero",
    "a line of late usage",
    "a line of a licence",
    "usage that is carried on",
    "a credit note",
    "a difference note",
    "a difference that is left to the next document",
    "a re-bill",
    "a difference on the next document",
    "a licence at the price of a restatement",
    "restate.same",
    "restate.taken_back",
    "restate.carried",
    "restate.currency",
    "credit.written_off",
    "a month without a document",
    "a parked party",
    "an adjustment on a document",
    "a close that did not end",
    "a booking that nobody heard of",
    "a booking that was there before",
    "a booking that was refused",
    "an import that nobody heard of",
    "an import that was lost",
];

/// One use case of a step.
#[derive(Debug, Clone, Copy)]
struct Case<'a> {
    act: &'a Act,
    told: Told<'a>,
}

impl Witness {
    pub(crate) async fn judge(&mut self, stores: &Stores, step: &Step, answers: &[Option<EngineResult<Answer>>]) {
        let cases: Vec<Case<'_>> =
            step.acts.iter().zip(answers).map(|(act, answer)| Case { act, told: Told::of(answer.as_ref()) }).collect();
        let today = day_of(step.now);
        for case in &cases {
            self.judge_import(stores, *case, today).await;
        }
        let waiting = self.model.adjustments.clone();
        for case in &cases {
            self.judge_adjustment(stores, *case).await;
        }
        let before: BTreeSet<InvoiceNumber> = self.documents.keys().cloned().collect();
        self.judge_rating(&cases);
        self.walk(stores, &cases, &waiting, today).await;
        self.judge_printing(&cases, &before);
        self.look(stores).await;
    }

    fn meet(&mut self, what: &'static str, count: usize) {
        assert!(MET.contains(&what));
        *self.met.entry(what).or_default() += imports::count(count);
    }

    /// Of all documents and entries, in their order.
    pub(crate) fn digests(&self) -> Vec<String> {
        let documents = self.documents.iter().map(|(number, seen)| format!("{number} {}", seen.digest));
        documents.chain(self.journal.iter().map(|stored| stored.hash.to_string())).collect()
    }

    fn judge_printing(&mut self, cases: &[Case<'_>], before: &BTreeSet<InvoiceNumber>) {
        for case in cases {
            let Act::Print(number) = case.act else { continue };
            match case.told {
                Told::Done(Answer::Printed(bytes)) => {
                    assert!(before.contains(number), "{number} was printed before it was issued");
                    let first = self.printed.entry(number.clone()).or_insert_with(|| bytes.clone());
                    assert_eq!(first, bytes, "{number} was printed otherwise before");
                }
                Told::Unknown => {}
                told => panic!("{number} was not printed: {told:?}"),
            }
        }
    }
}

fn day_of(now: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(now).date()
}
