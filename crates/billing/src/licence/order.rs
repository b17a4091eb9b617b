//! What a customer orders: purchases of licences and changes of them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::decimal::{Decimal, DecimalError};
use crate::fx::FxError;
use crate::ids::{CustomerId, SubscriptionId};
use crate::licence::{AnchorRule, BillingPlan, LicenceError, OfferKey};
use crate::money::Currency;

/// One order. Orders of one customer happen in the order of their times; of one time, in that of
/// their acceptance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenceOrder {
    /// Names it for good: the same order is accepted once.
    pub order_id: String,
    pub customer: CustomerId,
    pub subscription: SubscriptionId,
    pub ordered_at: Timestamp,
    pub action: OrderAction,
}

/// An accepted order with its place among those of all parties, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedOrder {
    pub place: u64,
    pub order: LicenceOrder,
}

/// What is ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderAction {
    Purchase(Purchase),
    /// Another number of seats from this day on.
    ChangeSeats {
        seats: u32,
    },
    /// All seats are given back.
    Cancel,
    /// Seats become those of another product: of a new subscription, or of one that exists.
    Upgrade {
        seats: u32,
        target: SubscriptionId,
        to: Option<UpgradeTo>,
    },
    /// Another plan from the next charge cycle on.
    ChangePlan {
        plan: BillingPlan,
    },
    /// Whether the term renews by itself.
    SetAutoRenew {
        auto_renew: bool,
    },
}

/// A first purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    pub offer: OfferKey,
    pub seats: u32,
    pub auto_renew: bool,
    /// The last day of the term where it is to end with others (LC-9).
    pub ends_on: Option<Date>,
    /// Fractions of the price, one after another, for the first term (LC-12).
    pub discounts: Vec<Discount>,
    #[serde(default)]
    pub anchor_rule: AnchorRule,
}

/// A discount with its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discount {
    pub rate: Decimal,
    /// Such as "Promotion".
    pub name: String,
}

/// The product of a new subscription that seats are upgraded to; term and plan stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpgradeTo {
    pub product_id: String,
    pub sku_id: String,
}

impl LicenceOrder {
    /// The UTC day of the order.
    #[must_use]
    pub fn ordered_on(&self) -> Date {
        TimeZone::UTC.to_datetime(self.ordered_at).date()
    }

    /// Whether it begins or changes a subscription, or moves seats to it.
    #[must_use]
    pub fn concerns(&self, subscription: &SubscriptionId) -> bool {
        let target = match &self.action {
            OrderAction::Upgrade { target, .. } => Some(target),
            _ => None,
        };
        self.subscription == *subscription || target == Some(subscription)
    }

    /// The subscription that it begins.
    #[must_use]
    pub fn begins(&self) -> Option<&SubscriptionId> {
        match &self.action {
            OrderAction::Purchase(_) => Some(&self.subscription),
            OrderAction::Upgrade { target, to: Some(_), .. } => Some(target),
            _ => None,
        }
    }
}

/// Digits of a price after its discounts. With the days of any cycle and any number of seats a charge then
/// fits, at any exchange rate.
pub(super) const PRICE_DIGITS_MAX: u8 = 28;

/// What classic licences do not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotClassic {
    #[error("seats are not upgraded from it or to it; cancel and buy the other product instead")]
    Upgrade,
    #[error("its plan does not change; cancel it and buy it anew")]
    ChangeOfPlan,
    #[error("its term is a year and does not end with others; leave the last day out")]
    CommonEnd,
    #[error("its price in {0} is not in the currency of the invoice, in which it is billed")]
    Currency(Currency),
}

/// Why an order cannot be accepted, or a month not be charged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    #[error("there is no subscription {0:?} at that time")]
    Unknown(SubscriptionId),
    #[error("subscription {subscription:?} ended on {ended_on}")]
    Ended { subscription: SubscriptionId, ended_on: Date },
    #[error("subscription {0:?} exists already; a purchase needs an id of its own")]
    Exists(SubscriptionId),
    #[error("subscription {0:?} was bought once for good: it can be given back, and nothing else changes")]
    OneTime(SubscriptionId),
    #[error(
        "seats are given back within {hours} hours of their order; later, at the end of the term: turn auto-renewal off"
    )]
    WindowClosed { hours: i64 },
    #[error("subscription {subscription:?} has {seats} seats, fewer than {wanted}")]
    TooFewSeats { subscription: SubscriptionId, seats: u32, wanted: u32 },
    #[error("no price of product {product:?}, SKU {sku:?}, is in force on {day} for this term and plan", product = .key.product_id, sku = .key.sku_id)]
    PriceMissing { key: OfferKey, day: Date },
    #[error("a discount lies between 0 and 1")]
    Discount,
    #[error("the price {0} has more than {PRICE_DIGITS_MAX} digits, too many to bill every part of it exactly")]
    PriceTooLong(Decimal),
    #[error("{seats} seats at {price} are more than one charge may come to")]
    TooLarge { seats: Decimal, price: Decimal },
    #[error("a classic licence cannot do that: {0}")]
    NotClassic(NotClassic),
    #[error(transparent)]
    Licence(#[from] LicenceError),
    #[error(transparent)]
    Rate(#[from] FxError),
}

impl From<DecimalError> for OrderError {
    fn from(error: DecimalError) -> Self {
        Self::Licence(error.into())
    }
}

impl OrderError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "order.subscription_unknown",
            Self::Ended { .. } => "order.subscription_ended",
            Self::Exists(_) => "order.subscription_exists",
            Self::OneTime(_) => "order.one_time",
            Self::WindowClosed { .. } => "order.window_closed",
            Self::TooFewSeats { .. } => "order.too_few_seats",
            Self::PriceMissing { .. } => "order.price_missing",
            Self::Discount => "order.discount_out_of_range",
            Self::PriceTooLong(_) => "order.price_too_long",
            Self::TooLarge { .. } => "order.amount_too_large",
            Self::NotClassic(_) => "order.not_classic",
            Self::Licence(error) => error.code(),
            Self::Rate(error) => error.code(),
        }
    }
}
