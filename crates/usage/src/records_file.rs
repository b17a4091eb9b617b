//! Files of usage records, one usage month each.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, FixedSizeBinaryArray, RecordBatch};
use arrow::buffer::Buffer;
use arrow::datatypes::{Field, Schema};
use arrow::error::ArrowError;
use billing::ports::{PortResult, StoredFile, StoredUsage, UsageFile, UsageFilter};
use billing::usage::{RecordKey, UsageRecord};
use jiff::civil::Date;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, RowSelection};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;

use crate::columns::{BadColumn, Frame, primitive, text, typed};
use crate::day::{DayMemory, to_days};
use crate::error::{Result, StorageError};
use crate::parquet_file::{self, IS_RESTATEMENT, RECORD_KEY};
use crate::record_columns::{RecordColumns, RecordReader};
use crate::store::DirectoryStore;

/// The columns of records with what is known about each only when it is accepted.
pub(crate) fn with_identities(
    records: &RecordBatch,
    keys: &[RecordKey],
    restates: Vec<bool>,
) -> Result<RecordBatch, ArrowError> {
    let mut fields = vec![
        Field::new(RECORD_KEY, arrow::datatypes::DataType::FixedSizeBinary(16), false),
        Field::new(IS_RESTATEMENT, arrow::datatypes::DataType::Boolean, false),
    ];
    let mut arrays: Vec<ArrayRef> = vec![Arc::new(key_column(keys)?), Arc::new(BooleanArray::from(restates))];
    fields.extend(records.schema().fields().iter().map(|field| field.as_ref().clone()));
    arrays.extend(records.columns().iter().cloned());
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
}

pub(crate) fn key_column(keys: &[RecordKey]) -> Result<FixedSizeBinaryArray, ArrowError> {
    let bytes: Vec<u8> = keys.iter().flat_map(|key| key.0).collect();
    FixedSizeBinaryArray::try_new(16, Buffer::from_vec(bytes), None)
}

pub(crate) fn read_key(column: &FixedSizeBinaryArray, row: usize) -> Result<RecordKey, BadColumn> {
    column.value(row).try_into().map(RecordKey).map_err(|_| BadColumn(RECORD_KEY))
}

pub(crate) fn schema() -> Result<Schema, ArrowError> {
    let mut frame = Frame::default();
    RecordColumns::default().finish(&mut frame)?;
    let batch = with_identities(&frame.batch(None)?, &[], Vec::new())?;
    Ok(batch.schema().as_ref().clone())
}

/// Hands over the records that `filter` lets through, of several revisions the highest only.
pub(crate) fn read_usage(
    store: &DirectoryStore,
    files: &[UsageFile],
    filter: &UsageFilter,
    take: &mut dyn FnMut(StoredUsage) -> PortResult<()>,
) -> PortResult<()> {
    let (from, until) = (filter.from, filter.until);
    let schema = schema().map_err(StorageError::from)?;
    let mut in_order: Vec<&UsageFile> = Vec::new();
    for file in files.iter().filter(|file| shares_month(&file.rows, from, until)) {
        if may_hold_any(store, &file.rows, &schema, filter)? {
            in_order.push(file);
        }
    }
    in_order.sort_by_key(|file| file.place);
    let restated = Restated::among(store, &in_order, &schema)?;
    for file in in_order.into_iter().filter(|file| overlaps(&file.rows, from, until)) {
        read_file(store, file, &schema, filter, &restated, take)?;
    }
    Ok(())
}

/// False for a file whose bounds exclude the subscription that is asked for; restatements of its records
/// stand with it. Only the footer is read, before the digest of the file is known to be right: a bound
/// that was changed would leave records out. Whoever bills from what is read knows what it has to come to.
fn may_hold_any(store: &DirectoryStore, file: &StoredFile, schema: &Schema, filter: &UsageFilter) -> Result<bool> {
    let Some(subscription) = &filter.subscription else { return Ok(true) };
    let metadata = parquet_file::metadata(store.directory(), file, schema)?;
    Ok(may_hold(metadata.metadata(), "subscription_id", subscription.as_str()))
}

fn overlaps(file: &StoredFile, from: Date, until: Date) -> bool {
    file.days.is_none_or(|(first, last)| first < until && last >= from)
}

/// A restatement may lie on another day than what it restates, but in the same month.
fn shares_month(file: &StoredFile, from: Date, until: Date) -> bool {
    file.days.is_none_or(|(first, last)| first.first_of_month() < until && last.last_of_month() >= from)
}

