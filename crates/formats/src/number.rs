//! Field text to exact numbers and days.
//!
//! Days are UTC days (design D6): an instant with another offset is refused, because its day
//! would depend on who reads it.

use billing::decimal::{Decimal, DecimalError};
use billing::period::BillingPeriod;
use jiff::civil::Date;

use crate::error::Fault;

pub const CODES: &[&str] =
    &["number.malformed", "number.out_of_range", "date.malformed", "date.out_of_range", "date.not_utc"];

/// Plain or exponent notation with `.` as decimal mark (`5.64902E-05` occurs).
///
/// # Errors
/// `number.malformed` and `number.out_of_range`; nothing is rounded to make it fit.
pub fn decimal(text: &str) -> Result<Decimal, Fault> {
    text.parse().map_err(|error: DecimalError| {
        let message = match error {
            DecimalError::Malformed => format!("{:?} is not a decimal number", excerpt(text)),
            _ => format!("{} has more digits than can be kept exactly", excerpt(text)),
        };
        Fault::new(error.code(), message)
    })
}

/// An ISO day or instant, or `M/D/YYYY` as provider exports write it.
///
/// # Errors
/// `date.malformed`, `date.out_of_range` (a day that no calendar has, or a year outside of
/// [`BillingPeriod::YEARS`]), `date.not_utc`.
pub fn date(text: &str) -> Result<Date, Fault> {
    if text.contains('/') { american_date(text) } else { iso_date(text) }
}

/// `2026-09-14`, `2026-09-14T10:00Z`, `2017-10-01T00:00:00.0000000Z`.
///
/// # Errors
/// As [`date()`]; `M/D/YYYY` is malformed here.
pub fn iso_date(text: &str) -> Result<Date, Fault> {
    let (day, time) = match text.split_once(['T', ' ']) {
        Some((day, time)) => (day, Some(time)),
        None => (text, None),
    };
    let mut parts = day.split('-');
    let (year, month, day) = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(y), Some(m), Some(d), None) if y.len() == 4 && m.len() == 2 && d.len() == 2 => (y, m, d),
        _ => return Err(malformed(text)),
    };
    if let Some(time) = time {
        check_time(text, time)?;
    }
    calendar_day(text, year, month, day)
}

/// `9/2/2023` or `09/02/2023`: month, day, year.
fn american_date(text: &str) -> Result<Date, Fault> {
    let mut parts = text.split('/');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(m), Some(d), Some(y), None)
            if y.len() == 4 && (1..=2).contains(&m.len()) && (1..=2).contains(&d.len()) =>
        {
            calendar_day(text, y, m, d)
        }
        _ => Err(malformed(text)),
    }
}

fn calendar_day(text: &str, year: &str, month: &str, day: &str) -> Result<Date, Fault> {
    let year: i16 = digits(year).ok_or_else(|| malformed(text))?;
    let month: i8 = digits(month).ok_or_else(|| malformed(text))?;
    let day: i8 = digits(day).ok_or_else(|| malformed(text))?;
    Date::new(year, month, day)
        .ok()
        .filter(|date| BillingPeriod::YEARS.contains(&date.year()))
        .ok_or_else(|| Fault::new("date.out_of_range", format!("{text:?} is not a day that can be billed")))
}

fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// The time does not matter, but it has to be one, and in UTC.
fn check_time(text: &str, time: &str) -> Result<(), Fault> {
    let end = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, offset) = time.split_at_checked(end).ok_or_else(|| malformed(text))?;
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = whole.split(':');
    let in_range = |part: Option<&str>, limit: u8| {
        part.is_some_and(|p| p.len() == 2 && digits::<u8>(p).is_some_and(|n| n < limit))
    };
    let valid = in_range(parts.next(), 24)
        && in_range(parts.next(), 60)
        // A leap second is second 60.
        && parts.next().is_none_or(|seconds| in_range(Some(seconds), 61))
        && parts.next().is_none()
        && !fraction.is_empty()
        && fraction.bytes().all(|b| b.is_ascii_digit());
    if !valid {
        return Err(malformed(text));
    }
    match offset {
        "" | "Z" | "z" | "+00:00" | "+0000" | "+00" | "-00:00" => Ok(()),
        _ => Err(Fault::new("date.not_utc", format!("{:?} is not in UTC, so its day is not certain", excerpt(text)))),
    }
}

fn malformed(text: &str) -> Fault {
    let message = format!("{:?} is not a date such as 2026-09-14 or 9/14/2026", excerpt(text));
    Fault::new("date.malformed", message)
}

/// The beginning of a text, for messages.
pub(crate) fn excerpt(text: &str) -> String {
    const CHARS_MAX: usize = 40;
    let mut excerpt: String = text.chars().take(CHARS_MAX).collect();
    if excerpt.len() < text.len() {
        excerpt.push('…');
    }
    excerpt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_date(text: &str, expected: Result<&str, &str>) {
        let found = date(text).map(|d| d.to_string());
        assert_eq!(found.as_deref().map_err(|fault| fault.code), expected, "{text:?}");
    }

    #[test]
    fn dates_as_providers_write_them() {
        check_date("2026-09-14", Ok("2026-09-14"));
        check_date("2017-10-01T00:00:00.0000000Z", Ok("2017-10-01"));
        check_date("2023-11-13T10:00Z", Ok("2023-11-13"));
        check_date("2023-11-13 23:59:60", Ok("2023-11-13"));
        check_date("2023-11-13T10:00:00+00:00", Ok("2023-11-13"));
        check_date("9/2/2023", Ok("2023-09-02"));
        check_date("09/21/2023", Ok("2023-09-21"));
        check_date("2023-11-13T23:30:00+02:00", Err("date.not_utc"));
        check_date("2023-11-13T23:30:00-05:00", Err("date.not_utc"));
        check_date("3/1/21", Err("date.malformed"));
        check_date("21/9/2023", Err("date.out_of_range"));
        check_date("2026-02-30", Err("date.out_of_range"));
        check_date("1066-10-14", Err("date.out_of_range"));
        check_date("2023-11-13T25:00Z", Err("date.malformed"));
        check_date("2023-11-13T10Z", Err("date.malformed"));
        check_date("2023-11-13T10:00:00.Z", Err("date.malformed"));
        check_date("26-09-14", Err("date.malformed"));
        check_date("20260914", Err("date.malformed"));
        check_date("", Err("date.malformed"));
        check_date("2026-+9-14", Err("date.malformed"));
        check_date("2026-0९-14", Err("date.malformed"));
        check_date("2023-11-13T10:00é", Err("date.malformed"));
    }

    #[track_caller]
    fn check_number(text: &str, expected: Result<&str, &str>) {
        let found = decimal(text).map(|d| d.to_string());
        assert_eq!(found.as_deref().map_err(|fault| fault.code), expected, "{text:?}");
    }

    #[test]
    fn numbers_as_providers_write_them() {
        check_number("2.2271838023e-05", Ok("0.000022271838023"));
        check_number("5.64902E-05", Ok("0.0000564902"));
        check_number("-0.5", Ok("-0.5"));
        check_number("1e999999", Err("number.out_of_range"));
        check_number("NaN", Err("number.malformed"));
        check_number("1,5", Err("number.malformed"));
        check_number("", Err("number.malformed"));
        check_number("1 ", Err("number.malformed"));
        check_number(&"9".repeat(200), Err("number.out_of_range"));
    }
}
