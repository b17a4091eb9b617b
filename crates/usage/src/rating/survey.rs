//! Where each subscription's rows lie in the files.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{Date32Type, Int32Type};
use billing::ids::{MeterId, SubscriptionId};
use billing::ports::{PlanUsageQuery, PortResult, RatedUsage, RatingFailure, RatingJob, UsageFile, UsageSurvey};
use billing::savings_plan::PlanUsage;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder, RowSelection};

use crate::columns::{BadColumn, primitive};
use crate::error::{Result, StorageError};
use crate::parallel;
use crate::parquet_file;
use crate::records_file::{self, Restated};
use crate::store::DirectoryStore;

/// Rows that are read and passed over rather than skipped: a page is read whole anyway.
const SKIP_ROWS_MIN: u32 = 4096;
/// Rows of a batch of the two columns that are looked through.
const ROWS_PER_BATCH: usize = 65_536;

/// The files of a manifest with what lies where.
pub(crate) struct Survey<'s> {
    pub(super) store: &'s DirectoryStore,
    pub(super) files: Vec<SurveyedFile>,
    /// Of all files, in order; a rank is a place here.
    pub(super) subscriptions: Vec<SubscriptionId>,
    pub(super) meters: Vec<MeterId>,
    subscription_ranks: HashMap<String, u32>,
    meter_ranks: HashMap<String, u32>,
    pub(super) restated: Restated,
}

impl std::fmt::Debug for Survey<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Survey").field("files", &self.files.len()).finish_non_exhaustive()
    }
}

/// Subscription, meter and day of a file's first or last row.
type Edge = (String, String, i32);

/// One file of records.
pub(super) struct SurveyedFile {
    pub(super) file: UsageFile,
    pub(super) metadata: ArrowReaderMetadata,
    pub(super) row_count: u32,
    /// Rank of the subscription and its first row, in the order of the file.
    runs: Vec<(u32, u32)>,
}

/// Texts of all files, numbered as they are met.
#[derive(Default)]
struct Names {
    subscriptions: HashMap<String, u32>,
    meters: BTreeSet<String>,
}

impl<'s> Survey<'s> {
    pub(crate) fn of(store: &'s DirectoryStore, files: &[UsageFile]) -> Result<Self> {
        let names = Mutex::new(Names::default());
        let mut surveyed = parallel::map(files, |file| scan(store, file, &names))?;
        let Names { subscriptions: numbers, meters } = names.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut by_text: Vec<(String, u32)> = numbers.into_iter().collect();
        by_text.sort_unstable();
        let mut ranks = vec![0; by_text.len()];
        for ((_, number), rank) in by_text.iter().zip(0..) {
            if let Some(slot) = usize::try_from(*number).ok().and_then(|number| ranks.get_mut(number)) {
                *slot = rank;
            }
        }
        for file in &mut surveyed {
            file.rank_runs(&ranks)?;
        }
        let subscriptions = by_text.into_iter().map(|(text, _)| parsed(&text)).collect::<Result<Vec<_>>>()?;
        let meters = meters.iter().map(|meter| parsed(meter)).collect::<Result<Vec<_>>>()?;
        let (subscription_ranks, meter_ranks) = (ranked(&subscriptions), ranked(&meters));
        let restated = Restated::among(store, &files.iter().collect::<Vec<_>>(), &records_file::schema()?)?;
        Ok(Self { store, files: surveyed, subscriptions, meters, subscription_ranks, meter_ranks, restated })
    }

