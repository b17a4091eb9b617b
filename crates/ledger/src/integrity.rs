//! Whether the ledger is sound: its file, its references, and the laws that its rows keep.
//!
//! Every check goes on after a finding, so that one damaged row does not hide another. All of
//! them look at one snapshot.

mod accounts;
mod chain;
mod documents;
mod manifest;

use billing::ports::ListKind;
use sqlx::{Row, SqliteConnection};

use crate::blobs;
use crate::error::{LedgerError, Result};
use crate::open::SqliteLedger;
use crate::{budgets, closing, directory, documents as renderings, imports, rating};

/// Sentences about what is broken; each begins with table and key.
#[derive(Debug, Default)]
struct Findings(Vec<String>);

impl Findings {
    fn push(&mut self, row: impl std::fmt::Display, fault: impl std::fmt::Display) {
        self.0.push(format!("{row}: {fault}"));
    }

    /// Turns damage into a finding; other failures end the check.
    fn absorb<T>(&mut self, checked: &'static str, result: Result<T>) -> Result<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(LedgerError::Damaged { row, fault }) => {
                self.push(row, fault);
                Ok(None)
            }
            Err(error) if error.code() == "ledger.damaged" => {
                self.push(checked, error.operator());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

pub(crate) async fn findings(ledger: &SqliteLedger) -> Result<Vec<String>> {
    let mut snapshot = ledger.read().await?;
    let mut found = Findings::default();
    let pages = pages(&mut snapshot, &mut found).await;
    found.absorb("database file", pages)?;
    let references = references(&mut snapshot, &mut found).await;
    found.absorb("references", references)?;
    let manifest = manifest::check(&mut snapshot, &mut found).await;
    found.absorb("usage_files", manifest)?;
    let blobs = manifest::check_blobs(&mut snapshot, &mut found).await;
    found.absorb("blobs", blobs)?;
    let chain = chain::check(&mut snapshot, &mut found).await;
    found.absorb("journal_entries", chain)?;
    let documents = documents::check(&mut snapshot, &mut found).await;
    found.absorb("invoices", documents)?;
    let accounts = accounts::check(&mut snapshot, &mut found).await;
    found.absorb("account_events", accounts)?;
    let closures = documents::check_closures(&mut snapshot, &mut found).await;
    found.absorb("closures", closures)?;
    readable(&mut snapshot, &mut found).await?;
    Ok(found.0)
}

/// What SQLite finds in its own file.
async fn pages(connection: &mut SqliteConnection, found: &mut Findings) -> Result<()> {
    let answers: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(connection).await?;
    for answer in answers.iter().filter(|answer| *answer != "ok") {
        found.push("database file", answer);
    }
    Ok(())
}

async fn references(connection: &mut SqliteConnection, found: &mut Findings) -> Result<()> {
    for row in sqlx::query("PRAGMA foreign_key_check").fetch_all(connection).await? {
        let table: String = row.try_get("table")?;
        let row_id: Option<i64> = row.try_get("rowid")?;
        let parent: String = row.try_get("parent")?;
        let row = format!("{table} (row {})", row_id.unwrap_or_default());
        found.push(row, format_args!("it names a row of {parent} that is not there"));
    }
    Ok(())
}

/// Reads what no other check reads.
async fn readable(snapshot: &mut SqliteConnection, found: &mut Findings) -> Result<()> {
    for kind in ListKind::ALL {
        let read = blobs::lists(&mut *snapshot, kind).await;
        found.absorb("lists", read)?;
    }
    let read = imports::quarantine(&mut *snapshot).await;
    found.absorb("quarantine", read)?;
    let read = rating::all_files(&mut *snapshot).await;
    found.absorb("rated_runs", read)?;
    let read = closing::parkings(&mut *snapshot, None).await;
    found.absorb("parkings", read)?;
    let read = renderings::all(&mut *snapshot).await;
    found.absorb("documents", read)?;
    let read = directory::organisations(&mut *snapshot).await;
    for organisation in found.absorb("organisations", read)?.unwrap_or_default() {
        let read = directory::party_directory(&mut *snapshot, &organisation.id).await;
        found.absorb("customers", read)?;
        let read = closing::closures(&mut *snapshot, &organisation.id).await;
        found.absorb("closures", read)?;
        let read = budgets::of_party(&mut *snapshot, &organisation.id).await;
        found.absorb("budgets", read)?;
    }
    Ok(())
}
