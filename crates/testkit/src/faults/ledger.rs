//! A ledger at whose calls processes fail and die.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use billing::ids::{CustomerId, OrganisationId, SubscriptionId};
use billing::invoice::{Adjustment, BlobDigest, InvoiceNumber, InvoiceType, RestatedMonth};
use billing::licence::PlacedOrder;
use billing::party::{Customer, Organisation, PartyDirectory, Subscription};
use billing::period::BillingPeriod;
use billing::ports::{
    AcceptedOrders, AccountBooking, AccountHistory, AmendmentRequest, BilledParty, ClosingStep, Closure, KeptAnswer,
    KeptRequest, KeyedRequest, Ledger, ListKind, Parking, PortResult, QuarantinedLine, RatedPart, RatedRun, RunState,
    StepOutcome, StoredBudget, StoredClient, StoredDocument, StoredEntry, StoredFile, StoredInvoice, StoredList,
    StoredRun, StoredToken, UsageFile, UsageImport,
};
use jiff::Timestamp;

use super::Faults;

/// Any ledger with faults in front.
#[derive(Debug)]
pub struct FaultyLedger {
    pub ledger: Arc<dyn Ledger>,
    pub faults: Arc<Faults>,
}

/// Every call of the port takes its turn and may fail.
macro_rules! faulty_ledger {
    ($(fn $call:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl Ledger for FaultyLedger {
            $(async fn $call(&self, $($argument: $kind),*) -> PortResult<$answer> {
                self.faults.turn(self.ledger.$call($($argument),*)).await
            })*
        }
    };
}

faulty_ledger! {
    fn organisations() -> Vec<Organisation>;
    fn organisation(id: &OrganisationId) -> Option<Organisation>;
    fn billed_parties(parties: &[OrganisationId], orders_through: u64) -> BTreeMap<OrganisationId, BilledParty>;
    fn save_organisations(organisations: &[Organisation]) -> ();
    fn save_customers(customers: &[Customer]) -> ();
    fn save_subscriptions(subscriptions: &[Subscription]) -> ();
    fn customer(id: &CustomerId) -> Option<Customer>;
    fn subscriptions() -> Vec<(SubscriptionId, CustomerId, OrganisationId)>;
    fn named_subscriptions(ids: &[SubscriptionId]) -> Vec<(Subscription, Customer)>;
    fn party_directory(party: &OrganisationId) -> Option<PartyDirectory>;
    fn accept_orders(accepted: &[AcceptedOrders], at: Timestamp) -> ();
    fn orders(party: &OrganisationId, through: u64) -> Vec<PlacedOrder>;
    fn last_order() -> u64;
    fn put_blob(bytes: &[u8]) -> BlobDigest;
    fn blob(digest: &BlobDigest) -> Option<Vec<u8>>;
    fn add_list(kind: ListKind, digest: &BlobDigest, _title: &str, at: Timestamp) -> bool;
    fn lists(kind: ListKind) -> Vec<BlobDigest>;
    fn list_imports(kind: ListKind) -> Vec<StoredList>;
    fn budgets(party: &OrganisationId) -> Vec<StoredBudget>;
    fn budget(customer: &CustomerId) -> Option<StoredBudget>;
    fn set_budget(budget: &StoredBudget) -> ();
    fn remove_budget(customer: &CustomerId) -> ();
    fn kept_request(organisation: &OrganisationId, key: &str) -> Option<KeptRequest>;
    fn begin_request(request: &KeyedRequest, forget_before: Timestamp) -> Option<KeptRequest>;
    fn answer_request(organisation: &OrganisationId, key: &str, answer: &KeptAnswer) -> ();
    fn forget_request(organisation: &OrganisationId, key: &str) -> ();
    fn add_run(run: &StoredRun) -> bool;
    fn end_run(id: &str, state: RunState, outcome: &str, at: Timestamp) -> ();
    fn interrupt_runs(at: Timestamp) -> ();
    fn runs(organisation: &OrganisationId) -> Vec<StoredRun>;
    fn commit_usage_import(import: &UsageImport) -> ();
    fn usage_files() -> Vec<UsageFile>;
    fn commit_compaction(merged: &[u64], into: &[(StoredFile, StoredFile)], at: Timestamp) -> ();
    fn retired_usage_files() -> Vec<StoredFile>;
    fn quarantine() -> Vec<QuarantinedLine>;
    fn drop_quarantined(ids: &[u64]) -> ();
    fn commit_rating(run: &RatedRun, parts: &[RatedPart]) -> Vec<StoredFile>;
    fn rated_parts(party: &OrganisationId, period: BillingPeriod) -> Vec<(RatedPart, Vec<StoredFile>)>;
    fn rated_run(party: &OrganisationId, period: BillingPeriod) -> Option<RatedRun>;
    fn rated_files() -> Vec<StoredFile>;
    fn closures(party: &OrganisationId) -> Vec<Closure>;
    fn amend(request: &AmendmentRequest) -> bool;
    fn last_counter(issuer: &OrganisationId, invoice_type: InvoiceType) -> u64;
    fn close_parties(steps: &[ClosingStep<'_>]) -> Vec<StepOutcome>;
    fn last_closures() -> Vec<Closure>;
    fn add_adjustment(party: &OrganisationId, new: &Adjustment, at: Timestamp) -> bool;
    fn adjustments(party: &OrganisationId, number: Option<&InvoiceNumber>) -> Vec<Adjustment>;
    fn parkings(period: Option<BillingPeriod>) -> Vec<Parking>;
    fn invoices(party: Option<&OrganisationId>) -> Vec<StoredInvoice>;
    fn amendments(issuer: &OrganisationId, number: &InvoiceNumber) -> Vec<StoredInvoice>;
    fn restated_months(party: &OrganisationId) -> Vec<RestatedMonth>;
    fn invoice(number: &InvoiceNumber) -> Option<StoredInvoice>;
    fn invoice_lines(number: &InvoiceNumber, after: u32, limit: u32) -> Vec<Vec<u8>>;
    fn invoice_lines_of(number: &InvoiceNumber, subscriptions: &[SubscriptionId]) -> Vec<Vec<u8>>;
    fn document(number: &InvoiceNumber, kind: &str) -> Option<StoredDocument>;
    fn add_document(document: &StoredDocument) -> ();
    fn documents() -> Vec<StoredDocument>;
    fn account(issuer: &OrganisationId, party: &OrganisationId) -> AccountHistory;
    fn book_account_events(booking: &AccountBooking) -> bool;
    fn journal(organisation: &OrganisationId, after: u64, limit: u32) -> Vec<StoredEntry>;
    fn add_token(token: &StoredToken) -> ();
    fn token(hash: &str) -> Option<StoredToken>;
    fn add_client(client: &StoredClient) -> ();
    fn client(id: &str) -> Option<StoredClient>;
    fn clients() -> Vec<StoredClient>;
    fn revoke_client(id: &str, at: Timestamp) -> bool;
    fn setting(name: &str) -> Option<String>;
    fn set_setting(name: &str, value: &str) -> ();
    fn integrity() -> Vec<String>;
}
