//! What the lines of an export are read from.

use std::io;
use std::sync::Arc;

use billing::invoice::{Charge, InvoiceLine, InvoiceType};
use billing::licence::{Generation, ProductCategory};
use billing::party::Organisation;
use billing::ports::{PortError, hex};
use formats::vendor::export::{AttributeSet, LineFile, WrittenLines, write_reconciliation_row, write_usage_row};
use sha2::{Digest, Sha256};

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::estimating::{self, OpenMonth};
use crate::invoices::{self, DaySource, IssuedInvoice};
use crate::present::{self, LineItem};
use crate::rating::canonical;

use super::{Export, ExportId, ExportPart, ExportRequest, ExportShelf, Scope, Subject};

/// Lines of one file.
const LINES_A_PART: u64 = 1_000_000;
/// Lines that are in memory together.
const LINES_A_READ: usize = 10_000;

/// The id of what `party` asks for, and the tag of its data, without reading them.
///
/// # Errors
/// `invoice.unknown`, or storage failures.
pub async fn identify(
    books: &Books,
    party: &Organisation,
    request: &ExportRequest,
) -> EngineResult<(ExportId, String)> {
    let fingerprint = match (&request.scope, request.subject) {
        (Scope::Billed(number), _) => invoices::find(books, Some(&party.id), number).await?.stored.digest,
        (Scope::Unbilled { is_own_currency: false, .. }, _) => String::new(),
        (Scope::Unbilled { period, .. }, Subject::Reconciliation) => {
            estimating::fingerprint(books, &party.id, *period).await?
        }
        (Scope::Unbilled { period, .. }, Subject::Usage) => {
            let days = invoices::unbilled_days(books, &party.id, *period, Generation::NewCommerce).await?;
            // Names are those of today, too.
            let directory = books.ledger.party_directory(&party.id).await?;
            hex(&Sha256::digest(canonical(&(days.digests(), directory))?))
        }
    };
    ExportId::of(&party.id, request, &fingerprint)
}

/// The lines of one export.
#[derive(Debug, Clone)]
pub enum Source {
    Days(DaySource, Box<Organisation>),
    Lines(Box<IssuedInvoice>),
    Open(Arc<OpenMonth>),
    Nothing,
}

impl Source {
    /// # Errors
    /// `invoice.unknown`, the party's own trouble, or storage failures.
    pub async fn of(books: &Books, party: &Organisation, request: &ExportRequest) -> EngineResult<Self> {
        match (&request.scope, request.subject) {
            (Scope::Billed(number), subject) => {
                let issued = invoices::find(books, Some(&party.id), number).await?;
                match (issued.invoice.invoice_type, subject) {
                    (InvoiceType::Recurring, _) => Ok(Self::Nothing),
                    (InvoiceType::OneTime, Subject::Reconciliation) => Ok(Self::Lines(Box::new(issued))),
                    (InvoiceType::OneTime, Subject::Usage) => {
                        let days = invoices::billed_days(books, &issued).await?;
                        Ok(Self::Days(days, Box::new(issued.invoice.billed_party)))
                    }
                }
            }
            (Scope::Unbilled { is_own_currency: false, .. }, _) => Ok(Self::Nothing),
            (Scope::Unbilled { period, .. }, Subject::Reconciliation) => {
                let month = estimating::open_month(books, &party.id, *period).await?;
                // Why it cannot be billed is told once.
                month.lines()?;
                Ok(Self::Open(month))
            }
            (Scope::Unbilled { period, .. }, Subject::Usage) => {
                let days = invoices::unbilled_days(books, &party.id, *period, Generation::NewCommerce).await?;
                Ok(Self::Days(days, Box::new(party.clone())))
            }
        }
    }

    #[must_use]
    pub fn line_count(&self) -> u64 {
        match self {
            Self::Days(days, _) => days.line_count(),
            Self::Lines(issued) => issued.stored.line_count.into(),
            Self::Open(month) => {
                let count = month.lines.as_ref().map_or(0, |lines| lines.one_time.len());
                u64::try_from(count).unwrap_or(u64::MAX)
            }
            Self::Nothing => 0,
        }
    }

