use super::*;
use crate::decimal::sum;
use crate::fx::FxQuote;
use crate::party::{Customer, Organisation, Subscription};
use crate::period::DayRange;
use crate::price::{PriceSheet, Tier, TierTable};
use crate::rate::scope::tests::{d, price};
use crate::savings_plan::NO_COVERAGE;
use crate::usage::RecordOrigin;
use jiff::civil::date;
use proptest::prelude::*;

fn organisation(id: &str, currency: &str) -> Organisation {
    Organisation {
        id: id.parse().unwrap(),
        name: id.to_owned(),
        tenant_id: String::new(),
        partner_number: String::new(),
        address_lines: vec![],
        country: "DE".to_owned(),
        tax_id: String::new(),
        email: String::new(),
        currency: currency.parse().unwrap(),
        payment_terms_days: 60,
        language: "en".to_owned(),
        billed_by: None,
        tax: crate::party::TaxProfile::default(),
    }
}

pub(crate) fn directory() -> PartyDirectory {
    let party = organisation("party", "EUR");
    let customer = Customer {
        id: "c".parse().unwrap(),
        billed_party: party.id.clone(),
        name: "C".to_owned(),
        domain: String::new(),
        country: "DE".to_owned(),
    };
    let subscription = Subscription {
        id: "plan-1".parse().unwrap(),
        customer: customer.id.clone(),
        name: "Plan".to_owned(),
        earned_credit: vec![DayRange { from: date(2026, 9, 10), until: Some(date(2026, 9, 20)) }],
        generation: crate::licence::Generation::default(),
    };
    PartyDirectory {
        issuer: organisation("issuer", "EUR"),
        party,
        customers: [(customer.id.clone(), customer)].into(),
        subscriptions: [(subscription.id.clone(), subscription)].into(),
    }
}

fn sheet() -> PriceSheet {
    let mut tiered = price(&[("0", "1"), ("100", "0.80")], "0", crate::price::TierBasis::Billable);
    tiered.meter_id = "meter-1".parse().unwrap();
    tiered.earned_credit_rate = d("0.15");
    let mut late = tiered.clone();
    late.meter_id = "meter-late".parse().unwrap();
    late.effective.from = date(2026, 9, 15);
    late.tiers = TierTable::new(vec![Tier { from: Decimal::ZERO, unit_price: Decimal::ONE }]).unwrap();
    let mut unit = late.clone();
    unit.meter_id = "meter-unit".parse().unwrap();
    unit.effective.from = date(2026, 9, 1);
    let mut larger_unit = unit.clone();
    larger_unit.effective.from = date(2026, 9, 15);
    larger_unit.unit_of_measure = "100 Hours".to_owned();
    PriceSheet { title: "list".to_owned(), offer_terms: vec![], prices: vec![tiered, late, unit, larger_unit] }
}

/// Usage of `plan-1` in September 2026.
pub(crate) fn usage_record(day: i8, meter: &str, quantity: Decimal) -> UsageRecord {
    let mut record = crate::usage::tests::record();
    record.usage_date = date(2026, 9, day);
    record.meter_id = meter.parse().unwrap();
    record.quantity = quantity;
    record
}

fn usage(day: i8, id: u8, meter: &str, quantity: &str) -> UsageInOrder {
    let mut record = usage_record(day, meter, d(quantity));
    record.origin = RecordOrigin::Own { record_id: format!("r{id}").parse().unwrap(), revision: 0 };
    (RecordKey([id; 16]), record)
}

struct Month {
    totals: Vec<String>,
    unpriced: Vec<String>,
    daily: Vec<Decimal>,
}

fn run(records: Vec<UsageInOrder>, late_from: &LateFrom) -> Result<Month, RateError> {
    let (directory, sheet) = (directory(), sheet());
    let book = PriceBook::new([&sheet]);
    let september = "2026-09".parse().unwrap();
    let fx = FxTable::new([FxQuote::UsdPerUnit { currency: Currency::EUR, month: september, usd: d("1.25") }]).unwrap();
    let coverage = &NO_COVERAGE;
    let mut rater =
        PartyRater::new(RatingInputs { directory: &directory, prices: &book, fx: &fx, late_from, coverage });
    let mut daily = vec![];
    for record in records {
        for line in rater.rate(record)? {
            assert_eq!(line.exchange_rate.rate, d("0.8"));
            daily.push(line.rating.pricing_total);
        }
    }
    let (scopes, unpriced) = rater.finish();
    let totals = scopes
        .iter()
        .map(|(key, month)| format!("{} {} {}", key.meter, month.totals.quantity, month.totals.pricing_total));
    let unpriced = unpriced.iter().map(|u| format!("{} {} {} {}", u.scope.meter, u.usage_date, u.quantity, u.code));
    Ok(Month { totals: totals.collect(), unpriced: unpriced.collect(), daily })
}