    pub(crate) fn store(&self) -> &'s DirectoryStore {
        self.store
    }

    /// The files as runs: those of a run do not overlap and follow one another. As few as there can be.
    pub(crate) fn runs(&self) -> Result<Vec<Vec<usize>>> {
        let mut by_start = Vec::with_capacity(self.files.len());
        for place in 0..self.files.len() {
            by_start.push((self.edge(place, 0)?, self.edge(place, self.row_count(place).saturating_sub(1))?, place));
        }
        by_start.sort_unstable();
        let mut runs: Vec<(Edge, Vec<usize>)> = Vec::new();
        for (first, last, place) in by_start {
            match runs.iter_mut().find(|(end, _)| *end < first) {
                Some((end, files)) => {
                    *end = last;
                    files.push(place);
                }
                None => runs.push((last, vec![place])),
            }
        }
        Ok(runs.into_iter().map(|(_, files)| files).collect())
    }

    /// Subscription, meter and day of one row.
    fn edge(&self, place: usize, row: usize) -> Result<Edge> {
        let path = self.path(place);
        let bad = |column: BadColumn| StorageError::damaged(path, column);
        let builder = self.open(place)?;
        let needed = ProjectionMask::columns(builder.parquet_schema(), ["subscription_id", "meter_id", "usage_date"]);
        let selection = RowSelection::from_consecutive_ranges(std::iter::once(row..row + 1), self.row_count(place));
        let mut reader = builder
            .with_projection(needed)
            .with_row_selection(selection)
            .build()
            .map_err(|cause| StorageError::from_reading(path, cause))?;
        let batch = reader.next().ok_or_else(|| StorageError::damaged(path, "it has no rows"))?;
        let batch = batch.map_err(|cause| StorageError::damaged(path, cause))?;
        let text = |name| crate::columns::text(&batch, name)?.get(0).map(str::to_owned).ok_or(BadColumn(name));
        let day = primitive::<Date32Type>(&batch, "usage_date").map_err(bad)?.values().first().copied();
        let day = day.ok_or(BadColumn("usage_date")).map_err(bad)?;
        Ok((text("subscription_id").map_err(bad)?, text("meter_id").map_err(bad)?, day))
    }

    pub(crate) fn subscription_count(&self) -> u32 {
        u32::try_from(self.subscriptions.len()).unwrap_or(u32::MAX)
    }

    /// The rows of one subscription in the file at a place of this survey.
    pub(crate) fn rows_of_rank(&self, place: usize, rank: u32) -> Option<Range<u32>> {
        self.files.get(place)?.rows_in(&(rank..rank.saturating_add(1))).next().map(|(_, rows)| rows)
    }

    pub(crate) fn path(&self, place: usize) -> &str {
        self.files.get(place).map_or("", |file| &file.file.rows.path)
    }

    pub(crate) fn row_count(&self, place: usize) -> usize {
        self.files.get(place).map_or(0, |file| usize::try_from(file.row_count).unwrap_or(usize::MAX))
    }

    pub(crate) fn open(&self, place: usize) -> Result<ParquetRecordBatchReaderBuilder<File>> {
        let file = self.files.get(place);
        let file = file.ok_or_else(|| StorageError::failed("the usage store", "a file was lost"))?;
        parquet_file::open_with(self.store.directory(), &file.file.rows, file.metadata.clone())
    }

    /// The name of a rank.
    pub(super) fn subscription_of(&self, rank: u32) -> &str {
        usize::try_from(rank).ok().and_then(|rank| self.subscriptions.get(rank)).map_or("", SubscriptionId::as_str)
    }

    pub(super) fn meter_of(&self, rank: u32) -> &str {
        usize::try_from(rank).ok().and_then(|rank| self.meters.get(rank)).map_or("", MeterId::as_str)
    }

    pub(crate) fn rank_of_text(&self, subscription: &str) -> Option<u32> {
        self.subscription_ranks.get(subscription).copied()
    }

    pub(crate) fn meter_rank(&self, meter: &str) -> Option<u32> {
        self.meter_ranks.get(meter).copied()
    }

    pub(super) fn file_at(&self, place: u64) -> Option<&SurveyedFile> {
        self.files.iter().find(|file| file.file.place == place)
    }
}

impl UsageSurvey for Survey<'_> {
    fn holds(&self, place: u64, subscriptions: &mut dyn Iterator<Item = &SubscriptionId>) -> bool {
        let Some(file) = self.file_at(place) else { return false };
        subscriptions.filter_map(|subscription| self.rank_of_text(subscription.as_str())).any(|rank| file.has(rank))
    }

    fn plan_usage(&self, query: &PlanUsageQuery<'_>) -> PortResult<PlanUsage> {
        Ok(super::plan_usage::plan_usage(self, query)?)
    }

    fn rate<'a>(&self, job: &RatingJob<'a>, tick: &(dyn Fn(u64) + Sync)) -> Result<RatedUsage<'a>, RatingFailure> {
        super::job::rate(self, job, tick)
    }
}

fn ranked<T: AsRef<str>>(names: &[T]) -> HashMap<String, u32> {
    names.iter().map(|name| name.as_ref().to_owned()).zip(0..).collect()
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| StorageError::failed("the usage store", "a subscription or meter without a name"))
}

impl SurveyedFile {
    /// Turns numbers into ranks. A file that is not in the order of rating cannot be merged.
    fn rank_runs(&mut self, ranks: &[u32]) -> Result<()> {
        for (subscription, _) in &mut self.runs {
            let rank = usize::try_from(*subscription).ok().and_then(|number| ranks.get(number));
            *subscription = *rank.ok_or_else(|| StorageError::failed("the usage store", "a number without a rank"))?;
        }
        if self.runs.is_sorted_by(|(a, _), (b, _)| a < b) {
            Ok(())
        } else {
            Err(StorageError::damaged(&self.file.rows.path, "its rows are not in the order of rating"))
        }
    }

    fn has(&self, rank: u32) -> bool {
        self.runs.binary_search_by_key(&rank, |(rank, _)| *rank).is_ok()
    }

