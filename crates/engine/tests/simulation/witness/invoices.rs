//! Documents that were issued in a step, compared with what the model bills.

use std::collections::BTreeMap;

use billing::invoice::{Amendment, Invoice, InvoiceNumber};
use billing::period::BillingPeriod;
use billing::ports::{StoredEntry, StoredInvoice, document_digest};
use engine::rating::RatingOutcome;
use jiff::ToSpan;

use super::closing::asked;
use super::corrections::check_amounts;
use super::journal::Waiting;
use super::read::{Document, lines_of};
use super::{Case, Seen, Told, Witness, day_of};
use crate::model::account;
use crate::model::billing::{Bill, Line, Lines, Scope};
use crate::model::chain::{Billed, Chain, Charged};
use crate::model::licences::Licence;
use crate::scene::{LICENSEE, PARTIES, party_id};
use crate::step::{Act, Answer};
use crate::stores::Stores;

impl Witness {
    pub(super) async fn invoice_issued(
        &mut self,
        stores: &Stores,
        entry: &StoredEntry,
        cases: &[Case<'_>],
        waiting: &Waiting,
    ) -> InvoiceNumber {
        let number: InvoiceNumber = entry.entry.reference.parse().unwrap();
        let stored = stores.ledger.invoice(&number).await.unwrap().unwrap();
        let party = (0..PARTIES.len()).find(|party| party_id(*party) == stored.party).unwrap();
        let options = asked(cases, stored.period).expect("nobody asked to close this month");
        let bill = self.model.bill(party, stored.period, options.allow_unpriced);
        let Bill::Lines(lines) = bill else { panic!("INV-3: {number} was issued instead of {bill:?}") };
        let document = self.see(stores, &stored).await;
        let invoice = &document.invoice;
        assert_eq!(invoice.amends, None);
        self.check_snapshot(party, invoice);
        let chain = Chain {
            party,
            period: stored.period,
            numbers: vec![number.clone()],
            records: lines.billed.clone(),
            has_moved_usage: !lines.unpriced.is_empty(),
            lines: document.charged().collect(),
            adjustments: invoice.adjustments.iter().map(|one| (one.reference.clone(), one.amount.minor)).collect(),
            is_taken_back: false,
        };
        check_usage(&chain, &lines);
        assert!(party == LICENSEE || chain.licences().is_empty());
        chain.lines.values().for_each(|line| self.check_licence(party, stored.period, line));
        self.check_adjustments(party, invoice, &waiting[party]);
        check_amounts(&document, &chain.taxes(), &chain.adjustments);
        let carried: u64 = invoice.carried.iter().map(|usage| usage.record_count).sum();
        assert_eq!(carried, u64::try_from(lines.unpriced.len()).unwrap(), "USE-2: what is carried on from {number}");
        assert_eq!(entry.entry.postings[0].amount.minor, invoice.totals.total.minor);
        self.meet("a document", 1);
        let late = lines.of_scopes.keys().filter(|(.., month)| *month != stored.period).count();
        self.meet("a line of late usage", late);
        self.meet("a line of a licence", chain.licences().len());
        self.meet("usage that is carried on", lines.unpriced.len());
        self.meet("an adjustment on a document", invoice.adjustments.len());
        let deferred = chain.adjustments.keys().filter(|reference| reference.contains('/')).count();
        self.meet("a difference on the next document", deferred);
        let is_restated = |licence: &&Licence| self.model.is_restated_price(party, stored.period, licence);
        let restated = chain.licences().iter().filter(is_restated).count();
        self.meet("a licence at the price of a restatement", restated);
        self.take_document(party, invoice);
        self.model.close(party, stored.period, Some(&number), &lines);
        self.model.chains.insert(number.clone(), chain);
        self.model.count(&number);
        number
    }

    /// Of a licence: its price, what it comes to, and the code that it is taxed under.
    pub(super) fn check_licence(&self, party: usize, period: BillingPeriod, line: &Billed) {
        let Some(licence) = line.licence() else { return };
        assert_eq!(licence.cents, self.model.licence_price(party, period, licence), "LC-16: {licence:?}");
        assert!(licence.comes_to(line.subtotal), "{line:?}");
        let codes = self.model.licence_codes(period, party, line);
        assert!(codes.contains(&line.tax_code), "TX-2: {line:?} and not one of {codes:?}");
    }

    /// A number without a gap behind the others, and bytes that are from now on always the same.
    pub(super) async fn see(&mut self, stores: &Stores, stored: &StoredInvoice) -> Document {
        self.model.number_count += 1;
        assert_eq!(stored.number.counter(), Some(self.model.number_count), "INV-1");
        let lines = stores.ledger.invoice_lines(&stored.number, 0, u32::MAX).await.unwrap();
        assert_eq!(document_digest(&stored.header, lines.iter().map(Vec::as_slice)), stored.digest);
        let invoice: Invoice = serde_json::from_slice(&stored.header).unwrap();
        let amends = invoice.amends.as_ref().map(|amends| amends.number.clone());
        assert_eq!((&invoice.number, invoice.period, &amends), (&stored.number, stored.period, &stored.amends));
        assert_eq!((stored.line_count, invoice.line_count), (invoice.line_count, u32::try_from(lines.len()).unwrap()));
        let document = Document { invoice, lines: lines_of(&lines) };
        let seen = Seen { header: stored.header.clone(), digest: stored.digest.clone(), lines };
        assert!(self.documents.insert(stored.number.clone(), seen).is_none(), "INV-1: {} twice", stored.number);
        document
    }

    pub(super) fn take_document(&mut self, party: usize, invoice: &Invoice) {
        let is_invoice = invoice.amends.as_ref().is_none_or(|amends| amends.how == Amendment::Rebill);
        let terms = if is_invoice { PARTIES[party].payment_terms_days } else { 0 };
        assert_eq!(invoice.due_on, day_of(invoice.issued_at).saturating_add(i64::from(terms).days()));
        let document = account::Document {
            total: invoice.totals.total.minor,
            received: 0,
            written_off: 0,
            due_on: invoice.due_on,
            issued_at: invoice.issued_at,
            amends: invoice.amends.as_ref().map(|amends| amends.number.clone()),
            is_credited: false,
        };
        self.model.accounts[party].documents.insert(invoice.number.clone(), document);
    }

    /// All that waited before the step are on it; those that came within it may be.
    fn check_adjustments(&mut self, party: usize, invoice: &Invoice, waiting: &BTreeMap<String, i64>) {
        let on_it: BTreeMap<String, i64> =
            invoice.adjustments.iter().map(|one| (one.reference.clone(), one.amount.minor)).collect();
        assert_eq!(on_it.len(), invoice.adjustments.len());
        for (reference, minor) in &on_it {
            let waited = self.model.adjustments[party].remove(reference);
            assert_eq!(waited, Some(*minor), "adjustment {reference} did not wait");
        }
        let left: Vec<&String> = waiting.keys().filter(|reference| !on_it.contains_key(*reference)).collect();
        assert!(left.is_empty(), "adjustments {left:?} waited and are not on {}", invoice.number);
    }

    /// What rating an open month says is what it would be billed.
    pub(super) fn judge_rating(&self, cases: &[Case<'_>]) {
        // Beside a close it may have been rated before or after it.
        let [Case { act: Act::Rate { period, .. }, told }] = cases else { return };
        let ratings = match told {
            Told::Done(Answer::Rated(ratings)) => ratings,
            Told::Unknown => return,
            told => panic!("rating was refused: {told:?}"),
        };
        for (party, rating) in ratings.iter().enumerate() {
            let is_closed = self.model.closures[party].contains_key(period);
            assert_eq!(matches!(rating.outcome, RatingOutcome::Closed), is_closed);
            let is_next = self.model.first_open(party).is_none_or(|open| open >= *period);
            if is_closed || !is_next {
                continue;
            }
            let expected = match self.model.closures[party].keys().any(|closed| *closed > *period) {
                true => Err("close.later_period_closed"),
                false => self.model.lines(party, *period),
            };
            match (&rating.outcome, expected) {
                (RatingOutcome::Rated { subtotal, unpriced, .. }, Ok(lines)) => {
                    let expected: i128 = lines.of_scopes.values().map(|line| line.subtotal_minor).sum();
                    assert_eq!(i128::from(subtotal.minor), expected, "what {period} comes to");
                    let count: u64 = unpriced.iter().map(|usage| usage.record_count).sum();
                    assert_eq!(count, u64::try_from(lines.unpriced.len()).unwrap(), "USE-2");
                }
                (RatingOutcome::Failed(code, _), Err(expected)) => assert_eq!(code, expected),
                (outcome, expected) => panic!("{outcome:?} instead of {expected:?}"),
            }
        }
    }
}

/// The lines of usage are those of the model, each figure.
fn check_usage(chain: &Chain, expected: &Lines) {
    let mut found: BTreeMap<Scope, Line> = BTreeMap::new();
    let mut records = 0;
    for billed in chain.lines.values() {
        let Charged::Usage { scope, line, record_count } = &billed.charge else { continue };
        assert!(found.insert(*scope, line.clone()).is_none(), "{scope:?} twice");
        records += record_count;
    }
    assert_eq!(found, expected.of_scopes, "what is billed");
    assert_eq!(records, u64::try_from(expected.billed.len()).unwrap(), "USE-2: records that are billed");
}
