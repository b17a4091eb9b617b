//! Takes an issued document back in full, line by line and code by code.
//!
//! Rule IN-12 (docs/rules/corrections.md): same rates, same exchange rates, same tax; what is credited and
//! its credit note come to zero for each line and each tax code.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::decimal::DecimalError;
use crate::invoice::{
    Adjustment, Charge, DocumentTotals, DocumentType, Invoice, InvoiceLine, InvoiceNumber, LicenceDetails, UsageCharge,
};
use crate::licence::ChargeType;
use crate::money::{Amount, MoneyError};
use crate::tax::TaxSubtotal;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreditError {
    #[error("{number} amends {amends}; credit that one")]
    OfAmendment { number: InvoiceNumber, amends: InvoiceNumber },
    #[error("{number} was taken back by {by}")]
    AlreadyCredited { number: InvoiceNumber, by: InvoiceNumber },
    #[error(
        "{amount} of {number} were written off and a credit note would give them back; take the write-off back first"
    )]
    WrittenOff { number: InvoiceNumber, amount: Amount },
    #[error("a reason has 1 to 500 characters and no control characters")]
    Reason,
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl From<DecimalError> for CreditError {
    fn from(error: DecimalError) -> Self {
        Self::Money(error.into())
    }
}

impl CreditError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::OfAmendment { .. } => "credit.of_amendment",
            Self::AlreadyCredited { .. } => "credit.already",
            Self::WrittenOff { .. } => "credit.written_off",
            Self::Reason => "credit.reason_malformed",
            Self::Money(error) => error.code(),
        }
    }
}

const REASON_MAX: usize = 500;

/// The credit note for all of `original`, under a number that is given later.
///
/// # Errors
/// A document that is itself an amendment, a reason that cannot be printed, or an amount without an
/// opposite.
pub fn credit_note(original: &Invoice, reason: &str, issued_at: Timestamp) -> Result<Invoice, CreditError> {
    if let Some(amends) = original.amends.clone() {
        return Err(CreditError::OfAmendment { number: original.number.clone(), amends });
    }
    let sound =
        !reason.trim().is_empty() && reason.chars().count() <= REASON_MAX && !reason.chars().any(char::is_control);
    if !sound {
        return Err(CreditError::Reason);
    }
    let taxes = original
        .taxes
        .iter()
        .map(|tax| Ok(TaxSubtotal { taxable: tax.taxable.negated()?, tax: tax.tax.negated()?, ..tax.clone() }));
    let adjustments =
        original.adjustments.iter().map(|one| Ok(Adjustment { amount: one.amount.negated()?, ..one.clone() }));
    Ok(Invoice {
        document_type: DocumentType::AdjustmentNote,
        amends: Some(original.number.clone()),
        reason: reason.to_owned(),
        issued_at,
        due_on: TimeZone::UTC.to_datetime(issued_at).date(),
        totals: negated_totals(&original.totals)?,
        taxes: taxes.collect::<Result<_, MoneyError>>()?,
        adjustments: adjustments.collect::<Result<_, MoneyError>>()?,
        carried: Vec::new(),
        ..original.clone()
    })
}

/// What was charged is credited now, and the other way round.
fn negated_totals(totals: &DocumentTotals) -> Result<DocumentTotals, MoneyError> {
    Ok(DocumentTotals {
        charges: totals.credits.negated()?,
        credits: totals.charges.negated()?,
        subtotal: totals.subtotal.negated()?,
        tax: totals.tax.negated()?,
        adjustments: totals.adjustments.negated()?,
        total: totals.total.negated()?,
    })
}

/// A line that takes `line` back. Usage is taken back by its quantity, seats by their price, as on other
/// lines.
///
/// # Errors
/// An amount without an opposite.
pub fn credited_line(line: &InvoiceLine) -> Result<InvoiceLine, CreditError> {
    let (subtotal, tax): (Amount, Amount) = (line.subtotal.negated()?, line.tax.negated()?);
    let charge_type = if subtotal.minor <= 0 { ChargeType::Cancel } else { ChargeType::New };
    let line = InvoiceLine { subtotal, tax, ..line.clone() };
    Ok(match line.charge.clone() {
        Charge::Usage(usage) => InvoiceLine {
            charge_type,
            quantity: line.quantity.negated()?,
            charge: Charge::Usage(UsageCharge {
                pricing_exact: usage.pricing_exact.negated()?,
                pricing_total: usage.pricing_total.negated()?,
                ..usage
            }),
            ..line
        },
        Charge::Licence(licence) => InvoiceLine {
            effective_unit_price: line.effective_unit_price.negated()?,
            charge: Charge::Licence(LicenceDetails {
                price_fraction: (licence.price_fraction.0.negated()?, licence.price_fraction.1),
                ..licence
            }),
            ..line
        },
    })
}

/// Whether two documents and their lines come to zero in every line, tax code and total.
///
/// # Errors
/// A sum beyond 64 bits of minor units.
pub fn cancels(original: (&Invoice, &[InvoiceLine]), credit: (&Invoice, &[InvoiceLine])) -> Result<bool, CreditError> {
    let zero = |a: Amount, b: Amount| Ok::<bool, MoneyError>(a.checked_add(b)?.minor == 0);
    let mut all = original.1.len() == credit.1.len() && original.0.taxes.len() == credit.0.taxes.len();
    for (line, back) in original.1.iter().zip(credit.1) {
        all = all && zero(line.subtotal, back.subtotal)? && zero(line.tax, back.tax)?;
    }
    for (tax, back) in original.0.taxes.iter().zip(&credit.0.taxes) {
        all = all && tax.code == back.code && zero(tax.taxable, back.taxable)? && zero(tax.tax, back.tax)?;
    }
    Ok(all && zero(original.0.totals.total, credit.0.totals.total)?)
}
