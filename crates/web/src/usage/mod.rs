//! Usage of the open month, budgets, and what was recorded of classic subscriptions.

pub(crate) mod budget;
pub(crate) mod customers;
pub(crate) mod subscriptions;
pub(crate) mod utilization;

use std::sync::Arc;

use axum::response::Response;
use billing::period::BillingPeriod;
use engine::open_usage::{MonthSums, OpenMonth, open_month};
use engine::present::UsageView;
use formats::vendor::{Collection, resource_links};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use tokio::task::spawn_blocking;

use crate::access::Reader;
use crate::answer;
use crate::call::Call;
use crate::failure::Failure;

/// The caller's current month by the server's clock, as it was rated last.
struct Current {
    month: Arc<OpenMonth>,
    sums: Arc<MonthSums>,
    now: Timestamp,
}

impl Current {
    async fn of(call: &Call, reader: &Reader) -> Result<Self, Failure> {
        let now = call.state.now();
        let today = TimeZone::UTC.to_datetime(now).date();
        let period = BillingPeriod::containing(today).map_err(Failure::unexpected)?;
        let month = Arc::new(open_month(&reader.books, &reader.organisation().await?, period).await?);
        let reading = (reader.books.clone(), month.clone());
        // Reading Parquet blocks, so it does not belong on the threads that serve requests.
        let sums = spawn_blocking(move || reading.1.sums(&reading.0)).await.map_err(Failure::unexpected)??;
        Ok(Self { month, sums, now })
    }

    fn view(&self) -> UsageView<'_> {
        UsageView::new(&self.month, &self.sums, self.now)
    }
}

/// A whole list; none of these is paged.
fn list<T: Serialize>(call: &Call, items: Vec<T>) -> Result<Response, Failure> {
    answer::json(&Collection::new(items, resource_links(&call.request)))
}
