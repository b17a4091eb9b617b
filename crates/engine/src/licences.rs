//! What a party's licences are charged in a month.

use std::collections::BTreeMap;
use std::sync::Arc;

use billing::ids::CustomerId;
use billing::invoice::{BlobDigest, EarlierTerms, ListDigests, RestatedMonth};
use billing::licence::{
    Cycle, KnownOffers, LicenceFailure, LicenceLine, LicenceOrder, OfferBook, OfferKey, licence_lines,
};
use billing::money::Currency;
use billing::period::BillingPeriod;
use billing::ports::Closure;
use jiff::civil::Date;

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::invoices::find;

/// Offers as they were known when each month was closed (LC-16).
#[derive(Debug, Clone)]
pub(crate) struct OffersByMonth {
    book: Arc<OfferBook>,
    /// How many lists were known.
    closed: BTreeMap<BillingPeriod, u64>,
}

impl OffersByMonth {
    /// Those of a party's closed months, and all that `digests` name for the others.
    pub(crate) async fn load<'c>(
        books: &Books,
        closures: impl IntoIterator<Item = &'c Closure>,
        digests: &[BlobDigest],
    ) -> EngineResult<Self> {
        let closed = closures.into_iter().map(|closure| (closure.period, closure.lists.offers)).collect();
        Ok(Self { book: books.offers(digests).await?, closed })
    }

    /// What a product is called in the list of a day; empty where it is not there.
    pub(crate) fn name_of(&self, key: &OfferKey, own: Currency, day: Date) -> String {
        let product = self.on(day).find(key, own, day).map(|offer| &offer.product);
        let names = product.map(|product| [&product.sku_name, &product.product_name]).into_iter().flatten();
        names.into_iter().find(|name| !name.is_empty()).cloned().unwrap_or_default()
    }

    fn on(&self, day: Date) -> KnownOffers<'_> {
        let month = BillingPeriod::containing(day).ok();
        match month.and_then(|month| self.closed.get(&month)) {
            Some(lists) => self.book.through(*lists),
            None => self.book.all(),
        }
    }
}

/// Months that were restated know the lists of their restatement from then on.
pub(crate) fn know_restatements(closures: &mut [Closure], restated: &[RestatedMonth]) {
    for closure in closures {
        if let Some(month) = restated.iter().find(|month| month.period == closure.period) {
            closure.lists = month.lists;
            // Who was billed, and how: as the document of the restatement says.
            closure.invoice = Some(month.by.clone());
        }
    }
}

/// What rates and taxes were when the closed months that `lines` go back to were billed.
///
/// # Errors
/// Storage failures.
pub(crate) async fn earlier_terms(
    books: &Books,
    closures: &[Closure],
    digests: &ListDigests,
    lines: &[LicenceLine],
    period: BillingPeriod,
) -> EngineResult<BTreeMap<BillingPeriod, EarlierTerms>> {
    let mut terms = BTreeMap::new();
    for line in lines.iter().filter(|line| line.rated_on < period.first_day()) {
        let billed = closures.iter().find(|closure| closure.period.contains(line.rated_on));
        let Some((closure, number)) = billed.and_then(|closure| Some((closure, closure.invoice.as_ref()?))) else {
            continue;
        };
        if terms.contains_key(&closure.period) {
            continue;
        }
        let known = closure.lists;
        let earlier = EarlierTerms {
            fx: books.fx(first(&digests.exchange_rates, known.exchange_rates)).await?,
            taxes: books.taxes(first(&digests.tax_rates, known.tax_rates)).await?,
            party: find(books, None, number).await?.invoice.billed_party,
        };
        terms.insert(closure.period, earlier);
    }
    Ok(terms)
}

fn first(lists: &[BlobDigest], count: u64) -> &[BlobDigest] {
    usize::try_from(count).ok().and_then(|count| lists.get(..count)).unwrap_or(lists)
}

/// Orders by customer, each customer's in the order of their times.
pub(crate) fn by_customer(orders: Vec<LicenceOrder>) -> BTreeMap<CustomerId, Vec<LicenceOrder>> {
    let mut customers: BTreeMap<CustomerId, Vec<LicenceOrder>> = BTreeMap::new();
    for order in orders {
        customers.entry(order.customer.clone()).or_default().push(order);
    }
    // Stable: of one time, the earlier accepted comes first.
    customers.values_mut().for_each(|orders| orders.sort_by_key(|order| order.ordered_at));
    customers
}

/// The lines that `period` bills, by customer, subscription and day.
///
/// # Errors
/// `order.*`, `licence.*`: the party cannot be billed.
pub(crate) fn lines_of_period(
    own: Currency,
    offers: &OffersByMonth,
    orders: Vec<LicenceOrder>,
    period: BillingPeriod,
) -> EngineResult<Vec<LicenceLine>> {
    let mut lines = Vec::new();
    let days = Cycle { from: period.first_day(), until: period.end() };
    for orders in by_customer(orders).values() {
        let found = licence_lines(own, &|day| offers.on(day), orders, days)
            .map_err(|failure| EngineError::new(failure.error.code(), failure.to_string()))?;
        lines.extend(found);
    }
    Ok(lines)
}

/// Whether orders of one customer can all be accepted; the first that cannot.
pub(crate) fn check_orders(
    own: Currency,
    offers: &OffersByMonth,
    orders: &[LicenceOrder],
) -> Result<(), Box<LicenceFailure>> {
    let Some(last) = orders.iter().map(LicenceOrder::ordered_on).max() else { return Ok(()) };
    let days = Cycle { from: last, until: last.tomorrow().unwrap_or(last) };
    licence_lines(own, &|day| offers.on(day), orders, days).map(|_| ())
}
