//! Issuing: the one transaction that draws a number and writes a document for good.
//!
//! Rule IN-1 (docs/rules/invoice-numbering.md). Whatever fails takes the number back with it, so
//! numbers have no gaps (INV-1).

use billing::ids::OrganisationId;
use billing::invoice::{InvoiceNumber, InvoiceType, Series};
use billing::journal::EntryKind;
use billing::money::Amount;
use billing::period::BillingPeriod;
use billing::ports::{
    AccountBooking, Closure, CreditRequest, IssueRequest, NewEntry, NewInvoiceLine, StepOutcome, StoredFile,
    document_digest,
};
use billing::settlement::{AccountEvent, DocumentState};
use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::{SqliteConnection, SqliteExecutor};

use crate::error::{LedgerError, Result};
use crate::open::SqliteLedger;
use crate::row::{Fields, Table, insert_rows, instant};
use crate::{accounts, adjustments, blobs, closing, journal};

pub(crate) const NUMBER_SERIES: Table = Table { name: "number_series", key: &["issuer", "series"] };

pub(crate) async fn issue_in(connection: &mut SqliteConnection, request: &IssueRequest<'_>) -> Result<StepOutcome> {
    let run = &request.rated;
    let closed = closing::closed_by(&mut *connection, &run.party, run.period, request.invoice_type).await?;
    if let Some(invoice) = closed {
        return Ok(StepOutcome::AlreadyClosed(invoice));
    }
    blobs::put_in(&mut *connection, &request.directory).await?;
    let number = draw(&mut *connection, &request.issuer, request.invoice_type.series()).await?;
    let entry = NewEntry {
        kind: EntryKind::InvoiceIssued,
        reference: number.to_string(),
        booked_at: request.issued_at,
        postings: request.postings.clone(),
    };
    let position = journal::append(&mut *connection, &request.issuer, entry).await?;
    insert_lines(&mut *connection, &request.issuer, &number, &request.lines).await?;
    let row = Row {
        issuer: &request.issuer,
        number: &number,
        party: &run.party,
        period: run.period,
        invoice_type: request.invoice_type,
        total: request.totals.total,
        issued_at: request.issued_at,
        due_on: request.due_on,
        header: (request.header)(&number),
        lines: &request.lines,
        rated_files: &run.files,
        amends: None,
    };
    insert_invoice(&mut *connection, row, position).await?;
    release_credit(&mut *connection, request, &number).await?;
    adjustments::take(&mut *connection, (&request.issuer, &run.party), &number, &request.adjustments).await?;
    insert_closure(&mut *connection, request, &number).await?;
    Ok(StepOutcome::Issued(number))
}

/// A document below zero is money that the party may pay with from now on (PA-6).
async fn release_credit(
    connection: &mut SqliteConnection,
    request: &IssueRequest<'_>,
    number: &InvoiceNumber,
) -> Result<()> {
    let total = request.totals.total;
    if total.minor >= 0 {
        return Ok(());
    }
    let released = AccountEvent::CreditReleased { credit_note: number.clone(), amount: total.negated()? };
    let mut state = DocumentState::issued(total, request.issued_at, request.due_on);
    state.received = total;
    let (issuer, party) = (request.issuer.clone(), request.rated.party.clone());
    let booking = AccountBooking {
        after: accounts::last_position(&mut *connection, &issuer, &party).await?,
        issuer,
        party,
        booked_at: request.issued_at,
        events: vec![released],
        documents: vec![(number.clone(), state)],
    };
    // Nobody books between: the transaction holds the write lock.
    accounts::book_in(connection, &booking).await.map(|_| ())
}

/// The next number of the series.
async fn draw(connection: &mut SqliteConnection, issuer: &OrganisationId, series: Series) -> Result<InvoiceNumber> {
    let row = sqlx::query(
        "INSERT INTO number_series (issuer, series, last_counter) VALUES ($1, $2, 1)
         ON CONFLICT (issuer, series) DO UPDATE SET last_counter = number_series.last_counter + 1
         RETURNING issuer, series, last_counter",
    )
    .bind(issuer.as_str())
    .bind(series.letter().to_string())
    .fetch_one(connection)
    .await?;
    let counter = Fields::new(&row, &NUMBER_SERIES).unsigned("last_counter")?;
    Ok(InvoiceNumber::in_series(series, counter)?)
}

