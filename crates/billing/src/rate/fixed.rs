//! The arithmetic of one stretch of a price in whole numbers.
//!
//! Within a stretch every block costs the same, so a day's amounts are its quantity times constants:
//! the list price, that price less discounts and credits, and that in the billing currency. Each
//! constant is an integer at a scale of its own, each product is checked, and where one does not fit
//! 128 bits the answer is none and the caller computes with [`Decimal`]. The figures are the same.

use crate::decimal::{Decimal, Scaled, power_of_ten};
use crate::rate::day::BILLING_TOTAL_DECIMALS;

/// Constants of a stretch, for quantities of one scale.
#[derive(Debug, Clone, Copy)]
pub(super) struct Constants {
    list: Scaled,
    pricing: Scaled,
    billing: i128,
    /// What the product with `billing` is divided by to stand at [`BILLING_TOTAL_DECIMALS`].
    divisor: u128,
}

impl Constants {
    /// `factor` is what discounts and credits leave; `scale` that of the quantities in blocks. List and
    /// pricing amounts get `decimals` of their own where they need fewer, so that those of several
    /// stretches can be added as they are.
    pub(super) fn new(
        unit_price: Decimal,
        factor: Decimal,
        exchange_rate: Decimal,
        scale: u8,
        decimals: (u8, u8),
    ) -> Option<Self> {
        let pricing = unit_price.checked_mul(factor).ok()?;
        let billing = pricing.checked_mul(exchange_rate).ok()?;
        let billing_decimals = scale.checked_add(billing.scale())?;
        // Fewer decimals than are kept: nothing is rounded, the product is brought up to them.
        let missing = BILLING_TOTAL_DECIMALS.saturating_sub(billing_decimals);
        let surplus = billing_decimals.saturating_sub(BILLING_TOTAL_DECIMALS);
        Some(Self {
            list: padded(unit_price, decimals.0, scale)?,
            pricing: padded(pricing, decimals.1, scale)?,
            billing: billing.mantissa().checked_mul(power_of_ten(missing)?)?,
            divisor: power_of_ten(surplus)?.unsigned_abs(),
        })
        .filter(|constants| constants.pricing.scale <= crate::decimal::SCALE_MAX)
    }

    pub(super) fn list_scale(&self) -> u8 {
        self.list.scale
    }

    pub(super) fn pricing_scale(&self) -> u8 {
        self.pricing.scale
    }

    /// List amount, pricing total and billing total of a quantity that is not negative.
    #[inline(always)]
    pub(super) fn amounts(&self, quantity: i128) -> Option<[i128; 3]> {
        let list = quantity.checked_mul(self.list.mantissa)?;
        let pricing = quantity.checked_mul(self.pricing.mantissa)?;
        let billing = quantity.checked_mul(self.billing)?;
        Some([list, pricing, half_even(billing, self.divisor)?])
    }
}

/// The constant for products with numbers of `scale`.
fn padded(constant: Decimal, decimals: u8, scale: u8) -> Option<Scaled> {
    let decimals = decimals.max(constant.scale());
    Some(Scaled { mantissa: Scaled::from(constant).at(decimals)?, scale: scale.checked_add(decimals)? })
}

/// The quotient of two numbers that are not negative, to the nearest, ties to the even digit (RT-12).
#[inline]
fn half_even(number: i128, divisor: u128) -> Option<i128> {
    let number = u128::try_from(number).ok()?;
    let (quotient, rest) = match (u64::try_from(number), u64::try_from(divisor)) {
        (Ok(number), Ok(divisor)) => {
            (u128::from(number.checked_div(divisor)?), u128::from(number.checked_rem(divisor)?))
        }
        _ => {
            let quotient = number.checked_div(divisor)?;
            (quotient, number.checked_sub(quotient.checked_mul(divisor)?)?)
        }
    };
    let is_odd = quotient & 1 == 1;
    let goes_up = match rest.cmp(&divisor.checked_sub(rest)?) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => is_odd,
        std::cmp::Ordering::Greater => true,
    };
    i128::try_from(quotient.checked_add(u128::from(goes_up))?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::Rounding;
    use proptest::prelude::*;

    #[test]
    fn ties_go_to_the_even_digit() {
        for (number, divisor, expected) in
            [(25, 10, 2), (35, 10, 4), (24, 10, 2), (26, 10, 3), (7, 1, 7), (0, 10, 0), (5, 10, 0), (15, 10, 2)]
        {
            assert_eq!(half_even(number, divisor), Some(expected), "{number} / {divisor}");
        }
        let large = 10_i128.pow(30);
        assert_eq!(half_even(large + 5 * 10_i128.pow(19), 10_u128.pow(20)), Some(10_i128.pow(10)));
        assert_eq!(half_even(-1, 10), None);
    }

    proptest! {
        #[test]
        fn whole_numbers_say_what_decimals_say(
            quantity in 0..10_i128.pow(18),
            scale in 0..=26_u8,
            price in (0..10_i128.pow(9), 0..=10_u8),
            factor in (0..=100_i128, 0..=2_u8),
            rate in (1..10_i128.pow(10), 0..=9_u8),
            decimals in (0..=10_u8, 0..=12_u8),
        ) {
            let number = |(mantissa, scale): (i128, u8)| Decimal::new(mantissa, scale).unwrap();
            let (price, factor, rate) = (number(price), number(factor), number(rate));
            let exact = number((quantity, scale));
            let constants = Constants::new(price, factor, rate, scale, decimals);
            if let Some((constants, [list, pricing, billing])) = constants.and_then(|c| Some((c, c.amounts(quantity)?))) {
                prop_assert_eq!(Decimal::new(list, constants.list_scale()), exact.checked_mul(price));
                let total = exact.checked_mul(price).unwrap().checked_mul(factor).unwrap();
                prop_assert_eq!(Decimal::new(pricing, constants.pricing_scale()), Ok(total));
                let rounded = total.mul_rounded(rate, BILLING_TOTAL_DECIMALS, Rounding::HalfEven);
                prop_assert_eq!(Decimal::new(billing, BILLING_TOTAL_DECIMALS), rounded);
            } else {
                // Only what is too long for 128 bits is left to the other arithmetic.
                let digits = quantity * price.mantissa().max(1);
                let padding = 10_i128.pow(u32::from(decimals.0.max(decimals.1)));
                let most = factor.mantissa().max(1) * (rate.mantissa() * 10_i128.pow(10)).max(padding);
                prop_assert!(digits.checked_mul(most).is_none() || scale > 15);
            }
        }
    }
}
