//! Rows of reconciliation exports.

use crate::vendor::one_time::OneTimeInvoiceLineItem;

use super::AttributeSet;
use super::row::{In, Row};

/// Appends one reconciliation line. `category` says what kind of product it is about.
///
/// # Errors
/// A date before the year 1.
pub fn write_reconciliation_row(
    line: &OneTimeInvoiceLineItem,
    category: &str,
    set: AttributeSet,
    out: &mut Vec<u8>,
) -> Result<(), serde_json::Error> {
    // A text here, which is empty where there is none.
    let reseller = Some(line.reseller_mpn_id).filter(|number| *number != 0).map_or_else(String::new, |n| n.to_string());
    let qualifiers = serde_json::to_string(&line.product_qualifiers)?;
    let mut row = Row::begin(out, set);
    row.member("PartnerId", In::All, &line.partner_id)?;
    row.member("CustomerId", In::All, &line.customer_id)?;
    row.member("CustomerName", In::All, &line.customer_name)?;
    row.member("CustomerDomainName", In::Full, &line.customer_domain_name)?;
    row.member("CustomerCountry", In::Full, &line.customer_country)?;
    row.member("InvoiceNumber", In::All, &line.invoice_number)?;
    row.member("MpnId", In::Full, &line.mpn_id)?;
    row.member("Tier2MpnId", In::All, &reseller)?;
    row.member("OrderId", In::All, &line.order_id)?;
    row.member("OrderDate", In::All, &line.order_date)?;
    row.member("ProductId", In::All, &line.product_id)?;
    row.member("SkuId", In::All, &line.sku_id)?;
    row.member("AvailabilityId", In::All, &line.availability_id)?;
    row.member("SkuName", In::All, &line.sku_name)?;
    row.member("ProductName", In::All, &line.product_name)?;
    row.member("ChargeType", In::All, &line.charge_type)?;
    row.number("UnitPrice", In::All, line.unit_price);
    row.member("Quantity", In::Full, &line.quantity)?;
    row.number("Subtotal", In::All, line.subtotal);
    row.number("TaxTotal", In::All, line.tax_total);
    row.number("Total", In::All, line.total_for_customer);
    row.member("Currency", In::All, &line.currency)?;
    row.member("PriceAdjustmentDescription", In::All, &line.price_adjustment_description)?;
    row.member("PublisherName", In::All, &line.publisher_name)?;
    row.member("PublisherId", In::Full, &line.publisher_id)?;
    row.member("SubscriptionDescription", In::Full, &line.subscription_description)?;
    row.member("SubscriptionId", In::All, &line.subscription_id)?;
    row.member("ChargeStartDate", In::All, &line.charge_start_date)?;
    row.member("ChargeEndDate", In::All, &line.charge_end_date)?;
    row.member("TermAndBillingCycle", In::All, &line.term_and_billing_cycle)?;
    row.number("EffectiveUnitPrice", In::All, line.effective_unit_price);
    row.member("UnitType", In::Full, &line.unit_type)?;
    row.member("AlternateId", In::Full, &line.alternate_id)?;
    row.number("BillableQuantity", In::All, line.billable_quantity);
    row.member("BillingFrequency", In::Full, &line.billing_frequency)?;
    row.member("PricingCurrency", In::All, &line.pricing_currency)?;
    row.number("PCToBCExchangeRate", In::All, line.pc_to_bc_exchange_rate);
    row.optional("PCToBCExchangeRateDate", In::Full, line.pc_to_bc_exchange_rate_date.as_ref())?;
    row.member("MeterDescription", In::Full, &line.meter_description)?;
    row.member("ReservationOrderId", In::All, &line.reservation_order_id)?;
    row.member("CreditReasonCode", In::All, &line.credit_reason_code)?;
    row.optional("SubscriptionStartDate", In::All, line.subscription_start_date.as_ref())?;
    row.optional("SubscriptionEndDate", In::All, line.subscription_end_date.as_ref())?;
    row.member("ReferenceId", In::All, &line.reference_id)?;
    row.member("ProductQualifiers", In::Full, &qualifiers)?;
    row.member("PromotionId", In::All, &line.promotion_id)?;
    row.member("ProductCategory", In::All, &category)?;
    row.end();
    Ok(())
}
