//! Graduated tiers: each slice of the quantity has its own price.
//!
//! Rules RT-2, RT-3, RT-5, RT-7 (docs/rules/tiers.md, docs/rules/included-quantity.md). Prices are
//! units of the price's currency for one block of the unit of measure. Nothing is rounded.

use serde::{Deserialize, Serialize};

use crate::decimal::{Decimal, DecimalError};

/// An upper bound of 2^63 rounded to 15 digits, and anything beyond, stands for "no bound".
const OPEN_BOUND: i128 = 9_223_372_036_854_000_000;

/// One step of a tier table: `unit_price` applies above `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    pub from: Decimal,
    pub unit_price: Decimal,
}

/// Where the included quantity puts the thresholds (RT-7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TierBasis {
    /// Thresholds are measured on what is left after the included quantity.
    #[default]
    Billable,
    /// Thresholds are measured on the whole consumption.
    Consumed,
}

/// A range of whole units of a published price list, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceRange {
    pub min: Decimal,
    /// `None` for an open end.
    pub max: Option<Decimal>,
    pub unit_price: Decimal,
}

/// A part of a quantity that lies in one tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    pub from: Decimal,
    pub to: Decimal,
    pub quantity: Decimal,
    pub unit_price: Decimal,
    pub amount: Decimal,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TierError {
    #[error("a tier table has no tier that starts at 0")]
    NoFirstTier,
    #[error("two tiers start at {0}")]
    Duplicate(Decimal),
    #[error("the ranges overlap at {0}")]
    Overlap(Decimal),
    #[error("no range covers what lies above {0}")]
    Gap(Decimal),
    #[error("the price {0} is negative")]
    NegativePrice(Decimal),
    #[error("the tier start {0} is negative")]
    NegativeStart(Decimal),
    #[error(transparent)]
    Number(#[from] DecimalError),
}

impl TierError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoFirstTier | Self::Gap(_) => "price.tier.missing",
            Self::Duplicate(_) | Self::Overlap(_) => "price.tier.overlap",
            Self::NegativePrice(_) => "price.tier.price_negative",
            Self::NegativeStart(_) => "price.tier.start_negative",
            Self::Number(error) => error.code(),
        }
    }
}

/// Tiers in rising order; the first starts at 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierTable {
    tiers: Vec<Tier>,
}

impl TierTable {
    /// One price for every quantity.
    #[must_use]
    pub fn flat(unit_price: Decimal) -> Self {
        Self { tiers: vec![Tier { from: Decimal::ZERO, unit_price }] }
    }

    /// Tiers in any order.
    ///
    /// # Errors
    /// No tier at 0, two tiers at one start, a negative start or price.
    pub fn new(mut tiers: Vec<Tier>) -> Result<Self, TierError> {
        tiers.sort_by_key(|tier| tier.from);
        for tier in &tiers {
            if tier.from.is_negative() {
                return Err(TierError::NegativeStart(tier.from));
            }
            if tier.unit_price.is_negative() {
                return Err(TierError::NegativePrice(tier.unit_price));
            }
        }
        for (tier, next) in tiers.iter().zip(tiers.iter().skip(1)) {
            if tier.from == next.from {
                return Err(TierError::Duplicate(tier.from));
            }
        }
        if tiers.first().is_none_or(|tier| !tier.from.is_zero()) {
            return Err(TierError::NoFirstTier);
        }
        Ok(Self { tiers })
    }

    /// Ranges of whole units: `min..max` starts above `min - 1` (RT-3).
    ///
    /// # Errors
    /// Ranges that overlap, leave a gap or do not start at 0 or 1.
    pub fn from_ranges(mut ranges: Vec<PriceRange>) -> Result<Self, TierError> {
        ranges.sort_by_key(|range| range.min);
        let mut tiers = Vec::with_capacity(ranges.len());
        for range in &ranges {
            let from = if range.min < Decimal::ONE { Decimal::ZERO } else { range.min.checked_sub(Decimal::ONE)? };
            tiers.push(Tier { from, unit_price: range.unit_price });
        }
        for (range, next) in ranges.iter().zip(tiers.iter().skip(1)) {
            match range.max.filter(|max| !is_open_bound(*max)) {
                Some(max) if max == next.from => {}
                Some(max) if max < next.from => return Err(TierError::Gap(max)),
                _ => return Err(TierError::Overlap(next.from)),
            }
        }
        Self::new(tiers)
    }

