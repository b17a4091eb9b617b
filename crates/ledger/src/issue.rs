//! Issuing: the one transaction that draws a number and writes a document for good.
//!
//! Rule IN-1 (docs/rules/invoice-numbering.md). Whatever fails takes the number back with it, so
//! numbers have no gaps (INV-1).

use std::collections::BTreeMap;

use billing::ids::OrganisationId;
use billing::invoice::{Amendment, InvoiceNumber, InvoiceType, Series};
use billing::journal::EntryKind;
use billing::money::Amount;
use billing::period::BillingPeriod;
use billing::ports::{
    AccountBooking, AmendmentRequest, Closure, IssueRequest, NewAmendment, NewEntry, NewInvoiceLine, StoredFile,
    document_digest,
};
use billing::settlement::{AccountEvent, DocumentState};
use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::{SqliteConnection, SqliteExecutor};

use crate::error::{LedgerError, Result};
use crate::invoices::INVOICES;
use crate::open::SqliteLedger;
use crate::row::{Fields, Table, insert_rows, instant, integer};
use crate::{accounts, adjustments, blobs, journal, restatements};

pub(crate) const NUMBER_SERIES: Table = Table { name: "number_series", key: &["issuer", "series"] };

/// Numbers that a transaction draws; the series are written when it has drawn all.
#[derive(Default)]
pub(crate) struct Draws {
    last: BTreeMap<(OrganisationId, Series), u64>,
}

impl Draws {
    /// The next number of the series.
    pub(crate) async fn next(
        &mut self,
        connection: &mut SqliteConnection,
        issuer: &OrganisationId,
        series: Series,
    ) -> Result<InvoiceNumber> {
        let name = (issuer.clone(), series);
        let last = match self.last.get(&name) {
            Some(last) => *last,
            None => last_counter(connection, issuer, series).await?,
        };
        let next = last.saturating_add(1);
        self.last.insert(name, next);
        Ok(InvoiceNumber::in_series(series, next)?)
    }

    pub(crate) async fn write(self, connection: &mut SqliteConnection) -> Result<()> {
        for ((issuer, series), last) in self.last {
            sqlx::query(
                "INSERT INTO number_series (issuer, series, last_counter) VALUES ($1, $2, $3)
                 ON CONFLICT (issuer, series) DO UPDATE SET last_counter = excluded.last_counter",
            )
            .bind(issuer.as_str())
            .bind(series.letter().to_string())
            .bind(integer(last)?)
            .execute(&mut *connection)
            .await?;
        }
        Ok(())
    }
}

