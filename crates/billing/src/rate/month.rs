//! The lines of a month: exact daily totals become one line with its documented truncations.
//!
//! Rules RT-14 to RT-17 and DRIFT-1 (docs/rules/month-line.md): the pricing total is cut to the
//! minor unit of the pricing currency, multiplied with the rate and cut again to the minor unit of
//! the billing currency, both toward zero.

use crate::decimal::{Decimal, DecimalError, Rounding};
use crate::rate::day::{billing_total_exact, blended_price};

/// Sums of the daily rated lines of one month line. All exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MonthTotals {
    pub quantity: Decimal,
    pub list_amount: Decimal,
    pub pricing_total: Decimal,
    /// Billing currency; each day was rounded to 10 decimals (RT-12), so this is not what is billed.
    pub daily_billing_total: Decimal,
    pub daily_line_count: u64,
}

impl MonthTotals {
    /// Adds the sums of one day, or of several.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] when a sum does not fit.
    pub fn add(&mut self, days: &Self) -> Result<(), DecimalError> {
        *self = Self {
            quantity: self.quantity.checked_add(days.quantity)?,
            list_amount: self.list_amount.checked_add(days.list_amount)?,
            pricing_total: self.pricing_total.checked_add(days.pricing_total)?,
            daily_billing_total: self.daily_billing_total.checked_add(days.daily_billing_total)?,
            daily_line_count: self.daily_line_count.saturating_add(days.daily_line_count),
        };
        Ok(())
    }
}

/// The amounts of one month line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthAmounts {
    /// Cut to the pricing currency's minor unit.
    pub pricing_total: Decimal,
    /// `pricing_total / quantity` at 15 significant digits; 0 without quantity.
    pub effective_unit_price: Decimal,
    /// Cut to the billing currency's minor unit.
    pub subtotal: Decimal,
    /// What the two cuts left on the table: exact daily billing total less the subtotal.
    pub drift: Decimal,
    /// The drift's bound: one minor unit of each cut (DRIFT-1).
    pub drift_bound: Decimal,
}

/// What `quantity` costs so far, cut to `decimals` of the pricing currency, and the price that this
/// makes; also while the month is open and the price still moves.
///
/// # Errors
/// [`DecimalError::Overflow`] when the price does not fit.
pub fn effective_price(
    pricing_exact: Decimal,
    quantity: Decimal,
    decimals: u8,
) -> Result<(Decimal, Decimal), DecimalError> {
    let pricing_total = pricing_exact.rounded(decimals, Rounding::TowardZero)?;
    Ok((pricing_total, blended_price(pricing_total, quantity)?))
}

/// What a month line is billed: the exact total cut to the pricing currency's minor unit, then its
/// product with the rate cut to the billing currency's. Answers both.
///
/// # Errors
/// [`DecimalError::Overflow`] when an amount does not fit.
pub fn month_subtotal(
    pricing_exact: Decimal,
    rate: Decimal,
    pricing_decimals: u8,
    billing_decimals: u8,
) -> Result<(Decimal, Decimal), DecimalError> {
    let pricing_total = pricing_exact.rounded(pricing_decimals, Rounding::TowardZero)?;
    Ok((pricing_total, pricing_total.mul_rounded(rate, billing_decimals, Rounding::TowardZero)?))
}

/// Cuts the exact totals of a month.
///
/// # Errors
/// [`DecimalError::Overflow`] when an exact product does not fit.
pub fn month_amounts(
    pricing_exact: Decimal,
    quantity: Decimal,
    rate: Decimal,
    pricing_decimals: u8,
    billing_decimals: u8,
) -> Result<MonthAmounts, DecimalError> {
    let (pricing_total, subtotal) = month_subtotal(pricing_exact, rate, pricing_decimals, billing_decimals)?;
    let effective_unit_price = blended_price(pricing_total, quantity)?;
    let drift = exact_or_cut(pricing_exact, rate)?.checked_sub(subtotal)?;
    let drift_bound =
        Decimal::new(1, pricing_decimals)?.checked_mul(rate)?.checked_add(Decimal::new(1, billing_decimals)?)?;
    Ok(MonthAmounts { pricing_total, effective_unit_price, subtotal, drift, drift_bound })
}

