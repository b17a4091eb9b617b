//! Counts equal provider rows of one import (RI-2).
//!
//! The k-th of equal rows has occurrence k - 1, whatever lies between them. What earlier chunks had
//! is in this import's key files: its occurrences there are 0, 1, 2 … without a gap, so the first
//! that is missing is found by halving, and nothing is counted in memory.

use std::ops::Range;

use billing::usage::{ContentDigest, RecordKey, UsageRecord};

use super::chunk::ChunkRow;
use crate::error::Result;
use crate::keys::{KeyFile, number};

/// Gives the provider rows of a chunk their keys. `any_row` is asked for them.
pub(super) fn name_provider_rows(rows: &mut [ChunkRow], any_row: &UsageRecord, seen: &[KeyFile]) -> Result<()> {
    let mut by_content: Vec<(ContentDigest, u32)> =
        rows.iter().zip(0..).filter(|(row, _)| row.is_provider_row).map(|(row, place)| (row.content, place)).collect();
    by_content.sort_unstable_by_key(|(content, place)| (u128::from_be_bytes(content.0), *place));
    let mut groups: Vec<Group> = by_content
        .chunk_by(|a, b| a.0 == b.0)
        .scan(0, |end, group| {
            let start = *end;
            *end += group.len();
            let content = group.first()?.0;
            Some(Group { first_key: any_row.key(content, 0), content, places: start..*end })
        })
        .collect();
    groups.sort_unstable_by_key(|group| number(group.first_key));
    let came_before = seen_before(&groups, seen)?;
    for (group, came_before) in groups.iter().zip(came_before) {
        let start = if came_before { count_seen(group.content, any_row, seen)? } else { 0 };
        let equal = by_content.get(group.places.clone()).unwrap_or_default();
        for ((_, place), occurrence) in equal.iter().zip(start..) {
            let key = if occurrence == 0 { group.first_key } else { any_row.key(group.content, occurrence) };
            if let Some(row) = usize::try_from(*place).ok().and_then(|place| rows.get_mut(place)) {
                row.key = key;
            }
        }
    }
    Ok(())
}

/// Equal rows of a chunk.
struct Group {
    content: ContentDigest,
    /// The key of the first occurrence.
    first_key: RecordKey,
    /// Where its rows stand among the rows sorted by content.
    places: Range<usize>,
}

fn seen_before(groups: &[Group], seen: &[KeyFile]) -> Result<Vec<bool>> {
    let first_keys: Vec<RecordKey> = groups.iter().map(|group| group.first_key).collect();
    let mut answers = vec![false; groups.len()];
    for file in seen {
        file.find(&first_keys, &mut |place, _| {
            if let Some(answer) = answers.get_mut(place) {
                *answer = true;
            }
        })?;
    }
    Ok(answers)
}

/// How many rows with `content` earlier chunks had, at least one.
fn count_seen(content: ContentDigest, any_row: &UsageRecord, seen: &[KeyFile]) -> Result<u32> {
    let is_seen = |occurrence| -> Result<bool> {
        let key = any_row.key(content, occurrence);
        for file in seen {
            if file.holds(key)? {
                return Ok(true);
            }
        }
        Ok(false)
    };
    first_missing(is_seen)
}

/// The first number that is not there; 0 is there and no number is there after a gap.
fn first_missing(is_there: impl Fn(u32) -> Result<bool>) -> Result<u32> {
    let (mut there, mut missing) = (0, 1);
    while is_there(missing)? {
        there = missing;
        missing = missing.saturating_mul(2);
    }
    while missing.saturating_sub(there) > 1 {
        let middle = there.midpoint(missing);
        if is_there(middle)? { there = middle } else { missing = middle }
    }
    Ok(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_gap_is_found() {
        for count in (1..300).chain([1_000_000, 4_999_999]) {
            assert_eq!(first_missing(|n| Ok(n < count)).unwrap(), count);
        }
    }
}
