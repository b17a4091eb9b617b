//! What savings plans pay for in a month, record by record, and what they leave.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::decimal::{Decimal, DecimalError};
use crate::ids::{MeterId, SubscriptionId};
use crate::usage::RecordKey;

/// A part of a record that a plan pays for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoveredPart {
    /// The order that began the plan.
    pub order_id: String,
    /// In blocks of the price's unit of measure; above zero.
    pub quantity: Decimal,
    /// What a block costs the plan, in its currency.
    pub plan_price: Decimal,
}

/// One day of one plan, in its currency. `used + unused = commitment`, exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlanDay {
    /// Of the 24 hours.
    pub commitment: Decimal,
    /// What covered usage cost at the plan's prices.
    pub used: Decimal,
}

impl PlanDay {
    /// What the hours of the day left; it is lost (RT-22).
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] when it does not fit.
    pub fn unused(&self) -> Result<Decimal, DecimalError> {
        self.commitment.checked_sub(self.used)
    }
}

/// The covered parts of records of one subscription and meter, by day and key.
pub type ScopeCoverage = BTreeMap<(Date, RecordKey), Vec<CoveredPart>>;

/// What the plans of a party's customers pay for in a month.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    scopes: BTreeMap<(SubscriptionId, MeterId), ScopeCoverage>,
    /// By order and day, for every day on which the plan was held.
    days: BTreeMap<(String, Date), PlanDay>,
}

/// Where nobody has a plan.
pub static NO_COVERAGE: Coverage = Coverage { scopes: BTreeMap::new(), days: BTreeMap::new() };

impl Coverage {
    pub(super) fn add_day(&mut self, order_id: &str, day: Date, commitment: Decimal) {
        self.days.insert((order_id.to_owned(), day), PlanDay { commitment, used: Decimal::ZERO });
    }

    pub(super) fn add_part(
        &mut self,
        (subscription, meter): (&SubscriptionId, &MeterId),
        (day, key): (Date, RecordKey),
        part: CoveredPart,
    ) -> Result<(), DecimalError> {
        if let Some(of_plan) = self.days.get_mut(&(part.order_id.clone(), day)) {
            of_plan.used = of_plan.used.checked_add(part.plan_price.checked_mul(part.quantity)?)?;
        }
        let scope = self.scopes.entry((subscription.clone(), meter.clone())).or_default();
        scope.entry((day, key)).or_default().push(part);
        Ok(())
    }

    /// The parts of a record that plans pay for, in the order in which they did.
    #[must_use]
    pub fn parts(&self, subscription: &SubscriptionId, meter: &MeterId, at: (Date, RecordKey)) -> &[CoveredPart] {
        self.of_scope(subscription, meter).and_then(|scope| scope.get(&at)).map(Vec::as_slice).unwrap_or_default()
    }

    /// All parts of one subscription and meter.
    #[must_use]
    pub fn of_scope(&self, subscription: &SubscriptionId, meter: &MeterId) -> Option<&ScopeCoverage> {
        if self.scopes.is_empty() {
            return None;
        }
        self.scopes.get(&(subscription.clone(), meter.clone()))
    }

    /// All of it, in order.
    pub fn scopes(&self) -> impl Iterator<Item = (&(SubscriptionId, MeterId), &ScopeCoverage)> {
        self.scopes.iter()
    }

    /// What each plan committed and used, by order and day.
    #[must_use]
    pub fn days(&self) -> &BTreeMap<(String, Date), PlanDay> {
        &self.days
    }
}
