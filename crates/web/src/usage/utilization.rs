//! `GET /v1/customers/{customer}/subscriptions/{subscription}/utilizations/azure`

use axum::response::Response;
use engine::open_usage::ordered;
use engine::present::utilization_record;
use engine::uses::{Asked, Place, source};
use formats::vendor::request::{PageLimits, Query};
use formats::vendor::{Collection, ContinuationToken, Granularity, VendorError, utilization_page_links};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tokio::task::spawn_blocking;

use crate::access::Reader;
use crate::answer;
use crate::call::Call;
use crate::failure::Failure;
use crate::line_items::SeekRequest;

/// What a classic subscription used, by day. The records do not say when they were reported, so the range of times takes
/// the days that begin in it; nor do they know hours, so those are refused. What is recorded can be read at once: no
/// answer is put off.
pub(crate) async fn answer(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let customer = reader.customer(call.parameters.get("customer")).await?;
    let subscription = reader.subscription(&customer, call.parameters.get("subscription")).await?;
    if ordered(&reader.books, &customer.billed_party).await?.contains(&subscription.id) {
        return Err(VendorError::not_usage_based("the subscription is not one of Azure").into());
    }
    if !subscription.is_classic() {
        let hint = "the usage of an Azure plan is served as line items of invoices";
        return Err(VendorError::unsupported_operation(hint).into());
    }
    let seek = SeekRequest::within(call, PageLimits::UTILIZATION)?;
    let query = &seek.selecting.query;
    let (from, until) = days(query)?;
    check_granularity(query)?;
    let asked = Asked {
        subscription: subscription.id,
        from,
        until,
        by_instance: query.flag("show_details")?.unwrap_or(true),
        start: seek.position.as_deref().map(place).transpose()?,
        // One more than is shown, to know whether there is another page.
        limit: seek.size.saturating_add(1),
    };
    let (books, source) = (reader.books.clone(), source(&reader.books).await?);
    let uses = spawn_blocking(move || source.read(&books, &asked)).await.map_err(Failure::unexpected)??;
    let next = uses.get(seek.size).map(|(place, _)| position(place)).transpose()?;
    let token = next.map(|position| ContinuationToken::new(&seek.selecting, position));
    let items = uses.iter().take(seek.size).map(|(_, of)| utilization_record(of)).collect();
    let links = utilization_page_links(&call.request, &seek.selecting, token.as_ref());
    answer::json(&Collection::new(items, links))
}

/// The days that begin between two instants: ranges that follow one another have every day once.
fn days(query: &Query) -> Result<(Date, Date), VendorError> {
    let (start, end) = (query.instant("start_time")?, query.instant("end_time")?);
    if start >= end {
        return Err(VendorError::invalid_input("end_time is not after start_time"));
    }
    Ok((first_day_from(start)?, first_day_from(end)?))
}

/// The first day that does not begin before an instant.
fn first_day_from(instant: Timestamp) -> Result<Date, VendorError> {
    let civil = TimeZone::UTC.to_datetime(instant);
    let day = civil.date();
    if civil == day.at(0, 0, 0, 0) {
        return Ok(day);
    }
    day.tomorrow().map_err(|_| VendorError::invalid_input("there is no such day"))
}

fn check_granularity(query: &Query) -> Result<(), VendorError> {
    let Some(word) = query.get("granularity") else { return Ok(()) };
    match Granularity::parse(word) {
        Some(Granularity::Daily) => Ok(()),
        Some(Granularity::Hourly) => Err(VendorError::unsupported_operation("usage is recorded by day, not by hour")),
        None => Err(VendorError::unknown_word("granularity", word)),
    }
}

fn position(place: &Place) -> Result<String, Failure> {
    serde_json::to_string(place).map_err(Failure::unexpected)
}

fn place(position: &str) -> Result<Place, VendorError> {
    serde_json::from_str(position).map_err(|_| VendorError::invalid_input("the continuation token is not valid"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(start: &str, end: &str, expected: Result<[&str; 2], u32>) {
        let query = Query::parse(&format!("start_time={start}&end_time={end}")).unwrap();
        let days = days(&query).map(|(from, until)| [from.to_string(), until.to_string()]);
        assert_eq!(days.map_err(|error| error.code), expected.map(|days| days.map(str::to_owned)));
    }

    #[test]
    fn days_are_those_that_begin_in_the_range() {
        check("2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z", Ok(["2026-11-01", "2026-11-03"]));
        check("2026-11-01T00:00:01Z", "2026-11-03T00:00:01Z", Ok(["2026-11-02", "2026-11-04"]));
        check("2026-11-01T00:00:00-08:00", "2026-11-02T00:00:00-08:00", Ok(["2026-11-02", "2026-11-03"]));
        check("2026-11-01T12:00:00Z", "2026-11-01T13:00:00Z", Ok(["2026-11-02", "2026-11-02"]));
        check("2026-11-03T00:00:00Z", "2026-11-03T00:00:00Z", Err(800_002));
        check("2026-11-03T00:00:00Z", "2026-11-02T00:00:00Z", Err(800_002));
        check("2026-11-03T00:00:00Z", "", Err(800_002));
    }
}