    /// Half-open ranges of Quittance's own format: `from` up to and including `to`, `None` open.
    ///
    /// # Errors
    /// Ranges that overlap, leave a gap or do not start at 0.
    pub fn from_bounds(mut bounds: Vec<(Tier, Option<Decimal>)>) -> Result<Self, TierError> {
        bounds.sort_by_key(|(tier, _)| tier.from);
        for ((_, to), (next, _)) in bounds.iter().zip(bounds.iter().skip(1)) {
            match to {
                Some(to) if *to == next.from => {}
                Some(to) if *to < next.from => return Err(TierError::Gap(*to)),
                _ => return Err(TierError::Overlap(next.from)),
            }
        }
        if let Some((_, Some(to))) = bounds.last().filter(|(_, to)| to.is_some_and(|to| !is_open_bound(to))) {
            return Err(TierError::Gap(*to));
        }
        Self::new(bounds.into_iter().map(|(tier, _)| tier).collect())
    }

    #[must_use]
    pub fn tiers(&self) -> &[Tier] {
        &self.tiers
    }

    #[must_use]
    pub fn first_price(&self) -> Decimal {
        self.tiers.first().map_or(Decimal::ZERO, |tier| tier.unit_price)
    }

    /// The cost of the first `quantity` units. A negative quantity is priced by the first tier (RT-5).
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] when the cost does not fit.
    pub fn cost(&self, quantity: Decimal) -> Result<Decimal, DecimalError> {
        if quantity.is_negative() {
            return quantity.checked_mul(self.first_price());
        }
        if let [tier] = self.tiers.as_slice() {
            return quantity.checked_mul(tier.unit_price);
        }
        let mut cost = Decimal::ZERO;
        for (i, tier) in self.tiers.iter().enumerate() {
            if quantity <= tier.from {
                break;
            }
            let end = self.tiers.get(i.saturating_add(1)).map_or(quantity, |next| next.from.min(quantity));
            cost = cost.checked_add(end.checked_sub(tier.from)?.checked_mul(tier.unit_price)?)?;
        }
        Ok(cost)
    }
}

fn is_open_bound(bound: Decimal) -> bool {
    bound >= Decimal::new(OPEN_BOUND, 0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn table(tiers: &[(&str, &str)]) -> Result<TierTable, TierError> {
        TierTable::new(tiers.iter().map(|(from, price)| Tier { from: d(from), unit_price: d(price) }).collect())
    }

    #[track_caller]
    fn check_cost(tiers: &[(&str, &str)], quantity: &str, cost: &str) {
        assert_eq!(table(tiers).unwrap().cost(d(quantity)), Ok(d(cost)), "{quantity}");
    }

    #[test]
    fn slices_below_a_threshold_are_never_repriced() {
        let tiers = [("51200", "0.07"), ("0", "0.087"), ("10240", "0.083")];
        check_cost(&tiers, "59995", "4906.21");
        check_cost(&tiers, "10240", "890.88");
        check_cost(&tiers, "0", "0");
        check_cost(&tiers, "-10", "-0.87");
    }

    #[track_caller]
    fn check_refused(result: Result<TierTable, TierError>, code: &str) {
        assert_eq!(result.unwrap_err().code(), code);
    }

    #[test]
    fn incomplete_tables_are_refused() {
        check_refused(table(&[]), "price.tier.missing");
        check_refused(table(&[("5", "1")]), "price.tier.missing");
        check_refused(table(&[("0", "1"), ("0.000", "2")]), "price.tier.overlap");
        check_refused(table(&[("0", "-1")]), "price.tier.price_negative");
        check_refused(table(&[("0", "1"), ("-3", "1")]), "price.tier.start_negative");
    }

    #[test]
    fn ranges_have_to_meet() {
        let range = |min: &str, max: Option<&str>| PriceRange { min: d(min), max: max.map(d), unit_price: d("1") };
        let ranges =
            |list: &[(&str, Option<&str>)]| TierTable::from_ranges(list.iter().map(|(a, b)| range(a, *b)).collect());
        assert!(ranges(&[("1", Some("100")), ("101", Some("9223372036854780000"))]).is_ok());
        assert!(ranges(&[("0", Some("100")), ("101", None)]).is_ok());
        check_refused(ranges(&[("1", Some("100")), ("100", None)]), "price.tier.overlap");
        check_refused(ranges(&[("1", None), ("101", None)]), "price.tier.overlap");
        check_refused(ranges(&[("1", Some("100")), ("103", None)]), "price.tier.missing");
        check_refused(ranges(&[("7", None)]), "price.tier.missing");
    }

    #[test]
    fn bounds_of_the_own_format_have_to_meet() {
        let bound = |from: &str, to: Option<&str>| (Tier { from: d(from), unit_price: d("1") }, to.map(d));
        assert!(TierTable::from_bounds(vec![bound("10.5", None), bound("0", Some("10.5"))]).is_ok());
        check_refused(TierTable::from_bounds(vec![bound("0", Some("10")), bound("11", None)]), "price.tier.missing");
        check_refused(TierTable::from_bounds(vec![bound("0", Some("12")), bound("11", None)]), "price.tier.overlap");
        check_refused(TierTable::from_bounds(vec![bound("0", Some("12"))]), "price.tier.missing");
    }
}
