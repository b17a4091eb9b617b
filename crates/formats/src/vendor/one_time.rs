//! Reconciliation lines of the modern commerce: purchases, licences and consumption by the month.

use billing::money::Currency;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::datetime::WireDateTime;
use super::envelope::ResourceAttributes;
use super::number::JsonNumber;
use super::text::{Guid, PriceAdjustments, Text};
use super::words::{BillingProvider, ChargeType, InvoiceLineItemType};

/// One reconciliation line, billed or not.
///
/// Free texts are written even when empty, as the published bodies do; identifiers, countries and
/// partner numbers are left out when empty, because an empty one has not their format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OneTimeInvoiceLineItem {
    #[serde(skip_serializing_if = "Guid::is_empty")]
    pub partner_id: Guid,
    #[serde(skip_serializing_if = "Guid::is_empty")]
    pub customer_id: Guid,
    pub customer_name: Text,
    pub customer_domain_name: Text,
    /// ISO 3166, two letters.
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub customer_country: Text,
    /// Empty while unbilled.
    pub invoice_number: Text,
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub mpn_id: Text,
    /// The reseller of record; 0 is none. An integer here, a text in daily lines.
    pub reseller_mpn_id: i32,
    pub order_id: Text,
    pub order_date: WireDateTime,
    pub product_id: Text,
    pub sku_id: Text,
    pub availability_id: Text,
    pub product_name: Text,
    pub sku_name: Text,
    pub product_qualifiers: Vec<Text>,
    pub charge_type: ChargeType,
    /// List price, pricing currency.
    pub unit_price: JsonNumber,
    /// After discounts, credits and proration; pricing currency.
    pub effective_unit_price: JsonNumber,
    pub unit_type: Text,
    /// Purchased units, 1 for consumption; arithmetic takes `billable_quantity`.
    pub quantity: i32,
    /// Billing currency, before tax.
    pub subtotal: JsonNumber,
    pub tax_total: JsonNumber,
    /// Zero while unbilled.
    pub total_for_customer: JsonNumber,
    /// The billing currency.
    pub currency: Currency,
    pub publisher_name: Text,
    pub publisher_id: Text,
    pub subscription_description: Text,
    #[serde(skip_serializing_if = "Guid::is_empty")]
    pub subscription_id: Guid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription_start_date: Option<WireDateTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription_end_date: Option<WireDateTime>,
    pub charge_start_date: WireDateTime,
    /// The last day, inclusive.
    pub charge_end_date: WireDateTime,
    pub term_and_billing_cycle: Text,
    pub alternate_id: Text,
    #[serde(skip_serializing_if = "Guid::is_empty")]
    pub reference_id: Guid,
    pub price_adjustment_description: PriceAdjustments,
    pub discount_details: Text,
    pub pricing_currency: Currency,
    /// Pricing to billing currency; 1 where they are the same.
    #[serde(rename = "pcToBCExchangeRate")]
    pub pc_to_bc_exchange_rate: JsonNumber,
    #[serde(rename = "pcToBCExchangeRateDate", skip_serializing_if = "Option::is_none")]
    pub pc_to_bc_exchange_rate_date: Option<WireDateTime>,
    pub billable_quantity: JsonNumber,
    pub meter_description: Text,
    /// Empty for purchases that do not recur, and while unbilled.
    pub billing_frequency: Text,
    pub reservation_order_id: Text,
    pub credit_reason_code: Text,
    pub promotion_id: Text,
    /// The members that the type of the line says already.
    #[serde(flatten)]
    pub kind: OneTimeKind,
}

/// Closes every [`OneTimeInvoiceLineItem`] with the words that clients choose its type by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OneTimeKind;

impl Serialize for OneTimeKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let words = (InvoiceLineItemType::BillingLineItems, BillingProvider::OneTime);
        serialize_kind(serializer, words, &ResourceAttributes::ONE_TIME_LINE_ITEM)
    }
}

/// The three members that close a line item of any type.
pub(super) fn serialize_kind<S: Serializer>(
    serializer: S,
    (line_item_type, provider): (InvoiceLineItemType, BillingProvider),
    attributes: &ResourceAttributes,
) -> Result<S::Ok, S::Error> {
    let mut kind = serializer.serialize_struct("Kind", 3)?;
    kind.serialize_field("invoiceLineItemType", &line_item_type)?;
    kind.serialize_field("billingProvider", &provider)?;
    kind.serialize_field("attributes", attributes)?;
    kind.end()
}
