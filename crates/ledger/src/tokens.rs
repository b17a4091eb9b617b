//! Tokens, hashed, and settings by name.

use billing::ports::StoredToken;
use sqlx::SqliteExecutor;

use crate::error::Result;
use crate::open::SqliteLedger;
use crate::row::{Fields, Table, instant};

const TOKENS: Table = Table { name: "tokens", key: &["hash"] };
const SETTINGS: Table = Table { name: "settings", key: &["name"] };

pub(crate) async fn add(ledger: &SqliteLedger, token: &StoredToken) -> Result<()> {
    let mut transaction = ledger.write().await?;
    sqlx::query(
        "INSERT INTO tokens (hash, organisation, role, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(&token.hash)
    .bind(token.organisation.as_str())
    .bind(&token.role)
    .bind(instant(token.created_at))
    .bind(token.expires_at.map(instant))
    .execute(&mut *transaction)
    .await?;
    Ok(transaction.commit().await?)
}

pub(crate) async fn token(db: impl SqliteExecutor<'_>, hash: &str) -> Result<Option<StoredToken>> {
    let row = sqlx::query("SELECT hash, organisation, role, created_at, expires_at FROM tokens WHERE hash = $1")
        .bind(hash)
        .fetch_optional(db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let fields = Fields::new(&row, &TOKENS);
    Ok(Some(StoredToken {
        hash: fields.owned("hash")?,
        organisation: fields.parsed("organisation")?,
        role: fields.owned("role")?,
        created_at: fields.parsed("created_at")?,
        expires_at: fields.optional("expires_at")?,
    }))
}

pub(crate) async fn setting(db: impl SqliteExecutor<'_>, name: &str) -> Result<Option<String>> {
    let row = sqlx::query("SELECT name, value FROM settings WHERE name = $1").bind(name).fetch_optional(db).await?;
    row.as_ref().map(|row| Fields::new(row, &SETTINGS).owned("value")).transpose()
}

pub(crate) async fn set_setting(ledger: &SqliteLedger, name: &str, value: &str) -> Result<()> {
    let mut transaction = ledger.write().await?;
    sqlx::query(
        "INSERT INTO settings (name, value) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(name)
    .bind(value)
    .execute(&mut *transaction)
    .await?;
    Ok(transaction.commit().await?)
}
