//! Issued documents: invoices and credit notes.

use billing::period::BillingPeriod;
use engine::crediting::credit_attempt;
use engine::invoices::{self, IssuedInvoice, statement_pdf};
use engine::restating::{self, correct_attempt};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::call::{Call, Content, Reply, WriteCall};
use super::page;
use super::problem::Problem;
use super::shapes::{
    Correction, Document, DocumentKind, DocumentPage, DocumentSummary, Line, LinePage, NewCorrection, NewCredit,
    NewMoney, Restatement, kind_of,
};

pub(super) async fn list(call: Call) -> Result<Reply, Problem> {
    let mut issued = of_parties(&call).await?;
    let period = call.query.parsed::<BillingPeriod>("period", "month such as 2026-10")?;
    let kind = call.query.parsed::<DocumentKind>("type", "type: invoice, credit_note or adjustment_note")?;
    let is_overdue = call.query.switch("overdue")?;
    issued.retain(|one| {
        period.is_none_or(|period| one.invoice.period == period) && kind.is_none_or(|kind| kind_of(one) == kind)
    });
    let mut summaries: Vec<DocumentSummary> = Vec::new();
    for one in &issued {
        let summary = DocumentSummary::of(one, call.today())?;
        if summary.is_overdue || !is_overdue {
            summaries.push(summary);
        }
    }
    summaries.sort_by(|a, b| a.number.cmp(&b.number));
    Reply::ok(&DocumentPage::from(page::of_texts(&call, summaries, |summary| summary.number.clone())?))
}

/// Those of the party that the query names, else of all that the caller sees.
async fn of_parties(call: &Call) -> Result<Vec<IssuedInvoice>, Problem> {
    let parties = match call.query.text("organisation") {
        Some(name) => vec![call.caller.party(name).await?],
        None => call.caller.parties().await?,
    };
    let mut issued = Vec::new();
    for party in parties {
        issued.extend(invoices::list(call.books(), Some(&party.id)).await?);
    }
    Ok(issued)
}

pub(super) async fn show(call: Call) -> Result<Reply, Problem> {
    let issued = call.caller.document(call.path("number")).await?;
    Reply::ok(&Document::of(&issued, call.today())?)
}

pub(super) async fn lines(call: Call) -> Result<Reply, Problem> {
    let issued = call.caller.document(call.path("number")).await?;
    let after = call.query.parsed::<u32>("after", "number of a line")?.unwrap_or(0);
    let limit = u32::try_from(page::limit(&call)?).unwrap_or(u32::MAX);
    let lines = invoices::lines(call.books(), &issued.stored.number, after, limit).await?;
    let last = after.saturating_add(u32::try_from(lines.len()).unwrap_or(u32::MAX));
    let next = (last < issued.stored.line_count && !lines.is_empty()).then(|| last.to_string());
    let items: Vec<Line> = lines.iter().map(Line::from).collect();
    Reply::ok(&LinePage::from((items, next)))
}

/// Rendering and reading files block, so they do not belong on the threads that serve requests.
pub(super) async fn pdf(call: Call) -> Result<Reply, Problem> {
    let issued = call.caller.document(call.path("number")).await?;
    let (books, number, runtime) = (call.books().clone(), issued.stored.number.clone(), Handle::current());
    let rendered = spawn_blocking(move || runtime.block_on(statement_pdf(&books, &issued)));
    let bytes = rendered.await.map_err(Problem::unexpected)??;
    Ok(Reply { status: axum::http::StatusCode::OK, content: Content::Pdf(number, bytes), later: None })
}

/// Rating a month again blocks too.
pub(super) async fn restatement(call: Call) -> Result<Reply, Problem> {
    let issued = call.caller.document_of_issuer(call.path("number")).await?;
    let (books, runtime) = (call.books().clone(), Handle::current());
    let number = issued.stored.number;
    let restated = spawn_blocking(move || runtime.block_on(restating::restatement(&books, &number)));
    Reply::ok(&Restatement::of(&restated.await.map_err(Problem::unexpected)??)?)
}

pub(super) async fn restate(mut write: WriteCall) -> Result<Reply, Problem> {
    let issued = write.call.caller.issued(write.call.path("number")).await?;
    let NewCorrection { how, reason } = write.json()?;
    let number = &issued.stored.number;
    let documents = correct_attempt(write.call.books(), number, how.into(), &reason, write.attempt).await?;
    let documents: Result<_, _> = documents.iter().map(|one| Document::of(one, write.today())).collect();
    Reply::created(&Correction { documents: documents? })
}

pub(super) async fn credit(mut write: WriteCall) -> Result<Reply, Problem> {
    let issued = write.call.caller.issued(write.call.path("number")).await?;
    let new: NewCredit = write.json()?;
    let amount = new.amount.map(NewMoney::exact).transpose()?;
    let note = credit_attempt(write.call.books(), &issued.stored.number, amount, &new.reason, write.attempt).await?;
    Reply::created(&Document::of(&note, write.today())?)
}
