//! Orders of licences.

use std::collections::BTreeMap;

use billing::licence::LicenceOrder;
use engine::import::{OrderOptions, accept_orders};

use super::call::{Call, Reply, WriteCall};
use super::page;
use super::problem::{FieldProblem, Problem};
use super::schema::field_problem;
use super::shapes::{NewOrder, NewOrders, Order, OrderPage, OrdersReport};

pub(super) async fn list(call: Call) -> Result<Reply, Problem> {
    let party = call.caller.party(call.path("organisation")).await?;
    let orders = call.books().ledger.orders(&party.id, u64::MAX).await?;
    // Their places among the party's own: how many others have is nobody's business.
    let placed = (1_u64..).zip(orders).collect();
    let (shown, next) = page::of_places(&call, placed, |(place, _)| *place)?;
    let items = shown.iter().map(|(_, placed)| Order::from(&placed.order)).collect();
    Reply::ok(&OrderPage::from((items, next)))
}

/// An order that was read, with its place in the body.
type Read = (usize, LicenceOrder);

pub(super) async fn add(mut write: WriteCall) -> Result<Reply, Problem> {
    let party = write.call.caller.billed(write.call.path("organisation")).await?;
    let books = write.call.state.books.clone();
    let body: NewOrders = write.json()?;
    let orders = read(body.orders)?;
    let (mut own, mut refused): (Vec<Read>, BTreeMap<usize, FieldProblem>) = (vec![], BTreeMap::new());
    for (index, order) in orders {
        let customer = books.ledger.customer(&order.customer).await?;
        if customer.is_some_and(|customer| customer.billed_party == party.id) {
            own.push((index, order));
        } else {
            let detail = format!("no customer of {} is called {:?}", party.id, order.customer.as_str());
            refused.insert(index, field_problem(&format!("/orders/{index}/customer"), "customer.unknown", detail));
        }
    }
    let (places, orders): (Vec<usize>, Vec<LicenceOrder>) = own.into_iter().unzip();
    let taken = accept_orders(&books, orders, OrderOptions { late: body.late }, write.now()).await?;
    for order in taken.refused {
        let index = places.get(order.index).copied().unwrap_or(order.index);
        refused.insert(index, field_problem(&format!("/orders/{index}"), order.code, order.message));
    }
    let refused = refused.into_values().collect();
    Reply::ok(&OrdersReport { accepted: taken.accepted, duplicate: taken.duplicate, refused })
}

/// # Errors
/// `request.invalid` with every field that is missing.
fn read(orders: Vec<NewOrder>) -> Result<Vec<Read>, Problem> {
    let (mut read, mut missing) = (Vec::new(), Vec::new());
    for (index, order) in orders.into_iter().enumerate() {
        match order.into_order(format!("/orders/{index}")) {
            Ok(order) => read.push((index, order)),
            Err(problems) => missing.extend(problems),
        }
    }
    if missing.is_empty() { Ok(read) } else { Err(Problem::invalid(missing)) }
}
