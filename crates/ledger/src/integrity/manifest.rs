//! The manifest has no gaps, no quarantined line is lost, and every blob is what its key says.

use sqlx::{Row, SqliteConnection};

use super::Findings;
use crate::blobs::digest_of;
use crate::error::Result;
use crate::imports;
use crate::row::{Fields, Table};

const BLOBS: Table = Table { name: "blobs", key: &["sha256"] };
const USAGE_IMPORTS: Table = Table { name: "usage_imports", key: &["id"] };

/// A blob may be a price sheet of many megabytes.
const BLOBS_PER_PAGE: i64 = 8;

pub(super) async fn check(connection: &mut SqliteConnection, found: &mut Findings) -> Result<()> {
    // Read whole for what cannot be read; places are looked at with those of retired files.
    imports::usage_files(&mut *connection).await?;
    let places: Vec<i64> =
        sqlx::query_scalar("SELECT place FROM usage_files ORDER BY place").fetch_all(&mut *connection).await?;
    for (expected, place) in (1_i64..).zip(places) {
        if place != expected {
            let row = format!("usage_files ({place})");
            found.push(row, format_args!("it stands in place {expected}, a place before it is missing"));
            break;
        }
    }
    check_quarantine(connection, found).await
}

/// USE-3: as many lines as the imports counted.
async fn check_quarantine(connection: &mut SqliteConnection, found: &mut Findings) -> Result<()> {
    let rows = sqlx::query(
        "SELECT i.id AS id, i.quarantined_count AS counted, COUNT(q.id) AS present
         FROM usage_imports i LEFT JOIN quarantine q ON q.usage_import = i.id
         GROUP BY i.id, i.quarantined_count HAVING COUNT(q.id) <> i.quarantined_count",
    )
    .fetch_all(connection)
    .await?;
    for row in &rows {
        let fields = Fields::new(row, &USAGE_IMPORTS);
        let (counted, present) = (fields.integer("counted")?, fields.integer("present")?);
        let fault = format!("it set {counted} lines aside, quarantine has {present} of them");
        found.push(fields.name(), fault);
    }
    Ok(())
}

pub(super) async fn check_blobs(connection: &mut SqliteConnection, found: &mut Findings) -> Result<()> {
    let mut after = String::new();
    loop {
        let rows = sqlx::query("SELECT sha256, body FROM blobs WHERE sha256 > $1 ORDER BY sha256 LIMIT $2")
            .bind(&after)
            .bind(BLOBS_PER_PAGE)
            .fetch_all(&mut *connection)
            .await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.try_get("sha256")?;
        for row in &rows {
            let fields = Fields::new(row, &BLOBS);
            if digest_of(&fields.bytes("body")?).0 != fields.text("sha256")? {
                found.push(fields.name(), "its bytes have another digest");
            }
        }
    }
}
