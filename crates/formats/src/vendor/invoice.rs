//! Invoices and the balance of the account.

use billing::money::Currency;
use serde::Serialize;

use super::datetime::{SummaryDate, WireDateTime};
use super::envelope::{Links, ResourceAttributes};
use super::number::JsonNumber;
use super::text::Text;
use super::uri::encode_component;
use super::words::{BillingProvider, DocumentType, InvoiceLineItemType, InvoiceType};

/// One document: an invoice, a voided one, or the one that replaces it.
///
/// Inside `amendments` it has neither links nor period nor statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Invoice {
    /// The number, without the type in front.
    pub id: Text,
    pub invoice_date: WireDateTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_period_start_date: Option<WireDateTime>,
    /// The last day, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_period_end_date: Option<WireDateTime>,
    /// Taxes included.
    pub total_charges: JsonNumber,
    /// Zero or negative: what was paid lowers what is owed.
    pub paid_amount: JsonNumber,
    pub currency_code: Currency,
    pub currency_symbol: &'static str,
    /// [`statement_uri`], with or without a signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pdf_download_link: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tax_receipts: Vec<TaxReceipt>,
    pub invoice_details: Vec<InvoiceDetail>,
    /// The documents that amend this one; they are not items of the list themselves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amendments: Vec<Invoice>,
    pub document_type: DocumentType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amends_of: Option<Text>,
    pub invoice_type: InvoiceType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
    pub attributes: ResourceAttributes,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaxReceipt {
    pub id: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_receipt_pdf_download_link: Option<String>,
}

/// A set of line items that an invoice has. Clients ask for each set that is listed, so only pairs
/// that are served may stand here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InvoiceDetail {
    pub invoice_line_item_type: InvoiceLineItemType,
    pub billing_provider: BillingProvider,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
    pub attributes: ResourceAttributes,
}

impl InvoiceDetail {
    /// With the link to its line items.
    #[must_use]
    pub fn linked(kind: InvoiceType, id: &str, provider: BillingProvider, line_items: InvoiceLineItemType) -> Self {
        let links = Links::own(line_items_uri(kind, id, provider, line_items));
        Self { links: Some(links), ..Self::unlinked(provider, line_items) }
    }

    /// Without links, as amendments have it.
    #[must_use]
    pub fn unlinked(provider: BillingProvider, line_items: InvoiceLineItemType) -> Self {
        Self {
            invoice_line_item_type: line_items,
            billing_provider: provider,
            links: None,
            attributes: ResourceAttributes::INVOICE_DETAIL,
        }
    }
}

/// What an account owes in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InvoiceSummary {
    /// The unpaid invoices; with details, their sum.
    pub balance_amount: JsonNumber,
    pub currency_code: Currency,
    pub currency_symbol: &'static str,
    /// When the balance last changed.
    pub accounting_date: SummaryDate,
    pub first_invoice_creation_date: SummaryDate,
    pub last_payment_date: SummaryDate,
    /// Zero or positive.
    pub last_payment_amount: JsonNumber,
    pub latest_invoice_date: SummaryDate,
    /// Not inside another summary.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<InvoiceSummaryDetail>,
    /// Not inside another summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<Links>,
    pub attributes: ResourceAttributes,
}

/// The part of a summary that one type of invoice has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InvoiceSummaryDetail {
    pub invoice_type: InvoiceType,
    pub summary: InvoiceSummary,
}

/// The link of an invoice to itself; the type stands in front of the number.
#[must_use]
pub fn invoice_uri(kind: InvoiceType, id: &str) -> String {
    format!("/invoices/{}-{}", kind.wire(), encode_component(id))
}

/// The link to one set of line items, in its path form.
#[must_use]
pub fn line_items_uri(
    kind: InvoiceType,
    id: &str,
    provider: BillingProvider,
    line_item_type: InvoiceLineItemType,
) -> String {
    let invoice = invoice_uri(kind, id);
    format!("{invoice}/lineitems/{}/{}", provider.path_name(), line_item_type.path_name())
}

/// The link to the PDF.
#[must_use]
pub fn statement_uri(id: &str) -> String {
    format!("/invoices/{}/documents/statement", encode_component(id))
}

/// The link to the PDF of a tax receipt.
#[must_use]
pub fn tax_receipt_uri(id: &str, receipt_id: &str) -> String {
    format!("/invoices/{}/receipts/{}/documents/statement", encode_component(id), encode_component(receipt_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_name_the_type_in_front_of_the_number() {
        let uri = line_items_uri(
            InvoiceType::Recurring,
            "D 1/é",
            BillingProvider::Office,
            InvoiceLineItemType::BillingLineItems,
        );
        assert_eq!(uri, "/invoices/Recurring-D%201%2F%C3%A9/lineitems/Office/BillingLineItems");
        assert_eq!(statement_uri("G1"), "/invoices/G1/documents/statement");
    }
}
