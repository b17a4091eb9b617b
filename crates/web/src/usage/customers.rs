//! `GET /v1/usagesummary`, `GET /v1/customers/usagerecords`, `GET /v1/customers/{customer}/usagesummary` and
//! `GET /v1/customers/{customer}/subscriptions/usagerecords`

use axum::response::Response;
use engine::budgeting::{budget, budgets};
use formats::vendor::resource_links;

use crate::access::Reader;
use crate::answer;
use crate::call::Call;
use crate::failure::Failure;

use super::{Current, list};

pub(crate) async fn partner(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let current = Current::of(call, reader).await?;
    let budgets = budgets(&reader.books, &current.month.party.id).await?;
    answer::json(&current.view().partner(&budgets, resource_links(&call.request))?)
}

pub(crate) async fn all(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let current = Current::of(call, reader).await?;
    let budgets = budgets(&reader.books, &current.month.party.id).await?;
    list(call, current.view().customers(&budgets)?)
}

pub(crate) async fn one(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let customer = reader.customer(call.parameters.get("customer")).await?;
    let current = Current::of(call, reader).await?;
    let budget = budget(&reader.books, &customer.id).await?;
    answer::json(&current.view().customer(&customer, budget, resource_links(&call.request))?)
}

pub(crate) async fn subscriptions(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let customer = reader.customer(call.parameters.get("customer")).await?;
    let current = Current::of(call, reader).await?;
    list(call, current.view().subscriptions_of(&customer))
}
