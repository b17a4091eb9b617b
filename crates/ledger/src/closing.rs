//! Closed months, the days that they moved on, and parties that were set aside.

use std::collections::BTreeMap;

use billing::ids::OrganisationId;
use billing::invoice::{CarriedDay, InvoiceNumber, InvoiceType};
use billing::period::BillingPeriod;
use billing::ports::{ClosingStep, Closure, Parking, StepOutcome};
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqliteExecutor};

use crate::error::{LedgerError, Result};
use crate::issue::{self, Draws};
use crate::open::SqliteLedger;
use crate::restatements::known_lists;
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

/// A closure with the issuer and type of its document.
type NewClosure<'a> = (Closure, Option<(&'a OrganisationId, InvoiceType)>);

fn type_of(document: Option<(&OrganisationId, InvoiceType)>) -> &'static str {
    document.map_or(EVERY, |(_, invoice_type)| invoice_type.as_str())
}

/// Writes closures; the periods' parkings and rated runs end with them. From now on the document
/// names the run's files, and a run without a document would go on being shown as unbilled.
async fn insert(connection: &mut SqliteConnection, closures: &[NewClosure<'_>]) -> Result<()> {
    insert_rows(
        &mut *connection,
        "INSERT INTO closures (party, period, invoice_type, usage_through, known_rates, known_taxes, known_offers,
             known_orders, issuer, number) ",
        "",
        closures,
        |values, (closure, document)| {
            values
                .push_bind(closure.party.as_str().to_owned())
                .push_bind(closure.period.to_string())
                .push_bind(type_of(*document))
                .push_bind(integer(closure.usage_through)?)
                .push_bind(integer(closure.lists.exchange_rates)?)
                .push_bind(integer(closure.lists.tax_rates)?)
                .push_bind(integer(closure.lists.offers)?)
                .push_bind(integer(closure.lists.orders)?)
                .push_bind(document.map(|(issuer, _)| issuer.as_str().to_owned()))
                .push_bind(closure.invoice.as_ref().map(|number| number.as_str().to_owned()));
            Ok(())
        },
    )
    .await?;
    let closed: Vec<(String, &str)> =
        closures.iter().map(|(closure, _)| (closure.period.to_string(), closure.party.as_str())).collect();
    let closed = serde_json::to_string(&closed)?;
    for end in [
        "DELETE FROM parkings WHERE rowid IN (SELECT p.rowid FROM json_each($1) AS closed
             CROSS JOIN parkings AS p ON p.period = closed.value ->> 0 AND p.party = closed.value ->> 1)",
        "DELETE FROM rated_runs WHERE rowid IN (SELECT r.rowid FROM json_each($1) AS closed
             CROSS JOIN rated_runs AS r ON r.period = closed.value ->> 0 AND r.party = closed.value ->> 1)",
    ] {
        sqlx::query(end).bind(&closed).execute(&mut *connection).await?;
    }
    for (closure, document) in closures.iter().filter(|(closure, _)| !closure.carried.is_empty()) {
        insert_carried(&mut *connection, closure, type_of(*document)).await?;
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
    let mut closed = Closed::of(&mut transaction, steps).await?;
    let (mut draws, mut documents, mut closures) = (Draws::default(), Vec::new(), Vec::new());
    let mut outcomes = Vec::with_capacity(steps.len());
    for step in steps {
        outcomes.push(match step {
            ClosingStep::Issue(request) => {
                let (run, invoice_type) = (&request.rated, request.invoice_type);
                match closed.against(&run.party, run.period, invoice_type) {
                    Some(number) => StepOutcome::AlreadyClosed(number),
                    None => {
                        let series = invoice_type.series();
                        let number = draws.next(&mut transaction, &request.issuer, series).await?;
                        closed.add(&run.party, run.period, invoice_type.as_str(), Some(&number));
                        closures.push((issue::closure_of(&number, request), Some((&request.issuer, invoice_type))));
                        documents.push((number.clone(), &**request));
                        StepOutcome::Issued(number)
                    }
                }
            }
            ClosingStep::Empty(closure) => {
                if let Some(number) = &closure.invoice {
                    return Err(LedgerError::ClosureWithDocument(number.clone()));
                }
                match closed.any(&closure.party, closure.period) {
                    true => StepOutcome::AlreadyClosed(None),
                    false => {
                        closed.add(&closure.party, closure.period, EVERY, None);
                        closures.push((closure.clone(), None));
                        StepOutcome::Empty
                    }
                }
            }
            ClosingStep::Park(parking) => park(&mut transaction, parking).await?,
        });
    }
    draws.write(&mut transaction).await?;
    issue::issue_all(&mut transaction, &documents).await?;
    insert(&mut transaction, &closures).await?;
    transaction.commit().await?;
    Ok(outcomes)
}

