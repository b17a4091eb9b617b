//! One day's use of one meter becomes a daily rated line.
//!
//! Rules RT-12, RT-13 (docs/rules/daily-line.md) and RT-20 (docs/rules/earned-credit.md). The
//! totals are exact; the price is their quotient at 15 significant digits where it is no price of
//! the list. Only `billing_total` is rounded: half-even at 10 decimals.

use crate::decimal::{Decimal, DecimalError, Rounding};
use crate::price::{MeterPrice, Slice};
use crate::rate::month::MonthTotals;
use crate::rate::scope::ScopeStep;

/// Decimals of a daily billing total (RT-12).
pub const BILLING_TOTAL_DECIMALS: u8 = 10;
/// Significant digits of a price that comes from a division (RT-13).
pub const PRICE_DIGITS: u8 = 15;

/// What is taken off the list amount of a day; each is a factor or a fraction of 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayFactors {
    /// What offer terms leave (RT-1).
    pub discount_factor: Decimal,
    /// Partner earned credit of the day, 0 or the list's rate (RT-20).
    pub earned_credit_rate: Decimal,
    /// A consumption credit; 1 makes the day free.
    pub credit_rate: Decimal,
}

impl DayFactors {
    pub const NONE: Self =
        Self { discount_factor: Decimal::ONE, earned_credit_rate: Decimal::ZERO, credit_rate: Decimal::ZERO };

    /// Of usage that a savings plan has paid for: nothing is left to pay, and nothing is earned (RT-22).
    pub const COVERED: Self =
        Self { discount_factor: Decimal::ZERO, earned_credit_rate: Decimal::ZERO, credit_rate: Decimal::ZERO };

    /// # Errors
    /// [`DecimalError::Overflow`] when the factor has more digits than fit.
    pub fn product(&self) -> Result<Decimal, DecimalError> {
        let kept = |rate: Decimal| Decimal::ONE.checked_sub(rate);
        self.discount_factor.checked_mul(kept(self.earned_credit_rate)?)?.checked_mul(kept(self.credit_rate)?)
    }

    /// The earned credit as daily files write it: 15 for 0.15.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] when it does not fit.
    pub fn earned_credit_percentage(&self) -> Result<Decimal, DecimalError> {
        self.earned_credit_rate.checked_mul(Decimal::from_integer(100))
    }
}

/// The priced day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRating {
    /// In blocks of the price's unit of measure.
    pub quantity: Decimal,
    pub consumed_before: Decimal,
    pub slices: Vec<Slice>,
    /// Before discounts and credits, exact, pricing currency.
    pub list_amount: Decimal,
    pub factors: DayFactors,
    /// The list price of one block; blended at 15 digits when the day crosses tiers.
    pub unit_price: Decimal,
    /// After discounts and credits.
    pub effective_unit_price: Decimal,
    /// Exact, pricing currency.
    pub pricing_total: Decimal,
}

impl DayRating {
    /// The day's share of its month.
    #[must_use]
    pub fn as_totals(&self, billing_total: Decimal) -> MonthTotals {
        MonthTotals {
            quantity: self.quantity,
            list_amount: self.list_amount,
            pricing_total: self.pricing_total,
            daily_billing_total: billing_total,
            daily_line_count: 1,
        }
    }
}

/// What a savings plan has paid for: shown at the list price of a first block, and billed at nothing. It moves no
/// counter (SP-5).
///
/// # Errors
/// [`DecimalError::Overflow`] when the list amount does not fit.
pub(super) fn covered_day(price: &MeterPrice, quantity: Decimal) -> Result<DayRating, DecimalError> {
    let unit_price = price.tiers.first_price();
    let list_amount = unit_price.checked_mul(quantity)?;
    Ok(DayRating {
        quantity,
        consumed_before: Decimal::ZERO,
        slices: vec![Slice { from: Decimal::ZERO, to: quantity, quantity, unit_price, amount: list_amount }],
        list_amount,
        factors: DayFactors::COVERED,
        unit_price,
        effective_unit_price: Decimal::ZERO,
        pricing_total: Decimal::ZERO,
    })
}

