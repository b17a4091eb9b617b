//! Compaction: files of records that stand in the place of others (docs/adr/0011).

use billing::ports::StoredFile;
use jiff::Timestamp;
use sqlx::SqliteExecutor;

use crate::error::{LedgerError, Result};
use crate::imports::{USAGE_FILES, insert_files};
use crate::open::SqliteLedger;
use crate::row::{Fields, instant};

/// Puts files in the place of those at the places `merged`. The new ones have later places than any
/// file so far, and count as part of the last import among those that they came from.
pub(crate) async fn commit(
    ledger: &SqliteLedger,
    merged: &[u64],
    into: &[(StoredFile, StoredFile)],
    at: Timestamp,
) -> Result<()> {
    let places = serde_json::to_string(merged)?;
    let mut transaction = ledger.write().await?;
    let (import, found): (Option<i64>, i64) = sqlx::query_as(
        "SELECT MAX(usage_import), COUNT(*) FROM usage_files
         WHERE retired_by IS NULL AND place IN (SELECT value FROM json_each($1))",
    )
    .bind(&places)
    .fetch_one(&mut *transaction)
    .await?;
    let import = import.filter(|_| usize::try_from(found) == Ok(merged.len())).ok_or(LedgerError::FilesChanged)?;
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO compactions (id, compacted_at)
         VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM compactions), $1) RETURNING id",
    )
    .bind(instant(at))
    .fetch_one(&mut *transaction)
    .await?;
    sqlx::query("UPDATE usage_files SET retired_by = $1 WHERE place IN (SELECT value FROM json_each($2))")
        .bind(id)
        .bind(&places)
        .execute(&mut *transaction)
        .await?;
    insert_files(&mut transaction, import, into).await?;
    Ok(transaction.commit().await?)
}

/// The files of records that were merged into others since some rated run read them.
pub(crate) async fn retired(db: impl SqliteExecutor<'_>) -> Result<Vec<StoredFile>> {
    let rows = sqlx::query(
        "SELECT place, rows_path, rows_sha256, rows_byte_count, rows_row_count FROM usage_files
         WHERE retired_by IS NOT NULL
             AND EXISTS (SELECT 1 FROM rated_runs WHERE rated_runs.compaction < usage_files.retired_by)
         ORDER BY place",
    )
    .fetch_all(db)
    .await?;
    let read = |row| {
        let fields = Fields::new(row, &USAGE_FILES);
        Ok(StoredFile {
            path: fields.owned("rows_path")?,
            sha256: fields.owned("rows_sha256")?,
            byte_count: fields.unsigned("rows_byte_count")?,
            row_count: fields.unsigned("rows_row_count")?,
            days: None,
        })
    };
    rows.iter().map(read).collect()
}
