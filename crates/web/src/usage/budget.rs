//! `GET` and `PATCH /v1/customers/{customer}/usagebudget`

use axum::response::Response;
use engine::budgeting;
use formats::vendor::{SpendingBudget, budget_amount, resource_links};

use crate::access::Reader;
use crate::answer;
use crate::call::Call;
use crate::failure::Failure;

pub(crate) async fn show(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let customer = reader.customer(call.parameters.get("customer")).await?;
    let amount = budgeting::budget(&reader.books, &customer.id).await?;
    answer::json(&SpendingBudget::with_links(amount, resource_links(&call.request)))
}

/// The same body sent again changes nothing, so a repeated request needs no key.
pub(crate) async fn change(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    reader.check_may_write()?;
    let customer = reader.customer(call.parameters.get("customer")).await?;
    let amount = budget_amount(&call.body)?;
    let _turn = call.state.writing.enter(&call.state.books, call.state.limits.write_wait).await?;
    budgeting::set_budget(&reader.books, &customer.id, amount, call.state.now()).await?;
    answer::json(&SpendingBudget::with_links(amount, resource_links(&call.request)))
}
