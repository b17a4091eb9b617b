//! What billing asks of the world: a ledger for documents and money, a store for usage.
//!
//! Ports are coarse: one call is one transaction or one query. A ledger call is seen whole or not
//! at all. Nothing here decides; use cases decide first and then call.

mod budgets;
mod rating;
mod requests;

pub use budgets::StoredBudget;
pub use rating::{
    PlanUsageQuery, RatedPart, RatedUsage, RatingFailure, RatingJob, RatingOutput, SourceRows, UsageSource, UsageSurvey,
};
pub use requests::{KeptAnswer, KeptRequest, KeyedRequest, RunState, StoredRun};

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::{CustomerId, MeterId, OrganisationId, SubscriptionId};
use crate::invoice::{
    Adjustment, Amendment, BlobDigest, CarriedDay, DocumentTotals, InvoiceNumber, InvoiceType, KnownLists,
    PriorClosure, RestatedMonth,
};
use crate::journal::{Entry, EntryHash, EntryKind, Posting};
use crate::licence::{LicenceOrder, PlacedOrder};
use crate::money::Amount;
use crate::party::{Customer, Organisation, PartyDirectory, Subscription};
use crate::period::BillingPeriod;
use crate::rate::{LineFigures, RatedLine};
use crate::settlement::{AccountEvent, DocumentState, PartyAccount, SettlementError};
use crate::usage::{RecordKey, UsageRecord};

/// A failure of a store, in one sentence for the caller and one for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PortError {
    /// Stable, such as `storage.full`.
    pub code: &'static str,
    pub message: String,
    /// What happened inside; never shown to callers.
    pub operator: String,
}

impl PortError {
    #[must_use]
    pub fn new(code: &'static str, message: impl Into<String>, operator: impl fmt::Display) -> Self {
        Self { code, message: message.into(), operator: operator.to_string() }
    }
}

pub type PortResult<T> = Result<T, PortError>;

/// A file of the usage store: a path relative to the data directory, and what it must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    pub path: String,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    pub byte_count: u64,
    pub row_count: u64,
    /// The earliest and the latest usage day inside; `None` for files without days.
    pub days: Option<(Date, Date)>,
}

/// One batch of usage as it stands in the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageFile {
    /// Its place in the manifest, counting from 1; later imports have later places.
    pub place: u64,
    pub rows: StoredFile,
    /// The sorted record keys of the rows.
    pub keys: StoredFile,
}

/// A bad input line that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedLine {
    /// 0 until stored.
    pub id: u64,
    /// The import that set it aside; lines of one import are replayed together. 0 until stored.
    pub usage_import: u64,
    pub source: String,
    /// The format that reads `raw` again; `record` for one that was read but not accepted.
    pub format: String,
    /// The header that `raw` needs to be read, for formats that have one.
    pub header: String,
    pub line: u64,
    pub column: u64,
    pub field: String,
    pub code: String,
    pub message: String,
    pub raw: Vec<u8>,
}

/// One file's import, committed whole.
#[derive(Debug, Clone, Default)]
pub struct UsageImport {
    pub source: String,
    /// SHA-256 of the source as it was given.
    pub source_sha256: String,
    pub imported_at: Timestamp,
    pub accepted: u64,
    pub duplicate: u64,
    /// (rows, keys) of each new file; places are given in this order.
    pub files: Vec<(StoredFile, StoredFile)>,
    pub customers: Vec<Customer>,
    pub subscriptions: Vec<Subscription>,
    pub quarantined: Vec<QuarantinedLine>,
    /// Quarantined lines that this import replays and thereby settles.
    pub settled: Vec<u64>,
}

/// The rated lines of a party's period; a later run replaces an earlier one until the period is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatedRun {
    pub party: OrganisationId,
    pub period: BillingPeriod,
    /// Usage files up to this place were looked at.
    pub usage_through: u64,
    pub files: Vec<StoredFile>,
}

