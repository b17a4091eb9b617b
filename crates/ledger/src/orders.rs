//! Orders of licences, in the order of their acceptance.

use billing::ids::OrganisationId;
use billing::licence::PlacedOrder;
use billing::ports::AcceptedOrders;
use jiff::Timestamp;
use sqlx::{SqliteConnection, SqliteExecutor};

use crate::directory::{self, Known};
use crate::error::Result;
use crate::open::SqliteLedger;
use crate::row::{Fields, Table, insert_rows, instant, integer};

const ORDERS: Table = Table { name: "orders", key: &["place"] };

pub(crate) async fn accept(ledger: &SqliteLedger, accepted: &[AcceptedOrders], at: Timestamp) -> Result<()> {
    let mut transaction = ledger.write().await?;
    for AcceptedOrders { subscriptions, .. } in accepted {
        directory::insert_subscriptions(&mut transaction, subscriptions, Known::Keep).await?;
    }
    let last = last_place(&mut *transaction).await?;
    let orders = accepted.iter().flat_map(|of_party| of_party.orders.iter().map(|order| (&of_party.party, order)));
    let placed: Vec<_> = (last.saturating_add(1)..).zip(orders).collect();
    insert_rows(
        &mut transaction,
        "INSERT INTO orders (place, party, order_id, body, accepted_at) ",
        "",
        &placed,
        |values, (place, (party, order))| {
            values
                .push_bind(integer(*place)?)
                .push_bind(party.as_str().to_owned())
                .push_bind(order.order_id.clone())
                .push_bind(serde_json::to_string(order)?)
                .push_bind(instant(at));
            Ok(())
        },
    )
    .await?;
    Ok(transaction.commit().await?)
}

pub(crate) async fn last_place(db: impl SqliteExecutor<'_>) -> Result<u64> {
    let row = sqlx::query("SELECT place FROM orders ORDER BY place DESC LIMIT 1").fetch_optional(db).await?;
    row.map_or(Ok(0), |row| Fields::new(&row, &ORDERS).unsigned("place"))
}

pub(crate) async fn of_party(
    db: impl SqliteExecutor<'_>,
    party: &OrganisationId,
    through: u64,
) -> Result<Vec<PlacedOrder>> {
    let rows = sqlx::query("SELECT place, body FROM orders WHERE party = $1 AND place <= $2 ORDER BY place")
        .bind(party.as_str())
        .bind(i64::try_from(through).unwrap_or(i64::MAX))
        .fetch_all(db)
        .await?;
    rows.iter().map(|row| placed(&Fields::new(row, &ORDERS))).collect()
}

fn placed(fields: &Fields<'_>) -> Result<PlacedOrder> {
    Ok(PlacedOrder { place: fields.unsigned("place")?, order: fields.json("body")? })
}

/// Of `parties`, a JSON array, each with its party, in the order of their acceptance.
pub(crate) async fn of_parties(
    connection: &mut SqliteConnection,
    parties: &str,
    through: u64,
) -> Result<Vec<(OrganisationId, PlacedOrder)>> {
    let rows = sqlx::query(
        "SELECT place, party, body FROM orders
         WHERE party IN (SELECT value FROM json_each($1)) AND place <= $2 ORDER BY party, place",
    )
    .bind(parties)
    .bind(i64::try_from(through).unwrap_or(i64::MAX))
    .fetch_all(connection)
    .await?;
    let read = |row| {
        let fields = Fields::new(row, &ORDERS);
        Ok((fields.parsed("party")?, placed(&fields)?))
    };
    rows.iter().map(read).collect()
}
