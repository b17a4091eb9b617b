//! Totals of a document.
//!
//! Rules IN-2 and IN-14 (docs/rules/invoice-totals.md): total = subtotals + tax + adjustments;
//! charges are the positive subtotals, credits the negative ones. Minor units, exact sums.

use serde::{Deserialize, Serialize};

use crate::money::{Amount, Currency, MoneyError};

/// All amounts are in the document's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentTotals {
    pub charges: Amount,
    pub credits: Amount,
    pub subtotal: Amount,
    pub tax: Amount,
    pub adjustments: Amount,
    pub total: Amount,
}

/// Adds up `lines` of (subtotal, tax) and `adjustments`.
///
/// # Errors
/// Mixed currencies, or a sum beyond 64 bits of minor units.
pub fn document_totals(
    currency: Currency,
    lines: impl IntoIterator<Item = (Amount, Amount)>,
    adjustments: impl IntoIterator<Item = Amount>,
) -> Result<DocumentTotals, MoneyError> {
    let zero = Amount::zero(currency);
    let (mut charges, mut credits, mut tax) = (zero, zero, zero);
    for (subtotal, line_tax) in lines {
        if subtotal.minor < 0 {
            credits = credits.checked_add(subtotal)?;
        } else {
            charges = charges.checked_add(subtotal)?;
        }
        tax = tax.checked_add(line_tax)?;
    }
    let adjustments = Amount::sum(currency, adjustments)?;
    let subtotal = charges.checked_add(credits)?;
    let total = subtotal.checked_add(tax)?.checked_add(adjustments)?;
    Ok(DocumentTotals { charges, credits, subtotal, tax, adjustments, total })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_add_up() {
        let eur = |minor| Amount { minor, currency: Currency::EUR };
        let lines = [(10_080, 2_016), (-9_408, -1_881), (11_289, 2_257)].map(|(s, t)| (eur(s), eur(t)));
        let totals = document_totals(Currency::EUR, lines, [eur(-150)]).unwrap();
        let found = [totals.charges, totals.credits, totals.subtotal, totals.tax, totals.total].map(|a| a.to_plain());
        assert_eq!(found, ["213.69", "-94.08", "119.61", "23.92", "142.03"]);
    }

    #[test]
    fn a_line_in_another_currency_is_refused() {
        let usd = Amount { minor: 1, currency: Currency::USD };
        assert!(document_totals(Currency::EUR, [(usd, usd)], []).is_err());
    }
}
