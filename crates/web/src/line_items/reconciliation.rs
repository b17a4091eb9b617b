//! Reconciliation lines: the lines of an invoice.

use axum::response::Response;
use billing::invoice::InvoiceLine;
use engine::invoices::{self, IssuedInvoice};
use engine::present::{self, LineItem};
use formats::vendor::request::PageLimits;
use formats::vendor::{Collection, offset_page_links};

use crate::access::Reader;
use crate::answer;
use crate::call::Call;
use crate::failure::Failure;

use super::page::{SeekRequest, place, seek_page};

/// A page of a one-time invoice, in the order of the document. The position in a token is a line's number.
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
    let (items, has_more) = page(reader, issued, after, seek.size).await?;
    let following = after.saturating_add(u64::try_from(items.len()).unwrap_or(u64::MAX)).saturating_add(1);
    seek_page(call, seek, items, has_more.then(|| following.to_string()))
}

/// A page of the lines of one kind of a recurring invoice, by position among them.
pub(super) async fn recurring(
    call: &Call,
    reader: &Reader,
    issued: &IssuedInvoice,
    is_of_kind: impl Fn(&InvoiceLine) -> bool,
) -> Result<Response, Failure> {
    let asked = call.request.query.offset_page(PageLimits::LINE_ITEMS)?;
    let size = usize::try_from(asked.size).unwrap_or(usize::MAX);
    let part = (usize::try_from(asked.offset).unwrap_or(usize::MAX), size.saturating_add(1));
    let lines = invoices::lines_of_kind(&reader.books, &issued.invoice.number, part, is_of_kind).await?;
    let (items, has_more) = (shown(issued, &lines, size)?, lines.len() > size);
    answer::json(&Collection::new(items, offset_page_links(&call.request, asked, has_more)))
}

/// At most `size` lines behind `after` others, and whether more follow.
async fn page(
    reader: &Reader,
    issued: &IssuedInvoice,
    after: u64,
    size: usize,
) -> Result<(Vec<LineItem>, bool), Failure> {
    let after = u32::try_from(after).unwrap_or(u32::MAX);
    // One more than is shown, to know whether there is another page.
    let limit = u32::try_from(size.saturating_add(1)).unwrap_or(u32::MAX);
    let lines = invoices::lines(&reader.books, &issued.invoice.number, after, limit).await?;
    Ok((shown(issued, &lines, size)?, lines.len() > size))
}

fn shown(issued: &IssuedInvoice, lines: &[InvoiceLine], size: usize) -> Result<Vec<LineItem>, Failure> {
    let shown = lines.iter().take(size).map(|line| present::line_item(issued, line));
    Ok(shown.collect::<Result<Vec<_>, _>>()?)
}
