//! The charges of the new commerce: whole cycles, and changes that take back the rest of a cycle and
//! charge it anew.
//!
//! Rules LC-4, LC-8, LC-9 (docs/rules/proration.md, seat-line.md).

use jiff::civil::Date;

use crate::decimal::{Decimal, DecimalError};
use crate::licence::{ChargeType, Cycle, EffectivePrice, LicenceError, Refund, SeatRounding};

/// One charge; what it takes back has a price below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LicenceCharge {
    pub charge_type: ChargeType,
    pub span: Cycle,
    /// Of one seat over the span, in the pricing currency.
    pub effective_price: EffectivePrice,
    /// Above zero, also of what is taken back.
    pub seats: Decimal,
    /// That of the charge type, or of the charge that is taken back (LC-4).
    pub rounding: SeatRounding,
}

/// A cycle and what was charged for it: `parts` times the price, for `whole_days`. The cycle may have fewer
/// days, where it was cut short or only a part of a plan's price was charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChargedCycle {
    pub cycle: Cycle,
    pub unit_price: Decimal,
    pub parts: Decimal,
    pub whole_days: Decimal,
}

impl ChargedCycle {
    /// A cycle that was charged at its price.
    #[must_use]
    pub fn whole(cycle: Cycle, unit_price: Decimal) -> Self {
        Self { cycle, unit_price, parts: Decimal::ONE, whole_days: cycle.days() }
    }

    fn rest_from(self, day: Date) -> Result<(Cycle, EffectivePrice), LicenceError> {
        let rest = self.cycle.rest_from(day)?;
        let days = rest.days().checked_mul(self.parts)?;
        Ok((rest, EffectivePrice::prorated(self.unit_price, days, self.whole_days)?))
    }
}

impl LicenceCharge {
    fn new(
        charge_type: ChargeType,
        span: Cycle,
        effective_price: EffectivePrice,
        seats: Decimal,
    ) -> Result<Self, LicenceError> {
        if seats.is_negative() || seats.is_zero() {
            return Err(LicenceError::SeatsNotPositive);
        }
        Ok(Self { charge_type, span, effective_price, seats, rounding: charge_type.rounding() })
    }

    /// At `decimals` of the billing currency; `rate` is billing currency for one of the pricing currency.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`]
    pub fn subtotal(&self, rate: Decimal, decimals: u8) -> Result<Decimal, DecimalError> {
        self.subtotal_rounded(rate, decimals, self.rounding)
    }

    /// As [`LicenceCharge::subtotal`], in the order that somebody else's line may have (LC-5).
    ///
    /// # Errors
    /// [`DecimalError::Overflow`]
    pub fn subtotal_rounded(
        &self,
        rate: Decimal,
        decimals: u8,
        rounding: SeatRounding,
    ) -> Result<Decimal, DecimalError> {
        self.effective_price.subtotal(self.seats, rate, decimals, rounding)
    }

    /// Takes this charge back to the cent.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`]
    pub fn taken_back(&self, charge_type: ChargeType) -> Result<Self, DecimalError> {
        Ok(Self { charge_type, effective_price: self.effective_price.negated()?, ..*self })
    }
}

/// A whole cycle: a purchase, a renewal or an instalment.
///
/// # Errors
/// No seats, or an amount that does not fit.
pub fn charge_cycle(
    charge_type: ChargeType,
    cycle: Cycle,
    unit_price: Decimal,
    seats: Decimal,
) -> Result<LicenceCharge, LicenceError> {
    LicenceCharge::new(charge_type, cycle, EffectivePrice::whole(unit_price), seats)
}

/// A first cycle that is cut short to end with others; `full_cycle_days` is what it would have had (LC-9).
///
/// # Errors
/// As [`charge_cycle`], or a span that is longer than the cycle.
pub fn charge_until(
    span: Cycle,
    full_cycle_days: Decimal,
    unit_price: Decimal,
    seats: Decimal,
) -> Result<LicenceCharge, LicenceError> {
    if span.days() > full_cycle_days {
        return Err(LicenceError::OutsideCycle);
    }
    let price = EffectivePrice::prorated(unit_price, span.days(), full_cycle_days)?;
    LicenceCharge::new(ChargeType::New, span, price, seats)
}

/// Takes back the rest of a charged span, `day` included.
///
/// # Errors
/// A day outside of the cycle, no seats, or an amount that does not fit.
pub fn refund(
    charge_type: ChargeType,
    charged: ChargedCycle,
    day: Date,
    seats: Decimal,
) -> Result<LicenceCharge, LicenceError> {
    let (rest, price) = charged.rest_from(day)?;
    LicenceCharge::new(charge_type, rest, price.negated()?, seats)
}

/// Another number of seats from `day` on: the rest of the cycle is taken back and charged anew.
/// The day itself belongs to the new number.
///
/// # Errors
/// The same number, a number that is not above zero, a day outside of the cycle, or an amount that
/// does not fit.
pub fn change_quantity(
    charged: ChargedCycle,
    day: Date,
    (old, new): (Decimal, Decimal),
) -> Result<[LicenceCharge; 2], LicenceError> {
    let charge_type = match new.cmp(&old) {
        std::cmp::Ordering::Equal => return Err(LicenceError::SeatsUnchanged),
        std::cmp::Ordering::Greater => ChargeType::AddQuantity,
        std::cmp::Ordering::Less => ChargeType::RemoveQuantity,
    };
    let taken_back = refund(charge_type, charged, day, old)?;
    let anew = LicenceCharge::new(charge_type, taken_back.span, taken_back.effective_price.negated()?, new)?;
    Ok([taken_back, anew])
}

