//! Imports customers and subscriptions: the directory below the billed parties.

use std::collections::{BTreeMap, BTreeSet};

use billing::ids::{OrganisationId, SubscriptionId};
use billing::invoice::InvoiceLine;
use billing::licence::Generation;
use billing::party::{Customer, Subscription};
use billing::ports::QuarantinedLine;
use formats::directory::{SubscriptionRow, read_customers, read_subscriptions};
use jiff::Timestamp;

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::import::{ImportFile, ImportReport, keep_quarantined, set_aside};

/// Imports customers. A row without a billed party goes below `organisation`, or below the only
/// party there is. A known customer's name, domain and country are replaced; its party is not.
///
/// # Errors
/// A file that cannot be read, or a storage failure: then nothing of it was imported.
pub async fn import_customers(
    books: &Books,
    file: ImportFile,
    organisation: Option<&OrganisationId>,
    now: Timestamp,
) -> EngineResult<ImportReport> {
    let parsed = read_customers(file.input)?;
    let mut report = ImportReport { source: file.name.clone(), ..ImportReport::default() };
    let parties: BTreeSet<OrganisationId> = books.billed_parties().await?.into_iter().map(|party| party.id).collect();
    let mut customers = Vec::new();
    for row in parsed.value {
        let party = match row.billed_party {
            Some(party) => party,
            None => books.chosen_party(organisation).await?.id,
        };
        let known = books.ledger.customer(&row.customer_id).await?;
        let place = (row.line, row.billed_party_column);
        if let Err((code, message)) = check_party(&parties, &party, known.as_ref()) {
            report.quarantined.push(refused(&file.name, place, "billed_party", code, message));
            continue;
        }
        let customer = Customer {
            id: row.customer_id,
            billed_party: party,
            name: row.name,
            domain: row.domain,
            country: row.country,
        };
        if known.as_ref() == Some(&customer) {
            report.duplicate += 1;
        } else {
            report.accepted += 1;
            customers.push(customer);
        }
    }
    books.ledger.save_customers(&customers).await?;
    report.quarantined.extend(parsed.rejected.into_iter().map(|line| set_aside(&file.name, "customers", "", line)));
    keep_quarantined(books, &file.sha256, &report, now).await?;
    Ok(report)
}

/// Whether a customer, as it is known by now, may be kept below `party`.
fn check_party(
    parties: &BTreeSet<OrganisationId>,
    party: &OrganisationId,
    known: Option<&Customer>,
) -> Result<(), (&'static str, String)> {
    if !parties.contains(party) {
        return Err(("organisation.unknown", format!("no billed organisation is called {:?}", party.as_str())));
    }
    match known.filter(|known| known.billed_party != *party) {
        Some(known) => Err((
            "customer.party_differs",
            format!("customer {} is billed through {}; it cannot be moved", known.id, known.billed_party),
        )),
        None => Ok(()),
    }
}

/// Adds a customer, or replaces a known one's name, domain and country; its party stays.
///
/// # Errors
/// `organisation.unknown`, `customer.party_differs`; storage failures.
pub async fn add_customer(books: &Books, new: &Customer) -> EngineResult<()> {
    let parties: BTreeSet<OrganisationId> = books.billed_parties().await?.into_iter().map(|party| party.id).collect();
    let known = books.ledger.customer(&new.id).await?;
    check_party(&parties, &new.billed_party, known.as_ref())
        .map_err(|(code, message)| EngineError::new(code, message))?;
    Ok(books.ledger.save_customers(std::slice::from_ref(new)).await?)
}

