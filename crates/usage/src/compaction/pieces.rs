//! Cuts what is merged into slices that fit memory.

use std::collections::BTreeMap;
use std::ops::Range;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Date32Type, Int32Type};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::RowSelection;

use crate::columns::{BadColumn, primitive};
use crate::error::{Result, StorageError};
use crate::rating::Survey;

/// Rows of one or several files that make one file: (place in the survey, rows).
pub(super) type Slice = Vec<(usize, Range<u32>)>;

/// The rows of the files at `places`, all of them, in slices that follow one another.
pub(super) fn slices(survey: &Survey<'_>, places: &[usize]) -> Result<Vec<Slice>> {
    let rows_per_slice = u64::try_from(survey.store().limits().rows_per_rated_file).unwrap_or(u64::MAX);
    let mut slices = Slices { rows_per_slice, done: Vec::new(), open: Slice::new(), rows: 0 };
    for rank in 0..survey.subscription_count() {
        let pieces: Slice =
            places.iter().filter_map(|place| Some((*place, survey.rows_of_rank(*place, rank)?))).collect();
        if count(&pieces) <= rows_per_slice.saturating_mul(2) {
            slices.add(pieces);
        } else {
            slices.end();
            for part in finer(survey, &pieces)? {
                slices.add(part);
            }
            slices.end();
        }
    }
    slices.end();
    Ok(slices.done)
}

fn count(slice: &Slice) -> u64 {
    slice.iter().map(|(_, rows)| u64::from(rows.end - rows.start)).sum()
}

struct Slices {
    rows_per_slice: u64,
    done: Vec<Slice>,
    open: Slice,
    rows: u64,
}

impl Slices {
    fn add(&mut self, pieces: Slice) {
        self.rows += count(&pieces);
        for (place, rows) in pieces {
            match self.open.iter_mut().find(|(known, last)| *known == place && last.end == rows.start) {
                Some((_, last)) => last.end = rows.end,
                None => self.open.push((place, rows)),
            }
        }
        if self.rows >= self.rows_per_slice {
            self.end();
        }
    }

    fn end(&mut self) {
        if self.rows > 0 {
            self.done.push(std::mem::take(&mut self.open));
        }
        self.rows = 0;
    }
}

/// The rows of one subscription by meter and day: it alone is too large for a slice.
fn finer(survey: &Survey<'_>, pieces: &Slice) -> Result<Vec<Slice>> {
    let mut parts: BTreeMap<(String, i32), Slice> = BTreeMap::new();
    for (place, rows) in pieces {
        scan(survey, *place, rows, &mut parts)?;
    }
    Ok(parts.into_values().collect())
}

fn scan(
    survey: &Survey<'_>,
    place: usize,
    rows: &Range<u32>,
    parts: &mut BTreeMap<(String, i32), Slice>,
) -> Result<()> {
    let builder = survey.open(place)?;
    let path = survey.path(place);
    let needed = ProjectionMask::columns(builder.parquet_schema(), ["meter_id", "usage_date"]);
    let selection = RowSelection::from_consecutive_ranges(
        std::iter::once(usize_of(rows.start)..usize_of(rows.end)),
        survey.row_count(place),
    );
    let reader = builder.with_projection(needed).with_row_selection(selection).build();
    let mut row = rows.start;
    for batch in reader.map_err(|cause| StorageError::from_reading(path, cause))? {
        let batch = batch.map_err(|cause| StorageError::damaged(path, cause))?;
        let bad = |column: BadColumn| StorageError::damaged(path, column);
        let days = primitive::<Date32Type>(&batch, "usage_date").map_err(bad)?.values();
        let meters = batch.column_by_name("meter_id").and_then(|column| column.as_dictionary_opt::<Int32Type>());
        let meters = meters.ok_or(BadColumn("meter_id")).map_err(bad)?;
        let texts = meters.values().as_string_opt::<i32>().ok_or(BadColumn("meter_id")).map_err(bad)?;
        let keys = meters.keys().values();
        let mut at = 0;
        for run in keys.iter().zip(days).collect::<Vec<_>>().chunk_by(|a, b| a == b) {
            let Some((meter, day)) = run.first() else { continue };
            let text =
                usize::try_from(**meter).ok().filter(|meter| *meter < texts.len()).map(|meter| texts.value(meter));
            let text = text.ok_or(BadColumn("meter_id")).map_err(bad)?;
            let length = u32::try_from(run.len()).unwrap_or(u32::MAX);
            let part = parts.entry((text.to_owned(), **day)).or_default();
            match part.last_mut() {
                Some((known, last)) if *known == place && last.end == row + at => last.end += length,
                _ => part.push((place, row + at..row + at + length)),
            }
            at += length;
        }
        row += at;
    }
    Ok(())
}

fn usize_of(row: u32) -> usize {
    usize::try_from(row).unwrap_or(usize::MAX)
}
