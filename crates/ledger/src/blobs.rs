//! Bytes by their digest, and the lists of price sheets and exchange rates that name them.

use billing::invoice::BlobDigest;
use billing::ports::hex;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use sqlx::SqliteExecutor;

use crate::error::Result;
use crate::open::SqliteLedger;
use crate::row::{Fields, Table, instant};

/// The statements of one list.
#[derive(Debug)]
pub(crate) struct List {
    table: Table,
    all: &'static str,
    last: &'static str,
    insert: &'static str,
}

/// A list's statements; the macro keeps table names out of strings that are built at run time.
macro_rules! list {
    ($table:literal) => {
        List {
            table: Table { name: $table, key: &["position"] },
            all: concat!("SELECT position, sha256 FROM ", $table, " ORDER BY position"),
            last: concat!("SELECT position, sha256 FROM ", $table, " ORDER BY position DESC LIMIT 1"),
            insert: concat!("INSERT INTO ", $table, " (position, sha256, title, imported_at) VALUES ($1, $2, $3, $4)"),
        }
    };
}

pub(crate) static PRICE_SHEETS: List = list!("price_sheets");
pub(crate) static FX_LISTS: List = list!("fx_lists");

pub(crate) fn digest_of(bytes: &[u8]) -> BlobDigest {
    BlobDigest(hex(&Sha256::digest(bytes)))
}

pub(crate) async fn put(ledger: &SqliteLedger, bytes: &[u8]) -> Result<BlobDigest> {
    let digest = digest_of(bytes);
    let known =
        sqlx::query("SELECT 1 FROM blobs WHERE sha256 = $1").bind(&digest.0).fetch_optional(ledger.readers()).await?;
    if known.is_none() {
        let mut transaction = ledger.write().await?;
        sqlx::query("INSERT INTO blobs (sha256, body) VALUES ($1, $2) ON CONFLICT (sha256) DO NOTHING")
            .bind(&digest.0)
            .bind(bytes)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
    }
    Ok(digest)
}

pub(crate) async fn get(db: impl SqliteExecutor<'_>, digest: &BlobDigest) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar("SELECT body FROM blobs WHERE sha256 = $1").bind(&digest.0).fetch_optional(db).await?)
}

/// Appends to `list` unless its last entry is the same. An older equal one does not count: the
/// later entry wins, so to import an older list again is to put it into force again.
pub(crate) async fn add_to_list(
    ledger: &SqliteLedger,
    list: &'static List,
    digest: &BlobDigest,
    title: &str,
    at: Timestamp,
) -> Result<bool> {
    let mut transaction = ledger.write().await?;
    let last = sqlx::query(list.last).fetch_optional(&mut *transaction).await?;
    let (position, same) = match &last {
        None => (0_i64, false),
        Some(row) => {
            let fields = Fields::new(row, &list.table);
            (fields.integer("position")?, fields.text("sha256")? == digest.0)
        }
    };
    if same {
        return Ok(false);
    }
    sqlx::query(list.insert)
        .bind(position.saturating_add(1))
        .bind(&digest.0)
        .bind(title)
        .bind(instant(at))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(true)
}

pub(crate) async fn list(db: impl SqliteExecutor<'_>, list: &'static List) -> Result<Vec<BlobDigest>> {
    let rows = sqlx::query(list.all).fetch_all(db).await?;
    rows.iter().map(|row| Fields::new(row, &list.table).owned("sha256").map(BlobDigest)).collect()
}
