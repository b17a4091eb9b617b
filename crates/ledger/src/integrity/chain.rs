//! Entries balance, stand without gaps, and every digest follows from the one before (JRN-1,
//! JRN-2).

use billing::journal::EntryHash;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::Findings;
use crate::error::Result;
use crate::journal::{self, JOURNAL_ENTRIES};
use crate::row::{Fields, Table};

const ORGANISATIONS: Table = Table { name: "journal_entries", key: &["organisation"] };
const ENTRIES_PER_PAGE: u32 = 1_000;

pub(super) async fn check(connection: &mut SqliteConnection, found: &mut Findings) -> Result<()> {
    let rows = sqlx::query("SELECT DISTINCT organisation FROM journal_entries ORDER BY organisation")
        .fetch_all(&mut *connection)
        .await?;
    for row in &rows {
        let organisation = Fields::new(row, &ORGANISATIONS).parsed("organisation")?;
        let mut link = Link { position: 0, hash: EntryHash::START };
        loop {
            let page = journal::rows(&mut *connection, &organisation, link.position, ENTRIES_PER_PAGE).await?;
            if page.is_empty() {
                break;
            }
            for row in &page {
                let next = check_entry(row, &link, found);
                // An entry that cannot be read still has a place, or the walk would not end.
                link = found.absorb("journal_entries", next)?.unwrap_or(place_of(row, &link)?);
            }
        }
    }
    Ok(())
}

/// What the next entry has to follow.
struct Link {
    position: u64,
    hash: EntryHash,
}

fn place_of(row: &SqliteRow, before: &Link) -> Result<Link> {
    let fields = Fields::new(row, &JOURNAL_ENTRIES);
    let hash = journal::hash(&fields, "hash").unwrap_or(before.hash);
    Ok(Link { position: fields.unsigned("position")?, hash })
}

/// One finding per entry; the chain goes on from the digest that is stored.
fn check_entry(row: &SqliteRow, before: &Link, found: &mut Findings) -> Result<Link> {
    let fields = Fields::new(row, &JOURNAL_ENTRIES);
    let stored = journal::read_entry(row)?;
    let previous = journal::hash(&fields, "previous_hash")?;
    let name = fields.name();
    if stored.entry.position != before.position.saturating_add(1) {
        found.push(name, "an entry before it is missing");
    } else if previous != before.hash {
        found.push(name, "it does not follow the entry before it");
    } else if stored.entry.hash(previous) != stored.hash {
        found.push(name, "it was changed: its digest is not the stored one");
    } else if let Err(error) = stored.entry.check_balance() {
        found.push(name, error);
    }
    Ok(Link { position: stored.entry.position, hash: stored.hash })
}
