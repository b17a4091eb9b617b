//! Organisations, customers, subscriptions, orders, blobs and lists.

use billing::ids::{CustomerId, OrganisationId, SubscriptionId};
use billing::invoice::BlobDigest;
use billing::licence::PlacedOrder;
use billing::party::{Customer, PartyDirectory, Subscription};
use billing::ports::{AcceptedOrders, BilledParty, ListKind, PortResult, StoredBudget, StoredList, hex};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{Tables, conflict, count};

impl Tables {
    /// Customers and subscriptions that an import introduces: those that are known stay as they are.
    pub(super) fn introduce(&mut self, customers: &[Customer], subscriptions: &[Subscription]) {
        for customer in customers {
            self.customers.entry(customer.id.clone()).or_insert_with(|| customer.clone());
        }
        for subscription in subscriptions {
            self.subscriptions.entry(subscription.id.clone()).or_insert_with(|| subscription.clone());
        }
    }

    pub(super) fn budgets_of(&self, party: &OrganisationId) -> Vec<StoredBudget> {
        let is_of = |id: &CustomerId| self.customers.get(id).is_some_and(|customer| customer.billed_party == *party);
        self.budgets.values().filter(|budget| is_of(&budget.customer)).cloned().collect()
    }

    pub(super) fn owned_subscriptions(&self) -> Vec<(SubscriptionId, CustomerId, OrganisationId)> {
        let owned = |one: &Subscription| {
            let customer = self.customers.get(&one.customer)?;
            Some((one.id.clone(), customer.id.clone(), customer.billed_party.clone()))
        };
        self.subscriptions.values().filter_map(owned).collect()
    }

    pub(super) fn named_subscriptions(&self, ids: &[SubscriptionId]) -> Vec<(Subscription, Customer)> {
        let found = self.subscriptions.values().filter(|subscription| ids.contains(&subscription.id));
        found.filter_map(|one| Some((one.clone(), self.customers.get(&one.customer)?.clone()))).collect()
    }

    /// `None` for an organisation that is unknown or that nobody bills.
    pub(super) fn party_directory(&self, id: &OrganisationId) -> Option<PartyDirectory> {
        let party = self.organisations.get(id)?;
        let issuer = self.organisations.get(party.billed_by.as_ref()?)?;
        let customers = self.customers.values().filter(|customer| customer.billed_party == *id);
        let customers: std::collections::BTreeMap<_, _> =
            customers.map(|customer| (customer.id.clone(), customer.clone())).collect();
        let subscriptions = self.subscriptions.values().filter(|one| customers.contains_key(&one.customer));
        let subscriptions = subscriptions.map(|one| (one.id.clone(), one.clone())).collect();
        Some(PartyDirectory { issuer: issuer.clone(), party: party.clone(), customers, subscriptions })
    }

    pub(super) fn accept_orders(&mut self, accepted: &[AcceptedOrders]) -> PortResult<()> {
        let orders = accepted.iter().flat_map(|one| one.orders.iter().map(|order| (one.party.clone(), order.clone())));
        let mut all = self.orders.clone();
        for (party, order) in orders {
            if all.iter().any(|(of, known)| *of == party && known.order_id == order.order_id) {
                return Err(conflict(format_args!("order {}", order.order_id)));
            }
            all.push((party, order));
        }
        self.orders = all;
        accepted.iter().for_each(|one| self.introduce(&[], &one.subscriptions));
        Ok(())
    }

    /// What a party is billed from; `None` for one that nobody bills.
    pub(super) fn billed_party(&self, party: &OrganisationId, orders_through: u64) -> Option<BilledParty> {
        Some(BilledParty {
            directory: self.party_directory(party)?,
            closures: self.closures_of(party),
            orders: self.orders_of(party, orders_through),
            adjustments: self.adjustments_on(party, None),
            restated: self.restated_months(party),
        })
    }

    /// A party's orders whose place, from 1 over all parties, is at most `through`.
    pub(super) fn orders_of(&self, party: &OrganisationId, through: u64) -> Vec<PlacedOrder> {
        let placed = (1_u64..).zip(&self.orders).take_while(|(place, _)| *place <= through);
        let of_party = placed.filter(|(_, (of, _))| of == party);
        of_party.map(|(place, (_, order))| PlacedOrder { place, order: order.clone() }).collect()
    }

    pub(super) fn last_order(&self) -> u64 {
        count(self.orders.len())
    }

    pub(super) fn put_blob(&mut self, bytes: &[u8]) -> BlobDigest {
        let digest = BlobDigest(hex(&Sha256::digest(bytes)));
        self.blobs.insert(digest.0.clone(), bytes.to_vec());
        digest
    }

    /// False when the last list of the kind is the same.
    pub(super) fn add_list(
        &mut self,
        kind: ListKind,
        digest: &BlobDigest,
        title: &str,
        imported_at: Timestamp,
    ) -> PortResult<bool> {
        if !self.blobs.contains_key(&digest.0) {
            return Err(conflict(format_args!("a list names blob {digest}, which is not there")));
        }
        let lists = self.lists.entry(kind).or_default();
        let added = lists.last().is_none_or(|last| last.digest != *digest);
        if added {
            let position = count(lists.len()).saturating_add(1);
            lists.push(StoredList { position, digest: digest.clone(), title: title.to_owned(), imported_at });
        }
        Ok(added)
    }
}
