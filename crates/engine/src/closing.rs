//! Closes a period: draft, check, issue. A party whose check fails is parked with its reasons and
//! the others are issued; a second run changes nothing.

mod batch;

use std::collections::BTreeMap;

use billing::ids::OrganisationId;
use billing::invoice::{
    CarriedDay, Draft, Invoice, InvoiceLine, InvoiceNumber, InvoiceType, KnownLists, PartyDrafts, Snapshot, check_draft,
};
use billing::journal::invoice_postings;
use billing::money::Amount;
use billing::period::BillingPeriod;
use billing::ports::{Closure, IssueRequest, NewInvoiceLine, Parking, RatedPart, RatedRun, document_digest};
use billing::rate::UnpricedUsage;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::books::Books;
use crate::closing::batch::Batch;
use crate::error::{EngineError, EngineResult};
use crate::rating::{Lines, PARTIES_PER_LOAD, PartyOutcome, RatedParty, RunInputs, canonical};

#[derive(Debug, Clone, Copy, Default)]
pub struct CloseOptions {
    /// Close before the cut-off, on the 3rd of the next month (IN-4).
    pub early: bool,
    /// Move usage without a price to the next period instead of parking its party.
    pub allow_unpriced: bool,
}

/// What closing one party came to; a party with documents of two types has one of each, the one-time one first.
#[derive(Debug, Clone)]
pub struct PartyClosing {
    pub party: OrganisationId,
    pub outcome: ClosingOutcome,
    /// Usage that had no price, whatever became of the party.
    pub unpriced: Vec<UnpricedUsage>,
}

#[derive(Debug, Clone)]
pub enum ClosingOutcome {
    Issued {
        number: InvoiceNumber,
        total: Amount,
        line_count: usize,
    },
    /// Closed by an earlier run.
    AlreadyClosed(Option<InvoiceNumber>),
    /// Nothing to bill: no document (IN-6).
    Nothing,
    /// (code, sentence) of each reason.
    Parked(Vec<(String, String)>),
}

impl PartyClosing {
    pub(crate) fn is_parked(&self) -> bool {
        matches!(self.outcome, ClosingOutcome::Parked(_))
    }
}

/// The first instant at which `period` may be closed without `early`.
#[must_use]
pub fn cut_off(period: BillingPeriod) -> Date {
    period.end().saturating_add(2.days())
}

/// What closing one party would come to; one for each document, as [`PartyClosing`].
#[derive(Debug, Clone)]
pub struct PreviewedClosing {
    pub party: OrganisationId,
    pub outcome: PreviewedOutcome,
    pub unpriced: Vec<UnpricedUsage>,
}

#[derive(Debug, Clone)]
pub enum PreviewedOutcome {
    /// To the byte, if nothing changes before it is issued and the clock says the same.
    Document(Box<PreviewedDocument>),
    AlreadyClosed(Option<InvoiceNumber>),
    Nothing,
    Parked(Vec<(String, String)>),
}

/// A document that would be issued.
#[derive(Debug, Clone)]
pub struct PreviewedDocument {
    pub invoice: Invoice,
    pub lines: Vec<InvoiceLine>,
    /// Over the bytes that would be stored.
    pub digest: String,
}

/// Closes `period` for every billed party.
///
/// # Errors
/// `close.too_early`, or a storage failure; what was issued before it stays issued.
pub async fn close(
    books: &Books,
    period: BillingPeriod,
    options: CloseOptions,
    now: Timestamp,
    tick: &(dyn Fn(u64) + Sync),
) -> EngineResult<Vec<PartyClosing>> {
    check_cut_off(period, options, now)?;
    let inputs = RunInputs::load(books, period).await?;
    let run = inputs.run(books)?;
    let (mut closings, mut batch) = (Vec::with_capacity(inputs.parties.len()), Batch::default());
    for parties in inputs.parties.chunks(PARTIES_PER_LOAD) {
        let mut billed = run.billed(books, parties).await?;
        for party in parties {
            let outcome = run.draft_party(books, party, billed.remove(party), Lines::Keep, tick).await?;
            close_party(books, (party, period), outcome, options, now, &mut batch).await?;
            if batch.is_full() {
                closings.extend(std::mem::take(&mut batch).write(books).await?);
            }
        }
    }
    closings.extend(batch.write(books).await?);
    Ok(closings)
}

/// What [`close`] would issue, to the byte; nothing is written.
///
/// # Errors
/// As [`close`].
pub async fn preview_close(
    books: &Books,
    period: BillingPeriod,
    options: CloseOptions,
    now: Timestamp,
    tick: &(dyn Fn(u64) + Sync),
) -> EngineResult<Vec<PreviewedClosing>> {
    check_cut_off(period, options, now)?;
    let inputs = RunInputs::load(books, period).await?;
    let run = inputs.run(books)?;
    let mut previews = Vec::new();
    let mut numbers = NextNumbers { books, counters: BTreeMap::new() };
    for parties in inputs.parties.chunks(PARTIES_PER_LOAD) {
        let mut billed = run.billed(books, parties).await?;
        for party in parties {
            let outcome = run.draft_party(books, party, billed.remove(party), Lines::Drop, tick).await?;
            preview_party(party, outcome, options, now, (&mut numbers, &mut previews)).await?;
        }
    }
    Ok(previews)
}

