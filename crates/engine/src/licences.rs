//! What a party's licences are charged in a month.

use std::collections::BTreeMap;
use std::sync::Arc;

use billing::ids::CustomerId;
use billing::invoice::BlobDigest;
use billing::licence::{Cycle, LicenceLine, LicenceOrder, OfferBook, OfferKey, licence_lines};
use billing::money::Currency;
use billing::period::BillingPeriod;
use billing::ports::Closure;
use jiff::civil::Date;

use crate::books::Books;
use crate::error::{EngineError, EngineResult};

/// Offers as they were known when each month was closed (LC-16).
#[derive(Debug)]
pub(crate) struct KnownOffers {
    by_month: BTreeMap<BillingPeriod, Arc<OfferBook>>,
    /// For months that are not closed.
    current: Arc<OfferBook>,
}

impl KnownOffers {
    /// Those of a party's closed months, and `current` for the others.
    pub(crate) async fn load<'c>(
        books: &Books,
        closures: impl IntoIterator<Item = &'c Closure>,
        current: &[BlobDigest],
    ) -> EngineResult<Self> {
        let mut by_month = BTreeMap::new();
        for closure in closures {
            by_month.insert(closure.period, books.offers(&closure.offers).await?);
        }
        Ok(Self { by_month, current: books.offers(current).await? })
    }

    /// What a product is called in the list of a day; empty where it is not there.
    pub(crate) fn name_of(&self, key: &OfferKey, own: Currency, day: Date) -> String {
        let product = self.on(day).find(key, own, day).map(|offer| &offer.product);
        let names = product.map(|product| [&product.sku_name, &product.product_name]).into_iter().flatten();
        names.into_iter().find(|name| !name.is_empty()).cloned().unwrap_or_default()
    }

    fn on(&self, day: Date) -> &OfferBook {
        let month = BillingPeriod::containing(day).ok();
        month.and_then(|month| self.by_month.get(&month)).unwrap_or(&self.current)
    }
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
    offers: &KnownOffers,
    orders: Vec<LicenceOrder>,
    period: BillingPeriod,
) -> EngineResult<Vec<LicenceLine>> {
    let mut lines = Vec::new();
    let days = Cycle { from: period.first_day(), until: period.end() };
    for orders in by_customer(orders).values() {
        let found = licence_lines(own, &|day| offers.on(day), orders, days).map_err(|(subscription, error)| {
            EngineError::new(error.code(), format!("subscription {}: {error}", subscription.as_str()))
        })?;
        lines.extend(found);
    }
    Ok(lines)
}

/// Whether orders of one customer can all be accepted; the first that cannot.
pub(crate) fn check_orders(
    own: Currency,
    offers: &KnownOffers,
    orders: &[LicenceOrder],
) -> Result<(), billing::licence::OrderError> {
    let Some(last) = orders.iter().map(LicenceOrder::ordered_on).max() else { return Ok(()) };
    let days = Cycle { from: last, until: last.tomorrow().unwrap_or(last) };
    licence_lines(own, &|day| offers.on(day), orders, days).map(|_| ()).map_err(|(_, error)| error)
}
