//! `GET /v1/invoices/unbilled/lineitems?provider=…&invoiceLineItemType=…&period=…`

use axum::response::Response;
use billing::period::BillingPeriod;
use formats::vendor::request::Query;
use formats::vendor::{BillingProvider, InvoiceLineItemType, Paging, QueryPeriod, VendorError};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::access::Reader;
use crate::call::Call;
use crate::failure::Failure;

use super::page::{SeekRequest, empty_offset_page, seek_page};
use super::{asks_for, days, reconciliation, selection};

/// Rated days that no invoice has yet, and the lines that the month would be billed as.
///
/// A missing currency means the one that the organisation is billed in; a missing period is an
/// error.
pub(crate) async fn answer(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let seek = SeekRequest::read(call)?;
    let query = &seek.selecting.query;
    let selection = selection(query)?;
    let period = period(query, call.state.now())?;
    let organisation = reader.organisation().await?;
    let is_asked_for = asks_for(query, organisation.currency)?;
    let is_usage = selection.line_item_type == InvoiceLineItemType::UsageLineItems;
    match (selection.paging, is_usage) {
        (Paging::Offset, _) if !is_asked_for => empty_offset_page(call),
        (Paging::Offset, true) => days::classic_unbilled(call, reader, &organisation, period).await,
        (Paging::Offset, false) => {
            let is_usage = selection.provider == BillingProvider::Azure;
            reconciliation::recurring_unbilled(call, reader, (&organisation, period), is_usage).await
        }
        (Paging::Seek, _) if !is_asked_for => seek_page::<()>(call, &seek, Vec::new(), None),
        (Paging::Seek, true) => days::unbilled(call, reader, &seek, &organisation, period).await,
        (Paging::Seek, false) => reconciliation::unbilled(call, reader, &seek, (&organisation, period)).await,
    }
}

/// The month of the clock, or the one before it.
fn period(query: &Query, now: Timestamp) -> Result<BillingPeriod, Failure> {
    let word = query.get("period").ok_or_else(|| VendorError::invalid_input("the parameter period is missing"))?;
    let today = TimeZone::UTC.to_datetime(now).date();
    let current = BillingPeriod::containing(today).map_err(Failure::unexpected)?;
    match QueryPeriod::parse(word) {
        Some(QueryPeriod::Current) => Ok(current),
        Some(QueryPeriod::Previous) => Ok(current.previous()),
        Some(QueryPeriod::None) | None => Err(VendorError::unknown_word("period", word).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, now: &str, expected: Option<&str>) {
        let query = Query::parse(query).unwrap();
        let period = period(&query, now.parse().unwrap()).ok().map(|period| period.to_string());
        assert_eq!(period.as_deref(), expected);
    }

    #[test]
    fn months_are_those_of_the_clock_in_utc() {
        check("period=current", "2026-11-10T12:00:00Z", Some("2026-11"));
        check("Period=PREVIOUS", "2027-01-01T00:00:00Z", Some("2026-12"));
        check("period=current", "2026-11-01T01:00:00+02:00", Some("2026-10"));
        check("period=none", "2026-11-10T12:00:00Z", None);
        check("period=last", "2026-11-10T12:00:00Z", None);
        check("period=", "2026-11-10T12:00:00Z", None);
    }
}
