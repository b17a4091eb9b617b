//! Licences: seats of a product, bought for a term and charged cycle by cycle.
//!
//! Rules LC-1 to LC-23 (docs/rules/charge-cycles.md, charge-types.md, proration.md, refund-windows.md,
//! seat-line.md, classic-licences.md, licence-subscriptions.md). Two generations are kept apart: the new commerce, whose changes take back
//! the rest of a cycle and charge it anew, and classic licences with their own roundings.
//!
//! Days are half-open inside; files and wires write the last day instead of the end. Prices are in
//! the pricing currency, subtotals in the billing currency at its decimals.

mod change;
mod charge_type;
mod classic;
mod classic_charge;
mod classic_portfolio;
mod cycle;
mod effective_price;
mod generations;
mod held_plans;
mod late;
mod offer;
mod order;
mod portfolio;
mod seat;
mod seat_count;
mod window;

pub use change::{
    ChargedCycle, LicenceCharge, Upgrade, cancel, change_plan, change_quantity, charge_cycle, charge_until, convert,
    refund,
};
pub use charge_type::{ChargeType, ParsedChargeType};
pub use classic::{
    ClassicProration, ClassicRefund, ClassicRefundRounding, FULL_REFUND_DAYS, Fee, FeeTreatment, LicenceFee,
    ProratedSpan, refund_classic,
};
pub use classic_charge::ClassicCharge;
pub(crate) use classic_charge::taken_off;
pub use classic_portfolio::ClassicLine;
pub use cycle::{AnchorRule, Cycle, anchored_day, cycle_starting_at};
pub use effective_price::{EffectivePrice, discounted};
pub use generations::{LicenceCharges, licence_charges, plan_holdings};
pub use held_plans::PlanHolding;
pub use late::late_charges;
pub use offer::{
    BillingPlan, Generation, KnownOffers, LicenceOffer, OfferBook, OfferKey, ProductCategory, RefundHours, TRIAL, Term,
};
pub use order::{Discount, LicenceOrder, NotClassic, OrderAction, OrderError, PlacedOrder, Purchase, UpgradeTo};
pub use portfolio::{LicenceFailure, LicenceLine, OffersOn, licence_lines};
pub use seat::{SeatRounding, seat_subtotal};
pub use seat_count::{CountedLine, seats_after};
pub use window::{Refund, RefundWindow};

use crate::decimal::DecimalError;

/// Why a change of a licence cannot be charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LicenceError {
    #[error("the day does not lie in the charge cycle")]
    OutsideCycle,
    #[error("a number of seats is not above zero")]
    SeatsNotPositive,
    #[error("the number of seats stays the same")]
    SeatsUnchanged,
    #[error("a plan has at least one month, and no more remain than it has")]
    PlanMonths,
    #[error("the day is beyond the calendar")]
    Calendar,
    #[error(transparent)]
    Number(#[from] DecimalError),
}

impl LicenceError {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::OutsideCycle => "licence.outside_cycle",
            Self::SeatsNotPositive => "licence.seats_not_positive",
            Self::SeatsUnchanged => "licence.seats_unchanged",
            Self::PlanMonths => "licence.plan_months",
            Self::Calendar => "licence.calendar",
            Self::Number(error) => error.code(),
        }
    }
}