#[test]
fn tiers_credit_and_missing_prices_meet_in_one_month() {
    let records = vec![
        usage(9, 1, "meter-1", "99"),
        usage(10, 2, "meter-1", "2"),
        usage(14, 3, "meter-late", "7"),
        usage(14, 4, "meter-late", "1"),
        usage(15, 5, "meter-late", "1"),
        usage(20, 6, "meter-1", "1"),
        usage(20, 7, "nowhere", "5"),
    ];
    let month = run(records, &LateFrom::new()).unwrap();
    // 99 x 1, then (1 x 1 + 1 x 0.80) x 0.85 on a day with credit, then 1 x 0.80 without.
    assert_eq!(month.totals, ["meter-1 102 101.33", "meter-late 1 0.85"]);
    let unpriced = ["meter-late 2026-09-14 8 price.not_in_force", "nowhere 2026-09-20 5 price.meter_unknown"];
    assert_eq!(month.unpriced, unpriced);
    assert_eq!(month.daily.len(), 4);
}

#[test]
fn late_usage_goes_on_where_the_closed_month_ended() {
    let scope = ScopeKey {
        customer: "c".parse().unwrap(),
        subscription: "plan-1".parse().unwrap(),
        meter: "meter-1".parse().unwrap(),
        usage_month: "2026-09".parse().unwrap(),
        covered_by: None,
    };
    let month = run(vec![usage(1, 1, "meter-1", "3")], &LateFrom::from([(scope, d("99"))])).unwrap();
    assert_eq!(month.daily, [d("2.6")]);
}

#[test]
fn what_cannot_be_rated_parks_the_party() {
    let code = |records| run(records, &LateFrom::new()).map(|_| ()).unwrap_err().code();
    let mut stranger = usage(1, 1, "meter-1", "1");
    stranger.1.subscription_id = "elsewhere".parse().unwrap();
    assert_eq!(code(vec![stranger]), "rating.subscription_unknown");
    assert_eq!(code(vec![usage(2, 1, "meter-1", "1"), usage(1, 2, "meter-1", "1")]), "rating.out_of_order");
    let mut october = usage(1, 1, "meter-1", "1");
    october.1.usage_date = date(2026, 10, 1);
    assert_eq!(code(vec![october]), "fx.rate_missing");
    assert_eq!(code(vec![usage(1, 1, "meter-1", "1"), usage(1, 1, "meter-1", "1")]), "rating.out_of_order");
    assert_eq!(code(vec![usage(1, 1, "meter-unit", "1"), usage(16, 2, "meter-unit", "1")]), "rating.unit_changed");
}

proptest! {
    /// RATE-2: once brought into order, records give the same daily lines whatever order they came in.
    #[test]
    fn the_order_of_arrival_does_not_matter(mut records in prop::collection::vec((1_i8..30, 0_u8..250, 1_i64..400), 1..25), seed in any::<u64>()) {
        records.sort_by_key(|r| r.1);
        records.dedup_by_key(|r| r.1);
        let ordered = |mut records: Vec<UsageInOrder>| {
            records.sort_by_key(|(key, record)| (record.usage_date, *key));
            records
        };
        let list: Vec<_> = records.iter().map(|(day, id, q)| usage(*day, *id, "meter-1", &q.to_string())).collect();
        let mut shuffled = list.clone();
        let length = shuffled.len();
        for i in 0..length {
            shuffled.swap(i, (seed as usize).wrapping_mul(i + 7) % length);
        }
        let (a, b) = (run(ordered(list), &LateFrom::new()).unwrap(), run(ordered(shuffled), &LateFrom::new()).unwrap());
        prop_assert_eq!(&a.daily, &b.daily);
        prop_assert_eq!(sum(a.daily).unwrap(), sum(b.daily).unwrap());
    }
}
