//! The port, call by call; each subject has a file of its own.

use std::collections::BTreeMap;

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

use crate::open::SqliteLedger;
use crate::{
    accounts, adjustments, billed_parties, blobs, budgets, clients, closing, compactions, directory, documents,
    imports, integrity, invoices, issue, journal, orders, rating, requests, restatements, runs, tokens,
};

#[async_trait]
impl Ledger for SqliteLedger {
    async fn organisations(&self) -> PortResult<Vec<Organisation>> {
        Ok(directory::organisations(self.readers()).await?)
    }

    async fn organisation(&self, id: &OrganisationId) -> PortResult<Option<Organisation>> {
        Ok(directory::organisation(self.readers(), id).await?)
    }

    async fn save_organisations(&self, organisations: &[Organisation]) -> PortResult<()> {
        Ok(directory::save_organisations(self, organisations).await?)
    }

    async fn save_customers(&self, customers: &[Customer]) -> PortResult<()> {
        Ok(directory::save_customers(self, customers).await?)
    }

    async fn save_subscriptions(&self, subscriptions: &[Subscription]) -> PortResult<()> {
        Ok(directory::save_subscriptions(self, subscriptions).await?)
    }

    async fn customer(&self, id: &CustomerId) -> PortResult<Option<Customer>> {
        Ok(directory::customer(self.readers(), id).await?)
    }

    async fn subscriptions(&self) -> PortResult<Vec<(SubscriptionId, CustomerId, OrganisationId)>> {
        Ok(directory::subscriptions(self.readers()).await?)
    }

    async fn named_subscriptions(&self, ids: &[SubscriptionId]) -> PortResult<Vec<(Subscription, Customer)>> {
        Ok(directory::named_subscriptions(self.readers(), ids).await?)
    }

    async fn party_directory(&self, party: &OrganisationId) -> PortResult<Option<PartyDirectory>> {
        Ok(directory::party_directory(&mut *self.read().await?, party).await?)
    }

    async fn billed_parties(
        &self,
        parties: &[OrganisationId],
        orders_through: u64,
    ) -> PortResult<BTreeMap<OrganisationId, BilledParty>> {
        Ok(billed_parties::load(&mut *self.read().await?, parties, orders_through).await?)
    }

    async fn accept_orders(&self, accepted: &[AcceptedOrders], at: Timestamp) -> PortResult<()> {
        Ok(orders::accept(self, accepted, at).await?)
    }

    async fn orders(&self, party: &OrganisationId, through: u64) -> PortResult<Vec<PlacedOrder>> {
        Ok(orders::of_party(self.readers(), party, through).await?)
    }

    async fn last_order(&self) -> PortResult<u64> {
        Ok(orders::last_place(self.readers()).await?)
    }

    async fn put_blob(&self, bytes: &[u8]) -> PortResult<BlobDigest> {
        Ok(blobs::put(self, bytes).await?)
    }

    async fn blob(&self, digest: &BlobDigest) -> PortResult<Option<Vec<u8>>> {
        Ok(blobs::get(self.readers(), digest).await?)
    }

    async fn add_list(&self, kind: ListKind, digest: &BlobDigest, title: &str, at: Timestamp) -> PortResult<bool> {
        Ok(blobs::add_list(self, kind, digest, title, at).await?)
    }

    async fn lists(&self, kind: ListKind) -> PortResult<Vec<BlobDigest>> {
        Ok(blobs::lists(self.readers(), kind).await?)
    }

    async fn list_imports(&self, kind: ListKind) -> PortResult<Vec<StoredList>> {
        Ok(blobs::imports(self.readers(), kind).await?)
    }

    async fn commit_usage_import(&self, import: &UsageImport) -> PortResult<()> {
        Ok(imports::commit(self, import).await?)
    }

    async fn usage_files(&self) -> PortResult<Vec<UsageFile>> {
        Ok(imports::usage_files(self.readers()).await?)
    }

    async fn commit_compaction(
        &self,
        merged: &[u64],
        into: &[(StoredFile, StoredFile)],
        at: Timestamp,
    ) -> PortResult<()> {
        Ok(compactions::commit(self, merged, into, at).await?)
    }