/// Writes documents under the numbers that were drawn for them.
pub(crate) async fn issue_all(
    connection: &mut SqliteConnection,
    documents: &[(InvoiceNumber, &IssueRequest<'_>)],
) -> Result<()> {
    let directories: Vec<&[u8]> = documents.iter().map(|(_, request)| request.directory.as_slice()).collect();
    blobs::put_all(&mut *connection, &directories).await?;
    let positions = book(&mut *connection, documents).await?;
    let lines = documents.iter().map(|(number, request)| (&request.issuer, number, request.lines.as_slice()));
    insert_lines(&mut *connection, lines).await?;
    let rows: Vec<Row<'_>> = documents
        .iter()
        .zip(positions)
        .map(|((number, request), journal_position)| Row {
            issuer: &request.issuer,
            number,
            party: &request.rated.party,
            period: request.rated.period,
            invoice_type: request.invoice_type,
            total: request.totals.total,
            issued_at: request.issued_at,
            due_on: request.due_on,
            header: (request.header)(number),
            lines: &request.lines,
            rated_files: &request.rated.files,
            amends: None,
            journal_position,
        })
        .collect();
    insert_invoices(&mut *connection, &rows).await?;
    for (number, request) in documents {
        release_credit(&mut *connection, request, number).await?;
        let account = (&request.issuer, &request.rated.party);
        adjustments::take(&mut *connection, account, number, &request.adjustments).await?;
    }
    Ok(())
}

/// An entry for each document; answers their positions in the journals of their issuers.
async fn book(connection: &mut SqliteConnection, documents: &[(InvoiceNumber, &IssueRequest<'_>)]) -> Result<Vec<u64>> {
    let mut entries: BTreeMap<&OrganisationId, Vec<NewEntry>> = BTreeMap::new();
    for (number, request) in documents {
        entries.entry(&request.issuer).or_default().push(NewEntry {
            kind: EntryKind::InvoiceIssued,
            reference: number.to_string(),
            booked_at: request.issued_at,
            postings: request.postings.clone(),
        });
    }
    let mut next: BTreeMap<&OrganisationId, u64> = BTreeMap::new();
    for (issuer, entries) in entries {
        next.insert(issuer, journal::append_all(&mut *connection, issuer, entries).await?);
    }
    let mut position = |issuer| {
        let next = next.entry(issuer).or_default();
        std::mem::replace(next, next.saturating_add(1))
    };
    Ok(documents.iter().map(|(_, request)| position(&request.issuer)).collect())
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
async fn insert_lines<'a>(
    connection: &mut SqliteConnection,
    documents: impl Iterator<Item = (&'a OrganisationId, &'a InvoiceNumber, &'a [NewInvoiceLine])>,
) -> Result<()> {
    let numbered: Vec<_> = documents
        .flat_map(|(issuer, number, lines)| {
            (1_i64..).zip(lines).map(move |(place, line)| (issuer, number, place, line))
        })
        .collect();
    insert_rows(
        connection,
        "INSERT INTO invoice_lines (issuer, number, line_number, subscription, body) ",
        "",
        &numbered,
        |values, (issuer, number, line_number, line)| {
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
    amends: Option<(&'a InvoiceNumber, u32, Amendment)>,
    journal_position: u64,
}

async fn insert_invoices(connection: &mut SqliteConnection, rows: &[Row<'_>]) -> Result<()> {
    insert_rows(
        connection,
        "INSERT INTO invoices (issuer, number, party, period, invoice_type, currency, total_minor,
             received_minor, written_off_minor, issued_at, due_on, header, digest, line_count, rated_files,
             journal_position, amends, amendment_place, amendment) ",
        "",
        rows,
        |values, row| {
            let digest = document_digest(&row.header, row.lines.iter().map(|line| line.body.as_slice()));
            let line_count = u32::try_from(row.lines.len())
                .map_err(|_| LedgerError::TooLarge(u64::try_from(row.lines.len()).unwrap_or(u64::MAX)))?;
            values
                .push_bind(row.issuer.as_str().to_owned())
                .push_bind(row.number.as_str().to_owned())
                .push_bind(row.party.as_str().to_owned())
                .push_bind(row.period.to_string())
                .push_bind(row.invoice_type.as_str())
                .push_bind(row.total.currency.code().to_owned())
                .push_bind(row.total.minor)
                .push_bind(0)
                .push_bind(0)
                .push_bind(instant(row.issued_at))
                .push_bind(row.due_on.to_string())
                .push_bind(row.header.clone())
                .push_bind(digest)
                .push_bind(line_count)
                .push_bind(serde_json::to_string(row.rated_files)?)
                .push_bind(integer(row.journal_position)?)
                .push_bind(row.amends.map(|(amends, ..)| amends.as_str().to_owned()))
                .push_bind(row.amends.map(|(_, place, _)| place))
                .push_bind(row.amends.map(|(.., amendment)| amendment.as_str()));
            Ok(())
        },
    )
    .await
}

/// Writes amendments under the numbers that they were drafted with.
pub(crate) async fn amend(ledger: &SqliteLedger, request: &AmendmentRequest) -> Result<bool> {
    let (issuer, party) = (&request.booking.issuer, &request.booking.party);
    let mut transaction = ledger.write().await?;
    let mut draws = Draws::default();
    let mut place = last_place(&mut transaction, issuer, &request.amends).await?;
    for document in &request.documents {
        place = place.saturating_add(1);
        let number = draws.next(&mut transaction, issuer, request.invoice_type.series()).await?;
        if number != document.number || document.position != place {
            return Ok(false);
        }
    }
    draws.write(&mut transaction).await?;
    for document in &request.documents {
        insert_amendment(&mut transaction, request, document).await?;
    }
    if let (Some(lists), Some(document)) = (&request.restated, request.documents.last()) {
        restatements::insert(&mut transaction, (issuer, party), request.period, lists, &document.number).await?;
    }
    for adjustment in &request.deferred {
        adjustments::insert(&mut transaction, party, adjustment, request.issued_at).await?;
    }
    if !accounts::book_in(&mut transaction, &request.booking).await? {
        return Ok(false);
    }
    transaction.commit().await?;
    Ok(true)
}

/// 0 for an invoice that nothing amends.
async fn last_place(connection: &mut SqliteConnection, issuer: &OrganisationId, amends: &InvoiceNumber) -> Result<u32> {
    let row = sqlx::query(
        "SELECT issuer, number, amendment_place FROM invoices
         WHERE issuer = $1 AND amends = $2 ORDER BY amendment_place DESC LIMIT 1",
    )
    .bind(issuer.as_str())
    .bind(amends.as_str())
    .fetch_optional(connection)
    .await?;
    row.map_or(Ok(0), |row| Fields::new(&row, &INVOICES).unsigned("amendment_place"))
}

async fn insert_amendment(
    connection: &mut SqliteConnection,
    request: &AmendmentRequest,
    document: &NewAmendment,
) -> Result<()> {
    let (issuer, party) = (&request.booking.issuer, &request.booking.party);
    if let Some(directory) = &document.directory {
        blobs::put_all(&mut *connection, &[directory]).await?;
    }
    let entry = NewEntry {
        kind: entry_kind(Some(document.how)),
        reference: document.number.to_string(),
        booked_at: request.issued_at,
        postings: document.postings.clone(),
    };
    let journal_position = journal::append_all(&mut *connection, issuer, vec![entry]).await?;
    let lines = (issuer, &document.number, document.lines.as_slice());
    insert_lines(&mut *connection, std::iter::once(lines)).await?;
    let row = Row {
        issuer,
        number: &document.number,
        party,
        period: request.period,
        invoice_type: request.invoice_type,
        total: document.total,
        issued_at: request.issued_at,
        due_on: document.due_on,
        header: document.header.clone(),
        lines: &document.lines,
        rated_files: &[],
        amends: Some((&request.amends, document.position, document.how)),
        journal_position,
    };
    insert_invoices(connection, &[row]).await
}

/// What the journal calls the issue of a document.
pub(crate) fn entry_kind(amendment: Option<Amendment>) -> EntryKind {
    match amendment {
        None => EntryKind::InvoiceIssued,
        Some(Amendment::Credit | Amendment::PartialCredit) => EntryKind::CreditIssued,
        Some(Amendment::Difference | Amendment::DeferredDifference | Amendment::Rebill) => EntryKind::CorrectionIssued,
    }
}

/// The closure that a document makes.
pub(crate) fn closure_of(number: &InvoiceNumber, request: &IssueRequest<'_>) -> Closure {
    Closure {
        party: request.rated.party.clone(),
        period: request.rated.period,
        usage_through: request.rated.usage_through,
        invoice: Some(number.clone()),
        carried: request.carried.clone(),
        lists: request.lists,
    }
}
