//! Finds the price of a meter on a day in all the lists that were imported.
//!
//! Rules RT-9 (docs/rules/effective-dates.md) and PRICE-CURRENCY (docs/rules/price-currency.md).

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::decimal::{Decimal, DecimalError};
use crate::ids::MeterId;
use crate::money::Currency;
use crate::price::sheet::{MeterPrice, PriceSheet};

/// The price of one meter on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceInForce<'a> {
    pub price: &'a MeterPrice,
    /// What offer terms leave of the unit price (RT-1); 1 without terms.
    pub discount_factor: Decimal,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum PriceLookupError {
    #[error("no price list names meter {0}")]
    UnknownMeter(MeterId),
    #[error("meter {meter} has no price in force on {day}; its first price starts on {first_start}")]
    StartsLater { meter: MeterId, day: Date, first_start: Date },
    #[error("meter {meter} has no price in force on {day}")]
    Gap { meter: MeterId, day: Date },
    #[error("meter {0} is priced in several currencies and none of them is the billing currency")]
    AmbiguousCurrency(MeterId),
    #[error("the discounts on meter {0} have more digits than can be kept exactly")]
    Discount(MeterId),
}

impl PriceLookupError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownMeter(_) => "price.meter_unknown",
            Self::StartsLater { .. } | Self::Gap { .. } => "price.not_in_force",
            Self::AmbiguousCurrency(_) => "price.currency_ambiguous",
            Self::Discount(_) => "number.out_of_range",
        }
    }

    #[must_use]
    pub fn meter(&self) -> &MeterId {
        match self {
            Self::UnknownMeter(meter) | Self::AmbiguousCurrency(meter) | Self::Discount(meter) => meter,
            Self::StartsLater { meter, .. } | Self::Gap { meter, .. } => meter,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Version<'a> {
    sheet: &'a PriceSheet,
    price: &'a MeterPrice,
}

/// All imported lists, searchable by meter.
#[derive(Debug)]
pub struct PriceBook<'a> {
    /// In the order of import: of two versions with the same start the later import wins.
    versions: BTreeMap<&'a MeterId, Vec<Version<'a>>>,
}

impl<'a> PriceBook<'a> {
    /// `sheets` in the order of their import.
    #[must_use]
    pub fn new(sheets: impl IntoIterator<Item = &'a PriceSheet>) -> Self {
        let mut versions: BTreeMap<&MeterId, Vec<Version<'_>>> = BTreeMap::new();
        for sheet in sheets {
            for price in &sheet.prices {
                versions.entry(&price.meter_id).or_default().push(Version { sheet, price });
            }
        }
        Self { versions }
    }

    /// The version in force on `day`: the one that started last, and of those the one imported last.
    ///
    /// # Errors
    /// No version covers the day, or the meter's currency is not certain. Never a price of zero
    /// for want of one (RATE-3).
    pub fn price_on(
        &self,
        meter: &MeterId,
        day: Date,
        billing_currency: Currency,
    ) -> Result<PriceInForce<'a>, PriceLookupError> {
        let versions = self.versions.get(meter).ok_or_else(|| PriceLookupError::UnknownMeter(meter.clone()))?;
        let currency = pricing_currency(versions, day, billing_currency)
            .ok_or_else(|| PriceLookupError::AmbiguousCurrency(meter.clone()))?;
        let candidates = || versions.iter().filter(|version| version.price.currency == currency);
        let in_force = candidates()
            .filter(|version| version.price.effective.contains(day))
            .max_by_key(|version| version.price.effective.from);
        let Some(version) = in_force else {
            let first_start = candidates().map(|version| version.price.effective.from).min();
            return Err(match first_start {
                Some(first_start) if first_start > day => {
                    PriceLookupError::StartsLater { meter: meter.clone(), day, first_start }
                }
                _ => PriceLookupError::Gap { meter: meter.clone(), day },
            });
        };
        let discount_factor = version
            .sheet
            .discount_factor(meter, day)
            .map_err(|_: DecimalError| PriceLookupError::Discount(meter.clone()))?;
        Ok(PriceInForce { price: version.price, discount_factor })
    }
}

impl PriceBook<'_> {
    /// The first day after `day`, at most `end`, on which [`PriceBook::price_on`] may answer something
    /// else in the same month: a version begins or ends there, or a discount begins.
    #[must_use]
    pub fn same_until(&self, meter: &MeterId, day: Date, end: Date) -> Date {
        let versions = self.versions.get(meter).map(Vec::as_slice).unwrap_or_default();
        let changes = versions.iter().flat_map(|version| {
            let range = version.price.effective;
            let terms = version.sheet.offer_terms.iter().map(|term| term.effective_from);
            terms.chain([range.from]).chain(range.until)
        });
        changes.filter(|change| *change > day).fold(end, Date::min)
    }
}

