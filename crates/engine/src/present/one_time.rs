//! A line of an invoice as a reconciliation line.

use billing::decimal::{Decimal, DecimalError};
use billing::invoice::{Charge, InvoiceLine, LicenceDetails, UsageCharge};
use billing::licence::{BillingPlan, ChargeType, ProductCategory, Term};
use billing::usage::MeterDescription;
use formats::vendor::{Guid, JsonNumber, OneTimeInvoiceLineItem, OneTimeKind, PriceAdjustments, Text};

use crate::error::{EngineError, EngineResult};

use super::line_item::{Document, seats};
use super::words;

/// One line of an invoice, issued or open.
///
/// Of a month's consumption `quantity` is 1 and `billableQuantity` what was used. There is no order
/// behind it; its date is the last day of the month, as the published lines have it. Of a licence both
/// are its seats.
///
/// # Errors
/// A total or a rate that does not fit its number.
pub(super) fn one_time_line(
    document: Document<'_>,
    line: &InvoiceLine,
    charge_type: ChargeType,
) -> EngineResult<OneTimeInvoiceLineItem> {
    let party = document.party;
    let (customer, product) = (&line.customer, &line.product);
    let total = line.total().map_err(|error| EngineError::new(error.code(), error.to_string()))?;
    let item = OneTimeInvoiceLineItem {
        partner_id: party.tenant_id.as_str().into(),
        customer_id: customer.id.as_str().into(),
        customer_name: customer.name.as_str().into(),
        customer_domain_name: customer.domain.as_str().into(),
        customer_country: customer.country.as_str().into(),
        invoice_number: document.number_text().into(),
        mpn_id: party.partner_number.as_str().into(),
        reseller_mpn_id: 0,
        order_id: Text::default(),
        order_date: line.days.1.into(),
        product_id: product.product_id.as_str().into(),
        sku_id: product.sku_id.as_str().into(),
        availability_id: product.availability_id.as_str().into(),
        product_name: product.product_name.as_str().into(),
        sku_name: product.sku_name.as_str().into(),
        product_qualifiers: Vec::new(),
        charge_type: words::charge_type(charge_type),
        unit_price: line.unit_price.into(),
        effective_unit_price: line.effective_unit_price.into(),
        unit_type: line.unit_of_measure.as_str().into(),
        quantity: 1,
        subtotal: line.subtotal.into(),
        tax_total: line.tax.into(),
        // What it comes to is said when it is billed.
        total_for_customer: document.number.map_or(JsonNumber::ZERO, |_| total.into()),
        currency: line.subtotal.currency,
        publisher_name: product.publisher_name.as_str().into(),
        publisher_id: product.publisher_id.as_str().into(),
        subscription_description: line.subscription_name.as_str().into(),
        subscription_id: line.subscription.as_str().into(),
        subscription_start_date: None,
        subscription_end_date: None,
        charge_start_date: line.days.0.into(),
        charge_end_date: line.days.1.into(),
        term_and_billing_cycle: Text::default(),
        alternate_id: Text::default(),
        reference_id: Guid::default(),
        price_adjustment_description: PriceAdjustments::default(),
        discount_details: Text::default(),
        pricing_currency: line.pricing_currency,
        pc_to_bc_exchange_rate: line.exchange_rate.rate.into(),
        pc_to_bc_exchange_rate_date: Some(line.exchange_rate.dated.into()),
        billable_quantity: JsonNumber::plain(line.quantity),
        meter_description: Text::default(),
        billing_frequency: Text::default(),
        reservation_order_id: Text::default(),
        credit_reason_code: Text::default(),
        promotion_id: Text::default(),
        kind: OneTimeKind,
    };
    match &line.charge {
        Charge::Usage(usage) => with_usage(item, usage),
        Charge::Licence(licence) => with_licence(item, document, line, licence),
        // Their lines have types of their own.
        Charge::Classic(_) | Charge::ClassicUsage(_) => Ok(item),
    }
}

