//! Organisations, customers and subscriptions.

use std::collections::{BTreeMap, BTreeSet};

use billing::ids::{CustomerId, OrganisationId, SubscriptionId};
use billing::licence::Generation;
use billing::party::{Customer, Organisation, PartyDirectory, Subscription};
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqliteExecutor};

use crate::error::Result;
use crate::open::SqliteLedger;
use crate::row::{Fields, Table, insert_rows};

const ORGANISATIONS: Table = Table { name: "organisations", key: &["id"] };
const CUSTOMERS: Table = Table { name: "customers", key: &["id"] };
const SUBSCRIPTIONS: Table = Table { name: "subscriptions", key: &["id"] };

/// What happens to a row whose id is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    Keep,
    Replace,
}

pub(crate) async fn organisations(db: impl SqliteExecutor<'_>) -> Result<Vec<Organisation>> {
    let rows = sqlx::query("SELECT id, body FROM organisations ORDER BY id").fetch_all(db).await?;
    rows.iter().map(|row| Fields::new(row, &ORGANISATIONS).json("body")).collect()
}

pub(crate) async fn save_organisations(ledger: &SqliteLedger, organisations: &[Organisation]) -> Result<()> {
    let mut transaction = ledger.write().await?;
    insert_rows(
        &mut transaction,
        "INSERT INTO organisations (id, billed_by, body) ",
        " ON CONFLICT (id) DO UPDATE SET billed_by = excluded.billed_by, body = excluded.body",
        organisations,
        |values, organisation| {
            values
                .push_bind(organisation.id.as_str().to_owned())
                .push_bind(organisation.billed_by.as_ref().map(|id| id.as_str().to_owned()))
                .push_bind(serde_json::to_string(organisation)?);
            Ok(())
        },
    )
    .await?;
    Ok(transaction.commit().await?)
}

pub(crate) async fn save_customers(ledger: &SqliteLedger, customers: &[Customer]) -> Result<()> {
    let mut transaction = ledger.write().await?;
    insert_customers(&mut transaction, customers, Known::Replace).await?;
    Ok(transaction.commit().await?)
}

pub(crate) async fn save_subscriptions(ledger: &SqliteLedger, subscriptions: &[Subscription]) -> Result<()> {
    let mut transaction = ledger.write().await?;
    insert_subscriptions(&mut transaction, subscriptions, Known::Replace).await?;
    Ok(transaction.commit().await?)
}

pub(crate) async fn insert_customers(
    connection: &mut SqliteConnection,
    customers: &[Customer],
    known: Known,
) -> Result<()> {
    let conflict = match known {
        Known::Keep => " ON CONFLICT (id) DO NOTHING",
        Known::Replace => {
            " ON CONFLICT (id) DO UPDATE SET billed_party = excluded.billed_party, \
             name = excluded.name, domain = excluded.domain, country = excluded.country"
        }
    };
    insert_rows(
        connection,
        "INSERT INTO customers (id, billed_party, name, domain, country) ",
        conflict,
        customers,
        |values, customer| {
            values
                .push_bind(customer.id.as_str().to_owned())
                .push_bind(customer.billed_party.as_str().to_owned())
                .push_bind(customer.name.clone())
                .push_bind(customer.domain.clone())
                .push_bind(customer.country.clone());
            Ok(())
        },
    )
    .await
}

pub(crate) async fn insert_subscriptions(
    connection: &mut SqliteConnection,
    subscriptions: &[Subscription],
    known: Known,
) -> Result<()> {
    let conflict = match known {
        Known::Keep => " ON CONFLICT (id) DO NOTHING",
        Known::Replace => {
            " ON CONFLICT (id) DO UPDATE SET customer = excluded.customer, \
             name = excluded.name, earned_credit = excluded.earned_credit, \
             generation = excluded.generation"
        }
    };
    insert_rows(
        connection,
        "INSERT INTO subscriptions (id, customer, name, earned_credit, generation) ",
        conflict,
        subscriptions,
        |values, subscription| {
            values
                .push_bind(subscription.id.as_str().to_owned())
                .push_bind(subscription.customer.as_str().to_owned())
                .push_bind(subscription.name.clone())
                .push_bind(serde_json::to_string(&subscription.earned_credit)?)
                .push_bind(subscription.generation.as_str());
            Ok(())
        },
    )
    .await
}

