//! The running quantity of one scope: customer, plan, meter and month (RT-4).
//!
//! Rules RT-4 to RT-8 and RT-10 (docs/rules/tiers.md, docs/rules/included-quantity.md). Quantities
//! are blocks of the price's unit of measure. Nothing is rounded.

use crate::decimal::{Decimal, DecimalError};
use crate::price::{MeterPrice, Slice};

/// How much of a scope has been consumed so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScopeCounter {
    consumed: Decimal,
}

/// What one usage quantity moved and cost, before discounts and credits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeStep {
    pub consumed_before: Decimal,
    pub consumed_after: Decimal,
    /// The tiers that priced it, in rising order; taken-back usage has negative quantities.
    pub slices: Vec<Slice>,
    /// `cost(after) - cost(before)`, exact.
    pub list_amount: Decimal,
}

impl ScopeCounter {
    /// A counter that goes on where a closed month ended.
    #[must_use]
    pub fn starting_at(consumed: Decimal) -> Self {
        Self { consumed: consumed.max(Decimal::ZERO) }
    }

    /// The blocks consumed so far.
    #[must_use]
    pub fn consumed(self) -> Decimal {
        self.consumed
    }

    /// Moves the counter by `quantity` and prices the move with `price`, the version of the day:
    /// the position comes from the running total, the tiers from the day (RT-10).
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] when an exact amount does not fit.
    pub fn advance(&mut self, price: &MeterPrice, quantity: Decimal) -> Result<ScopeStep, DecimalError> {
        let before = self.consumed;
        let reached = before.checked_add(quantity)?;
        let after = reached.max(Decimal::ZERO);
        let (low, high) = (before.min(after), before.max(after));
        let mut slices = priced_slices(price, low, high)?;
        if quantity.is_negative() {
            slices = taken_back(&slices)?;
            if reached.is_negative() {
                slices.insert(0, below_zero(price, reached)?);
            }
        }
        let list_amount = crate::decimal::sum(slices.iter().map(|slice| slice.amount))?;
        self.consumed = after;
        Ok(ScopeStep { consumed_before: before, consumed_after: after, slices, list_amount })
    }
}

/// The priced slices between two positions of the consumption; the included quantity costs nothing.
fn priced_slices(price: &MeterPrice, low: Decimal, high: Decimal) -> Result<Vec<Slice>, DecimalError> {
    let mut slices = Vec::new();
    let mut position = low;
    while position < high {
        let stretch = price.stretch_after(position)?;
        let end = stretch.until.map_or(high, |until| until.min(high));
        if let Some(before) = stretch.before_tiers {
            let quantity = end.checked_sub(position)?;
            slices.push(Slice {
                from: position.checked_sub(before)?,
                to: end.checked_sub(before)?,
                quantity,
                unit_price: stretch.unit_price,
                amount: quantity.checked_mul(stretch.unit_price)?,
            });
        }
        position = end;
    }
    Ok(slices)
}

fn taken_back(slices: &[Slice]) -> Result<Vec<Slice>, DecimalError> {
    slices
        .iter()
        .map(|slice| Ok(Slice { quantity: slice.quantity.negated()?, amount: slice.amount.negated()?, ..*slice }))
        .collect()
}

