//! Billing runs that were started through the API.

use billing::ids::OrganisationId;
use billing::ports::{RunState, StoredRun};
use jiff::Timestamp;
use sqlx::SqliteExecutor;
use sqlx::sqlite::SqliteRow;

use crate::error::Result;
use crate::open::SqliteLedger;
use crate::row::{Fields, Table, instant};

const RUNS: Table = Table { name: "runs", key: &["id"] };

/// False when there is a run of this id.
pub(crate) async fn add(ledger: &SqliteLedger, run: &StoredRun) -> Result<bool> {
    let mut transaction = ledger.write().await?;
    let done = sqlx::query(
        "INSERT INTO runs (id, organisation, period, request, state, started_at, ended_at, outcome)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
    )
    .bind(&run.id)
    .bind(run.organisation.as_str())
    .bind(run.period.to_string())
    .bind(&run.request)
    .bind(run.state.as_str())
    .bind(instant(run.started_at))
    .bind(run.ended_at.map(instant))
    .bind(&run.outcome)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(done.rows_affected() > 0)
}

pub(crate) async fn end(ledger: &SqliteLedger, id: &str, state: RunState, outcome: &str, at: Timestamp) -> Result<()> {
    let mut transaction = ledger.write().await?;
    sqlx::query("UPDATE runs SET state = $2, outcome = $3, ended_at = $4 WHERE id = $1 AND state = 'running'")
        .bind(id)
        .bind(state.as_str())
        .bind(outcome)
        .bind(instant(at))
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

pub(crate) async fn interrupt(ledger: &SqliteLedger, at: Timestamp) -> Result<()> {
    let mut transaction = ledger.write().await?;
    sqlx::query("UPDATE runs SET state = 'interrupted', ended_at = $1 WHERE state = 'running'")
        .bind(instant(at))
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

/// The latest first.
pub(crate) async fn of(db: impl SqliteExecutor<'_>, organisation: &OrganisationId) -> Result<Vec<StoredRun>> {
    let rows = sqlx::query(
        "SELECT id, organisation, period, request, state, started_at, ended_at, outcome
         FROM runs WHERE organisation = $1 ORDER BY started_at DESC, id",
    )
    .bind(organisation.as_str())
    .fetch_all(db)
    .await?;
    rows.iter().map(read).collect()
}

fn read(row: &SqliteRow) -> Result<StoredRun> {
    let fields = Fields::new(row, &RUNS);
    let state = fields.text("state")?;
    Ok(StoredRun {
        id: fields.owned("id")?,
        organisation: fields.parsed("organisation")?,
        period: fields.parsed("period")?,
        request: fields.owned("request")?,
        state: RunState::ALL
            .into_iter()
            .find(|known| known.as_str() == state)
            .ok_or_else(|| fields.damaged("state", format_args!("{state:?} is no state of a run")))?,
        started_at: fields.parsed("started_at")?,
        ended_at: fields.optional("ended_at")?,
        outcome: fields.owned("outcome")?,
    })
}
