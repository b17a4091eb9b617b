//! Daily rated usage.

use std::cell::Cell;

use axum::response::Response;
use billing::licence::Generation;
use billing::party::Organisation;
use billing::period::BillingPeriod;
use billing::rate::LineFigures;
use engine::invoices::{self, DayPage, DaySource, IssuedInvoice, RatedPage};
use engine::present;
use engine::{Books, EngineResult};
use formats::vendor::request::{OffsetPage, PageLimits};
use formats::vendor::{Collection, VendorError, offset_page_links};
use tokio::task::spawn_blocking;

use crate::access::Reader;
use crate::answer;
use crate::call::Call;
use crate::failure::Failure;

use super::page::{SeekRequest, place, seek_page};

/// The days that an invoice was billed from. The position in a token is a line's place.
pub(super) async fn billed(
    call: &Call,
    reader: &Reader,
    seek: &SeekRequest,
    issued: IssuedInvoice,
) -> Result<Response, Failure> {
    let start = seek.position.as_deref().map(place).transpose()?;
    let source = invoices::billed_days(&reader.books, &issued).await?;
    let page = Page::read(reader.books.clone(), source, Cut::new(seek, start)?).await?;
    page.answer(call, seek, &issued.invoice.billed_party, |place| place.to_string())
}

/// The days of classic usage that a recurring invoice was billed from, by position.
pub(super) async fn classic(call: &Call, reader: &Reader, issued: IssuedInvoice) -> Result<Response, Failure> {
    let source = invoices::billed_days(&reader.books, &issued).await?;
    classic_page(call, reader, source, &issued.invoice.billed_party).await
}

/// The days of classic usage of an open month.
pub(super) async fn classic_unbilled(
    call: &Call,
    reader: &Reader,
    party: &Organisation,
    period: BillingPeriod,
) -> Result<Response, Failure> {
    let source = invoices::unbilled_days(&reader.books, &party.id, period, Generation::Classic).await?;
    classic_page(call, reader, source, party).await
}

async fn classic_page(
    call: &Call,
    reader: &Reader,
    source: DaySource,
    party: &Organisation,
) -> Result<Response, Failure> {
    let asked = call.request.query.offset_page(PageLimits::LINE_ITEMS)?;
    let page = Page::read(reader.books.clone(), source, Cut::at(asked)).await?;
    let items: Vec<_> = page.days.iter().take(page.size).map(|(_, day)| present::daily_usage(day, party)).collect();
    let has_more = page.days.len() > page.size;
    answer::json(&Collection::new(items, offset_page_links(&call.request, asked, has_more)))
}

/// The days of an open month of the new commerce.
///
/// The position in a token names the month beside the place: what was begun as the current month
/// goes on as that month when the clock has passed its end.
pub(super) async fn unbilled(
    call: &Call,
    reader: &Reader,
    seek: &SeekRequest,
    party: &Organisation,
    asked: BillingPeriod,
) -> Result<Response, Failure> {
    let (period, start) = match &seek.position {
        Some(position) => month_and_place(position).map(|(period, place)| (period, Some(place)))?,
        None => (asked, None),
    };
    let source = invoices::unbilled_days(&reader.books, &party.id, period, Generation::NewCommerce).await?;
    let page = Page::read(reader.books.clone(), source, Cut::new(seek, start)?).await?;
    page.answer(call, seek, party, |place| format!("{period}/{place}"))
}

fn month_and_place(position: &str) -> Result<(BillingPeriod, u64), VendorError> {
    let invalid = || VendorError::invalid_input("the continuation token is not valid");
    let (month, line) = position.split_once('/').ok_or_else(invalid)?;
    Ok((month.parse().map_err(|_| invalid())?, place(line)?))
}

/// Which lines of a source stand in a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cut {
    /// The place before the first line that is looked at.
    after: u64,
    /// Lines to pass over, of those that are kept.
    skip: u64,
    size: usize,
    has_earned_credit: Option<bool>,
}

impl Cut {
    fn new(seek: &SeekRequest, start: Option<u64>) -> Result<Self, VendorError> {
        let has_earned_credit = seek.selecting.query.flag("hasPartnerEarnedCredit")?;
        let (after, skip) = match start {
            Some(start) => (start.saturating_sub(1), 0),
            // Places count all lines, so without a filter the offset is one.
            None if has_earned_credit.is_none() => (seek.offset, 0),
            None => (0, seek.offset),
        };
        Ok(Self { after, skip, size: seek.size, has_earned_credit })
    }

    /// All lines behind some others.
    fn at(page: OffsetPage) -> Self {
        let size = usize::try_from(page.size).unwrap_or(usize::MAX);
        Self { after: page.offset, skip: 0, size, has_earned_credit: None }
    }

    fn keeps(&self, figures: &LineFigures) -> bool {
        let has_earned_credit = !figures.factors.earned_credit_rate.is_zero();
        self.has_earned_credit.is_none_or(|wanted| wanted == has_earned_credit)
    }

    /// One line more than is shown, to know whether there is another page.
    fn read(&self, books: &Books, source: &DaySource) -> EngineResult<RatedPage> {
        let skipped = Cell::new(0);
        let keep = |figures: &LineFigures| {
            if !self.keeps(figures) {
                return false;
            }
            let is_shown = skipped.get() >= self.skip;
            skipped.set(skipped.get().saturating_add(1));
            is_shown
        };
        source.read(books, self.after, self.size.saturating_add(1), &keep)
    }
}

/// Lines of one page, and perhaps the first one of the next.
struct Page {
    size: usize,
    days: DayPage,
}

impl Page {
    /// Reading Parquet blocks, so it does not belong on the threads that serve requests.
    async fn read(books: Books, source: DaySource, cut: Cut) -> Result<Self, Failure> {
        let reading = (books.clone(), source.clone());
        let read = spawn_blocking(move || cut.read(&reading.0, &reading.1)).await.map_err(Failure::unexpected)??;
        Ok(Self { size: cut.size, days: source.show(&books, read).await? })
    }

    fn answer(
        &self,
        call: &Call,
        seek: &SeekRequest,
        party: &Organisation,
        position: impl Fn(u64) -> String,
    ) -> Result<Response, Failure> {
        let next = self.days.get(self.size).map(|(place, _)| position(*place));
        let shown = self.days.iter().take(self.size);
        let items = shown.map(|(_, day)| present::daily_rated(day, party)).collect::<Result<Vec<_>, _>>()?;
        seek_page(call, seek, items, next)
    }
}
