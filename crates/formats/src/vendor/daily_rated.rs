//! Daily rated usage: one meter of one resource on one day.

use billing::money::Currency;
use serde::{Serialize, Serializer};

use super::datetime::WireDateTime;
use super::envelope::ResourceAttributes;
use super::number::JsonNumber;
use super::one_time::serialize_kind;
use super::text::{Guid, Tags, Text};
use super::words::{BillingProvider, ChargeType, CreditType, InvoiceLineItemType};

/// One day's usage, billed or not.
///
/// Amounts are not rounded: what is rounded is the month, on the reconciliation line. Empty texts
/// as in [`OneTimeInvoiceLineItem`](super::OneTimeInvoiceLineItem).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DailyRatedUsageLineItem {
    #[serde(skip_serializing_if = "Guid::is_empty")]
    pub partner_id: Guid,
    pub partner_name: Text,
    #[serde(skip_serializing_if = "Guid::is_empty")]
    pub customer_id: Guid,
    pub customer_name: Text,
    pub customer_domain_name: Text,
    /// ISO 3166, two letters.
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub customer_country: Text,
    /// Empty while unbilled.
    pub invoice_number: Text,
    pub product_id: Text,
    pub sku_id: Text,
    pub availability_id: Text,
    pub sku_name: Text,
    pub product_name: Text,
    pub publisher_name: Text,
    pub publisher_id: Text,
    #[serde(skip_serializing_if = "Guid::is_empty")]
    pub subscription_id: Guid,
    pub subscription_description: Text,
    pub charge_start_date: WireDateTime,
    /// The last day, inclusive.
    pub charge_end_date: WireDateTime,
    pub usage_date: WireDateTime,
    pub meter_type: Text,
    pub meter_category: Text,
    #[serde(skip_serializing_if = "Guid::is_empty")]
    pub meter_id: Guid,
    pub meter_sub_category: Text,
    pub meter_name: Text,
    pub meter_region: Text,
    pub unit_of_measure: Text,
    pub resource_location: Text,
    pub consumed_service: Text,
    pub resource_group: Text,
    pub resource_uri: Text,
    pub tags: Tags,
    pub additional_info: Text,
    pub service_info1: Text,
    pub service_info2: Text,
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub mpn_id: Text,
    /// Digits, or empty where there is none and while unbilled.
    pub reseller_mpn_id: Text,
    pub charge_type: ChargeType,
    /// List price, pricing currency.
    pub unit_price: JsonNumber,
    pub quantity: JsonNumber,
    pub unit_type: Text,
    /// Billing currency, after credit.
    pub billing_pre_tax_total: JsonNumber,
    pub billing_currency: Currency,
    pub pricing_pre_tax_total: JsonNumber,
    pub pricing_currency: Currency,
    /// The Azure subscription.
    #[serde(skip_serializing_if = "Guid::is_empty")]
    pub entitlement_id: Guid,
    pub entitlement_description: Text,
    #[serde(rename = "pcToBCExchangeRate")]
    pub pc_to_bc_exchange_rate: JsonNumber,
    #[serde(rename = "pcToBCExchangeRateDate", skip_serializing_if = "Option::is_none")]
    pub pc_to_bc_exchange_rate_date: Option<WireDateTime>,
    /// After credit, pricing currency.
    pub effective_unit_price: JsonNumber,
    /// A fraction: 0 or 0.15.
    pub rate_of_partner_earned_credit: JsonNumber,
    pub has_partner_earned_credit: bool,
    /// A fraction between 0 and 1, of the credit that `credit_type` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_of_credit: Option<JsonNumber>,
    pub credit_type: CreditType,
    /// What has paid for the usage; the members are not there where nothing has.
    #[serde(flatten)]
    pub benefit: Option<Benefit>,
    /// The members that the type of the line says already.
    #[serde(flatten)]
    pub kind: DailyRatedKind,
}

/// A savings plan that has paid for a day's usage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Benefit {
    /// The plan's order, `reservationOrderId` on the line that it was bought by.
    benefit_order_id: Text,
    benefit_type: &'static str,
}

impl Benefit {
    #[must_use]
    pub fn savings_plan(order_id: Text) -> Self {
        Self { benefit_order_id: order_id, benefit_type: "SavingsPlan" }
    }

    pub(super) fn order_and_type(&self) -> (&str, &'static str) {
        (self.benefit_order_id.as_str(), self.benefit_type)
    }
}

/// Closes every [`DailyRatedUsageLineItem`] with the words that clients choose its type by: always
/// `marketplace`, whatever the request asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DailyRatedKind;

impl Serialize for DailyRatedKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let words = (InvoiceLineItemType::UsageLineItems, BillingProvider::Marketplace);
        serialize_kind(serializer, words, &ResourceAttributes::DAILY_RATED_LINE_ITEM)
    }
}
