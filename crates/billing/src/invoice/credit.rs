//! Takes an issued document back: in full, line by line and code by code, or an amount of it.
//!
//! Rule IN-12 (docs/rules/corrections.md): same rates, same exchange rates, same tax; what is credited and
//! its credit note come to zero for each line and each tax code.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::decimal::DecimalError;
use crate::fx::ExchangeRate;
use crate::invoice::totals::document_totals;
use crate::invoice::{
    Adjustment, Amendment, Amends, Charge, ClassicDetails, ClassicUsageCharge, DocumentType, Invoice, InvoiceLine,
    InvoiceNumber, LicenceDetails, Standing, UsageCharge,
};
use crate::licence::ChargeType;
use crate::money::{Amount, MoneyError};
use crate::tax::TaxSubtotal;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreditError {
    #[error("{number} amends {amends}; credit that one")]
    OfAmendment { number: InvoiceNumber, amends: InvoiceNumber },
    #[error("all of {0} was taken back before")]
    NothingStands(InvoiceNumber),
    #[error("{stands} of {number} stand, less than {amount}")]
    TooLarge { number: InvoiceNumber, stands: Amount, amount: Amount },
    #[error("a credit is an amount above zero, not {0}")]
    NotPositive(Amount),
    #[error("{number} is not in the currency of {amount}")]
    Currency { number: InvoiceNumber, amount: Amount },
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
            Self::NothingStands(_) => "credit.already",
            Self::TooLarge { .. } => "credit.too_large",
            Self::NotPositive(_) => "credit.not_positive",
            Self::Currency { .. } => "credit.currency",
            Self::WrittenOff { .. } => "credit.written_off",
            Self::Reason => "credit.reason_malformed",
            Self::Money(error) => error.code(),
        }
    }
}

const REASON_MAX: usize = 500;

/// A document with its lines, whose number is given later.
pub type DraftedNote = (Invoice, Vec<InvoiceLine>);

/// The credit note for all that stands of `original`.
///
/// # Errors
/// A document that is itself an amendment, nothing that stands, a reason that cannot be printed, or an
/// amount without an opposite.
pub fn credit_note(
    original: &Invoice,
    standing: &Standing,
    reason: &str,
    issued_at: Timestamp,
) -> Result<DraftedNote, CreditError> {
    let note = amending(original, standing, Amendment::Credit, reason, issued_at)?;
    let note = Invoice { exchange_rates: rates_of(standing), ..note };
    if standing.is_nothing() {
        return Err(CreditError::NothingStands(original.number.clone()));
    }
    let mut lines = Vec::with_capacity(standing.lines.len());
    for (line_number, (name, line)) in (1_u32..).zip(&standing.lines) {
        lines.push(InvoiceLine { line_number, takes_back: Some(name.clone()), ..credited_line(line)? });
    }
    let taxes = standing.taxes.iter().map(taken_back).collect::<Result<_, _>>()?;
    let adjustments =
        standing.adjustments.iter().map(|one| Ok(Adjustment { amount: one.amount.negated()?, ..one.clone() }));
    let adjustments = adjustments.collect::<Result<Vec<_>, MoneyError>>()?;
    Ok((with_lines(note, &lines, taxes, adjustments)?, lines))
}

/// The note that gives `amount` of an invoice back, outside its lines and without tax.
///
/// # Errors
/// More than stands, another currency, or as [`credit_note`].
pub fn partial_credit(
    original: &Invoice,
    standing: &Standing,
    amount: Amount,
    reason: &str,
    issued_at: Timestamp,
) -> Result<DraftedNote, CreditError> {
    let note = amending(original, standing, Amendment::PartialCredit, reason, issued_at)?;
    if amount.currency != standing.total.currency {
        return Err(CreditError::Currency { number: original.number.clone(), amount });
    }
    if amount.minor <= 0 {
        return Err(CreditError::NotPositive(amount));
    }
    if standing.total.checked_sub(amount)?.minor < 0 {
        return Err(CreditError::TooLarge { number: original.number.clone(), stands: standing.total, amount });
    }
    let position = note.amends.as_ref().map_or(0, |amends| amends.position);
    let reference = format!("{}/{position}", original.number);
    let adjustment = Adjustment { reference, amount: amount.negated()?, reason: reason.to_owned() };
    Ok((with_lines(note, &[], Vec::new(), vec![adjustment])?, Vec::new()))
}

/// The header of the next document of a chain, without figures: with the particulars that were billed last.
pub(super) fn amending(
    original: &Invoice,
    standing: &Standing,
    how: Amendment,
    reason: &str,
    issued_at: Timestamp,
) -> Result<Invoice, CreditError> {
    if let Some(amends) = &original.amends {
        return Err(CreditError::OfAmendment { number: original.number.clone(), amends: amends.number.clone() });
    }
    let sound =
        !reason.trim().is_empty() && reason.chars().count() <= REASON_MAX && !reason.chars().any(char::is_control);
    if !sound {
        return Err(CreditError::Reason);
    }
    let position = standing.amendment_count.saturating_add(1);
    Ok(Invoice {
        document_type: DocumentType::AdjustmentNote,
        amends: Some(Amends { number: original.number.clone(), how, position }),
        reason: reason.to_owned(),
        issued_at,
        due_on: TimeZone::UTC.to_datetime(issued_at).date(),
        carried: Vec::new(),
        number: original.number.clone(),
        ..standing.header.as_ref().clone()
    })
}

/// The exchange rates of the lines that stand, each once, in the order of the lines.
pub(super) fn rates_of(standing: &Standing) -> Vec<ExchangeRate> {
    let mut rates: Vec<ExchangeRate> = Vec::new();
    for (_, line) in &standing.lines {
        if !rates.contains(&line.exchange_rate) {
            rates.push(line.exchange_rate.clone());
        }
    }
    rates
}

/// `note` with what its lines, taxes and adjustments come to.
pub(super) fn with_lines(
    note: Invoice,
    lines: &[InvoiceLine],
    taxes: Vec<TaxSubtotal>,
    adjustments: Vec<Adjustment>,
) -> Result<Invoice, MoneyError> {
    let amounts = lines.iter().map(|line| (line.subtotal, line.tax));
    let totals = document_totals(note.currency, amounts, adjustments.iter().map(|one| one.amount))?;
    let line_count = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    Ok(Invoice { totals, taxes, adjustments, line_count, ..note })
}

pub(super) fn taken_back(tax: &TaxSubtotal) -> Result<TaxSubtotal, MoneyError> {
    Ok(TaxSubtotal { taxable: tax.taxable.negated()?, tax: tax.tax.negated()?, ..tax.clone() })
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
            charge_type: charge_type.into(),
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
        Charge::ClassicUsage(usage) => InvoiceLine {
            quantity: line.quantity.negated()?,
            charge: Charge::ClassicUsage(ClassicUsageCharge {
                included: usage.included.negated()?,
                pricing_exact: usage.pricing_exact.negated()?,
                amount: usage.amount.negated()?,
                discount: usage.discount.negated()?,
                ..usage
            }),
            ..line
        },
        Charge::Classic(classic) => InvoiceLine {
            effective_unit_price: line.effective_unit_price.negated()?,
            charge: Charge::Classic(ClassicDetails {
                amount: classic.amount.negated()?,
                discount: classic.discount.negated()?,
                ..classic
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