/// Prices one step of a scope.
///
/// # Errors
/// [`DecimalError::Overflow`] when the exact total does not fit.
pub fn rate_day(step: ScopeStep, quantity: Decimal, factors: DayFactors) -> Result<DayRating, DecimalError> {
    let factor = factors.product()?;
    let pricing_total = step.list_amount.checked_mul(factor)?;
    let (unit_price, effective_unit_price) = match step.slices.as_slice() {
        [slice] if slice.quantity == quantity => (slice.unit_price, slice.unit_price.checked_mul(factor)?),
        _ => (blended_price(step.list_amount, quantity)?, blended_price(pricing_total, quantity)?),
    };
    Ok(DayRating {
        quantity,
        consumed_before: step.consumed_before,
        slices: step.slices,
        list_amount: step.list_amount,
        factors,
        unit_price,
        effective_unit_price,
        pricing_total,
    })
}

/// The daily billing total as it is stored and shown: half-even at 10 decimals, rounded once.
///
/// # Errors
/// [`DecimalError::Overflow`] when it does not fit.
pub fn billing_total(pricing_total: Decimal, rate: Decimal) -> Result<Decimal, DecimalError> {
    pricing_total.mul_rounded(rate, BILLING_TOTAL_DECIMALS, Rounding::HalfEven)
}

/// The total in the billing currency, exact. For comparison; what is written is [`billing_total`].
///
/// # Errors
/// [`DecimalError::Overflow`] when it does not fit.
pub fn billing_total_exact(pricing_total: Decimal, rate: Decimal) -> Result<Decimal, DecimalError> {
    pricing_total.checked_mul(rate)
}

/// The total as older files have it: cut at two decimals (mode `daily_floor2` of RT-12).
///
/// # Errors
/// [`DecimalError::Overflow`] when it does not fit.
pub fn billing_total_floor2(pricing_total: Decimal, rate: Decimal) -> Result<Decimal, DecimalError> {
    pricing_total.mul_rounded(rate, 2, Rounding::TowardZero)
}

/// The price that an amount makes for its quantity: the quotient at 15 significant digits (RT-13),
/// and 0 where there is no quantity.
///
/// # Errors
/// [`DecimalError::Overflow`] when it does not fit.
pub fn blended_price(amount: Decimal, quantity: Decimal) -> Result<Decimal, DecimalError> {
    if quantity.is_zero() {
        return Ok(Decimal::ZERO);
    }
    amount.div_significant(quantity, PRICE_DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::TierBasis;
    use crate::rate::ScopeCounter;
    use crate::rate::scope::tests::{d, price};

    #[track_caller]
    fn check(tiers: &[(&str, &str)], quantity: &str, credit: &str, unit: &str, effective: &str, total: &str) {
        let step = ScopeCounter::default().advance(&price(tiers, "0", TierBasis::Billable), d(quantity)).unwrap();
        let factors = DayFactors { earned_credit_rate: d(credit), ..DayFactors::NONE };
        let rating = rate_day(step, d(quantity), factors).unwrap();
        let found = [rating.unit_price, rating.effective_unit_price, rating.pricing_total];
        assert_eq!(found, [d(unit), d(effective), d(total)]);
    }

    #[test]
    fn prices_are_the_lists_own_or_a_quotient() {
        check(&[("0", "0.045")], "13.7", "0.15", "0.045", "0.03825", "0.524025");
        check(&[("0", "0.045")], "13.7", "0", "0.045", "0.045", "0.6165");
        check(&[("0", "1"), ("100", "0.80")], "101", "0", "0.998019801980198", "0.998019801980198", "100.8");
        check(&[("0", "0.045")], "0", "0", "0", "0", "0");
        check(&[("0", "0.868")], "24", "1", "0.868", "0", "0");
    }

    #[test]
    fn the_billing_total_is_rounded_once() {
        assert_eq!(billing_total(d("0.524025"), d("0.846202666")), Ok(d("0.4434313521")));
        assert_eq!(billing_total_exact(d("0.524025"), d("0.846202666")), Ok(d("0.44343135205065")));
        assert_eq!(billing_total_floor2(d("0.524025"), d("0.846202666")), Ok(d("0.44")));
        assert_eq!(billing_total_floor2(d("-5.5335"), d("0.846202666")), Ok(d("-4.68")));
        // 30 decimals: the exact product does not fit 128 bits.
        let long = d("12345678.123456789012345678901234567891");
        assert_eq!(billing_total(long, d("0.846202666")), Ok(d("10446945.7416470120")));
    }
}
