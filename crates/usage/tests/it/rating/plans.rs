//! Savings plans of random customers, and what they pay for.

use std::collections::{BTreeMap, BTreeSet};

use billing::decimal::Decimal;
use billing::ids::{CustomerId, MeterId, SubscriptionId};
use billing::licence::{Cycle, PlanHolding};
use billing::money::Currency;
use billing::period::DayRange;
use billing::ports::{PlanUsageQuery, UsageStore};
use billing::price::{PriceBook, Product};
use billing::savings_plan::{
    CoverError, CoverInputs, Coverage, PaidScope, PaidScopes, PlanPrice, PlanRate, PlanRates, PlanUsage, cover,
    take_back,
};
use billing::usage::RecordKey;
use jiff::civil::{Date, date};

use super::months::Chance;
use super::party::{d, september};
use super::world::Books;

type Holdings = BTreeMap<CustomerId, Vec<PlanHolding>>;

pub(super) fn holding(customer: &str, commitment: Decimal) -> PlanHolding {
    PlanHolding {
        subscription: format!("saving-{customer}").parse().unwrap(),
        order_id: format!("order-{customer}"),
        product: Product { product_id: "saving".to_owned(), ..Product::default() },
        term: None,
        currency: Currency::USD,
        hourly_commitment: commitment,
        units: 1,
        days: Cycle { from: date(2026, 9, 2), until: date(2026, 9, 30) },
    }
}

pub(super) fn rates(meters: impl IntoIterator<Item = (MeterId, Decimal)>) -> PlanRates {
    let rate = |(meter, discount)| PlanRate {
        product_id: "saving".to_owned(),
        sku_id: String::new(),
        term: None,
        meter,
        price: PlanPrice::Discount(discount),
        effective: DayRange { from: date(2026, 1, 1), until: None },
    };
    PlanRates::new([meters.into_iter().map(rate).collect()])
}

/// Plans of some customers that pay for most meters.
pub(super) fn hold_plans(chance: &mut Chance, books: &mut Books) -> Coverage {
    // Of closed months as well, which late corrections take back.
    let mut paid = PaidScopes::new();
    for scope in books.party.late_from.keys() {
        if chance.percent(60) {
            let order = if chance.percent(50) { "before".to_owned() } else { scope.customer.to_string() };
            let paid_by = [(format!("order-{order}"), chance.decimal(4_000, 1))].into();
            paid.insert(scope.clone(), PaidScope { billed: chance.decimal(400, 1), paid: paid_by });
        }
    }
    let mut holdings = Holdings::new();
    for customer in books.party.directory.customers.keys() {
        if chance.percent(60) {
            let commitment = Decimal::new(chance.below(5_000_000).into(), 2).unwrap();
            holdings.insert(customer.clone(), vec![holding(customer.as_str(), commitment)]);
        }
    }
    let prices = books.party.sheets.iter().flat_map(|sheet| &sheet.prices);
    let foreign = prices.clone().filter(|price| price.currency != Currency::USD).map(|price| &price.meter_id);
    let foreign: BTreeSet<&MeterId> = foreign.collect();
    let meters: BTreeSet<&MeterId> = prices.map(|price| &price.meter_id).collect();
    let mut discounts = vec![("none".parse().unwrap(), Decimal::ONE)];
    for meter in meters.difference(&foreign) {
        if chance.percent(80) {
            discounts.push(((*meter).clone(), Decimal::new(chance.below(101).into(), 2).unwrap()));
        }
    }
    covered(books, (&holdings, &paid), &rates(discounts)).unwrap()
}

/// What the store says of the usage is what its records say.
pub(super) fn covered(
    books: &Books,
    (holdings, paid): (&Holdings, &PaidScopes),
    rates: &PlanRates,
) -> Result<Coverage, CoverError> {
    let directory = &books.party.directory;
    let of_plans = directory.subscriptions.values().filter(|plan| holdings.contains_key(&plan.customer));
    let subscriptions: BTreeSet<SubscriptionId> = of_plans.map(|plan| plan.id.clone()).collect();
    let meters: BTreeSet<MeterId> = holdings.values().flat_map(|plans| rates.meters(plans)).cloned().collect();
    let (sources, period) = (books.sources(), september());
    let (mut subscriptions, mut meters, mut months) = (subscriptions, meters, BTreeSet::from([period]));
    for scope in paid.keys() {
        subscriptions.insert(scope.subscription.clone());
        meters.insert(scope.meter.clone());
        months.insert(scope.usage_month);
    }
    let query = PlanUsageQuery { sources: &sources, subscriptions: &subscriptions, meters: &meters, months: &months };
    let usage = books.usage.store.survey(&books.usage.manifest).unwrap().plan_usage(&query).unwrap();
    let mut expected = Vec::new();
    for stored in books.usage.read_all() {
        let record = stored.record;
        let is_asked = subscriptions.contains(&record.subscription_id) && meters.contains(&record.meter_id);
        if is_asked && months.iter().any(|month| month.contains(record.usage_date)) {
            expected.push((record.subscription_id, record.meter_id, record.usage_date, stored.key, record.quantity));
        }
    }
    expected.sort();
    assert_eq!(in_order(&usage), expected);
    let prices = PriceBook::new(&books.party.sheets);
    let mut coverage = cover(CoverInputs { directory, prices: &prices, rates, holdings, period }, &usage)?;
    take_back(directory, &prices, paid, &usage, &mut coverage)?;
    Ok(coverage)
}

fn in_order(usage: &PlanUsage) -> Vec<(SubscriptionId, MeterId, Date, RecordKey, Decimal)> {
    let row = |row: &billing::savings_plan::PlanUsageRow| {
        let (subscription, meter) = usage.scopes[row.scope].clone();
        (subscription, meter, row.day, row.key, row.quantity.exact().unwrap())
    };
    let mut rows: Vec<_> = usage.rows.iter().map(row).collect();
    rows.sort();
    rows
}

/// A part is taken over as long as the plans pay for the same of it.
#[test]
fn parts_know_what_plans_paid_for() {
    use super::taken_over::{rerate, twelve_plans};
    let mut books = twelve_plans();
    let bare = rerate(&books, &[], 7);
    let cover = |books: &mut Books, commitment| {
        // The customer of two plans of twelve.
        let holdings = [("c-0".parse().unwrap(), vec![holding("c-0", d(commitment))])].into();
        books.party.coverage =
            covered(books, (&holdings, &PaidScopes::new()), &rates([("meter-1".parse().unwrap(), d("0.5"))])).unwrap();
    };
    let new_parts = |books: &Books, known: &super::world::Run| {
        let before = known.known();
        let run = rerate(books, &before, 7);
        let mut from_nothing = books.check().unwrap();
        from_nothing.said.scopes.clear();
        super::determinism::check_same(&run, &from_nothing);
        (run.known().iter().filter(|part| !before.contains(part)).count(), run)
    };
    cover(&mut books, "0.1");
    let (count, covered) = new_parts(&books, &bare);
    assert!((1..=2).contains(&count), "{count} of {} parts", bare.parts.len());
    assert!(covered.said.lines.iter().any(|line| line.scope.covered_by.is_some()));
    assert_eq!(new_parts(&books, &covered).0, 0);
    cover(&mut books, "0.2");
    let (count, _) = new_parts(&books, &covered);
    assert!((1..=2).contains(&count), "{count}");
    books.party.coverage = Coverage::default();
    assert_eq!(new_parts(&books, &bare).0, 0, "without plans everything is as it was");
}
