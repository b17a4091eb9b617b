//! Reconciliation lines: the lines of an invoice, or those that an open month would be billed as.

use std::sync::Arc;

use axum::response::Response;
use billing::ids::OrganisationId;
use billing::invoice::InvoiceLine;
use billing::party::Organisation;
use billing::period::BillingPeriod;
use engine::Books;
use engine::estimating::{OpenLines, OpenMonth, open_month};
use engine::invoices::{self, IssuedInvoice};
use engine::present::{self, LineItem};
use formats::vendor::request::PageLimits;
use formats::vendor::{Collection, VendorError, offset_page_links};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

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

/// A page of what an open month would be billed as. The position in a token names the month and what its lines were
/// computed from: pages of two computations are never mixed.
pub(super) async fn unbilled(
    call: &Call,
    reader: &Reader,
    seek: &SeekRequest,
    (organisation, asked): (&Organisation, BillingPeriod),
) -> Result<Response, Failure> {
    let begun = seek.position.as_deref().map(month_and_line).transpose()?;
    let period = begun.as_ref().map_or(asked, |(period, ..)| *period);
    let month = draft(&reader.books, &organisation.id, period).await?;
    let after = match begun {
        Some((_, fingerprint, _)) if fingerprint != month.fingerprint => {
            let message = "what is not billed yet has changed since the first page; begin again without a token";
            return Err(VendorError::invalid_input(message).into());
        }
        Some((.., line)) => line.saturating_sub(1),
        None => seek.offset,
    };
    let after = usize::try_from(after).unwrap_or(usize::MAX);
    let lines = &lines(&month)?.one_time;
    let shown = lines.iter().skip(after).take(seek.size);
    let items = shown.map(|line| present::unbilled_line_item(organisation, line)).collect::<Result<Vec<_>, _>>()?;
    let end = after.saturating_add(items.len());
    let next = (end < lines.len()).then(|| format!("{period}/{}/{}", month.fingerprint, end.saturating_add(1)));
    seek_page(call, seek, items, next)
}

/// Licences, or usage, that the recurring invoice of an open month would have, by position among them.
pub(super) async fn recurring_unbilled(
    call: &Call,
    reader: &Reader,
    (organisation, period): (&Organisation, BillingPeriod),
    is_usage: bool,
) -> Result<Response, Failure> {
    let asked = call.request.query.offset_page(PageLimits::LINE_ITEMS)?;
    let [offset, size] = [asked.offset, asked.size.into()].map(|number| usize::try_from(number).unwrap_or(usize::MAX));
    let month = draft(&reader.books, &organisation.id, period).await?;
    let mut lines = lines(&month)?.recurring.iter().filter(|line| line.metered().is_some() == is_usage).skip(offset);
    let shown = lines.by_ref().take(size).map(|line| present::unbilled_line_item(organisation, line));
    let items = shown.collect::<Result<Vec<_>, _>>()?;
    let has_more = lines.next().is_some();
    answer::json(&Collection::new(items, offset_page_links(&call.request, asked, has_more)))
}

/// Reading usage blocks, so it does not belong on the threads that serve requests.
async fn draft(books: &Books, party: &OrganisationId, period: BillingPeriod) -> Result<Arc<OpenMonth>, Failure> {
    let (books, party, runtime) = (books.clone(), party.clone(), Handle::current());
    let drafted = spawn_blocking(move || runtime.block_on(open_month(&books, &party, period)));
    Ok(drafted.await.map_err(Failure::unexpected)??)
}

fn lines(month: &OpenMonth) -> Result<&OpenLines, Failure> {
    month.lines.as_ref().map_err(Failure::month_not_billable)
}

fn month_and_line(position: &str) -> Result<(BillingPeriod, String, u64), VendorError> {
    let invalid = || VendorError::invalid_input("the continuation token is not valid");
    let mut parts = position.splitn(3, '/');
    let mut part = || parts.next().ok_or_else(invalid);
    let (month, fingerprint, line) = (part()?, part()?, part()?);
    Ok((month.parse().map_err(|_| invalid())?, fingerprint.to_owned(), place(line)?))
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