/// A party's closed month, once for each document; what was carried stands with one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    pub party: OrganisationId,
    pub period: BillingPeriod,
    pub usage_through: u64,
    /// `None` when there was nothing to bill.
    pub invoice: Option<InvoiceNumber>,
    pub carried: Vec<CarriedDay>,
    pub lists: KnownLists,
}

impl Closure {
    /// That of its document.
    #[must_use]
    pub fn invoice_type(&self) -> Option<InvoiceType> {
        self.invoice.as_ref().and_then(InvoiceType::of)
    }

    #[must_use]
    pub fn as_prior(&self) -> PriorClosure {
        PriorClosure { period: self.period, usage_through: self.usage_through }
    }
}

/// A party that was set aside in a close, with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parking {
    pub party: OrganisationId,
    pub period: BillingPeriod,
    /// (code, sentence).
    pub reasons: Vec<(String, String)>,
}

/// Writes the document's bytes once its number is known.
pub type HeaderWriter<'a> = Box<dyn Fn(&InvoiceNumber) -> Vec<u8> + Send + Sync + 'a>;

/// Everything that issuing one document writes, decided beforehand; only the number is drawn inside.
pub struct IssueRequest<'a> {
    pub issuer: OrganisationId,
    pub invoice_type: InvoiceType,
    pub issued_at: Timestamp,
    pub due_on: Date,
    pub totals: DocumentTotals,
    pub postings: Vec<Posting>,
    pub header: HeaderWriter<'a>,
    /// In order.
    pub lines: Vec<NewInvoiceLine>,
    /// References of the pending adjustments that it takes.
    pub adjustments: Vec<String>,
    pub rated: RatedRun,
    pub carried: Vec<CarriedDay>,
    pub lists: KnownLists,
    /// The bytes that the document's snapshot names by their digest.
    pub directory: Vec<u8>,
}

/// What is written when a party's period is closed, or why it is not.
#[derive(Debug)]
pub enum ClosingStep<'a> {
    /// A document below zero is money that the party may pay with from then on (PA-6).
    Issue(Box<IssueRequest<'a>>),
    /// Nothing to bill.
    Empty(Closure),
    Park(Parking),
}

/// Documents that amend an invoice, as they are to be written: all of them or none. Their numbers and
/// their places in the chain are the next ones, or nothing is written.
#[derive(Debug)]
pub struct AmendmentRequest {
    /// The first document of the chain.
    pub amends: InvoiceNumber,
    pub invoice_type: InvoiceType,
    pub period: BillingPeriod,
    pub issued_at: Timestamp,
    /// One behind the other.
    pub documents: Vec<NewAmendment>,
    /// What they settle.
    pub booking: AccountBooking,
    /// The lists and orders that the period was restated with, if it was.
    pub restated: Option<KnownLists>,
    /// What the party's next document asks for because of these.
    pub deferred: Vec<Adjustment>,
}

/// One of the documents of an [`AmendmentRequest`].
#[derive(Debug)]
pub struct NewAmendment {
    pub number: InvoiceNumber,
    pub how: Amendment,
    /// In the chain, from 1.
    pub position: u32,
    pub due_on: Date,
    pub total: Amount,
    pub postings: Vec<Posting>,
    pub header: Vec<u8>,
    /// In order.
    pub lines: Vec<NewInvoiceLine>,
    /// The bytes that its snapshot names, where it is a new one.
    pub directory: Option<Vec<u8>>,
}

/// A line that is about to be issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvoiceLine {
    pub subscription: SubscriptionId,
    /// The bytes that are stored.
    pub body: Vec<u8>,
}

impl fmt::Debug for IssueRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssueRequest")
            .field("party", &self.rated.party)
            .field("period", &self.rated.period)
            .field("line_count", &self.lines.len())
            .finish_non_exhaustive()
    }
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepOutcome {
    Issued(InvoiceNumber),
    /// Closed without a document.
    Empty,
    Parked,
    /// The party's period was closed before; nothing was written (INV-4).
    AlreadyClosed(Option<InvoiceNumber>),
}

