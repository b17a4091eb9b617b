//! Line items: reconciliation lines and daily rated usage, billed and not.

pub(crate) mod billed;
mod days;
mod page;
mod reconciliation;
pub(crate) mod unbilled;

pub(crate) use page::SeekRequest;

use billing::money::Currency;
use formats::vendor::request::Query;
use formats::vendor::{LineItemSelection, VendorError};

/// The pair that a query names.
fn selection(query: &Query) -> Result<LineItemSelection, VendorError> {
    let word = |name: &str| {
        query.get(name).ok_or_else(|| VendorError::unknown_value(format!("the parameter {name} is missing")))
    };
    LineItemSelection::parse(word("provider")?, word("invoiceLineItemType")?)
}

/// Whether a list in `currency` is what the query asks for; without a word about it, it is.
fn asks_for(query: &Query, currency: Currency) -> Result<bool, VendorError> {
    match query.get("currencyCode").map(str::parse::<Currency>) {
        None => Ok(true),
        Some(Ok(asked)) => Ok(asked == currency),
        Some(Err(_)) => Err(VendorError::invalid_input("currencyCode is not a currency code of ISO 4217")),
    }
}
