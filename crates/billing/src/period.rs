//! Billing periods: calendar months in UTC, half-open (design D6).

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A calendar month, written `2026-10`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BillingPeriod {
    first: Date,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a billing period is a month such as 2026-10")]
pub struct PeriodError;

impl PeriodError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        "period.malformed"
    }
}

impl BillingPeriod {
    /// The earliest and the latest year that a period may lie in.
    pub const YEARS: std::ops::RangeInclusive<i16> = 1990..=2199;

    /// # Errors
    /// [`PeriodError`] outside of [`BillingPeriod::YEARS`] and of the twelve months.
    pub fn new(year: i16, month: i8) -> Result<Self, PeriodError> {
        if !Self::YEARS.contains(&year) {
            return Err(PeriodError);
        }
        Date::new(year, month, 1).map(|first| Self { first }).map_err(|_| PeriodError)
    }

    /// The period that `day` lies in.
    ///
    /// # Errors
    /// [`PeriodError`] outside of [`BillingPeriod::YEARS`].
    pub fn containing(day: Date) -> Result<Self, PeriodError> {
        Self::new(day.year(), day.month())
    }

    #[must_use]
    pub fn first_day(self) -> Date {
        self.first
    }

    /// The last day, for wires and paper that write inclusive ends.
    #[must_use]
    pub fn last_day(self) -> Date {
        self.first.last_of_month()
    }

    /// The first day that no longer belongs to the period.
    #[must_use]
    pub fn end(self) -> Date {
        self.first.saturating_add(1.month())
    }

    #[must_use]
    pub fn contains(self, day: Date) -> bool {
        self.first.year() == day.year() && self.first.month() == day.month()
    }

    #[must_use]
    pub fn next(self) -> Self {
        Self { first: self.end() }
    }

    #[must_use]
    pub fn previous(self) -> Self {
        Self { first: self.first.saturating_sub(1.month()) }
    }
}

impl FromStr for BillingPeriod {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let (year, month) = text.split_once('-').ok_or(PeriodError)?;
        let digits = |part: &str, length: usize| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(PeriodError);
        }
        Self::new(year.parse().map_err(|_| PeriodError)?, month.parse().map_err(|_| PeriodError)?)
    }
}

impl fmt::Display for BillingPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

impl fmt::Debug for BillingPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for BillingPeriod {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BillingPeriod {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Days from `from` (inclusive) to `until` (exclusive, or open).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DayRange {
    pub from: Date,
    pub until: Option<Date>,
}

impl DayRange {
    #[must_use]
    pub fn contains(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_half_open_months() {
        let october: BillingPeriod = "2026-10".parse().unwrap();
        assert_eq!(october.end().to_string(), "2026-11-01");
        assert_eq!(october.last_day().to_string(), "2026-10-31");
        assert_eq!(october.next().previous(), october);
        assert_eq!("2026-12".parse::<BillingPeriod>().unwrap().next().to_string(), "2027-01");
        assert!(october.contains(jiff::civil::date(2026, 10, 31)));
        assert!(!october.contains(october.end()));
    }

    #[test]
    fn malformed_periods_are_refused() {
        for text in ["2026-13", "2026-00", "26-10", "2026-1", "2026/10", "0000-01", "2026-+1", ""] {
            assert!(text.parse::<BillingPeriod>().is_err(), "{text}");
        }
    }
}
