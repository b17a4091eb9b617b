//! The fast way and the naive one, a record at a time, come to the same; also where savings plans pay for some.

use super::*;
use crate::fx::{FxQuote, FxTable};
use crate::licence::{Cycle, Generation, PlanHolding};
use crate::party::PartyDirectory;
use crate::period::DayRange;
use crate::price::{OfferTerm, PriceBook, PriceSheet, Product, Tier, TierBasis, TierTable};
use crate::rate::party::tests::{directory, usage_record};
use crate::rate::{BILLING_TOTAL_DECIMALS, ClassicUsageLine, LateFrom, PartyRater, classic_usage_lines};
use crate::savings_plan::{CoverInputs, Coverage, PlanPrice, PlanRate, PlanRates, PlanUsage, PlanUsageRow, cover};
use crate::usage::{MeterDescription, RecordKey};
use jiff::civil::date;
use proptest::prelude::*;

/// A month: price sheets, the days of the credit, and rows of two meters.
#[derive(Debug, Clone)]
struct Month {
    sheet: PriceSheet,
    credit: Vec<DayRange>,
    late: Option<Decimal>,
    generation: Generation,
    billed_in: Currency,
    /// Commitments an hour, in cents, and what the plans take off the price of each meter, in percent.
    plans: Vec<(i64, [i128; 2])>,
    /// Meter, day, quantity at the scale of its column, basis.
    rows: Vec<(usize, i8, Scaled, QuantityBasis)>,
}

const METERS: [&str; 2] = ["meter-1", "meter-2"];

fn meter(place: usize) -> MeterId {
    METERS[place].parse().unwrap()
}

fn decimal(mantissa: i128, scale: u8) -> Decimal {
    Decimal::new(mantissa, scale).unwrap()
}

fn any_price(place: usize) -> impl Strategy<Value = MeterPrice> {
    let tiers = prop::collection::btree_map(1..4_000_i64, 0..90_000_i64, 0..4);
    let included = prop_oneof![2 => Just(0_i64), 1 => 1..3_000_i64];
    let unit = prop::sample::select(vec!["1 Hour", "1 Hour", "100 Hours", "744 Hours"]);
    (tiers, 0..90_000_i64, 0..=8_u8, included, any::<bool>(), 1..25_i8, unit, prop::sample::select(vec![0, 15]))
        .prop_map(move |(tiers, first, decimals, included, is_billable, from, unit, credit)| {
            let price = |mantissa: i64| decimal(mantissa.into(), decimals);
            let mut list = vec![Tier { from: Decimal::ZERO, unit_price: price(first) }];
            list.extend(
                tiers.into_iter().map(|(from, p)| Tier { from: decimal(from.into(), 1), unit_price: price(p) }),
            );
            MeterPrice {
                meter_id: meter(place),
                meter: MeterDescription::default(),
                product: Product::default(),
                currency: Currency::USD,
                unit_of_measure: unit.to_owned(),
                tiers: TierTable::new(list).unwrap(),
                included_quantity: decimal(included.into(), 1),
                tier_basis: if is_billable { TierBasis::Billable } else { TierBasis::Consumed },
                effective: DayRange { from: date(2026, 9, if from < 6 { 1 } else { from }), until: None },
                earned_credit_rate: decimal(credit, 2),
            }
        })
}

fn any_quantity() -> impl Strategy<Value = Scaled> {
    let narrow = (0..5_000_000_000_000_i128).prop_map(|mantissa| Scaled { mantissa, scale: 10 });
    let tenths = (0..3_000_i128).prop_map(|tenth| Scaled { mantissa: tenth * 1_000_000_000, scale: 10 });
    let taken_back = (-3_000..=0_i128).prop_map(|tenth| Scaled { mantissa: tenth * 1_000_000_000, scale: 10 });
    let wide = (0..10_i128.pow(28)).prop_map(|mantissa| Scaled { mantissa, scale: 26 });
    let huge = (0..10_i128.pow(37)).prop_map(|mantissa| Scaled { mantissa, scale: 26 });
    prop_oneof![8 => narrow, 6 => tenths, 2 => taken_back, 2 => wide, 1 => huge]
}

