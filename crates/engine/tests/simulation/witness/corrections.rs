//! Documents behind an invoice (IN-12, IN-13): each has to leave what the model says that stands, and what is asked
//! for of it goes to the documents of its chain, or waits for the next one.

use std::collections::{BTreeMap, BTreeSet};

use billing::invoice::{Adjustment, Amendment, Invoice, InvoiceLine, InvoiceNumber};
use billing::journal::EntryKind;
use billing::ports::StoredEntry;
use engine::restating::Correction;

use super::journal::{Progress, claim};
use super::read::{Document, billed, lines_of};
use super::{Case, Witness};
use crate::model::chain::{Billed, Chain, Differs, Restated};
use crate::step::{Act, CREDITED, RESTATED};
use crate::stores::Stores;

impl Witness {
    /// What one use case issued behind an invoice begins with `entry`; answers how many entries come behind it.
    pub(super) async fn amended(
        &mut self,
        stores: &Stores,
        (entry, rest): (&StoredEntry, &[StoredEntry]),
        cases: &[Case<'_>],
        progress: &mut [Progress],
    ) -> usize {
        let first = self.take_note(stores, entry).await;
        let amends = first.invoice.amends.clone().expect("a note amends an invoice");
        let mut notes = vec![first];
        if amends.how == Amendment::Credit && notes[0].invoice.reason == RESTATED {
            notes.push(self.take_note(stores, &rest[0]).await);
        }
        let how: Vec<Amendment> = notes.iter().filter_map(|note| Some(note.invoice.amends.as_ref()?.how)).collect();
        let is_asked = |place: &usize| is_asked(cases[*place].act, &amends.number, &how, &notes[0].invoice.reason);
        let open = (0..cases.len()).filter(is_asked).filter(|place| progress[*place].notes.is_empty());
        let place = open.min_by_key(|place| claim(cases[*place].told)).expect("nobody asked for this note");
        // Refused or not, it is decided before the first document is there.
        let restated = match cases[place].act {
            Act::Restate { is_abroad, .. } => Some(self.model.restated(&amends.number, *is_abroad)),
            _ => self.model.check_credit(&amends.number).map(|()| None).unwrap_or_else(|code| Some(Err(code))),
        };
        let restated = restated.transpose().unwrap_or_else(|code| panic!("CRD-1: {how:?} against {code}"));
        for note in &notes {
            self.take_amendment(&amends.number, note, restated.as_ref());
        }
        let booked = self.settle(&amends.number, &notes, &rest[notes.len() - 1..]);
        progress[place].notes = notes.into_iter().map(|note| note.invoice.number).collect();
        progress[place].notes.len() - 1 + booked
    }

    async fn take_note(&mut self, stores: &Stores, entry: &StoredEntry) -> Document {
        let number: InvoiceNumber = entry.entry.reference.parse().unwrap();
        let stored = stores.ledger.invoice(&number).await.unwrap().unwrap();
        let note = self.see(stores, &stored).await;
        let kind = match note.invoice.amends.as_ref().unwrap().how {
            Amendment::Credit => EntryKind::CreditIssued,
            _ => EntryKind::CorrectionIssued,
        };
        assert_eq!((entry.entry.kind, entry.entry.postings[0].amount), (kind, note.invoice.totals.total));
        note
    }

    fn take_amendment(&mut self, number: &InvoiceNumber, note: &Document, restated: Option<&Restated>) {
        let amends = note.invoice.amends.as_ref().unwrap();
        let mut chain = self.model.chains[number].clone();
        assert_eq!((&amends.number, amends.position as usize), (number, chain.numbers.len()), "CRD-1");
        match (amends.how, restated) {
            (Amendment::Credit, _) => self.take_back(&mut chain, note),
            (how, Some(restated)) => {
                self.check_snapshot(chain.party, &note.invoice);
                match how {
                    Amendment::Rebill => self.take_rebill(&mut chain, note),
                    _ => self.take_difference(&mut chain, note, restated.differs),
                }
                self.check_restated(&chain, restated);
            }
            (how, None) => panic!("nobody asked for {how:?}"),
        }
        chain.numbers.push(note.invoice.number.clone());
        self.take_document(chain.party, &note.invoice);
        self.model.chains.insert(number.clone(), chain);
        if amends.how != Amendment::Credit {
            self.model.restate(number, &note.invoice.number);
        }
    }

    /// All that stands comes back, line by line.
    fn take_back(&mut self, chain: &mut Chain, note: &Document) {
        let mut left = chain.lines.clone();
        for line in &note.lines {
            let stood = left.remove(line.takes_back.as_ref().unwrap()).expect("CRD-1: a line that stands");
            assert_eq!(billed(line), stood.negated(), "CRD-1");
        }
        assert!(left.is_empty() && !chain.is_taken_back, "CRD-1: {left:?} is left");
        let given = |amounts: &BTreeMap<String, i64>| {
            amounts.iter().map(|(name, minor)| (name.clone(), -minor)).collect::<BTreeMap<_, _>>()
        };
        check_amounts(note, &given(&chain.taxes()), &given(&chain.adjustments));
        assert_eq!(note.invoice.totals.total.minor, -chain.stands(), "CRD-1");
        for number in &chain.numbers {
            self.model.accounts[chain.party].documents.get_mut(number).unwrap().is_credited = true;
        }
        chain.is_taken_back = true;
        self.meet("a credit note", 1);
    }

    /// All is charged anew.
    fn take_rebill(&mut self, chain: &mut Chain, note: &Document) {
        assert!(chain.is_taken_back && note.lines.iter().all(|line| line.takes_back.is_none()), "CRD-1");
        (chain.lines, chain.is_taken_back) = (note.charged().collect(), false);
        check_amounts(note, &chain.taxes(), &chain.adjustments);
        self.meet("a re-bill", 1);
    }

    /// Wrong lines are taken back and charged anew; what is the same is not touched.
    fn take_difference(&mut self, chain: &mut Chain, note: &Document, differs: Differs) {
        assert!(!chain.is_taken_back && differs != Differs::No && !note.lines.is_empty(), "CRD-1");
        let before = chain.clone();
        let mut back: Vec<InvoiceLine> = Vec::new();
        for line in &note.lines {
            let Some(taken) = &line.takes_back else { continue };
            let stood = chain.lines.remove(taken).expect("CRD-1: a line that stands");
            assert_eq!(billed(line), stood.negated(), "CRD-1");
            let lines = lines_of(&self.documents[&taken.number].lines);
            back.extend(lines.into_iter().filter(|line| line.line_number == taken.line_number).map(bare));
        }
        assert!(
            note.charged().count() > 0 && !note.lines.iter().any(|line| back.contains(&bare(line.clone()))),
            "CRD-1"
        );
        chain.lines.extend(note.charged());
        let mut taxes = chain.taxes();
        for (code, tax) in before.taxes() {
            *taxes.entry(code).or_default() -= tax;
        }
        let difference = chain.charged() - before.charged();
        let is_deferred = note.invoice.amends.as_ref().unwrap().how == Amendment::DeferredDifference;
        let mut moved = BTreeMap::new();
        if is_deferred && difference != 0 {
            let reference = format!("{}/{}", chain.numbers[0], chain.numbers.len());
            moved.insert(reference.clone(), -difference);
            let adjustments = &mut self.model.adjustments[chain.party];
            assert_eq!(adjustments.insert(reference, difference), None, "CRD-1: a difference is asked for twice");
        }
        check_amounts(note, &taxes, &moved);
        assert_eq!(note.invoice.totals.total.minor, if is_deferred { 0 } else { difference }, "CRD-1");
        self.meet(if is_deferred { "a difference that is left to the next document" } else { "a difference note" }, 1);
    }

    /// What stands is what would be billed today.
    fn check_restated(&self, chain: &Chain, restated: &Restated) {
        assert_eq!(chain.usage(), restated.usage, "IN-13: {}", chain.numbers[0]);
        assert_eq!(chain.licences(), restated.licences, "IN-13: {}", chain.numbers[0]);
        for line in chain.lines.values() {
            self.check_licence(chain.party, chain.period, line);
        }
    }

    /// Which restatements of earlier months a document knows.
    pub(super) fn check_snapshot(&self, party: usize, invoice: &Invoice) {
        let known: Vec<_> =
            invoice.snapshot.restated.iter().map(|month| (month.period, (month.by.clone(), month.lists))).collect();
        let earlier = self.model.restated[party].range(..invoice.period);
        let expected: Vec<_> = earlier.map(|(month, restated)| (*month, restated.clone())).collect();
        assert_eq!(known, expected, "LC-16: restatements before {}", invoice.number);
    }

    fn settle(&mut self, number: &InvoiceNumber, notes: &[Document], entries: &[StoredEntry]) -> usize {
        let (party, mut numbers) = (self.model.chains[number].party, self.model.chains[number].numbers.clone());
        numbers.truncate(numbers.len() - notes.len());
        let mut booked = 0;
        for note in notes {
            let changes = self.model.accounts[party].settle(&note.invoice.number, &numbers);
            self.expect(&changes, &entries[booked..], party);
            booked += changes.len();
            numbers.push(note.invoice.number.clone());
        }
        booked
    }

    /// What restating may answer where it issues nothing.
    pub(super) fn restatement_answer(
        &self,
        number: &InvoiceNumber,
        how: Correction,
        is_abroad: bool,
    ) -> Option<&'static str> {
        let restated = match self.model.restated(number, is_abroad) {
            Ok(restated) => restated,
            Err(code) => return Some(code),
        };
        match (self.model.chains[number].is_taken_back, how) {
            (true, Correction::Rebill) => None,
            (true, _) => Some("restate.taken_back"),
            (false, _) => (restated.differs != Differs::Yes).then_some("restate.same"),
        }
    }
}

