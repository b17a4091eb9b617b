//! Documents that were issued in a step, compared with what the model bills.

use std::collections::BTreeMap;

use billing::decimal::Decimal;
use billing::invoice::{Charge, Invoice, InvoiceLine, InvoiceNumber, cancels};
use billing::ports::{StoredEntry, StoredInvoice, document_digest};
use engine::rating::RatingOutcome;

use super::closing::asked;
use super::journal::Waiting;
use super::{Case, Seen, Told, Witness};
use crate::model::account::Document;
use crate::model::billing::{Bill, Line, Lines, Scope};
use crate::scene::{LICENSEE, METERS, PARTIES, PLANS, party_id};
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
        let (invoice, billed) = self.see(stores, &stored).await;
        check_usage(&billed, &lines);
        assert!(party == LICENSEE || billed.iter().all(|line| line.usage().is_some()));
        self.check_adjustments(party, &invoice, &waiting[party]);
        self.check_totals(party, &invoice, &billed);
        let carried: u64 = invoice.carried.iter().map(|usage| usage.record_count).sum();
        assert_eq!(carried, u64::try_from(lines.unpriced.len()).unwrap(), "USE-2: what is carried on from {number}");
        let total = invoice.totals.total.minor;
        assert_eq!(entry.entry.postings[0].amount.minor, total);
        self.meet("a document", 1);
        let late = lines.of_scopes.keys().filter(|(.., month)| *month != stored.period).count();
        self.meet("a line of late usage", late);
        self.meet("a line of a licence", billed.len() - lines.of_scopes.len());
        self.meet("usage that is carried on", lines.unpriced.len());
        self.meet("an adjustment on a document", invoice.adjustments.len());
        self.model.close(party, stored.period, Some(&number), &lines);
        self.take_document(party, &stored, &invoice);
        number
    }

    pub(super) async fn take_credit(
        &mut self,
        stores: &Stores,
        note: &StoredInvoice,
        party: usize,
        amends: &InvoiceNumber,
    ) {
        let (invoice, lines) = self.see(stores, note).await;
        let original = &self.documents[amends];
        let original_invoice: Invoice = serde_json::from_slice(&original.header).unwrap();
        let original_lines = read_lines(&original.lines);
        assert!(cancels((&original_invoice, &original_lines), (&invoice, &lines)).unwrap(), "CRD-1");
        let zero: i64 =
            lines.iter().zip(&original_lines).map(|(a, b)| (a.subtotal.minor + b.subtotal.minor).abs()).sum();
        assert_eq!((zero, lines.len()), (0, original_lines.len()), "CRD-1");
        self.meet("a credit note", 1);
        self.take_document(party, note, &invoice);
        self.model.accounts[party].documents.get_mut(amends).unwrap().is_credited = true;
    }

    /// A number without a gap behind the others, and bytes that are from now on always the same.
    async fn see(&mut self, stores: &Stores, stored: &StoredInvoice) -> (Invoice, Vec<InvoiceLine>) {
        self.model.number_count += 1;
        assert_eq!(stored.number.counter(), Some(self.model.number_count), "INV-1");
        let lines = stores.ledger.invoice_lines(&stored.number, 0, u32::MAX).await.unwrap();
        assert_eq!(document_digest(&stored.header, lines.iter().map(Vec::as_slice)), stored.digest);
        let invoice: Invoice = serde_json::from_slice(&stored.header).unwrap();
        let amends = invoice.amends.as_ref().map(|amends| amends.number.clone());
        assert_eq!((&invoice.number, invoice.period, &amends), (&stored.number, stored.period, &stored.amends));
        assert_eq!((stored.line_count, invoice.line_count), (invoice.line_count, u32::try_from(lines.len()).unwrap()));
        let read = read_lines(&lines);
        let seen = Seen { header: stored.header.clone(), digest: stored.digest.clone(), lines };
        assert!(self.documents.insert(stored.number.clone(), seen).is_none(), "INV-1: {} twice", stored.number);
        (invoice, read)
    }

    fn take_document(&mut self, party: usize, stored: &StoredInvoice, invoice: &Invoice) {
        let document = Document {
            total: invoice.totals.total.minor,
            received: 0,
            written_off: 0,
            due_on: invoice.due_on,
            issued_at: invoice.issued_at,
            amends: stored.amends.clone(),
            is_credited: false,
        };
        self.model.accounts[party].documents.insert(stored.number.clone(), document);
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

    fn check_totals(&self, party: usize, invoice: &Invoice, lines: &[InvoiceLine]) {
        let totals = &invoice.totals;
        let subtotal: i64 = lines.iter().map(|line| line.subtotal.minor).sum();
        let adjustments: i64 = invoice.adjustments.iter().map(|one| one.amount.minor).sum();
        // What is taken back of licences has the taxes that it was billed with, which the model does not keep.
        let tax = match lines.iter().all(|line| line.usage().is_some()) {
            true => self.model.tax(party, lines.iter().map(|line| (line.subtotal.minor, line.days.1))),
            false => totals.tax.minor,
        };
        let expected = (subtotal, tax, adjustments, subtotal + tax + adjustments);
        let found = (totals.subtotal.minor, totals.tax.minor, totals.adjustments.minor, totals.total.minor);
        assert_eq!(found, expected, "totals of {}", invoice.number);
        assert_eq!(lines.iter().map(|line| line.tax.minor).sum::<i64>(), tax, "MON-2");
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

fn read_lines(lines: &[Vec<u8>]) -> Vec<InvoiceLine> {
    lines.iter().map(|bytes| serde_json::from_slice(bytes).unwrap()).collect()
}

/// The lines of usage are those of the model, each figure.
fn check_usage(billed: &[InvoiceLine], expected: &Lines) {
    let mut found: BTreeMap<Scope, (Line, u64)> = BTreeMap::new();
    for line in billed {
        let Charge::Usage(usage) = &line.charge else { continue };
        let plan = PLANS.iter().position(|(plan, ..)| *plan == line.subscription.as_str()).unwrap();
        let meter = METERS.iter().position(|meter| meter.id == usage.scope.meter.as_str()).unwrap();
        assert_eq!((line.customer.id.as_str(), &usage.scope.customer), (PLANS[plan].1, &line.customer.id));
        let scope = (plan, meter, usage.scope.usage_month);
        let at = |value: Decimal, scale| value.mantissa_at(scale).unwrap();
        let pricing_digits = line.pricing_currency.minor_digits();
        let line = Line {
            thousandths: at(line.quantity, 3),
            pricing_minor: at(usage.pricing_total, pricing_digits),
            subtotal_minor: line.subtotal.minor.into(),
            days: line.days,
            counter: at(usage.consumed_after, 3),
            exact: at(usage.pricing_exact, 7),
        };
        assert!(found.insert(scope, (line, usage.daily_line_count)).is_none(), "{scope:?} twice");
    }
    let records: u64 = found.values().map(|(_, records)| records).sum();
    let found: BTreeMap<Scope, Line> = found.into_iter().map(|(scope, (line, _))| (scope, line)).collect();
    assert_eq!(found, expected.of_scopes, "what is billed");
    assert_eq!(records, u64::try_from(expected.billed.len()).unwrap(), "USE-2: records that are billed");
}
