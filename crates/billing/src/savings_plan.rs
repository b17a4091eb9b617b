//! What a savings plan covers: a commitment of so much an hour, used at a lower price.
//!
//! Rule RT-22 (docs/rules/savings-plan.md). Amounts are units of the pricing currency, quantities
//! hours of one unit. Costs that need no division are exact; every quotient is formed from exact
//! numbers and rounded once, to 15 significant digits (RT-13).

mod cover;
mod coverage;
mod rates;
mod taken_back;

pub use cover::{CoverError, CoverInputs, PlanUsage, PlanUsageRow, cover};
pub use coverage::{Coverage, CoveredPart, NO_COVERAGE, PlanDay, ScopeCoverage};
pub use rates::{PlanPrice, PlanRate, PlanRates};
pub use taken_back::{PaidScope, PaidScopes, take_back};

use crate::decimal::{Decimal, DecimalError};
use crate::rate::PRICE_DIGITS;

/// What a covered line costs: nothing, the commitment has paid for it.
pub const COVERED_LINE_BILLED: Decimal = Decimal::ZERO;

/// A commitment and the prices of one meter under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SavingsPlan {
    commitment_per_hour: Decimal,
    pay_as_you_go_rate: Decimal,
    /// What the plan leaves of the pay-as-you-go rate; exact.
    plan_rate: Decimal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SavingsPlanError {
    #[error("a commitment, a rate or a number of hours is negative")]
    Negative,
    #[error("the discount does not lie between 0 and 1")]
    Discount,
    #[error(transparent)]
    Number(#[from] DecimalError),
}

impl SavingsPlanError {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Negative => "savings_plan.negative",
            Self::Discount => "savings_plan.discount_out_of_range",
            Self::Number(error) => error.code(),
        }
    }
}

/// Equal hours under a plan, with one unit in use all the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SavingsPlanHours {
    pub covered_quantity: Decimal,
    pub pay_as_you_go_quantity: Decimal,
    pub pay_as_you_go_cost: Decimal,
    /// Exact; owed whether it is used or not.
    pub commitment_cost: Decimal,
    /// What the hours left of the commitment; it is lost.
    pub unused_commitment: Decimal,
    /// Commitment and pay-as-you-go cost together.
    pub effective_total: Decimal,
    /// What the hours cost without a plan; exact.
    pub retail_total: Decimal,
}

impl SavingsPlan {
    /// # Errors
    /// A negative commitment or rate, or a discount that is no fraction of 1.
    pub fn new(
        commitment_per_hour: Decimal,
        pay_as_you_go_rate: Decimal,
        discount: Decimal,
    ) -> Result<Self, SavingsPlanError> {
        if commitment_per_hour.is_negative() || pay_as_you_go_rate.is_negative() {
            return Err(SavingsPlanError::Negative);
        }
        if discount.is_negative() || discount > Decimal::ONE {
            return Err(SavingsPlanError::Discount);
        }
        let plan_rate = pay_as_you_go_rate.checked_mul(Decimal::ONE.checked_sub(discount)?)?;
        Ok(Self { commitment_per_hour, pay_as_you_go_rate, plan_rate })
    }

    /// The price of a covered hour.
    #[must_use]
    pub fn plan_rate(&self) -> Decimal {
        self.plan_rate
    }

