//! Tax on subtotals, with the three documented ways to round.
//!
//! Rule RT-23 (docs/rules/tax.md). The rate is a fraction of 1; amounts are at the decimals of the
//! document's currency. Cutting is toward zero, half-up goes away from zero, for refunds as well.

use serde::{Deserialize, Serialize};

use crate::decimal::{Decimal, DecimalError, Rounding, sum};

/// Where the tax of a document is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxRounding {
    /// Each line is cut, then the lines are added.
    LineTruncate,
    /// Each line is rounded half-up, then the lines are added.
    LineHalfUp,
    /// The exact sum of the lines is rounded half-up, once; our own documents, per tax code.
    #[default]
    DocumentHalfUp,
}

impl TaxRounding {
    pub const ALL: [Self; 3] = [Self::LineTruncate, Self::LineHalfUp, Self::DocumentHalfUp];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LineTruncate => "line_truncate",
            Self::LineHalfUp => "line_half_up",
            Self::DocumentHalfUp => "document_half_up",
        }
    }
}

/// The tax on subtotals of one rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxAmounts {
    /// `None` where only the document as a whole has a tax.
    pub lines: Option<Vec<Decimal>>,
    pub total: Decimal,
}

/// The tax on `subtotals` that share one rate, at `decimals` of their currency.
///
/// # Errors
/// [`DecimalError::Overflow`] when an amount does not fit.
pub fn tax(
    subtotals: &[Decimal],
    rate: Decimal,
    decimals: u8,
    rounding: TaxRounding,
) -> Result<TaxAmounts, DecimalError> {
    let line_rounding = match rounding {
        TaxRounding::LineTruncate => Rounding::TowardZero,
        TaxRounding::LineHalfUp => Rounding::HalfUp,
        TaxRounding::DocumentHalfUp => {
            let taxable = sum(subtotals.iter().copied())?;
            return Ok(TaxAmounts { lines: None, total: taxable.mul_rounded(rate, decimals, Rounding::HalfUp)? });
        }
    };
    let lines = subtotals
        .iter()
        .map(|subtotal| subtotal.mul_rounded(rate, decimals, line_rounding))
        .collect::<Result<Vec<_>, _>>()?;
    let total = sum(lines.iter().copied())?;
    Ok(TaxAmounts { lines: Some(lines), total })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    /// The totals of the three modes, in the order of [`TaxRounding::ALL`].
    #[track_caller]
    fn check(subtotals: &[&str], rate: &str, decimals: u8, totals: [&str; 3]) {
        let subtotals: Vec<Decimal> = subtotals.iter().map(|subtotal| d(subtotal)).collect();
        let found = TaxRounding::ALL.map(|mode| tax(&subtotals, d(rate), decimals, mode).unwrap().total);
        assert_eq!(found, totals.map(d), "{subtotals:?} at {rate}");
    }

    #[test]
    fn the_three_modes_differ() {
        check(&["9.75", "10.25"], "0.10", 2, ["1.99", "2.01", "2.00"]);
        check(&["-9.75", "-10.25"], "0.10", 2, ["-1.99", "-2.01", "-2.00"]);
        check(&["100.80", "-94.08", "112.89"], "0.19", 2, ["22.72", "22.72", "22.73"]);
        check(&[], "0.19", 2, ["0", "0", "0"]);
    }

    #[test]
    fn tax_has_the_decimals_of_its_currency() {
        check(&["1005", "995"], "0.10", 0, ["199", "201", "200"]);
        check(&["9.7515", "10.2525"], "0.10", 3, ["2", "2", "2"]);
        check(&["0.005", "0.015"], "0.1", 3, ["0.001", "0.003", "0.002"]);
    }

    #[test]
    fn only_line_modes_have_lines() {
        let lines = |mode| tax(&[d("9.75"), d("10.25")], d("0.1"), 2, mode).unwrap().lines;
        assert_eq!(lines(TaxRounding::LineTruncate), Some(vec![d("0.97"), d("1.02")]));
        assert_eq!(lines(TaxRounding::LineHalfUp), Some(vec![d("0.98"), d("1.03")]));
        assert_eq!(lines(TaxRounding::default()), None);
    }
}
