//! A party's account: its balances, and what happened on it.

use engine::paying::{account_balances, account_of};

use super::call::{Call, Reply};
use super::page;
use super::problem::Problem;
use super::shapes::{Balance, Balances, Event, EventPage};

pub(super) async fn balances(call: Call) -> Result<Reply, Problem> {
    let party = call.caller.party(call.path("organisation")).await?;
    let balances = account_balances(call.books(), &party.id, call.today()).await?;
    Reply::ok(&Balances { balances: balances.iter().map(Balance::from).collect() })
}

pub(super) async fn events(call: Call) -> Result<Reply, Problem> {
    let party = call.caller.party(call.path("organisation")).await?;
    let (_, history) = account_of(call.books(), &party.id).await?;
    let events = history.events.iter().map(Event::from).collect();
    Reply::ok(&EventPage::from(page::of_places(&call, events, Event::place)?))
}