/// Decided once for the whole month of `day`, so that a month never mixes currencies. Where no
/// version touches the month, all of them are looked at, to name the right reason.
fn pricing_currency(versions: &[Version<'_>], day: Date, billing_currency: Currency) -> Option<Currency> {
    let (first, last) = (day.first_of_month(), day.last_of_month());
    let touches_month = |version: &&Version<'_>| {
        let range = version.price.effective;
        range.from <= last && range.until.is_none_or(|until| first < until)
    };
    let mut currencies: BTreeSet<Currency> =
        versions.iter().filter(touches_month).map(|version| version.price.currency).collect();
    if currencies.is_empty() {
        currencies = versions.iter().map(|version| version.price.currency).collect();
    }
    if currencies.contains(&billing_currency) {
        return Some(billing_currency);
    }
    currencies.first().copied().filter(|_| currencies.len() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::period::DayRange;
    use crate::price::{OfferTerm, Product, TierTable};
    use crate::usage::MeterDescription;
    use jiff::civil::date;

    fn price(meter: &str, currency: &str, from: Date, until: Option<Date>, unit_price: &str) -> MeterPrice {
        MeterPrice {
            meter_id: meter.parse().unwrap(),
            meter: MeterDescription::default(),
            product: Product::default(),
            currency: currency.parse().unwrap(),
            unit_of_measure: "1 Hour".to_owned(),
            tiers: TierTable::flat(unit_price.parse().unwrap()),
            included_quantity: Decimal::ZERO,
            tier_basis: crate::price::TierBasis::Billable,
            effective: DayRange { from, until },
            earned_credit_rate: Decimal::ZERO,
        }
    }

    fn sheet(prices: Vec<MeterPrice>) -> PriceSheet {
        PriceSheet { title: String::new(), offer_terms: vec![], prices }
    }

    #[track_caller]
    fn check(sheets: &[PriceSheet], meter: &str, day: Date, expected: Result<&str, &str>) {
        let book = PriceBook::new(sheets);
        let found = book.price_on(&meter.parse().unwrap(), day, Currency::EUR);
        let found = found.as_ref().map(|p| p.price.tiers.first_price()).map_err(PriceLookupError::code);
        assert_eq!(found, expected.map(|p| p.parse().unwrap()), "{meter} on {day}");
    }

    #[test]
    fn the_version_that_started_last_wins_and_a_gap_is_an_error() {
        let (january, may, june) = (date(2024, 1, 1), date(2024, 5, 15), date(2024, 6, 1));
        let sheets = [
            sheet(vec![price("m", "USD", january, None, "0.10"), price("m", "USD", may, Some(june), "0.12")]),
            sheet(vec![
                price("m", "USD", june, Some(date(2024, 7, 1)), "0.11"),
                price("x", "USD", may, Some(june), "1"),
            ]),
        ];
        check(&sheets, "m", date(2024, 5, 14), Ok("0.10"));
        check(&sheets, "m", date(2024, 5, 15), Ok("0.12"));
        check(&sheets, "m", date(2024, 6, 1), Ok("0.11"));
        check(&sheets, "m", date(2024, 7, 1), Ok("0.10"));
        check(&sheets, "m", date(2023, 12, 31), Err("price.not_in_force"));
        check(&sheets, "x", june, Err("price.not_in_force"));
        check(&sheets, "y", june, Err("price.meter_unknown"));
    }

    #[test]
    fn of_two_equal_starts_the_later_import_wins() {
        let day = date(2024, 1, 1);
        let sheets = [sheet(vec![price("m", "USD", day, None, "1")]), sheet(vec![price("m", "USD", day, None, "2")])];
        check(&sheets, "m", day, Ok("2"));
    }

    #[test]
    fn the_billing_currency_wins_and_a_choice_of_others_is_refused() {
        let day = date(2024, 1, 1);
        let sheets = [sheet(vec![
            price("m", "USD", day, None, "1"),
            price("m", "EUR", day, None, "2"),
            price("n", "USD", day, None, "1"),
            price("n", "GBP", day, None, "3"),
        ])];
        check(&sheets, "m", day, Ok("2"));
        check(&sheets, "n", day, Err("price.currency_ambiguous"));
    }

    #[test]
    fn only_prices_of_the_month_take_part_in_the_choice_of_currency() {
        let (march, june) = (date(2024, 3, 1), date(2024, 6, 1));
        let sheets = [sheet(vec![
            price("m", "USD", march, None, "1"),
            price("m", "EUR", date(2024, 1, 1), Some(march), "2"),
            price("m", "EUR", june, None, "3"),
        ])];
        check(&sheets, "m", date(2024, 2, 29), Ok("2"));
        check(&sheets, "m", date(2024, 5, 31), Ok("1"));
        check(&sheets, "m", date(2024, 6, 1), Ok("3"));
    }

    #[test]
    fn offer_terms_multiply_and_spare_excluded_meters() {
        let term = |discount: &str, excluded: &[&str]| OfferTerm {
            name: String::new(),
            discount: Some(discount.parse().unwrap()),
            credit: None,
            tiered_discounts: vec![],
            excluded_meters: excluded.iter().map(|m| m.parse().unwrap()).collect(),
            effective_from: date(2024, 2, 1),
        };
        let sheet = PriceSheet {
            title: String::new(),
            offer_terms: vec![term("0.15", &["x"]), term("0.1", &[])],
            prices: vec![],
        };
        let factor = |meter: &str, day| sheet.discount_factor(&meter.parse().unwrap(), day).unwrap().to_string();
        assert_eq!(factor("m", date(2024, 2, 1)), "0.765");
        assert_eq!(factor("x", date(2024, 2, 1)), "0.9");
        assert_eq!(factor("m", date(2024, 1, 31)), "1");
    }
}
