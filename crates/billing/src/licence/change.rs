//! The charges of the new commerce: whole cycles, and changes that take back the rest of a cycle and
//! charge it anew.
//!
//! Rules LC-4, LC-8, LC-9 (docs/rules/proration.md, seat-line.md).

use jiff::civil::Date;

use crate::decimal::Decimal;
use crate::licence::{ChargeType, Cycle, EffectivePrice, LicenceError, Refund, SeatRounding};

/// What the charges of one change share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Billing currency for one of the pricing currency.
    pub rate: Decimal,
    /// Of the billing currency.
    pub decimals: u8,
    /// Instead of the rounding of the charge type (LC-4).
    pub rounding: Option<SeatRounding>,
}

/// One charge; below zero when it takes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LicenceCharge {
    pub charge_type: ChargeType,
    pub span: Cycle,
    /// Of one seat over the span, in the pricing currency.
    pub effective_price: EffectivePrice,
    /// Above zero, also of what is taken back.
    pub seats: Decimal,
    /// In the billing currency.
    pub subtotal: Decimal,
}

impl Change {
    fn charge(
        self,
        charge_type: ChargeType,
        span: Cycle,
        effective_price: EffectivePrice,
        seats: Decimal,
    ) -> Result<LicenceCharge, LicenceError> {
        if seats.is_negative() || seats.is_zero() {
            return Err(LicenceError::SeatsNotPositive);
        }
        let rounding = self.rounding.unwrap_or(charge_type.rounding());
        let subtotal = effective_price.subtotal(seats, self.rate, self.decimals, rounding)?;
        Ok(LicenceCharge { charge_type, span, effective_price, seats, subtotal })
    }
}

/// A whole cycle: a purchase, a renewal or an instalment.
///
/// # Errors
/// No seats, or an amount that does not fit.
pub fn charge_cycle(
    change: Change,
    charge_type: ChargeType,
    cycle: Cycle,
    unit_price: Decimal,
    seats: Decimal,
) -> Result<LicenceCharge, LicenceError> {
    change.charge(charge_type, cycle, EffectivePrice::whole(unit_price), seats)
}

/// A first cycle that is cut short to end with others; `full_cycle_days` is what it would have had (LC-9).
///
/// # Errors
/// As [`charge_cycle`], or a span that is longer than the cycle.
pub fn charge_until(
    change: Change,
    span: Cycle,
    full_cycle_days: Decimal,
    unit_price: Decimal,
    seats: Decimal,
) -> Result<LicenceCharge, LicenceError> {
    if span.days() > full_cycle_days {
        return Err(LicenceError::OutsideCycle);
    }
    let price = EffectivePrice::prorated(unit_price, span.days(), full_cycle_days)?;
    change.charge(ChargeType::New, span, price, seats)
}

/// Takes back the rest of a charged span, `day` included.
///
/// # Errors
/// A day outside of the cycle, no seats, or an amount that does not fit.
pub fn refund(
    change: Change,
    charge_type: ChargeType,
    cycle: Cycle,
    day: Date,
    unit_price: Decimal,
    seats: Decimal,
) -> Result<LicenceCharge, LicenceError> {
    let rest = cycle.rest_from(day)?;
    let price = EffectivePrice::prorated(unit_price, rest.days(), cycle.days())?;
    change.charge(charge_type, rest, price.negated()?, seats)
}

/// Another number of seats from `day` on: the rest of the cycle is taken back and charged anew.
/// The day itself belongs to the new number.
///
/// # Errors
/// The same number, a number that is not above zero, a day outside of the cycle, or an amount that
/// does not fit.
pub fn change_quantity(
    change: Change,
    cycle: Cycle,
    day: Date,
    unit_price: Decimal,
    (old, new): (Decimal, Decimal),
) -> Result<[LicenceCharge; 2], LicenceError> {
    let charge_type = match new.cmp(&old) {
        std::cmp::Ordering::Equal => return Err(LicenceError::SeatsUnchanged),
        std::cmp::Ordering::Greater => ChargeType::AddQuantity,
        std::cmp::Ordering::Less => ChargeType::RemoveQuantity,
    };
    let taken_back = refund(change, charge_type, cycle, day, unit_price, old)?;
    let charged = change.charge(charge_type, taken_back.span, taken_back.effective_price.negated()?, new)?;
    Ok([taken_back, charged])
}