fn check_cut_off(period: BillingPeriod, options: CloseOptions, now: Timestamp) -> EngineResult<()> {
    let today = now.to_zoned(TimeZone::UTC).date();
    if today < period.first_day() {
        return Err(EngineError::new("close.period_in_future", format!("{period} has not begun")));
    }
    if today < cut_off(period) && !options.early {
        let message = format!(
            "{period} may be closed from {} on, when late usage has arrived; --early closes it now",
            cut_off(period)
        );
        return Err(EngineError::new("close.too_early", message));
    }
    Ok(())
}

/// Why drafts may not be issued: (code, sentence) of each reason. What is wrong with one stops the other too: a
/// month is closed once.
fn reasons_against(drafts: &PartyDrafts, options: CloseOptions) -> Vec<(String, String)> {
    let failures = drafts.iter().flat_map(|draft| check_draft(draft, options.allow_unpriced));
    failures.map(|failure| (failure.code().to_owned(), failure.to_string())).collect()
}

/// The numbers that would be drawn.
struct NextNumbers<'b> {
    books: &'b Books,
    /// How many of each series were drawn.
    counters: BTreeMap<(OrganisationId, InvoiceType), u64>,
}

impl NextNumbers<'_> {
    async fn draw(&mut self, issuer: &OrganisationId, invoice_type: InvoiceType) -> EngineResult<InvoiceNumber> {
        let series = (issuer.clone(), invoice_type);
        let last = match self.counters.get(&series) {
            Some(counter) => *counter,
            None => self.books.ledger.last_counter(issuer, invoice_type).await?,
        };
        let counter = last.saturating_add(1);
        self.counters.insert(series, counter);
        InvoiceNumber::in_series(invoice_type.series(), counter)
            .map_err(|error| EngineError::new(error.code(), error.to_string()))
    }
}