/// What closed a period: the type of the closure, and its document if it has one.
type ClosedBy = (String, Option<InvoiceNumber>);

/// Which periods are closed, by what.
struct Closed(BTreeMap<(OrganisationId, String), Vec<ClosedBy>>);

impl Closed {
    /// Those of the parties of `steps`.
    async fn of(connection: &mut SqliteConnection, steps: &[ClosingStep<'_>]) -> Result<Self> {
        let named = |step: &ClosingStep<'_>| match step {
            ClosingStep::Issue(request) => Some((request.rated.period.to_string(), request.rated.party.to_string())),
            ClosingStep::Empty(closure) => Some((closure.period.to_string(), closure.party.to_string())),
            ClosingStep::Park(_) => None,
        };
        let wanted: Vec<(String, String)> = steps.iter().filter_map(named).collect();
        let rows = sqlx::query(
            "SELECT c.party AS party, c.period AS period, c.invoice_type AS invoice_type, c.number AS number
             FROM json_each($1) AS wanted
             CROSS JOIN closures AS c ON c.period = wanted.value ->> 0 AND c.party = wanted.value ->> 1",
        )
        .bind(serde_json::to_string(&wanted)?)
        .fetch_all(connection)
        .await?;
        let mut closed = Self(BTreeMap::new());
        for row in &rows {
            let fields = Fields::new(row, &CLOSURES);
            let (party, period): (OrganisationId, BillingPeriod) = (fields.parsed("party")?, fields.parsed("period")?);
            let number: Option<InvoiceNumber> = fields.optional("number")?;
            closed.add(&party, period, fields.text("invoice_type")?, number.as_ref());
        }
        Ok(closed)
    }

    fn add(&mut self, party: &OrganisationId, period: BillingPeriod, by: &str, number: Option<&InvoiceNumber>) {
        let closures = self.0.entry((party.clone(), period.to_string())).or_default();
        closures.push((by.to_owned(), number.cloned()));
    }

    fn any(&self, party: &OrganisationId, period: BillingPeriod) -> bool {
        self.0.contains_key(&(party.clone(), period.to_string()))
    }

    /// What stands against a document of `invoice_type`: the closure's document, if it has one.
    fn against(
        &self,
        party: &OrganisationId,
        period: BillingPeriod,
        invoice_type: InvoiceType,
    ) -> Option<Option<InvoiceNumber>> {
        let closures = self.0.get(&(party.clone(), period.to_string()))?;
        let found = closures.iter().find(|(by, _)| by == EVERY || by == invoice_type.as_str());
        found.map(|(_, number)| number.clone())
    }
}

pub(crate) async fn closures(snapshot: &mut SqliteConnection, party: &OrganisationId) -> Result<Vec<Closure>> {
    of_parties(snapshot, &serde_json::to_string(&[party])?).await
}

/// Of `parties`, a JSON array; each party's in the order of their periods.
pub(crate) async fn of_parties(snapshot: &mut SqliteConnection, parties: &str) -> Result<Vec<Closure>> {
    let rows = sqlx::query(
        "SELECT party, period, invoice_type, usage_through, known_rates, known_taxes, known_offers, known_orders,
             number
         FROM closures WHERE party IN (SELECT value FROM json_each($1)) ORDER BY party, period, invoice_type",
    )
    .bind(parties)
    .fetch_all(&mut *snapshot)
    .await?;
    with_carried(snapshot, &rows).await
}

/// Those of the last closed month of each party, by party and type.
pub(crate) async fn last_closures(snapshot: &mut SqliteConnection) -> Result<Vec<Closure>> {
    let rows = sqlx::query(
        "SELECT party, period, invoice_type, usage_through, known_rates, known_taxes, known_offers, known_orders,
             number
         FROM closures JOIN (SELECT party, MAX(period) AS period FROM closures GROUP BY party)
             USING (party, period)
         ORDER BY party, invoice_type",
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
            lists: known_lists(&fields)?,
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
