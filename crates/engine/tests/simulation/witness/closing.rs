//! What closes say that they did, and what they did.

use std::collections::{BTreeMap, BTreeSet};

use billing::invoice::InvoiceNumber;
use billing::period::BillingPeriod;
use engine::closing::{CloseOptions, ClosingOutcome, PartyClosing, PreviewedClosing, PreviewedOutcome, cut_off};
use jiff::civil::Date;

use super::{Case, Told, Witness};
use crate::model::billing::Bill;
use crate::scene::{LICENSEE, PARTIES, party_id};
use crate::step::{Act, Answer};
use crate::stores::Stores;

/// By party, month and whether usage may lack its price.
pub(super) type Bills = BTreeMap<(usize, BillingPeriod, bool), Bill>;

/// What the closes of a step came to.
pub(super) struct Happened {
    /// What each party would be billed, before the step and after it.
    pub(super) bills: [Bills; 2],
    pub(super) issued: BTreeSet<InvoiceNumber>,
    /// Parties whose month was closed without a document.
    pub(super) emptied: BTreeSet<usize>,
    /// Nothing came between a preview and its close.
    pub(super) is_alone: bool,
}

impl Witness {
    /// What each party would be billed, for the month of each close.
    pub(super) fn bills(&self, cases: &[Case<'_>]) -> Bills {
        let mut bills = BTreeMap::new();
        for case in cases {
            if let Act::Close { period, options } | Act::PreviewAndClose { period, options } = case.act {
                for party in 0..PARTIES.len() {
                    let key = (party, *period, options.allow_unpriced);
                    bills.insert(key, self.model.bill(party, *period, options.allow_unpriced));
                }
            }
        }
        bills
    }

    /// Months that were closed without a document: nothing was there to bill.
    pub(super) async fn closed_without_document(&mut self, stores: &Stores, cases: &[Case<'_>]) -> BTreeSet<usize> {
        let mut emptied = BTreeSet::new();
        for party in 0..PARTIES.len() {
            for closure in stores.ledger.closures(&party_id(party)).await.unwrap() {
                if let Some(known) = self.model.closures[party].get(&closure.period) {
                    assert_eq!(*known, closure.invoice, "INV-4");
                    assert_eq!(self.model.known[party][&closure.period], closure.lists, "LIC-1");
                    continue;
                }
                assert_eq!(closure.invoice, None, "a closure names a document without an entry");
                let options = asked(cases, closure.period).expect("nobody asked to close this month");
                match self.model.bill(party, closure.period, options.allow_unpriced) {
                    Bill::Lines(lines) if lines.of_scopes.is_empty() => {
                        self.model.close(party, closure.period, None, &lines);
                    }
                    other => panic!("{} was closed without a document, not with {other:?}", closure.period),
                }
                self.meet("a month without a document", 1);
                emptied.insert(party);
            }
        }
        emptied
    }

    pub(super) fn judge_close(
        &mut self,
        case: Case<'_>,
        (period, options): (BillingPeriod, CloseOptions),
        today: Date,
        happened: &Happened,
    ) {
        let is_early = today < cut_off(period) && !options.early;
        let closings = match case.told {
            Told::Done(Answer::Closed { closings, previews }) => {
                assert!(!is_early, "IN-4");
                if happened.is_alone {
                    self.judge_preview(previews, closings);
                }
                closings
            }
            Told::Refused(error) => {
                let expected = if today < period.first_day() { "close.period_in_future" } else { "close.too_early" };
                assert!(is_early || today < period.first_day(), "{error:?}");
                assert_eq!(error.code, expected);
                return;
            }
            Told::Unknown => return self.meet("a close that did not end", 1),
            told @ Told::Done(_) => panic!("{told:?}"),
        };
        for (party, closing) in closings.iter().enumerate() {
            let now = self.model.closures[party].get(&period).cloned();
            let now = now.as_ref();
            match &closing.outcome {
                ClosingOutcome::Issued { number, .. } => {
                    assert!(happened.issued.contains(number) && now == Some(&Some(number.clone())), "{closing:?}");
                }
                ClosingOutcome::AlreadyClosed(number) => assert_eq!(now, Some(number), "INV-4"),
                ClosingOutcome::Nothing => {
                    assert!(happened.emptied.contains(&party) && now == Some(&None), "{closing:?}");
                }
                ClosingOutcome::Parked(reasons) => {
                    self.meet("a parked party", 1);
                    let key = (party, period, options.allow_unpriced);
                    let expected = happened.bills.each_ref().map(|bills| &bills[&key]);
                    let code = reasons[0].0.as_str();
                    let is_expected = expected.iter().any(|bill| matches!(bill, Bill::Parked(known) if *known == code));
                    // What licences cost is not in the model.
                    let of_licences = party == LICENSEE && self.model.first_order.is_some();
                    assert!(is_expected || of_licences, "{closing:?} instead of {expected:?}");
                }
            }
        }
    }

    /// A preview that nothing comes after is what is issued, to the byte.
    fn judge_preview(&self, previews: &[PreviewedClosing], closings: &[PartyClosing]) {
        for (preview, closing) in previews.iter().zip(closings) {
            match (&preview.outcome, &closing.outcome) {
                (PreviewedOutcome::Document(document), ClosingOutcome::Issued { number, .. }) => {
                    assert_eq!(document.invoice.number, *number);
                    assert_eq!(document.digest, self.documents[number].digest, "a preview says otherwise");
                }
                (PreviewedOutcome::AlreadyClosed(a), ClosingOutcome::AlreadyClosed(b)) => assert_eq!(a, b),
                (PreviewedOutcome::Nothing, ClosingOutcome::Nothing) => {}
                (PreviewedOutcome::Parked(a), ClosingOutcome::Parked(b)) => assert_eq!(a, b),
                (preview, closing) => panic!("{preview:?} and then {closing:?}"),
            }
        }
    }

    /// A document was issued by one use case only.
    pub(super) fn judge_claims(&self, cases: &[Case<'_>], issued: &BTreeSet<InvoiceNumber>) {
        let mut claimed = BTreeSet::new();
        for case in cases {
            let Told::Done(Answer::Closed { closings, .. }) = case.told else { continue };
            for closing in closings {
                if let ClosingOutcome::Issued { number, .. } = &closing.outcome {
                    assert!(issued.contains(number) && claimed.insert(number), "{number} was issued twice");
                }
            }
        }
    }
}

/// How the month was asked to be closed.
pub(super) fn asked(cases: &[Case<'_>], wanted: BillingPeriod) -> Option<CloseOptions> {
    cases.iter().find_map(|case| match case.act {
        Act::Close { period, options } | Act::PreviewAndClose { period, options } if *period == wanted => {
            Some(*options)
        }
        _ => None,
    })
}
