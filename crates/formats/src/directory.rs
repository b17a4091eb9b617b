//! Customers and subscriptions in Quittance's own CSV: who is billed for what.
//!
//! Customers: `customer_id`, `name`; optional `billed_party`, `domain`, `country`.
//! Subscriptions: `subscription_id`, `customer_id`; optional `name`, `earned_credit`, `generation`.

pub(crate) mod countries;
mod customers;
mod earned_credit;
pub(crate) mod kind;
pub(crate) mod repeated;
mod subscriptions;

pub use customers::{CustomerRow, read_customers};
pub use subscriptions::{SubscriptionRow, read_subscriptions};

use billing::ids::IdError;

use repeated::List;

use crate::csv::{Column, Record};
use crate::error::{Fault, RejectedLine};

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
    "subscription.generation_unknown",
];

/// An identifier, blanks around it taken off.
fn id<T: std::str::FromStr<Err = IdError>>(record: &Record<'_>, column: Column) -> Result<T, RejectedLine> {
    let fault = |error: IdError| record.reject_fault(column, Fault::new(error.code(), error.to_string()));
    record.field(column).trim().parse().map_err(fault)
}

/// The text of a column that the file need not have, blanks around it taken off.
fn text<'r>(record: &Record<'r>, column: Option<Column>) -> &'r str {
    column.map_or("", |column| record.field(column).trim())
}

/// How the list of customers or of subscriptions says that it is empty or contradicts itself.
const LIST: List = List {
    empty: ("directory.file.no_rows", "the file has a header and no rows"),
    contradiction: "directory.line.contradiction",
};