async fn preview_party(
    party: &OrganisationId,
    outcome: PartyOutcome,
    options: CloseOptions,
    now: Timestamp,
    (numbers, previews): (&mut NextNumbers<'_>, &mut Vec<PreviewedClosing>),
) -> EngineResult<()> {
    let mut preview = |outcome, unpriced| previews.push(PreviewedClosing { party: party.clone(), outcome, unpriced });
    let RatedParty { drafts, snapshot, .. } = match outcome {
        PartyOutcome::Rated(rated) => *rated,
        PartyOutcome::Closed(closures) => {
            closures.into_iter().for_each(|one| preview(PreviewedOutcome::AlreadyClosed(one.invoice), vec![]));
            return Ok(());
        }
        PartyOutcome::Failed(code, message) => {
            preview(PreviewedOutcome::Parked(vec![(code, message)]), vec![]);
            return Ok(());
        }
    };
    let reasons = reasons_against(&drafts, options);
    if !reasons.is_empty() {
        preview(PreviewedOutcome::Parked(reasons), drafts.unpriced().to_vec());
    } else if !drafts.have_lines() {
        preview(PreviewedOutcome::Nothing, drafts.unpriced().to_vec());
    } else {
        for draft in drafts.into_documents() {
            let number = numbers.draw(&draft.issuer.id, draft.invoice_type).await?;
            let document = preview_document(&draft, snapshot.clone(), options, now, number)?;
            preview(PreviewedOutcome::Document(Box::new(document)), draft.unpriced);
        }
    }
    Ok(())
}

fn preview_document(
    draft: &Draft,
    snapshot: Snapshot,
    options: CloseOptions,
    now: Timestamp,
    number: InvoiceNumber,
) -> EngineResult<PreviewedDocument> {
    let (sample, lines) = document(draft, snapshot, options, now)?;
    let header = header_bytes(&sample, &number);
    let digest = document_digest(&header, lines.iter().map(|line| line.body.as_slice()));
    let lines = draft.lines.iter().map(|drafted| drafted.line.clone()).collect();
    Ok(PreviewedDocument { invoice: Invoice { number, ..sample }, lines, digest })
}

/// A checked draft as it will be stored; only the number is missing.
fn document(
    draft: &Draft,
    mut snapshot: Snapshot,
    options: CloseOptions,
    now: Timestamp,
) -> EngineResult<(Invoice, Vec<NewInvoiceLine>)> {
    snapshot.allow_unpriced = options.allow_unpriced;
    let lines = draft.lines.iter().map(|drafted| stored_line(&drafted.line)).collect::<EngineResult<Vec<_>>>()?;
    let sample = Invoice::issue(draft, first_number()?, now, snapshot);
    // Once written here it can be written under any number.
    canonical(&sample)?;
    Ok((sample, lines))
}

/// Decides what becomes of a party's month; the batch writes it.
async fn close_party(
    books: &Books,
    (party, period): (&OrganisationId, BillingPeriod),
    outcome: PartyOutcome,
    options: CloseOptions,
    now: Timestamp,
    batch: &mut Batch,
) -> EngineResult<()> {
    let party = party.clone();
    let rated = match outcome {
        PartyOutcome::Rated(rated) => *rated,
        PartyOutcome::Closed(closures) => {
            for closure in closures {
                batch.settled(party.clone(), ClosingOutcome::AlreadyClosed(closure.invoice));
            }
            return Ok(());
        }
        PartyOutcome::Failed(code, message) => {
            let is_final = code == "close.later_period_closed";
            let reasons = vec![(code, message)];
            match is_final {
                // Nothing that is done later would un-park it, so it is told and not kept.
                true => batch.settled(party, ClosingOutcome::Parked(reasons)),
                false => batch.park(Parking { party, period, reasons }, vec![]),
            }
            return Ok(());
        }
    };
    let (reasons, unpriced) = (reasons_against(&rated.drafts, options), rated.drafts.unpriced().to_vec());
    if !reasons.is_empty() {
        let old = books.ledger.commit_rating(&rated.run, &rated.parts).await?;
        books.usage.remove(&old)?;
        batch.park(Parking { party, period, reasons }, unpriced);
    } else if !rated.drafts.have_lines() {
        books.usage.remove(&rated.run.files)?;
        batch.close_empty(empty_closure(&rated), unpriced);
    } else {
        issue_documents(books, rated, options, now, batch)?;
    }
    Ok(())
}

fn empty_closure(rated: &RatedParty) -> Closure {
    Closure {
        party: rated.run.party.clone(),
        period: rated.run.period,
        usage_through: rated.run.usage_through,
        invoice: None,
        carried: rated.carried.clone(),
        lists: KnownLists::of(&rated.snapshot),
    }
}

/// The first document has the days that are carried; each has the files of its own rated usage.
fn issue_documents(
    books: &Books,
    rated: RatedParty,
    options: CloseOptions,
    now: Timestamp,
    batch: &mut Batch,
) -> EngineResult<()> {
    let RatedParty { drafts, run, parts, snapshot, directory, mut carried } = rated;
    let files_of = |invoice_type: InvoiceType| RatedPart::files_of(&parts, &run.files, invoice_type.generation());
    for draft in drafts.iter().filter(|draft| draft.lines.is_empty()) {
        books.usage.remove(&files_of(draft.invoice_type))?;
    }
    for draft in drafts.into_documents() {
        let files = files_of(draft.invoice_type);
        let closing = DocumentClosing {
            run: RatedRun { files, ..run.clone() },
            snapshot: snapshot.clone(),
            directory: directory.clone(),
            carried: std::mem::take(&mut carried),
        };
        let (total, line_count) = (draft.totals.total, draft.lines.len());
        batch.issue(issue_request(&draft, closing, options, now)?, (total, line_count), draft.unpriced);
    }
    Ok(())
}

/// What a document closes, and what it was computed from.
struct DocumentClosing {
    run: RatedRun,
    snapshot: Snapshot,
    directory: Vec<u8>,
    carried: Vec<CarriedDay>,
}

fn issue_request(
    draft: &Draft,
    closing: DocumentClosing,
    options: CloseOptions,
    now: Timestamp,
) -> EngineResult<IssueRequest<'static>> {
    let DocumentClosing { run, snapshot, directory, carried } = closing;
    let lists = KnownLists::of(&snapshot);
    let (sample, lines) = document(draft, snapshot, options, now)?;
    let journal_error = |error: billing::journal::JournalError| EngineError::new(error.code(), error.to_string());
    Ok(IssueRequest {
        issuer: draft.issuer.id.clone(),
        invoice_type: draft.invoice_type,
        issued_at: now,
        due_on: sample.due_on,
        totals: draft.totals,
        postings: invoice_postings(&draft.totals).map_err(journal_error)?,
        header: Box::new(move |number| header_bytes(&sample, number)),
        lines,
        adjustments: draft.adjustments.iter().map(|adjustment| adjustment.reference.clone()).collect(),
        rated: run,
        carried,
        lists,
        directory,
    })
}

fn stored_line(line: &InvoiceLine) -> EngineResult<NewInvoiceLine> {
    Ok(NewInvoiceLine { subscription: line.subscription.clone(), body: canonical(line)? })
}

fn first_number() -> EngineResult<InvoiceNumber> {
    InvoiceNumber::in_series(billing::invoice::Series::ONE_TIME, 1)
        .map_err(|error| EngineError::new(error.code(), error.to_string()))
}

/// The stored bytes of the header under its number.
fn header_bytes(sample: &Invoice, number: &InvoiceNumber) -> Vec<u8> {
    let invoice = Invoice { number: number.clone(), ..sample.clone() };
    serde_json::to_vec(&invoice).unwrap_or_default()
}
