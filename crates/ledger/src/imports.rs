//! Usage imports: the manifest of the usage store and the quarantine (USE-1, USE-3).

use std::collections::BTreeSet;

use billing::ports::{QuarantinedLine, StoredFile, UsageFile, UsageImport};
use jiff::civil::Date;
use sqlx::query_builder::{QueryBuilder, Separated};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, SqliteConnection, SqliteExecutor};

use crate::directory::{Known, insert_customers, insert_subscriptions};
use crate::error::{LedgerError, Result};
use crate::open::SqliteLedger;
use crate::row::{Fields, Table, insert_rows, instant, integer, update_ids};

pub(crate) const USAGE_FILES: Table = Table { name: "usage_files", key: &["place"] };
const QUARANTINE: Table = Table { name: "quarantine", key: &["id"] };

/// Writes one import: seen whole or not at all.
pub(crate) async fn commit(ledger: &SqliteLedger, import: &UsageImport) -> Result<()> {
    let mut transaction = ledger.write().await?;
    let id = insert_import(&mut transaction, import).await?;
    insert_files(&mut transaction, id, &import.files).await?;
    insert_customers(&mut transaction, &import.customers, Known::Keep).await?;
    insert_subscriptions(&mut transaction, &import.subscriptions, Known::Keep).await?;
    insert_quarantined(&mut transaction, id, &import.quarantined).await?;
    settle(&mut transaction, id, &import.settled).await?;
    Ok(transaction.commit().await?)
}

async fn insert_import(connection: &mut SqliteConnection, import: &UsageImport) -> Result<i64> {
    let quarantined = u64::try_from(import.quarantined.len()).unwrap_or(u64::MAX);
    Ok(sqlx::query_scalar(
        "INSERT INTO usage_imports (id, source, source_sha256, imported_at,
             accepted_count, duplicate_count, quarantined_count)
         VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM usage_imports), $1, $2, $3, $4, $5, $6)
         RETURNING id",
    )
    .bind(&import.source)
    .bind(&import.source_sha256)
    .bind(instant(import.imported_at))
    .bind(integer(import.accepted)?)
    .bind(integer(import.duplicate)?)
    .bind(integer(quarantined)?)
    .fetch_one(connection)
    .await?)
}

pub(crate) async fn insert_files(
    connection: &mut SqliteConnection,
    import: i64,
    files: &[(StoredFile, StoredFile)],
) -> Result<()> {
    let last: i64 =
        sqlx::query_scalar("SELECT COALESCE(MAX(place), 0) FROM usage_files").fetch_one(&mut *connection).await?;
    let placed: Vec<_> = (last.saturating_add(1)..).zip(files).collect();
    insert_rows(
        connection,
        "INSERT INTO usage_files (place, usage_import,
             rows_path, rows_sha256, rows_byte_count, rows_row_count, rows_first_day, rows_last_day,
             keys_path, keys_sha256, keys_byte_count, keys_row_count, keys_first_day, keys_last_day) ",
        "",
        &placed,
        |values, (place, (rows, keys))| {
            values.push_bind(*place).push_bind(import);
            push_file(values, rows)?;
            push_file(values, keys)
        },
    )
    .await
}

fn push_file(values: &mut Separated<'_, Sqlite, &'static str>, file: &StoredFile) -> Result<()> {
    let day = |day: Date| day.to_string();
    values
        .push_bind(file.path.clone())
        .push_bind(file.sha256.clone())
        .push_bind(integer(file.byte_count)?)
        .push_bind(integer(file.row_count)?)
        .push_bind(file.days.map(|(first, _)| day(first)))
        .push_bind(file.days.map(|(_, last)| day(last)));
    Ok(())
}

async fn insert_quarantined(connection: &mut SqliteConnection, import: i64, lines: &[QuarantinedLine]) -> Result<()> {
    let last: i64 =
        sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM quarantine").fetch_one(&mut *connection).await?;
    let numbered: Vec<_> = (last.saturating_add(1)..).zip(lines).collect();
    insert_rows(
        connection,
        "INSERT INTO quarantine (id, usage_import, source, format, header, line_number,
             column_number, field, code, message, raw, state) ",
        "",
        &numbered,
        |values, (id, line)| {
            values
                .push_bind(*id)
                .push_bind(import)
                .push_bind(line.source.clone())
                .push_bind(line.format.clone())
                .push_bind(line.header.clone())
                .push_bind(integer(line.line)?)
                .push_bind(integer(line.column)?)
                .push_bind(line.field.clone())
                .push_bind(line.code.clone())
                .push_bind(line.message.clone())
                .push_bind(line.raw.clone())
                .push_bind("waiting");
            Ok(())
        },
    )
    .await
}

