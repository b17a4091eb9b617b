//! Records of a CSV file, one at a time, within limits, found by column name.
//!
//! Delimiter `,`, `;` or tab, taken from the header; quotes as in RFC 4180. What is wrong with one
//! record rejects that record, and reading goes on behind it.

mod buffers;
mod header;
mod reader;
mod record;

pub use header::{Column, Header, normalised};
pub use reader::CsvReader;
pub use record::{Record, Row};

pub const CODES: &[&str] = &[
    "csv.column_duplicate",
    "csv.column_missing",
    "csv.encoding",
    "csv.field_count",
    "csv.nul_byte",
    "csv.quote_unclosed",
    "csv.record_too_long",
    "csv.too_many_columns",
];

/// The longest record, in bytes of its fields.
pub const RECORD_LENGTH_MAX: usize = 1 << 20;
pub const COLUMN_COUNT_MAX: usize = 2_000;

#[cfg(test)]
mod tests;
