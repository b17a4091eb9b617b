//! The days on which a partner earned the credit: `2026-09-01/2026-09-16;2026-09-20/`.
//!
//! Rule RT-20 (docs/rules/earned-credit.md): whole UTC days. Ranges are half-open; an empty end is
//! open.

use billing::period::DayRange;
use jiff::civil::Date;

use crate::error::Fault;
use crate::number;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum EarnedCreditError {
    #[error("{0:?} is not a range of days such as 2026-09-01/2026-09-16")]
    Malformed(String),
    #[error("the range from {from} until {until} holds no day")]
    Reversed { from: Date, until: Date },
    #[error("two ranges hold the day {0}")]
    Overlap(Date),
}

impl From<EarnedCreditError> for Fault {
    fn from(error: EarnedCreditError) -> Self {
        Self::new("subscription.earned_credit_malformed", error.to_string())
    }
}

/// The ranges in rising order, whatever order the text has.
pub(super) fn earned_credit(text: &str) -> Result<Vec<DayRange>, EarnedCreditError> {
    let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
    let mut ranges = parts.map(range).collect::<Result<Vec<_>, _>>()?;
    ranges.sort_unstable_by_key(|range| range.from);
    for (range, next) in ranges.iter().zip(ranges.iter().skip(1)) {
        if range.contains(next.from) {
            return Err(EarnedCreditError::Overlap(next.from));
        }
    }
    Ok(ranges)
}

fn range(text: &str) -> Result<DayRange, EarnedCreditError> {
    let malformed = || EarnedCreditError::Malformed(number::excerpt(text));
    let day = |text: &str| match text.trim() {
        // A time of day would promise more than whole days.
        day if day.len() == 10 => number::iso_date(day).map_err(|_| malformed()),
        _ => Err(malformed()),
    };
    let (from, until) = text.split_once('/').ok_or_else(malformed)?;
    let from = day(from)?;
    if until.trim().is_empty() {
        return Ok(DayRange { from, until: None });
    }
    let until = day(until)?;
    if until <= from {
        return Err(EarnedCreditError::Reversed { from, until });
    }
    Ok(DayRange { from, until: Some(until) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, &str>) {
        let written = |range: &DayRange| {
            format!("{}/{}", range.from, range.until.map_or_else(String::new, |until| until.to_string()))
        };
        let found = earned_credit(text).map(|ranges| ranges.iter().map(written).collect::<Vec<_>>().join(";"));
        assert_eq!(found.map_err(|error| error.to_string()).as_deref(), expected.map_err(str::to_owned).as_deref());
    }

    #[test]
    fn ranges_are_half_open_and_sorted() {
        check("", Ok(""));
        check(" 2026-09-20/ ; 2026-09-01/2026-09-16; ", Ok("2026-09-01/2026-09-16;2026-09-20/"));
        check("2026-09-01/2026-09-16;2026-09-16/2026-09-17", Ok("2026-09-01/2026-09-16;2026-09-16/2026-09-17"));
    }

    #[test]
    fn what_is_no_set_of_days_is_refused() {
        check("2026-09-01/2026-09-01", Err("the range from 2026-09-01 until 2026-09-01 holds no day"));
        check("2026-09-16/2026-09-01", Err("the range from 2026-09-16 until 2026-09-01 holds no day"));
        check("2026-09-01/;2026-09-20/", Err("two ranges hold the day 2026-09-20"));
        check("2026-09-01/2026-09-16;2026-09-15/", Err("two ranges hold the day 2026-09-15"));
        check("2026-09-01", Err("\"2026-09-01\" is not a range of days such as 2026-09-01/2026-09-16"));
        check("9/1/2026", Err("\"9/1/2026\" is not a range of days such as 2026-09-01/2026-09-16"));
        check("2026-09-01T12:00/", Err("\"2026-09-01T12:00/\" is not a range of days such as 2026-09-01/2026-09-16"));
    }
}
