//! Explains an invoice line: its days are rated again from the snapshot, so that the explanation
//! is a proof and not a memory.

use billing::explain::{LineExplanation, explain_line};
use billing::invoice::{InvoiceLine, InvoiceNumber};

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::invoices::{find, lines};
use crate::verifying::Recomputation;

/// A line with the way to its amount.
#[derive(Debug, Clone)]
pub struct ExplainedLine {
    pub number: InvoiceNumber,
    pub line: InvoiceLine,
    pub explanation: LineExplanation,
}

/// Reads `G000000001-12`: an invoice number and a line of it.
///
/// # Errors
/// `explain.line_malformed`.
pub fn parse_line(text: &str) -> EngineResult<(InvoiceNumber, u32)> {
    let malformed = || {
        EngineError::new(
            "explain.line_malformed",
            format!("{text:?} names no line; a line is written like G000000001-12"),
        )
    };
    let (number, line) = text.rsplit_once('-').ok_or_else(malformed)?;
    Ok((number.parse().map_err(|_| malformed())?, line.parse().map_err(|_| malformed())?))
}

/// Explains one line of an invoice.
///
/// # Errors
/// `invoice.unknown`, `invoice.line_unknown`, `explain.does_not_add_up`, or storage failures.
pub async fn explain(books: &Books, number: &InvoiceNumber, line_number: u32) -> EngineResult<ExplainedLine> {
    let issued = find(books, None, number).await?;
    let unknown = || EngineError::new("invoice.line_unknown", format!("invoice {number} has no line {line_number}"));
    let after = line_number.checked_sub(1).ok_or_else(unknown)?;
    let line = lines(books, number, after, 1).await?.into_iter().next().ok_or_else(unknown)?;
    let mut days = Vec::new();
    let recomputation = Recomputation::load(books, &issued).await?;
    recomputation.rate(books, &mut |rated| {
        if rated.scope == line.scope {
            days.push((rated.record.usage_date, rated.rating));
        }
    })?;
    let explanation = explain_line(&line, days.iter().map(|(day, rating)| (*day, rating)))
        .map_err(|error| EngineError::new(error.code(), error.to_string()))?;
    Ok(ExplainedLine { number: number.clone(), line, explanation })
}
