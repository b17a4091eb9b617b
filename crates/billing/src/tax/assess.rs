//! The tax of a document's lines.
//!
//! Rules RT-23, TX-3 (docs/rules/tax.md): rounded once per code, or line by line. A tax that was
//! rounded once is handed back to the lines, so that they add up to it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::decimal::{Decimal, DecimalError, Rounding};
use crate::money::{Amount, Currency, MoneyError};
use crate::tax::{TaxCode, TaxRate, TaxRounding, tax};

/// What a document owes under one code and rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxSubtotal {
    pub code: TaxCode,
    pub rate: Decimal,
    pub taxable: Amount,
    pub tax: Amount,
    pub legal_note: String,
}

/// The tax of each line, in their order, and of each code, in the order of the codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssessedTax {
    pub lines: Vec<Amount>,
    pub subtotals: Vec<TaxSubtotal>,
}

/// Taxes lines of (subtotal, rate) in `currency`.
///
/// # Errors
/// An amount that does not fit.
pub fn assess(
    currency: Currency,
    lines: &[(Amount, &TaxRate)],
    rounding: TaxRounding,
) -> Result<AssessedTax, MoneyError> {
    let mut groups: BTreeMap<(&str, Decimal), Vec<usize>> = BTreeMap::new();
    for (place, (_, rate)) in lines.iter().enumerate() {
        groups.entry((rate.code.as_str(), rate.rate)).or_default().push(place);
    }
    let mut assessed = AssessedTax { lines: vec![Amount::zero(currency); lines.len()], subtotals: Vec::new() };
    for ((code, rate), places) in groups {
        let of_group: Vec<(Amount, &TaxRate)> = places.iter().filter_map(|place| lines.get(*place).copied()).collect();
        let subtotals: Vec<Decimal> = of_group.iter().map(|(subtotal, _)| subtotal.to_decimal()).collect();
        let amounts = tax(&subtotals, rate, currency.minor_digits(), rounding)?;
        let each = match amounts.lines {
            Some(lines) => lines.into_iter().map(|line| Amount::exact(line, currency)).collect::<Result<_, _>>()?,
            None => handed_out(&subtotals, rate, Amount::exact(amounts.total, currency)?)?,
        };
        for (place, line) in places.into_iter().zip(each) {
            if let Some(slot) = assessed.lines.get_mut(place) {
                *slot = line;
            }
        }
        assessed.subtotals.push(TaxSubtotal {
            code: code.to_owned(),
            rate,
            taxable: Amount::sum(currency, of_group.iter().map(|(subtotal, _)| *subtotal))?,
            tax: Amount::exact(amounts.total, currency)?,
            legal_note: of_group.first().map(|(_, rate)| rate.legal_note.clone()).unwrap_or_default(),
        });
    }
    Ok(assessed)
}