/// A document as it is stored. `header` and `lines` are bytes that never change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredInvoice {
    pub number: InvoiceNumber,
    pub issuer: OrganisationId,
    pub party: OrganisationId,
    pub period: BillingPeriod,
    pub invoice_type: InvoiceType,
    pub issued_at: Timestamp,
    /// The first document of its chain, where it amends one.
    pub amends: Option<InvoiceNumber>,
    pub header: Vec<u8>,
    /// SHA-256 over header and lines, each with its length in front ([`document_digest`]).
    pub digest: String,
    pub line_count: u32,
    /// Allocated to it; below zero what a credit note released.
    pub received: Amount,
    pub written_off: Amount,
    pub rated_files: Vec<StoredFile>,
}

/// A rendered document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDocument {
    pub number: InvoiceNumber,
    pub kind: String,
    pub sha256: String,
    pub path: String,
}

/// A token as it is stored: hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// SHA-256 of the token, in hexadecimal.
    pub hash: String,
    pub organisation: OrganisationId,
    pub role: String,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
}

/// A program that gets tokens for its id and secret; the secret is hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredClient {
    pub id: String,
    /// SHA-256 of the secret, in hexadecimal.
    pub secret_hash: String,
    pub organisation: OrganisationId,
    pub role: String,
    pub created_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

/// An event of a party's account as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAccountEvent {
    /// Counts from 1.
    pub position: u64,
    pub event: AccountEvent,
    pub booked_at: Timestamp,
    /// Its entry in the issuer's journal.
    pub journal_position: u64,
}

/// All of a party's account with its issuer.
#[derive(Debug, Clone)]
pub struct AccountHistory {
    /// As they were issued.
    pub documents: BTreeMap<InvoiceNumber, DocumentState>,
    pub types: BTreeMap<InvoiceNumber, InvoiceType>,
    pub events: Vec<StoredAccountEvent>,
}

impl AccountHistory {
    /// How the account stands now.
    ///
    /// # Errors
    /// Events that could not have been booked.
    pub fn account(&self) -> Result<PartyAccount, SettlementError> {
        PartyAccount::after(self.documents.clone(), self.events.iter().map(|stored| &stored.event))
    }

    /// The position of the last event, 0 for none.
    #[must_use]
    pub fn last_position(&self) -> u64 {
        self.events.last().map_or(0, |stored| stored.position)
    }
}

/// Events that are booked together or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountBooking {
    pub issuer: OrganisationId,
    pub party: OrganisationId,
    /// The last event that the decision was made on.
    pub after: u64,
    pub booked_at: Timestamp,
    pub events: Vec<AccountEvent>,
    /// The documents that the events change, as they stand after them.
    pub documents: Vec<(InvoiceNumber, DocumentState)>,
}

/// What a party's period is billed from, besides usage and lists.
#[derive(Debug, Clone)]
pub struct BilledParty {
    pub directory: PartyDirectory,
    /// In the order of their periods.
    pub closures: Vec<Closure>,
    /// In the order of their acceptance.
    pub orders: Vec<PlacedOrder>,
    /// Those that wait for the next document.
    pub adjustments: Vec<Adjustment>,
    pub restated: Vec<RestatedMonth>,
}

/// Orders of a party together with the subscriptions that they begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedOrders {
    pub party: OrganisationId,
    /// In the order of their acceptance.
    pub orders: Vec<LicenceOrder>,
    pub subscriptions: Vec<Subscription>,
}

/// An entry of the journal as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    pub entry: Entry,
    pub hash: EntryHash,
}

/// What a list says; of each kind later ones win.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ListKind {
    PriceSheet,
    ExchangeRates,
    TaxRates,
    Offers,
    /// What savings plans pay for.
    SavingsPlans,
}

