//! The ports of `billing` in memory: as simple as they can be and stay right.
//!
//! A simulation runs use cases on them, and what they answer is what the real stores have to answer.
//! Nothing here is fast, and no index is kept that could disagree with its rows.

mod accounts;
mod amending;
mod closing;
mod directory;
mod documents;
mod imports;
mod integrity;
mod ledger;
mod rating;
mod requests;
mod session;
mod store;
mod survey;

pub use ledger::MemoryLedger;
pub use store::MemoryStore;

use std::collections::BTreeMap;

use billing::ids::{CustomerId, OrganisationId, SubscriptionId};
use billing::invoice::{Adjustment, InvoiceNumber, InvoiceType, RestatedMonth};
use billing::licence::LicenceOrder;
use billing::party::{Customer, Organisation, Subscription};
use billing::period::BillingPeriod;
use billing::ports::{
    Closure, KeptRequest, ListKind, NewInvoiceLine, Parking, PortError, StoredAccountEvent, StoredBudget, StoredClient,
    StoredDocument, StoredEntry, StoredInvoice, StoredList, StoredRun, StoredToken,
};
use billing::settlement::DocumentState;

use imports::{PlacedFile, Waiting};
use rating::KeptRun;

/// Everything that a ledger keeps. A call changes it after all that may fail, or changes a copy, so that a
/// call that fails changes nothing.
#[derive(Debug, Clone, Default)]
struct Tables {
    organisations: BTreeMap<OrganisationId, Organisation>,
    customers: BTreeMap<CustomerId, Customer>,
    subscriptions: BTreeMap<SubscriptionId, Subscription>,
    /// In the order of their acceptance.
    orders: Vec<(OrganisationId, LicenceOrder)>,
    blobs: BTreeMap<String, Vec<u8>>,
    lists: BTreeMap<ListKind, Vec<StoredList>>,
    import_count: u64,
    compaction_count: u64,
    usage_files: Vec<PlacedFile>,
    quarantine: Vec<Waiting>,
    runs: BTreeMap<(OrganisationId, BillingPeriod), KeptRun>,
    /// By type of document; `None` closes a period for every type.
    closures: BTreeMap<(OrganisationId, BillingPeriod, Option<InvoiceType>), Closure>,
    counters: BTreeMap<(OrganisationId, InvoiceType), u64>,
    documents: BTreeMap<(OrganisationId, InvoiceNumber), IssuedDocument>,
    /// The last one of each month and series.
    restatements: BTreeMap<(OrganisationId, BillingPeriod, Option<char>), RestatedMonth>,
    adjustments: BTreeMap<(OrganisationId, String), KeptAdjustment>,
    parkings: BTreeMap<(BillingPeriod, OrganisationId), Parking>,
    renderings: BTreeMap<(InvoiceNumber, String), StoredDocument>,
    /// By issuer and party.
    events: BTreeMap<(OrganisationId, OrganisationId), Vec<StoredAccountEvent>>,
    journal: BTreeMap<OrganisationId, Vec<StoredEntry>>,
    tokens: BTreeMap<String, StoredToken>,
    clients: BTreeMap<String, StoredClient>,
    settings: BTreeMap<String, String>,
    budgets: BTreeMap<CustomerId, StoredBudget>,
    /// By organisation and key.
    requests: BTreeMap<(OrganisationId, String), KeptRequest>,
    /// Runs that were started through the API, by their ids.
    started: BTreeMap<String, StoredRun>,
}

/// A document with its lines, and as its account saw it when it was issued.
#[derive(Debug, Clone)]
struct IssuedDocument {
    stored: StoredInvoice,
    lines: Vec<NewInvoiceLine>,
    issued: DocumentState,
}

/// An adjustment, and the document that took it.
#[derive(Debug, Clone)]
struct KeptAdjustment {
    adjustment: Adjustment,
    number: Option<InvoiceNumber>,
}

/// A write that contradicts what is there.
fn conflict(operator: impl std::fmt::Display) -> PortError {
    PortError::new("ledger.conflict", "the ledger has this already", operator)
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
