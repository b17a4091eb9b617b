//! `GET /v1/invoices/{invoice}/lineitems?provider=…&invoiceLineItemType=…` and
//! `GET /v1/invoices/{invoice}/lineitems/{provider}/{type}`

use axum::response::Response;
use formats::vendor::{InvoiceLineItemType, LineItemSelection, Paging};

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
    if selection.paging == Paging::Offset {
        // Lines of the older commerce; no invoice of ours has any.
        return empty_offset_page(call);
    }
    if !asks_for(&seek.selecting.query, issued.invoice.currency)? {
        return seek_page::<()>(call, &seek, Vec::new(), None);
    }
    match selection.line_item_type {
        InvoiceLineItemType::UsageLineItems => days::billed(call, reader, &seek, issued).await,
        _ => reconciliation::billed(call, reader, &seek, &issued).await,
    }
}