/// Marks lines as replayed. A line that another import settled meanwhile refuses the whole
/// import, for its usage would count twice (USE-2).
async fn settle(connection: &mut SqliteConnection, import: i64, ids: &[u64]) -> Result<()> {
    let ids: Vec<u64> = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let settle = |statement: &mut QueryBuilder<Sqlite>| {
        statement
            .push("UPDATE quarantine SET state = 'settled', settled_by = ")
            .push_bind(import)
            .push(" WHERE state = 'waiting' AND id IN ");
    };
    let marked = update_ids(connection, settle, &ids).await?;
    if u64::try_from(ids.len()) != Ok(marked) {
        return Err(LedgerError::NotWaiting { expected: ids.len(), waiting: marked });
    }
    Ok(())
}

pub(crate) async fn usage_files(db: impl SqliteExecutor<'_>) -> Result<Vec<UsageFile>> {
    let rows = sqlx::query(
        "SELECT place, rows_path, rows_sha256, rows_byte_count, rows_row_count, rows_first_day,
             rows_last_day, keys_path, keys_sha256, keys_byte_count, keys_row_count,
             keys_first_day, keys_last_day
         FROM usage_files WHERE retired_by IS NULL ORDER BY place",
    )
    .fetch_all(db)
    .await?;
    rows.iter().map(read_usage_file).collect()
}

fn read_usage_file(row: &SqliteRow) -> Result<UsageFile> {
    let fields = Fields::new(row, &USAGE_FILES);
    let days = |first, last| -> Result<_> { Ok(fields.optional::<Date>(first)?.zip(fields.optional(last)?)) };
    Ok(UsageFile {
        place: fields.unsigned("place")?,
        rows: StoredFile {
            path: fields.owned("rows_path")?,
            sha256: fields.owned("rows_sha256")?,
            byte_count: fields.unsigned("rows_byte_count")?,
            row_count: fields.unsigned("rows_row_count")?,
            days: days("rows_first_day", "rows_last_day")?,
        },
        keys: StoredFile {
            path: fields.owned("keys_path")?,
            sha256: fields.owned("keys_sha256")?,
            byte_count: fields.unsigned("keys_byte_count")?,
            row_count: fields.unsigned("keys_row_count")?,
            days: days("keys_first_day", "keys_last_day")?,
        },
    })
}

/// The lines that wait to be mended or dropped.
pub(crate) async fn quarantine(db: impl SqliteExecutor<'_>) -> Result<Vec<QuarantinedLine>> {
    let rows = sqlx::query(
        "SELECT id, usage_import, source, format, header, line_number, column_number, field, code, message, raw
         FROM quarantine WHERE state = 'waiting' ORDER BY id",
    )
    .fetch_all(db)
    .await?;
    rows.iter().map(read_quarantined).collect()
}

fn read_quarantined(row: &SqliteRow) -> Result<QuarantinedLine> {
    let fields = Fields::new(row, &QUARANTINE);
    Ok(QuarantinedLine {
        id: fields.unsigned("id")?,
        usage_import: fields.unsigned("usage_import")?,
        source: fields.owned("source")?,
        format: fields.owned("format")?,
        header: fields.owned("header")?,
        line: fields.unsigned("line_number")?,
        column: fields.unsigned("column_number")?,
        field: fields.owned("field")?,
        code: fields.owned("code")?,
        message: fields.owned("message")?,
        raw: fields.bytes("raw")?,
    })
}

/// Takes lines out of the queue; their rows stay (USE-3).
pub(crate) async fn drop_quarantined(ledger: &SqliteLedger, ids: &[u64]) -> Result<()> {
    let mut transaction = ledger.write().await?;
    let drop = |statement: &mut QueryBuilder<Sqlite>| {
        statement.push("UPDATE quarantine SET state = 'dropped' WHERE state = 'waiting' AND id IN ");
    };
    update_ids(&mut transaction, drop, ids).await?;
    Ok(transaction.commit().await?)
}
