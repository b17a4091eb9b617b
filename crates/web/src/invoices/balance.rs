//! `GET /v1/invoices/summary` and `GET /v1/invoices/summaries`

use axum::response::Response;
use engine::invoices::party_balances;
use engine::present;
use formats::vendor::{Collection, resource_links};

use crate::access::Reader;
use crate::answer;
use crate::call::Call;
use crate::failure::Failure;

/// The balance in the currency that the caller's organisation is billed in; where there is none, in
/// the first one that there is.
pub(crate) async fn summary(reader: &Reader) -> Result<Response, Failure> {
    let organisation = reader.organisation().await?;
    let balances = party_balances(&reader.books, &organisation.id).await?;
    let first = present::summaries(&balances, organisation.currency).into_iter().next();
    answer::json(&first.unwrap_or_else(|| present::empty_summary(organisation.currency)))
}

/// The balances in all currencies; the first one is what [`summary`] shows.
pub(crate) async fn summaries(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let organisation = reader.organisation().await?;
    let balances = party_balances(&reader.books, &organisation.id).await?;
    let items = present::summaries(&balances, organisation.currency);
    answer::json(&Collection::new(items, resource_links(&call.request)))
}
