//! Reconciliation lines of the older commerce: licences.

use billing::money::Currency;
use serde::{Serialize, Serializer};

use super::datetime::WireDateTime;
use super::envelope::ResourceAttributes;
use super::number::JsonNumber;
use super::one_time::serialize_kind;
use super::text::{Guid, Text};
use super::words::{BillingProvider, InvoiceLineItemType};

/// One charge of a classic licence, billed.
///
/// Free texts are written even when empty; identifiers are left out when empty, because an empty one has not
/// their format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LicenseBasedLineItem {
    #[serde(skip_serializing_if = "Guid::is_empty")]
    pub partner_id: Guid,
    #[serde(skip_serializing_if = "Guid::is_empty")]
    pub customer_id: Guid,
    pub customer_name: Text,
    /// 0 is none. An integer here, a text in the lines of the modern commerce.
    pub mpn_id: i32,
    /// -1 is none.
    pub tier2_mpn_id: i32,
    pub order_id: Text,
    pub subscription_id: Text,
    #[serde(skip_serializing_if = "Guid::is_empty")]
    pub syndication_partner_subscription_number: Guid,
    pub offer_id: Text,
    pub durable_offer_id: Text,
    pub offer_name: Text,
    pub domain_name: Text,
    pub billing_cycle_type: Text,
    pub subscription_name: Text,
    pub subscription_description: Text,
    pub subscription_start_date: WireDateTime,
    /// The last day, inclusive.
    pub subscription_end_date: WireDateTime,
    pub charge_start_date: WireDateTime,
    /// The last day, inclusive.
    pub charge_end_date: WireDateTime,
    /// A fee in the words of the licence files, such as `Cycle fee`.
    pub charge_type: Text,
    /// Of one seat over the charged days; below zero where they are taken back.
    pub unit_price: JsonNumber,
    pub quantity: i32,
    /// `unit_price` times `quantity`.
    pub amount: JsonNumber,
    pub total_other_discount: JsonNumber,
    /// `amount` less `total_other_discount`, before tax.
    pub subtotal: JsonNumber,
    pub tax: JsonNumber,
    pub total_for_customer: JsonNumber,
    pub currency: Currency,
    /// The members that the type of the line says already.
    #[serde(flatten)]
    pub kind: LicenseBasedKind,
}

/// Closes every [`LicenseBasedLineItem`] with the words that clients choose its type by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LicenseBasedKind;

impl Serialize for LicenseBasedKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let words = (InvoiceLineItemType::BillingLineItems, BillingProvider::Office);
        serialize_kind(serializer, words, &ResourceAttributes::LICENSE_BASED_LINE_ITEM)
    }
}