/// Gives all seats back. Nothing comes back once the window is closed.
///
/// # Errors
/// As [`refund`].
pub fn cancel(
    charged: ChargedCycle,
    day: Date,
    seats: Decimal,
    window: Refund,
) -> Result<Option<LicenceCharge>, LicenceError> {
    if !charged.cycle.contains(day) {
        return Err(LicenceError::OutsideCycle);
    }
    let from = match window {
        Refund::Full => charged.cycle.from,
        Refund::Prorated => day,
        Refund::None => return Ok(None),
    };
    refund(ChargeType::CancelImmediate, charged, from, seats).map(Some)
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

/// Moves seats to another product for the rest of the cycle. A target that exists is charged for the rest
/// of its own cycle.
///
/// # Errors
/// As [`refund`].
pub fn convert(
    upgrade: Upgrade,
    day: Date,
    from: ChargedCycle,
    to: ChargedCycle,
    seats: Decimal,
) -> Result<[LicenceCharge; 2], LicenceError> {
    let charge_type = upgrade.charge_type();
    let taken_back = refund(charge_type, from, day, seats)?;
    let (rest, price) = to.rest_from(day)?;
    Ok([taken_back, LicenceCharge::new(charge_type, rest, price, seats)?])
}

/// Another billing plan at the end of a cycle. What is left of the plan is charged by whole months (LC-8).
///
/// # Errors
/// More months than the plan has, no seats, or an amount that does not fit.
pub fn change_plan(
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
    LicenceCharge::new(ChargeType::ChangeBillingPlan, span, price, seats)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn cents(charge: &LicenceCharge) -> Decimal {
        charge.subtotal(Decimal::ONE, 2).unwrap()
    }

    fn june() -> Cycle {
        Cycle::inclusive(date(2021, 6, 18), date(2021, 7, 17)).unwrap()
    }

    #[test]
    fn what_cannot_be_charged_is_named() {
        let code = |day, old, new| {
            change_quantity(ChargedCycle::whole(june(), d("10")), day, (d(old), d(new))).unwrap_err().code()
        };
        assert_eq!(code(date(2021, 6, 17), "1", "2"), "licence.outside_cycle");
        assert_eq!(code(date(2021, 7, 18), "1", "2"), "licence.outside_cycle");
        assert_eq!(code(date(2021, 6, 20), "2", "2"), "licence.seats_unchanged");
        assert_eq!(code(date(2021, 6, 20), "2", "0"), "licence.seats_not_positive");
        assert_eq!(code(date(2021, 6, 20), "2", "-1"), "licence.seats_not_positive");
        let long = Cycle::inclusive(date(2021, 6, 18), date(2021, 8, 17)).unwrap();
        let too_long = charge_until(long, d("30"), d("10"), d("1"));
        assert_eq!(too_long.unwrap_err(), LicenceError::OutsideCycle);
        for window in [Refund::Full, Refund::Prorated, Refund::None] {
            let late = cancel(ChargedCycle::whole(june(), d("10")), date(2021, 7, 18), d("1"), window);
            assert_eq!(late.unwrap_err(), LicenceError::OutsideCycle, "{window:?}");
        }
        let plan = |months| change_plan(june(), d("10"), months, d("1")).map_err(LicenceError::code);
        assert_eq!(plan((0, 12)).unwrap_err(), "licence.plan_months");
        assert_eq!(plan((13, 12)).unwrap_err(), "licence.plan_months");
        assert_eq!(cents(&plan((12, 12)).unwrap()), d("10"));
    }

    #[test]
    fn a_change_on_the_first_day_takes_the_purchase_back() {
        let first = charge_cycle(ChargeType::New, june(), d("10.08"), d("10")).unwrap();
        let [back, _] =
            change_quantity(ChargedCycle::whole(june(), d("10.08")), date(2021, 6, 18), (d("10"), d("12"))).unwrap();
        assert_eq!(cents(&back), cents(&first).negated().unwrap());
        assert_eq!(cents(&first.taken_back(back.charge_type).unwrap()), cents(&back));
        assert_eq!(back.span, first.span);
    }

    /// Seats of each day, and what all charges come to in cents and exactly.
    fn bill(price: Decimal, first: i64, changes: &[(i64, i64)]) -> (Decimal, Vec<i64>) {
        let cycle = june();
        let seats = Decimal::from_integer;
        let mut total = cents(&charge_cycle(ChargeType::New, cycle, price, seats(first)).unwrap());
        let mut by_day = vec![first; 30];
        let mut now = first;
        for (day, new) in changes {
            let day_of_change = cycle.from.saturating_add(day.days());
            if let Ok(pair) =
                change_quantity(ChargedCycle::whole(cycle, price), day_of_change, (seats(now), seats(*new)))
            {
                total = pair.iter().fold(total, |sum, charge| sum.checked_add(cents(charge)).unwrap());
                by_day.iter_mut().skip(usize::try_from(*day).unwrap()).for_each(|seats| *seats = *new);
                now = *new;
            }
        }
        (total, by_day)
    }

    proptest! {
        #![proptest_config(crate::properties::cases(100_000))]

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
