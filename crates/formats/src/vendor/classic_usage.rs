//! Usage lines of the older commerce: what a month came to at one rate, and what was used on one day.

use billing::money::Currency;
use serde::{Serialize, Serializer};

use super::datetime::WireDateTime;
use super::envelope::ResourceAttributes;
use super::number::JsonNumber;
use super::one_time::serialize_kind;
use super::text::{Guid, Text};
use super::words::{BillingProvider, InvoiceLineItemType};

/// Whose usage it is, of which meter and month: what lines of both kinds say.
///
/// Empty texts as in [`LicenseBasedLineItem`](super::LicenseBasedLineItem).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClassicUsage {
    #[serde(skip_serializing_if = "Guid::is_empty")]
    pub partner_id: Guid,
    pub partner_name: Text,
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub partner_billable_account_id: Text,
    #[serde(skip_serializing_if = "Guid::is_empty")]
    pub customer_id: Guid,
    /// The name of the next member is documented, this one is read by clients.
    pub customer_company_name: Text,
    pub customer_name: Text,
    pub domain_name: Text,
    /// 0 is none.
    pub mpn_id: i32,
    /// -1 is none.
    pub tier2_mpn_id: i32,
    /// Empty while unbilled.
    pub invoice_number: Text,
    pub subscription_id: Text,
    pub subscription_name: Text,
    pub subscription_description: Text,
    pub billing_cycle_type: Text,
    pub order_id: Text,
    pub service_name: Text,
    pub service_type: Text,
    /// The meter.
    #[serde(skip_serializing_if = "Guid::is_empty")]
    pub resource_guid: Guid,
    pub resource_name: Text,
    pub region: Text,
    pub consumed_quantity: JsonNumber,
    pub charge_start_date: WireDateTime,
    /// The last day, inclusive.
    pub charge_end_date: WireDateTime,
    pub unit: Text,
}

/// A month's use of one meter at one rate, billed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageBasedLineItem {
    /// Counts the rates of one consumption from 1.
    pub detail_line_item_id: i32,
    pub sku: Text,
    pub included_quantity: JsonNumber,
    /// What is charged.
    pub overage_quantity: JsonNumber,
    pub list_price: JsonNumber,
    /// List price times overage.
    pub consumption_price: JsonNumber,
    pub consumption_discount: JsonNumber,
    pub currency: Currency,
    /// `consumption_price` less `consumption_discount`.
    pub pretax_charges: JsonNumber,
    pub tax_amount: JsonNumber,
    pub post_tax_total: JsonNumber,
    pub pretax_effective_rate: JsonNumber,
    pub post_tax_effective_rate: JsonNumber,
    /// A fee in the words of the older files.
    pub charge_type: Text,
    #[serde(flatten)]
    pub usage: ClassicUsage,
    /// The members that the type of the line says already.
    #[serde(flatten)]
    pub kind: UsageBasedKind,
}

/// One day's use of one meter, without prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DailyUsageLineItem {
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub customer_billable_account: Text,
    pub usage_date: WireDateTime,
    pub metered_service: Text,
    pub metered_service_type: Text,
    pub metered_region: Text,
    /// What the customer calls the instance.
    pub project: Text,
    pub service_info: Text,
    #[serde(flatten)]
    pub usage: ClassicUsage,
    /// The members that the type of the line says already.
    #[serde(flatten)]
    pub kind: DailyUsageKind,
}

/// Closes every [`UsageBasedLineItem`] with the words that clients choose its type by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UsageBasedKind;

impl Serialize for UsageBasedKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let words = (InvoiceLineItemType::BillingLineItems, BillingProvider::Azure);
        serialize_kind(serializer, words, &ResourceAttributes::USAGE_BASED_LINE_ITEM)
    }
}

/// Closes every [`DailyUsageLineItem`] likewise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DailyUsageKind;

impl Serialize for DailyUsageKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let words = (InvoiceLineItemType::UsageLineItems, BillingProvider::Azure);
        serialize_kind(serializer, words, &ResourceAttributes::DAILY_USAGE_LINE_ITEM)
    }
}