/// More is taken back than was used: the excess is priced by the first tier (RT-5).
fn below_zero(price: &MeterPrice, reached: Decimal) -> Result<Slice, DecimalError> {
    let unit_price = price.tiers.first_price();
    let amount = reached.checked_mul(unit_price)?;
    Ok(Slice { from: reached, to: Decimal::ZERO, quantity: reached, unit_price, amount })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::period::DayRange;
    use crate::price::{Product, Tier, TierBasis, TierTable};
    use crate::usage::MeterDescription;
    use proptest::prelude::*;

    pub(crate) fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    pub(crate) fn price(tiers: &[(&str, &str)], included: &str, tier_basis: TierBasis) -> MeterPrice {
        let tiers = tiers.iter().map(|(from, price)| Tier { from: d(from), unit_price: d(price) }).collect();
        MeterPrice {
            meter_id: "m".parse().unwrap(),
            meter: MeterDescription::default(),
            product: Product::default(),
            currency: crate::money::Currency::USD,
            unit_of_measure: "1 Hour".to_owned(),
            tiers: TierTable::new(tiers).unwrap(),
            included_quantity: d(included),
            tier_basis,
            effective: DayRange { from: jiff::civil::date(2026, 1, 1), until: None },
            earned_credit_rate: Decimal::ZERO,
        }
    }

    #[track_caller]
    fn check(price: &MeterPrice, quantities: &[&str], amounts: &[&str]) {
        let mut counter = ScopeCounter::default();
        let found: Vec<Decimal> =
            quantities.iter().map(|q| counter.advance(price, d(q)).unwrap().list_amount).collect();
        assert_eq!(found, amounts.iter().map(|a| d(a)).collect::<Vec<_>>(), "{quantities:?}");
    }

    #[test]
    fn days_are_priced_where_the_month_stands() {
        let tiers = [("0", "1"), ("100", "0.80")];
        check(&price(&tiers, "0", TierBasis::Billable), &["99", "1", "1", "9.5"], &["99", "1", "0.80", "7.6"]);
    }

    #[test]
    fn the_included_quantity_is_taken_first() {
        let tiers = [("0", "1"), ("100", "0.80")];
        check(&price(&tiers, "5", TierBasis::Billable), &["4", "2", "99", "1"], &["0", "1", "99", "0.80"]);
        check(&price(&tiers, "5", TierBasis::Consumed), &["4", "2", "94", "1"], &["0", "1", "94", "0.80"]);
    }

    #[test]
    fn corrections_take_back_what_was_charged_and_price_the_excess_by_the_first_tier() {
        let tiers = [("0", "1"), ("10", "0.5")];
        let price = price(&tiers, "0", TierBasis::Billable);
        check(&price, &["14", "-6", "-10", "3"], &["12", "-4", "-10", "3"]);
        check(&price, &["-4", "1"], &["-4", "1"]);
    }

    #[test]
    fn a_new_price_in_mid_month_keeps_the_position() {
        let (old, new) = (
            price(&[("0", "1"), ("10", "0.5")], "0", TierBasis::Billable),
            price(&[("0", "2"), ("12", "1")], "0", TierBasis::Billable),
        );
        let mut counter = ScopeCounter::default();
        assert_eq!(counter.advance(&old, d("11")).unwrap().list_amount, d("10.5"));
        assert_eq!(counter.advance(&new, d("3")).unwrap().list_amount, d("4"));
    }

    proptest! {
        /// RATE-1: the marginal days add up to the cost of the total, whatever the days are.
        #[test]
        fn days_add_up_to_the_cost_of_the_month(days in prop::collection::vec(0_i64..5_000, 1..20), included in 0_i64..3_000) {
            let mut price = price(&[("0", "1.7"), ("100", "0.80"), ("2000.5", "0.33")], "0", TierBasis::Billable);
            price.included_quantity = Decimal::from_integer(included);
            let mut counter = ScopeCounter::default();
            let mut total = Decimal::ZERO;
            for day in &days {
                let step = counter.advance(&price, Decimal::from_integer(*day)).unwrap();
                total = total.checked_add(step.list_amount).unwrap();
            }
            let overage = (days.iter().sum::<i64>() - included).max(0);
            prop_assert_eq!(total, price.tiers.cost(Decimal::from_integer(overage)).unwrap());
        }

        /// However a quantity is cut, its parts cost what the whole costs.
        #[test]
        fn slices_add_up_to_the_difference_of_costs(
            steps in prop::collection::btree_map(1_i64..10_000, 0_i64..1_000, 0..5),
            a in 0_i64..20_000,
            b in 0_i64..20_000,
        ) {
            let tenths = |value: i64| Decimal::new(i128::from(value), 1).unwrap();
            let mut price = price(&[("0", "700")], "0", TierBasis::Billable);
            let mut tiers = price.tiers.tiers().to_vec();
            tiers.extend(steps.into_iter().map(|(from, price)| Tier {
                from: tenths(from),
                unit_price: Decimal::new(i128::from(price), 3).unwrap(),
            }));
            price.tiers = TierTable::new(tiers).unwrap();
            let (low, high) = (tenths(a.min(b)), tenths(a.max(b)));
            let slices = priced_slices(&price, low, high).unwrap();
            let total = crate::decimal::sum(slices.iter().map(|s| s.amount)).unwrap();
            prop_assert_eq!(total, price.tiers.cost(high).unwrap().checked_sub(price.tiers.cost(low).unwrap()).unwrap());
            let quantity = crate::decimal::sum(slices.iter().map(|s| s.quantity)).unwrap();
            prop_assert_eq!(quantity, high.checked_sub(low).unwrap());
        }

        /// What a day adds, a correction of the same quantity takes back.
        #[test]
        fn a_correction_undoes_a_day(first in 0_i64..5_000, second in 0_i64..5_000) {
            let price = price(&[("0", "1.7"), ("100", "0.80"), ("2000.5", "0.33")], "50", TierBasis::Billable);
            let mut counter = ScopeCounter::starting_at(Decimal::from_integer(first));
            let before = counter;
            let added = counter.advance(&price, Decimal::from_integer(second)).unwrap();
            let taken = counter.advance(&price, Decimal::from_integer(-second)).unwrap();
            prop_assert_eq!(added.list_amount.checked_add(taken.list_amount), Ok(Decimal::ZERO));
            prop_assert_eq!(counter, before);
        }
    }
}
