//! How many seats a subscription has, read from its billed lines.
//!
//! Rule LC-13 (docs/rules/seat-line.md): files have no order, so that only sums count.

use jiff::civil::Date;

use crate::decimal::{Decimal, DecimalError};
use crate::licence::ChargeType;

/// What a line says about the number of seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedLine {
    pub ordered_on: Date,
    pub charge_type: ChargeType,
    pub seats: Decimal,
    pub subtotal: Decimal,
}

/// The seats after all lines of one subscription, whatever their order: from the latest purchase,
/// renewal, instalment or change of plan on, seats that were charged less seats that were taken back. Lines without
/// an amount have no sign; they come in pairs that take back first, which the caller has to resolve.
///
/// # Errors
/// [`DecimalError::Overflow`]
pub fn seats_after(lines: &[CountedLine]) -> Result<Decimal, DecimalError> {
    let starts = |line: &&CountedLine| {
        use ChargeType::{ChangeBillingPlan, CycleCharge, New, Renew};
        matches!(line.charge_type, New | Renew | CycleCharge | ChangeBillingPlan)
    };
    let since = lines.iter().filter(starts).map(|line| line.ordered_on).max();
    let counted = lines.iter().filter(|line| {
        line.charge_type != ChargeType::CustomerCredit && since.is_none_or(|since| line.ordered_on >= since)
    });
    counted.copied().try_fold(Decimal::ZERO, |seats, line| {
        if line.subtotal.is_negative() { seats.checked_sub(line.seats) } else { seats.checked_add(line.seats) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &[(&str, ChargeType, i64, i64)], seats: i64) {
        let lines: Vec<CountedLine> = lines
            .iter()
            .map(|(day, charge_type, seats, subtotal)| CountedLine {
                ordered_on: day.parse().unwrap(),
                charge_type: *charge_type,
                seats: Decimal::from_integer(*seats),
                subtotal: Decimal::from_integer(*subtotal),
            })
            .collect();
        assert_eq!(seats_after(&lines), Ok(Decimal::from_integer(seats)), "{lines:?}");
    }

    #[test]
    fn lines_of_the_cycle_before_no_longer_count() {
        use ChargeType::{AddQuantity, CancelImmediate, CustomerCredit, CycleCharge, New};
        let changes = [
            ("2022-02-07", AddQuantity, 10, -112),
            ("2022-03-05", CycleCharge, 15, 180),
            ("2022-02-07", AddQuantity, 15, 168),
            ("2022-02-05", New, 10, 120),
        ];
        check(&changes, 15);
        check(&changes[2..], 25);
        check(&[("2022-03-05", New, 4, 40), ("2022-03-06", CancelImmediate, 4, -39)], 0);
        check(&[("2022-03-05", New, 4, 40), ("2022-03-06", CustomerCredit, 4, -39)], 4);
        check(&[("2022-03-05", New, 4, 40), ("2022-04-05", ChargeType::ChangeBillingPlan, 4, 400)], 4);
        check(&[], 0);
    }
}