/// Gives all seats back. Nothing comes back once the window is closed.
///
/// # Errors
/// As [`refund`].
pub fn cancel(
    change: Change,
    cycle: Cycle,
    day: Date,
    unit_price: Decimal,
    seats: Decimal,
    window: Refund,
) -> Result<Option<LicenceCharge>, LicenceError> {
    if !cycle.contains(day) {
        return Err(LicenceError::OutsideCycle);
    }
    let from = match window {
        Refund::Full => cycle.from,
        Refund::Prorated => day,
        Refund::None => return Ok(None),
    };
    refund(change, ChargeType::CancelImmediate, cycle, from, unit_price, seats).map(Some)
}

/// Where upgraded seats go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upgrade {
    ToNew,
    ToExisting,
}

impl Upgrade {
    #[must_use]
    pub fn charge_type(self) -> ChargeType {
        match self {
            Self::ToNew => ChargeType::Convert,
            Self::ToExisting => ChargeType::MoveQuantity,
        }
    }
}

/// Moves seats to another product for the rest of the cycle.
///
/// # Errors
/// As [`refund`].
pub fn convert(
    change: Change,
    upgrade: Upgrade,
    cycle: Cycle,
    day: Date,
    (from_price, to_price): (Decimal, Decimal),
    seats: Decimal,
) -> Result<[LicenceCharge; 2], LicenceError> {
    let charge_type = upgrade.charge_type();
    let taken_back = refund(change, charge_type, cycle, day, from_price, seats)?;
    let price = EffectivePrice::prorated(to_price, taken_back.span.days(), cycle.days())?;
    Ok([taken_back, change.charge(charge_type, taken_back.span, price, seats)?])
}

