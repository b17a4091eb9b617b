//! `GET /v1/customers/{customer}/subscriptions/{subscription}/…`: `usagesummary`, `meterusagerecords`,
//! `resourceusagerecords`, `usagerecords/resources` and `usagerecords/daily`

use axum::response::Response;
use billing::party::Subscription;
use formats::vendor::{VendorError, resource_links};

use crate::access::Reader;
use crate::answer;
use crate::call::Call;
use crate::failure::Failure;

use super::{Current, list};

pub(crate) async fn summary(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let (current, subscription) = read(call, reader).await?;
    answer::json(&current.view().subscription(&subscription, resource_links(&call.request)))
}

pub(crate) async fn meters(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let (current, subscription) = read(call, reader).await?;
    list(call, current.view().meters(&subscription))
}

pub(crate) async fn resources(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let (current, subscription) = read(call, reader).await?;
    list(call, current.view().resources(&subscription))
}

pub(crate) async fn meters_as_resources(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let (current, subscription) = read(call, reader).await?;
    list(call, current.view().meters_as_resources(&subscription))
}

pub(crate) async fn days(call: &Call, reader: &Reader) -> Result<Response, Failure> {
    let (current, subscription) = read(call, reader).await?;
    list(call, current.view().days(&subscription))
}

/// # Errors
/// 400/800011 for a subscription of licences.
async fn read(call: &Call, reader: &Reader) -> Result<(Current, Subscription), Failure> {
    let customer = reader.customer(call.parameters.get("customer")).await?;
    let subscription = reader.subscription(&customer, call.parameters.get("subscription")).await?;
    let current = Current::of(call, reader).await?;
    match current.view().is_usage_based(&subscription) {
        true => Ok((current, subscription)),
        false => Err(VendorError::not_usage_based("the subscription is not billed by usage").into()),
    }
}
