//! The figures of docs/rules/classic-usage-line.md.

use super::*;
use crate::fx::{ExchangeRate, RateSource};
use crate::price::{MeterPrice, TierBasis};
use crate::rate::scope::tests::{d, price};
use crate::rate::{DayFactors, MonthTotals, ScopeCounter, rate_day};
use jiff::civil::date;

/// A day: which of the prices, what offer terms leave, the quantity.
type Day<'d> = (usize, &'d str, &'d str);

fn month<'a>(prices: &'a [MeterPrice], days: &[Day<'_>]) -> ScopeMonth<'a> {
    let (mut counter, mut rates) = (ScopeCounter::default(), ScopeRates::default());
    let mut price = &prices[0];
    for (of, factor, quantity) in days {
        price = &prices[*of];
        let factors = DayFactors { discount_factor: d(factor), ..DayFactors::NONE };
        let step = counter.advance(price, d(quantity)).unwrap();
        rates.add(&rate_day(step, d(quantity), factors).unwrap()).unwrap();
    }
    let (from, to, rate) = (price.currency, price.currency, Decimal::ONE);
    ScopeMonth {
        totals: MonthTotals::default(),
        price,
        exchange_rate: ExchangeRate { from, to, rate, dated: date(2026, 9, 30), source: RateSource::Identity },
        earned_credit_rates: (Decimal::ZERO, Decimal::ZERO),
        single_unit_price: None,
        days: (date(2026, 9, 1), date(2026, 9, 30)),
        consumed_after: counter.consumed(),
        rates: Some(rates),
    }
}

/// Lines are `consumed included price amount discount charge`.
#[track_caller]
fn check(prices: &[MeterPrice], days: &[Day<'_>], decimals: u8, expected: &[&str]) {
    let month = month(prices, days);
    let lines = classic_usage_lines(&month, month.rates.as_ref().unwrap(), decimals).unwrap();
    let text = |line: &ClassicUsageLine| {
        let ClassicUsageLine { consumed, included, rate, amount, discount, charge, .. } = line;
        format!("{consumed} {included} {} {amount} {discount} {charge}", rate.unit_price)
    };
    assert_eq!(lines.iter().map(text).collect::<Vec<_>>(), expected);
    let (subtotal, count) = classic_usage_subtotal(&month, month.rates.as_ref().unwrap(), decimals).unwrap();
    assert_eq!(Ok(subtotal), crate::decimal::sum(lines.iter().map(|line| line.charge)));
    assert_eq!(count, u64::try_from(lines.len()).unwrap());
}

fn tiered(included: &str) -> [MeterPrice; 1] {
    [price(&[("0", "0.05"), ("1024", "0.03")], included, TierBasis::Billable)]
}

#[test]
fn each_rate_has_a_line_and_the_first_has_what_is_included() {
    let expected = ["1049 25 0.05 51.2 0 51.2", "314 0 0.03 9.42 0 9.42"];
    check(&tiered("25"), &[(0, "1", "900"), (0, "1", "463")], 2, &expected);
    check(&tiered("25"), &[(0, "1", "24")], 2, &["24 24 0.05 0 0 0"]);
    check(&tiered("0"), &[(0, "1", "1030"), (0, "1", "-6")], 2, &["1024 0 0.05 51.2 0 51.2"]);
    check(&tiered("0"), &[(0, "1", "10"), (0, "1", "-10")], 2, &["0 0 0.05 0 0 0"]);
}

#[test]
fn a_price_or_a_discount_that_begins_makes_a_rate() {
    let old = price(&[("0", "0.10"), ("100", "0.08")], "0", TierBasis::Billable);
    let new = price(&[("0", "0.12"), ("100", "0.09")], "0", TierBasis::Billable);
    let expected = ["90 0 0.1 9 0 9", "10 0 0.12 1.2 0 1.2", "10 0 0.09 0.9 0 0.9"];
    check(&[old, new], &[(0, "1", "90"), (1, "1", "20")], 2, &expected);
    let flat = [price(&[("0", "0.125")], "5", TierBasis::Billable)];
    let expected = ["12 5 0.125 0.88 0 0.88", "33 0 0.125 4.13 0.62 3.51"];
    check(&flat, &[(0, "1", "12"), (0, "0.85", "33")], 2, &expected);
}

#[test]
fn charges_are_rounded_at_the_digits_of_the_currency() {
    let hours = [price(&[("0", "0.085")], "0", TierBasis::Billable)];
    for (decimals, charge) in [(0, "63"), (2, "63.33"), (3, "63.325")] {
        check(&hours, &[(0, "1", "745")], decimals, &[&format!("745 0 0.085 {charge} 0 {charge}")]);
        check(&hours, &[(0, "1", "-745")], decimals, &[&format!("-745 0 0.085 -{charge} 0 -{charge}")]);
    }
}
