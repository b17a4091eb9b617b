//! One-off amounts that wait for the next document.

use billing::invoice::Adjustment;
use engine::paying::adjust;

use super::call::{Call, Reply, WriteCall};
use super::page;
use super::problem::Problem;
use super::shapes::{self, AdjustmentPage, NewAdjustment};

pub(super) async fn list(call: Call) -> Result<Reply, Problem> {
    let party = call.caller.party(call.path("organisation")).await?;
    let waiting = call.books().ledger.adjustments(&party.id, None).await?;
    let waiting = waiting.iter().map(shapes::Adjustment::from).collect();
    Reply::ok(&AdjustmentPage::from(page::of_texts(&call, waiting, shapes::Adjustment::key)?))
}

pub(super) async fn add(mut write: WriteCall) -> Result<Reply, Problem> {
    let party = write.call.caller.billed(write.call.path("organisation")).await?;
    let new: NewAdjustment = write.json()?;
    let adjustment = Adjustment { reference: new.reference, amount: new.amount.exact()?, reason: new.reason };
    adjust(write.call.books(), &party, &adjustment, write.now()).await?;
    Reply::created(&shapes::Adjustment::from(&adjustment))
}
