//! The journal is the order in which use cases came to their effects. Each new entry has to be the next one
//! that the model expects of some use case under way, and a use case is booked whole or not at all.

use std::collections::{BTreeMap, BTreeSet};

use billing::invoice::InvoiceNumber;
use billing::journal::{EntryHash, EntryKind};
use billing::ports::StoredEntry;
use jiff::civil::Date;

use super::closing::Happened;
use super::{Case, MET, Told, Witness};
use crate::model::account::Change;
use crate::scene::{PARTIES, issuer_id};
use crate::step::{Act, Answer};
use crate::stores::Stores;

/// Adjustments of each party that waited before the step.
pub(super) type Waiting = [BTreeMap<String, i64>; PARTIES.len()];

/// What is known of one use case while the journal is walked.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// What it booked.
    booked: Option<usize>,
    /// The documents that it issued behind an invoice.
    pub(super) notes: Vec<InvoiceNumber>,
    /// What it had to answer where it did nothing, at any moment of the step: a code, or "" for nothing to do.
    answers: BTreeSet<&'static str>,
}

impl Witness {
    pub(super) async fn walk(&mut self, stores: &Stores, cases: &[Case<'_>], waiting: &Waiting, today: Date) {
        let seen = u64::try_from(self.journal.len()).unwrap();
        let entries = stores.ledger.journal(&issuer_id(), seen, u32::MAX).await.unwrap();
        self.take_entries(&entries);
        let mut progress: Vec<Progress> = cases.iter().map(|_| Progress::default()).collect();
        let before = self.bills(cases);
        let mut issued = BTreeSet::new();
        let mut left = entries.as_slice();
        let mut below_zero = BTreeSet::new();
        self.note_answers(cases, &mut progress, today);
        while let Some((entry, rest)) = left.split_first() {
            let count = match entry.entry.kind {
                EntryKind::InvoiceIssued => {
                    let number = self.invoice_issued(stores, entry, cases, waiting).await;
                    if entry.entry.postings[0].amount.minor < 0 {
                        below_zero.insert(number.clone());
                    }
                    issued.insert(number);
                    0
                }
                EntryKind::CreditReleased => {
                    let number = entry.entry.reference.parse().unwrap();
                    assert!(below_zero.remove(&number), "PA-6: {number} gives nothing, or gave it before");
                    self.released(number, left);
                    0
                }
                EntryKind::CreditIssued | EntryKind::CorrectionIssued => {
                    self.amended(stores, (entry, rest), cases, &mut progress).await
                }
                _ => self.booked(left, cases, &mut progress, today) - 1,
            };
            left = &rest[count..];
            self.note_answers(cases, &mut progress, today);
        }
        assert!(below_zero.is_empty(), "PA-6: {below_zero:?} give money that nobody can pay with");
        let emptied = self.closed_without_document(stores, cases).await;
        let happened = Happened { bills: [before, self.bills(cases)], issued, emptied, is_alone: cases.len() == 1 };
        for (case, progress) in cases.iter().zip(&progress) {
            match case.act {
                Act::Close { period, options } | Act::PreviewAndClose { period, options } => {
                    self.judge_close(*case, (*period, *options), today, &happened);
                }
                Act::Credit(_) | Act::Restate { .. } | Act::Book { .. } => self.judge_booking(*case, progress),
                _ => {}
            }
        }
        self.judge_claims(cases, &happened.issued);
    }

    /// JRN-1, JRN-2.
    fn take_entries(&mut self, entries: &[StoredEntry]) {
        for stored in entries {
            let previous = self.journal.last().map_or(EntryHash::START, |last| last.hash);
            assert_eq!(stored.entry.position, u64::try_from(self.journal.len()).unwrap() + 1, "JRN-2");
            assert_eq!(stored.entry.hash(previous), stored.hash, "JRN-2");
            let sum: i64 = stored.entry.postings.iter().map(|posting| posting.amount.minor).sum();
            assert_eq!(sum, 0, "JRN-1: {stored:?}");
            for posting in &stored.entry.postings {
                let account = (posting.account, posting.amount.currency);
                *self.balances.entry(account).or_default() += posting.amount.minor;
            }
            self.journal.push(stored.clone());
        }
    }

    fn note_answers(&self, cases: &[Case<'_>], progress: &mut [Progress], today: Date) {
        for (case, progress) in cases.iter().zip(progress) {
            let answer = match case.act {
                Act::Book { party, request } => match self.model.accounts[*party].decide(request, today) {
                    Ok(changes) => changes.is_empty().then_some(""),
                    Err(code) => Some(code),
                },
                Act::Credit(number) => self.model.check_credit(number).err(),
                Act::Restate { number, how, is_abroad } => self.restatement_answer(number, *how, *is_abroad),
                _ => None,
            };
            progress.answers.extend(answer);
        }
    }

    /// A booking that some use case asks for; answers how many entries it has.
    fn booked(&mut self, left: &[StoredEntry], cases: &[Case<'_>], progress: &mut [Progress], today: Date) -> usize {
        let mut places: Vec<usize> = (0..cases.len()).filter(|place| progress[*place].booked.is_none()).collect();
        places.sort_by_key(|place| claim(cases[*place].told));
        for place in places {
            let Act::Book { party, request } = cases[place].act else { continue };
            let Ok(changes) = self.model.accounts[*party].decide(request, today) else { continue };
            if matches!(cases[place].told, Told::Done(Answer::Booked(count)) if *count != changes.len()) {
                continue;
            }
            let entries = left.iter().map(signature).take(changes.len());
            if !changes.is_empty() && entries.eq(changes.iter().map(Change::entry)) {
                self.expect(&changes, left, *party);
                progress[place].booked = Some(changes.len());
                return changes.len();
            }
        }
        panic!("PAY-1: nobody asked for {:?}", left[0].entry);
    }

    /// An invoice below zero gives money.
    fn released(&mut self, number: InvoiceNumber, left: &[StoredEntry]) {
        let party = self.model.party_of(&number).unwrap();
        let amount = -self.model.accounts[party].documents[&number].total;
        self.meet("an invoice below zero", 1);
        self.expect(&[Change::Released { note: number, amount }], left, party);
    }

    /// Exactly these changes come next, together.
    pub(super) fn expect(&mut self, changes: &[Change], entries: &[StoredEntry], party: usize) {
        let found: Vec<_> = entries.iter().map(signature).take(changes.len()).collect();
        let wanted: Vec<_> = changes.iter().map(Change::entry).collect();
        assert_eq!(found, wanted, "PAY-1");
        for change in changes {
            self.model.accounts[party].apply(change);
        }
    }

    fn judge_booking(&mut self, case: Case<'_>, progress: &Progress) {
        let is_done = progress.booked.is_some() || !progress.notes.is_empty();
        match case.told {
            Told::Done(Answer::Booked(0)) => {
                assert!(!is_done && progress.answers.contains(""), "{case:?}: {progress:?}");
                self.meet("a booking that was there before", 1);
            }
            Told::Done(Answer::Booked(count)) => assert_eq!(progress.booked, Some(*count), "{case:?}"),
            Told::Done(Answer::Credited(number)) => {
                assert_eq!(progress.notes, std::slice::from_ref(number), "{case:?}");
            }
            Told::Done(Answer::Restated(numbers)) => assert_eq!(progress.notes, *numbers, "{case:?}"),
            Told::Refused(error) => {
                assert!(!is_done && progress.answers.contains(error.code.as_str()), "{case:?}: {progress:?}");
                let of_correction = MET.into_iter().find(|what| *what == error.code);
                self.meet(of_correction.unwrap_or("a booking that was refused"), 1);
            }
            Told::Unknown => self.meet("a booking that nobody heard of", usize::from(is_done)),
            told @ Told::Done(_) => panic!("{told:?}"),
        }
    }
}

/// Who says that it wrote comes before whom nobody heard of, and that before all others.
pub(super) fn claim(told: Told<'_>) -> u8 {
    match told {
        Told::Done(Answer::Booked(0)) | Told::Refused(_) => 2,
        Told::Unknown => 1,
        Told::Done(_) => 0,
    }
}

fn signature(stored: &StoredEntry) -> (EntryKind, String, i64) {
    (stored.entry.kind, stored.entry.reference.clone(), stored.entry.postings[0].amount.minor)
}
