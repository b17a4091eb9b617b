//! The port, call by call; each subject has a file of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use billing::ids::{CustomerId, OrganisationId, SubscriptionId};
use billing::invoice::{Adjustment, BlobDigest, InvoiceNumber, InvoiceType, RestatedMonth};
use billing::licence::PlacedOrder;
use billing::party::{Customer, Organisation, PartyDirectory, Subscription};
use billing::period::BillingPeriod;
use billing::ports::{
    AcceptedOrders, AccountBooking, AccountHistory, AmendmentRequest, BilledParty, ClosingStep, Closure, KeptAnswer,
    KeptRequest, KeyedRequest, Ledger, ListKind, Parking, PortError, PortResult, QuarantinedLine, RatedPart, RatedRun,
    RunState, StepOutcome, StoredBudget, StoredClient, StoredDocument, StoredEntry, StoredFile, StoredInvoice,
    StoredList, StoredRun, StoredToken, UsageFile, UsageImport,
};
use jiff::Timestamp;

use super::{Tables, conflict};

/// A ledger that forgets with its process.
#[derive(Debug, Default)]
pub struct MemoryLedger(Mutex<Tables>);

impl MemoryLedger {
    /// One caller at a time: a call is seen whole or not at all.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn organisations(&self) -> PortResult<Vec<Organisation>> {
        Ok(self.tables().organisations.values().cloned().collect())
    }

    async fn organisation(&self, id: &OrganisationId) -> PortResult<Option<Organisation>> {
        Ok(self.tables().organisations.get(id).cloned())
    }

    async fn billed_parties(
        &self,
        parties: &[OrganisationId],
        orders_through: u64,
    ) -> PortResult<BTreeMap<OrganisationId, BilledParty>> {
        let tables = self.tables();
        let billed = |party: &OrganisationId| Some((party.clone(), tables.billed_party(party, orders_through)?));
        Ok(parties.iter().filter_map(billed).collect())
    }

    async fn save_organisations(&self, organisations: &[Organisation]) -> PortResult<()> {
        let saved = organisations.iter().map(|one| (one.id.clone(), one.clone()));
        self.tables().organisations.extend(saved);
        Ok(())
    }

    async fn save_customers(&self, customers: &[Customer]) -> PortResult<()> {
        self.tables().customers.extend(customers.iter().map(|one| (one.id.clone(), one.clone())));
        Ok(())
    }

    async fn save_subscriptions(&self, subscriptions: &[Subscription]) -> PortResult<()> {
        self.tables().subscriptions.extend(subscriptions.iter().map(|one| (one.id.clone(), one.clone())));
        Ok(())
    }

    async fn customer(&self, id: &CustomerId) -> PortResult<Option<Customer>> {
        Ok(self.tables().customers.get(id).cloned())
    }

    async fn subscriptions(&self) -> PortResult<Vec<(SubscriptionId, CustomerId, OrganisationId)>> {
        Ok(self.tables().owned_subscriptions())
    }

    async fn named_subscriptions(&self, ids: &[SubscriptionId]) -> PortResult<Vec<(Subscription, Customer)>> {
        Ok(self.tables().named_subscriptions(ids))
    }

    async fn party_directory(&self, party: &OrganisationId) -> PortResult<Option<PartyDirectory>> {
        Ok(self.tables().party_directory(party))
    }

    async fn accept_orders(&self, accepted: &[AcceptedOrders], _at: Timestamp) -> PortResult<()> {
        self.tables().accept_orders(accepted)
    }

    async fn orders(&self, party: &OrganisationId, through: u64) -> PortResult<Vec<PlacedOrder>> {
        Ok(self.tables().orders_of(party, through))
    }

    async fn last_order(&self) -> PortResult<u64> {
        Ok(self.tables().last_order())
    }

    async fn put_blob(&self, bytes: &[u8]) -> PortResult<BlobDigest> {
        Ok(self.tables().put_blob(bytes))
    }

    async fn blob(&self, digest: &BlobDigest) -> PortResult<Option<Vec<u8>>> {
        Ok(self.tables().blobs.get(&digest.0).cloned())
    }

    async fn add_list(&self, kind: ListKind, digest: &BlobDigest, title: &str, at: Timestamp) -> PortResult<bool> {
        self.tables().add_list(kind, digest, title, at)
    }

    async fn lists(&self, kind: ListKind) -> PortResult<Vec<BlobDigest>> {
        let lists = self.list_imports(kind).await?;
        Ok(lists.into_iter().map(|list| list.digest).collect())
    }

    async fn list_imports(&self, kind: ListKind) -> PortResult<Vec<StoredList>> {
        Ok(self.tables().lists.get(&kind).cloned().unwrap_or_default())
    }

    async fn commit_usage_import(&self, import: &UsageImport) -> PortResult<()> {
        self.tables().commit_import(import)
    }

    async fn usage_files(&self) -> PortResult<Vec<UsageFile>> {
        Ok(self.tables().current_files())
    }

    async fn commit_compaction(
        &self,
        merged: &[u64],
        into: &[(StoredFile, StoredFile)],
        _at: Timestamp,
    ) -> PortResult<()> {
        self.tables().commit_compaction(merged, into)
    }

    async fn retired_usage_files(&self) -> PortResult<Vec<StoredFile>> {
        Ok(self.tables().retired_files())
    }

    async fn quarantine(&self) -> PortResult<Vec<QuarantinedLine>> {
        Ok(self.tables().waiting_lines())
    }

    async fn drop_quarantined(&self, ids: &[u64]) -> PortResult<()> {
        self.tables().leave_queue(&ids.iter().copied().collect::<BTreeSet<_>>());
        Ok(())
    }

    async fn commit_rating(&self, run: &RatedRun, parts: &[RatedPart]) -> PortResult<Vec<StoredFile>> {
        Ok(self.tables().commit_rating(run, parts))
    }

    async fn rated_parts(
        &self,
        party: &OrganisationId,
        period: BillingPeriod,
    ) -> PortResult<Vec<(RatedPart, Vec<StoredFile>)>> {
        Ok(self.tables().rated_parts(party, period))
    }

    async fn rated_run(&self, party: &OrganisationId, period: BillingPeriod) -> PortResult<Option<RatedRun>> {
        Ok(self.tables().runs.get(&(party.clone(), period)).map(|kept| kept.run.clone()))
    }

    async fn rated_files(&self) -> PortResult<Vec<StoredFile>> {
        Ok(self.tables().rated_files())
    }

    async fn closures(&self, party: &OrganisationId) -> PortResult<Vec<Closure>> {
        Ok(self.tables().closures_of(party))
    }

    async fn amend(&self, request: &AmendmentRequest) -> PortResult<bool> {
        let mut tables = self.tables();
        let after = tables.amend(request)?;
        let done = after.is_some();
        if let Some(after) = after {
            *tables = after;
        }
        Ok(done)
    }

    async fn last_counter(&self, issuer: &OrganisationId, invoice_type: InvoiceType) -> PortResult<u64> {
        Ok(self.tables().last_counter(issuer, invoice_type))
    }

    async fn close_parties(&self, steps: &[ClosingStep<'_>]) -> PortResult<Vec<StepOutcome>> {
        let mut tables = self.tables();
        let (after, outcomes) = tables.close_parties(steps)?;
        *tables = after;
        Ok(outcomes)
    }

    async fn last_closures(&self) -> PortResult<Vec<Closure>> {
        let mut last: BTreeMap<OrganisationId, Vec<Closure>> = BTreeMap::new();
        // In the order of their periods.
        for closure in self.tables().closures.values() {
            let of_party = last.entry(closure.party.clone()).or_default();
            of_party.retain(|other| other.period == closure.period);
            of_party.push(closure.clone());
        }
        Ok(last.into_values().flatten().collect())
    }

    async fn add_adjustment(&self, party: &OrganisationId, new: &Adjustment, _at: Timestamp) -> PortResult<bool> {
        self.tables().add_adjustment(party, new)
    }

    async fn adjustments(&self, party: &OrganisationId, number: Option<&InvoiceNumber>) -> PortResult<Vec<Adjustment>> {
        Ok(self.tables().adjustments_on(party, number))
    }

    async fn parkings(&self, period: Option<BillingPeriod>) -> PortResult<Vec<Parking>> {
        let tables = self.tables();
        let of_period = tables.parkings.values().filter(|one| period.is_none_or(|period| one.period == period));
        Ok(of_period.cloned().collect())
    }

    async fn invoices(&self, party: Option<&OrganisationId>) -> PortResult<Vec<StoredInvoice>> {
        Ok(self.tables().invoices(party))
    }

    async fn amendments(&self, issuer: &OrganisationId, number: &InvoiceNumber) -> PortResult<Vec<StoredInvoice>> {
        Ok(self.tables().amendments(issuer, number))
    }

    async fn restated_months(&self, party: &OrganisationId) -> PortResult<Vec<RestatedMonth>> {
        Ok(self.tables().restated_months(party))
    }

    async fn invoice(&self, number: &InvoiceNumber) -> PortResult<Option<StoredInvoice>> {
        Ok(self.tables().document(number)?.map(|document| document.stored.clone()))
    }

    async fn invoice_lines(&self, number: &InvoiceNumber, after: u32, limit: u32) -> PortResult<Vec<Vec<u8>>> {
        let tables = self.tables();
        let Some(document) = tables.document(number)? else { return Ok(Vec::new()) };
        let size = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
        let lines = document.lines.iter().skip(size(after)).take(size(limit));
        Ok(lines.map(|line| line.body.clone()).collect())
    }

    async fn invoice_lines_of(
        &self,
        number: &InvoiceNumber,
        subscriptions: &[SubscriptionId],
    ) -> PortResult<Vec<Vec<u8>>> {
        let tables = self.tables();
        let Some(document) = tables.document(number)? else { return Ok(Vec::new()) };
        let lines = document.lines.iter().filter(|line| subscriptions.contains(&line.subscription));
        Ok(lines.map(|line| line.body.clone()).collect())
    }

    async fn document(&self, number: &InvoiceNumber, kind: &str) -> PortResult<Option<StoredDocument>> {
        Ok(self.tables().renderings.get(&(number.clone(), kind.to_owned())).cloned())
    }

    async fn add_document(&self, document: &StoredDocument) -> PortResult<()> {
        let mut tables = self.tables();
        if tables.document(&document.number)?.is_none() {
            let message = format!("no document has the number {}", document.number);
            return Err(PortError::new("invoice.unknown", message, ""));
        }
        let key = (document.number.clone(), document.kind.clone());
        tables.renderings.entry(key).or_insert_with(|| document.clone());
        Ok(())
    }

    async fn documents(&self) -> PortResult<Vec<StoredDocument>> {
        Ok(self.tables().renderings.values().cloned().collect())
    }

    async fn account(&self, issuer: &OrganisationId, party: &OrganisationId) -> PortResult<AccountHistory> {
        Ok(self.tables().account(issuer, party))
    }

    async fn book_account_events(&self, booking: &AccountBooking) -> PortResult<bool> {
        let mut tables = self.tables();
        if !tables.is_current(booking) {
            return Ok(false);
        }
        Tables::check_booking(booking)?;
        tables.book(booking)?;
        Ok(true)
    }

    async fn journal(&self, organisation: &OrganisationId, after: u64, limit: u32) -> PortResult<Vec<StoredEntry>> {
        let tables = self.tables();
        let entries = tables.journal.get(organisation).map(Vec::as_slice).unwrap_or_default();
        let size = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        Ok(entries.iter().skip(size(after)).take(size(limit.into())).cloned().collect())
    }

    async fn add_token(&self, token: &StoredToken) -> PortResult<()> {
        let mut tables = self.tables();
        if tables.tokens.contains_key(&token.hash) {
            return Err(conflict("a token with this hash"));
        }
        tables.tokens.insert(token.hash.clone(), token.clone());
        Ok(())
    }

    async fn token(&self, hash: &str) -> PortResult<Option<StoredToken>> {
        Ok(self.tables().tokens.get(hash).cloned())
    }

    async fn add_client(&self, client: &StoredClient) -> PortResult<()> {
        let mut tables = self.tables();
        if tables.clients.contains_key(&client.id) {
            return Err(conflict("a client with this id"));
        }
        tables.clients.insert(client.id.clone(), client.clone());
        Ok(())
    }

    async fn client(&self, id: &str) -> PortResult<Option<StoredClient>> {
        Ok(self.tables().clients.get(id).cloned())
    }

    async fn clients(&self) -> PortResult<Vec<StoredClient>> {
        let mut clients: Vec<StoredClient> = self.tables().clients.values().cloned().collect();
        clients.sort_by(|a, b| (&a.organisation, &a.id).cmp(&(&b.organisation, &b.id)));
        Ok(clients)
    }

    async fn revoke_client(&self, id: &str, at: Timestamp) -> PortResult<bool> {
        let mut tables = self.tables();
        let known = tables.clients.get_mut(id).filter(|client| client.revoked_at.is_none());
        Ok(known.map(|client| client.revoked_at = Some(at)).is_some())
    }

    async fn setting(&self, name: &str) -> PortResult<Option<String>> {
        Ok(self.tables().settings.get(name).cloned())
    }

    async fn set_setting(&self, name: &str, value: &str) -> PortResult<()> {
        self.tables().settings.insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    async fn budgets(&self, party: &OrganisationId) -> PortResult<Vec<StoredBudget>> {
        Ok(self.tables().budgets_of(party))
    }

    async fn budget(&self, customer: &CustomerId) -> PortResult<Option<StoredBudget>> {
        Ok(self.tables().budgets.get(customer).cloned())
    }

    async fn set_budget(&self, budget: &StoredBudget) -> PortResult<()> {
        self.tables().budgets.insert(budget.customer.clone(), budget.clone());
        Ok(())
    }

    async fn remove_budget(&self, customer: &CustomerId) -> PortResult<()> {
        self.tables().budgets.remove(customer);
        Ok(())
    }

    async fn kept_request(&self, organisation: &OrganisationId, key: &str) -> PortResult<Option<KeptRequest>> {
        Ok(self.tables().requests.get(&(organisation.clone(), key.to_owned())).cloned())
    }

    async fn begin_request(&self, request: &KeyedRequest, forget_before: Timestamp) -> PortResult<Option<KeptRequest>> {
        Ok(self.tables().begin_request(request, forget_before))
    }

    async fn answer_request(&self, organisation: &OrganisationId, key: &str, answer: &KeptAnswer) -> PortResult<()> {
        self.tables().answer_request(organisation, key, answer);
        Ok(())
    }

    async fn forget_request(&self, organisation: &OrganisationId, key: &str) -> PortResult<()> {
        self.tables().forget_request(organisation, key);
        Ok(())
    }

    async fn add_run(&self, run: &StoredRun) -> PortResult<bool> {
        Ok(self.tables().add_run(run))
    }

    async fn end_run(&self, id: &str, state: RunState, outcome: &str, at: Timestamp) -> PortResult<()> {
        self.tables().end_run(id, state, outcome, at);
        Ok(())
    }

    async fn interrupt_runs(&self, at: Timestamp) -> PortResult<()> {
        self.tables().interrupt_runs(at);
        Ok(())
    }

    async fn runs(&self, organisation: &OrganisationId) -> PortResult<Vec<StoredRun>> {
        Ok(self.tables().runs_of(organisation))
    }

    async fn integrity(&self) -> PortResult<Vec<String>> {
        Ok(self.tables().findings())
    }
}
