//! Accounts of billed parties: what came in, and which documents it was put to (PA-1 to PA-6,
//! docs/rules/payments.md).

use std::collections::BTreeMap;

use billing::ids::OrganisationId;
use billing::invoice::InvoiceNumber;
use billing::money::{Amount, Currency};
use billing::ports::{AccountBooking, AccountHistory, NewEntry, StoredAccountEvent};
use billing::settlement::DocumentState;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::error::Result;
use crate::invoices::INVOICES;
use crate::journal;
use crate::open::SqliteLedger;
use crate::row::{Fields, Table, instant, integer};

pub(crate) const ACCOUNT_EVENTS: Table = Table { name: "account_events", key: &["issuer", "party", "position"] };

/// Books the events behind those that the decision was made on. False when others came between.
pub(crate) async fn book(ledger: &SqliteLedger, booking: &AccountBooking) -> Result<bool> {
    let mut transaction = ledger.write().await?;
    if !book_in(&mut transaction, booking).await? {
        return Ok(false);
    }
    transaction.commit().await?;
    Ok(true)
}

/// As [`book`], in the caller's transaction.
pub(crate) async fn book_in(connection: &mut SqliteConnection, booking: &AccountBooking) -> Result<bool> {
    if last_position(&mut *connection, &booking.issuer, &booking.party).await? != booking.after {
        return Ok(false);
    }
    for (position, event) in (booking.after.saturating_add(1)..).zip(&booking.events) {
        let entry = NewEntry {
            kind: event.kind(),
            reference: event.reference().to_owned(),
            booked_at: booking.booked_at,
            postings: event.postings()?,
        };
        let entry = journal::append(&mut *connection, &booking.issuer, entry).await?;
        sqlx::query(
            "INSERT INTO account_events (issuer, party, position, document, event, booked_at, journal_position)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(booking.issuer.as_str())
        .bind(booking.party.as_str())
        .bind(integer(position)?)
        .bind(event.document().map(InvoiceNumber::as_str))
        .bind(serde_json::to_string(event)?)
        .bind(instant(booking.booked_at))
        .bind(entry)
        .execute(&mut *connection)
        .await?;
    }
    for (number, state) in &booking.documents {
        sqlx::query(
            "UPDATE invoices SET received_minor = $1, written_off_minor = $2
             WHERE issuer = $3 AND number = $4 AND party = $5",
        )
        .bind(state.received.minor)
        .bind(state.written_off.minor)
        .bind(booking.issuer.as_str())
        .bind(number.as_str())
        .bind(booking.party.as_str())
        .execute(&mut *connection)
        .await?;
    }
    Ok(true)
}

/// 0 before the first event.
pub(crate) async fn last_position(
    connection: &mut SqliteConnection,
    issuer: &OrganisationId,
    party: &OrganisationId,
) -> Result<u64> {
    let row = sqlx::query(
        "SELECT issuer, party, position FROM account_events
         WHERE issuer = $1 AND party = $2 ORDER BY position DESC LIMIT 1",
    )
    .bind(issuer.as_str())
    .bind(party.as_str())
    .fetch_optional(connection)
    .await?;
    row.map_or(Ok(0), |row| Fields::new(&row, &ACCOUNT_EVENTS).unsigned("position"))
}

/// A party's documents as they were issued, and the events of its account in their order.
pub(crate) async fn history(
    snapshot: &mut SqliteConnection,
    issuer: &OrganisationId,
    party: &OrganisationId,
) -> Result<AccountHistory> {
    let rows = sqlx::query(
        "SELECT issuer, number, invoice_type, currency, total_minor, issued_at, due_on FROM invoices
         WHERE issuer = $1 AND party = $2",
    )
    .bind(issuer.as_str())
    .bind(party.as_str())
    .fetch_all(&mut *snapshot)
    .await?;
    let mut history = AccountHistory { documents: BTreeMap::new(), types: BTreeMap::new(), events: Vec::new() };
    for row in &rows {
        let fields = Fields::new(row, &INVOICES);
        let number: InvoiceNumber = fields.parsed("number")?;
        let currency: Currency = fields.parsed("currency")?;
        let total = Amount { minor: fields.integer("total_minor")?, currency };
        let state = DocumentState::issued(total, fields.parsed("issued_at")?, fields.parsed("due_on")?);
        history.types.insert(number.clone(), fields.invoice_type("invoice_type")?);
        history.documents.insert(number, state);
    }
    let rows = sqlx::query(
        "SELECT issuer, party, position, event, booked_at, journal_position FROM account_events
         WHERE issuer = $1 AND party = $2 ORDER BY position",
    )
    .bind(issuer.as_str())
    .bind(party.as_str())
    .fetch_all(snapshot)
    .await?;
    history.events = rows.iter().map(read_event).collect::<Result<_>>()?;
    Ok(history)
}

fn read_event(row: &SqliteRow) -> Result<StoredAccountEvent> {
    let fields = Fields::new(row, &ACCOUNT_EVENTS);
    Ok(StoredAccountEvent {
        position: fields.unsigned("position")?,
        event: fields.json("event")?,
        booked_at: fields.parsed("booked_at")?,
        journal_position: fields.unsigned("journal_position")?,
    })
}