/// The exact product; where its digits do not fit, cut at 24 decimals. Only the drift is made from
/// it, and a cut toward zero below the last digit of any bound does not change what DRIFT-1 says.
fn exact_or_cut(pricing_exact: Decimal, rate: Decimal) -> Result<Decimal, DecimalError> {
    billing_total_exact(pricing_exact, rate).or_else(|_| pricing_exact.mul_rounded(rate, 24, Rounding::TowardZero))
}

impl MonthAmounts {
    /// DRIFT-1: the drift has the sign of the total and stays below its bound.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] for a drift without an opposite.
    pub fn drift_is_bounded(&self, pricing_exact: Decimal) -> Result<bool, DecimalError> {
        let drift = if pricing_exact.is_negative() { self.drift.negated()? } else { self.drift };
        Ok(!drift.is_negative() && drift < self.drift_bound)
    }
}

/// The subtotal recomputed from a price of 15 digits: plain, and snapped to six decimals first
/// because such a product can fall a hair below a cent (RT-16). Inner amounts come first.
///
/// # Errors
/// [`DecimalError::Overflow`] when a product does not fit.
pub fn verify_usage_subtotal(
    effective_unit_price: Decimal,
    quantity: Decimal,
    rate: Decimal,
    decimals: u8,
) -> Result<[(Decimal, Decimal); 2], DecimalError> {
    let plain = effective_unit_price.mul_rounded(quantity, decimals, Rounding::TowardZero)?;
    let snapped =
        effective_unit_price.mul_rounded(quantity, 6, Rounding::HalfEven)?.rounded(decimals, Rounding::TowardZero)?;
    let billed = |pricing: Decimal| Ok((pricing, pricing.mul_rounded(rate, decimals, Rounding::TowardZero)?));
    Ok([billed(plain)?, billed(snapped)?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::scope::tests::d;
    use proptest::prelude::*;

    #[track_caller]
    fn check(exact: &str, quantity: &str, rate: &str, decimals: (u8, u8), expected: [&str; 3]) {
        let amounts = month_amounts(d(exact), d(quantity), d(rate), decimals.0, decimals.1).unwrap();
        assert_eq!([amounts.pricing_total, amounts.effective_unit_price, amounts.subtotal], expected.map(d));
        assert!(amounts.drift_is_bounded(d(exact)).unwrap());
    }

    #[test]
    fn a_month_is_cut_twice_toward_zero() {
        check("136.4496", "168", "0.846202666", (2, 2), ["136.44", "0.812142857142857", "115.45"]);
        check("-136.4496", "-168", "0.846202666", (2, 2), ["-136.44", "0.812142857142857", "-115.45"]);
        check("0.001013418", "0.02646", "1", (2, 2), ["0", "0", "0"]);
        check("136.4496", "168", "150.5", (2, 0), ["136.44", "0.812142857142857", "20534"]);
        check("136.4496", "168", "0.3071", (2, 3), ["136.44", "0.812142857142857", "41.9"]);
        check("5.5", "0", "1", (2, 2), ["5.5", "0", "5.5"]);
        // 38 decimals times 9: the exact product has more digits than fit, the amounts do not care.
        let long = "12.000000000000000000000000000000000011";
        check(long, "1", "0.846202667", (2, 2), ["12", "12", "10.15"]);
    }

    #[test]
    fn the_price_of_an_open_month_moves() {
        let price = |exact: &str, quantity: &str| effective_price(d(exact), d(quantity), 2);
        assert_eq!(price("21.3962", "29"), Ok((d("21.39"), d("0.737586206896552"))));
        assert_eq!(price("155.6389387742", "210.950039"), Ok((d("155.63"), d("0.737757626107858"))));
        assert_eq!(price("0.00766", "0.2"), Ok((d("0"), d("0"))));
        assert_eq!(price("1.5", "0"), Ok((d("1.5"), d("0"))));
    }

    proptest! {
        /// DRIFT-1.
        #[test]
        fn the_drift_stays_below_its_bound(mantissa in -10_i128.pow(15)..10_i128.pow(15), rate in 1_i128..10_i128.pow(12)) {
            let exact = Decimal::new(mantissa, 8).unwrap();
            let rate = Decimal::new(rate, 9).unwrap();
            let amounts = month_amounts(exact, Decimal::ONE, rate, 2, 2).unwrap();
            prop_assert!(amounts.drift_is_bounded(exact).unwrap(), "{amounts:?}");
        }
    }
}
