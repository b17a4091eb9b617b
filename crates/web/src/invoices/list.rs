//! `GET /v1/invoices?size=…&offset=…&filter=…`

use axum::response::Response;
use engine::present::{self, PdfLink};
use formats::vendor::request::{InvoiceFilter, PageLimits};
use formats::vendor::{Collection, offset_page_links};

use crate::access::Reader;
use crate::answer;
use crate::call::Call;
use crate::failure::Failure;

/// A page of the caller's invoices, the oldest first.
pub(crate) async fn answer(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let query = &call.request.query;
    let page = query.offset_page(PageLimits::INVOICES)?;
    let filter = query.get("filter").map(InvoiceFilter::parse).transpose()?;
    let mut invoices = reader.invoices().await?;
    invoices.retain(|issued| filter.as_ref().is_none_or(|filter| filter.matches(issued.invoice.issued_on())));

    let mut rest = invoices.iter().skip(usize::try_from(page.offset).unwrap_or(usize::MAX));
    let shown = rest.by_ref().take(usize::try_from(page.size).unwrap_or(usize::MAX));
    let items = shown.map(|issued| present::invoice(issued, PdfLink::Omitted)).collect::<Result<Vec<_>, _>>()?;
    let has_more = rest.next().is_some();
    answer::json(&Collection::new(items, offset_page_links(&call.request, page, has_more)))
}