impl ListKind {
    pub const ALL: [Self; 5] =
        [Self::PriceSheet, Self::ExchangeRates, Self::TaxRates, Self::Offers, Self::SavingsPlans];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PriceSheet => "price_sheet",
            Self::ExchangeRates => "exchange_rates",
            Self::TaxRates => "tax_rates",
            Self::Offers => "offers",
            Self::SavingsPlans => "savings_plans",
        }
    }
}

/// A list as it was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredList {
    /// Counts from 1 in its kind.
    pub position: u64,
    pub digest: BlobDigest,
    pub title: String,
    pub imported_at: Timestamp,
}

/// An entry before its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    pub kind: EntryKind,
    pub reference: String,
    pub booked_at: Timestamp,
    pub postings: Vec<Posting>,
}

/// Documents, numbers, journal, manifest, directory. All of one data directory.
#[async_trait]
pub trait Ledger: Send + Sync + fmt::Debug {
    // Directory.
    async fn organisations(&self) -> PortResult<Vec<Organisation>>;
    async fn organisation(&self, id: &OrganisationId) -> PortResult<Option<Organisation>>;
    /// Adds or replaces organisations; what was issued keeps its own copy.
    async fn save_organisations(&self, organisations: &[Organisation]) -> PortResult<()>;
    async fn save_customers(&self, customers: &[Customer]) -> PortResult<()>;
    async fn save_subscriptions(&self, subscriptions: &[Subscription]) -> PortResult<()>;
    async fn customer(&self, id: &CustomerId) -> PortResult<Option<Customer>>;
    /// All subscriptions with their billed party, for the look-up of an import.
    async fn subscriptions(&self) -> PortResult<Vec<(SubscriptionId, CustomerId, OrganisationId)>>;
    /// Those of `ids` that are known, each with its customer.
    async fn named_subscriptions(&self, ids: &[SubscriptionId]) -> PortResult<Vec<(Subscription, Customer)>>;
    async fn party_directory(&self, party: &OrganisationId) -> PortResult<Option<PartyDirectory>>;
    /// What some parties are billed from, all of one moment, with their orders up to a place.
    /// Organisations that nobody bills are left out.
    async fn billed_parties(
        &self,
        parties: &[OrganisationId],
        orders_through: u64,
    ) -> PortResult<BTreeMap<OrganisationId, BilledParty>>;

    // Orders of licences, in the order of their acceptance.
    async fn accept_orders(&self, accepted: &[AcceptedOrders], at: Timestamp) -> PortResult<()>;
    /// A party's orders up to a place.
    async fn orders(&self, party: &OrganisationId, through: u64) -> PortResult<Vec<PlacedOrder>>;
    /// The place of the last order of all, 0 for none.
    async fn last_order(&self) -> PortResult<u64>;

    // Blobs: bytes by their digest.
    async fn put_blob(&self, bytes: &[u8]) -> PortResult<BlobDigest>;
    async fn blob(&self, digest: &BlobDigest) -> PortResult<Option<Vec<u8>>>;

    // Lists that billing reads, in the order of their import. Adding the same list again right
    // after itself changes nothing and answers false.
    async fn add_list(&self, kind: ListKind, digest: &BlobDigest, title: &str, at: Timestamp) -> PortResult<bool>;
    async fn lists(&self, kind: ListKind) -> PortResult<Vec<BlobDigest>>;
    /// The same lists with what is known of their import.
    async fn list_imports(&self, kind: ListKind) -> PortResult<Vec<StoredList>>;

    // Usage manifest and quarantine.
    async fn commit_usage_import(&self, import: &UsageImport) -> PortResult<()>;
    async fn usage_files(&self) -> PortResult<Vec<UsageFile>>;
    /// Puts files in the place of others with the same records. The others stay in the manifest as
    /// retired as long as a rated run reads them.
    async fn commit_compaction(
        &self,
        merged: &[u64],
        into: &[(StoredFile, StoredFile)],
        at: Timestamp,
    ) -> PortResult<()>;
    /// Files of records that were merged into others since some rated run read them.
    async fn retired_usage_files(&self) -> PortResult<Vec<StoredFile>>;
    async fn quarantine(&self) -> PortResult<Vec<QuarantinedLine>>;
    async fn drop_quarantined(&self, ids: &[u64]) -> PortResult<()>;

