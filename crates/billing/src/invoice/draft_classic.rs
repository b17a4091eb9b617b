//! The line of a classic licence.

use crate::decimal::Decimal;
use crate::fx::{ExchangeRate, RateSource};
use crate::invoice::InvoiceType;
use crate::invoice::draft::{DraftError, DraftedLine, EarlierMonths, SEAT_UNIT};
use crate::invoice::line::{Charge, ClassicDetails, InvoiceLine, LineChargeType};
use crate::licence::{ClassicLine, LicenceError, OrderError};
use crate::money::{Amount, Currency};
use crate::party::PartyDirectory;
use crate::period::BillingPeriod;
use crate::tax::TaxCode;

/// Amounts are in the currency of the invoice already (LC-20).
pub(super) fn draft_classic(
    directory: &PartyDirectory,
    classic: ClassicLine,
    earlier: &EarlierMonths,
) -> Result<DraftedLine, DraftError> {
    let ClassicLine { subscription: id, order_id, billed_on, rated_on, offer, discounts, term, charge } = classic;
    let (subscription, customer) = directory.subscription(&id).ok_or_else(|| DraftError::Directory(id.clone()))?;
    let currency = directory.party.currency;
    let failed = |cause: OrderError| DraftError::Licence { subscription: id.clone(), cause };
    let calendar = || failed(LicenceError::Calendar.into());
    let month = BillingPeriod::containing(rated_on).map_err(|_| calendar())?;
    let of_month = earlier.contains_key(&(InvoiceType::Recurring, month)).then_some(month);
    let subtotal = charge.subtotal().map_err(|error| failed(error.into()))?;
    let line = InvoiceLine {
        line_number: 0,
        customer: customer.clone(),
        subscription: id.clone(),
        subscription_name: subscription.name.clone(),
        charge_type: LineChargeType::Classic(charge.fee),
        product: offer.product,
        unit_of_measure: SEAT_UNIT.to_owned(),
        days: (charge.span.from, charge.span.last_day()),
        quantity: charge.seats,
        unit_price: offer.unit_price,
        effective_unit_price: charge.unit_price,
        pricing_currency: offer.currency,
        exchange_rate: no_exchange(currency, month),
        subtotal: Amount::exact(subtotal, currency)?,
        tax: Amount::zero(currency),
        tax_code: TaxCode::new(),
        charge: Charge::Classic(ClassicDetails {
            order_id,
            billed_on,
            plan: offer.plan,
            term_days: (term.0, term.1.yesterday().map_err(|_| calendar())?),
            discounts,
            prorated: charge.prorated,
            amount: Amount::exact(charge.amount, currency)?,
            discount: Amount::exact(charge.discount, currency)?,
        }),
        takes_back: None,
    };
    Ok(DraftedLine { line, amounts: None, of_month })
}

fn no_exchange(currency: Currency, month: BillingPeriod) -> ExchangeRate {
    let (rate, source) = (Decimal::ONE, RateSource::Identity);
    ExchangeRate { from: currency, to: currency, rate, dated: month.last_day(), source }
}