/// Imports subscriptions with the days on which they earn the partner credit.
///
/// # Errors
/// As [`import_customers`].
pub async fn import_subscriptions(books: &Books, file: ImportFile, now: Timestamp) -> EngineResult<ImportReport> {
    let parsed = read_subscriptions(file.input)?;
    let mut report = ImportReport { source: file.name.clone(), ..ImportReport::default() };
    let owners: BTreeMap<_, _> =
        books.ledger.subscriptions().await?.into_iter().map(|(id, owner, _)| (id, owner)).collect();
    let known = known_subscriptions(books, &parsed.value).await?;
    let mut subscriptions = Vec::new();
    for row in parsed.value {
        let place = (row.line, row.customer_id_column);
        if books.ledger.customer(&row.customer_id).await?.is_none() {
            let message = format!("customer {} is not known; import it first", row.customer_id);
            report.quarantined.push(refused(&file.name, place, "customer_id", "customer.unknown", message));
            continue;
        }
        if let Some(owner) = owners.get(&row.subscription_id).filter(|owner| **owner != row.customer_id) {
            let message =
                format!("subscription {} belongs to customer {owner}; it cannot be moved", row.subscription_id);
            let code = "subscription.customer_differs";
            report.quarantined.push(refused(&file.name, place, "customer_id", code, message));
            continue;
        }
        let generation = match generation_of(books, &row, known.get(&row.subscription_id)).await? {
            Ok(generation) => generation,
            Err(Refusal { column, field, code, message }) => {
                report.quarantined.push(refused(&file.name, (row.line, column), field, code, message));
                continue;
            }
        };
        report.accepted += 1;
        subscriptions.push(Subscription {
            id: row.subscription_id,
            customer: row.customer_id,
            name: row.name,
            earned_credit: row.earned_credit,
            generation,
        });
    }
    books.ledger.save_subscriptions(&subscriptions).await?;
    report.quarantined.extend(parsed.rejected.into_iter().map(|line| set_aside(&file.name, "subscriptions", "", line)));
    keep_quarantined(books, &file.sha256, &report, now).await?;
    Ok(report)
}

/// Those of the rows that are known, each with its customer's billed party.
async fn known_subscriptions(
    books: &Books,
    rows: &[SubscriptionRow],
) -> EngineResult<BTreeMap<SubscriptionId, (Subscription, OrganisationId)>> {
    let ids: Vec<SubscriptionId> = rows.iter().map(|row| row.subscription_id.clone()).collect();
    let found = books.ledger.named_subscriptions(&ids).await?;
    Ok(found.into_iter().map(|(known, customer)| (known.id.clone(), (known, customer.billed_party))).collect())
}

/// Why a row is not taken, and which of its fields says so.
struct Refusal {
    column: u64,
    field: &'static str,
    code: &'static str,
    message: String,
}

/// Whose rules a subscription's usage is billed by. A file that does not say it leaves it as it is; usage that was
/// billed on documents of one type does not move to those of the other (CU-3).
async fn generation_of(
    books: &Books,
    row: &SubscriptionRow,
    known: Option<&(Subscription, OrganisationId)>,
) -> EngineResult<Result<Generation, Refusal>> {
    let id = &row.subscription_id;
    let was = known.map(|(known, _)| known.generation).unwrap_or_default();
    let generation = row.generation.unwrap_or(was);
    if generation == Generation::Classic && !row.earned_credit.is_empty() {
        let message =
            format!("subscription {id} is classic and earns no partner credit; leave its earned_credit empty");
        let (column, code) = (row.earned_credit_column, "subscription.classic_earned_credit");
        return Ok(Err(Refusal { column, field: "earned_credit", code, message }));
    }
    if let Some((_, party)) = known.filter(|_| generation != was)
        && has_billed_usage(books, party, id).await?
    {
        let message = format!(
            "usage of subscription {id} was billed as {}; it cannot be billed as {} from now on",
            was.as_str(),
            generation.as_str()
        );
        let (column, code) = (row.generation_column, "subscription.generation_billed");
        return Ok(Err(Refusal { column, field: "generation", code, message }));
    }
    Ok(Ok(generation))
}

async fn has_billed_usage(books: &Books, party: &OrganisationId, id: &SubscriptionId) -> EngineResult<bool> {
    for invoice in books.ledger.invoices(Some(party)).await? {
        let billed = books.ledger.invoice_lines_of(&invoice.number, std::slice::from_ref(id)).await?;
        for bytes in billed {
            let line: InvoiceLine = serde_json::from_slice(&bytes)
                .map_err(|error| EngineError::damaged(&format!("a line of invoice {}", invoice.number), error))?;
            if line.metered().is_some() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// `line` and `column` say where the field stands.
fn refused(source: &str, (line, column): (u64, u64), field: &str, code: &str, message: String) -> QuarantinedLine {
    QuarantinedLine {
        id: 0,
        usage_import: 0,
        source: source.to_owned(),
        format: "directory".to_owned(),
        header: String::new(),
        line,
        column,
        field: field.to_owned(),
        code: code.to_owned(),
        message,
        raw: vec![],
    }
}