/// Each line's exact tax, rounded down; the units that are left over go to the largest remainders,
/// among equals to the first line. Lines of either sign add up to `total` so.
fn handed_out(subtotals: &[Decimal], rate: Decimal, total: Amount) -> Result<Vec<Amount>, MoneyError> {
    let currency = total.currency;
    let (mut shares, mut remainders) = (Vec::with_capacity(subtotals.len()), Vec::with_capacity(subtotals.len()));
    let mut left_over = i128::from(total.minor);
    for subtotal in subtotals {
        let exact = subtotal.checked_mul(rate)?;
        let mut down = exact.rounded(currency.minor_digits(), Rounding::TowardZero)?;
        if down > exact {
            down = down.checked_sub(Decimal::new(1, currency.minor_digits())?)?;
        }
        let share = Amount::exact(down, currency)?;
        left_over = left_over.checked_sub(i128::from(share.minor)).ok_or(DecimalError::Overflow)?;
        remainders.push(exact.checked_sub(down)?);
        shares.push(share);
    }
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by_key(|place| Reverse(remainders.get(*place).copied()));
    // The exact sum was rounded to the nearest, so less than one unit for each line is left.
    let count = usize::try_from(left_over).map_err(|_| DecimalError::Overflow)?;
    for place in order.into_iter().take(count) {
        if let Some(share) = shares.get_mut(place) {
            share.minor = share.minor.checked_add(1).ok_or(DecimalError::Overflow)?;
        }
    }
    Ok(shares)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::period::DayRange;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn rate(code: &str, rate: &str) -> TaxRate {
        TaxRate {
            code: code.to_owned(),
            rate: rate.parse().unwrap(),
            days: DayRange { from: date(2020, 1, 1), until: None },
            legal_note: format!("note of {code}"),
        }
    }

    fn eur(minor: i64) -> Amount {
        Amount { minor, currency: Currency::EUR }
    }

    #[track_caller]
    fn check(lines: &[(i64, &TaxRate)], rounding: TaxRounding, each: &[i64], subtotals: &[(&str, i64, i64)]) {
        let lines: Vec<(Amount, &TaxRate)> = lines.iter().map(|(minor, rate)| (eur(*minor), *rate)).collect();
        let found = assess(Currency::EUR, &lines, rounding).unwrap();
        assert_eq!(found.lines.iter().map(|line| line.minor).collect::<Vec<_>>(), each);
        let of_codes: Vec<_> =
            found.subtotals.iter().map(|tax| (tax.code.as_str(), tax.taxable.minor, tax.tax.minor)).collect();
        assert_eq!(of_codes, subtotals);
    }

    #[test]
    fn each_code_is_rounded_by_itself() {
        let (full, low) = (rate("FR-20", "0.2"), rate("FR-5", "0.055"));
        let lines = [(10_080, &full), (-9_408, &full), (11_289, &full), (1_000, &low), (9, &low)];
        let document = TaxRounding::DocumentHalfUp;
        check(&lines, document, &[2_016, -1_882, 2_258, 55, 0], &[("FR-20", 11_961, 2_392), ("FR-5", 1_009, 55)]);
        let line = TaxRounding::LineTruncate;
        check(&lines, line, &[2_016, -1_881, 2_257, 55, 0], &[("FR-20", 11_961, 2_392), ("FR-5", 1_009, 55)]);
        check(&[(975, &full), (1_025, &full)], document, &[195, 205], &[("FR-20", 2_000, 400)]);
        check(&[], document, &[], &[]);
    }

    #[test]
    fn a_note_stands_with_its_code() {
        let exempt = rate("EXEMPT", "0");
        let found = assess(Currency::EUR, &[(eur(500), &exempt)], TaxRounding::DocumentHalfUp).unwrap();
        assert_eq!((found.subtotals[0].tax, found.subtotals[0].legal_note.as_str()), (eur(0), "note of EXEMPT"));
    }

    proptest! {
        #![proptest_config(crate::properties::cases(100_000))]

        /// Lines add up to their code, and each is less than a unit from its exact tax. What is taken
        /// back whole takes its tax back whole, line by line.
        #[test]
        fn lines_add_up_to_their_code(
            minors in prop::collection::vec(-100_000_i64..100_000, 1..12),
            per_mille in 0_i128..300,
        ) {
            let mut rate = rate("X", "0");
            rate.rate = Decimal::new(per_mille, 3).unwrap();
            let lines: Vec<(Amount, &TaxRate)> = minors.iter().map(|minor| (eur(*minor), &rate)).collect();
            for rounding in TaxRounding::ALL {
                let found = assess(Currency::EUR, &lines, rounding).unwrap();
                let sum: i64 = found.lines.iter().map(|line| line.minor).sum();
                prop_assert_eq!(sum, found.subtotals[0].tax.minor);
                for ((subtotal, rate), line) in lines.iter().zip(&found.lines) {
                    let exact = subtotal.to_decimal().checked_mul(rate.rate).unwrap();
                    let off = line.to_decimal().checked_sub(exact).unwrap().abs().unwrap();
                    prop_assert!(off < "0.01".parse().unwrap());
                }
            }
        }
    }
}