    // Rating and closing.
    /// Replaces the party's run of this period and answers the files that nothing names any more.
    /// A closed period is left alone: then the new files are answered.
    async fn commit_rating(&self, run: &RatedRun, parts: &[RatedPart]) -> PortResult<Vec<StoredFile>>;
    /// The parts of the party's run of this period, each with its files.
    async fn rated_parts(
        &self,
        party: &OrganisationId,
        period: BillingPeriod,
    ) -> PortResult<Vec<(RatedPart, Vec<StoredFile>)>>;
    async fn rated_run(&self, party: &OrganisationId, period: BillingPeriod) -> PortResult<Option<RatedRun>>;
    async fn rated_files(&self) -> PortResult<Vec<StoredFile>>;
    /// A party's closures in the order of their periods and types.
    async fn closures(&self, party: &OrganisationId) -> PortResult<Vec<Closure>>;
    /// Writes amendments with what they settle. False when another document took a number or a place in the
    /// chain, or somebody booked on the account meanwhile; nothing is written then.
    async fn amend(&self, request: &AmendmentRequest) -> PortResult<bool>;
    /// How many numbers of a series were drawn.
    async fn last_counter(&self, issuer: &OrganisationId, invoice_type: InvoiceType) -> PortResult<u64>;
    /// Takes all steps in their order or none of them; numbers are drawn inside.
    async fn close_parties(&self, steps: &[ClosingStep<'_>]) -> PortResult<Vec<StepOutcome>>;
    /// Those of the last closed month of each party, by party and type.
    async fn last_closures(&self) -> PortResult<Vec<Closure>>;
    /// Keeps an adjustment for the party's next document. False when the same is kept already.
    async fn add_adjustment(&self, party: &OrganisationId, new: &Adjustment, at: Timestamp) -> PortResult<bool>;
    /// A party's adjustments of one document, or those that wait for the next; by their references.
    async fn adjustments(&self, party: &OrganisationId, number: Option<&InvoiceNumber>) -> PortResult<Vec<Adjustment>>;
    async fn parkings(&self, period: Option<BillingPeriod>) -> PortResult<Vec<Parking>>;

    // Documents.
    /// A party's documents, or all, by issue time and number.
    async fn invoices(&self, party: Option<&OrganisationId>) -> PortResult<Vec<StoredInvoice>>;
    /// The documents that amend an invoice, in the order of their chain.
    async fn amendments(&self, issuer: &OrganisationId, number: &InvoiceNumber) -> PortResult<Vec<StoredInvoice>>;
    /// A party's restated months, each with the last restatement of each series.
    async fn restated_months(&self, party: &OrganisationId) -> PortResult<Vec<RestatedMonth>>;
    async fn invoice(&self, number: &InvoiceNumber) -> PortResult<Option<StoredInvoice>>;
    /// Lines after `after` (0 for the first page), at most `limit`.
    async fn invoice_lines(&self, number: &InvoiceNumber, after: u32, limit: u32) -> PortResult<Vec<Vec<u8>>>;
    /// The lines of some subscriptions, in their order.
    async fn invoice_lines_of(
        &self,
        number: &InvoiceNumber,
        subscriptions: &[SubscriptionId],
    ) -> PortResult<Vec<Vec<u8>>>;
    async fn document(&self, number: &InvoiceNumber, kind: &str) -> PortResult<Option<StoredDocument>>;
    /// Keeps the first rendering; a second one of the same document is not stored.
    async fn add_document(&self, document: &StoredDocument) -> PortResult<()>;
    async fn documents(&self) -> PortResult<Vec<StoredDocument>>;

    // Payments and journal.
    /// A party's account with its issuer.
    async fn account(&self, issuer: &OrganisationId, party: &OrganisationId) -> PortResult<AccountHistory>;
    /// False when other events were booked since the decision was made; nothing is written then.
    async fn book_account_events(&self, booking: &AccountBooking) -> PortResult<bool>;
    /// Entries after `after` of an organisation's chain, at most `limit`.
    async fn journal(&self, organisation: &OrganisationId, after: u64, limit: u32) -> PortResult<Vec<StoredEntry>>;

    // Tokens, clients and settings.
    async fn add_token(&self, token: &StoredToken) -> PortResult<()>;
    async fn token(&self, hash: &str) -> PortResult<Option<StoredToken>>;
    async fn add_client(&self, client: &StoredClient) -> PortResult<()>;
    async fn client(&self, id: &str) -> PortResult<Option<StoredClient>>;
    /// By organisation and id.
    async fn clients(&self) -> PortResult<Vec<StoredClient>>;
    /// False where it is unknown or was revoked before.
    async fn revoke_client(&self, id: &str, at: Timestamp) -> PortResult<bool>;
    async fn setting(&self, name: &str) -> PortResult<Option<String>>;
    async fn set_setting(&self, name: &str, value: &str) -> PortResult<()>;

    // Budgets of customers.
    /// Those of a party's customers, by customer.
    async fn budgets(&self, party: &OrganisationId) -> PortResult<Vec<StoredBudget>>;
    async fn budget(&self, customer: &CustomerId) -> PortResult<Option<StoredBudget>>;
    /// Puts a budget in the place of another one.
    async fn set_budget(&self, budget: &StoredBudget) -> PortResult<()>;
    async fn remove_budget(&self, customer: &CustomerId) -> PortResult<()>;

    // Requests with an idempotency key.
    async fn kept_request(&self, organisation: &OrganisationId, key: &str) -> PortResult<Option<KeptRequest>>;
    /// Keeps a request before it is worked on, and forgets those that began before `forget_before`. What
    /// is kept under the key already stays, and is answered.
    async fn begin_request(&self, request: &KeyedRequest, forget_before: Timestamp) -> PortResult<Option<KeptRequest>>;
    async fn answer_request(&self, organisation: &OrganisationId, key: &str, answer: &KeptAnswer) -> PortResult<()>;
    async fn forget_request(&self, organisation: &OrganisationId, key: &str) -> PortResult<()>;

    // Billing runs that were started through the API.
    /// False when there is a run of this id.
    async fn add_run(&self, run: &StoredRun) -> PortResult<bool>;
    /// Ends a run that is running.
    async fn end_run(&self, id: &str, state: RunState, outcome: &str, at: Timestamp) -> PortResult<()>;
    /// Ends all that are running: only while no other process writes.
    async fn interrupt_runs(&self, at: Timestamp) -> PortResult<()>;
    /// An organisation's runs, the latest first.
    async fn runs(&self, organisation: &OrganisationId) -> PortResult<Vec<StoredRun>>;

    /// Checks the database file itself; sentences about what is broken, empty when sound.
    async fn integrity(&self) -> PortResult<Vec<String>>;
}

/// A record as it lies in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredUsage {
    pub place: u64,
    pub key: RecordKey,
    pub record: UsageRecord,
}

/// A record that was refused because its id is known with other content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRecord {
    pub line: u64,
    pub record: UsageRecord,
    pub code: &'static str,
    pub message: String,
}

