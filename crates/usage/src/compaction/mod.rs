//! Merges many files of records of one month into few, which follow one another in the order of rating.
//!
//! The records stay the same, every revision of them; only where they lie changes. Files that do not
//! overlap form a run. At most [`FAN_IN`] runs are merged at a time, for each row that is read costs a
//! page of its file; what is left is merged again. Work is cut by rows, so memory does not grow.

mod gather;
mod keys;
mod pieces;

use billing::ports::{PortResult, StoredFile, UsageFile};

use crate::day::from_days;
use crate::directory::records_folder;
use crate::error::{Result, StorageError};
use crate::new_file::{CompleteFile, WrittenFile};
use crate::parallel;
use crate::parquet_file;
use crate::publishing::{Publication, publish};
use crate::rating::Survey;
use crate::store::DirectoryStore;

use gather::Gathering;
use pieces::{Slice, slices};

/// Runs that are merged at a time.
const FAN_IN: usize = 32;

/// Merges `files`, which are of one month; answers files of records with their keys. None when there
/// is nothing to gain: the files follow one another already.
pub(crate) fn compact(
    store: &DirectoryStore,
    files: &[UsageFile],
    tick: &(dyn Fn(u64) + Sync),
) -> PortResult<Vec<(StoredFile, StoredFile)>> {
    let mut merged: Vec<CompleteFile> = Vec::new();
    let mut current: Vec<UsageFile> = files.to_vec();
    loop {
        let survey = Survey::of(store, &current)?;
        let runs = survey.runs()?;
        if runs.len() <= 1 && !is_fragmented(store, &current) {
            break;
        }
        let is_last = runs.len() <= FAN_IN;
        let mut next = Vec::new();
        for group in runs.chunks(FAN_IN) {
            next.extend(merge(&survey, &group.concat(), tick)?);
        }
        drop(survey);
        // The files that were read go with their names.
        merged = next;
        if is_last {
            break;
        }
        current = merged.iter().zip(1..).map(|(file, place)| in_between(file, place)).collect();
    }
    Ok(named(store, files, merged)?)
}

/// Whether there are many more files than the records need, though they may follow one another.
fn is_fragmented(store: &DirectoryStore, files: &[UsageFile]) -> bool {
    let rows: u64 = files.iter().map(|file| file.rows.row_count).sum();
    let needed = rows.div_ceil(u64::try_from(store.limits().rows_per_rated_file).unwrap_or(u64::MAX).max(1));
    u64::try_from(files.len()).is_ok_and(|count| count > needed.saturating_mul(2).saturating_add(1))
}

/// A file of a merge that goes on.
fn in_between(file: &CompleteFile, place: u64) -> UsageFile {
    let rows = file.as_stored();
    UsageFile { place, keys: rows.clone(), rows }
}

fn merge(survey: &Survey<'_>, places: &[usize], tick: &(dyn Fn(u64) + Sync)) -> Result<Vec<CompleteFile>> {
    let store = survey.store();
    let slices = slices(survey, places)?;
    let mut merged = Vec::with_capacity(slices.len());
    let work = |(): &mut (), slice: &Slice| write(survey, slice).inspect(|written| tick(written.row_count()));
    parallel::in_order(
        store.limits().rating_threads,
        &slices,
        || (),
        work,
        |written: WrittenFile| {
            merged.push(written.synced()?);
            Ok(())
        },
    )?;
    Ok(merged)
}

fn write(survey: &Survey<'_>, slice: &Slice) -> Result<WrittenFile> {
    let gathering = Gathering::of(survey, slice)?;
    let (first, last) = gathering.days();
    let days = from_days(first).zip(from_days(last));
    let days = days.ok_or_else(|| StorageError::failed("columns in memory", "a slice without days"))?;
    parquet_file::write_unsynced(survey.store().directory(), &gathering.batch()?, days)
}

fn named(
    store: &DirectoryStore,
    files: &[UsageFile],
    merged: Vec<CompleteFile>,
) -> Result<Vec<(StoredFile, StoredFile)>> {
    let Some(month) = files
        .iter()
        .find_map(|file| file.rows.days)
        .and_then(|(first, _)| billing::period::BillingPeriod::containing(first).ok())
    else {
        return Ok(Vec::new());
    };
    let keys: Vec<StoredFile> = files.iter().map(|file| file.keys.clone()).collect();
    let keys = if merged.is_empty() { Vec::new() } else { keys::merge(store.directory(), &keys, merged.len())? };
    let pair = |(rows, keys): (CompleteFile, CompleteFile)| {
        let stem = rows.sha256().to_owned();
        Publication { folder: records_folder(month), stem, files: vec![(rows, "parquet"), (keys, "keys")] }
    };
    let publications: Vec<Publication> = merged.into_iter().zip(keys).map(pair).collect();
    let mut stored = publish(store.directory(), &publications)?.into_iter();
    let mut pairs = Vec::with_capacity(publications.len());
    while let (Some(rows), Some(keys)) = (stored.next(), stored.next()) {
        pairs.push((rows, keys));
    }
    Ok(pairs)
}
