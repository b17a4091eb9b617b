//! A rated day as a daily rated usage line.

use billing::party::Organisation;
use billing::rate::DayFactors;
use formats::vendor::{Benefit, CreditType, DailyRatedKind, DailyRatedUsageLineItem, Guid, JsonNumber, Tags, Text};

use crate::error::{EngineError, EngineResult};
use crate::invoices::ShownDay;

use super::words;

/// One day, billed or not. `party` is whom it is billed to.
///
/// # Errors
/// Stored tags that are no JSON object.
pub fn daily_rated(day: &ShownDay, party: &Organisation) -> EngineResult<DailyRatedUsageLineItem> {
    let (line, customer) = (&day.line, &day.customer);
    let (record, product, resource) = (&line.record, &line.product, &line.record.resource);
    let (meter, own_meter) = (&line.price_meter, &line.record.meter);
    let (first_day, last_day) = words::inclusive_days(line.scope.usage_month);
    let earned_credit_rate = line.figures.factors.earned_credit_rate;
    let (credit_type, rate_of_credit) = credit(line.figures.factors);
    // The unit that the quantity is counted in is the price's; the record's own may differ.
    let unit = known(&line.price_unit, &record.unit_of_measure);
    Ok(DailyRatedUsageLineItem {
        partner_id: party.tenant_id.as_str().into(),
        partner_name: party.name.as_str().into(),
        customer_id: customer.id.as_str().into(),
        customer_name: customer.name.as_str().into(),
        customer_domain_name: customer.domain.as_str().into(),
        customer_country: customer.country.as_str().into(),
        invoice_number: day.invoice.as_ref().map_or("", |number| number.as_str()).into(),
        product_id: product.product_id.as_str().into(),
        sku_id: product.sku_id.as_str().into(),
        availability_id: product.availability_id.as_str().into(),
        sku_name: product.sku_name.as_str().into(),
        product_name: known(&product.product_name, &record.product_name),
        publisher_name: known(&product.publisher_name, &record.publisher_name),
        publisher_id: product.publisher_id.as_str().into(),
        subscription_id: line.scope.subscription.as_str().into(),
        subscription_description: day.subscription_name.as_str().into(),
        charge_start_date: first_day,
        charge_end_date: last_day,
        usage_date: record.usage_date.into(),
        meter_type: unit.clone(),
        meter_category: known(&meter.category, &own_meter.category),
        meter_id: line.scope.meter.as_str().into(),
        meter_sub_category: known(&meter.subcategory, &own_meter.subcategory),
        meter_name: known(&meter.name, &own_meter.name),
        meter_region: known(&meter.region, &own_meter.region),
        unit_of_measure: unit.clone(),
        resource_location: resource.location.as_str().into(),
        consumed_service: resource.consumed_service.as_str().into(),
        resource_group: resource.group.as_str().into(),
        resource_uri: resource.uri.as_str().into(),
        tags: Tags::from_text(&resource.tags).map_err(|error| EngineError::damaged("a daily line", error))?,
        additional_info: resource.additional_info.as_str().into(),
        service_info1: resource.service_info1.as_str().into(),
        service_info2: resource.service_info2.as_str().into(),
        mpn_id: party.partner_number.as_str().into(),
        reseller_mpn_id: Text::default(),
        charge_type: words::charge_type_of(day.pricing_total),
        unit_price: line.figures.unit_price.into(),
        quantity: line.figures.quantity.into(),
        unit_type: unit,
        billing_pre_tax_total: day.billing_total.into(),
        billing_currency: line.billing_currency,
        pricing_pre_tax_total: day.pricing_total.into(),
        pricing_currency: line.pricing_currency,
        entitlement_id: record.entitlement_id.as_ref().map_or_else(Guid::default, |id| id.as_str().into()),
        entitlement_description: record.entitlement_name.as_str().into(),
        pc_to_bc_exchange_rate: line.figures.exchange_rate.into(),
        pc_to_bc_exchange_rate_date: Some(line.exchange_rate_dated.into()),
        effective_unit_price: day.effective_unit_price.into(),
        rate_of_partner_earned_credit: earned_credit_rate.into(),
        has_partner_earned_credit: !earned_credit_rate.is_zero(),
        rate_of_credit,
        credit_type,
        benefit: line.scope.covered_by.as_deref().map(|order| Benefit::savings_plan(order.into())),
        kind: DailyRatedKind,
    })
}

/// The name of the price list; where it has none, that of the record.
fn known(listed: &str, recorded: &str) -> Text {
    if listed.is_empty() { recorded.into() } else { listed.into() }
}

/// The one credit that a line can name: the earned one where there are two.
fn credit(factors: DayFactors) -> (CreditType, Option<JsonNumber>) {
    if !factors.earned_credit_rate.is_zero() {
        (CreditType::PartnerEarnedCredit, Some(factors.earned_credit_rate.into()))
    } else if !factors.credit_rate.is_zero() {
        (CreditType::AzureCredit, Some(factors.credit_rate.into()))
    } else {
        (CreditType::NotApplied, None)
    }
}
