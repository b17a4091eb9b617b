//! Issued documents as they are stored.

use billing::ids::{OrganisationId, SubscriptionId};
use billing::invoice::InvoiceNumber;
use billing::money::Amount;
use billing::ports::StoredInvoice;
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqliteExecutor};

use crate::error::{LedgerError, Result};
use crate::open::SqliteLedger;
use crate::row::{Fields, Table};

pub(crate) const INVOICES: Table = Table { name: "invoices", key: &["issuer", "number"] };
pub(crate) const INVOICE_LINES: Table = Table { name: "invoice_lines", key: &["issuer", "number", "line_number"] };

/// The columns of a [`StoredInvoice`], with what stands behind the table.
macro_rules! select_invoices {
    ($rest:literal) => {
        concat!(
            "SELECT issuer, number, party, period, invoice_type, currency, received_minor,
                 written_off_minor, amends, issued_at, header, digest, line_count, rated_files
             FROM invoices ",
            $rest
        )
    };
}

/// By issue time and number.
pub(crate) async fn invoices(
    db: impl SqliteExecutor<'_>,
    party: Option<&OrganisationId>,
) -> Result<Vec<StoredInvoice>> {
    let query = match party {
        None => sqlx::query(select_invoices!("ORDER BY issued_at, number, issuer")),
        Some(party) => {
            sqlx::query(select_invoices!("WHERE party = $1 ORDER BY issued_at, number, issuer")).bind(party.as_str())
        }
    };
    query.fetch_all(db).await?.iter().map(read_invoice).collect()
}

pub(crate) async fn invoice(db: impl SqliteExecutor<'_>, number: &InvoiceNumber) -> Result<Option<StoredInvoice>> {
    let rows = sqlx::query(select_invoices!("WHERE number = $1 LIMIT 2")).bind(number.as_str()).fetch_all(db).await?;
    only(&rows, number)?.map(read_invoice).transpose()
}

/// In the order of their chain.
pub(crate) async fn amendments(
    db: impl SqliteExecutor<'_>,
    issuer: &OrganisationId,
    number: &InvoiceNumber,
) -> Result<Vec<StoredInvoice>> {
    let rows = sqlx::query(select_invoices!("WHERE issuer = $1 AND amends = $2 ORDER BY amendment_place"))
        .bind(issuer.as_str())
        .bind(number.as_str())
        .fetch_all(db)
        .await?;
    rows.iter().map(read_invoice).collect()
}

/// Every issuer has numbers of its own, and a number alone may name two documents.
fn only<'r>(rows: &'r [SqliteRow], number: &InvoiceNumber) -> Result<Option<&'r SqliteRow>> {
    match rows {
        [] => Ok(None),
        [row] => Ok(Some(row)),
        _ => Err(LedgerError::NumberAmbiguous(number.clone())),
    }
}

/// Whose document it is.
pub(crate) async fn issuer_of(
    connection: &mut SqliteConnection,
    number: &InvoiceNumber,
) -> Result<Option<OrganisationId>> {
    let rows = sqlx::query("SELECT issuer, number FROM invoices WHERE number = $1 LIMIT 2")
        .bind(number.as_str())
        .fetch_all(connection)
        .await?;
    only(&rows, number)?.map(|row| Fields::new(row, &INVOICES).parsed("issuer")).transpose()
}

fn read_invoice(row: &SqliteRow) -> Result<StoredInvoice> {
    let fields = Fields::new(row, &INVOICES);
    Ok(StoredInvoice {
        number: fields.parsed("number")?,
        issuer: fields.parsed("issuer")?,
        party: fields.parsed("party")?,
        period: fields.parsed("period")?,
        invoice_type: fields.invoice_type("invoice_type")?,
        issued_at: fields.parsed("issued_at")?,
        amends: fields.optional("amends")?,
        header: fields.bytes("header")?,
        digest: fields.owned("digest")?,
        line_count: fields.unsigned("line_count")?,
        received: Amount { minor: fields.integer("received_minor")?, currency: fields.parsed("currency")? },
        written_off: Amount { minor: fields.integer("written_off_minor")?, currency: fields.parsed("currency")? },
        rated_files: fields.json("rated_files")?,
    })
}

/// Lines after `after`, in order; none for an unknown number.
pub(crate) async fn lines(
    ledger: &SqliteLedger,
    number: &InvoiceNumber,
    after: u32,
    limit: u32,
) -> Result<Vec<Vec<u8>>> {
    let mut snapshot = ledger.read().await?;
    match issuer_of(&mut snapshot, number).await? {
        Some(issuer) => lines_of(&mut *snapshot, issuer.as_str(), number.as_str(), after, limit).await,
        None => Ok(Vec::new()),
    }
}

/// The lines of some subscriptions, in order.
pub(crate) async fn lines_of_subscriptions(
    ledger: &SqliteLedger,
    number: &InvoiceNumber,
    subscriptions: &[SubscriptionId],
) -> Result<Vec<Vec<u8>>> {
    let mut snapshot = ledger.read().await?;
    let Some(issuer) = issuer_of(&mut snapshot, number).await? else { return Ok(Vec::new()) };
    // Each subscription by itself: of a list SQLite would rather read all lines in their order.
    let mut found = Vec::new();
    for subscription in subscriptions {
        let rows = sqlx::query(
            "SELECT issuer, number, line_number, body FROM invoice_lines
             INDEXED BY invoice_lines_by_subscription
             WHERE issuer = $1 AND number = $2 AND subscription = $3",
        )
        .bind(issuer.as_str())
        .bind(number.as_str())
        .bind(subscription.as_str())
        .fetch_all(&mut *snapshot)
        .await?;
        for row in &rows {
            let fields = Fields::new(row, &INVOICE_LINES);
            found.push((fields.integer("line_number")?, fields.bytes("body")?));
        }
    }
    found.sort_unstable_by_key(|(line_number, _)| *line_number);
    Ok(found.into_iter().map(|(_, body)| body).collect())
}

pub(crate) async fn lines_of(
    db: impl SqliteExecutor<'_>,
    issuer: &str,
    number: &str,
    after: u32,
    limit: u32,
) -> Result<Vec<Vec<u8>>> {
    let rows = sqlx::query(
        "SELECT issuer, number, line_number, body FROM invoice_lines
         WHERE issuer = $1 AND number = $2 AND line_number > $3 ORDER BY line_number LIMIT $4",
    )
    .bind(issuer)
    .bind(number)
    .bind(after)
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter().map(|row| Fields::new(row, &INVOICE_LINES).bytes("body")).collect()
}
