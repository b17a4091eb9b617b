//! Imports customers and subscriptions: the directory below the billed parties.

use std::collections::{BTreeMap, BTreeSet};

use billing::ids::OrganisationId;
use billing::party::{Customer, Subscription};
use billing::ports::QuarantinedLine;
use formats::directory::{read_customers, read_subscriptions};
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
        report.accepted += 1;
        subscriptions.push(Subscription {
            id: row.subscription_id,
            customer: row.customer_id,
            name: row.name,
            earned_credit: row.earned_credit,
        });
    }
    books.ledger.save_subscriptions(&subscriptions).await?;
    report.quarantined.extend(parsed.rejected.into_iter().map(|line| set_aside(&file.name, "subscriptions", "", line)));
    keep_quarantined(books, &file.sha256, &report, now).await?;
    Ok(report)
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
