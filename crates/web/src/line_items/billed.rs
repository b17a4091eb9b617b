//! `GET /v1/invoices/{invoice}/lineitems?provider=…&invoiceLineItemType=…` and
//! `GET /v1/invoices/{invoice}/lineitems/{provider}/{type}`

use axum::response::Response;
use billing::invoice::InvoiceType;
use formats::vendor::{BillingProvider, InvoiceLineItemType, LineItemSelection, Paging};

use crate::access::Reader;
use crate::call::Call;
use crate::failure::Failure;

use super::page::{SeekRequest, empty_offset_page, seek_page};
use super::{asks_for, days, reconciliation, selection};

pub(crate) async fn by_query(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let seek = SeekRequest::read(call)?;
    let selection = selection(&seek.selecting.query)?;
    answer(call, reader, seek, selection).await
}

pub(crate) async fn by_path(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let seek = SeekRequest::read(call)?;
    let selection = LineItemSelection::parse(call.parameters.get("provider"), call.parameters.get("type"))?;
    answer(call, reader, seek, selection).await
}

async fn answer(
    call: &Call,
    reader: &Reader,
    seek: SeekRequest,
    selection: LineItemSelection,
) -> Result<Response, Failure> {
    let issued = reader.invoice(call.parameters.get("invoice")).await?;
    let is_asked_for = asks_for(&seek.selecting.query, issued.invoice.currency)?;
    let invoice_type = issued.invoice.invoice_type;
    match (selection.paging, selection.provider, selection.line_item_type) {
        (Paging::Offset, ..) if !is_asked_for || invoice_type != InvoiceType::Recurring => empty_offset_page(call),
        (Paging::Offset, _, InvoiceLineItemType::UsageLineItems) => days::classic(call, reader, issued).await,
        (Paging::Offset, BillingProvider::Office, _) => {
            reconciliation::recurring(call, reader, &issued, |line| line.metered().is_none()).await
        }
        (Paging::Offset, ..) => reconciliation::recurring(call, reader, &issued, |line| line.metered().is_some()).await,
        (Paging::Seek, ..) if !is_asked_for || invoice_type != InvoiceType::OneTime => {
            seek_page::<()>(call, &seek, Vec::new(), None)
        }
        (Paging::Seek, _, InvoiceLineItemType::UsageLineItems) => days::billed(call, reader, &seek, issued).await,
        (Paging::Seek, ..) => reconciliation::billed(call, reader, &seek, &issued).await,
    }
}
