//! An invoice without its lines.

use billing::money::Amount;
use formats::vendor::{
    BillingProvider, DocumentType, Invoice, InvoiceDetail, InvoiceLineItemType, InvoiceType, JsonNumber, Links,
    ResourceAttributes, invoice_uri, statement_uri,
};
use jiff::Timestamp;

use crate::error::{EngineError, EngineResult};
use crate::invoices::IssuedInvoice;

use super::words;

/// The link to the printed invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PdfLink {
    /// In lists and exports: a link that stops working has no place there.
    Omitted,
    /// In an invoice that was read by its id: opens without a token until it expires.
    Signed { expires_at: Timestamp, signature: String },
}

impl PdfLink {
    fn uri(self, id: &str) -> Option<String> {
        match self {
            Self::Omitted => None,
            Self::Signed { expires_at, signature } => {
                let expires = expires_at.as_second();
                Some(format!("{}?expires={expires}&signature={signature}", statement_uri(id)))
            }
        }
    }
}

/// An invoice as the API shows it.
///
/// What was received is negative there (IN-9). An invoice that was taken back is a void note, and its
/// credit note stands in it.
///
/// # Errors
/// An amount that has no negative.
pub fn invoice(issued: &IssuedInvoice, link: PdfLink) -> EngineResult<Invoice> {
    let document = &issued.invoice;
    let (kind, id) = (words::invoice_type(document.invoice_type), document.number.as_str());
    let (first_day, last_day) = words::inclusive_days(document.period);
    Ok(Invoice {
        id: id.into(),
        invoice_date: document.issued_on().into(),
        billing_period_start_date: Some(first_day),
        billing_period_end_date: Some(last_day),
        total_charges: document.totals.total.into(),
        paid_amount: paid(issued.stored.received)?,
        currency_code: document.currency,
        currency_symbol: document.currency.symbol(),
        pdf_download_link: link.uri(id),
        tax_receipts: Vec::new(),
        invoice_details: details(issued, kind),
        amendments: issued.amendments.iter().map(|one| invoice(one, PdfLink::Omitted)).collect::<EngineResult<_>>()?,
        document_type: match issued.was_taken_back() {
            false => words::document_type(document.document_type),
            true => DocumentType::VoidNote,
        },
        amends_of: document.amends.as_ref().map(|amends| amends.number.as_str().into()),
        invoice_type: kind,
        links: Some(Links::own(invoice_uri(kind, id))),
        attributes: ResourceAttributes::INVOICE,
    })
}

fn paid(received: Amount) -> EngineResult<JsonNumber> {
    let paid = received.negated().map_err(|error| EngineError::new(error.code(), error.to_string()))?;
    Ok(paid.into())
}

/// Clients ask for each set that stands here. Daily lines of a one-time invoice are served but not listed, because the
/// API does not list them either. A recurring invoice lists usage where it names days; a document behind another one
/// names none, so that of usage only its lines are listed.
fn details(issued: &IssuedInvoice, kind: InvoiceType) -> Vec<InvoiceDetail> {
    use BillingProvider::{Azure, Office, OneTime};
    use InvoiceLineItemType::{BillingLineItems, UsageLineItems};
    let has_days = !issued.stored.rated_files.is_empty();
    let sets: &[_] = match kind {
        InvoiceType::OneTime => &[(OneTime, BillingLineItems)],
        InvoiceType::Recurring if has_days => {
            &[(Office, BillingLineItems), (Azure, BillingLineItems), (Azure, UsageLineItems)]
        }
        InvoiceType::Recurring if issued.invoice.amends.is_some() => {
            &[(Office, BillingLineItems), (Azure, BillingLineItems)]
        }
        InvoiceType::Recurring => &[(Office, BillingLineItems)],
    };
    let id = issued.invoice.number.as_str();
    sets.iter().map(|(provider, items)| InvoiceDetail::linked(kind, id, *provider, *items)).collect()
}
