//! Reconciliation lines: the lines of an invoice.

use axum::response::Response;
use engine::invoices::{self, IssuedInvoice};
use engine::present;

use crate::access::Reader;
use crate::call::Call;
use crate::failure::Failure;

use super::page::{SeekRequest, place, seek_page};

/// A page in the order of the document. The position in a token is a line's number.
pub(super) async fn billed(
    call: &Call,
    reader: &Reader,
    seek: &SeekRequest,
    issued: &IssuedInvoice,
) -> Result<Response, Failure> {
    let after = match &seek.position {
        Some(position) => place(position)?.saturating_sub(1),
        None => seek.offset,
    };
    let after = u32::try_from(after).unwrap_or(u32::MAX);
    // One more than is shown, to know whether there is another page.
    let limit = u32::try_from(seek.size.saturating_add(1)).unwrap_or(u32::MAX);
    let lines = invoices::lines(&reader.books, &issued.invoice.number, after, limit).await?;

    let next = lines.get(seek.size).map(|line| line.line_number.to_string());
    let shown = lines.iter().take(seek.size);
    let items = shown.map(|line| present::one_time_line(issued, line)).collect::<Result<Vec<_>, _>>()?;
    seek_page(call, seek, items, next)
}
