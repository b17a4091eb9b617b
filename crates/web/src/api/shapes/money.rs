//! Amounts on the wire.

use billing::decimal::Decimal;
use billing::money::{Amount, Currency};
use engine::EngineResult;
use engine::paying::amount_in;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An exact amount, with all digits of its currency.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct Money {
    #[schema(format = "decimal", examples("12.30"))]
    pub(crate) amount: String,
    /// ISO 4217.
    #[schema(examples("EUR"))]
    pub(crate) currency: String,
}

impl From<Amount> for Money {
    fn from(amount: Amount) -> Self {
        Self { amount: amount.to_plain(), currency: amount.currency.to_string() }
    }
}

/// An exact amount, with no more digits than its currency has.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMoney {
    #[schema(value_type = String, format = "decimal", examples("12.30"))]
    pub(crate) amount: Decimal,
    /// ISO 4217.
    #[schema(value_type = String, format = "currency", examples("EUR"))]
    pub(crate) currency: Currency,
}

impl NewMoney {
    /// # Errors
    /// `payment.amount`
    pub(crate) fn exact(self) -> EngineResult<Amount> {
        amount_in(self.amount, self.currency)
    }
}
