//! Days as the files count them: since 1970-01-01.

use billing::period::BillingPeriod;
use jiff::Span;
use jiff::civil::{Date, date};

const EPOCH: Date = date(1970, 1, 1);

pub(crate) fn to_days(day: Date) -> i32 {
    // Between any two dates there is a span of days; it cannot fail.
    EPOCH.until(day).map_or(0, |span| span.get_days())
}

pub(crate) fn from_days(days: i32) -> Option<Date> {
    EPOCH.checked_add(Span::new().try_days(days).ok()?).ok()
}

pub(crate) fn month_of(days: i32) -> Option<BillingPeriod> {
    BillingPeriod::containing(from_days(days)?).ok()
}

/// Rows of one day follow one another more often than not, so the last answer is kept.
#[derive(Debug, Default)]
pub(crate) struct DayMemory {
    last: Option<(i32, Date)>,
}

impl DayMemory {
    pub(crate) fn days_of(&mut self, day: Date) -> i32 {
        match self.last {
            Some((days, known)) if known == day => days,
            _ => {
                let days = to_days(day);
                self.last = Some((days, day));
                days
            }
        }
    }

    pub(crate) fn date_of(&mut self, days: i32) -> Option<Date> {
        match self.last {
            Some((known, day)) if known == days => Some(day),
            _ => {
                let day = from_days(days)?;
                self.last = Some((days, day));
                Some(day)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_go_there_and_back() {
        for (day, days) in
            [(date(1970, 1, 1), 0), (date(1969, 12, 31), -1), (date(2026, 9, 14), 20_710), (Date::MAX, 2_932_896)]
        {
            assert_eq!(to_days(day), days, "{day}");
            assert_eq!(from_days(days), Some(day), "{days}");
        }
        assert_eq!(from_days(i32::MAX), None);
        assert_eq!(from_days(i32::MIN), None);
    }
}
