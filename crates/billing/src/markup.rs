//! What a reseller asks for what it was charged.
//!
//! Rule CO-11 (docs/rules/markup.md). All amounts are in one currency; the price is rounded half-up,
//! once, at the currency's decimals.

use crate::decimal::{Decimal, DecimalError, Rounding};

/// How a price is made of a cost. Rates are fractions of 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Markup {
    /// cost x (1 + rate)
    PercentOnCost { rate: Decimal },
    /// cost / (1 - rate): the rate is a share of the price.
    MarginOnPrice { rate: Decimal },
    /// cost + fee x quantity
    FixedPerUnit { fee: Decimal, quantity: Decimal },
    /// list x (1 - rate), whatever the cost
    PercentOfList { list: Decimal, rate: Decimal },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MarkupError {
    #[error("a margin is less than the whole price")]
    MarginTooLarge,
    #[error(transparent)]
    Number(#[from] DecimalError),
}

impl MarkupError {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::MarginTooLarge => "markup.margin_too_large",
            Self::Number(error) => error.code(),
        }
    }
}

impl Markup {
    /// The price for `cost`, at `decimals`.
    ///
    /// # Errors
    /// A margin of 1 or more, or a number that does not fit.
    pub fn price(self, cost: Decimal, decimals: u8) -> Result<Decimal, MarkupError> {
        let price = match self {
            Self::PercentOnCost { rate } => {
                cost.mul_rounded(Decimal::ONE.checked_add(rate)?, decimals, Rounding::HalfUp)?
            }
            Self::MarginOnPrice { rate } if rate >= Decimal::ONE => return Err(MarkupError::MarginTooLarge),
            Self::MarginOnPrice { rate } => {
                cost.div_rounded(Decimal::ONE.checked_sub(rate)?, decimals, Rounding::HalfUp)?
            }
            Self::FixedPerUnit { fee, quantity } => {
                cost.checked_add(fee.checked_mul(quantity)?)?.rounded(decimals, Rounding::HalfUp)?
            }
            Self::PercentOfList { list, rate } => {
                list.mul_rounded(Decimal::ONE.checked_sub(rate)?, decimals, Rounding::HalfUp)?
            }
        };
        Ok(price)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn each_kind_has_its_price() {
        let rate = d("0.12");
        for (markup, cost, price) in [
            (Markup::PercentOnCost { rate }, "131.69", Ok(d("147.49"))),
            (Markup::PercentOnCost { rate: d("-0.5") }, "0.01", Ok(d("0.01"))),
            (Markup::MarginOnPrice { rate }, "131.69", Ok(d("149.65"))),
            (Markup::MarginOnPrice { rate: d("1") }, "131.69", Err("markup.margin_too_large")),
            (Markup::FixedPerUnit { fee: d("0.005"), quantity: d("3") }, "1", Ok(d("1.02"))),
            (Markup::PercentOfList { list: d("200"), rate }, "131.69", Ok(d("176"))),
            (Markup::PercentOnCost { rate }, "-131.69", Ok(d("-147.49"))),
        ] {
            assert_eq!(markup.price(d(cost), 2).map_err(MarkupError::code), price, "{markup:?}");
        }
    }
}
