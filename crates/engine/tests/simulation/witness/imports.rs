//! Imports are seen whole or not at all (USE-1), and count each record once (USE-2).

use billing::period::BillingPeriod;
use billing::ports::ListKind;
use jiff::civil::Date;

use super::{Case, Told, Witness};
use crate::model::usage::Counts;
use crate::scene::{LICENSEE, party_id};
use crate::step::{Act, Answer};
use crate::stores::Stores;

impl Witness {
    pub(super) async fn judge_import(&mut self, stores: &Stores, case: Case<'_>, today: Date) {
        match case.act {
            Act::Usage(rows) => {
                let mut after = self.model.usage.clone();
                let expected = after.take(rows, self.model.closed_through(), today);
                if self.judge_usage(stores, case, expected).await {
                    self.model.usage = after;
                }
            }
            Act::Newcomer => {
                let customer = stores.ledger.customer(&"newcomer".parse().unwrap()).await.unwrap();
                assert!(customer.is_some() || matches!(case.told, Told::Unknown));
                self.model.usage.knows_newcomer = customer.is_some();
            }
            Act::Prices(prices) => {
                let added = self.judge_list(stores, case, ListKind::PriceSheet).await;
                self.model.lists.prices.extend(prices.iter().filter(|_| added).cloned());
            }
            Act::Quotes(quotes) => {
                let added = self.judge_list(stores, case, ListKind::ExchangeRates).await;
                self.model.lists.quotes.extend(added.then(|| quotes.clone()));
            }
            Act::Taxes(taxes) => {
                let added = self.judge_list(stores, case, ListKind::TaxRates).await;
                self.model.lists.taxes.extend(added.then(|| taxes.clone()));
            }
            Act::Offers(offers) => {
                let added = self.judge_list(stores, case, ListKind::Offers).await;
                self.model.lists.offers.extend(added.then(|| offers.clone()));
            }
            Act::Orders(_) => self.judge_orders(stores, case).await,
            Act::Compact => assert!(!matches!(case.told, Told::Refused(_)), "{case:?}"),
            _ => {}
        }
    }

    /// Rows and quarantined lines that came in: all that the model says, or none.
    async fn judge_usage(&mut self, stores: &Stores, case: Case<'_>, expected: Counts) -> bool {
        let rows = stores.ledger.usage_files().await.unwrap().iter().map(|file| file.rows.row_count).sum::<u64>();
        let waiting = count(stores.ledger.quarantine().await.unwrap().len());
        let came = (rows - self.row_count, waiting - self.waiting_count);
        (self.row_count, self.waiting_count) = (rows, waiting);
        let is_whole = came == (expected.written, expected.quarantined);
        match case.told {
            Told::Done(Answer::Imported(report)) => {
                let told = (report.accepted, report.duplicate, count(report.quarantined.len()));
                assert_eq!(told, (expected.accepted, expected.duplicate, expected.quarantined), "USE-2");
                assert!(is_whole, "USE-2: {came:?} came, not {expected:?}");
            }
            Told::Unknown => {
                assert!(is_whole || came == (0, 0), "USE-1: {came:?} came of {expected:?}");
                let what = if is_whole { "an import that nobody heard of" } else { "an import that was lost" };
                self.meet(what, 1);
            }
            told => panic!("usage was refused: {told:?}"),
        }
        is_whole
    }

    /// Whether a list was added behind the others.
    async fn judge_list(&mut self, stores: &Stores, case: Case<'_>, kind: ListKind) -> bool {
        let count = stores.ledger.lists(kind).await.unwrap().len();
        let before = self.list_counts.insert(kind.as_str(), count).unwrap_or_default();
        let added = count - before;
        match case.told {
            Told::Done(Answer::Imported(report)) => {
                assert!(report.quarantined.is_empty(), "{report:?}");
                assert_eq!(report.accepted > 0, added == 1, "a list was told otherwise than it was added");
            }
            Told::Unknown => assert!(added < 2),
            told => panic!("a list was refused: {told:?}"),
        }
        added == 1
    }

    /// What was accepted stays as it was, and each order is accepted once.
    async fn judge_orders(&mut self, stores: &Stores, case: Case<'_>) {
        let orders = stores.ledger.orders(&party_id(LICENSEE), u64::MAX).await.unwrap();
        let orders: Vec<_> = orders.into_iter().map(|placed| placed.order).collect();
        assert_eq!(orders[..self.orders.len()], self.orders[..], "LIC-1: an accepted order changed");
        let new = &orders[self.orders.len()..];
        for order in new {
            assert!(self.model.order_ids.insert(order.order_id.clone()), "order {} twice", order.order_id);
            self.model.lists.order_count += 1;
            let month = BillingPeriod::containing(order.ordered_on()).unwrap();
            let closed = self.model.closures[LICENSEE].keys().next_back();
            assert!(closed.is_none_or(|closed| month > *closed), "LIC-1: an order of a closed month");
            let first = self.model.first_order.get_or_insert(month);
            *first = month.min(*first);
        }
        let waiting = count(stores.ledger.quarantine().await.unwrap().len());
        match case.told {
            Told::Done(Answer::Imported(report)) => {
                assert_eq!(report.accepted, count(new.len()));
                assert_eq!(waiting - self.waiting_count, count(report.quarantined.len()), "USE-3");
            }
            Told::Unknown => {}
            told => panic!("orders were refused as a whole: {told:?}"),
        }
        (self.orders, self.waiting_count) = (orders, waiting);
    }

    pub(super) async fn judge_adjustment(&mut self, stores: &Stores, case: Case<'_>) {
        let Act::Adjust { party, reference, minor } = case.act else { return };
        let known = self.model.adjusted[*party].get(reference).copied();
        let is_new = match case.told {
            Told::Done(Answer::Adjusted(added)) => {
                assert_eq!(*added, known.is_none());
                assert!(*added || known == Some(*minor));
                *added
            }
            Told::Refused(error) => {
                let expected = if *minor == 0 { "adjustment.zero" } else { "adjustment.reference_used" };
                assert!(
                    error.code == expected && (*minor == 0 || known.is_some_and(|known| known != *minor)),
                    "{error:?}"
                );
                false
            }
            Told::Unknown => known.is_none() && self.has_adjustment(stores, *party, reference).await,
            told @ Told::Done(_) => panic!("{told:?}"),
        };
        if is_new {
            self.model.adjusted[*party].insert(reference.clone(), *minor);
            self.model.adjustments[*party].insert(reference.clone(), *minor);
        }
    }

    /// Whether it waits, or is on a document.
    async fn has_adjustment(&self, stores: &Stores, party: usize, reference: &str) -> bool {
        let (ledger, party) = (&stores.ledger, party_id(party));
        let mut all = ledger.adjustments(&party, None).await.unwrap();
        for invoice in ledger.invoices(Some(&party)).await.unwrap() {
            all.extend(ledger.adjustments(&party, Some(&invoice.number)).await.unwrap());
        }
        all.iter().any(|one| one.reference == *reference)
    }
}

pub(super) fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap()
}