pub(crate) async fn customer(db: impl SqliteExecutor<'_>, id: &CustomerId) -> Result<Option<Customer>> {
    let row = sqlx::query("SELECT id, billed_party, name, domain, country FROM customers WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(read_customer).transpose()
}

fn read_customer(row: &SqliteRow) -> Result<Customer> {
    let fields = Fields::new(row, &CUSTOMERS);
    Ok(Customer {
        id: fields.parsed("id")?,
        billed_party: fields.parsed("billed_party")?,
        name: fields.owned("name")?,
        domain: fields.owned("domain")?,
        country: fields.owned("country")?,
    })
}

fn read_subscription(row: &SqliteRow) -> Result<Subscription> {
    let fields = Fields::new(row, &SUBSCRIPTIONS);
    Ok(Subscription {
        id: fields.parsed("id")?,
        customer: fields.parsed("customer")?,
        name: fields.owned("name")?,
        earned_credit: fields.json("earned_credit")?,
        generation: generation(&fields)?,
    })
}

fn generation(fields: &Fields<'_>) -> Result<Generation> {
    let word = fields.text("generation")?;
    Generation::named(word).ok_or_else(|| fields.damaged("generation", format_args!("{word:?} is no generation")))
}

pub(crate) async fn subscriptions(
    db: impl SqliteExecutor<'_>,
) -> Result<Vec<(SubscriptionId, CustomerId, OrganisationId)>> {
    let rows = sqlx::query(
        "SELECT s.id AS id, s.customer AS customer, c.billed_party AS billed_party
         FROM subscriptions s JOIN customers c ON c.id = s.customer ORDER BY s.id",
    )
    .fetch_all(db)
    .await?;
    let read = |row| {
        let fields = Fields::new(row, &SUBSCRIPTIONS);
        Ok((fields.parsed("id")?, fields.parsed("customer")?, fields.parsed("billed_party")?))
    };
    rows.iter().map(read).collect()
}

/// Those of `ids` that are known, each with its customer.
pub(crate) async fn named_subscriptions(
    db: impl SqliteExecutor<'_>,
    ids: &[SubscriptionId],
) -> Result<Vec<(Subscription, Customer)>> {
    let rows = sqlx::query(
        "SELECT s.id AS id, s.customer AS customer, s.name AS name, s.earned_credit AS earned_credit,
             s.generation AS generation,
             c.billed_party AS billed_party, c.name AS customer_name, c.domain AS domain, c.country AS country
         FROM subscriptions s JOIN customers c ON c.id = s.customer
         WHERE s.id IN (SELECT value FROM json_each($1)) ORDER BY s.id",
    )
    .bind(serde_json::to_string(ids)?)
    .fetch_all(db)
    .await?;
    let read = |row| {
        let (subscription, fields) = (read_subscription(row)?, Fields::new(row, &SUBSCRIPTIONS));
        let customer = Customer {
            id: subscription.customer.clone(),
            billed_party: fields.parsed("billed_party")?,
            name: fields.owned("customer_name")?,
            domain: fields.owned("domain")?,
            country: fields.owned("country")?,
        };
        Ok((subscription, customer))
    };
    rows.iter().map(read).collect()
}

/// `None` for an organisation that is unknown or that nobody bills.
pub(crate) async fn party_directory(
    snapshot: &mut SqliteConnection,
    party: &OrganisationId,
) -> Result<Option<PartyDirectory>> {
    let mut found = directories(snapshot, &serde_json::to_string(&[party])?).await?;
    Ok(found.remove(party))
}

/// Those of `ids`, a JSON array, that somebody bills.
pub(crate) async fn directories(
    snapshot: &mut SqliteConnection,
    ids: &str,
) -> Result<BTreeMap<OrganisationId, PartyDirectory>> {
    let mut parties = organisations_of(&mut *snapshot, ids).await?;
    parties.retain(|party| party.billed_by.is_some());
    let issuers: BTreeSet<&OrganisationId> = parties.iter().filter_map(|party| party.billed_by.as_ref()).collect();
    let issuers = organisations_of(&mut *snapshot, &serde_json::to_string(&issuers)?).await?;
    let mut directories = BTreeMap::new();
    for party in parties {
        let Some(issuer) = issuers.iter().find(|issuer| Some(&issuer.id) == party.billed_by.as_ref()) else { continue };
        let (customers, subscriptions) = (BTreeMap::new(), BTreeMap::new());
        let directory = PartyDirectory { issuer: issuer.clone(), party, customers, subscriptions };
        directories.insert(directory.party.id.clone(), directory);
    }
    add_customers(&mut *snapshot, ids, &mut directories).await?;
    add_subscriptions(&mut *snapshot, ids, &mut directories).await?;
    Ok(directories)
}

async fn organisations_of(db: impl SqliteExecutor<'_>, ids: &str) -> Result<Vec<Organisation>> {
    let rows = sqlx::query("SELECT id, body FROM organisations WHERE id IN (SELECT value FROM json_each($1))")
        .bind(ids)
        .fetch_all(db)
        .await?;
    rows.iter().map(|row| Fields::new(row, &ORGANISATIONS).json("body")).collect()
}

async fn add_customers(
    connection: &mut SqliteConnection,
    ids: &str,
    directories: &mut BTreeMap<OrganisationId, PartyDirectory>,
) -> Result<()> {
    let rows = sqlx::query(
        "SELECT id, billed_party, name, domain, country FROM customers
         WHERE billed_party IN (SELECT value FROM json_each($1))",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?;
    for row in &rows {
        let customer = read_customer(row)?;
        if let Some(directory) = directories.get_mut(&customer.billed_party) {
            directory.customers.insert(customer.id.clone(), customer);
        }
    }
    Ok(())
}

async fn add_subscriptions(
    connection: &mut SqliteConnection,
    ids: &str,
    directories: &mut BTreeMap<OrganisationId, PartyDirectory>,
) -> Result<()> {
    let rows = sqlx::query(
        "SELECT s.id AS id, s.customer AS customer, s.name AS name, s.earned_credit AS earned_credit,
             s.generation AS generation,
             c.billed_party AS billed_party
         FROM customers c JOIN subscriptions s ON s.customer = c.id
         WHERE c.billed_party IN (SELECT value FROM json_each($1))",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?;
    for row in &rows {
        let subscription = read_subscription(row)?;
        let party: OrganisationId = Fields::new(row, &SUBSCRIPTIONS).parsed("billed_party")?;
        if let Some(directory) = directories.get_mut(&party) {
            directory.subscriptions.insert(subscription.id.clone(), subscription);
        }
    }
    Ok(())
}

pub(crate) async fn organisation(db: impl SqliteExecutor<'_>, id: &OrganisationId) -> Result<Option<Organisation>> {
    let row =
        sqlx::query("SELECT id, body FROM organisations WHERE id = $1").bind(id.as_str()).fetch_optional(db).await?;
    row.as_ref().map(|row| Fields::new(row, &ORGANISATIONS).json("body")).transpose()
}
