//! Rating of a whole month, from files of usage to files of rated lines.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::{MeterId, OrganisationId, SubscriptionId};
use crate::licence::Generation;
use crate::period::BillingPeriod;
use crate::ports::{PortError, PortResult, StoredFile};
use crate::rate::{RateError, RatedTotals, RatingInputs, ScopeKey, ScopeMonth};
use crate::savings_plan::{CoverError, PlanUsage};

/// A file of records that a party's period takes rows of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageSource {
    /// The file's place in the manifest.
    pub place: u64,
    pub rows: SourceRows,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceRows {
    All,
    /// Only these: what an earlier period moved on for want of a price.
    Days(BTreeSet<(SubscriptionId, MeterId, Date)>),
}

/// Which records savings plans may pay for.
#[derive(Debug, Clone, Copy)]
pub struct PlanUsageQuery<'a> {
    pub sources: &'a [UsageSource],
    pub subscriptions: &'a BTreeSet<SubscriptionId>,
    pub meters: &'a BTreeSet<MeterId>,
    /// Records of other months are left out.
    pub months: &'a BTreeSet<BillingPeriod>,
}

/// A party's month that is to be rated.
#[derive(Debug)]
pub struct RatingJob<'a> {
    pub party: &'a OrganisationId,
    pub period: BillingPeriod,
    pub sources: &'a [UsageSource],
    pub inputs: RatingInputs<'a>,
    pub output: RatingOutput<'a>,
    /// Whether each scope is wanted, or only what all of them come to.
    pub with_scopes: bool,
}

/// What becomes of the rated lines.
#[derive(Debug, Clone, Copy)]
pub enum RatingOutput<'a> {
    /// They are counted and added up, and nothing is written.
    Totals,
    Files {
        /// Over all that the amounts depend on besides the records.
        inputs_digest: [u8; 32],
        /// Parts of an earlier run with their files; those that would come out the same are taken over.
        known: &'a [(RatedPart, Vec<StoredFile>)],
    },
}

/// Subscriptions next to one another that were rated as one piece.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatedPart {
    /// SHA-256 over everything that the part was made of, in hexadecimal.
    pub fingerprint: String,
    /// How many of the run's files belong to it; they follow those of the part before.
    pub file_count: usize,
    pub totals: RatedTotals,
    /// Of its subscriptions: each document names the files of its own usage.
    #[serde(default, skip_serializing_if = "Generation::is_default")]
    pub generation: Generation,
}

impl RatedPart {
    /// Of the files of all `parts`, those of one generation.
    #[must_use]
    pub fn files_of(parts: &[Self], files: &[StoredFile], generation: Generation) -> Vec<StoredFile> {
        let mut files = files.iter();
        let of_part = parts.iter().flat_map(|part| {
            let files: Vec<&StoredFile> = files.by_ref().take(part.file_count).collect();
            files.into_iter().filter(|_| part.generation == generation)
        });
        of_part.cloned().collect()
    }
}

/// What a job came to.
#[derive(Debug, Default)]
pub struct RatedUsage<'a> {
    pub totals: RatedTotals,
    /// Empty unless they were asked for.
    pub scopes: BTreeMap<ScopeKey, ScopeMonth<'a>>,
    /// In the order of the lines; empty when nothing was to be written.
    pub files: Vec<StoredFile>,
    pub parts: Vec<RatedPart>,
}

/// Why a job ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RatingFailure {
    /// The party cannot be rated: the others go on.
    Party {
        code: &'static str,
        message: String,
    },
    Storage(PortError),
}

impl From<RateError> for RatingFailure {
    fn from(error: RateError) -> Self {
        Self::Party { code: error.code(), message: error.to_string() }
    }
}

impl From<CoverError> for RatingFailure {
    fn from(error: CoverError) -> Self {
        Self::Party { code: error.code(), message: error.to_string() }
    }
}

impl From<PortError> for RatingFailure {
    /// A figure that the files cannot hold is the party's trouble; all else concerns everybody.
    fn from(error: PortError) -> Self {
        match error.code {
            "number.out_of_range" => Self::Party { code: error.code, message: error.message },
            _ => Self::Storage(error),
        }
    }
}

/// Files of usage that were looked through.
pub trait UsageSurvey: Send + Sync + fmt::Debug {
    /// Whether the file at `place` has a record of any of `subscriptions`.
    fn holds(&self, place: u64, subscriptions: &mut dyn Iterator<Item = &SubscriptionId>) -> bool;

    /// The records that savings plans may pay for, of those with several revisions the highest only.
    ///
    /// # Errors
    /// A file that is missing or damaged.
    fn plan_usage(&self, query: &PlanUsageQuery<'_>) -> PortResult<PlanUsage>;

    /// Rates a party's month. The result is the same whatever the number of threads, the files, and
    /// the order in which they came. `tick` hears of rated lines.
    ///
    /// # Errors
    /// See [`RatingFailure`]; nothing is left behind.
    fn rate<'a>(&self, job: &RatingJob<'a>, tick: &(dyn Fn(u64) + Sync)) -> Result<RatedUsage<'a>, RatingFailure>;
}