/// What an import session wrote. Nothing of it is visible before the ledger commits it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportedUsage {
    pub accepted: u64,
    pub duplicate: u64,
    pub refused: Vec<RefusedRecord>,
    pub files: Vec<(StoredFile, StoredFile)>,
}

/// Takes the records of one source file.
pub trait ImportSession {
    /// # Errors
    /// Storage failures; the session is then abandoned and nothing of it remains visible.
    fn push(&mut self, line: u64, record: UsageRecord) -> PortResult<()>;
    /// Syncs all files.
    ///
    /// # Errors
    /// As [`ImportSession::push`].
    fn finish(self: Box<Self>) -> PortResult<ImportedUsage>;
}

/// Which records are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageFilter {
    pub from: Date,
    /// The first day that is not read.
    pub until: Date,
    /// Only the records of this subscription.
    pub subscription: Option<SubscriptionId>,
    /// Only the records of this meter.
    pub meter: Option<MeterId>,
}

impl UsageFilter {
    /// All records of some days.
    #[must_use]
    pub fn days(from: Date, until: Date) -> Self {
        Self { from, until, subscription: None, meter: None }
    }
}

/// Usage and rated lines in files.
pub trait UsageStore: Send + Sync + fmt::Debug {
    /// Starts an import that knows the records of `known`. `closed_months` are those that any
    /// party has been billed for: a restatement of their records is refused.
    ///
    /// # Errors
    /// Storage failures, or a key file that is damaged.
    fn begin_import<'a>(
        &'a self,
        known: &'a [UsageFile],
        closed_months: &'a [BillingPeriod],
    ) -> PortResult<Box<dyn ImportSession + 'a>>;

    /// Hands over every record of `files` that `filter` lets through, of records with several
    /// revisions the highest only.
    ///
    /// # Errors
    /// A file that is missing or damaged.
    fn read_usage(
        &self,
        files: &[UsageFile],
        filter: &UsageFilter,
        take: &mut dyn FnMut(StoredUsage) -> PortResult<()>,
    ) -> PortResult<()>;

    /// Looks through `files` once, so that party after party can be rated from them.
    ///
    /// # Errors
    /// A file that is missing or damaged.
    fn survey<'a>(&'a self, files: &[UsageFile]) -> PortResult<Box<dyn UsageSurvey + 'a>>;

    /// Merges files of one month into few that follow one another in the order of rating, with the same
    /// records. None when there is nothing to gain. `tick` hears of rows that were written, some more
    /// than once.
    ///
    /// # Errors
    /// A file that is missing or damaged, or a storage failure; nothing is left behind.
    fn compact(&self, files: &[UsageFile], tick: &(dyn Fn(u64) + Sync)) -> PortResult<Vec<(StoredFile, StoredFile)>>;

    /// Rated lines `after..` in their order, at most `limit` whose figures `keep` accepts, each with
    /// its place (from 1) over all `files`.
    ///
    /// # Errors
    /// A file that is missing or damaged.
    fn read_rated(
        &self,
        files: &[StoredFile],
        after: u64,
        limit: usize,
        keep: &dyn Fn(&LineFigures) -> bool,
    ) -> PortResult<Vec<(u64, RatedLine)>>;

    /// Compares a file with its digest; a sentence about what is wrong, or none.
    ///
    /// # Errors
    /// Storage failures other than a missing file.
    fn check_file(&self, file: &StoredFile) -> PortResult<Option<String>>;

    /// Paths and bytes of files that are not in `known`, in order: what a killed process left behind.
    ///
    /// # Errors
    /// Storage failures.
    fn unknown_files(&self, known: &BTreeSet<String>) -> PortResult<Vec<(String, u64)>>;

    /// Removes the files that are not in `known`; answers their paths in order.
    ///
    /// # Errors
    /// Storage failures.
    fn sweep(&self, known: &BTreeSet<String>) -> PortResult<Vec<String>>;

    /// Removes files that nothing names any more.
    ///
    /// # Errors
    /// Storage failures.
    fn remove(&self, files: &[StoredFile]) -> PortResult<()>;
}

/// SHA-256 over header and lines, each with its length (8 bytes, big-endian) in front; hexadecimal.
#[must_use]
pub fn document_digest<'a>(header: &'a [u8], lines: impl IntoIterator<Item = &'a [u8]>) -> String {
    use sha2::{Digest, Sha256};
    let mut hasher = Sha256::new();
    for part in std::iter::once(header).chain(lines) {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part);
    }
    hex(&hasher.finalize())
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
