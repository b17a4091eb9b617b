//! The one place that asks what time it is. `QUITTANCE_NOW` pins it.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::output::Failure;

/// The pinned or the real time.
///
/// # Errors
/// `clock.malformed` for a `QUITTANCE_NOW` that is no time.
pub(crate) fn now() -> Result<Timestamp, Failure> {
    match std::env::var("QUITTANCE_NOW") {
        Ok(text) if !text.is_empty() => parse(&text),
        _ => Ok(Timestamp::now()),
    }
}

/// The UTC day of an instant.
pub(crate) fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

fn parse(text: &str) -> Result<Timestamp, Failure> {
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    text.parse().ok().or_else(day).ok_or_else(|| {
        let message = format!("QUITTANCE_NOW is {text:?}; it has to be like 2026-11-10T09:00:00Z or 2026-11-10");
        Failure::new("clock.malformed", message)
    })
}
