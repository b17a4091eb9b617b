//! Requests with an idempotency key, and the answers they got.

use billing::ids::OrganisationId;
use billing::ports::{KeptAnswer, KeptRequest, KeyedRequest};
use jiff::Timestamp;
use sqlx::SqliteExecutor;
use sqlx::sqlite::SqliteRow;

use crate::error::Result;
use crate::open::SqliteLedger;
use crate::row::{Fields, Table, instant};

const KEYED_REQUESTS: Table = Table { name: "keyed_requests", key: &["organisation", "key"] };

pub(crate) async fn kept(
    db: impl SqliteExecutor<'_>,
    organisation: &OrganisationId,
    key: &str,
) -> Result<Option<KeptRequest>> {
    let row = sqlx::query(
        "SELECT organisation, key, digest, started_at, journal_position, status, body
         FROM keyed_requests WHERE organisation = $1 AND key = $2",
    )
    .bind(organisation.as_str())
    .bind(key)
    .fetch_optional(db)
    .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &SqliteRow) -> Result<KeptRequest> {
    let fields = Fields::new(row, &KEYED_REQUESTS);
    let answer = match fields.nullable("status")? {
        None => None,
        Some(status) => Some(KeptAnswer {
            status: u16::try_from(status).map_err(|error| fields.damaged("status", error))?,
            body: fields.bytes("body")?,
        }),
    };
    Ok(KeptRequest {
        digest: fields.owned("digest")?,
        started_at: fields.parsed("started_at")?,
        journal_position: fields.unsigned("journal_position")?,
        answer,
    })
}

/// Answers what was kept before; `None` when `request` is kept now.
pub(crate) async fn begin(
    ledger: &SqliteLedger,
    request: &KeyedRequest,
    forget_before: Timestamp,
) -> Result<Option<KeptRequest>> {
    let mut transaction = ledger.write().await?;
    sqlx::query("DELETE FROM keyed_requests WHERE started_at < $1")
        .bind(instant(forget_before))
        .execute(&mut *transaction)
        .await?;
    let known = kept(&mut *transaction, &request.organisation, &request.key).await?;
    if known.is_none() {
        sqlx::query(
            "INSERT INTO keyed_requests (organisation, key, digest, started_at, journal_position)
             VALUES ($1, $2, $3, $4,
                 (SELECT COALESCE(MAX(position), 0) FROM journal_entries WHERE organisation = $1))",
        )
        .bind(request.organisation.as_str())
        .bind(&request.key)
        .bind(&request.digest)
        .bind(instant(request.started_at))
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    Ok(known)
}

pub(crate) async fn answer(
    ledger: &SqliteLedger,
    organisation: &OrganisationId,
    key: &str,
    answer: &KeptAnswer,
) -> Result<()> {
    let mut transaction = ledger.write().await?;
    sqlx::query("UPDATE keyed_requests SET status = $3, body = $4 WHERE organisation = $1 AND key = $2")
        .bind(organisation.as_str())
        .bind(key)
        .bind(i64::from(answer.status))
        .bind(&answer.body)
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

pub(crate) async fn forget(ledger: &SqliteLedger, organisation: &OrganisationId, key: &str) -> Result<()> {
    let mut transaction = ledger.write().await?;
    sqlx::query("DELETE FROM keyed_requests WHERE organisation = $1 AND key = $2 AND status IS NULL")
        .bind(organisation.as_str())
        .bind(key)
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}