    async fn retired_usage_files(&self) -> PortResult<Vec<StoredFile>> {
        Ok(compactions::retired(self.readers()).await?)
    }

    async fn quarantine(&self) -> PortResult<Vec<QuarantinedLine>> {
        Ok(imports::quarantine(self.readers()).await?)
    }

    async fn drop_quarantined(&self, ids: &[u64]) -> PortResult<()> {
        Ok(imports::drop_quarantined(self, ids).await?)
    }

    async fn commit_rating(&self, run: &RatedRun, parts: &[RatedPart]) -> PortResult<Vec<StoredFile>> {
        Ok(rating::commit(self, run, parts).await?)
    }

    async fn rated_parts(
        &self,
        party: &OrganisationId,
        period: BillingPeriod,
    ) -> PortResult<Vec<(RatedPart, Vec<StoredFile>)>> {
        Ok(rating::parts(self.readers(), party, period).await?)
    }

    async fn rated_run(&self, party: &OrganisationId, period: BillingPeriod) -> PortResult<Option<RatedRun>> {
        Ok(rating::run(self.readers(), party, period).await?)
    }

    async fn rated_files(&self) -> PortResult<Vec<StoredFile>> {
        Ok(rating::all_files(&mut *self.read().await?).await?)
    }

    async fn closures(&self, party: &OrganisationId) -> PortResult<Vec<Closure>> {
        Ok(closing::closures(&mut *self.read().await?, party).await?)
    }

    async fn amend(&self, request: &AmendmentRequest) -> PortResult<bool> {
        Ok(issue::amend(self, request).await?)
    }

    async fn last_counter(&self, issuer: &OrganisationId, invoice_type: InvoiceType) -> PortResult<u64> {
        Ok(issue::last_counter(self.readers(), issuer, invoice_type.series()).await?)
    }

