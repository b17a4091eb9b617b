//! The journal: one unbroken chain of entries per organisation (JO-1 to JO-3).

use billing::ids::OrganisationId;
use billing::journal::{Entry, EntryHash};
use billing::ports::{NewEntry, StoredEntry};
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqliteExecutor};

use crate::error::Result;
use crate::row::{Fields, Table, instant, integer};

pub(crate) const JOURNAL_ENTRIES: Table = Table { name: "journal_entries", key: &["organisation", "position"] };

/// Writes `new` behind the organisation's last entry and answers its position. The caller's
/// transaction holds the write lock, so the last entry cannot change meanwhile.
pub(crate) async fn append(
    connection: &mut SqliteConnection,
    organisation: &OrganisationId,
    new: NewEntry,
) -> Result<i64> {
    let (last, previous) = head(&mut *connection, organisation).await?;
    let entry = Entry {
        organisation: organisation.clone(),
        position: last.saturating_add(1),
        kind: new.kind,
        reference: new.reference,
        booked_at: new.booked_at,
        postings: new.postings,
    };
    entry.check_balance()?; // JRN-1
    let hash = entry.hash(previous);
    let position = integer(entry.position)?;
    sqlx::query(
        "INSERT INTO journal_entries
             (organisation, position, kind, reference, booked_at, postings, previous_hash, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(organisation.as_str())
    .bind(position)
    .bind(entry.kind.as_str())
    .bind(&entry.reference)
    .bind(instant(entry.booked_at))
    .bind(serde_json::to_string(&entry.postings)?)
    .bind(previous.0.as_slice())
    .bind(hash.0.as_slice())
    .execute(connection)
    .await?;
    Ok(position)
}

/// Position and digest of the last entry.
async fn head(db: impl SqliteExecutor<'_>, organisation: &OrganisationId) -> Result<(u64, EntryHash)> {
    let row = sqlx::query(
        "SELECT organisation, position, hash FROM journal_entries
         WHERE organisation = $1 ORDER BY position DESC LIMIT 1",
    )
    .bind(organisation.as_str())
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok((0, EntryHash::START)) };
    let fields = Fields::new(&row, &JOURNAL_ENTRIES);
    Ok((fields.unsigned("position")?, hash(&fields, "hash")?))
}

pub(crate) async fn entries(
    db: impl SqliteExecutor<'_>,
    organisation: &OrganisationId,
    after: u64,
    limit: u32,
) -> Result<Vec<StoredEntry>> {
    rows(db, organisation, after, limit).await?.iter().map(read_entry).collect()
}

/// The rows behind [`entries`], for those who go on when one cannot be read.
pub(crate) async fn rows(
    db: impl SqliteExecutor<'_>,
    organisation: &OrganisationId,
    after: u64,
    limit: u32,
) -> Result<Vec<SqliteRow>> {
    Ok(sqlx::query(
        "SELECT organisation, position, kind, reference, booked_at, postings, previous_hash, hash
         FROM journal_entries WHERE organisation = $1 AND position > $2 ORDER BY position LIMIT $3",
    )
    .bind(organisation.as_str())
    // No position is larger than a column can keep.
    .bind(i64::try_from(after).unwrap_or(i64::MAX))
    .bind(limit)
    .fetch_all(db)
    .await?)
}

pub(crate) fn read_entry(row: &SqliteRow) -> Result<StoredEntry> {
    let fields = Fields::new(row, &JOURNAL_ENTRIES);
    let entry = Entry {
        organisation: fields.parsed("organisation")?,
        position: fields.unsigned("position")?,
        kind: fields.parsed("kind")?,
        reference: fields.owned("reference")?,
        booked_at: fields.parsed("booked_at")?,
        postings: fields.json("postings")?,
    };
    Ok(StoredEntry { entry, hash: hash(&fields, "hash")? })
}

pub(crate) fn hash(fields: &Fields<'_>, column: &str) -> Result<EntryHash> {
    let bytes = fields.bytes(column)?;
    let hash = bytes.try_into().map_err(|_| fields.damaged(column, "not 32 bytes"))?;
    Ok(EntryHash(hash))
}
