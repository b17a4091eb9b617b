//! Closed months, the days that they moved on, and parties that were set aside.

use std::collections::BTreeMap;

use billing::ids::OrganisationId;
use billing::invoice::{CarriedDay, InvoiceNumber, InvoiceType};
use billing::period::BillingPeriod;
use billing::ports::{ClosingStep, Closure, KnownLists, Parking, StepOutcome};
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqliteExecutor};

use crate::error::{LedgerError, Result};
use crate::issue;
use crate::open::SqliteLedger;
use crate::row::{Fields, Table, insert_rows, integer};

pub(crate) const CLOSURES: Table = Table { name: "closures", key: &["party", "period", "invoice_type"] };
const CARRIED_DAYS: Table = Table { name: "carried_days", key: &["party", "period", "invoice_type", "position"] };
const PARKINGS: Table = Table { name: "parkings", key: &["party", "period"] };

/// The type of a closure without a document: nothing is left to bill, of whatever type.
const EVERY: &str = "Every";

/// Whether any document or none closed the period.
pub(crate) async fn is_closed(
    db: impl SqliteExecutor<'_>,
    party: &OrganisationId,
    period: BillingPeriod,
) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM closures WHERE party = $1 AND period = $2 LIMIT 1")
        .bind(party.as_str())
        .bind(period.to_string())
        .fetch_optional(db)
        .await?;
    Ok(row.is_some())
}

/// The closure that stands against a document of `invoice_type`, with the document that it names.
pub(crate) async fn closed_by(
    db: impl SqliteExecutor<'_>,
    party: &OrganisationId,
    period: BillingPeriod,
    invoice_type: InvoiceType,
) -> Result<Option<Option<InvoiceNumber>>> {
    let row = sqlx::query(
        "SELECT party, period, invoice_type, number FROM closures
         WHERE party = $1 AND period = $2 AND invoice_type IN ($3, 'Every')",
    )
    .bind(party.as_str())
    .bind(period.to_string())
    .bind(invoice_type.as_str())
    .fetch_optional(db)
    .await?;
    row.as_ref().map(|row| Fields::new(row, &CLOSURES).optional("number")).transpose()
}