/// 0 before the first number.
pub(crate) async fn last_counter(db: impl SqliteExecutor<'_>, issuer: &OrganisationId, series: Series) -> Result<u64> {
    let row = sqlx::query("SELECT issuer, series, last_counter FROM number_series WHERE issuer = $1 AND series = $2")
        .bind(issuer.as_str())
        .bind(series.letter().to_string())
        .fetch_optional(db)
        .await?;
    row.map_or(Ok(0), |row| Fields::new(&row, &NUMBER_SERIES).unsigned("last_counter"))
}

/// Lines come before their invoice: once it stands, the database takes no more of them.
async fn insert_lines(
    connection: &mut SqliteConnection,
    issuer: &OrganisationId,
    number: &InvoiceNumber,
    lines: &[NewInvoiceLine],
) -> Result<()> {
    let numbered: Vec<_> = (1_i64..).zip(lines).collect();
    insert_rows(
        connection,
        "INSERT INTO invoice_lines (issuer, number, line_number, subscription, body) ",
        "",
        &numbered,
        |values, (line_number, line)| {
            values
                .push_bind(issuer.as_str().to_owned())
                .push_bind(number.as_str().to_owned())
                .push_bind(*line_number)
                .push_bind(line.subscription.as_str().to_owned())
                .push_bind(line.body.clone());
            Ok(())
        },
    )
    .await
}

/// A document as its row has it.
struct Row<'a> {
    issuer: &'a OrganisationId,
    number: &'a InvoiceNumber,
    party: &'a OrganisationId,
    period: BillingPeriod,
    invoice_type: InvoiceType,
    total: Amount,
    issued_at: Timestamp,
    due_on: Date,
    header: Vec<u8>,
    lines: &'a [NewInvoiceLine],
    rated_files: &'a [StoredFile],
    amends: Option<&'a InvoiceNumber>,
}

async fn insert_invoice(connection: &mut SqliteConnection, row: Row<'_>, journal_position: i64) -> Result<()> {
    let digest = document_digest(&row.header, row.lines.iter().map(|line| line.body.as_slice()));
    let line_count = u32::try_from(row.lines.len())
        .map_err(|_| LedgerError::TooLarge(u64::try_from(row.lines.len()).unwrap_or(u64::MAX)))?;
    sqlx::query(
        "INSERT INTO invoices (issuer, number, party, period, invoice_type, currency, total_minor,
             received_minor, written_off_minor, issued_at, due_on, header, digest, line_count, rated_files,
             journal_position, amends)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(row.issuer.as_str())
    .bind(row.number.as_str())
    .bind(row.party.as_str())
    .bind(row.period.to_string())
    .bind(row.invoice_type.as_str())
    .bind(row.total.currency.code())
    .bind(row.total.minor)
    .bind(instant(row.issued_at))
    .bind(row.due_on.to_string())
    .bind(row.header)
    .bind(digest)
    .bind(line_count)
    .bind(serde_json::to_string(row.rated_files)?)
    .bind(journal_position)
    .bind(row.amends.map(InvoiceNumber::as_str))
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes a credit note under the number that it was drafted with.
pub(crate) async fn issue_credit(ledger: &SqliteLedger, request: &CreditRequest) -> Result<bool> {
    let (issuer, party) = (&request.booking.issuer, &request.booking.party);
    let mut transaction = ledger.write().await?;
    if draw(&mut transaction, issuer, request.invoice_type.series()).await? != request.number {
        return Ok(false);
    }
    let entry = NewEntry {
        kind: EntryKind::CreditIssued,
        reference: request.number.to_string(),
        booked_at: request.issued_at,
        postings: request.postings.clone(),
    };
    let position = journal::append(&mut transaction, issuer, entry).await?;
    insert_lines(&mut transaction, issuer, &request.number, &request.lines).await?;
    let row = Row {
        issuer,
        number: &request.number,
        party,
        period: request.period,
        invoice_type: request.invoice_type,
        total: request.total,
        issued_at: request.issued_at,
        due_on: request.due_on,
        header: request.header.clone(),
        lines: &request.lines,
        rated_files: &[],
        amends: Some(&request.amends),
    };
    insert_invoice(&mut transaction, row, position).await?;
    if !accounts::book_in(&mut transaction, &request.booking).await? {
        return Ok(false);
    }
    transaction.commit().await?;
    Ok(true)
}

async fn insert_closure(
    connection: &mut SqliteConnection,
    request: &IssueRequest<'_>,
    number: &InvoiceNumber,
) -> Result<()> {
    let closure = Closure {
        party: request.rated.party.clone(),
        period: request.rated.period,
        usage_through: request.rated.usage_through,
        invoice: Some(number.clone()),
        carried: request.carried.clone(),
        lists: request.lists,
    };
    closing::insert(connection, &closure, Some((&request.issuer, request.invoice_type))).await
}
