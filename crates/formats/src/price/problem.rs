//! What can be wrong with a line of a price list.

use billing::decimal::Decimal;
use billing::ids::MeterId;
use billing::price::TierError;
use jiff::civil::Date;

use crate::error::Fault;

/// Why a line of a price list is set aside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceLineError {
    #[error("{found:?} here and {earlier:?} on line {line}, for the same price")]
    Contradiction { found: String, earlier: String, line: u64 },
    #[error("meter {meter} is left out as a whole because line {line} of it was refused")]
    MeterRejected { meter: MeterId, line: u64 },
    #[error("meter {meter} has two prices that start on {from}; the other one is on line {line}")]
    Duplicate { meter: MeterId, from: Date, line: u64 },
    #[error("a reservation is bought for a term and has no price per metered unit")]
    Reservation,
    #[error("the line names no meter")]
    MeterMissing,
    #[error("the price starts on {from} and would end before that day is over")]
    EndsBeforeStart { from: Date },
    #[error("the earned credit is a fraction between 0 and 1, not {0}")]
    EarnedCredit(Decimal),
    #[error("the included quantity {0} is negative")]
    IncludedNegative(Decimal),
    #[error("{0:?} is not a tier basis; known are billable and consumed")]
    TierBasis(String),
    #[error(transparent)]
    Tier(#[from] TierError),
}

impl PriceLineError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Contradiction { .. } => "price.line.contradiction",
            Self::MeterRejected { .. } => "price.line.meter_rejected",
            Self::Duplicate { .. } => "price.meter.duplicate",
            Self::Reservation => "price.line.reservation",
            Self::MeterMissing => "price.line.meter_missing",
            Self::EndsBeforeStart { .. } => "price.line.ends_before_start",
            Self::EarnedCredit(_) => "price.line.earned_credit_out_of_range",
            Self::IncludedNegative(_) => "price.line.included_quantity_negative",
            Self::TierBasis(_) => "price.line.tier_basis_unknown",
            Self::Tier(error) => error.code(),
        }
    }
}

impl From<PriceLineError> for Fault {
    fn from(error: PriceLineError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}
