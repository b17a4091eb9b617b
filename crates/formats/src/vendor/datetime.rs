//! Dates and times on the wire.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};

/// What the API writes for "never", where it does not leave the member out.
const NEVER: &str = "0001-01-01T00:00:00";

/// An instant in UTC: `YYYY-MM-DDTHH:MM:SSZ`.
///
/// Always with `Z`: one client keeps a time without zone as it is, another takes it for UTC. A
/// fraction is written only where it is not zero, with no more than seven digits (the rest is cut).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WireDateTime(DateTime);

impl From<Date> for WireDateTime {
    /// Midnight, UTC.
    fn from(day: Date) -> Self {
        Self(day.at(0, 0, 0, 0))
    }
}

impl From<Timestamp> for WireDateTime {
    fn from(instant: Timestamp) -> Self {
        Self(TimeZone::UTC.to_datetime(instant))
    }
}

impl fmt::Display for WireDateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (day, time) = (self.0.date(), self.0.time());
        write!(f, "{:04}-{:02}-{:02}", day.year(), day.month(), day.day())?;
        write!(f, "T{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())?;
        let fraction = format!("{:09}", time.subsec_nanosecond());
        let fraction = fraction.get(..7).unwrap_or_default().trim_end_matches('0');
        if !fraction.is_empty() {
            write!(f, ".{fraction}")?;
        }
        f.write_str("Z")
    }
}

impl Serialize for WireDateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.year() < 1 {
            return Err(serde::ser::Error::custom("a date before the year 1 has no form on the wire"));
        }
        serializer.collect_str(self)
    }
}

/// A date of an account's summary, the one place where "never" is written and not left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SummaryDate {
    #[default]
    Never,
    At(WireDateTime),
}

impl<T: Into<WireDateTime>> From<Option<T>> for SummaryDate {
    fn from(date: Option<T>) -> Self {
        date.map_or(Self::Never, |date| Self::At(date.into()))
    }
}

impl Serialize for SummaryDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Never => serializer.serialize_str(NEVER),
            Self::At(date) => date.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[track_caller]
    fn check(instant: &str, expected: &str) {
        let instant: Timestamp = instant.parse().unwrap();
        assert_eq!(WireDateTime::from(instant).to_string(), expected);
    }

    #[test]
    fn instants_are_written_in_utc() {
        check("2023-10-06T09:14:52Z", "2023-10-06T09:14:52Z");
        check("2023-10-06T00:30:00+02:00", "2023-10-05T22:30:00Z");
        check("2023-10-06T09:14:52.500Z", "2023-10-06T09:14:52.5Z");
        check("2023-10-06T09:14:52.123456789Z", "2023-10-06T09:14:52.1234567Z");
        check("2023-10-06T09:14:52.000000012Z", "2023-10-06T09:14:52Z");
        assert_eq!(WireDateTime::from(date(2024, 2, 29)).to_string(), "2024-02-29T00:00:00Z");
    }

    #[test]
    fn never_is_a_date_of_summaries_only() {
        let never = SummaryDate::from(None::<Date>);
        assert_eq!(serde_json::to_string(&never).unwrap(), "\"0001-01-01T00:00:00\"");
        let day = SummaryDate::from(Some(date(2023, 10, 6)));
        assert_eq!(serde_json::to_string(&day).unwrap(), "\"2023-10-06T00:00:00Z\"");
        assert!(serde_json::to_string(&WireDateTime::from(date(-1, 1, 1))).is_err());
    }
}
