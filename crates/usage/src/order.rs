//! The order in which records lie in a file: that in which they are rated.
//!
//! By subscription, meter, day and record key (RI-4), then by revision. So rating merges files and
//! sorts nothing, and what belongs together lies together: one customer's lines are found by the
//! bounds of pages, and columns of names become runs.

use arrow::array::{Array, AsArray, DictionaryArray};
use arrow::datatypes::Int32Type;
use billing::usage::RecordKey;

use crate::columns::{BadColumn, Frame};
use crate::keys::number;

/// What decides about a row's place, besides subscription and meter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowFacts {
    /// Place in the frame.
    pub(crate) place: u32,
    pub(crate) day: i32,
    pub(crate) key: RecordKey,
    pub(crate) revision: u32,
}

/// The places of `rows` in their order.
pub(crate) fn sorted_places(frame: &Frame, rows: impl Iterator<Item = RowFacts>) -> Result<Vec<u32>, BadColumn> {
    let subscriptions = Ranks::of(frame, "subscription_id")?;
    let meters = Ranks::of(frame, "meter_id")?;
    let mut sorted: Vec<_> = rows
        .map(|row| {
            let scope = (subscriptions.of_row(row.place), meters.of_row(row.place));
            (scope, row.day, number(row.key), row.revision, row.place)
        })
        .collect();
    sorted.sort_unstable();
    Ok(sorted.into_iter().map(|(.., place)| place).collect())
}

/// A column of text as numbers of the same order.
struct Ranks<'a> {
    column: &'a DictionaryArray<Int32Type>,
    /// By place in the dictionary.
    ranks: Vec<u32>,
}

impl<'a> Ranks<'a> {
    fn of(frame: &'a Frame, name: &'static str) -> Result<Self, BadColumn> {
        let column = frame.array(name).and_then(|array| array.as_dictionary_opt()).ok_or(BadColumn(name))?;
        let values = column.values().as_string_opt::<i32>().ok_or(BadColumn(name))?;
        let mut by_text: Vec<usize> = (0..values.len()).collect();
        by_text.sort_unstable_by_key(|place| values.value(*place));
        let mut ranks = vec![0; values.len()];
        for (rank, place) in (0..).zip(by_text) {
            if let Some(slot) = ranks.get_mut(place) {
                *slot = rank;
            }
        }
        Ok(Self { column, ranks })
    }

    fn of_row(&self, row: u32) -> u32 {
        let key = usize::try_from(row).ok().and_then(|row| self.column.key(row));
        key.and_then(|key| self.ranks.get(key)).copied().unwrap_or(u32::MAX)
    }
}
