//! Closed months that were restated: which lists they know from then on (IN-13,
//! docs/rules/corrections.md).

use billing::ids::OrganisationId;
use billing::invoice::{InvoiceNumber, KnownLists, RestatedMonth};
use billing::period::BillingPeriod;
use sqlx::SqliteConnection;

use crate::error::Result;
use crate::row::{Fields, Table, integer};

const RESTATEMENTS: Table = Table { name: "restatements", key: &["party", "period", "position"] };

pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    (issuer, party): (&OrganisationId, &OrganisationId),
    period: BillingPeriod,
    lists: &KnownLists,
    by: &InvoiceNumber,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO restatements (party, period, position, known_rates, known_taxes, known_offers, known_orders,
             issuer, number)
         SELECT $1, $2, COALESCE(MAX(position), 0) + 1, $3, $4, $5, $6, $7, $8 FROM restatements
         WHERE party = $1 AND period = $2",
    )
    .bind(party.as_str())
    .bind(period.to_string())
    .bind(integer(lists.exchange_rates)?)
    .bind(integer(lists.tax_rates)?)
    .bind(integer(lists.offers)?)
    .bind(integer(lists.orders)?)
    .bind(issuer.as_str())
    .bind(by.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

/// What a closure or a restatement knew.
pub(crate) fn known_lists(fields: &Fields<'_>) -> Result<KnownLists> {
    Ok(KnownLists {
        exchange_rates: fields.unsigned("known_rates")?,
        tax_rates: fields.unsigned("known_taxes")?,
        offers: fields.unsigned("known_offers")?,
        orders: fields.unsigned("known_orders")?,
    })
}

/// Of `parties`, a JSON array: each month with the last restatement of each series, in the order of the months.
pub(crate) async fn of_parties(
    connection: &mut SqliteConnection,
    parties: &str,
) -> Result<Vec<(OrganisationId, RestatedMonth)>> {
    let rows = sqlx::query(
        "SELECT party, period, MAX(position) AS position, known_rates, known_taxes, known_offers, known_orders,
             number
         FROM restatements WHERE party IN (SELECT value FROM json_each($1))
         GROUP BY party, period, SUBSTR(number, 1, 1) ORDER BY party, period, number",
    )
    .bind(parties)
    .fetch_all(connection)
    .await?;
    let read = |row| {
        let fields = Fields::new(row, &RESTATEMENTS);
        let (period, lists, by) = (fields.parsed("period")?, known_lists(&fields)?, fields.parsed("number")?);
        let month = RestatedMonth { period, lists, by };
        Ok((fields.parsed("party")?, month))
    };
    rows.iter().map(read).collect()
}

pub(crate) async fn of_party(connection: &mut SqliteConnection, party: &OrganisationId) -> Result<Vec<RestatedMonth>> {
    let months = of_parties(connection, &serde_json::to_string(&[party])?).await?;
    Ok(months.into_iter().map(|(_, month)| month).collect())
}