fn any_month() -> impl Strategy<Value = Month> {
    let prices = (prop::collection::vec(any_price(0), 0..3), prop::collection::vec(any_price(1), 1..3));
    let basis = prop_oneof![4 => Just(QuantityBasis::Blocks), 1 => Just(QuantityBasis::Units)];
    let rows = prop::collection::vec((0..2_usize, 1..=30_i8, any_quantity(), basis), 1..40);
    let credit = (1..20_i8, 1..30_i8)
        .prop_map(|(from, until)| vec![DayRange { from: date(2026, 9, from), until: Some(date(2026, 9, until)) }]);
    let discount = prop::option::of((0..100_i128, 1..30_i8));
    let billed = prop_oneof![
        10 => Just((Generation::NewCommerce, Currency::EUR)),
        10 => Just((Generation::Classic, Currency::USD)),
        1 => Just((Generation::Classic, Currency::EUR)),
    ];
    let plans = prop_oneof![
        1 => Just(Vec::new()),
        1 => prop::collection::vec((0..300_000_i64, [0..=100_i128, 0..=100_i128]), 1..3),
    ];
    (prices, rows, credit, discount, prop::option::of(0..3_000_i128), billed, plans).prop_map(
        |((one, two), mut rows, credit, discount, late, (generation, billed_in), plans)| {
            rows.sort_by_key(|(meter, day, ..)| (*meter, *day));
            let term = |(percent, from): (i128, i8)| OfferTerm {
                name: String::new(),
                discount: Some(decimal(percent, 2)),
                credit: None,
                tiered_discounts: vec![],
                excluded_meters: vec![],
                effective_from: date(2026, 9, from),
            };
            let sheet = PriceSheet {
                title: String::new(),
                offer_terms: discount.map(term).into_iter().collect(),
                prices: one.into_iter().chain(two).collect(),
            };
            Month { sheet, credit, late: late.map(|tenths| decimal(tenths, 1)), generation, billed_in, plans, rows }
        },
    )
}

/// Everything that rating says, as text: the lines, the scopes, what has no price, or the error.
type Said = Result<(Vec<String>, Vec<String>, Vec<String>), String>;

struct World {
    directory: PartyDirectory,
    fx: FxTable,
    late_from: LateFrom,
    coverage: Coverage,
}

impl World {
    fn of(month: &Month) -> Self {
        let mut directory = directory();
        directory.party.currency = month.billed_in;
        for plan in directory.subscriptions.values_mut() {
            plan.earned_credit.clone_from(&month.credit);
            plan.generation = month.generation;
        }
        let quote = FxQuote::UsdPerUnit {
            currency: Currency::EUR,
            month: "2026-09".parse().unwrap(),
            usd: decimal(1_173_456, 6),
        };
        let mut late_from = LateFrom::new();
        if let Some(late) = month.late {
            let scope = ScopeKey {
                customer: "c".parse().unwrap(),
                subscription: "plan-1".parse().unwrap(),
                meter: meter(1),
                usage_month: "2026-09".parse().unwrap(),
                covered_by: None,
            };
            late_from.insert(scope, late);
        }
        let coverage = covered(&directory, month);
        Self { directory, fx: FxTable::new([quote]).unwrap(), late_from, coverage }
    }

    fn inputs<'a>(&'a self, prices: &'a PriceBook<'a>) -> RatingInputs<'a> {
        let Self { directory, fx, late_from, coverage } = self;
        RatingInputs { directory, prices, fx, late_from, coverage }
    }
}

/// By its place among the rows.
fn key(place: usize) -> RecordKey {
    let mut key = [0; 16];
    key[14..].copy_from_slice(&u16::try_from(place + 1).unwrap().to_be_bytes());
    RecordKey(key)
}

/// What the month's plans pay for; nothing where its quantities cannot be counted.
fn covered(directory: &PartyDirectory, month: &Month) -> Coverage {
    let period: BillingPeriod = "2026-09".parse().unwrap();
    let holding = |(number, (cents, _)): (usize, &(i64, [i128; 2]))| PlanHolding {
        subscription: format!("saving-{number}").parse().unwrap(),
        order_id: format!("o-{number}"),
        product: Product { product_id: format!("p-{number}"), ..Product::default() },
        term: None,
        currency: Currency::USD,
        hourly_commitment: decimal(i128::from(*cents), 2),
        units: 1,
        days: Cycle { from: date(2026, 9, 3), until: date(2026, 9, 28) },
    };
    let rate = |(number, discounts): (usize, &[i128; 2]), place: usize| PlanRate {
        product_id: format!("p-{number}"),
        sku_id: String::new(),
        term: None,
        meter: meter(place),
        price: PlanPrice::Discount(decimal(discounts[place], 2)),
        effective: DayRange { from: date(2026, 1, 1), until: None },
    };
    let plans = month.plans.iter().enumerate();
    let rates = plans.clone().flat_map(|(number, (_, off))| [0, 1].map(|place| rate((number, off), place)));
    let rates = PlanRates::new([rates.collect()]);
    let holdings = [("c".parse().unwrap(), plans.map(holding).collect())].into();
    let row = |(place, (meter, day, quantity, basis)): (usize, &(usize, i8, Scaled, QuantityBasis))| PlanUsageRow {
        scope: *meter,
        day: date(2026, 9, *day),
        key: key(place),
        quantity: *quantity,
        basis: *basis,
    };
    let scopes = [0, 1].map(|place| ("plan-1".parse().unwrap(), meter(place))).to_vec();
    let usage = PlanUsage { scopes, rows: month.rows.iter().enumerate().map(row).collect() };
    let prices = PriceBook::new([&month.sheet]);
    let inputs = CoverInputs { directory, prices: &prices, rates: &rates, holdings: &holdings, period };
    cover(inputs, &usage).unwrap_or_default()
}

