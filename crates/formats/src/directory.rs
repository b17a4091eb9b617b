//! Customers and subscriptions in Quittance's own CSV: who is billed for what.
//!
//! Customers: `customer_id`, `name`; optional `billed_party`, `domain`, `country`.
//! Subscriptions: `subscription_id`, `customer_id`; optional `name`, `earned_credit`.

pub(crate) mod countries;
mod customers;
mod earned_credit;
pub(crate) mod kind;
pub(crate) mod repeated;
mod subscriptions;

pub use customers::{CustomerRow, read_customers};
pub use subscriptions::{SubscriptionRow, read_subscriptions};

use billing::ids::IdError;

use crate::csv::{Column, CsvReader, Record, Row};
use crate::error::{Fault, FileError, Parsed, RejectedLine};
use repeated::Repeated;

/// What this module raises beside the codes of `csv` and `source`.
pub const CODES: &[&str] = &[
    "customer.country_unknown",
    "customer.name_missing",
    "directory.file.no_rows",
    "directory.line.contradiction",
    "file.format_unknown",
    "file.wrong_kind",
    "id.control_character",
    "id.empty",
    "id.too_long",
    "subscription.earned_credit_malformed",
];

/// Reads all rows with `read`, which gives each one's key and value; `id` is the key's column.
fn read_rows<K: Ord, V>(
    mut reader: CsvReader,
    id: Column,
    mut rows: Repeated<K, V>,
    read: impl Fn(&Record<'_>) -> Result<(K, V), RejectedLine>,
) -> Result<Parsed<Vec<V>>, FileError> {
    let mut rejected = Vec::new();
    let mut record_count: u64 = 0;
    while let Some(row) = reader.next_row()? {
        record_count = record_count.saturating_add(1);
        match row {
            Row::Rejected(line) => rejected.push(line),
            Row::Record(record) => match read(&record) {
                Ok((key, value)) => rows.add(key, value, record.reject(id, "directory.line.contradiction", "")),
                Err(line) => rejected.push(line),
            },
        }
    }
    if record_count == 0 {
        return Err(FileError::new("directory.file.no_rows", "the file has a header and no rows"));
    }
    let (value, contradictions) = rows.finish();
    rejected.extend(contradictions);
    rejected.sort_by_key(|line| line.line);
    Ok(Parsed { value, rejected, record_count })
}

/// An identifier, blanks around it taken off.
fn id<T: std::str::FromStr<Err = IdError>>(record: &Record<'_>, column: Column) -> Result<T, RejectedLine> {
    let fault = |error: IdError| record.reject_fault(column, Fault::new(error.code(), error.to_string()));
    record.field(column).trim().parse().map_err(fault)
}

/// The text of a column that the file need not have, blanks around it taken off.
fn text<'r>(record: &Record<'r>, column: Option<Column>) -> &'r str {
    column.map_or("", |column| record.field(column).trim())
}
