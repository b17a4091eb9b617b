//! The subtotal of a seat line: two rounding orders are documented.
//!
//! Rules LC-4, LC-5 (docs/rules/seat-line.md). The price of one seat is in the pricing currency, the
//! subtotal in the billing currency; both orders cut toward zero (RT-14).

use crate::decimal::{Decimal, DecimalError, Rounding};

/// What is cut first. The two differ by up to one minor unit for each seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SeatRounding {
    /// The converted price of one seat is cut, then multiplied.
    UnitTruncated,
    /// Price, seats and rate are multiplied, then cut.
    LineTruncated,
}

impl SeatRounding {
    pub const ALL: [Self; 2] = [Self::UnitTruncated, Self::LineTruncated];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnitTruncated => "seat_unit_trunc",
            Self::LineTruncated => "line_trunc",
        }
    }
}

/// The subtotal of `seats`, at the `decimals` of the billing currency.
///
/// # Errors
/// [`DecimalError::Overflow`] when an amount does not fit.
pub fn seat_subtotal(
    effective_unit_price: Decimal,
    seats: Decimal,
    rate: Decimal,
    decimals: u8,
    rounding: SeatRounding,
) -> Result<Decimal, DecimalError> {
    match rounding {
        SeatRounding::UnitTruncated => effective_unit_price
            .mul_rounded(rate, decimals, Rounding::TowardZero)?
            .mul_rounded(seats, decimals, Rounding::TowardZero),
        SeatRounding::LineTruncated => {
            effective_unit_price.checked_mul(seats)?.mul_rounded(rate, decimals, Rounding::TowardZero)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check(price: &str, seats: &str, rate: &str, decimals: u8, unit_truncated: &str, line_truncated: &str) {
        let found = SeatRounding::ALL.map(|order| seat_subtotal(d(price), d(seats), d(rate), decimals, order));
        assert_eq!(found, [Ok(d(unit_truncated)), Ok(d(line_truncated))], "{price} x {seats} x {rate}");
    }

    #[test]
    fn the_two_orders_differ() {
        check("9.408", "12", "1", 2, "112.80", "112.89");
        check("-9.408", "12", "1", 2, "-112.80", "-112.89");
        check("7.725", "300", "0.846202666", 2, "1959.00", "1961.07");
        check("9.408", "12", "150.5", 0, "16980", "16990");
        check("9.408", "12", "0.3071", 3, "34.668", "34.67");
    }
}
