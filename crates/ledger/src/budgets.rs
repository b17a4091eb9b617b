//! What customers mean to spend.

use billing::ids::{CustomerId, OrganisationId};
use billing::ports::StoredBudget;
use sqlx::SqliteExecutor;
use sqlx::sqlite::SqliteRow;

use crate::error::Result;
use crate::open::SqliteLedger;
use crate::row::{Fields, Table, instant};

const BUDGETS: Table = Table { name: "budgets", key: &["customer"] };

pub(crate) async fn of_party(db: impl SqliteExecutor<'_>, party: &OrganisationId) -> Result<Vec<StoredBudget>> {
    let rows = sqlx::query(
        "SELECT b.customer AS customer, b.amount AS amount, b.changed_at AS changed_at
         FROM budgets b JOIN customers c ON c.id = b.customer WHERE c.billed_party = $1 ORDER BY b.customer",
    )
    .bind(party.as_str())
    .fetch_all(db)
    .await?;
    rows.iter().map(read).collect()
}

pub(crate) async fn of_customer(db: impl SqliteExecutor<'_>, customer: &CustomerId) -> Result<Option<StoredBudget>> {
    let row = sqlx::query("SELECT customer, amount, changed_at FROM budgets WHERE customer = $1")
        .bind(customer.as_str())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(read).transpose()
}

pub(crate) async fn set(ledger: &SqliteLedger, budget: &StoredBudget) -> Result<()> {
    let mut transaction = ledger.write().await?;
    sqlx::query(
        "INSERT INTO budgets (customer, amount, changed_at) VALUES ($1, $2, $3)
         ON CONFLICT (customer) DO UPDATE SET amount = excluded.amount, changed_at = excluded.changed_at",
    )
    .bind(budget.customer.as_str())
    .bind(budget.amount.to_string())
    .bind(instant(budget.changed_at))
    .execute(&mut *transaction)
    .await?;
    Ok(transaction.commit().await?)
}

pub(crate) async fn remove(ledger: &SqliteLedger, customer: &CustomerId) -> Result<()> {
    let mut transaction = ledger.write().await?;
    sqlx::query("DELETE FROM budgets WHERE customer = $1").bind(customer.as_str()).execute(&mut *transaction).await?;
    Ok(transaction.commit().await?)
}

fn read(row: &SqliteRow) -> Result<StoredBudget> {
    let fields = Fields::new(row, &BUDGETS);
    Ok(StoredBudget {
        customer: fields.parsed("customer")?,
        amount: fields.parsed("amount")?,
        changed_at: fields.parsed("changed_at")?,
    })
}
