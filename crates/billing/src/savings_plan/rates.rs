//! What a savings plan pays for: meters with the plan's price of each, list by list.
//!
//! Rule SP-2 (docs/rules/savings-plan.md).

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::decimal::{Decimal, DecimalError};
use crate::ids::MeterId;
use crate::licence::{PlanHolding, Term};
use crate::period::DayRange;
use crate::rate::PRICE_DIGITS;

/// What a plan's price of a meter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanPrice {
    /// The fraction that is taken off the list price, 0 to 1.
    Discount(Decimal),
    /// Of one block of the list price, in the currency of the plan.
    UnitPrice(Decimal),
}

impl PlanPrice {
    /// The plan's price of a block, where its list price is `list_price`, at 15 digits (RT-13).
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] when it does not fit.
    pub fn of(self, list_price: Decimal) -> Result<Decimal, DecimalError> {
        match self {
            Self::Discount(rate) => {
                let left = Decimal::ONE.checked_sub(rate)?;
                list_price.checked_mul(left)?.div_significant(Decimal::ONE, PRICE_DIGITS)
            }
            Self::UnitPrice(price) => price.div_significant(Decimal::ONE, PRICE_DIGITS),
        }
    }
}

/// One meter that a plan pays for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRate {
    /// Of the plan.
    pub product_id: String,
    pub sku_id: String,
    /// `None` for the plan of every term.
    pub term: Option<Term>,
    pub meter: MeterId,
    pub price: PlanPrice,
    pub effective: DayRange,
}

impl PlanRate {
    fn is_of_term(&self, term: Option<Term>) -> bool {
        self.term.is_none() || self.term == term
    }
}

/// The lists of all plans, in the order of their import.
#[derive(Debug, Clone, Default)]
pub struct PlanRates {
    /// By product and SKU of the plan, then by meter.
    plans: BTreeMap<(String, String), BTreeMap<MeterId, Vec<PlanRate>>>,
}

impl PlanRates {
    #[must_use]
    pub fn new(lists: impl IntoIterator<Item = Vec<PlanRate>>) -> Self {
        let mut rates = Self::default();
        for rate in lists.into_iter().flatten() {
            let plan = rates.plans.entry((rate.product_id.clone(), rate.sku_id.clone())).or_default();
            plan.entry(rate.meter.clone()).or_default().push(rate);
        }
        rates
    }

    /// What the plan pays for, by meter; `None` where no list names it.
    pub(super) fn of_plan(&self, plan: &PlanHolding) -> Option<&BTreeMap<MeterId, Vec<PlanRate>>> {
        self.plans.get(&(plan.product.product_id.clone(), plan.product.sku_id.clone()))
    }

    /// Whether some line is for the plan's term and in force on one of its days.
    pub(super) fn pays_for_something(&self, plan: &PlanHolding) -> bool {
        let is_in_force = |rate: &PlanRate| {
            let begins = rate.effective.from < plan.days.until;
            begins && rate.effective.until.is_none_or(|until| until > plan.days.from)
        };
        let rates = self.of_plan(plan).into_iter().flat_map(BTreeMap::values).flatten();
        rates.filter(|rate| rate.is_of_term(plan.term)).any(is_in_force)
    }

    /// The meters that some of `plans` pay for, on whatever days.
    pub fn meters<'r>(&'r self, plans: &'r [PlanHolding]) -> impl Iterator<Item = &'r MeterId> {
        plans.iter().filter_map(|plan| self.of_plan(plan)).flat_map(BTreeMap::keys)
    }

    /// The price in force on `day`: that of the plan's own term first, then the latest start, then the latest
    /// import.
    pub(super) fn price(&self, plan: &PlanHolding, meter: &MeterId, day: Date) -> Option<PlanPrice> {
        let rates = self.of_plan(plan)?.get(meter)?.iter();
        let in_force = rates
            .filter(|rate| rate.effective.contains(day) && rate.is_of_term(plan.term))
            // Of equals the last one is taken.
            .max_by_key(|rate| (rate.term.is_some(), rate.effective.from))?;
        Some(in_force.price)
    }
}