/// Another billing plan at the end of a cycle. What is left of the plan is charged by whole months (LC-8).
///
/// # Errors
/// More months than the plan has, no seats, or an amount that does not fit.
pub fn change_plan(
    change: Change,
    span: Cycle,
    unit_price: Decimal,
    (months_remaining, months_in_plan): (u16, u16),
    seats: Decimal,
) -> Result<LicenceCharge, LicenceError> {
    if months_remaining == 0 || months_remaining > months_in_plan {
        return Err(LicenceError::PlanMonths);
    }
    let months = |months: u16| Decimal::from_integer(i64::from(months));
    let price = EffectivePrice::prorated(unit_price, months(months_remaining), months(months_in_plan))?;
    change.charge(ChargeType::ChangeBillingPlan, span, price, seats)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan;
    use jiff::civil::date;
    use proptest::prelude::*;

    const CHANGE: Change = Change { rate: Decimal::ONE, decimals: 2, rounding: None };

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn june() -> Cycle {
        Cycle::inclusive(date(2021, 6, 18), date(2021, 7, 17)).unwrap()
    }

    #[test]
    fn what_cannot_be_charged_is_named() {
        let code = |day, old, new| change_quantity(CHANGE, june(), day, d("10"), (d(old), d(new))).unwrap_err().code();
        assert_eq!(code(date(2021, 6, 17), "1", "2"), "licence.outside_cycle");
        assert_eq!(code(date(2021, 7, 18), "1", "2"), "licence.outside_cycle");
        assert_eq!(code(date(2021, 6, 20), "2", "2"), "licence.seats_unchanged");
        assert_eq!(code(date(2021, 6, 20), "2", "0"), "licence.seats_not_positive");
        assert_eq!(code(date(2021, 6, 20), "2", "-1"), "licence.seats_not_positive");
        let long = Cycle::inclusive(date(2021, 6, 18), date(2021, 8, 17)).unwrap();
        let too_long = charge_until(CHANGE, long, d("30"), d("10"), d("1"));
        assert_eq!(too_long.unwrap_err(), LicenceError::OutsideCycle);
        for window in [Refund::Full, Refund::Prorated, Refund::None] {
            let late = cancel(CHANGE, june(), date(2021, 7, 18), d("10"), d("1"), window);
            assert_eq!(late.unwrap_err(), LicenceError::OutsideCycle, "{window:?}");
        }
        let plan = |months| change_plan(CHANGE, june(), d("10"), months, d("1")).map_err(LicenceError::code);
        assert_eq!(plan((0, 12)).unwrap_err(), "licence.plan_months");
        assert_eq!(plan((13, 12)).unwrap_err(), "licence.plan_months");
        assert_eq!(plan((12, 12)).unwrap().subtotal, d("10"));
    }

    #[test]
    fn a_change_on_the_first_day_takes_the_purchase_back() {
        let first = charge_cycle(CHANGE, ChargeType::New, june(), d("10.08"), d("10")).unwrap();
        let [back, _] = change_quantity(CHANGE, june(), date(2021, 6, 18), d("10.08"), (d("10"), d("12"))).unwrap();
        assert_eq!(back.subtotal, first.subtotal.negated().unwrap());
        assert_eq!(back.span, first.span);
    }

    /// Seats of each day, and what all charges come to in cents and exactly.
    fn bill(price: Decimal, first: i64, changes: &[(i64, i64)]) -> (Decimal, Vec<i64>) {
        let cycle = june();
        let seats = Decimal::from_integer;
        let mut total = charge_cycle(CHANGE, ChargeType::New, cycle, price, seats(first)).unwrap().subtotal;
        let mut by_day = vec![first; 30];
        let mut now = first;
        for (day, new) in changes {
            let day_of_change = cycle.from.saturating_add(day.days());
            if let Ok(pair) = change_quantity(CHANGE, cycle, day_of_change, price, (seats(now), seats(*new))) {
                total = pair.iter().fold(total, |sum, charge| sum.checked_add(charge.subtotal).unwrap());
                by_day.iter_mut().skip(usize::try_from(*day).unwrap()).for_each(|seats| *seats = *new);
                now = *new;
            }
        }
        (total, by_day)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100_000))]

        /// Any sequence of changes bills what its days come to, but for what cutting takes from each line.
        #[test]
        fn changes_bill_their_days(
            cents in 0_i128..1_000_000,
            first in 1_i64..500,
            mut changes in prop::collection::vec((0_i64..30, 1_i64..500), 0..8),
        ) {
            changes.sort_by_key(|(day, _)| *day);
            let price = Decimal::new(cents, 2).unwrap();
            let (total, by_day) = bill(price, first, &changes);
            let seat_days = Decimal::from_integer(by_day.iter().sum());
            // Both sides times 30, so that nothing is divided.
            let thirty = Decimal::from_integer(30);
            let exact = price.checked_mul(seat_days).unwrap();
            let off = total.checked_mul(thirty).unwrap().checked_sub(exact).unwrap().abs().unwrap();
            let lines = i128::try_from(changes.len() * 2 + 1).unwrap();
            prop_assert!(off < Decimal::new(lines * 30, 2).unwrap(), "{total} for {seat_days} seat days");
        }

        /// Changes within one day come to the one change from the first number to the last.
        #[test]
        fn changes_of_a_day_bill_their_net(
            cents in 0_i128..1_000_000,
            day in 0_i64..30,
            seats in prop::collection::vec(1_i64..500, 2..8),
        ) {
            let price = Decimal::new(cents, 2).unwrap();
            let first = seats[0];
            let changes: Vec<(i64, i64)> = seats[1..].iter().map(|new| (day, *new)).collect();
            let last = *changes.last().unwrap();
            prop_assert_eq!(bill(price, first, &changes).0, bill(price, first, &[last]).0);
        }
    }
}