fn read_file(
    store: &DirectoryStore,
    file: &UsageFile,
    schema: &Schema,
    filter: &UsageFilter,
    restated: &Restated,
    take: &mut dyn FnMut(StoredUsage) -> PortResult<()>,
) -> PortResult<()> {
    let path = &file.rows.path;
    let bad = |column: BadColumn| StorageError::damaged(path, column);
    store.verify(&file.rows)?;
    let days = (to_days(filter.from), to_days(filter.until));
    let metadata = parquet_file::metadata(store.directory(), &file.rows, schema)?;
    let mut builder = parquet_file::open_with(store.directory(), &file.rows, metadata.clone())?;
    let wanted = Wanted::by(filter);
    if !wanted.is_empty() {
        let rows = rows_of(store, &file.rows, metadata, &wanted)?;
        if rows.is_empty() {
            return Ok(());
        }
        let total = usize::try_from(file.rows.row_count).unwrap_or(usize::MAX);
        builder = builder.with_row_selection(RowSelection::from_consecutive_ranges(rows.into_iter(), total));
    }
    let reader = builder.build().map_err(|cause| StorageError::from_reading(path, cause))?;
    let mut memory = DayMemory::default();
    for batch in reader {
        let batch = batch.map_err(|cause| StorageError::damaged(path, cause))?;
        let mut records = RecordReader::new(&batch).map_err(bad)?;
        let keys = typed::<FixedSizeBinaryArray>(&batch, RECORD_KEY).map_err(bad)?;
        for (row, day) in records.days().iter().enumerate() {
            if *day < days.0 || *day >= days.1 {
                continue;
            }
            let key = read_key(keys, row).map_err(bad)?;
            if restated.is_superseded(key, records.revision(row)) {
                continue;
            }
            let record = records.record(row, &mut memory).map_err(bad)?;
            take(StoredUsage { place: file.place, key, record })?;
        }
    }
    Ok(())
}

/// Columns with the value that a filter asks for.
struct Wanted<'f>(Vec<(&'static str, &'f str)>);

impl<'f> Wanted<'f> {
    fn by(filter: &'f UsageFilter) -> Self {
        let subscription = filter.subscription.as_ref().map(|id| ("subscription_id", id.as_str()));
        let meter = filter.meter.as_ref().map(|id| ("meter_id", id.as_str()));
        Self(subscription.into_iter().chain(meter).collect())
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Where the rows lie that have all the wanted values. Files that cannot have any are told by their
/// bounds; of the others only these columns of runs are read.
fn rows_of(
    store: &DirectoryStore,
    file: &StoredFile,
    metadata: ArrowReaderMetadata,
    wanted: &Wanted<'_>,
) -> Result<Vec<Range<usize>>> {
    let bad = |column: BadColumn| StorageError::damaged(&file.path, column);
    if !wanted.0.iter().all(|(column, value)| may_hold(metadata.metadata(), column, value)) {
        return Ok(Vec::new());
    }
    let builder = parquet_file::open_with(store.directory(), file, metadata)?;
    let needed = ProjectionMask::columns(builder.parquet_schema(), wanted.0.iter().map(|(column, _)| *column));
    let reader = builder.with_projection(needed).with_batch_size(65_536).build();
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut row = 0;
    for batch in reader.map_err(|cause| StorageError::from_reading(&file.path, cause))? {
        let batch = batch.map_err(|cause| StorageError::damaged(&file.path, cause))?;
        let mut is_wanted = vec![true; batch.num_rows()];
        for (column, value) in &wanted.0 {
            let places = text(&batch, column).map_err(bad)?.places_of(value);
            is_wanted.iter_mut().zip(places).for_each(|(is_wanted, is_here)| *is_wanted &= is_here);
        }
        for is_wanted in is_wanted {
            if is_wanted {
                match found.last_mut() {
                    Some(last) if last.end == row => last.end += 1,
                    _ => found.push(row..row + 1),
                }
            }
            row += 1;
        }
    }
    Ok(found)
}

/// A row whose record is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordAt {
    pub(crate) row: u32,
    /// What the caller knows it by.
    pub(crate) number: usize,
}

/// Reads single records of a file, whatever their revision.
pub(crate) fn read_rows(
    store: &DirectoryStore,
    file: &StoredFile,
    mut rows: Vec<RecordAt>,
    records: &mut BTreeMap<usize, (RecordKey, UsageRecord)>,
) -> Result<()> {
    let bad = |column: BadColumn| StorageError::damaged(&file.path, column);
    rows.sort_by_key(|at| at.row);
    store.verify(file)?;
    let total = usize::try_from(file.row_count).unwrap_or(usize::MAX);
    if rows.last().is_some_and(|at| u64::from(at.row) >= file.row_count) {
        return Err(StorageError::damaged(&file.path, "a rated line names a record that is not there"));
    }
    // Several lines may have one record: what a savings plan has paid for, and the rest.
    let by_row: Vec<&[RecordAt]> = rows.chunk_by(|a, b| a.row == b.row).collect();
    let row_of = |lines: &[RecordAt]| lines.first().map_or(0, |at| at.row);
    let ranges = by_row.chunk_by(|a, b| row_of(b) == row_of(a).saturating_add(1)).filter_map(|run| {
        let start = usize::try_from(row_of(run.first()?)).ok()?;
        Some(start..start.saturating_add(run.len()))
    });
    let selection = RowSelection::from_consecutive_ranges(ranges, total);
    let reader = parquet_file::open(store.directory(), file, &schema()?)?
        .with_row_selection(selection)
        .build()
        .map_err(|cause| StorageError::from_reading(&file.path, cause))?;
    let mut memory = DayMemory::default();
    let mut next = by_row.iter();
    for batch in reader {
        let batch = batch.map_err(|cause| StorageError::damaged(&file.path, cause))?;
        let mut reader = RecordReader::new(&batch).map_err(bad)?;
        let keys = typed::<FixedSizeBinaryArray>(&batch, RECORD_KEY).map_err(bad)?;
        for (row, lines) in (0..batch.num_rows()).zip(next.by_ref()) {
            let record = reader.record(row, &mut memory).map_err(bad)?;
            let key = read_key(keys, row).map_err(bad)?;
            records.extend(lines.iter().map(|at| (at.number, (key, record.clone()))));
        }
    }
    Ok(())
}

/// The keys that have restatements, each with its highest revision. Only these need memory: a
/// source that counts its revisions from 1 costs nothing.
#[derive(Debug)]
pub(crate) struct Restated {
    /// Sorted by key.
    highest: Vec<(RecordKey, u32)>,
}

impl Restated {
    pub(crate) fn among(store: &DirectoryStore, files: &[&UsageFile], schema: &Schema) -> Result<Self> {
        let mut found = Vec::new();
        for file in files {
            collect_restatements(store, &file.rows, schema, &mut found)?;
        }
        found.sort_unstable();
        // Of each key the last is the highest; `dedup_by` keeps the first of its argument's pair.
        found.reverse();
        found.dedup_by_key(|(key, _)| *key);
        found.reverse();
        Ok(Self { highest: found })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.highest.is_empty()
    }

