//! Rating: usage and prices become daily rated lines, and those the lines of a month.

mod bulk;
mod classic;
mod day;
mod fixed;
mod line;
mod month;
pub(crate) mod party;
mod rates;
mod scope;
mod summary;

pub use bulk::{BulkRater, DayAmounts, LinePrices};
pub use classic::{ClassicUsageLine, classic_usage_lines};
pub use day::{
    BILLING_TOTAL_DECIMALS, DayFactors, DayRating, PRICE_DIGITS, billing_total, billing_total_exact,
    billing_total_floor2, blended_price, rate_day,
};
pub use line::{LineFigures, RatedLine};
pub use month::{MonthAmounts, MonthTotals, effective_price, month_amounts, month_subtotal, verify_usage_subtotal};
pub use party::{
    LateFrom, PartyRater, RateError, RatedDay, RatingInputs, ScopeKey, ScopeMonth, UnpricedUsage, UsageInOrder,
};
pub use rates::{RateShare, ScopeRates};
pub use scope::{ScopeCounter, ScopeStep};
pub use summary::{CustomerTotals, RatedTotals};
