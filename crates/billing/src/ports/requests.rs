//! What a ledger keeps of requests that came through the API: those with an idempotency key, and runs.

use jiff::Timestamp;

use crate::ids::OrganisationId;
use crate::period::BillingPeriod;

/// What a caller sent under an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedRequest {
    /// The caller's; keys of several organisations do not meet.
    pub organisation: OrganisationId,
    pub key: String,
    /// Of all that makes it this request, in hexadecimal.
    pub digest: String,
    pub started_at: Timestamp,
}

/// What is kept of a request with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRequest {
    pub digest: String,
    pub started_at: Timestamp,
    /// The last entry of the organisation's journal when it began.
    pub journal_position: u64,
    /// `None` while it is worked on, and after a crash on the way.
    pub answer: Option<KeptAnswer>,
}

/// The answer to a request with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Of HTTP.
    pub status: u16,
    pub body: Vec<u8>,
}

/// How a billing run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    Running,
    Done,
    Failed,
    /// Its process ended before it did. Its work can be started again.
    Interrupted,
}

impl RunState {
    pub const ALL: [Self; 4] = [Self::Running, Self::Done, Self::Failed, Self::Interrupted];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// A billing run that was started through the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRun {
    pub id: String,
    pub organisation: OrganisationId,
    pub period: BillingPeriod,
    /// What was asked for, as JSON.
    pub request: String,
    pub state: RunState,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// What it came to, as JSON; empty until it ended.
    pub outcome: String,
}
