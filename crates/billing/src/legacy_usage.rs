//! The line of somebody else's classic usage file: overage, charge and the two effective rates.
//!
//! Rules CU-1, CU-2 (docs/rules/classic-usage-line.md) and RT-7 (docs/rules/included-quantity.md).
//! Quantities are blocks of the price's unit of measure, amounts have two decimals whatever the
//! currency (RT-15). The charge is rounded half-up, the rates are cut at 8 decimals. Lines of our own are
//! [`classic_usage_lines`](crate::rate::classic_usage_lines), with the same effective rates.

use crate::decimal::{Decimal, DecimalError, Rounding};

/// Decimals of a charge in such a file.
pub const CHARGE_DECIMALS: u8 = 2;
/// Decimals of its effective rates.
pub const EFFECTIVE_RATE_DECIMALS: u8 = 8;

/// The computed columns of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LegacyUsageAmounts {
    pub overage_quantity: Decimal,
    /// Half-up at two decimals.
    pub pretax_charges: Decimal,
    pub post_tax_total: Decimal,
    /// Per unit of overage, cut at 8 decimals; 0 where nothing is charged.
    pub pretax_effective_rate: Decimal,
    pub post_tax_effective_rate: Decimal,
}

/// What lies above the included quantity: `max(0, consumed - included)`.
///
/// # Errors
/// [`DecimalError::Overflow`] when the difference does not fit.
pub fn overage(consumed: Decimal, included: Decimal) -> Result<Decimal, DecimalError> {
    Ok(consumed.checked_sub(included)?.max(Decimal::ZERO))
}

/// What `amount` makes for one unit of overage, cut at 8 decimals; 0 where nothing is charged (CU-2).
///
/// # Errors
/// [`DecimalError::Overflow`] when the rate does not fit.
pub fn effective_rate(amount: Decimal, charge: Decimal, overage: Decimal) -> Result<Decimal, DecimalError> {
    if charge.is_zero() {
        return Ok(Decimal::ZERO);
    }
    amount.div_rounded(overage, EFFECTIVE_RATE_DECIMALS, Rounding::TowardZero)
}

/// Computes a line. `tax` is the file's own figure and is not checked here.
///
/// # Errors
/// [`DecimalError::Overflow`] when an amount does not fit.
pub fn legacy_usage_amounts(
    consumed: Decimal,
    included: Decimal,
    list_price: Decimal,
    tax: Decimal,
) -> Result<LegacyUsageAmounts, DecimalError> {
    let overage_quantity = overage(consumed, included)?;
    let pretax_charges = list_price.mul_rounded(overage_quantity, CHARGE_DECIMALS, Rounding::HalfUp)?;
    let post_tax_total = pretax_charges.checked_add(tax)?;
    let rate = |amount| effective_rate(amount, pretax_charges, overage_quantity);
    Ok(LegacyUsageAmounts {
        overage_quantity,
        pretax_charges,
        post_tax_total,
        pretax_effective_rate: rate(pretax_charges)?,
        post_tax_effective_rate: rate(post_tax_total)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    /// `[consumed, included, list price, tax]` to `[overage, charge, total, rate, rate with tax]`.
    #[track_caller]
    fn check(input: [&str; 4], expected: [&str; 5]) {
        let [consumed, included, price, tax] = input.map(d);
        let line = legacy_usage_amounts(consumed, included, price, tax).unwrap();
        let found = [
            line.overage_quantity,
            line.pretax_charges,
            line.post_tax_total,
            line.pretax_effective_rate,
            line.post_tax_effective_rate,
        ];
        assert_eq!(found, expected.map(d), "{input:?}");
    }

    #[test]
    fn charges_are_rounded_and_rates_are_cut() {
        check(["745", "0", "0.085", "6.34"], ["745", "63.33", "69.67", "0.08500671", "0.09351677"]);
        check(["25.5", "25", "0.01", "0"], ["0.5", "0.01", "0.01", "0.02", "0.02"]);
    }

    #[test]
    fn nothing_charged_has_no_rates() {
        check(["0.000882", "0", "0.0383", "0"], ["0.000882", "0", "0", "0", "0"]);
        check(["24", "25", "0.01", "0"], ["0", "0", "0", "0", "0"]);
        check(["0.1", "0", "0.01", "0.02"], ["0.1", "0", "0.02", "0", "0"]);
    }
}
