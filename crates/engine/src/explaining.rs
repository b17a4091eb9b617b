//! Explains an invoice line: its days are rated again from the snapshot, so that the explanation
//! is a proof and not a memory.

use billing::explain::{
    ExplainedStep, LineExplanation, explain_classic, explain_classic_usage, explain_licence, explain_line,
};
use billing::ids::OrganisationId;
use billing::invoice::{Charge, InvoiceLine, InvoiceNumber, LineName};
use billing::ports::UsageFilter;
use billing::price::PriceBook;
use billing::rate::{DayRating, PartyRater, ScopeKey};
use billing::savings_plan::Coverage;
use jiff::civil::Date;

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::invoices::{IssuedInvoice, find, lines};
use crate::rating::{Late, closed_usage};
use crate::selection::Role;
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
    if let Some(taken) = line.takes_back.clone() {
        return explain_taken_back(books, number, line, &taken).await;
    }
    let days = match line.metered() {
        Some((scope, ..)) => rated_days(books, &issued, scope).await?,
        None => Vec::new(),
    };
    let days = days.iter().map(|(day, rating)| (*day, rating));
    let explanation = match &line.charge {
        Charge::Usage(usage) => explain_line(&line, usage, days),
        Charge::ClassicUsage(usage) => explain_classic_usage(&line, usage, days),
        Charge::Licence(licence) => explain_licence(&line, licence),
        Charge::Classic(classic) => explain_classic(&line, classic),
    };
    let explanation = explanation.map_err(|error| EngineError::new(error.code(), error.to_string()))?;
    Ok(ExplainedLine { number: number.clone(), line, explanation })
}

/// The days of a scope that an invoice was billed from, rated again.
async fn rated_days(books: &Books, issued: &IssuedInvoice, scope: &ScopeKey) -> EngineResult<Vec<(Date, DayRating)>> {
    let from = Recomputation::load(books, issued).await?;
    let late = match scope.usage_month == from.selection.period {
        true => Late::default(),
        false => closed_usage(books, &issued.stored.party, from.selection.period, Some(&issued.stored.number)).await?,
    };
    days_of(books, &from, (&issued.stored.party, &late), scope).await
}

/// A line that takes another one back is that line, the other way round.
async fn explain_taken_back(
    books: &Books,
    number: &InvoiceNumber,
    line: InvoiceLine,
    taken: &LineName,
) -> EngineResult<ExplainedLine> {
    let mut explained = Box::pin(explain(books, &taken.number, taken.line_number)).await?;
    explained.explanation.steps.push(ExplainedStep {
        what: "taken back".to_owned(),
        formula: format!("line {} of {}, the other way round", taken.line_number, taken.number),
        value: line.subtotal.to_decimal(),
        rule: Some("IN-12".to_owned()),
    });
    Ok(ExplainedLine { number: number.clone(), line, explanation: explained.explanation })
}

/// Rates the days of one scope again, from its own records and from what savings plans pay for of them.
async fn days_of(
    books: &Books,
    from: &Recomputation,
    (party, late): (&OrganisationId, &Late),
    scope: &ScopeKey,
) -> EngineResult<Vec<(Date, DayRating)>> {
    let month = scope.usage_month;
    let filter = UsageFilter {
        from: month.first_day(),
        until: month.end(),
        subscription: Some(scope.subscription.clone()),
        meter: Some(scope.meter.clone()),
    };
    let mut records = Vec::new();
    books.usage.read_usage(&from.files, &filter, &mut |stored| {
        let file = from.files.iter().find(|file| file.place == stored.place);
        let day = (scope.subscription.clone(), scope.meter.clone(), stored.record.usage_date);
        let is_billed = match file.and_then(|file| from.selection.role_of(file)) {
            Some(Role::Own | Role::Late) => true,
            Some(Role::Carried(days)) => days.contains(&day),
            Some(Role::EarlierOpen(_)) | None => false,
        };
        if is_billed {
            records.push((stored.key, stored.record));
        }
        Ok(())
    })?;
    records.sort_by_key(|(key, record)| (record.usage_date, *key));
    let prices = PriceBook::new(&from.lists.sheets);
    let mut coverage = Coverage::default();
    if !from.plans()?.is_empty() || !late.paid.is_empty() {
        let survey = books.usage.survey(&from.files)?;
        let (sources, late) = from.taken(books, survey.as_ref(), party).await?;
        coverage = from.coverage(survey.as_ref(), (&sources, &late), &prices)?;
    }
    let mut rater = PartyRater::new(from.inputs(&prices, &late.from, &coverage));
    let mut days = Vec::new();
    for record in records {
        let rated = rater.rate(record).map_err(|error| EngineError::new(error.code(), error.to_string()))?;
        let of_scope = rated.into_iter().filter(|day| day.scope == *scope);
        days.extend(of_scope.map(|day| (day.usage_date, day.rating)));
    }
    Ok(days)
}
