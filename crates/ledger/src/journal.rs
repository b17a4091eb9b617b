//! The journal: one unbroken chain of entries per organisation (JO-1 to JO-3).

use billing::ids::OrganisationId;
use billing::journal::{Entry, EntryHash};
use billing::ports::{NewEntry, StoredEntry};
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqliteExecutor};

use crate::error::Result;
use crate::row::{Fields, Table, insert_rows, instant, integer};

pub(crate) const JOURNAL_ENTRIES: Table = Table { name: "journal_entries", key: &["organisation", "position"] };

/// Writes `new` behind the organisation's last entry and answers its position. The caller's
/// transaction holds the write lock, so the last entry cannot change meanwhile.
pub(crate) async fn append(
    connection: &mut SqliteConnection,
    organisation: &OrganisationId,
    new: NewEntry,
) -> Result<i64> {
    let first = append_all(connection, organisation, vec![new]).await?;
    integer(first)
}

/// As [`append`], one behind the other; answers the position of the first.
pub(crate) async fn append_all(
    connection: &mut SqliteConnection,
    organisation: &OrganisationId,
    new: Vec<NewEntry>,
) -> Result<u64> {
    let (last, mut previous) = head(&mut *connection, organisation).await?;
    let first = last.saturating_add(1);
    let mut chained = Vec::with_capacity(new.len());
    for (position, new) in (first..).zip(new) {
        let NewEntry { kind, reference, booked_at, postings } = new;
        let entry = Entry { organisation: organisation.clone(), position, kind, reference, booked_at, postings };
        entry.check_balance()?; // JRN-1
        let hash = entry.hash(previous);
        chained.push((entry, std::mem::replace(&mut previous, hash), hash));
    }
    insert_rows(
        connection,
        "INSERT INTO journal_entries
             (organisation, position, kind, reference, booked_at, postings, previous_hash, hash) ",
        "",
        &chained,
        |values, (entry, previous, hash)| {
            values
                .push_bind(organisation.as_str().to_owned())
                .push_bind(integer(entry.position)?)
                .push_bind(entry.kind.as_str())
                .push_bind(entry.reference.clone())
                .push_bind(instant(entry.booked_at))
                .push_bind(serde_json::to_string(&entry.postings)?)
                .push_bind(previous.0.to_vec())
                .push_bind(hash.0.to_vec());
            Ok(())
        },
    )
    .await?;
    Ok(first)
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
