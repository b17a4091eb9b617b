//! The price of one seat for a part of a cycle: a fraction that is never rounded.
//!
//! Rules LC-6, LC-12 (docs/rules/proration.md).

use crate::decimal::{Decimal, DecimalError, Rounding};
use crate::licence::seat::SeatRounding;
use crate::rate::PRICE_DIGITS;

/// `dividend / divisor`, exact; below zero for what is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EffectivePrice {
    dividend: Decimal,
    divisor: Decimal,
}

impl EffectivePrice {
    /// The price of a whole cycle.
    #[must_use]
    pub fn whole(unit_price: Decimal) -> Self {
        Self { dividend: unit_price, divisor: Decimal::ONE }
    }

    /// `part` of `whole` days or months.
    ///
    /// # Errors
    /// [`DecimalError::DivisionByZero`] of nothing, [`DecimalError::Overflow`] of too many digits.
    pub fn prorated(unit_price: Decimal, part: Decimal, whole: Decimal) -> Result<Self, DecimalError> {
        if whole.is_zero() {
            return Err(DecimalError::DivisionByZero);
        }
        if part == whole {
            return Ok(Self::whole(unit_price));
        }
        Ok(Self { dividend: unit_price.checked_mul(part)?, divisor: whole })
    }

    /// The price that a stored line is the quotient of.
    ///
    /// # Errors
    /// [`DecimalError::DivisionByZero`]
    pub fn of_fraction(dividend: Decimal, divisor: Decimal) -> Result<Self, DecimalError> {
        if divisor.is_zero() { Err(DecimalError::DivisionByZero) } else { Ok(Self { dividend, divisor }) }
    }

    /// Dividend and divisor.
    #[must_use]
    pub fn fraction(self) -> (Decimal, Decimal) {
        (self.dividend, self.divisor)
    }

    /// # Errors
    /// [`DecimalError::Overflow`]
    pub fn negated(self) -> Result<Self, DecimalError> {
        Ok(Self { dividend: self.dividend.negated()?, ..self })
    }

    /// The product with `factor`, exact; tests compare with it.
    #[cfg(test)]
    pub(crate) fn times(self, factor: Decimal) -> Result<Decimal, DecimalError> {
        self.dividend.checked_mul(factor)?.div_exact(self.divisor)
    }

    /// At 15 significant digits, as it is printed (LC-6).
    ///
    /// # Errors
    /// [`DecimalError::Overflow`]
    pub fn printed(self) -> Result<Decimal, DecimalError> {
        self.dividend.div_significant(self.divisor, PRICE_DIGITS)
    }

    /// What `seats` cost at `decimals` of the billing currency; `rate` is billing currency for one of
    /// the pricing currency. Cut toward zero, once, from the exact fraction.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`]
    pub fn subtotal(
        self,
        seats: Decimal,
        rate: Decimal,
        decimals: u8,
        rounding: SeatRounding,
    ) -> Result<Decimal, DecimalError> {
        let cut = |seats| {
            let factors = [self.dividend, rate, seats];
            Decimal::product_div_rounded(factors, self.divisor, decimals, Rounding::TowardZero)
        };
        match rounding {
            SeatRounding::UnitTruncated => cut(Decimal::ONE)?.mul_rounded(seats, decimals, Rounding::TowardZero),
            SeatRounding::LineTruncated => cut(seats),
        }
    }
}

/// A list price after its discounts, each a fraction of 1 (LC-12).
///
/// # Errors
/// [`DecimalError::Overflow`] when the price has too many digits.
pub fn discounted(unit_price: Decimal, discounts: &[Decimal]) -> Result<Decimal, DecimalError> {
    discounts.iter().try_fold(unit_price, |price, discount| price.checked_mul(Decimal::ONE.checked_sub(*discount)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn discounts_multiply() {
        for (discounts, expected) in [(vec![], "10.08"), (vec!["0.1", "0.05"], "8.6184"), (vec!["0.2", "1"], "0")] {
            let discounts: Vec<Decimal> = discounts.into_iter().map(d).collect();
            assert_eq!(discounted(d("10.08"), &discounts), Ok(d(expected)), "{discounts:?}");
        }
    }

    #[test]
    fn a_fraction_is_cut_once() {
        // A third of 10 is no decimal; 0.3 of it would be 0.999... if it had been cut before.
        let third = EffectivePrice::prorated(d("10"), d("1"), d("3")).unwrap();
        assert_eq!(third.printed(), Ok(d("3.33333333333333")));
        assert_eq!(third.subtotal(d("3"), d("1"), 2, SeatRounding::LineTruncated), Ok(d("10")));
        assert_eq!(third.subtotal(d("3"), d("1"), 2, SeatRounding::UnitTruncated), Ok(d("9.99")));
        assert_eq!(EffectivePrice::prorated(d("10"), d("1"), d("0")), Err(DecimalError::DivisionByZero));
    }

    proptest! {
        #![proptest_config(crate::properties::cases(100_000))]

        /// The parts of a cycle, before they are cut, make up its price; what cutting takes from each
        /// is less than a minor unit.
        #[test]
        fn parts_of_a_cycle_add_up_to_it(
            cents in 0_i128..10_000_000,
            parts in prop::collection::vec(1_i64..400, 1..12),
            seats in 1_i64..1_000,
        ) {
            let price = Decimal::new(cents, 2).unwrap();
            let whole = Decimal::from_integer(parts.iter().sum());
            let seats = Decimal::from_integer(seats);
            let mut dividends = Decimal::ZERO;
            let mut cut = Decimal::ZERO;
            for part in &parts {
                let part = EffectivePrice::prorated(price, Decimal::from_integer(*part), whole).unwrap();
                dividends = dividends.checked_add(part.dividend.checked_mul(whole).unwrap().div_exact(part.divisor).unwrap()).unwrap();
                cut = cut.checked_add(part.subtotal(seats, Decimal::ONE, 2, SeatRounding::LineTruncated).unwrap()).unwrap();
            }
            prop_assert_eq!(dividends, price.checked_mul(whole).unwrap());
            let lost = price.checked_mul(seats).unwrap().checked_sub(cut).unwrap();
            let bound = Decimal::new(i128::try_from(parts.len()).unwrap(), 2).unwrap();
            prop_assert!(!lost.is_negative() && lost < bound, "{lost} of {bound}");
        }
    }
}
