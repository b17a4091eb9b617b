//! Payments on documents, and what is left to pay (IN-8, docs/rules/balances.md).

use billing::balance::DocumentBalance;
use billing::ids::OrganisationId;
use billing::journal::EntryKind;
use billing::money::{Amount, Currency};
use billing::ports::{NewEntry, Payment};
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqliteExecutor};

use crate::error::{LedgerError, Result};
use crate::invoices::INVOICES;
use crate::journal;
use crate::open::SqliteLedger;
use crate::row::{Fields, instant};

/// Books a payment once per document and reference.
pub(crate) async fn book(ledger: &SqliteLedger, payment: &Payment) -> Result<bool> {
    if payment.received.minor <= 0 {
        return Err(LedgerError::PaymentNotPositive(payment.received));
    }
    let mut transaction = ledger.write().await?;
    let received = received_before(&mut transaction, payment).await?.checked_add(payment.received)?;
    if let Some(booked) = booked_before(&mut *transaction, payment).await? {
        return if booked == payment.received { Ok(false) } else { Err(LedgerError::PaymentDiffers { booked }) };
    }
    // The entry names the document; the payer's reference stands in the payment (JO-3).
    let entry = NewEntry {
        kind: EntryKind::PaymentReceived,
        reference: payment.number.to_string(),
        booked_at: payment.received_at,
        postings: payment.postings.clone(),
    };
    let position = journal::append(&mut transaction, &payment.issuer, entry).await?;
    insert(&mut transaction, payment, position).await?;
    sqlx::query("UPDATE invoices SET received_minor = $1 WHERE issuer = $2 AND number = $3")
        .bind(received.minor)
        .bind(payment.issuer.as_str())
        .bind(payment.number.as_str())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(true)
}

/// What the document received so far, in its currency.
async fn received_before(connection: &mut SqliteConnection, payment: &Payment) -> Result<Amount> {
    let row = sqlx::query(
        "SELECT issuer, number, currency, received_minor FROM invoices
         WHERE issuer = $1 AND number = $2",
    )
    .bind(payment.issuer.as_str())
    .bind(payment.number.as_str())
    .fetch_optional(connection)
    .await?;
    let row = row.ok_or_else(|| LedgerError::InvoiceUnknown(payment.number.clone()))?;
    let fields = Fields::new(&row, &INVOICES);
    let currency: Currency = fields.parsed("currency")?;
    if currency != payment.received.currency {
        return Err(LedgerError::PaymentCurrency { document: currency, payment: payment.received.currency });
    }
    Ok(Amount { minor: fields.integer("received_minor")?, currency })
}

/// The amount that was booked under the payment's reference, if any.
async fn booked_before(db: impl SqliteExecutor<'_>, payment: &Payment) -> Result<Option<Amount>> {
    let minor: Option<i64> =
        sqlx::query_scalar("SELECT received_minor FROM payments WHERE issuer = $1 AND number = $2 AND reference = $3")
            .bind(payment.issuer.as_str())
            .bind(payment.number.as_str())
            .bind(&payment.reference)
            .fetch_optional(db)
            .await?;
    Ok(minor.map(|minor| Amount { minor, currency: payment.received.currency }))
}

async fn insert(connection: &mut SqliteConnection, payment: &Payment, journal_position: i64) -> Result<()> {
    sqlx::query(
        "INSERT INTO payments
             (issuer, number, reference, received_minor, received_at, journal_position)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(payment.issuer.as_str())
    .bind(payment.number.as_str())
    .bind(&payment.reference)
    .bind(payment.received.minor)
    .bind(instant(payment.received_at))
    .bind(journal_position)
    .execute(connection)
    .await?;
    Ok(())
}

/// A party's documents by issue time and number, each with its last payment.
pub(crate) async fn document_balances(
    db: impl SqliteExecutor<'_>,
    party: &OrganisationId,
) -> Result<Vec<DocumentBalance>> {
    let rows = sqlx::query(
        "SELECT i.issuer AS issuer, i.number AS number, i.invoice_type AS invoice_type,
             i.issued_at AS issued_at, i.currency AS currency, i.total_minor AS total_minor,
             i.received_minor AS received_minor, p.received_at AS paid_at,
             COALESCE(p.received_minor, 0) AS paid_minor
         FROM invoices i LEFT JOIN payments p
             ON p.issuer = i.issuer AND p.number = i.number AND p.journal_position =
                 (SELECT q.journal_position FROM payments q
                  WHERE q.issuer = i.issuer AND q.number = i.number
                  ORDER BY q.received_at DESC, q.journal_position DESC LIMIT 1)
         WHERE i.party = $1 ORDER BY i.issued_at, i.number, i.issuer",
    )
    .bind(party.as_str())
    .fetch_all(db)
    .await?;
    rows.iter().map(read_balance).collect()
}

fn read_balance(row: &SqliteRow) -> Result<DocumentBalance> {
    let fields = Fields::new(row, &INVOICES);
    let currency: Currency = fields.parsed("currency")?;
    let amount = |column| Result::Ok(Amount { minor: fields.integer(column)?, currency });
    let paid_at: Option<Timestamp> = fields.optional("paid_at")?;
    let paid = amount("paid_minor")?;
    Ok(DocumentBalance {
        invoice_type: fields.invoice_type("invoice_type")?,
        issued_at: fields.parsed("issued_at")?,
        total: amount("total_minor")?,
        received: amount("received_minor")?,
        last_payment: paid_at.map(|at| (at, paid)),
    })
}
