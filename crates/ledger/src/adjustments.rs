//! One-off amounts that wait for a party's next document, or stand on one (IN-2,
//! docs/rules/invoice-totals.md).

use billing::ids::OrganisationId;
use billing::invoice::{Adjustment, InvoiceNumber};
use billing::money::{Amount, Currency};
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqliteExecutor};

use crate::error::{LedgerError, Result};
use crate::open::SqliteLedger;
use crate::row::{Fields, Table, instant};

const ADJUSTMENTS: Table = Table { name: "adjustments", key: &["party", "reference"] };

pub(crate) async fn add(
    ledger: &SqliteLedger,
    party: &OrganisationId,
    new: &Adjustment,
    at: Timestamp,
) -> Result<bool> {
    let mut transaction = ledger.write().await?;
    let is_new = insert(&mut transaction, party, new, at).await?;
    transaction.commit().await?;
    Ok(is_new)
}

/// False when the same is kept already.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    party: &OrganisationId,
    new: &Adjustment,
    at: Timestamp,
) -> Result<bool> {
    let known = sqlx::query(
        "SELECT party, reference, currency, amount_minor, reason FROM adjustments
         WHERE party = $1 AND reference = $2",
    )
    .bind(party.as_str())
    .bind(&new.reference)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(known) = known.as_ref().map(read).transpose()? {
        return if known == *new { Ok(false) } else { Err(LedgerError::AdjustmentDiffers(known.amount)) };
    }
    sqlx::query(
        "INSERT INTO adjustments (party, reference, currency, amount_minor, reason, added_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(party.as_str())
    .bind(&new.reference)
    .bind(new.amount.currency.code())
    .bind(new.amount.minor)
    .bind(&new.reason)
    .bind(instant(at))
    .execute(connection)
    .await?;
    Ok(true)
}

/// Those of a document, or those that wait.
pub(crate) async fn of(
    db: impl SqliteExecutor<'_>,
    party: &OrganisationId,
    number: Option<&InvoiceNumber>,
) -> Result<Vec<Adjustment>> {
    let rows = sqlx::query(
        "SELECT party, reference, currency, amount_minor, reason FROM adjustments
         WHERE party = $1 AND number IS $2 ORDER BY reference",
    )
    .bind(party.as_str())
    .bind(number.map(InvoiceNumber::as_str))
    .fetch_all(db)
    .await?;
    rows.iter().map(read).collect()
}

/// Those of `parties`, a JSON array, that wait; by their references.
pub(crate) async fn of_parties(
    connection: &mut SqliteConnection,
    parties: &str,
) -> Result<Vec<(OrganisationId, Adjustment)>> {
    let rows = sqlx::query(
        "SELECT party, reference, currency, amount_minor, reason FROM adjustments
         WHERE party IN (SELECT value FROM json_each($1)) AND number IS NULL ORDER BY party, reference",
    )
    .bind(parties)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok((Fields::new(row, &ADJUSTMENTS).parsed("party")?, read(row)?))).collect()
}

/// Puts waiting adjustments on a document that is being issued.
pub(crate) async fn take(
    connection: &mut SqliteConnection,
    (issuer, party): (&OrganisationId, &OrganisationId),
    number: &InvoiceNumber,
    references: &[String],
) -> Result<()> {
    for reference in references {
        let taken = sqlx::query(
            "UPDATE adjustments SET issuer = $1, number = $2
             WHERE party = $3 AND reference = $4 AND number IS NULL",
        )
        .bind(issuer.as_str())
        .bind(number.as_str())
        .bind(party.as_str())
        .bind(reference)
        .execute(&mut *connection)
        .await?;
        if taken.rows_affected() != 1 {
            return Err(LedgerError::AdjustmentTaken(reference.clone()));
        }
    }
    Ok(())
}

fn read(row: &SqliteRow) -> Result<Adjustment> {
    let fields = Fields::new(row, &ADJUSTMENTS);
    let currency: Currency = fields.parsed("currency")?;
    Ok(Adjustment {
        reference: fields.owned("reference")?,
        amount: Amount { minor: fields.integer("amount_minor")?, currency },
        reason: fields.owned("reason")?,
    })
}
