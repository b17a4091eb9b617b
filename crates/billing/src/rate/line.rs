//! A daily rated line as it is stored and read back.

use jiff::civil::Date;

use crate::decimal::Decimal;
use crate::money::Currency;
use crate::price::Product;
use crate::rate::day::DayFactors;
use crate::rate::party::ScopeKey;
use crate::usage::{MeterDescription, RecordKey, UsageRecord};

/// A record with its price: stored once and never rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatedLine {
    pub key: RecordKey,
    pub record: UsageRecord,
    pub scope: ScopeKey,
    pub figures: LineFigures,
    pub product: Product,
    /// The meter and the unit of measure in the words of the price.
    pub price_meter: MeterDescription,
    pub price_unit: String,
    pub pricing_currency: Currency,
    pub billing_currency: Currency,
    pub exchange_rate_dated: Date,
}

/// What a day was rated at; how, is computed again where it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineFigures {
    /// In blocks of the price's unit of measure.
    pub quantity: Decimal,
    pub factors: DayFactors,
    /// The list price of one block; blended at 15 digits when the day crosses tiers (RT-13).
    pub unit_price: Decimal,
    /// After discounts and credits.
    pub effective_unit_price: Decimal,
    /// Exact, pricing currency.
    pub pricing_total: Decimal,
    pub exchange_rate: Decimal,
    /// Half-even at 10 decimals (RT-12), billing currency.
    pub billing_total: Decimal,
}