/// Whether an act issues such documents.
fn is_asked(act: &Act, amends: &InvoiceNumber, issued: &[Amendment], why: &str) -> bool {
    match act {
        Act::Credit(number) => number == amends && (issued, why) == (&[Amendment::Credit], CREDITED),
        Act::Restate { number, how, .. } => {
            let ways: &[&[Amendment]] = match how {
                Correction::Note => &[&[Amendment::Difference]],
                Correction::NextDocument => &[&[Amendment::DeferredDifference]],
                Correction::Rebill => &[&[Amendment::Credit, Amendment::Rebill], &[Amendment::Rebill]],
            };
            number == amends && why == RESTATED && ways.contains(&issued)
        }
        _ => false,
    }
}

fn bare(line: InvoiceLine) -> InvoiceLine {
    InvoiceLine { line_number: 0, takes_back: None, ..line }
}

/// The figures of a document are those of its lines, with these taxes by their codes and these adjustments.
pub(super) fn check_amounts(document: &Document, taxes: &BTreeMap<String, i64>, adjustments: &BTreeMap<String, i64>) {
    let Invoice { totals, number, .. } = &document.invoice;
    let lines: Vec<Billed> = document.lines.iter().map(billed).collect();
    let (subtotal, tax) = (lines.iter().map(|line| line.subtotal).sum::<i64>(), taxes.values().sum::<i64>());
    let adjusted = adjustments.values().sum::<i64>();
    let found = (totals.subtotal.minor, totals.tax.minor, totals.adjustments.minor, totals.total.minor);
    assert_eq!(found, (subtotal, tax, adjusted, subtotal + tax + adjusted), "totals of {number}");
    assert_eq!(lines.iter().map(|line| line.tax).sum::<i64>(), tax, "MON-2");
    let by_code = document.invoice.taxes.iter().map(|tax| (tax.code.to_string(), tax.tax.minor));
    let by_code: BTreeSet<_> = by_code.filter(|(_, tax)| *tax != 0).collect();
    let expected = taxes.iter().filter(|(_, tax)| **tax != 0).map(|(code, tax)| (code.clone(), *tax)).collect();
    assert_eq!(by_code, expected, "taxes of {number}");
    let named = |one: &Adjustment| (one.reference.clone(), one.amount.minor);
    assert_eq!(document.invoice.adjustments.iter().map(named).collect::<BTreeMap<_, _>>(), *adjustments);
}