fn one_by_one(world: &World, month: &Month) -> Said {
    let book = PriceBook::new([&month.sheet]);
    let mut rater = PartyRater::new(world.inputs(&book));
    let mut lines = Vec::new();
    for (place, (meter_place, day, quantity, basis)) in month.rows.iter().enumerate() {
        let mut record = usage_record(*day, METERS[*meter_place], quantity.exact().unwrap());
        record.quantity_basis = *basis;
        for line in rater.rate((key(place), record)).map_err(|error| error.to_string())? {
            let r = &line.rating;
            lines.push(format!(
                "{} {} {} {} {} {:?} {}",
                r.quantity,
                r.unit_price,
                r.effective_unit_price,
                r.pricing_total,
                line.billing_total,
                r.factors,
                line.exchange_rate.rate
            ));
        }
    }
    let (scopes, unpriced) = rater.finish();
    let scopes = scopes.into_iter().map(|(key, month)| format!("{key:?} {month:?}")).collect();
    Ok((lines, scopes, unpriced.iter().map(|usage| format!("{usage:?}")).collect()))
}

/// `forget` takes the prices away after so many rows, as a writer does when a file is full.
fn in_bulk(world: &World, month: &Month, forget: usize) -> Said {
    let book = PriceBook::new([&month.sheet]);
    let mut rater = BulkRater::new(world.inputs(&book));
    let september = "2026-09".parse().unwrap();
    let (mut lines, mut scopes) = (Vec::new(), Vec::new());
    let mut waiting: Vec<DayAmounts> = Vec::new();
    let text = |error: RateError| error.to_string();
    let placed: Vec<_> = month.rows.iter().enumerate().collect();
    for rows in placed.chunk_by(|(_, a), (_, b)| a.0 == b.0) {
        let id = meter(rows[0].1.0);
        let place = rater.meter(id.clone(), september);
        let plan: SubscriptionId = "plan-1".parse().unwrap();
        let customer = rater.open(&plan, place).map_err(text)?.id.clone();
        for (row, (_, day, quantity, basis)) in rows {
            let (day, mut rest) = (date(2026, 9, *day), Some((*quantity, *basis)));
            let parts = world.coverage.parts(&plan, &id, (day, key(*row)));
            if !parts.is_empty() {
                rest = rater.rest(day, (*quantity, *basis), parts).map_err(text)?;
            }
            for part in parts {
                waiting.extend(rater.covered(day, part).map_err(text)?);
            }
            if let Some((quantity, basis)) = rest {
                waiting.extend(rater.row(day, quantity, basis).map_err(text)?);
            }
            if waiting.len() >= forget {
                show(&mut waiting, &rater.take_prices().map_err(text)?, &mut lines);
            }
        }
        let covered: Vec<_> = rater.take_covered().map(|(order, month)| (Some(order.to_owned()), month)).collect();
        let billed = rater.close().map_err(text)?.map(|month| (None, month));
        for (covered_by, month) in billed.into_iter().chain(covered) {
            check_rates(&month);
            let (customer, subscription, meter) = (customer.clone(), plan.clone(), id.clone());
            let key = ScopeKey { customer, subscription, meter, usage_month: september, covered_by };
            scopes.push(format!("{key:?} {month:?}"));
        }
    }
    show(&mut waiting, &rater.take_prices().map_err(text)?, &mut lines);
    Ok((lines, scopes, rater.take_unpriced().iter().map(|usage| format!("{usage:?}")).collect()))
}

/// The rates of a classic scope come to what its days do.
fn check_rates(month: &ScopeMonth<'_>) {
    let Some(rates) = &month.rates else { return };
    let Ok(lines) = classic_usage_lines(month, rates, 2) else { return };
    let sum = |part: fn(&ClassicUsageLine) -> Decimal| crate::decimal::sum(lines.iter().map(part)).unwrap();
    assert_eq!(sum(|line| line.consumed), month.totals.quantity);
    assert_eq!(sum(|line| line.exact), month.totals.pricing_total, "RATE-1");
    assert_eq!(sum(|line| line.included), lines[0].included);
    for line in &lines {
        let off = line.exact.checked_sub(line.charge).unwrap().abs().unwrap();
        assert!(off <= decimal(5, 3), "{line:?}");
        assert_eq!(line.amount.checked_sub(line.discount), Ok(line.charge));
    }
}

fn show(waiting: &mut Vec<DayAmounts>, prices: &[LinePrices<'_>], lines: &mut Vec<String>) {
    for day in waiting.drain(..) {
        let p = &prices[usize::try_from(day.prices).unwrap()];
        let billing = decimal(day.billing_total, BILLING_TOTAL_DECIMALS);
        let (quantity, pricing) = (day.quantity.exact().unwrap(), day.pricing_total.exact().unwrap());
        lines.push(format!(
            "{quantity} {} {} {pricing} {billing} {:?} {}",
            p.unit_price, p.effective_unit_price, p.factors, p.exchange_rate.rate
        ));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn the_fast_way_says_what_the_naive_one_says(month in any_month(), forget in 1..9_usize) {
        let world = World::of(&month);
        let (naive, bulk) = (one_by_one(&world, &month), in_bulk(&world, &month, forget));
        prop_assert_eq!(naive, bulk);
    }
}
