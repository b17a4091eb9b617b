//! Licences in CSV: what is offered, what is ordered, and what savings plans pay for.

mod offers;
mod orders;
mod savings_plans;

pub use offers::read_offers;
pub use orders::read_orders;
pub use savings_plans::read_savings_plans;

use crate::csv::{Column, Record};
use crate::error::{Fault, RejectedLine};
use crate::number;

/// What this module raises beside the codes of `csv`, `source` and `number`.
pub const CODES: &[&str] = &[
    "currency.unknown",
    "file.format_unknown",
    "file.wrong_kind",
    "id.control_character",
    "id.empty",
    "id.too_long",
    "licence.file.no_rows",
    "licence.line.commitment_misplaced",
    "licence.line.commitment_negative",
    "licence.line.contradiction",
    "licence.line.discount_out_of_range",
    "licence.line.ends_before_start",
    "licence.line.field_missing",
    "licence.line.not_classic",
    "licence.line.one_price",
    "licence.line.overlap",
    "licence.line.price_negative",
    "licence.line.price_too_long",
    "licence.line.time_malformed",
    "licence.line.whole_number",
    "licence.line.word_unknown",
];

/// The text of a column that the file need not have, blanks around it taken off; `None` when empty.
fn text<'r>(record: &Record<'r>, column: Option<Column>) -> Option<&'r str> {
    column.map(|column| record.field(column).trim()).filter(|text| !text.is_empty())
}

/// A word of a list.
fn word<T>(text: &str, what: &str, named: impl Fn(&str) -> Option<T>, known: &str) -> Result<T, Fault> {
    named(text).ok_or_else(|| {
        let message = format!("{:?} is no {what}; known are {known}", number::excerpt(text));
        Fault::new("licence.line.word_unknown", message)
    })
}

/// A whole number from 0 on.
fn whole(text: &str) -> Result<u32, Fault> {
    text.parse().map_err(|_| {
        let message = format!("{:?} is no whole number from 0 to {}", number::excerpt(text), u32::MAX);
        Fault::new("licence.line.whole_number", message)
    })
}

fn required<'r>(
    record: &Record<'r>,
    column: Option<Column>,
    instead: Column,
    name: &str,
) -> Result<&'r str, RejectedLine> {
    text(record, column).ok_or_else(|| {
        let message = format!("{name} is missing");
        record.reject(column.unwrap_or(instead), "licence.line.field_missing", &message)
    })
}
