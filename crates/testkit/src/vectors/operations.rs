//! The operations by name. Each reads its input, calls `billing` and prints what it answers.

mod classic_history;
mod classic_usage;
mod costs;
mod licences;
mod lines;
mod months;
mod prices;
mod sheets;

use billing::decimal::{Decimal, DecimalError};
use serde_json::Value;

use super::input::{Input, OperationError};

/// Decimals of money where a case does not say otherwise.
const MONEY_DECIMALS: u8 = 2;

pub(super) type Outcome = Result<Value, OperationError>;
pub(super) type Operation = fn(&mut Input) -> Outcome;

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "tier_graduated" => prices::tier_graduated,
        "tier_ranges" => prices::tier_ranges,
        "uom_scale" => prices::uom_scale,
        "effective_date" => prices::effective_date,
        "daily" => months::daily,
        "open_period" => months::open_period,
        "month_line" => months::month_line,
        "usage_subtotal" => months::usage_subtotal,
        "fx" => months::fx,
        "legacy_usage_line" => lines::legacy_usage_line,
        "classic_usage_lines" => classic_usage::classic_usage_lines,
        "seat_subtotal" => lines::seat_subtotal,
        "savings_plan" => lines::savings_plan,
        "tax" => lines::tax,
        "document" => lines::document,
        "seat_change" => licences::seat_change,
        "seat_history" => licences::seat_history,
        "classic_history" => classic_history::classic_history,
        "cancel" => licences::cancel,
        "convert" => licences::convert,
        "plan_change" => licences::plan_change,
        "cycle_dates" => licences::cycle_dates,
        "coterm" => licences::coterm,
        "legacy_proration" => licences::legacy_proration,
        "legacy_cancel" => licences::legacy_cancel,
        "seat_count" => licences::seat_count,
        "split" => costs::split,
        "markup" => costs::markup,
        "mape" => costs::mape,
        _ => return None,
    })
}

/// Money with all its decimals; a digit below them is an error, never cut here.
fn money(value: Decimal, decimals: u8) -> Result<String, DecimalError> {
    value.to_fixed(decimals)
}
