//! Price lists as they would be if another list had been in force for a month.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::MeterId;
use crate::money::Currency;
use crate::period::{BillingPeriod, DayRange};
use crate::price::{MeterPrice, PriceSheet};

/// `sheets` with `list` in force for all of `period`: for the meters that it names it takes the place of
/// every other price in that month, and of none outside of it. A list that begins inside of the month
/// or after it is taken as if it had begun with it.
#[must_use]
pub fn with_list_in_force(sheets: &[PriceSheet], list: PriceSheet, period: BillingPeriod) -> Vec<PriceSheet> {
    let named: BTreeSet<MeterId> = list.prices.iter().map(|price| price.meter_id.clone()).collect();
    let mut versions: BTreeMap<(MeterId, Currency), Vec<MeterPrice>> = BTreeMap::new();
    for price in list.prices {
        versions.entry((price.meter_id.clone(), price.currency)).or_default().push(price);
    }
    let outside = |price: &MeterPrice| -> Vec<MeterPrice> {
        if !named.contains(&price.meter_id) {
            return vec![price.clone()];
        }
        parts_outside(price.effective, period)
            .into_iter()
            .map(|effective| MeterPrice { effective, ..price.clone() })
            .collect()
    };
    let mut changed: Vec<PriceSheet> = sheets
        .iter()
        .map(|sheet| PriceSheet { prices: sheet.prices.iter().flat_map(outside).collect(), ..sheet.clone() })
        .collect();
    let prices = versions.into_values().flat_map(|prices| in_month(prices, period)).collect();
    changed.push(PriceSheet { prices, ..list });
    changed
}

/// What is left of a range before the month and behind it.
fn parts_outside(range: DayRange, month: BillingPeriod) -> Vec<DayRange> {
    let before = DayRange {
        from: range.from,
        until: Some(range.until.map_or(month.first_day(), |until| until.min(month.first_day()))),
    };
    let behind = DayRange { from: range.from.max(month.end()), until: range.until };
    let is_any = |range: &DayRange| range.until.is_none_or(|until| range.from < until);
    [before, behind].into_iter().filter(is_any).collect()
}

/// One meter's prices of the list in one currency, cut to the month and stretched to its beginning.
fn in_month(mut prices: Vec<MeterPrice>, month: BillingPeriod) -> Vec<MeterPrice> {
    prices.sort_by_key(|price| price.effective.from);
    let in_time = prices.iter().filter(|price| price.effective.from < month.end()).count();
    // A list of the future: its first prices.
    let kept = prices.into_iter().take(in_time.max(1)).collect::<Vec<_>>();
    let is_over = |range: DayRange| range.until.is_some_and(|until| until <= month.first_day());
    let first = kept.iter().rposition(|price| price.effective.from <= month.first_day()).unwrap_or(0);
    kept.into_iter()
        .skip(first)
        .enumerate()
        .map(|(place, price)| {
            let range = price.effective;
            let from = if place == 0 { month.first_day() } else { range.from };
            let until = match range.until.filter(|_| !is_over(range) && range.from < month.end()) {
                Some(until) => until.min(month.end()),
                None => month.end(),
            };
            MeterPrice { effective: DayRange { from, until: Some(until) }, ..price }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::decimal::Decimal;
    use crate::price::{PriceBook, Product, TierBasis, TierTable};
    use crate::usage::MeterDescription;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    /// (unit price, from, until) of one meter.
    type Version<'a> = (&'a str, &'a str, Option<&'a str>);

    fn sheet(versions: &[Version<'_>]) -> PriceSheet {
        let prices = versions
            .iter()
            .map(|(price, from, until)| MeterPrice {
                meter_id: "m".parse().unwrap(),
                meter: MeterDescription::default(),
                product: Product::default(),
                currency: Currency::USD,
                unit_of_measure: "1 Hour".to_owned(),
                tiers: TierTable::flat(price.parse().unwrap()),
                included_quantity: Decimal::ZERO,
                tier_basis: TierBasis::Billable,
                effective: DayRange { from: day(from), until: until.map(day) },
                earned_credit_rate: Decimal::ZERO,
            })
            .collect();
        PriceSheet { title: String::new(), offer_terms: vec![], prices }
    }

    #[track_caller]
    fn check(old: &[Version<'_>], new: &[Version<'_>], expected: &[(&str, Option<&str>)]) {
        let october = "2026-10".parse().unwrap();
        let sheets = with_list_in_force(&[sheet(old)], sheet(new), october);
        let book = PriceBook::new(&sheets);
        let meter = sheet(new).prices[0].meter_id.clone();
        for (date, price) in expected {
            let found = book.price_on(&meter, day(date), Currency::USD).ok();
            let found = found.map(|found| found.price.tiers.first_price().to_string());
            assert_eq!(found.as_deref(), *price, "{date}");
        }
    }

    #[test]
    fn the_list_is_in_force_for_the_month_and_no_longer() {
        let old = [("1", "2026-01-01", None)];
        let expected = [
            ("2026-09-30", Some("1")),
            ("2026-10-01", Some("2")),
            ("2026-10-31", Some("2")),
            ("2026-11-01", Some("1")),
        ];
        for from in ["2025-01-01", "2026-10-01", "2026-10-20", "2027-01-01"] {
            check(&old, &[("2", from, None)], &expected);
        }
        check(&old, &[("2", "2026-01-01", Some("2026-02-01"))], &expected);
    }

    #[test]
    fn later_versions_of_the_books_do_not_come_back_in_the_month() {
        let old = [("1", "2026-01-01", Some("2026-10-15")), ("3", "2026-10-15", None)];
        let expected = [("2026-09-30", Some("1")), ("2026-10-20", Some("2")), ("2026-11-01", Some("3"))];
        check(&old, &[("2", "2026-01-01", None)], &expected);
    }

    #[test]
    fn versions_of_the_list_keep_their_days_in_the_month() {
        let new = [("2", "2026-01-01", Some("2026-10-10")), ("4", "2026-10-10", None), ("5", "2026-12-01", None)];
        let expected = [
            ("2026-10-01", Some("2")),
            ("2026-10-09", Some("2")),
            ("2026-10-10", Some("4")),
            ("2026-10-31", Some("4")),
        ];
        check(&[("1", "2026-01-01", None)], &new, &expected);
    }
}