fn with_usage(item: OneTimeInvoiceLineItem, usage: &UsageCharge) -> EngineResult<OneTimeInvoiceLineItem> {
    let (first_day, last_day) = words::inclusive_days(usage.scope.usage_month);
    Ok(OneTimeInvoiceLineItem {
        order_date: last_day,
        charge_start_date: first_day,
        charge_end_date: last_day,
        price_adjustment_description: adjustments(usage.earned_credit_rates.1)?,
        meter_description: meter_description(&usage.meter),
        reservation_order_id: usage.scope.covered_by.as_deref().unwrap_or_default().into(),
        ..item
    })
}

fn with_licence(
    item: OneTimeInvoiceLineItem,
    document: Document<'_>,
    line: &InvoiceLine,
    licence: &LicenceDetails,
) -> EngineResult<OneTimeInvoiceLineItem> {
    let inexact = |error: DecimalError| EngineError::new(error.code(), error.to_string());
    let discounts: Vec<String> = licence
        .discounts
        .iter()
        .map(|discount| Ok(format!("{}% {}", percentage(discount.rate).map_err(inexact)?, discount.name)))
        .collect::<EngineResult<_>>()?;
    Ok(OneTimeInvoiceLineItem {
        order_id: licence.order_id.as_str().into(),
        order_date: licence.ordered_on.into(),
        product_qualifiers: licence.qualifiers.iter().map(|qualifier| qualifier.as_str().into()).collect(),
        quantity: seats(line)?,
        subscription_start_date: Some(licence.term_days.0.into()),
        subscription_end_date: licence.term_days.1.map(Into::into),
        term_and_billing_cycle: term_and_cycle(licence).into(),
        price_adjustment_description: PriceAdjustments(discounts),
        billing_frequency: document.number.map_or("", |_| frequency(licence.plan)).into(),
        reservation_order_id: match licence.category {
            ProductCategory::Reservation | ProductCategory::SavingsPlan => licence.order_id.as_str().into(),
            _ => Text::default(),
        },
        ..item
    })
}

/// Blank where it is charged once.
fn frequency(plan: BillingPlan) -> &'static str {
    match plan {
        BillingPlan::Monthly => "Monthly",
        BillingPlan::Annual => "Annual",
        BillingPlan::Triennial => "Triennial",
        BillingPlan::OneTime => "",
    }
}

/// For people; no program is to take it apart.
fn term_and_cycle(licence: &LicenceDetails) -> String {
    let term = match licence.term {
        None => return String::new(),
        Some(Term::Month) => "One-Month",
        Some(Term::Year) => "One-Year",
        Some(Term::ThreeYears) => "Three-Year",
    };
    match (licence.category, licence.plan) {
        (ProductCategory::Reservation, _) => format!("{term} Reservation"),
        (ProductCategory::SavingsPlan, _) => format!("{term} Savings Plan"),
        (_, BillingPlan::Monthly) => format!("{term} commitment for monthly billing"),
        (_, BillingPlan::Annual) => format!("{term} commitment for yearly billing"),
        (_, BillingPlan::Triennial | BillingPlan::OneTime) => format!("{term} commitment"),
    }
}

/// Names the highest credit of the month's days; where only some days had it, the effective price
/// is a blend.
fn adjustments(earned_credit_rate: Decimal) -> EngineResult<PriceAdjustments> {
    if earned_credit_rate.is_zero() {
        return Ok(PriceAdjustments::default());
    }
    let percentage =
        percentage(earned_credit_rate).map_err(|error| EngineError::new(error.code(), error.to_string()))?;
    Ok(PriceAdjustments(vec![format!("{percentage}% Partner earned credit for services managed")]))
}

/// `15.0` for 0.15: all digits, one decimal at least.
fn percentage(rate: Decimal) -> Result<String, DecimalError> {
    let percentage = rate.checked_mul(Decimal::from_integer(100))?;
    percentage.to_fixed(percentage.scale().max(1))
}

/// `Virtual Machines BS Series - B4ms - EU West`: what is known of it, from wide to narrow.
fn meter_description(meter: &MeterDescription) -> Text {
    let family = [meter.category.as_str(), meter.subcategory.as_str()].join(" ");
    let parts = [family.trim(), meter.name.as_str(), meter.region.as_str()];
    let known: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    known.join(" - ").into()
}
