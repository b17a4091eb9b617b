//! Rows of usage exports.

use billing::decimal::{Decimal, DecimalError};
use serde::ser::Error as _;

use crate::vendor::daily_rated::DailyRatedUsageLineItem;
use crate::vendor::number::JsonNumber;

use super::AttributeSet;
use super::row::{In, Row};

/// Appends one day as a line. Numbers and dates are those of the line item; shares are percentages here.
///
/// # Errors
/// A date before the year 1, or a share that does not fit as a percentage.
pub fn write_usage_row(
    day: &DailyRatedUsageLineItem,
    set: AttributeSet,
    out: &mut Vec<u8>,
) -> Result<(), serde_json::Error> {
    let earned_credit = percentage(Some(day.rate_of_partner_earned_credit))?;
    let credit = percentage(day.rate_of_credit)?;
    let (benefit_order, benefit_type) = day.benefit.as_ref().map_or(("", ""), |benefit| benefit.order_and_type());
    let mut row = Row::begin(out, set);
    row.member("PartnerId", In::All, &day.partner_id)?;
    row.member("PartnerName", In::All, &day.partner_name)?;
    row.member("CustomerId", In::All, &day.customer_id)?;
    row.member("CustomerName", In::All, &day.customer_name)?;
    row.member("CustomerDomainName", In::Full, &day.customer_domain_name)?;
    row.member("CustomerCountry", In::Full, &day.customer_country)?;
    row.member("MpnId", In::Full, &day.mpn_id)?;
    row.member("Tier2MpnId", In::Full, &day.reseller_mpn_id)?;
    row.member("InvoiceNumber", In::All, &day.invoice_number)?;
    row.member("ProductId", In::All, &day.product_id)?;
    row.member("SkuId", In::All, &day.sku_id)?;
    row.member("AvailabilityId", In::Full, &day.availability_id)?;
    row.member("SkuName", In::All, &day.sku_name)?;
    row.member("ProductName", In::Full, &day.product_name)?;
    row.member("PublisherName", In::All, &day.publisher_name)?;
    row.member("PublisherId", In::Full, &day.publisher_id)?;
    row.member("SubscriptionDescription", In::Full, &day.subscription_description)?;
    row.member("SubscriptionId", In::All, &day.subscription_id)?;
    row.member("ChargeStartDate", In::All, &day.charge_start_date)?;
    row.member("ChargeEndDate", In::All, &day.charge_end_date)?;
    row.member("UsageDate", In::All, &day.usage_date)?;
    row.member("MeterType", In::Full, &day.meter_type)?;
    row.member("MeterCategory", In::Full, &day.meter_category)?;
    row.member("MeterId", In::Full, &day.meter_id)?;
    row.member("MeterSubCategory", In::Full, &day.meter_sub_category)?;
    row.member("MeterName", In::Full, &day.meter_name)?;
    row.member("MeterRegion", In::Full, &day.meter_region)?;
    row.member("Unit", In::NotBasic, &day.unit_of_measure)?;
    row.member("ResourceLocation", In::Full, &day.resource_location)?;
    row.member("ConsumedService", In::Full, &day.consumed_service)?;
    row.member("ResourceGroup", In::Full, &day.resource_group)?;
    row.member("ResourceURI", In::All, &day.resource_uri)?;
    row.member("ChargeType", In::All, &day.charge_type)?;
    row.number("UnitPrice", In::All, day.unit_price);
    row.number("Quantity", In::All, day.quantity);
    row.member("UnitType", In::NotEarlyBasic, &day.unit_type)?;
    row.number("BillingPreTaxTotal", In::All, day.billing_pre_tax_total);
    row.member("BillingCurrency", In::All, &day.billing_currency)?;
    row.number("PricingPreTaxTotal", In::All, day.pricing_pre_tax_total);
    row.member("PricingCurrency", In::All, &day.pricing_currency)?;
    row.member("ServiceInfo1", In::Full, &day.service_info1)?;
    row.member("ServiceInfo2", In::Full, &day.service_info2)?;
    row.member("Tags", In::Full, &day.tags)?;
    row.member("AdditionalInfo", In::NotEarlyBasic, &day.additional_info)?;
    row.number("EffectiveUnitPrice", In::All, day.effective_unit_price);
    row.number("PCToBCExchangeRate", In::All, day.pc_to_bc_exchange_rate);
    row.optional("PCToBCExchangeRateDate", In::All, day.pc_to_bc_exchange_rate_date.as_ref())?;
    row.member("EntitlementId", In::All, &day.entitlement_id)?;
    row.member("EntitlementDescription", In::Full, &day.entitlement_description)?;
    row.number("PartnerEarnedCreditPercentage", In::Full, earned_credit);
    row.number("CreditPercentage", In::All, credit);
    row.member("CreditType", In::All, &day.credit_type)?;
    row.member("BenefitOrderID", In::All, &benefit_order)?;
    // Which plan of an order it was, no record says.
    row.member("BenefitID", In::Full, &"")?;
    row.member("BenefitType", In::All, &benefit_type)?;
    row.end();
    Ok(())
}

/// 15 for 0.15, and 0 for none.
fn percentage(share: Option<JsonNumber>) -> Result<JsonNumber, serde_json::Error> {
    let share = share.map_or(Decimal::ZERO, JsonNumber::value);
    let percentage: Result<Decimal, DecimalError> = share.checked_mul(Decimal::from_integer(100));
    percentage.map(JsonNumber::plain).map_err(serde_json::Error::custom)
}
