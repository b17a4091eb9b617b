//! Events of accounts follow from one another, post what the journal has, and make what documents say
//! they received.

use billing::ids::OrganisationId;
use billing::money::{Amount, Currency};
use billing::ports::{AccountHistory, StoredAccountEvent};
use sqlx::SqliteConnection;

use super::Findings;
use crate::accounts;
use crate::error::Result;
use crate::invoices::INVOICES;
use crate::journal;
use crate::row::{Fields, Table};

const PARTIES: Table = Table { name: "account_events", key: &["issuer", "party"] };

pub(super) async fn check(connection: &mut SqliteConnection, found: &mut Findings) -> Result<()> {
    let rows = sqlx::query(
        "SELECT issuer, party FROM account_events
         UNION SELECT issuer, party FROM invoices WHERE received_minor <> 0 OR written_off_minor <> 0
         ORDER BY issuer, party",
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in &rows {
        let party = Fields::new(row, &PARTIES);
        let (issuer, party_id) = (party.parsed("issuer")?, party.parsed("party")?);
        let checked = check_account(connection, &issuer, &party_id, found).await;
        found.absorb("account_events", checked)?;
    }
    Ok(())
}

async fn check_account(
    connection: &mut SqliteConnection,
    issuer: &OrganisationId,
    party: &OrganisationId,
    found: &mut Findings,
) -> Result<()> {
    let history = accounts::history(connection, issuer, party).await?;
    for (expected, stored) in (1_u64..).zip(&history.events) {
        let name = format!("account_events ({issuer}, {party}, {})", stored.position);
        if stored.position != expected {
            found.push(&name, format_args!("event {expected} before it is missing"));
            return Ok(());
        }
        check_entry(connection, issuer, stored, &name, found).await?;
    }
    check_documents(connection, issuer, party, &history, found).await
}

/// The event's entry posts what the event says.
async fn check_entry(
    connection: &mut SqliteConnection,
    issuer: &OrganisationId,
    stored: &StoredAccountEvent,
    name: &str,
    found: &mut Findings,
) -> Result<()> {
    let position = stored.journal_position;
    let entries = journal::rows(connection, issuer, position.saturating_sub(1), 1).await?;
    // An entry that cannot be read, or is missing, is a finding of the journal or of references.
    let Some(Ok(entry)) = entries.first().map(journal::read_entry) else { return Ok(()) };
    let (entry, event) = (entry.entry, &stored.event);
    let agrees = entry.position == position
        && entry.kind == event.kind()
        && entry.reference == event.reference()
        && entry.booked_at == stored.booked_at
        && Ok(entry.postings) == event.postings();
    if !agrees {
        found.push(name, format_args!("entry {position} of the journal books something else"));
    }
    Ok(())
}

/// What documents received is what their events come to.
async fn check_documents(
    connection: &mut SqliteConnection,
    issuer: &OrganisationId,
    party: &OrganisationId,
    history: &AccountHistory,
    found: &mut Findings,
) -> Result<()> {
    let account = match history.account() {
        Ok(account) => account,
        Err(error) => {
            found.push(format_args!("account_events ({issuer}, {party})"), error);
            return Ok(());
        }
    };
    let rows = sqlx::query(
        "SELECT issuer, number, currency, received_minor, written_off_minor FROM invoices
         WHERE issuer = $1 AND party = $2 ORDER BY number",
    )
    .bind(issuer.as_str())
    .bind(party.as_str())
    .fetch_all(connection)
    .await?;
    for row in &rows {
        let invoice = Fields::new(row, &INVOICES);
        let currency: Currency = invoice.parsed("currency")?;
        let amount = |column| Result::Ok(Amount { minor: invoice.integer(column)?, currency });
        let stored = (amount("received_minor")?, amount("written_off_minor")?);
        let state = account.documents.get(&invoice.parsed("number")?);
        if let Some(state) = state
            && (state.received, state.written_off) != stored
        {
            let fault = format!("received {}, its events make {}", stored.0, state.received);
            found.push(invoice.name(), fault);
        }
    }
    Ok(())
}