    /// Covers each of `hours` by itself: nothing is carried from one hour to the next.
    ///
    /// # Errors
    /// Negative hours, or an amount that does not fit.
    pub fn cover(&self, hours: Decimal) -> Result<SavingsPlanHours, SavingsPlanError> {
        if hours.is_negative() {
            return Err(SavingsPlanError::Negative);
        }
        let commitment_cost = self.commitment_per_hour.checked_mul(hours)?;
        let retail_total = self.pay_as_you_go_rate.checked_mul(hours)?;
        if self.commitment_per_hour >= self.plan_rate {
            let used = self.plan_rate.checked_mul(hours)?;
            return Ok(SavingsPlanHours {
                covered_quantity: sig15(hours, Decimal::ONE)?,
                pay_as_you_go_quantity: Decimal::ZERO,
                pay_as_you_go_cost: Decimal::ZERO,
                commitment_cost,
                unused_commitment: sig15(commitment_cost.checked_sub(used)?, Decimal::ONE)?,
                effective_total: sig15(commitment_cost, Decimal::ONE)?,
                retail_total,
            });
        }
        // A share A/C of each hour is covered. All results are kept as numerators over C, the plan
        // rate, which is above zero here, so that each of them is divided and rounded once.
        let rest = self.plan_rate.checked_sub(self.commitment_per_hour)?.checked_mul(hours)?;
        let rest_cost = rest.checked_mul(self.pay_as_you_go_rate)?;
        let total = rest_cost.checked_add(commitment_cost.checked_mul(self.plan_rate)?)?;
        Ok(SavingsPlanHours {
            covered_quantity: sig15(commitment_cost, self.plan_rate)?,
            pay_as_you_go_quantity: sig15(rest, self.plan_rate)?,
            pay_as_you_go_cost: sig15(rest_cost, self.plan_rate)?,
            commitment_cost,
            unused_commitment: Decimal::ZERO,
            effective_total: sig15(total, self.plan_rate)?,
            retail_total,
        })
    }
}

fn sig15(numerator: Decimal, denominator: Decimal) -> Result<Decimal, DecimalError> {
    numerator.div_significant(denominator, PRICE_DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    /// `[commitment, rate, discount]` over 24 hours.
    #[track_caller]
    fn check(plan: [&str; 3], expected: [&str; 5]) {
        let [commitment, rate, discount] = plan.map(d);
        let hours = SavingsPlan::new(commitment, rate, discount).unwrap().cover(d("24")).unwrap();
        let found = [
            hours.covered_quantity,
            hours.pay_as_you_go_quantity,
            hours.pay_as_you_go_cost,
            hours.unused_commitment,
            hours.effective_total,
        ];
        assert_eq!(found, expected.map(d), "{plan:?}");
    }

    #[test]
    fn a_commitment_covers_a_share_of_each_hour() {
        check(["1", "4", "0.5"], ["12", "12", "48", "0", "72"]);
        let quotients = ["1.07232626169908", "22.9276737383009", "7.48359270818142", "0", "7.72359270818142"];
        check(["0.01", "0.3264", "0.3143"], quotients);
        check(["0", "4", "0.5"], ["0", "24", "96", "0", "96"]);
    }

    #[test]
    fn what_an_hour_does_not_use_is_lost() {
        check(["3", "4", "0.5"], ["24", "0", "0", "24", "72"]);
        check(["2", "4", "0.5"], ["24", "0", "0", "0", "48"]);
        check(["0.5", "4", "1"], ["24", "0", "0", "12", "12"]);
    }

    #[test]
    fn impossible_plans_are_refused() {
        let code = |plan: [&str; 3]| {
            let [commitment, rate, discount] = plan.map(d);
            SavingsPlan::new(commitment, rate, discount).and_then(|plan| plan.cover(d("-1"))).unwrap_err().code()
        };
        assert_eq!(code(["-1", "4", "0.5"]), "savings_plan.negative");
        assert_eq!(code(["1", "-4", "0.5"]), "savings_plan.negative");
        assert_eq!(code(["1", "4", "1.5"]), "savings_plan.discount_out_of_range");
        assert_eq!(code(["1", "4", "-0.5"]), "savings_plan.discount_out_of_range");
        assert_eq!(code(["1", "4", "0.5"]), "savings_plan.negative");
    }

    proptest! {
        /// Covered and uncovered hours are the hours, but for the last of 15 digits.
        #[test]
        fn every_hour_is_covered_or_paid(
            commitment in 0_i64..500,
            rate in 1_i64..400,
            percent in 0_i128..100,
            hours in 1_i64..745,
        ) {
            let [commitment, rate, hours] = [commitment, rate, hours].map(Decimal::from_integer);
            let plan = SavingsPlan::new(commitment, rate, Decimal::new(percent, 2).unwrap()).unwrap();
            let cover = plan.cover(hours).unwrap();
            let both = cover.covered_quantity.checked_add(cover.pay_as_you_go_quantity).unwrap();
            let distance = both.checked_sub(hours).unwrap().abs().unwrap();
            prop_assert!(distance < d("1e-11"), "{cover:?}");
            prop_assert!(!cover.pay_as_you_go_quantity.is_negative() && !cover.unused_commitment.is_negative());
        }
    }
}
