//! Customers below a billed party, and their subscriptions.

use axum::http::StatusCode;
use billing::ids::{CustomerId, SubscriptionId};
use billing::party::{Customer, PartyDirectory};
use engine::import::add_customer;

use super::call::{Call, Reply, WriteCall};
use super::page;
use super::problem::Problem;
use super::shapes::{self, CustomerPage, NewCustomer, Order, SubscriptionPage, SubscriptionSummary};

async fn directory(call: &Call) -> Result<PartyDirectory, Problem> {
    let party = call.caller.party(call.path("organisation")).await?;
    let directory = call.books().ledger.party_directory(&party.id).await?;
    directory.ok_or_else(|| Problem::not_found("organisation.unknown", "there is no such organisation"))
}

pub(super) async fn list(call: Call) -> Result<Reply, Problem> {
    let customers = directory(&call).await?.customers.values().map(shapes::Customer::from).collect();
    Reply::ok(&CustomerPage::from(page::of_texts(&call, customers, shapes::Customer::key)?))
}

pub(super) async fn show(call: Call) -> Result<Reply, Problem> {
    let directory = directory(&call).await?;
    let id: Option<CustomerId> = call.path("customer").parse().ok();
    let customer = id.and_then(|id| directory.customers.get(&id));
    let unknown = || Problem::not_found("customer.unknown", "there is no such customer");
    Reply::ok(&shapes::Customer::from(customer.ok_or_else(unknown)?))
}

pub(super) async fn add(mut write: WriteCall) -> Result<Reply, Problem> {
    let party = write.call.caller.billed(write.call.path("organisation")).await?;
    let new: NewCustomer = write.json()?;
    let NewCustomer { id, name, domain, country } = new;
    let customer = Customer { id, billed_party: party.id, name, domain, country: country.to_uppercase() };
    let known = write.call.books().ledger.customer(&customer.id).await?;
    if let Some(known) = known.filter(|known| known.billed_party != customer.billed_party) {
        // Whose it is is told to those who see it only (ORG-1).
        let visible = write.call.caller.party(known.billed_party.as_str()).await;
        visible.map_err(|problem| if problem.is_passing() { problem } else { taken() })?;
    }
    add_customer(write.call.books(), &customer).await?;
    Reply::created(&shapes::Customer::from(&customer))
}

fn taken() -> Problem {
    Problem::new(StatusCode::CONFLICT, "customer.party_differs", "this id belongs to another customer; choose another")
}

pub(super) async fn subscriptions(call: Call) -> Result<Reply, Problem> {
    let subscriptions = directory(&call).await?.subscriptions.values().map(SubscriptionSummary::from).collect();
    Reply::ok(&SubscriptionPage::from(page::of_texts(&call, subscriptions, SubscriptionSummary::key)?))
}

pub(super) async fn subscription(call: Call) -> Result<Reply, Problem> {
    let directory = directory(&call).await?;
    let id: Option<SubscriptionId> = call.path("subscription").parse().ok();
    let found = id.as_ref().and_then(|id| directory.subscriptions.get(id));
    let unknown = || Problem::not_found("subscription.unknown", "there is no such subscription");
    let found = found.ok_or_else(unknown)?;
    let orders = call.books().ledger.orders(&directory.party.id, u64::MAX).await?;
    let orders =
        orders.iter().map(|placed| &placed.order).filter(|order| order.concerns(&found.id)).map(Order::from).collect();
    Reply::ok(&shapes::Subscription { subscription: found.into(), orders })
}