    /// Rank and rows of the subscriptions whose rank lies in `ranks`.
    fn rows_in(&self, ranks: &Range<u32>) -> impl Iterator<Item = (u32, Range<u32>)> + '_ {
        let from = self.runs.partition_point(|(rank, _)| *rank < ranks.start);
        let until = self.runs.partition_point(|(rank, _)| *rank < ranks.end);
        let runs = self.runs.get(from..until).unwrap_or_default();
        let ends = self.runs.get(from + 1..).unwrap_or_default().iter().map(|(_, start)| *start);
        runs.iter().zip(ends.chain([self.row_count])).map(|((rank, start), end)| (*rank, *start..end))
    }

    /// Adds each wanted subscription's rows to `rows_of`, by rank.
    pub(super) fn count_rows(&self, wanted: &Wanted, rows_of: &mut [u64]) {
        for (rank, rows) in self.rows_in(&(0..u32::MAX)).filter(|(rank, _)| wanted.has(*rank)) {
            if let Some(count) = usize::try_from(rank).ok().and_then(|rank| rows_of.get_mut(rank)) {
                *count += u64::from(rows.end - rows.start);
            }
        }
    }

    /// The rows of the wanted subscriptions of `range`, close ones together.
    pub(super) fn rows_of(&self, range: &Range<u32>, wanted: &Wanted) -> Vec<Range<u32>> {
        let mut found: Vec<Range<u32>> = Vec::new();
        for (_, rows) in self.rows_in(range).filter(|(rank, _)| wanted.has(*rank)) {
            match found.last_mut() {
                Some(last) if rows.start - last.end < SKIP_ROWS_MIN => last.end = rows.end,
                _ => found.push(rows),
            }
        }
        found
    }
}

/// The subscriptions of a party, by rank.
pub(super) struct Wanted(Vec<bool>);

impl Wanted {
    pub(super) fn of<'i>(survey: &Survey<'_>, subscriptions: impl Iterator<Item = &'i SubscriptionId>) -> Self {
        let mut wanted = vec![false; survey.subscriptions.len()];
        for rank in subscriptions.filter_map(|subscription| survey.rank_of_text(subscription.as_str())) {
            if let Some(is_wanted) = usize::try_from(rank).ok().and_then(|rank| wanted.get_mut(rank)) {
                *is_wanted = true;
            }
        }
        Self(wanted)
    }

    pub(super) fn has(&self, rank: u32) -> bool {
        usize::try_from(rank).is_ok_and(|rank| self.0.get(rank) == Some(&true))
    }
}

fn scan(store: &DirectoryStore, file: &UsageFile, names: &Mutex<Names>) -> Result<SurveyedFile> {
    let path = &file.rows.path;
    let bad = |column: BadColumn| StorageError::damaged(path, column);
    store.verify(&file.rows)?;
    let metadata = parquet_file::metadata(store.directory(), &file.rows, &records_file::schema()?)?;
    let builder = parquet_file::open_with(store.directory(), &file.rows, metadata.clone())?;
    let needed = ProjectionMask::columns(builder.parquet_schema(), ["subscription_id", "meter_id"]);
    let reader = builder
        .with_projection(needed)
        .with_batch_size(ROWS_PER_BATCH)
        .build()
        .map_err(|cause| StorageError::from_reading(path, cause))?;
    let mut runs = Runs::default();
    for batch in reader {
        let batch = batch.map_err(|cause| StorageError::damaged(path, cause))?;
        runs.add(&batch).map_err(bad)?;
    }
    let Runs { runs, texts, meters, row_count } = runs;
    let mut names = names.lock().unwrap_or_else(PoisonError::into_inner);
    let numbers: Vec<u32> = texts.into_iter().map(|text| names.number(text)).collect();
    names.meters.extend(meters);
    let numbered = runs.into_iter().zip(numbers).map(|(start, number)| (number, start)).collect();
    Ok(SurveyedFile { file: file.clone(), metadata, row_count, runs: numbered })
}

impl Names {
    fn number(&mut self, subscription: String) -> u32 {
        let next = u32::try_from(self.subscriptions.len()).unwrap_or(u32::MAX);
        *self.subscriptions.entry(subscription).or_insert(next)
    }
}

/// First rows of the subscriptions of one file, with their texts beside.
#[derive(Default)]
struct Runs {
    runs: Vec<u32>,
    texts: Vec<String>,
    meters: BTreeSet<String>,
    row_count: u32,
}

impl Runs {
    fn add(&mut self, batch: &RecordBatch) -> Result<(), BadColumn> {
        let (keys, subscriptions) = places(batch, "subscription_id")?;
        for run in keys.chunk_by(|a, b| a == b) {
            let key = run.first().and_then(|key| usize::try_from(*key).ok()).filter(|key| *key < subscriptions.len());
            let text = subscriptions.value(key.ok_or(BadColumn("subscription_id"))?);
            if self.texts.last().is_none_or(|last| last != text) {
                self.runs.push(self.row_count);
                self.texts.push(text.to_owned());
            }
            self.row_count = self.row_count.saturating_add(u32::try_from(run.len()).unwrap_or(u32::MAX));
        }
        let (_, meters) = places(batch, "meter_id")?;
        for meter in meters.iter().flatten() {
            if !self.meters.contains(meter) {
                self.meters.insert(meter.to_owned());
            }
        }
        Ok(())
    }
}

/// A column of text as places in its dictionary.
fn places<'b>(batch: &'b RecordBatch, name: &'static str) -> Result<(&'b [i32], &'b StringArray), BadColumn> {
    let column = batch.column_by_name(name).and_then(|column| column.as_dictionary_opt::<Int32Type>());
    let column = column.ok_or(BadColumn(name))?;
    Ok((column.keys().values(), column.values().as_string_opt::<i32>().ok_or(BadColumn(name))?))
}