    pub(crate) fn is_superseded(&self, key: RecordKey, revision: u32) -> bool {
        if self.highest.is_empty() {
            return false;
        }
        let place = self.highest.binary_search_by_key(&key, |(key, _)| *key);
        place.ok().and_then(|place| self.highest.get(place)).is_some_and(|(_, highest)| *highest > revision)
    }
}

fn collect_restatements(
    store: &DirectoryStore,
    file: &StoredFile,
    schema: &Schema,
    found: &mut Vec<(RecordKey, u32)>,
) -> Result<()> {
    let bad = |column: BadColumn| StorageError::damaged(&file.path, column);
    store.verify(file)?;
    let builder = parquet_file::open(store.directory(), file, schema)?;
    if !may_restate(builder.metadata()) {
        return Ok(());
    }
    let needed = ProjectionMask::columns(builder.parquet_schema(), [RECORD_KEY, IS_RESTATEMENT, "revision"]);
    let reader =
        builder.with_projection(needed).build().map_err(|cause| StorageError::from_reading(&file.path, cause))?;
    for batch in reader {
        let batch = batch.map_err(|cause| StorageError::damaged(&file.path, cause))?;
        let keys = typed::<FixedSizeBinaryArray>(&batch, RECORD_KEY).map_err(bad)?;
        let restates = typed::<BooleanArray>(&batch, IS_RESTATEMENT).map_err(bad)?;
        let revisions = primitive::<arrow::datatypes::UInt32Type>(&batch, "revision").map_err(bad)?;
        for row in (0..batch.num_rows()).filter(|row| restates.value(*row)) {
            found.push((read_key(keys, row).map_err(bad)?, revisions.value(row)));
        }
    }
    Ok(())
}

/// False when the bounds of every row group exclude `value`.
fn may_hold(metadata: &ParquetMetaData, column: &str, value: &str) -> bool {
    let columns = metadata.file_metadata().schema_descr();
    let Some(place) = columns.columns().iter().position(|known| known.name() == column) else { return true };
    metadata.row_groups().iter().any(|group| {
        let statistics = group.columns().get(place).and_then(|column| column.statistics());
        let bounds = statistics.and_then(|bounds| bounds.min_bytes_opt().zip(bounds.max_bytes_opt()));
        bounds.is_none_or(|(least, greatest)| least <= value.as_bytes() && value.as_bytes() <= greatest)
    })
}

/// False when the statistics of every row group exclude a restatement.
fn may_restate(metadata: &ParquetMetaData) -> bool {
    let columns = metadata.file_metadata().schema_descr();
    let Some(place) = columns.columns().iter().position(|column| column.name() == IS_RESTATEMENT) else { return true };
    metadata.row_groups().iter().any(|group| {
        let statistics = group.columns().get(place).and_then(|column| column.statistics());
        !matches!(statistics, Some(Statistics::Boolean(values)) if values.max_opt() == Some(&false))
    })
}
