//! Rating: usage and prices become daily rated lines, and those the lines of a month.

mod bulk;
mod day;
mod fixed;
mod month;
mod party;
mod scope;

pub use bulk::{BulkRater, DayAmounts, LinePrices};
pub use day::{
    BILLING_TOTAL_DECIMALS, DayFactors, DayRating, PRICE_DIGITS, billing_total, billing_total_exact,
    billing_total_floor2, blended_price, rate_day,
};
pub use month::{MonthAmounts, MonthTotals, effective_price, month_amounts, verify_usage_subtotal};
pub use party::{
    LateFrom, PartyRater, RateError, RatedLine, RatingInputs, ScopeKey, ScopeMonth, UnpricedUsage, UsageInOrder,
};
pub use scope::{ScopeCounter, ScopeStep};
