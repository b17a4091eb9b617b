//! Names the kind of a file that was given to the wrong reader.

use crate::bank;
use crate::csv::{CsvReader, Header};
use crate::error::FileError;
use crate::fx::FxFormat;
use crate::price::PriceFormat;
use crate::source::Input;

/// Opens a file that has to be CSV. `wanted` says what the reader reads, such as `customers`.
pub(crate) fn csv_reader(mut input: Input, wanted: &str) -> Result<CsvReader, FileError> {
    if is_json(input.peek()?) {
        return Err(wrong_kind("JSON", wanted));
    }
    CsvReader::open(input)
}

/// Whether a file begins like a JSON document.
pub(crate) fn is_json(beginning: &[u8]) -> bool {
    matches!(beginning.trim_ascii_start(), [b'{' | b'[', ..])
}

/// The refusal of a header that the reader of `wanted` does not know.
pub(crate) fn unknown_header(header: &Header, wanted: &str) -> FileError {
    match kind_of(header) {
        Some(found) => wrong_kind(&found, wanted).at_line(header.line()),
        None => {
            let message = format!("these are not the columns of {wanted}: {}", header.summary());
            FileError::new("file.format_unknown", message).at_line(header.line())
        }
    }
}

pub(crate) fn wrong_kind(found: &str, wanted: &str) -> FileError {
    FileError::new("file.wrong_kind", format!("the file holds {found}; this import reads {wanted}"))
}

fn kind_of(header: &Header) -> Option<String> {
    let has_all = |names: &[&str]| names.iter().all(|name| header.has(name));
    if is_usage(header) {
        return Some("usage".to_owned());
    }
    if let Some(format) = PriceFormat::of_header(header) {
        return Some(format!("prices ({})", format.name()));
    }
    if let Some(format) = FxFormat::of_header(header) {
        return Some(format!("exchange rates ({})", format.name()));
    }
    if has_all(&["product_id", "billing_plan", "unit_price"]) {
        return Some("licence prices".to_owned());
    }
    if has_all(&["code", "rate"]) {
        return Some("tax rates".to_owned());
    }
    if has_all(&["order_id", "action"]) {
        return Some("orders".to_owned());
    }
    if is_subscriptions(header) {
        return Some("subscriptions".to_owned());
    }
    if bank::recognises(header) {
        return Some("bank statements".to_owned());
    }
    is_customers(header).then(|| "customers".to_owned())
}

/// Usage has a quantity and a day; it may name prices as well, so it has to be known from them.
pub(crate) fn is_usage(header: &Header) -> bool {
    let has_any = |names: &[&str]| names.iter().any(|name| header.has(name));
    has_any(&["quantity", "consumed_quantity", "usage_quantity"])
        && has_any(&["date", "usage_date", "usage_date_time", "usage_start", "charge_start_date"])
}

pub(super) fn is_subscriptions(header: &Header) -> bool {
    ["subscription_id", "customer_id"].iter().all(|name| header.has(name)) && !is_usage(header)
}

pub(super) fn is_customers(header: &Header) -> bool {
    ["customer_id", "name"].iter().all(|name| header.has(name)) && !header.has("subscription_id") && !is_usage(header)
}
