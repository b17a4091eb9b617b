//! Rated runs: which files hold the rated lines of a party's period.

use std::collections::BTreeMap;

use billing::ids::OrganisationId;
use billing::period::BillingPeriod;
use billing::ports::{RatedPart, RatedRun, StoredFile};
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqliteExecutor};

use crate::closing;
use crate::error::Result;
use crate::invoices::INVOICES;
use crate::open::SqliteLedger;
use crate::row::{Fields, Table, integer};

const RATED_RUNS: Table = Table { name: "rated_runs", key: &["party", "period"] };

/// Files by their path.
type Named = BTreeMap<String, StoredFile>;

/// Replaces the run of a party's open period. Answers files that nothing names any more: those
/// of the run before, or those of this run where the period is closed.
pub(crate) async fn commit(ledger: &SqliteLedger, rated: &RatedRun, parts: &[RatedPart]) -> Result<Vec<StoredFile>> {
    let mut transaction = ledger.write().await?;
    let closed = closing::is_closed(&mut *transaction, &rated.party, rated.period).await?;
    let candidates = if closed {
        rated.files.clone()
    } else {
        let before = run(&mut *transaction, &rated.party, rated.period).await?;
        save(&mut transaction, rated, parts).await?;
        before.map_or_else(Vec::new, |run| run.files)
    };
    let named = files_of(&mut transaction, &rated.party).await?;
    transaction.commit().await?;
    Ok(candidates.into_iter().filter(|file| !named.contains_key(&file.path)).collect())
}

async fn save(connection: &mut SqliteConnection, run: &RatedRun, parts: &[RatedPart]) -> Result<()> {
    sqlx::query(
        "INSERT INTO rated_runs (party, period, usage_through, files, parts, compaction)
         VALUES ($1, $2, $3, $4, $5, (SELECT COALESCE(MAX(id), 0) FROM compactions))
         ON CONFLICT (party, period) DO UPDATE
         SET usage_through = excluded.usage_through, files = excluded.files, parts = excluded.parts,
             compaction = excluded.compaction",
    )
    .bind(run.party.as_str())
    .bind(run.period.to_string())
    .bind(integer(run.usage_through)?)
    .bind(serde_json::to_string(&run.files)?)
    .bind(serde_json::to_string(parts)?)
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn run(
    db: impl SqliteExecutor<'_>,
    party: &OrganisationId,
    period: BillingPeriod,
) -> Result<Option<RatedRun>> {
    let row =
        sqlx::query("SELECT party, period, usage_through, files FROM rated_runs WHERE party = $1 AND period = $2")
            .bind(party.as_str())
            .bind(period.to_string())
            .fetch_optional(db)
            .await?;
    let Some(row) = row else { return Ok(None) };
    let fields = Fields::new(&row, &RATED_RUNS);
    Ok(Some(RatedRun {
        party: fields.parsed("party")?,
        period: fields.parsed("period")?,
        usage_through: fields.unsigned("usage_through")?,
        files: fields.json("files")?,
    }))
}

/// The parts of a run, each with its files; none where nothing was rated.
pub(crate) async fn parts(
    db: impl SqliteExecutor<'_>,
    party: &OrganisationId,
    period: BillingPeriod,
) -> Result<Vec<(RatedPart, Vec<StoredFile>)>> {
    let row = sqlx::query("SELECT party, period, files, parts FROM rated_runs WHERE party = $1 AND period = $2")
        .bind(party.as_str())
        .bind(period.to_string())
        .fetch_optional(db)
        .await?;
    let Some(row) = row else { return Ok(Vec::new()) };
    let fields = Fields::new(&row, &RATED_RUNS);
    let mut files = fields.json::<Vec<StoredFile>>("files")?.into_iter();
    let parts: Vec<RatedPart> = fields.json("parts")?;
    Ok(parts.into_iter().map(|part| (part.clone(), files.by_ref().take(part.file_count).collect())).collect())
}

/// Every file that a run or an invoice names, by path.
pub(crate) async fn all_files(snapshot: &mut SqliteConnection) -> Result<Vec<StoredFile>> {
    let of_runs = sqlx::query("SELECT party, period, files FROM rated_runs").fetch_all(&mut *snapshot).await?;
    let of_invoices =
        sqlx::query("SELECT issuer, number, rated_files AS files FROM invoices").fetch_all(snapshot).await?;
    Ok(named(&of_runs, &of_invoices)?.into_values().collect())
}

async fn files_of(connection: &mut SqliteConnection, party: &OrganisationId) -> Result<Named> {
    let of_runs = sqlx::query("SELECT party, period, files FROM rated_runs WHERE party = $1")
        .bind(party.as_str())
        .fetch_all(&mut *connection)
        .await?;
    let of_invoices = sqlx::query("SELECT issuer, number, rated_files AS files FROM invoices WHERE party = $1")
        .bind(party.as_str())
        .fetch_all(&mut *connection)
        .await?;
    named(&of_runs, &of_invoices)
}

fn named(of_runs: &[SqliteRow], of_invoices: &[SqliteRow]) -> Result<Named> {
    let mut named = Named::new();
    let of_runs = of_runs.iter().map(|row| Fields::new(row, &RATED_RUNS));
    let of_invoices = of_invoices.iter().map(|row| Fields::new(row, &INVOICES));
    for fields in of_runs.chain(of_invoices) {
        let files: Vec<StoredFile> = fields.json("files")?;
        named.extend(files.into_iter().map(|file| (file.path.clone(), file)));
    }
    Ok(named)
}
