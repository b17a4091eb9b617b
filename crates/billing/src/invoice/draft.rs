//! The draft of a party's invoice: all lines and totals, computed before anything is written (D4).

use std::collections::BTreeMap;

use crate::decimal::DecimalError;
use crate::fx::ExchangeRate;
use crate::invoice::line::InvoiceLine;
use crate::invoice::totals::{DocumentTotals, document_totals};
use crate::invoice::{Adjustment, InvoiceType};
use crate::licence::ChargeType;
use crate::money::{Amount, Currency, MoneyError};
use crate::party::{Organisation, PartyDirectory};
use crate::period::BillingPeriod;
use crate::rate::{MonthAmounts, PRICE_DIGITS, ScopeKey, ScopeMonth, UnpricedUsage, month_amounts};
use crate::tax::{TaxCode, TaxError, TaxSubtotal, TaxTable, TaxedProduct, assess};

/// A line with the figures that its checks need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftedLine {
    pub line: InvoiceLine,
    pub amounts: MonthAmounts,
}

/// One party's invoice before its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub invoice_type: InvoiceType,
    pub issuer: Organisation,
    pub billed_party: Organisation,
    pub period: BillingPeriod,
    pub currency: Currency,
    pub lines: Vec<DraftedLine>,
    pub totals: DocumentTotals,
    pub taxes: Vec<TaxSubtotal>,
    pub adjustments: Vec<Adjustment>,
    pub exchange_rates: Vec<ExchangeRate>,
    pub unpriced: Vec<UnpricedUsage>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    #[error("customer or subscription of {0:?} is missing in the directory")]
    Directory(ScopeKey),
    #[error("an amount of meter {} has more digits than can be kept exactly", scope.meter)]
    Amount { scope: ScopeKey, cause: DecimalError },
    #[error(transparent)]
    Tax(#[from] TaxError),
    #[error(transparent)]
    Total(#[from] MoneyError),
}

impl DraftError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Directory(_) => "rating.subscription_unknown",
            Self::Amount { cause, .. } => cause.code(),
            Self::Tax(error) => error.code(),
            Self::Total(error) => error.code(),
        }
    }
}

/// Drafts the invoice of one party from its rated scopes. Lines stand in the order of customer,
/// plan, meter and month.
///
/// # Errors
/// An amount that does not fit; the party is parked.
pub fn draft_invoice(
    directory: &PartyDirectory,
    period: BillingPeriod,
    scopes: &BTreeMap<ScopeKey, ScopeMonth<'_>>,
    unpriced: Vec<UnpricedUsage>,
    taxes: &TaxTable,
    adjustments: Vec<Adjustment>,
) -> Result<Draft, DraftError> {
    let currency = directory.party.currency;
    let mut lines = Vec::with_capacity(scopes.len());
    let mut exchange_rates: Vec<ExchangeRate> = Vec::new();
    for (number, (scope, month)) in (1_u32..).zip(scopes) {
        lines.push(draft_line(directory, number, scope, month)?);
        if !exchange_rates.contains(&month.exchange_rate) {
            exchange_rates.push(month.exchange_rate.clone());
        }
    }
    let taxes = tax_lines(directory, taxes, &mut lines)?;
    let amounts = lines.iter().map(|d| (d.line.subtotal, d.line.tax));
    let totals = document_totals(currency, amounts, adjustments.iter().map(|adjustment| adjustment.amount))?;
    Ok(Draft {
        invoice_type: InvoiceType::OneTime,
        issuer: directory.issuer.clone(),
        billed_party: directory.party.clone(),
        period,
        currency,
        lines,
        totals,
        taxes,
        adjustments,
        exchange_rates,
        unpriced,
    })
}

/// Taxes all lines by the party's country and treatment; the last day that a line charges decides
/// (TX-2). Without any rate nothing is taxed (TX-4).
fn tax_lines(
    directory: &PartyDirectory,
    table: &TaxTable,
    lines: &mut [DraftedLine],
) -> Result<Vec<TaxSubtotal>, DraftError> {
    if table.is_empty() {
        return Ok(Vec::new());
    }
    let party = &directory.party;
    let mut rated = Vec::with_capacity(lines.len());
    for DraftedLine { line, .. } in lines.iter() {
        let product = TaxedProduct { product_id: &line.product.product_id, sku_id: &line.product.sku_id };
        rated.push((line.subtotal, table.rate(&party.country, party.tax.treatment, product, line.days.1)?));
    }
    let assessed = assess(party.currency, &rated, directory.issuer.tax.rounding)?;
    for ((drafted, tax), (_, rate)) in lines.iter_mut().zip(assessed.lines).zip(rated) {
        drafted.line.tax = tax;
        drafted.line.tax_code.clone_from(&rate.code);
    }
    Ok(assessed.subtotals)
}

fn draft_line(
    directory: &PartyDirectory,
    line_number: u32,
    scope: &ScopeKey,
    month: &ScopeMonth<'_>,
) -> Result<DraftedLine, DraftError> {
    let (subscription, customer) =
        directory.subscription(&scope.subscription).ok_or_else(|| DraftError::Directory(scope.clone()))?;
    let (totals, currency) = (month.totals, directory.party.currency);
    let failed = |cause| DraftError::Amount { scope: scope.clone(), cause };
    let amounts = month_amounts(
        totals.pricing_total,
        totals.quantity,
        month.exchange_rate.rate,
        month.price.currency.minor_digits(),
        currency.minor_digits(),
    )
    .map_err(failed)?;
    let unit_price = match month.single_unit_price {
        Some(price) => price,
        None if totals.quantity.is_zero() => month.price.tiers.first_price(),
        None => totals.list_amount.div_significant(totals.quantity, PRICE_DIGITS).map_err(failed)?,
    };
    let line = InvoiceLine {
        line_number,
        scope: scope.clone(),
        customer: customer.clone(),
        subscription_name: subscription.name.clone(),
        charge_type: if amounts.pricing_total.is_negative() { ChargeType::Cancel } else { ChargeType::New },
        product: month.price.product.clone(),
        meter: month.price.meter.clone(),
        unit_of_measure: month.price.unit_of_measure.clone(),
        days: month.days,
        quantity: totals.quantity,
        unit_price,
        effective_unit_price: amounts.effective_unit_price,
        pricing_currency: month.price.currency,
        pricing_exact: totals.pricing_total,
        pricing_total: amounts.pricing_total,
        exchange_rate: month.exchange_rate.clone(),
        earned_credit_rates: month.earned_credit_rates,
        daily_line_count: totals.daily_line_count,
        consumed_after: month.consumed_after,
        subtotal: Amount::exact(amounts.subtotal, currency)?,
        tax: Amount::zero(currency),
        tax_code: TaxCode::new(),
    };
    Ok(DraftedLine { line, amounts })
}
