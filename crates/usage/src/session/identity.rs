//! Whether a record is new, known, a restatement or a contradiction (RI-1, RI-2).

use billing::period::BillingPeriod;
use billing::usage::{ContentDigest, RecordKey, RecordOrigin, UsageRecord};

use super::chunk::ChunkRow;
use crate::day::month_of;
use crate::error::Result;
use crate::keys::{KeyEntry, KeyFile, SubscriptionMark, number};

/// What becomes of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    New,
    Restatement,
    /// A higher revision that says what is known. It counts nothing, and it is kept: a revision
    /// between the two that comes later restates nothing (RATE-2).
    Confirmation,
    Duplicate,
    Refused(Refusal),
}

impl Verdict {
    /// Whether the row is written.
    pub(super) fn is_kept(self) -> bool {
        matches!(self, Self::New | Self::Restatement | Self::Confirmation)
    }
}

/// Why a record is not taken, with what is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    OtherContent {
        known_revision: u32,
    },
    MovesMonth {
        known_day: i32,
    },
    /// It would take usage from one plan and give it to another, perhaps of another party.
    MovesSubscription,
    AfterIssue {
        known_day: i32,
    },
}

impl Refusal {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::OtherContent { .. } => "usage.line.record_id_conflict",
            Self::MovesMonth { .. } => "usage.line.revision_moves_month",
            Self::MovesSubscription => "usage.line.revision_moves_subscription",
            Self::AfterIssue { .. } => "usage.line.revision_after_issue",
        }
    }

    pub(super) fn sentence(self, record: &UsageRecord) -> String {
        let id = match &record.origin {
            RecordOrigin::Own { record_id, .. } => record_id.as_str(),
            // Equal rows have equal content, so this is never asked of one.
            RecordOrigin::ProviderRow => "",
        };
        let revision = record.revision();
        let month = |day| month_of(day).map_or_else(String::new, |month| month.to_string());
        match self {
            Self::OtherContent { known_revision } => format!(
                "record {id:?} is known with other content in revision {known_revision}, and revision {revision} is not higher"
            ),
            Self::MovesMonth { known_day } => format!(
                "record {id:?} is known as usage of {}, and revision {revision} would move it to {}",
                month(known_day),
                BillingPeriod::containing(record.usage_date).map_or_else(|_| String::new(), |month| month.to_string())
            ),
            Self::MovesSubscription => format!(
                "record {id:?} is known as usage of another subscription, and revision {revision} would move it to {}",
                record.subscription_id
            ),
            Self::AfterIssue { known_day } => format!(
                "record {id:?} is known as usage of {}, which has been billed, so revision {revision} cannot restate it",
                month(known_day)
            ),
        }
    }
}

/// A stored version of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Version {
    revision: u32,
    content: ContentDigest,
    subscription: SubscriptionMark,
    day: i32,
}

/// Judges the rows of a chunk, each by what came before it; answers in their order.
pub(super) fn judge<'k>(
    rows: &[ChunkRow],
    known: impl Iterator<Item = &'k KeyFile>,
    closed_months: &[BillingPeriod],
) -> Result<Vec<Verdict>> {
    let mut by_key: Vec<(RecordKey, u32)> = rows.iter().map(|row| row.key).zip(0..).collect();
    by_key.sort_unstable_by_key(|(key, place)| (number(*key), *place));
    let mut keys: Vec<RecordKey> = by_key.iter().map(|(key, _)| *key).collect();
    keys.dedup();
    let hits = stored_versions(&keys, known)?;

    let mut verdicts = vec![Verdict::New; rows.len()];
    let mut hits = hits.chunk_by(|a, b| a.0 == b.0).peekable();
    let mut versions: Vec<Version> = Vec::new();
    for (place, group) in by_key.chunk_by(|a, b| a.0 == b.0).enumerate() {
        versions.clear();
        if let Some(stored) = hits.next_if(|stored| stored.first().is_some_and(|(key, _)| *key == place)) {
            versions.extend(stored.iter().map(|(_, version)| *version));
            versions.sort_unstable_by_key(|version| version.revision);
        }
        for (_, row) in group {
            let index = usize::try_from(*row).unwrap_or(usize::MAX);
            if let (Some(row), Some(verdict)) = (rows.get(index), verdicts.get_mut(index)) {
                *verdict = judge_row(row, &versions, closed_months);
                if verdict.is_kept() {
                    // Higher than all before it, so the versions stay in order.
                    versions.push(Version {
                        revision: row.revision,
                        content: row.content,
                        subscription: row.subscription,
                        day: row.day,
                    });
                }
            }
        }
    }
    Ok(verdicts)
}

/// Versions of `keys` (sorted, none twice) with the key's place, by place.
fn stored_versions<'k>(keys: &[RecordKey], files: impl Iterator<Item = &'k KeyFile>) -> Result<Vec<(usize, Version)>> {
    let mut hits = Vec::new();
    for file in files {
        file.find(keys, &mut |place, KeyEntry { revision, content, subscription, day, .. }| {
            hits.push((place, Version { revision, content, subscription, day }));
        })?;
    }
    hits.sort_by_key(|(place, _)| *place);
    Ok(hits)
}

/// `versions` are in the order of their revisions.
fn judge_row(row: &ChunkRow, versions: &[Version], closed_months: &[BillingPeriod]) -> Verdict {
    let Some(latest) = versions.last() else { return Verdict::New };
    let known_month = month_of(latest.day);
    let is_issued = known_month.is_some_and(|month| closed_months.contains(&month));
    if latest.content == row.content {
        return match row.revision > latest.revision {
            false => Verdict::Duplicate,
            // What was issued takes no further row. Differences that were taken in between are not known here,
            // so that what says again what was billed may be news.
            true if is_issued => Verdict::Refused(Refusal::AfterIssue { known_day: latest.day }),
            true => Verdict::Confirmation,
        };
    }
    if restates_nothing(row, versions) {
        return Verdict::Duplicate;
    }
    if row.revision <= latest.revision {
        return Verdict::Refused(Refusal::OtherContent { known_revision: contradicted(row, versions, latest) });
    }
    if latest.subscription != row.subscription {
        return Verdict::Refused(Refusal::MovesSubscription);
    }
    if known_month != month_of(row.day) {
        return Verdict::Refused(Refusal::MovesMonth { known_day: latest.day });
    }
    if is_issued {
        return Verdict::Refused(Refusal::AfterIssue { known_day: latest.day });
    }
    Verdict::Restatement
}

/// Whether an older file is sent again after the record was restated: the row says what the
/// version at its own revision, or next to it, says.
fn restates_nothing(row: &ChunkRow, versions: &[Version]) -> bool {
    let above = versions.partition_point(|version| version.revision < row.revision);
    let at_or_above = versions.get(above);
    if at_or_above.is_some_and(|version| version.content == row.content) {
        return true;
    }
    let is_between = at_or_above.is_some_and(|version| version.revision > row.revision);
    let below = above.checked_sub(1).and_then(|below| versions.get(below));
    is_between && below.is_some_and(|version| version.content == row.content)
}

/// The revision to name in a conflict: the row's own where it is stored, else the latest.
fn contradicted(row: &ChunkRow, versions: &[Version], latest: &Version) -> u32 {
    versions
        .iter()
        .map(|version| version.revision)
        .find(|revision| *revision == row.revision)
        .unwrap_or(latest.revision)
}

#[cfg(test)]
mod tests;
