//! Bytes by their digest, and the lists that name them.

use billing::invoice::BlobDigest;
use billing::ports::{ListKind, StoredList, hex};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use sqlx::{SqliteConnection, SqliteExecutor};

use crate::error::Result;
use crate::open::SqliteLedger;
use crate::row::{Fields, Table, insert_rows, instant};

const LISTS: Table = Table { name: "lists", key: &["kind", "position"] };

pub(crate) fn digest_of(bytes: &[u8]) -> BlobDigest {
    BlobDigest(hex(&Sha256::digest(bytes)))
}

pub(crate) async fn put(ledger: &SqliteLedger, bytes: &[u8]) -> Result<BlobDigest> {
    let digest = digest_of(bytes);
    let known =
        sqlx::query("SELECT 1 FROM blobs WHERE sha256 = $1").bind(&digest.0).fetch_optional(ledger.readers()).await?;
    if known.is_none() {
        let mut transaction = ledger.write().await?;
        put_all(&mut transaction, &[bytes]).await?;
        transaction.commit().await?;
    }
    Ok(digest)
}

/// As [`put`], in the caller's transaction.
pub(crate) async fn put_all(connection: &mut SqliteConnection, blobs: &[&[u8]]) -> Result<()> {
    let conflict = " ON CONFLICT (sha256) DO NOTHING";
    insert_rows(connection, "INSERT INTO blobs (sha256, body) ", conflict, blobs, |values, bytes| {
        values.push_bind(digest_of(bytes).0).push_bind(bytes.to_vec());
        Ok(())
    })
    .await
}

pub(crate) async fn get(db: impl SqliteExecutor<'_>, digest: &BlobDigest) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar("SELECT body FROM blobs WHERE sha256 = $1").bind(&digest.0).fetch_optional(db).await?)
}

/// Appends to the lists of `kind` unless the last one is the same. An older equal one does not count:
/// the later entry wins, so to import an older list again is to put it into force again.
pub(crate) async fn add_list(
    ledger: &SqliteLedger,
    kind: ListKind,
    digest: &BlobDigest,
    title: &str,
    at: Timestamp,
) -> Result<bool> {
    let mut transaction = ledger.write().await?;
    let last = sqlx::query("SELECT kind, position, sha256 FROM lists WHERE kind = $1 ORDER BY position DESC LIMIT 1")
        .bind(kind.as_str())
        .fetch_optional(&mut *transaction)
        .await?;
    let (position, same) = match &last {
        None => (0_i64, false),
        Some(row) => {
            let fields = Fields::new(row, &LISTS);
            (fields.integer("position")?, fields.text("sha256")? == digest.0)
        }
    };
    if same {
        return Ok(false);
    }
    sqlx::query("INSERT INTO lists (kind, position, sha256, title, imported_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(kind.as_str())
        .bind(position.saturating_add(1))
        .bind(&digest.0)
        .bind(title)
        .bind(instant(at))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(true)
}

pub(crate) async fn lists(db: impl SqliteExecutor<'_>, kind: ListKind) -> Result<Vec<BlobDigest>> {
    let rows = sqlx::query("SELECT kind, position, sha256 FROM lists WHERE kind = $1 ORDER BY position")
        .bind(kind.as_str())
        .fetch_all(db)
        .await?;
    rows.iter().map(|row| Fields::new(row, &LISTS).owned("sha256").map(BlobDigest)).collect()
}

pub(crate) async fn imports(db: impl SqliteExecutor<'_>, kind: ListKind) -> Result<Vec<StoredList>> {
    let rows =
        sqlx::query("SELECT kind, position, sha256, title, imported_at FROM lists WHERE kind = $1 ORDER BY position")
            .bind(kind.as_str())
            .fetch_all(db)
            .await?;
    let read = |row| {
        let fields = Fields::new(row, &LISTS);
        Ok(StoredList {
            position: fields.unsigned("position")?,
            digest: BlobDigest(fields.owned("sha256")?),
            title: fields.owned("title")?,
            imported_at: fields.parsed("imported_at")?,
        })
    };
    rows.iter().map(read).collect()
}
