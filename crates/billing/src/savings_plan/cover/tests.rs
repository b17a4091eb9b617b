//! What plans pay for, and the laws that hold whatever they are.

use super::*;
use crate::licence::Cycle;
use crate::period::DayRange;
use crate::price::{PriceSheet, Product, TierTable};
use crate::rate::{LateFrom, RateError, ScopeKey};
use crate::savings_plan::{PaidScopes, PlanDay, PlanPrice, PlanRate, take_back};
use crate::usage::MeterDescription;
use jiff::civil::date;
use proptest::prelude::*;

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn september() -> BillingPeriod {
    "2026-09".parse().unwrap()
}

fn price(meter: &str, unit: &str, unit_price: Decimal) -> MeterPrice {
    MeterPrice {
        meter_id: meter.parse().unwrap(),
        meter: MeterDescription::default(),
        product: Product::default(),
        currency: Currency::USD,
        unit_of_measure: unit.to_owned(),
        tiers: TierTable::flat(unit_price),
        included_quantity: Decimal::ZERO,
        tier_basis: crate::price::TierBasis::Billable,
        effective: DayRange { from: date(2026, 1, 1), until: None },
        earned_credit_rate: d("0.15"),
    }
}

fn holding(order: &str, commitment: Decimal, units: u32, days: (i8, i8)) -> PlanHolding {
    PlanHolding {
        subscription: format!("saving-{order}").parse().unwrap(),
        order_id: order.to_owned(),
        product: Product { product_id: order.to_owned(), ..Product::default() },
        term: None,
        currency: Currency::USD,
        hourly_commitment: commitment,
        units,
        days: Cycle { from: date(2026, 9, days.0), until: date(2026, 9, days.1) },
    }
}

fn rate(order: &str, meter: &str, price: PlanPrice) -> PlanRate {
    PlanRate {
        product_id: order.to_owned(),
        sku_id: String::new(),
        term: None,
        meter: meter.parse().unwrap(),
        price,
        effective: DayRange { from: date(2026, 1, 1), until: None },
    }
}

/// Plans of one customer with one subscription.
#[derive(Debug)]
struct World {
    prices: Vec<MeterPrice>,
    plans: Vec<PlanHolding>,
    rates: Vec<PlanRate>,
    /// Meter, day and quantity in blocks.
    rows: Vec<(&'static str, i8, Decimal)>,
}

fn key(place: usize) -> RecordKey {
    RecordKey(u128::try_from(place).unwrap().to_be_bytes())
}

impl World {
    fn cover(&self) -> Result<Coverage, CoverError> {
        let directory = crate::rate::party::tests::directory();
        let sheet = PriceSheet { title: String::new(), offer_terms: vec![], prices: self.prices.clone() };
        let prices = PriceBook::new([&sheet]);
        let rates = PlanRates::new([self.rates.clone()]);
        let holdings = [("c".parse().unwrap(), self.plans.clone())].into();
        let inputs = CoverInputs {
            directory: &directory,
            prices: &prices,
            rates: &rates,
            holdings: &holdings,
            period: september(),
        };
        cover(inputs, &self.usage())
    }

    fn usage(&self) -> PlanUsage {
        let row = |(place, (_, day, quantity)): (usize, &(&str, i8, Decimal))| PlanUsageRow {
            scope: place,
            day: date(2026, 9, *day),
            key: key(place),
            quantity: (*quantity).into(),
            basis: QuantityBasis::Blocks,
        };
        let scopes = self.rows.iter().map(|(meter, ..)| ("plan-1".parse().unwrap(), meter.parse().unwrap())).collect();
        PlanUsage { scopes, rows: self.rows.iter().enumerate().map(row).collect() }
    }

    fn used(&self, meter: &str) -> Decimal {
        crate::decimal::sum(self.rows.iter().filter(|row| row.0 == meter).map(|row| row.2)).unwrap()
    }

