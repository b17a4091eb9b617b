//! Programs that get tokens for their id and secret.

use billing::ports::StoredClient;
use jiff::Timestamp;
use sqlx::SqliteExecutor;
use sqlx::sqlite::SqliteRow;

use crate::error::Result;
use crate::open::SqliteLedger;
use crate::row::{Fields, Table, instant};

const CLIENTS: Table = Table { name: "clients", key: &["id"] };

pub(crate) async fn add(ledger: &SqliteLedger, client: &StoredClient) -> Result<()> {
    let mut transaction = ledger.write().await?;
    sqlx::query(
        "INSERT INTO clients (id, secret_hash, organisation, role, created_at, revoked_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&client.id)
    .bind(&client.secret_hash)
    .bind(client.organisation.as_str())
    .bind(&client.role)
    .bind(instant(client.created_at))
    .bind(client.revoked_at.map(instant))
    .execute(&mut *transaction)
    .await?;
    Ok(transaction.commit().await?)
}

pub(crate) async fn client(db: impl SqliteExecutor<'_>, id: &str) -> Result<Option<StoredClient>> {
    let row =
        sqlx::query("SELECT id, secret_hash, organisation, role, created_at, revoked_at FROM clients WHERE id = $1")
            .bind(id)
            .fetch_optional(db)
            .await?;
    row.as_ref().map(read).transpose()
}

pub(crate) async fn clients(db: impl SqliteExecutor<'_>) -> Result<Vec<StoredClient>> {
    let rows = sqlx::query(
        "SELECT id, secret_hash, organisation, role, created_at, revoked_at FROM clients ORDER BY organisation, id",
    )
    .fetch_all(db)
    .await?;
    rows.iter().map(read).collect()
}

pub(crate) async fn revoke(ledger: &SqliteLedger, id: &str, at: Timestamp) -> Result<bool> {
    let mut transaction = ledger.write().await?;
    let done = sqlx::query("UPDATE clients SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
        .bind(id)
        .bind(instant(at))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(done.rows_affected() > 0)
}

fn read(row: &SqliteRow) -> Result<StoredClient> {
    let fields = Fields::new(row, &CLIENTS);
    Ok(StoredClient {
        id: fields.owned("id")?,
        secret_hash: fields.owned("secret_hash")?,
        organisation: fields.parsed("organisation")?,
        role: fields.owned("role")?,
        created_at: fields.parsed("created_at")?,
        revoked_at: fields.optional("revoked_at")?,
    })
}
