//! Runs: rating and closing a month.

use billing::period::BillingPeriod;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Money, page};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RunKind {
    Rate,
    Close,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRun {
    pub(crate) kind: RunKind,
    /// A month.
    #[schema(value_type = String, format = "period", examples("2026-10"))]
    pub(crate) period: BillingPeriod,
    /// Show what it would come to, and write nothing.
    #[serde(default)]
    pub(crate) preview: bool,
    /// Close before the cut-off on the 3rd of the next month.
    #[serde(default)]
    pub(crate) early: bool,
    /// Close, and move usage without a price to the next period instead of parking its organisation.
    #[serde(default)]
    pub(crate) allow_unpriced: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct Reason {
    pub(crate) code: String,
    pub(crate) detail: String,
}

/// A meter whose usage has no price.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct UnpricedMeter {
    pub(crate) meter: String,
    pub(crate) code: String,
    pub(crate) detail: String,
    pub(crate) day_count: u64,
    pub(crate) record_count: u64,
}

/// What a run came to for one organisation.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct PartyOutcome {
    pub(crate) organisation: String,
    /// `rated`, `issued`, `would_be_issued`, `already_closed`, `nothing_to_bill`, `parked` or `failed`.
    pub(crate) outcome: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) document: Option<String>,
    /// Of the document; before tax and adjustments where nothing was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) total: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) line_count: Option<u64>,
    /// Why it is parked or failed.
    pub(crate) reasons: Vec<Reason>,
    pub(crate) unpriced: Vec<UnpricedMeter>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Running,
    Done,
    Failed,
    Interrupted,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) kind: RunKind,
    pub(crate) period: String,
    pub(crate) preview: bool,
    pub(crate) early: bool,
    pub(crate) allow_unpriced: bool,
    /// `interrupted`: its server ended before it did; a new run goes on from there.
    pub(crate) state: State,
    #[schema(format = "date-time")]
    pub(crate) started_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time")]
    pub(crate) ended_at: Option<String>,
    /// By organisation, once it is done.
    pub(crate) outcomes: Vec<PartyOutcome>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Reason>,
}
page!(RunPage, Run);

/// An organisation that a close set aside.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Parked {
    pub(crate) organisation: String,
    pub(crate) period: String,
    pub(crate) reasons: Vec<Reason>,
}
page!(ParkedPage, Parked);
