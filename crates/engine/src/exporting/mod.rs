//! Asynchronous exports: what was asked for, what it was made of, and the files that it came to.
//!
//! An export is derived from the books and can be made again at any time, so nothing of it stands in the ledger: a
//! shelf keeps it until it expires. Its id follows from the caller, the request and the data, so whoever asks again for
//! unchanged data finds the same one.

mod id;
mod shelf;
mod source;

use billing::ids::OrganisationId;
use billing::invoice::InvoiceNumber;
use billing::period::BillingPeriod;
use formats::vendor::export::AttributeSet;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::{EngineError, EngineResult};

pub use id::ExportId;
pub use shelf::{ExportShelf, PartReader, PartWriter};
pub use source::{Source, identify};

/// How long the files can be read.
const READABLE_FOR: SignedDuration = SignedDuration::from_hours(12);
/// How long it is known afterwards that there was an export.
const KNOWN_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Daily rated lines.
    Usage,
    /// The lines of an invoice.
    Reconciliation,
}

/// Of what it is exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Billed(InvoiceNumber),
    /// Of an open month; a currency that the party is not billed in has nothing.
    Unbilled {
        period: BillingPeriod,
        is_own_currency: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportRequest {
    pub subject: Subject,
    pub scope: Scope,
    pub attributes: AttributeSet,
}

/// An export as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    pub id: ExportId,
    pub owner: OrganisationId,
    pub tenant: String,
    pub request: ExportRequest,
    /// Changes when the data change.
    pub etag: String,
    pub created_at: Timestamp,
    pub last_action_at: Timestamp,
    pub state: ExportState,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportState {
    /// Or was cut off.
    Running,
    Done(Vec<ExportPart>),
    Failed(ExportFailure),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportFailure {
    NoData,
    NotWritten,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportPart {
    pub name: String,
    pub byte_count: u64,
    pub line_count: u64,
}

impl Export {
    /// Until when its files can be read.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.last_action_at.saturating_add(READABLE_FOR).unwrap_or(Timestamp::MAX)
    }

    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        !matches!(self.state, ExportState::Running) && self.expires_at() <= now
    }

    /// Whether nothing has to be known of it any more.
    #[must_use]
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        self.has_expired(now) && self.expires_at().saturating_add(KNOWN_FOR).is_ok_and(|until| until <= now)
    }

    #[must_use]
    pub fn parts(&self) -> &[ExportPart] {
        match &self.state {
            ExportState::Done(parts) => parts,
            ExportState::Running | ExportState::Failed(_) => &[],
        }
    }

    /// What a part is called; the same part of the same data has one name.
    #[must_use]
    pub fn part_name(&self, number: usize) -> String {
        format!("part-{number:05}-{}.c000.json.gz", self.id.as_str())
    }

    /// The export that a shelf keeps under an id. One that cannot be read, such as that of another version, is none: it
    /// can be made again.
    ///
    /// # Errors
    /// Storage failures.
    pub fn load(shelf: &dyn ExportShelf, id: &ExportId) -> EngineResult<Option<Self>> {
        Ok(shelf.load(id)?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// # Errors
    /// Storage failures.
    pub fn save(&self, shelf: &dyn ExportShelf) -> EngineResult<()> {
        let bytes = serde_json::to_vec(self).map_err(|error| EngineError::damaged("an export", error))?;
        Ok(shelf.save(&self.id, &bytes)?)
    }
}

/// Removes the exports that nothing has to be known of any more.
///
/// # Errors
/// Storage failures.
pub fn sweep(shelf: &dyn ExportShelf, now: Timestamp) -> EngineResult<()> {
    for id in shelf.ids()? {
        if Export::load(shelf, &id)?.is_none_or(|export| export.is_forgotten(now)) {
            shelf.remove(&id)?;
        }
    }
    Ok(())
}