    /// How many files its lines make.
    #[must_use]
    pub fn part_count(&self) -> usize {
        usize::try_from(self.line_count().div_ceil(LINES_A_PART)).unwrap_or(usize::MAX)
    }

    /// Writes one of the files. It blocks.
    ///
    /// # Errors
    /// Storage failures.
    pub async fn write_part(
        &self,
        books: &Books,
        shelf: &dyn ExportShelf,
        export: &Export,
        number: usize,
    ) -> EngineResult<ExportPart> {
        let name = export.part_name(number);
        let unwritten = |error: io::Error| {
            EngineError::from(PortError::new("storage.failed", "an export could not be written", error))
        };
        let mut after = u64::try_from(number).unwrap_or(u64::MAX).saturating_mul(LINES_A_PART);
        let end = after.saturating_add(LINES_A_PART).min(self.line_count());
        let mut file = LineFile::new(shelf.begin_part(&export.id, &name)?);
        let mut lines = Vec::new();
        while after < end {
            lines.clear();
            let limit = usize::try_from(end.saturating_sub(after)).unwrap_or(usize::MAX).min(LINES_A_READ);
            let count = self.read(books, export.request.attributes, (after, limit), &mut lines).await?;
            if count == 0 {
                return Err(EngineError::damaged(&format!("export {}", export.id.as_str()), "lines are missing"));
            }
            file.append(&lines, count).map_err(unwritten)?;
            after = after.saturating_add(count);
        }
        let (writer, WrittenLines { line_count, byte_count }) = file.finish().map_err(unwritten)?;
        writer.finish()?;
        Ok(ExportPart { name, byte_count, line_count })
    }

    /// Appends the rows behind `after` others, at most `limit`, and says how many they are.
    async fn read(
        &self,
        books: &Books,
        attributes: AttributeSet,
        (after, limit): (u64, usize),
        out: &mut Vec<u8>,
    ) -> EngineResult<u64> {
        let count = match self {
            Self::Days(source, party) => {
                let page = source.read(books, after, limit, &|_| true)?;
                let days = source.show(books, page).await?;
                for (_, day) in &days {
                    let item = present::daily_rated(day, party)?;
                    write_usage_row(&item, attributes, out).map_err(unwritable)?;
                }
                days.len()
            }
            Self::Lines(issued) => {
                let after = u32::try_from(after).unwrap_or(u32::MAX);
                let limit = u32::try_from(limit).unwrap_or(u32::MAX);
                let lines = invoices::lines(books, &issued.invoice.number, after, limit).await?;
                for line in &lines {
                    reconciled(&present::line_item(issued, line)?, line, attributes, out)?;
                }
                lines.len()
            }
            Self::Open(month) => {
                let after = usize::try_from(after).unwrap_or(usize::MAX);
                let lines: Vec<&InvoiceLine> = month.lines()?.one_time.iter().skip(after).take(limit).collect();
                for line in &lines {
                    reconciled(&present::unbilled_line_item(&month.party, line)?, line, attributes, out)?;
                }
                lines.len()
            }
            Self::Nothing => 0,
        };
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

fn unwritable(error: serde_json::Error) -> EngineError {
    EngineError::new("storage.failed", "a row could not be written as JSON").with_operator(error)
}

fn reconciled(item: &LineItem, line: &InvoiceLine, set: AttributeSet, out: &mut Vec<u8>) -> EngineResult<()> {
    match item {
        LineItem::OneTime(item) => write_reconciliation_row(item, category(line), set, out).map_err(unwritable),
        LineItem::Licence(_) | LineItem::Usage(_) => {
            Err(EngineError::damaged("a line of a one-time invoice", "it is one of the older commerce"))
        }
    }
}

/// The words of this column are not published; they are those of the kinds of products.
fn category(line: &InvoiceLine) -> &'static str {
    match &line.charge {
        Charge::Licence(licence) => match licence.category {
            ProductCategory::Licence => "License",
            ProductCategory::Software | ProductCategory::Perpetual => "Software",
            ProductCategory::Reservation => "Reservation",
            ProductCategory::SavingsPlan => "SavingsPlan",
            ProductCategory::Marketplace => "Marketplace",
        },
        Charge::Usage(_) | Charge::Classic(_) | Charge::ClassicUsage(_) => "Usage",
    }
}