/// Writes a closure; the period's parking and rated run end with it. From now on the document
/// names the run's files, and a run without a document would go on being shown as unbilled.
/// `document` is the document's issuer and type.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    closure: &Closure,
    document: Option<(&OrganisationId, InvoiceType)>,
) -> Result<()> {
    let invoice_type = document.map_or(EVERY, |(_, invoice_type)| invoice_type.as_str());
    sqlx::query(
        "INSERT INTO closures (party, period, invoice_type, usage_through, known_rates, known_taxes, known_offers,
             issuer, number)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(closure.party.as_str())
    .bind(closure.period.to_string())
    .bind(invoice_type)
    .bind(integer(closure.usage_through)?)
    .bind(integer(closure.lists.exchange_rates)?)
    .bind(integer(closure.lists.tax_rates)?)
    .bind(integer(closure.lists.offers)?)
    .bind(document.map(|(issuer, _)| issuer.as_str()))
    .bind(closure.invoice.as_ref().map(InvoiceNumber::as_str))
    .execute(&mut *connection)
    .await?;
    insert_carried(&mut *connection, closure, invoice_type).await?;
    for end in [
        "DELETE FROM parkings WHERE party = $1 AND period = $2",
        "DELETE FROM rated_runs WHERE party = $1 AND period = $2",
    ] {
        sqlx::query(end)
            .bind(closure.party.as_str())
            .bind(closure.period.to_string())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn insert_carried(
    connection: &mut SqliteConnection,
    closure: &Closure,
    invoice_type: &'static str,
) -> Result<()> {
    let numbered: Vec<_> = (1_i64..).zip(&closure.carried).collect();
    insert_rows(
        connection,
        "INSERT INTO carried_days (party, period, invoice_type, position, subscription, meter,
             usage_date, usage_after, usage_through) ",
        "",
        &numbered,
        |values, (position, day)| {
            values
                .push_bind(closure.party.as_str().to_owned())
                .push_bind(closure.period.to_string())
                .push_bind(invoice_type)
                .push_bind(*position)
                .push_bind(day.subscription.as_str().to_owned())
                .push_bind(day.meter.as_str().to_owned())
                .push_bind(day.usage_date.to_string())
                .push_bind(integer(day.usage_after)?)
                .push_bind(integer(day.usage_through)?);
            Ok(())
        },
    )
    .await
}

/// Takes all steps in one transaction.
pub(crate) async fn close(ledger: &SqliteLedger, steps: &[ClosingStep<'_>]) -> Result<Vec<StepOutcome>> {
    let mut transaction = ledger.write().await?;
    let mut outcomes = Vec::with_capacity(steps.len());
    for step in steps {
        outcomes.push(match step {
            ClosingStep::Issue(request) => issue::issue_in(&mut transaction, request).await?,
            ClosingStep::Empty(closure) => close_empty(&mut transaction, closure).await?,
            ClosingStep::Park(parking) => park(&mut transaction, parking).await?,
        });
    }
    transaction.commit().await?;
    Ok(outcomes)
}

/// Closes a period for which there is nothing to bill.
async fn close_empty(connection: &mut SqliteConnection, closure: &Closure) -> Result<StepOutcome> {
    if let Some(number) = &closure.invoice {
        return Err(LedgerError::ClosureWithDocument(number.clone()));
    }
    if is_closed(&mut *connection, &closure.party, closure.period).await? {
        return Ok(StepOutcome::AlreadyClosed(None));
    }
    insert(connection, closure, None).await?;
    Ok(StepOutcome::Empty)
}

pub(crate) async fn closures(snapshot: &mut SqliteConnection, party: &OrganisationId) -> Result<Vec<Closure>> {
    let rows = sqlx::query(
        "SELECT party, period, invoice_type, usage_through, known_rates, known_taxes, known_offers, number
         FROM closures WHERE party = $1 ORDER BY period, invoice_type",
    )
    .bind(party.as_str())
    .fetch_all(&mut *snapshot)
    .await?;
    with_carried(snapshot, &rows).await
}

/// The last closure of each party, by party.
pub(crate) async fn last_closures(snapshot: &mut SqliteConnection) -> Result<Vec<Closure>> {
    let rows = sqlx::query(
        "SELECT party, MAX(period) AS period, invoice_type, usage_through, known_rates, known_taxes, known_offers,
             number
         FROM closures GROUP BY party ORDER BY party",
    )
    .fetch_all(&mut *snapshot)
    .await?;
    with_carried(snapshot, &rows).await
}

async fn with_carried(connection: &mut SqliteConnection, rows: &[SqliteRow]) -> Result<Vec<Closure>> {
    let mut closures = Vec::with_capacity(rows.len());
    let has_carried =
        sqlx::query("SELECT 1 FROM carried_days LIMIT 1").fetch_optional(&mut *connection).await?.is_some();
    let mut carried: (Option<OrganisationId>, CarriedByClosure) = (None, BTreeMap::new());
    for row in rows {
        let fields = Fields::new(row, &CLOSURES);
        let party: OrganisationId = fields.parsed("party")?;
        if has_carried && carried.0.as_ref() != Some(&party) {
            carried = (Some(party.clone()), carried_by(&mut *connection, &party).await?);
        }
        let key = (fields.owned("period")?, fields.owned("invoice_type")?);
        closures.push(Closure {
            party,
            period: fields.parsed("period")?,
            usage_through: fields.unsigned("usage_through")?,
            invoice: fields.optional("number")?,
            carried: carried.1.remove(&key).unwrap_or_default(),
            lists: KnownLists {
                exchange_rates: fields.unsigned("known_rates")?,
                tax_rates: fields.unsigned("known_taxes")?,
                offers: fields.unsigned("known_offers")?,
            },
        });
    }
    Ok(closures)
}

/// By period and type of the closure.
type CarriedByClosure = BTreeMap<(String, String), Vec<CarriedDay>>;

/// A party's carried days by period and type of the closure that moved them on.
async fn carried_by(connection: &mut SqliteConnection, party: &OrganisationId) -> Result<CarriedByClosure> {
    let rows = sqlx::query(
        "SELECT party, period, invoice_type, position, subscription, meter, usage_date, usage_after,
             usage_through
         FROM carried_days WHERE party = $1 ORDER BY period, invoice_type, position",
    )
    .bind(party.as_str())
    .fetch_all(connection)
    .await?;
    let mut carried = CarriedByClosure::new();
    for row in &rows {
        let fields = Fields::new(row, &CARRIED_DAYS);
        let key = (fields.owned("period")?, fields.owned("invoice_type")?);
        carried.entry(key).or_default().push(read_carried(row)?);
    }
    Ok(carried)
}

fn read_carried(row: &SqliteRow) -> Result<CarriedDay> {
    let fields = Fields::new(row, &CARRIED_DAYS);
    Ok(CarriedDay {
        subscription: fields.parsed("subscription")?,
        meter: fields.parsed("meter")?,
        usage_date: fields.parsed("usage_date")?,
        usage_after: fields.unsigned("usage_after")?,
        usage_through: fields.unsigned("usage_through")?,
    })
}

async fn park(connection: &mut SqliteConnection, parking: &Parking) -> Result<StepOutcome> {
    sqlx::query(
        "INSERT INTO parkings (party, period, reasons) VALUES ($1, $2, $3)
         ON CONFLICT (party, period) DO UPDATE SET reasons = excluded.reasons",
    )
    .bind(parking.party.as_str())
    .bind(parking.period.to_string())
    .bind(serde_json::to_string(&parking.reasons)?)
    .execute(connection)
    .await?;
    Ok(StepOutcome::Parked)
}

/// By period and party.
pub(crate) async fn parkings(db: impl SqliteExecutor<'_>, period: Option<BillingPeriod>) -> Result<Vec<Parking>> {
    let rows = sqlx::query(
        "SELECT party, period, reasons FROM parkings
         WHERE $1 IS NULL OR period = $1 ORDER BY period, party",
    )
    .bind(period.map(|period| period.to_string()))
    .fetch_all(db)
    .await?;
    let read = |row| {
        let fields = Fields::new(row, &PARKINGS);
        Ok(Parking {
            party: fields.parsed("party")?,
            period: fields.parsed("period")?,
            reasons: fields.json("reasons")?,
        })
    };
    rows.iter().map(read).collect()
}
