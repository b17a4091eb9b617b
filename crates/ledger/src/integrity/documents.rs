//! Issued documents: their numbers, bytes, entries and closures agree.

use std::collections::BTreeMap;

use billing::invoice::{Amendment, InvoiceNumber};
use billing::journal::{Account, EntryKind};
use billing::money::{Amount, Currency};
use billing::ports::{StoredEntry, document_digest};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::Findings;
use crate::closing::CLOSURES;
use crate::error::Result;
use crate::invoices::{INVOICE_LINES, INVOICES};
use crate::issue::{NUMBER_SERIES, entry_kind};
use crate::journal;
use crate::row::Fields;

const INVOICES_PER_PAGE: i64 = 100;

/// The last counter by issuer and series.
type Counters = BTreeMap<(String, String), u64>;

pub(super) async fn check(connection: &mut SqliteConnection, found: &mut Findings) -> Result<()> {
    let mut counters = Counters::new();
    let mut after = (String::new(), String::new());
    loop {
        let rows = sqlx::query(
            "SELECT issuer, number, currency, total_minor, amendment, issued_at, header,
                 digest, line_count, journal_position
             FROM invoices WHERE (issuer, number) > ($1, $2) ORDER BY issuer, number LIMIT $3",
        )
        .bind(&after.0)
        .bind(&after.1)
        .bind(INVOICES_PER_PAGE)
        .fetch_all(&mut *connection)
        .await?;
        let Some(last) = rows.last() else { break };
        let last = Fields::new(last, &INVOICES);
        after = (last.owned("issuer")?, last.owned("number")?);
        for row in &rows {
            let checked = check_invoice(connection, row, &mut counters, found).await;
            found.absorb("invoices", checked)?;
        }
    }
    check_series(connection, &counters, found).await
}

async fn check_invoice(
    connection: &mut SqliteConnection,
    row: &SqliteRow,
    counters: &mut Counters,
    found: &mut Findings,
) -> Result<()> {
    let invoice = Fields::new(row, &INVOICES);
    check_number(&invoice, counters, found)?;
    let checked = check_bytes(connection, &invoice, found).await;
    found.absorb("invoice_lines", checked)?;
    let currency: Currency = invoice.parsed("currency")?;
    let total = Amount { minor: invoice.integer("total_minor")?, currency };
    let booked_at = invoice.text("issued_at")?;
    let amendment: Option<String> = invoice.optional("amendment")?;
    let kind = entry_kind(amendment.as_deref().and_then(Amendment::named));
    check_booking(connection, &invoice, kind, total, booked_at, found).await
}

/// INV-1: rows come in the order of their numbers.
fn check_number(invoice: &Fields<'_>, counters: &mut Counters, found: &mut Findings) -> Result<()> {
    let number: InvoiceNumber = invoice.parsed("number")?;
    let series: String = number.as_str().chars().take(1).collect();
    let last = counters.entry((invoice.owned("issuer")?, series)).or_default();
    let expected = last.saturating_add(1);
    match number.counter() {
        Some(counter) => {
            if counter != expected {
                found.push(invoice.name(), format_args!("number {expected} of its series is missing"));
            }
            *last = counter;
        }
        None => found.push(invoice.name(), "its number is not one of a series"),
    }
    Ok(())
}

/// INV-2: header and lines are those that were issued.
async fn check_bytes(connection: &mut SqliteConnection, invoice: &Fields<'_>, found: &mut Findings) -> Result<()> {
    let rows = sqlx::query(
        "SELECT issuer, number, line_number, body FROM invoice_lines
         WHERE issuer = $1 AND number = $2 ORDER BY line_number",
    )
    .bind(invoice.text("issuer")?)
    .bind(invoice.text("number")?)
    .fetch_all(connection)
    .await?;
    let mut bodies = Vec::with_capacity(rows.len());
    for (expected, row) in (1_i64..).zip(&rows) {
        let line = Fields::new(row, &INVOICE_LINES);
        if line.integer("line_number")? != expected {
            found.push(line.name(), format_args!("line {expected} before it is missing"));
        }
        bodies.push(line.bytes("body")?);
    }
    let line_count: usize = invoice.unsigned("line_count")?;
    if line_count != bodies.len() {
        let fault = format!("{} of its {line_count} lines are there", bodies.len());
        found.push(invoice.name(), fault);
    }
    let header = invoice.bytes("header")?;
    if document_digest(&header, bodies.iter().map(Vec::as_slice)) != invoice.text("digest")? {
        found.push(invoice.name(), "it was changed: header and lines have another digest");
    }
    Ok(())
}

