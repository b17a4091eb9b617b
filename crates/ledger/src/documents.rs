//! Renderings of issued documents: which file holds them.

use billing::invoice::InvoiceNumber;
use billing::ports::StoredDocument;
use sqlx::SqliteExecutor;
use sqlx::sqlite::SqliteRow;

use crate::error::{LedgerError, Result};
use crate::invoices::issuer_of;
use crate::open::SqliteLedger;
use crate::row::{Fields, Table};

const DOCUMENTS: Table = Table { name: "documents", key: &["issuer", "number", "kind"] };

/// Keeps the first rendering of each kind.
pub(crate) async fn add(ledger: &SqliteLedger, document: &StoredDocument) -> Result<()> {
    let mut transaction = ledger.write().await?;
    let issuer = issuer_of(&mut transaction, &document.number)
        .await?
        .ok_or_else(|| LedgerError::InvoiceUnknown(document.number.clone()))?;
    sqlx::query(
        "INSERT INTO documents (issuer, number, kind, sha256, path) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (issuer, number, kind) DO NOTHING",
    )
    .bind(issuer.as_str())
    .bind(document.number.as_str())
    .bind(&document.kind)
    .bind(&document.sha256)
    .bind(&document.path)
    .execute(&mut *transaction)
    .await?;
    Ok(transaction.commit().await?)
}

pub(crate) async fn document(
    ledger: &SqliteLedger,
    number: &InvoiceNumber,
    kind: &str,
) -> Result<Option<StoredDocument>> {
    let mut snapshot = ledger.read().await?;
    let Some(issuer) = issuer_of(&mut snapshot, number).await? else { return Ok(None) };
    let row = sqlx::query(
        "SELECT issuer, number, kind, sha256, path FROM documents
         WHERE issuer = $1 AND number = $2 AND kind = $3",
    )
    .bind(issuer.as_str())
    .bind(number.as_str())
    .bind(kind)
    .fetch_optional(&mut *snapshot)
    .await?;
    row.as_ref().map(read_document).transpose()
}

pub(crate) async fn all(db: impl SqliteExecutor<'_>) -> Result<Vec<StoredDocument>> {
    let rows = sqlx::query("SELECT issuer, number, kind, sha256, path FROM documents ORDER BY issuer, number, kind")
        .fetch_all(db)
        .await?;
    rows.iter().map(read_document).collect()
}

fn read_document(row: &SqliteRow) -> Result<StoredDocument> {
    let fields = Fields::new(row, &DOCUMENTS);
    Ok(StoredDocument {
        number: fields.parsed("number")?,
        kind: fields.owned("kind")?,
        sha256: fields.owned("sha256")?,
        path: fields.owned("path")?,
    })
}