    fn parts<'c>(&self, coverage: &'c Coverage, place: usize) -> &'c [CoveredPart] {
        let (meter, day, _) = self.rows[place];
        coverage.parts(&"plan-1".parse().unwrap(), &meter.parse().unwrap(), (date(2026, 9, day), key(place)))
    }

    /// What is covered of each row, by order and quantity.
    #[track_caller]
    fn check(&self, expected: &[&[(&str, &str)]]) -> Coverage {
        let coverage = self.cover().unwrap();
        self.check_parts(&coverage, expected);
        coverage
    }

    #[track_caller]
    fn check_parts(&self, coverage: &Coverage, expected: &[&[(&str, &str)]]) {
        let parts = |place| {
            let parts = self.parts(coverage, place).iter();
            parts.map(|part| (part.order_id.clone(), part.quantity)).collect::<Vec<_>>()
        };
        let found: Vec<_> = (0..self.rows.len()).map(parts).collect();
        let expected: Vec<Vec<_>> =
            expected.iter().map(|parts| parts.iter().map(|(order, q)| ((*order).to_owned(), d(q))).collect()).collect();
        assert_eq!(found, expected);
    }
}

fn one_plan(commitment: &str, payg: &str, off: &str, rows: &[(&'static str, i8, &str)]) -> World {
    World {
        prices: vec![price("vm", "1 Hour", d(payg)), price("other", "1 Hour", d(payg))],
        plans: vec![holding("o", d(commitment), 1, (1, 30))],
        rates: vec![rate("o", "vm", PlanPrice::Discount(d(off)))],
        rows: rows.iter().map(|(meter, day, quantity)| (*meter, *day, d(quantity))).collect(),
    }
}

#[track_caller]
fn check_day(coverage: &Coverage, order: &str, day: i8, commitment: &str, used: &str) {
    let found = coverage.days().get(&(order.to_owned(), date(2026, 9, day))).copied();
    assert_eq!(found, Some(PlanDay { commitment: d(commitment), used: d(used) }), "day {day}");
}

/// The published examples (R19, R20), but for the digits behind the tenth.
#[test]
fn a_commitment_covers_a_share_of_each_hour() {
    let coverage = one_plan("1", "4", "0.5", &[("vm", 3, "24")]).check(&[&[("o", "12")]]);
    check_day(&coverage, "o", 3, "24", "24");
    check_day(&coverage, "o", 4, "24", "0");
    let coverage = one_plan("0.01", "0.3264", "0.3143", &[("vm", 3, "24")]).check(&[&[("o", "1.0723262616")]]);
    // 1.0723262616 x 0.22381248; the cut leaves the rest of 0.24 unused.
    check_day(&coverage, "o", 3, "0.24", "0.239999999977824768");
}

#[test]
fn what_a_day_leaves_is_lost_and_other_usage_is_not_touched() {
    let rows = [("vm", 1, "6"), ("vm", 2, "30"), ("other", 1, "24"), ("vm", 30, "5")];
    let coverage = one_plan("1", "4", "0.5", &rows).check(&[&[("o", "6")], &[("o", "12")], &[], &[]]);
    check_day(&coverage, "o", 1, "24", "12");
    assert_eq!(coverage.days().len(), 29, "the plan ends before the 30th");
    one_plan("1", "4", "0.5", &[]).check(&[]);
}

#[test]
fn units_and_days_of_a_holding_count() {
    let mut world = one_plan("1", "4", "0.5", &[("vm", 4, "24"), ("vm", 5, "24"), ("vm", 9, "24")]);
    world.plans = vec![holding("o", d("1"), 1, (1, 5)), holding("o", d("1"), 3, (5, 9))];
    let coverage = world.check(&[&[("o", "12")], &[("o", "24")], &[]]);
    check_day(&coverage, "o", 5, "72", "48");
}

#[test]
fn the_greatest_discount_is_paid_first_then_the_order_decides() {
    let mut world = one_plan("1", "4", "0.5", &[("vm", 1, "10"), ("big", 1, "10"), ("big", 1, "100")]);
    world.prices.push(price("big", "1 Hour", d("1")));
    world.rates.push(rate("o", "big", PlanPrice::UnitPrice(d("0.4"))));
    // 60 % off comes before 50 %: 24 pay for 10 x 0.4 and 50 x 0.4.
    world.check(&[&[], &[("o", "10")], &[("o", "50")]]);
    // A second plan with less off pays for what the first one left.
    world.plans.push(holding("p", d("2"), 1, (1, 30)));
    world.rates.push(rate("p", "vm", PlanPrice::Discount(d("0.1"))));
    world.rates.push(rate("p", "big", PlanPrice::Discount(d("0.6"))));
    // 48 - 50 x 0.4 are left, at 3.6 a block.
    world.check(&[&[("p", "7.7777777777")], &[("o", "10")], &[("o", "50"), ("p", "50")]]);
    world.rows[2].2 = d("60");
    world.check(&[&[("p", "10")], &[("o", "10")], &[("o", "50"), ("p", "10")]]);
}

#[test]
fn corrections_are_not_there_to_be_covered() {
    let rows = [("vm", 1, "5"), ("vm", 1, "4"), ("vm", 1, "-6"), ("vm", 2, "1"), ("vm", 2, "-1"), ("other", 3, "-2")];
    one_plan("100", "4", "0.5", &rows).check(&[&[("o", "3")], &[], &[], &[], &[], &[]]);
    // Of other days: the last usage first, also where the plan is not held.
    let rows = [("vm", 1, "5"), ("vm", 2, "4"), ("vm", 2, "-5"), ("vm", 9, "3"), ("vm", 30, "1"), ("vm", 30, "-6")];
    one_plan("100", "4", "0.5", &rows).check(&[&[("o", "2")], &[], &[], &[], &[], &[]]);
    one_plan("100", "4", "0.5", &[("vm", 1, "5"), ("vm", 2, "-9")]).check(&[&[], &[]]);
}

/// A cost of 2 + 27 decimals would be too long: ten decimals are covered, the rest is billed.
#[test]
fn quantities_of_many_decimals_are_cut() {
    let rows = [("vm", 1, "1.000000000012345678901234567"), ("vm", 2, "1.00000000001234567890123456")];
    let expected: [&[(&str, &str)]; 2] = [&[("o", "1")], &[("o", "1.00000000001234567890123456")]];
    one_plan("100", "4.1", "0.9", &rows).check(&expected);
}

#[test]
fn a_plan_never_makes_usage_dearer_and_free_usage_needs_none() {
    let mut world = one_plan("1", "4", "0.5", &[("vm", 1, "1"), ("free", 1, "1"), ("all", 1, "1")]);
    world.prices.extend([price("free", "1 Hour", d("0")), price("all", "1 Hour", d("9"))]);
    world.rates = vec![
        rate("o", "vm", PlanPrice::UnitPrice(d("4.01"))),
        rate("o", "free", PlanPrice::UnitPrice(d("0"))),
        rate("o", "all", PlanPrice::Discount(d("1"))),
    ];
    let coverage = world.check(&[&[], &[], &[("o", "1")]]);
    check_day(&coverage, "o", 1, "24", "0");
}

#[test]
fn of_several_lines_that_of_the_term_then_the_latest_start_counts() {
    let mut world = one_plan("1", "4", "0.5", &[("vm", 1, "24"), ("vm", 20, "24")]);
    let from = |day: i8, percent: &str, term| PlanRate {
        effective: DayRange { from: date(2026, 9, day), until: None },
        term,
        ..rate("o", "vm", PlanPrice::Discount(d(percent)))
    };
    world.rates.push(from(15, "0.75", None));
    world.check(&[&[("o", "12")], &[("o", "24")]]);
    world.rates.push(from(10, "0", Some(crate::licence::Term::Year)));
    world.check(&[&[("o", "12")], &[("o", "24")]]);
    world.plans[0].term = Some(crate::licence::Term::Year);
    world.check(&[&[("o", "12")], &[("o", "6")]]);
}

#[track_caller]
fn check_refused(world: &World, code: &str, message: &str) {
    let error = world.cover().unwrap_err();
    assert_eq!((error.code(), error.to_string()), (code, message.to_owned()));
}

#[test]
fn what_cannot_be_covered_is_refused_by_name() {
    let mut world = one_plan("1", "4", "0.5", &[("vm", 1, "24")]);
    world.prices[0].currency = Currency::EUR;
    let message = "the savings plan of order \"o\" pays in USD, and meter vm is priced in EUR: give the plan a price in \
                   EUR, or end its line for this meter";
    check_refused(&world, "savings_plan.currency", message);
    world.rows.clear();
    world.check(&[]);
    world.rates.clear();
    let message = "no list says what the savings plan of order \"o\", product \"o\", SKU \"\", pays for from \
                   2026-09-01 on: import one with `quittance import savings-plans`";
    check_refused(&world, "savings_plan.list_missing", message);
    // Nor does a line for another term, or one that begins too late or has run out.
    let discount = PlanPrice::Discount(d("0.5"));
    let term = Some(crate::licence::Term::Year);
    let of_days = |from, until| PlanRate { effective: DayRange { from, until }, ..rate("o", "vm", discount) };
    for line in [
        PlanRate { term, ..rate("o", "vm", discount) },
        of_days(date(2026, 9, 30), None),
        of_days(date(2026, 1, 1), Some(date(2026, 9, 1))),
    ] {
        world.rates = vec![line];
        check_refused(&world, "savings_plan.list_missing", message);
    }
    world.rates = vec![of_days(date(2026, 1, 1), Some(date(2026, 9, 2)))];
    world.check(&[]);
    let mut world = one_plan("1", "4", "0.5", &[("vm", 1, "1")]);
    world.plans[0].hourly_commitment = d("9e36");
    world.plans[0].units = u32::MAX;
    check_refused(&world, "number.out_of_range", &CoverError::Number(DecimalError::Overflow).to_string());
}

const METERS: [&str; 3] = ["m-1", "m-2", "m-3"];

fn any_world() -> impl Strategy<Value = World> {
    let decimal = |mantissa: i64, scale| Decimal::new(i128::from(mantissa), scale).unwrap();
    let prices = prop::array::uniform3(0..90_000_i64);
    let plans = prop::collection::vec((0..50_000_i64, 1..4_u32, 1..12_i8, 12..=30_i8), 1..4);
    let rates = prop::collection::vec((0..3_usize, 0..3_usize, any::<bool>(), 0..=10_000_i64), 0..12);
    let rows = prop::collection::vec((0..3_usize, 1..=30_i8, -300_i64..50_000, 0..4_u8), 0..60);
    (prices, plans, rates, rows).prop_map(move |(prices, plans, rates, rows)| {
        let plans = plans.iter().enumerate().map(|(number, (cents, units, from, until))| {
            holding(&format!("o-{number}"), decimal(*cents, 2), *units, (*from, *until))
        });
        let rates = rates.iter().map(|(plan, meter, is_discount, value)| {
            let price = match is_discount {
                true => PlanPrice::Discount(decimal(*value, 4)),
                false => PlanPrice::UnitPrice(decimal(*value, 3)),
            };
            rate(&format!("o-{plan}"), METERS[*meter], price)
        });
        // Each plan has a list.
        let listed = (0..3).map(|plan| rate(&format!("o-{plan}"), "none", PlanPrice::Discount(Decimal::ONE)));
        World {
            prices: METERS.iter().zip(prices).map(|(meter, p)| price(meter, "1 Hour", decimal(p, 3))).collect(),
            plans: plans.collect(),
            rates: rates.chain(listed).collect(),
            rows: rows.iter().map(|(meter, day, q, scale)| (METERS[*meter], *day, decimal(*q, *scale))).collect(),
        }
    })
}

/// What all rows come to, rated one after the other.
#[derive(Debug, Default)]
struct Sums {
    /// By meter, and what of it plans have paid for, also by order.
    rest: BTreeMap<&'static str, Decimal>,
    covered: BTreeMap<(&'static str, String), Decimal>,
    billed: Decimal,
}

impl Sums {
    fn covered_of(&self, meter: &str) -> Decimal {
        let of_meter = self.covered.iter().filter(|((of, _), _)| *of == meter);
        crate::decimal::sum(of_meter.map(|(_, quantity)| *quantity)).unwrap()
    }

    fn rest_of(&self, meter: &str) -> Decimal {
        self.rest.get(meter).copied().unwrap_or_default()
    }

    fn paid(&self) -> PaidScopes {
        let mut scopes = PaidScopes::new();
        for ((meter, order), quantity) in &self.covered {
            let scope = ScopeKey {
                customer: "c".parse().unwrap(),
                subscription: "plan-1".parse().unwrap(),
                meter: meter.parse().unwrap(),
                usage_month: september(),
                covered_by: None,
            };
            let of_scope = scopes.entry(scope).or_default();
            of_scope.billed = self.rest_of(meter);
            of_scope.paid.insert(order.clone(), *quantity);
        }
        scopes
    }

    /// With what came later.
    fn and(mut self, later: &Self) -> Self {
        for (meter, quantity) in &later.rest {
            add(self.rest.entry(meter).or_default(), *quantity);
        }
        for (place, quantity) in &later.covered {
            add(self.covered.entry(place.clone()).or_default(), *quantity);
        }
        self
    }
}

fn add(sum: &mut Decimal, quantity: Decimal) {
    *sum = sum.checked_add(quantity).unwrap();
}

fn rated(world: &World, coverage: &Coverage) -> Result<Sums, RateError> {
    let directory = crate::rate::party::tests::directory();
    let sheet = PriceSheet { title: String::new(), offer_terms: vec![], prices: world.prices.clone() };
    let prices = PriceBook::new([&sheet]);
    let usd = crate::fx::FxQuote::UsdPerUnit { currency: Currency::EUR, month: september(), usd: Decimal::ONE };
    let (fx, late_from) = (crate::fx::FxTable::new([usd]).unwrap(), LateFrom::new());
    let inputs =
        crate::rate::RatingInputs { directory: &directory, prices: &prices, fx: &fx, late_from: &late_from, coverage };
    let mut rater = crate::rate::PartyRater::new(inputs);
    let mut places: Vec<usize> = (0..world.rows.len()).collect();
    places.sort_by_key(|place| (world.rows[*place].0, world.rows[*place].1, *place));
    let mut sums = Sums::default();
    for place in places {
        let (meter, day, quantity) = world.rows[place];
        let record = crate::rate::party::tests::usage_record(day, meter, quantity);
        for line in rater.rate((key(place), record))? {
            let sum = match line.scope.covered_by {
                Some(order) => sums.covered.entry((meter, order)).or_default(),
                None => sums.rest.entry(meter).or_default(),
            };
            add(sum, line.rating.quantity);
            add(&mut sums.billed, line.rating.pricing_total);
        }
    }
    Ok(sums)
}

/// What is taken back of plans by these late rows.
fn taken_back(late: &World, paid: &PaidScopes) -> Coverage {
    let directory = crate::rate::party::tests::directory();
    let sheet = PriceSheet { title: String::new(), offer_terms: vec![], prices: late.prices.clone() };
    let mut coverage = Coverage::default();
    take_back(&directory, &PriceBook::new([&sheet]), paid, &late.usage(), &mut coverage).unwrap();
    coverage
}

/// 12 hours of the 3rd are covered, and 12 are billed: what late rows take back.
#[track_caller]
fn check_late(rows: &[(&'static str, i8, &str)], expected: &[&[(&str, &str)]]) {
    let world = one_plan("1", "4", "0.5", &[("vm", 3, "24")]);
    let paid = rated(&world, &world.cover().unwrap()).unwrap().paid();
    let mut late = one_plan("1", "4", "0.5", rows);
    // The subscription has credit on some days of the month only.
    late.prices.iter_mut().for_each(|price| price.earned_credit_rate = Decimal::ZERO);
    let coverage = taken_back(&late, &paid);
    late.check_parts(&coverage, expected);
}

#[test]
fn what_a_plan_has_paid_for_is_taken_back_at_nothing() {
    check_late(&[("vm", 3, "-10")], &[&[]]);
    check_late(&[("vm", 3, "-12")], &[&[]]);
    check_late(&[("vm", 9, "-18")], &[&[("o", "-6")]]);
    check_late(&[("vm", 3, "-24")], &[&[("o", "-12")]]);
    // More than there was: as of usage without plans.
    check_late(&[("vm", 3, "-25")], &[&[("o", "-12")]]);
    // Of several the last ones take back, and what is above zero counts first.
    check_late(&[("vm", 3, "-14"), ("vm", 4, "3"), ("vm", 4, "-4")], &[&[], &[], &[("o", "-3")]]);
    check_late(&[("vm", 3, "-14"), ("vm", 4, "-1")], &[&[("o", "-2")], &[("o", "-1")]]);
    check_late(&[("vm", 3, "10"), ("other", 4, "-1")], &[&[], &[]]);
}

/// Of a month with two prices, what plans have paid for is taken back first: nobody knows at which price the rest was
/// billed.
#[test]
fn of_two_prices_what_was_paid_for_comes_first() {
    let world = one_plan("1", "4", "0.5", &[("vm", 3, "24")]);
    let paid = rated(&world, &world.cover().unwrap()).unwrap().paid();
    let mut late = one_plan("1", "4", "0.5", &[("vm", 3, "-10"), ("vm", 20, "-4")]);
    late.prices[0].effective.until = Some(date(2026, 9, 15));
    let cheaper = price("vm", "1 Hour", d("1"));
    late.prices.push(MeterPrice { effective: DayRange { from: date(2026, 9, 15), until: None }, ..cheaper });
    late.check_parts(&taken_back(&late, &paid), &[&[("o", "-8")], &[("o", "-4")]]);
}

#[test]
fn a_plans_price_has_15_digits() {
    let mut world = one_plan("1000", "0.012345678901", "0.333333333333", &[("vm", 1, "24")]);
    world.check(&[&[("o", "24")]]);
    world.rates = vec![rate("o", "vm", PlanPrice::UnitPrice(d("0.0000000000123456789012345678")))];
    let coverage = world.check(&[&[("o", "24")]]);
    check_day(&coverage, "o", 1, "24000", "0.0000000002962962936296304");
}

#[test]
fn one_line_for_some_day_of_a_plan_is_enough() {
    let mut world = one_plan("1", "4", "0.5", &[("vm", 20, "24")]);
    world.plans = vec![holding("o", d("1"), 1, (1, 10)), holding("o", d("1"), 1, (10, 30))];
    world.rates[0].effective.from = date(2026, 9, 15);
    world.check(&[&[("o", "12")]]);
}

proptest! {
    /// Used and unused are the commitment, what is covered costs what is used, and nothing is covered twice.
    #[test]
    fn commitments_and_quantities_come_out_even(world in any_world()) {
        let coverage = world.cover().unwrap();
        let mut used: BTreeMap<(String, Date), Decimal> = BTreeMap::new();
        for (place, (_, day, quantity)) in world.rows.iter().enumerate() {
            let parts = world.parts(&coverage, place);
            let covered = crate::decimal::sum(parts.iter().map(|part| part.quantity)).unwrap();
            prop_assert!(parts.is_empty() || covered <= *quantity, "{covered} of {quantity}");
            for part in parts {
                prop_assert!(part.quantity > Decimal::ZERO);
                let of_day = used.entry((part.order_id.clone(), date(2026, 9, *day))).or_default();
                *of_day = of_day.checked_add(part.quantity.checked_mul(part.plan_price).unwrap()).unwrap();
            }
        }
        for (name, day) in coverage.days() {
            let unused = day.unused().unwrap();
            prop_assert!(!unused.is_negative());
            prop_assert_eq!(day.used.checked_add(unused), Ok(day.commitment));
            prop_assert_eq!(used.remove(name).unwrap_or_default(), day.used);
        }
        prop_assert!(used.is_empty(), "paid by a plan that was not held: {used:?}");
        let days = world.plans.iter().flat_map(|plan| {
            let hours = Decimal::from_integer(24 * i64::from(plan.units));
            let days = i64::from(plan.days.until.day() - plan.days.from.day());
            [plan.hourly_commitment.checked_mul(hours).unwrap().checked_mul(Decimal::from_integer(days)).unwrap()]
        });
        let committed = crate::decimal::sum(coverage.days().values().map(|day| day.commitment));
        prop_assert_eq!(committed, crate::decimal::sum(days));
    }

    /// What is unused would have paid for nothing more.
    #[test]
    fn no_plan_leaves_what_it_could_pay_for(world in any_world()) {
        let coverage = world.cover().unwrap();
        let mut cheap = world.rows.iter().enumerate().filter(|(place, (meter, day, quantity))| {
            let covered = crate::decimal::sum(world.parts(&coverage, *place).iter().map(|part| part.quantity)).unwrap();
            let is_open = covered < *quantity && !world.rows.iter().any(|row| row.0 == *meter && row.2.is_negative());
            is_open && coverage.days().iter().any(|((order, at), left)| {
                let plan = world.plans.iter().find(|plan| plan.order_id == *order).unwrap();
                let rates = PlanRates::new([world.rates.clone()]);
                let price = world.prices.iter().find(|price| price.meter_id.as_str() == *meter).unwrap();
                let list_price = price.tiers.first_price();
                let plan_price = rates.price(plan, &price.meter_id, *at).map(|rate| rate.of(list_price).unwrap());
                let is_eligible = plan_price.is_some_and(|plan_price| plan_price <= list_price && !list_price.is_zero());
                *at == date(2026, 9, *day) && is_eligible && left.unused().unwrap() > d("0.00001")
            })
        });
        prop_assert_eq!(cheap.next(), None);
    }

    /// Covered and rest are the usage, and a plan only ever takes away from what is billed.
    #[test]
    fn a_covered_month_has_the_quantities_of_the_bare_one(world in any_world()) {
        let bare = rated(&world, &Coverage::default()).unwrap();
        let sums = rated(&world, &world.cover().unwrap()).unwrap();
        for meter in METERS {
            let usage = world.used(meter);
            let (covered, rest) = (sums.covered_of(meter), sums.rest_of(meter));
            prop_assert_eq!((bare.rest_of(meter), covered.checked_add(rest)), (usage, Ok(usage)));
            // What is taken back on another day is not paid for.
            prop_assert!(covered.is_zero() || !rest.is_negative(), "{covered} and {rest} of {meter}");
        }
        prop_assert!(sums.billed <= bare.billed, "{} with plans, {} without", sums.billed, bare.billed);
        prop_assert!(!sums.covered.is_empty() || sums.billed == bare.billed);
    }

    /// Whatever comes late, month after month: as long as something is left of the usage, no more is given back than was
    /// billed, and never is more taken back of plans than they have paid for.
    #[test]
    fn late_corrections_give_back_what_was_billed(
        world in any_world(),
        late in prop::collection::vec(any_world(), 1..4),
    ) {
        let mut standing = rated(&world, &world.cover().unwrap()).unwrap();
        for late in late {
            let late = World { prices: world.prices.clone(), ..late };
            let before = standing.paid();
            let came = rated(&late, &taken_back(&late, &before)).unwrap();
            for meter in METERS {
                prop_assert_eq!(came.covered_of(meter).checked_add(came.rest_of(meter)), Ok(late.used(meter)));
                prop_assert!(came.covered_of(meter) <= Decimal::ZERO);
            }
            standing = standing.and(&came);
            for meter in METERS {
                let (covered, rest) = (standing.covered_of(meter), standing.rest_of(meter));
                prop_assert!(!covered.is_negative() && (covered.is_zero() || !rest.is_negative()), "{covered} and {rest}");
            }
        }
    }
}
