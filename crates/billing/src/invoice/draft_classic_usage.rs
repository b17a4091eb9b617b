//! The lines of a classic subscription's usage.

use crate::decimal::DecimalError;
use crate::invoice::draft::{DraftError, DraftedLine};
use crate::invoice::line::{Charge, ClassicUsageCharge, InvoiceLine, LineChargeType};
use crate::legacy_usage::effective_rate;
use crate::licence::LicenceFee;
use crate::money::{Amount, MoneyError};
use crate::party::PartyDirectory;
use crate::rate::{ClassicUsageLine, ScopeKey, ScopeMonth, ScopeRates, classic_usage_lines};
use crate::tax::TaxCode;

/// One line for each rate (CU-3). Prices are in the currency of the invoice already (CU-5).
pub(super) fn draft_classic_usage(
    directory: &PartyDirectory,
    scope: &ScopeKey,
    month: &ScopeMonth<'_>,
    rates: &ScopeRates,
) -> Result<Vec<DraftedLine>, DraftError> {
    let (subscription, customer) =
        directory.subscription(&scope.subscription).ok_or_else(|| DraftError::Directory(scope.subscription.clone()))?;
    let failed = |cause: DecimalError| DraftError::Amount { scope: scope.clone(), cause };
    let currency = directory.party.currency;
    let lines = classic_usage_lines(month, rates, currency.minor_digits()).map_err(failed)?;
    let draft = |(rate_number, of_rate): (u32, ClassicUsageLine)| -> Result<DraftedLine, DraftError> {
        let effective = effective_rate(of_rate.charge, of_rate.charge, of_rate.rate.overage).map_err(failed)?;
        let line = InvoiceLine {
            line_number: 0,
            customer: customer.clone(),
            subscription: scope.subscription.clone(),
            subscription_name: subscription.name.clone(),
            charge_type: LineChargeType::Classic(LicenceFee::USAGE),
            product: month.price.product.clone(),
            unit_of_measure: month.price.unit_of_measure.clone(),
            days: month.days,
            quantity: of_rate.consumed,
            unit_price: of_rate.rate.unit_price,
            effective_unit_price: effective,
            pricing_currency: month.price.currency,
            exchange_rate: month.exchange_rate.clone(),
            subtotal: Amount::exact(of_rate.charge, currency)?,
            tax: Amount::zero(currency),
            tax_code: TaxCode::new(),
            charge: Charge::ClassicUsage(charge(scope, month, rate_number, &of_rate)?),
            takes_back: None,
        };
        Ok(DraftedLine { line, amounts: None, of_month: None })
    };
    (1_u32..).zip(lines).map(draft).collect()
}

fn charge(
    scope: &ScopeKey,
    month: &ScopeMonth<'_>,
    rate_number: u32,
    of_rate: &ClassicUsageLine,
) -> Result<ClassicUsageCharge, MoneyError> {
    let currency = month.exchange_rate.to;
    Ok(ClassicUsageCharge {
        scope: scope.clone(),
        meter: month.price.meter.clone(),
        rate_number,
        included: of_rate.included,
        discount_factor: of_rate.rate.discount_factor,
        pricing_exact: of_rate.exact,
        amount: Amount::exact(of_rate.amount, currency)?,
        discount: Amount::exact(of_rate.discount, currency)?,
        daily_line_count: month.totals.daily_line_count,
        consumed_after: month.consumed_after,
    })
}