/// The entry of `row` (a document) books `amount` on the receivable account.
async fn check_booking(
    connection: &mut SqliteConnection,
    row: &Fields<'_>,
    kind: EntryKind,
    amount: Amount,
    booked_at: &str,
    found: &mut Findings,
) -> Result<()> {
    let position: u64 = row.unsigned("journal_position")?;
    let entries = journal::rows(connection, &row.parsed("issuer")?, position.saturating_sub(1), 1).await?;
    // An entry that cannot be read, or is missing, is a finding of the journal or of references.
    let Some(Ok(StoredEntry { entry, .. })) = entries.first().map(journal::read_entry) else {
        return Ok(());
    };
    let receivable = entry.postings.iter().filter(|posting| posting.account == Account::Receivable);
    let booked = Amount::sum(amount.currency, receivable.map(|posting| posting.amount));
    let agrees = entry.position == position
        && entry.kind == kind
        && entry.reference == row.text("number")?
        && booked_at.parse().ok() == Some(entry.booked_at)
        && booked == Ok(amount);
    if !agrees {
        found.push(row.name(), format_args!("entry {position} of the journal books something else"));
    }
    Ok(())
}

/// The counters stand where the last documents are.
async fn check_series(connection: &mut SqliteConnection, counters: &Counters, found: &mut Findings) -> Result<()> {
    let rows = sqlx::query("SELECT issuer, series, last_counter FROM number_series").fetch_all(connection).await?;
    let mut stored = Counters::new();
    for row in &rows {
        let series = Fields::new(row, &NUMBER_SERIES);
        let key = (series.owned("issuer")?, series.owned("series")?);
        stored.insert(key, series.unsigned("last_counter")?);
    }
    for key in stored.keys().chain(counters.keys().filter(|key| !stored.contains_key(*key))) {
        let of = |counters: &Counters| counters.get(key).copied().unwrap_or_default();
        let (drawn, issued) = (of(&stored), of(counters));
        if drawn != issued {
            let row = format!("number_series ({}, {})", key.0, key.1);
            found.push(row, format_args!("number {drawn} was drawn last, {issued} was issued last"));
        }
    }
    Ok(())
}

/// Every document closed its period, and every closure names the document that did.
pub(super) async fn check_closures(connection: &mut SqliteConnection, found: &mut Findings) -> Result<()> {
    let unclosed = sqlx::query(
        "SELECT i.issuer AS issuer, i.number AS number FROM invoices i LEFT JOIN closures c
             ON c.party = i.party AND c.period = i.period AND c.invoice_type = i.invoice_type
             AND c.issuer = i.issuer AND c.number = i.number
         WHERE c.party IS NULL AND i.amends IS NULL ORDER BY i.issuer, i.number",
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in &unclosed {
        found.push(Fields::new(row, &INVOICES).name(), "no closure of its party and period names it");
    }
    let astray = sqlx::query(
        "SELECT c.party AS party, c.period AS period, c.invoice_type AS invoice_type
         FROM closures c LEFT JOIN invoices i ON i.issuer = c.issuer AND i.number = c.number
             AND i.party = c.party AND i.period = c.period AND i.invoice_type = c.invoice_type
         WHERE c.number IS NOT NULL AND i.number IS NULL
         ORDER BY c.party, c.period, c.invoice_type",
    )
    .fetch_all(connection)
    .await?;
    for row in &astray {
        found.push(Fields::new(row, &CLOSURES).name(), "it names a document of something else");
    }
    Ok(())
}
