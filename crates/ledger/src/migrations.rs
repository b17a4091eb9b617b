//! The versions of the schema. A file in `migrations/` is never edited once released.

use sqlx::SqliteConnection;

use crate::error::{LedgerError, Result};

/// In order; each sets `user_version` to its place, counting from 1.
const MIGRATIONS: [&str; 1] = [include_str!("../migrations/0001_ledger.sql")];

/// "Qttc", set by the first migration.
const APPLICATION_ID: i64 = 1_366_586_467;

/// Answers the version of the schema, 0 for an empty file. Refuses files of somebody else and
/// of a newer version.
pub(crate) async fn check(connection: &mut SqliteConnection) -> Result<usize> {
    let application_id: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await?;
    let found: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *connection).await?;
    let tables: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_schema").fetch_one(&mut *connection).await?;
    let is_empty = application_id == 0 && found == 0 && tables == 0;
    if !is_empty && application_id != APPLICATION_ID {
        return Err(LedgerError::Foreign { application_id });
    }
    match usize::try_from(found) {
        Ok(version) if version <= MIGRATIONS.len() => Ok(version),
        _ => Err(LedgerError::VersionNewer { found, known: MIGRATIONS.len() }),
    }
}

pub(crate) fn is_current(version: usize) -> bool {
    version == MIGRATIONS.len()
}

/// Brings the schema up to date, inside the caller's transaction.
pub(crate) async fn apply(connection: &mut SqliteConnection) -> Result<()> {
    let version = check(connection).await?;
    for migration in MIGRATIONS.iter().skip(version) {
        sqlx::raw_sql(*migration).execute(&mut *connection).await?;
    }
    Ok(())
}