    async fn close_parties(&self, steps: &[ClosingStep<'_>]) -> PortResult<Vec<StepOutcome>> {
        Ok(closing::close(self, steps).await?)
    }

    async fn last_closures(&self) -> PortResult<Vec<Closure>> {
        Ok(closing::last_closures(&mut *self.read().await?).await?)
    }

    async fn add_adjustment(&self, party: &OrganisationId, new: &Adjustment, at: Timestamp) -> PortResult<bool> {
        Ok(adjustments::add(self, party, new, at).await?)
    }

    async fn adjustments(&self, party: &OrganisationId, number: Option<&InvoiceNumber>) -> PortResult<Vec<Adjustment>> {
        Ok(adjustments::of(self.readers(), party, number).await?)
    }

    async fn parkings(&self, period: Option<BillingPeriod>) -> PortResult<Vec<Parking>> {
        Ok(closing::parkings(self.readers(), period).await?)
    }

    async fn invoices(&self, party: Option<&OrganisationId>) -> PortResult<Vec<StoredInvoice>> {
        Ok(invoices::invoices(self.readers(), party).await?)
    }

    async fn amendments(&self, issuer: &OrganisationId, number: &InvoiceNumber) -> PortResult<Vec<StoredInvoice>> {
        Ok(invoices::amendments(self.readers(), issuer, number).await?)
    }

    async fn restated_months(&self, party: &OrganisationId) -> PortResult<Vec<RestatedMonth>> {
        Ok(restatements::of_party(&mut *self.read().await?, party).await?)
    }

    async fn invoice(&self, number: &InvoiceNumber) -> PortResult<Option<StoredInvoice>> {
        Ok(invoices::invoice(self.readers(), number).await?)
    }

    async fn invoice_lines(&self, number: &InvoiceNumber, after: u32, limit: u32) -> PortResult<Vec<Vec<u8>>> {
        Ok(invoices::lines(self, number, after, limit).await?)
    }

    async fn invoice_lines_of(
        &self,
        number: &InvoiceNumber,
        subscriptions: &[SubscriptionId],
    ) -> PortResult<Vec<Vec<u8>>> {
        Ok(invoices::lines_of_subscriptions(self, number, subscriptions).await?)
    }

    async fn document(&self, number: &InvoiceNumber, kind: &str) -> PortResult<Option<StoredDocument>> {
        Ok(documents::document(self, number, kind).await?)
    }

    async fn add_document(&self, document: &StoredDocument) -> PortResult<()> {
        Ok(documents::add(self, document).await?)
    }

    async fn documents(&self) -> PortResult<Vec<StoredDocument>> {
        Ok(documents::all(self.readers()).await?)
    }

    async fn account(&self, issuer: &OrganisationId, party: &OrganisationId) -> PortResult<AccountHistory> {
        Ok(accounts::history(&mut *self.read().await?, issuer, party).await?)
    }

    async fn book_account_events(&self, booking: &AccountBooking) -> PortResult<bool> {
        Ok(accounts::book(self, booking).await?)
    }

    async fn journal(&self, organisation: &OrganisationId, after: u64, limit: u32) -> PortResult<Vec<StoredEntry>> {
        Ok(journal::entries(self.readers(), organisation, after, limit).await?)
    }

    async fn add_token(&self, token: &StoredToken) -> PortResult<()> {
        Ok(tokens::add(self, token).await?)
    }

    async fn token(&self, hash: &str) -> PortResult<Option<StoredToken>> {
        Ok(tokens::token(self.readers(), hash).await?)
    }

    async fn add_client(&self, client: &StoredClient) -> PortResult<()> {
        Ok(clients::add(self, client).await?)
    }

    async fn client(&self, id: &str) -> PortResult<Option<StoredClient>> {
        Ok(clients::client(self.readers(), id).await?)
    }

    async fn clients(&self) -> PortResult<Vec<StoredClient>> {
        Ok(clients::clients(self.readers()).await?)
    }

    async fn revoke_client(&self, id: &str, at: Timestamp) -> PortResult<bool> {
        Ok(clients::revoke(self, id, at).await?)
    }

    async fn setting(&self, name: &str) -> PortResult<Option<String>> {
        Ok(tokens::setting(self.readers(), name).await?)
    }

    async fn set_setting(&self, name: &str, value: &str) -> PortResult<()> {
        Ok(tokens::set_setting(self, name, value).await?)
    }

    async fn budgets(&self, party: &OrganisationId) -> PortResult<Vec<StoredBudget>> {
        Ok(budgets::of_party(self.readers(), party).await?)
    }

    async fn budget(&self, customer: &CustomerId) -> PortResult<Option<StoredBudget>> {
        Ok(budgets::of_customer(self.readers(), customer).await?)
    }

    async fn set_budget(&self, budget: &StoredBudget) -> PortResult<()> {
        Ok(budgets::set(self, budget).await?)
    }

    async fn remove_budget(&self, customer: &CustomerId) -> PortResult<()> {
        Ok(budgets::remove(self, customer).await?)
    }

    async fn kept_request(&self, organisation: &OrganisationId, key: &str) -> PortResult<Option<KeptRequest>> {
        Ok(requests::kept(self.readers(), organisation, key).await?)
    }

    async fn begin_request(&self, request: &KeyedRequest, forget_before: Timestamp) -> PortResult<Option<KeptRequest>> {
        Ok(requests::begin(self, request, forget_before).await?)
    }

    async fn answer_request(&self, organisation: &OrganisationId, key: &str, answer: &KeptAnswer) -> PortResult<()> {
        Ok(requests::answer(self, organisation, key, answer).await?)
    }

    async fn forget_request(&self, organisation: &OrganisationId, key: &str) -> PortResult<()> {
        Ok(requests::forget(self, organisation, key).await?)
    }

    async fn add_run(&self, run: &StoredRun) -> PortResult<bool> {
        Ok(runs::add(self, run).await?)
    }

    async fn end_run(&self, id: &str, state: RunState, outcome: &str, at: Timestamp) -> PortResult<()> {
        Ok(runs::end(self, id, state, outcome, at).await?)
    }

    async fn interrupt_runs(&self, at: Timestamp) -> PortResult<()> {
        Ok(runs::interrupt(self, at).await?)
    }

    async fn runs(&self, organisation: &OrganisationId) -> PortResult<Vec<StoredRun>> {
        Ok(runs::of(self.readers(), organisation).await?)
    }

    async fn integrity(&self) -> PortResult<Vec<String>> {
        Ok(integrity::findings(self).await?)
    }
}
