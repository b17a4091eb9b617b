//! Who may write, and writing again what may have been written before.

use std::any::Any;
use std::fmt;

use billing::ports::KeptRequest;
use jiff::Timestamp;

use crate::error::EngineResult;

/// Lets one writer at a time into a data directory.
pub trait WriteGate: Send + Sync + fmt::Debug {
    /// Nobody else writes until the answer is dropped.
    ///
    /// # Errors
    /// `data_dir.locked` while another process writes; storage failures.
    fn enter(&self) -> EngineResult<Box<dyn Any + Send>>;
}

/// One try of a request that may have been tried before, by a process that ended on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// Of the first try: whatever that one booked has this time.
    pub at: Timestamp,
    /// The last entry of the issuer's journal before the first try; `None` for the first try itself.
    pub(crate) repeats_after: Option<u64>,
}

impl Attempt {
    #[must_use]
    pub fn first(at: Timestamp) -> Self {
        Self { at, repeats_after: None }
    }

    /// Of a request whose first try left no answer.
    #[must_use]
    pub fn repeated(kept: &KeptRequest) -> Self {
        Self { at: kept.started_at, repeats_after: Some(kept.journal_position) }
    }

    #[must_use]
    pub fn is_repeated(&self) -> bool {
        self.repeats_after.is_some()
    }
}
