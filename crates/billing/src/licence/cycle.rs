//! Charge cycles: the spans that one charge each pays for.
//!
//! Rules LC-1, LC-2 (docs/rules/charge-cycles.md).

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::decimal::Decimal;
use crate::licence::LicenceError;

/// Where a cycle starts in a month that has no such day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnchorRule {
    /// On the day of the purchase, or on the last of a shorter month.
    #[default]
    Clamp,
    /// Bought on the last day but one of a month with 31: always on the last day but one.
    EndOfMonthMinusOne,
}

impl AnchorRule {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clamp => "clamp",
            Self::EndOfMonthMinusOne => "eom_minus_one",
        }
    }

    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        [Self::Clamp, Self::EndOfMonthMinusOne].into_iter().find(|rule| rule.as_str() == text)
    }
}

/// Whole days from `from` to `until`, which is the first that no longer belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cycle {
    pub from: Date,
    pub until: Date,
}

impl Cycle {
    /// # Errors
    /// [`LicenceError::OutsideCycle`] without a day.
    pub fn new(from: Date, until: Date) -> Result<Self, LicenceError> {
        if from < until { Ok(Self { from, until }) } else { Err(LicenceError::OutsideCycle) }
    }

    /// From the dates of a file or wire, which name the last day.
    ///
    /// # Errors
    /// As [`Cycle::new`], or a last day at the calendar's end.
    pub fn inclusive(first: Date, last: Date) -> Result<Self, LicenceError> {
        Self::new(first, last.tomorrow().map_err(|_| LicenceError::Calendar)?)
    }

    #[must_use]
    pub fn contains(self, day: Date) -> bool {
        self.from <= day && day < self.until
    }

    /// The last day, for files and wires.
    #[must_use]
    pub fn last_day(self) -> Date {
        self.until.saturating_sub(1.day())
    }

    /// The number of days, which is that of the real dates (LC-1).
    #[must_use]
    pub fn days(self) -> Decimal {
        Decimal::from_integer(days_between(self.from, self.until))
    }

    /// What is left of it from `day` on, that day included.
    ///
    /// # Errors
    /// [`LicenceError::OutsideCycle`]
    pub fn rest_from(self, day: Date) -> Result<Self, LicenceError> {
        if self.contains(day) { Ok(Self { from: day, until: self.until }) } else { Err(LicenceError::OutsideCycle) }
    }
}

/// The day `months` after the anchor, or before it. Every day is counted from the anchor, so that a short month does
/// not move those after it.
///
/// # Errors
/// [`LicenceError::Calendar`] beyond the year 9999.
pub fn anchored_day(anchor: Date, months: i32, rule: AnchorRule) -> Result<Date, LicenceError> {
    // A span of months has a bound of its own, below that of i32.
    let span = jiff::Span::new().try_months(months).map_err(|_| LicenceError::Calendar)?;
    let day = anchor.checked_add(span).map_err(|_| LicenceError::Calendar)?;
    match rule {
        AnchorRule::EndOfMonthMinusOne if stands_before_the_last(anchor) => {
            day.last_of_month().yesterday().map_err(|_| LicenceError::Calendar)
        }
        _ => Ok(day),
    }
}

/// Cycle `number` (from 0) of `step_months` each.
///
/// # Errors
/// [`LicenceError::Calendar`] beyond the year 9999.
pub fn cycle_starting_at(anchor: Date, step_months: u16, rule: AnchorRule, number: u32) -> Result<Cycle, LicenceError> {
    let start = |number: u32| {
        let months = number.checked_mul(u32::from(step_months)).and_then(|months| i32::try_from(months).ok());
        anchored_day(anchor, months.ok_or(LicenceError::Calendar)?, rule)
    };
    Cycle::new(start(number)?, start(number.checked_add(1).ok_or(LicenceError::Calendar)?)?)
}

/// Below zero when `until` comes first.
pub(super) fn days_between(from: Date, until: Date) -> i64 {
    from.duration_until(until).as_hours() / 24
}

/// The last day but one of a month with 31 days.
fn stands_before_the_last(day: Date) -> bool {
    day.day() == 30 && day.days_in_month() == 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(anchor: &str, step_months: u16, rule: AnchorRule, starts: &[&str]) {
        let anchor: Date = anchor.parse().unwrap();
        let found: Vec<String> = (0..)
            .take(starts.len())
            .map(|number| cycle_starting_at(anchor, step_months, rule, number).unwrap().from.to_string())
            .collect();
        assert_eq!(found, starts, "{anchor} {rule:?}");
    }

    #[test]
    fn starts_are_counted_from_the_purchase() {
        check("2021-01-31", 1, AnchorRule::Clamp, &["2021-01-31", "2021-02-28", "2021-03-31", "2021-04-30"]);
        check(
            "2024-02-29",
            12,
            AnchorRule::Clamp,
            &["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"],
        );
        check("2024-02-29", 36, AnchorRule::Clamp, &["2024-02-29", "2027-02-28"]);
    }

    #[test]
    fn the_last_day_but_one_stays_so_where_that_rule_holds() {
        let rule = AnchorRule::EndOfMonthMinusOne;
        check("2021-01-30", 1, rule, &["2021-01-30", "2021-02-27", "2021-03-30", "2021-04-29"]);
        check("2024-01-30", 1, rule, &["2024-01-30", "2024-02-28", "2024-03-30"]);
        // April has 30 days: its 30th is the last one, and the rule has nothing to say.
        check("2021-04-30", 1, rule, &["2021-04-30", "2021-05-30", "2021-06-30"]);
        check("2021-01-29", 1, rule, &["2021-01-29", "2021-02-28", "2021-03-29"]);
    }

    #[test]
    fn a_day_outside_has_no_rest() {
        let cycle = Cycle::inclusive("2021-06-18".parse().unwrap(), "2021-07-17".parse().unwrap()).unwrap();
        assert_eq!(cycle.days(), Decimal::from_integer(30));
        for (day, days) in
            [("2021-06-17", None), ("2021-06-18", Some(30)), ("2021-07-17", Some(1)), ("2021-07-18", None)]
        {
            let rest = cycle.rest_from(day.parse().unwrap()).map(Cycle::days);
            assert_eq!(rest, days.map(Decimal::from_integer).ok_or(LicenceError::OutsideCycle), "{day}");
        }
    }

    proptest! {
        #![proptest_config(crate::properties::cases(10_000))]

        /// Each day after the purchase lies in one cycle and no other.
        #[test]
        fn cycles_follow_one_another(
            day in 0_i32..20_000,
            step in prop::sample::select(vec![1_u16, 12, 36]),
            minus_one in any::<bool>(),
            number in 0_u32..200,
        ) {
            let anchor = jiff::civil::date(2000, 1, 1).saturating_add(day.days());
            let rule = if minus_one { AnchorRule::EndOfMonthMinusOne } else { AnchorRule::Clamp };
            let cycle = |number| cycle_starting_at(anchor, step, rule, number).unwrap();
            prop_assert_eq!(cycle(0).from, anchor);
            prop_assert_eq!(cycle(number).until, cycle(number + 1).from);
        }
    }
}
