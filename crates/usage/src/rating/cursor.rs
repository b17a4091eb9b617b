//! One file's rows of a range, batch by batch, in the order of rating.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, FixedSizeBinaryArray, RecordBatch, StringArray};
use arrow::datatypes::{Date32Type, Int32Type, UInt32Type};
use billing::decimal::Scaled;
use billing::uom::QuantityBasis;
use billing::usage::RecordKey;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowSelection};

use super::survey::{Survey, SurveyedFile, Wanted};
use crate::columns::{BadColumn, primitive, typed};
use crate::error::{Result, StorageError};
use crate::keys::number;
use crate::parquet_file::{self, RECORD_KEY};
use crate::record_columns::read_basis;
use crate::records_file::{Restated, read_key};

/// Rows that the cursors of a range have in memory together, about.
const ROWS_IN_MEMORY: usize = 131_072;
/// Rows of a batch.
const ROWS_PER_BATCH_MAX: usize = 8192;
const ROWS_PER_BATCH_MIN: usize = 256;

/// Where a row stands in the order of rating, but for its key, and where it lies in memory.
///
/// Rank of the subscription in the highest 32 bits, then that of the meter in 32, the day in 20,
/// the cursor in 20 and the row of its batch in 24.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowPlace(u128);

/// Days before this one are of no month that is billed.
const FIRST_DAY: i32 = 7_305;

impl RowPlace {
    fn new(subscription: u32, meter: u32, day: i32, cursor: usize, row: usize) -> Option<Self> {
        let day = u128::try_from(day.checked_sub(FIRST_DAY)?).ok().filter(|day| *day < 1 << 20)?;
        let cursor = u128::try_from(cursor).ok().filter(|cursor| *cursor < 1 << 20)?;
        let row = u128::try_from(row).ok().filter(|row| *row < 1 << 24)?;
        Some(Self(u128::from(subscription) << 96 | u128::from(meter) << 64 | day << 44 | cursor << 24 | row))
    }

    /// Subscription, meter and day as one number.
    #[inline]
    pub(super) fn scope_day(self) -> u128 {
        self.0 >> 44
    }

    /// Subscription and meter as one number.
    #[inline]
    pub(super) fn scope(self) -> u64 {
        u64::try_from(self.0 >> 64).unwrap_or(u64::MAX)
    }

    #[inline]
    pub(super) fn subscription(self) -> u32 {
        u32::try_from(self.0 >> 96).unwrap_or(u32::MAX)
    }

    #[inline]
    pub(super) fn meter(self) -> u32 {
        u32::try_from(self.0 >> 64 & 0xffff_ffff).unwrap_or(u32::MAX)
    }

    /// Days since 1970-01-01.
    #[inline]
    pub(super) fn day(self) -> i32 {
        i32::try_from(self.0 >> 44 & 0xf_ffff).unwrap_or(0) + FIRST_DAY
    }

    #[inline]
    pub(super) fn cursor(self) -> usize {
        usize::try_from(self.0 >> 24 & 0xf_ffff).unwrap_or(usize::MAX)
    }

    #[inline]
    pub(super) fn row(self) -> usize {
        usize::try_from(self.0 & 0xff_ffff).unwrap_or(usize::MAX)
    }
}

/// What the cursors of a range ask for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) survey: &'a Survey<'a>,
    pub(super) wanted: &'a Wanted,
    /// Ranks of the range.
    pub(super) ranks: (u32, u32),
    /// Whether rows of one day may lie in several files, so that their keys decide.
    pub(super) by_key: bool,
    /// Whether keys are needed for something else: savings plans pay for records by their keys.
    pub(super) with_keys: bool,
    /// Cursors that are open together.
    pub(super) cursor_count: usize,
}

/// A file's rows of one range.
pub(super) struct Piece<'a> {
    pub(super) file: &'a SurveyedFile,
    /// Only these subscriptions, meters and days, by rank; all where `None`.
    pub(super) only: Option<&'a BTreeSet<(u32, u32, i32)>>,
    pub(super) rows: Vec<Range<u32>>,
}

/// The rows of one piece that are still to come.
pub(super) struct Cursor<'a> {
    /// Its place among the cursors of the range.
    number: usize,
    path: &'a str,
    asked: Asked<'a>,
    only: Option<&'a BTreeSet<(u32, u32, i32)>>,
    reader: ParquetRecordBatchReader,
    /// Rows of the file that the reader has still to hand over, as ranges.
    rows_left: std::vec::IntoIter<Range<u32>>,
    current: Range<u32>,
    subscriptions: Ranked,
    meters: Ranked,
    batch: Batch,
}

/// Ranks of the texts of a dictionary, each looked up when it is met, kept as long as batches share it.
#[derive(Default)]
struct Ranked {
    dictionary: Option<ArrayRef>,
    ranks: Vec<u32>,
}

const NOT_ASKED: u32 = u32::MAX;

/// The basis of each row; mostly the same for all.
enum Bases {
    Same(QuantityBasis),
    Each(Vec<QuantityBasis>),
}

impl Default for Bases {
    fn default() -> Self {
        Self::Same(QuantityBasis::Blocks)
    }
}

/// Decoded rows, of which some were taken.
#[derive(Default)]
struct Batch {
    rows: Vec<RowPlace>,
    taken: usize,
    quantities: Option<Decimal128Array>,
    bases: Bases,
    scale: u8,
    keys: Option<FixedSizeBinaryArray>,
    /// Row of the file for each row.
    file_rows: Vec<u32>,
}

impl<'a> Cursor<'a> {
    /// `None` where the file has no row of the range after all.
    pub(super) fn open(number: usize, piece: Piece<'a>, asked: Asked<'a>) -> Result<Option<Self>> {
        let (file, stored) = (piece.file, &piece.file.file.rows);
        let builder = parquet_file::open_with(asked.survey.store.directory(), stored, file.metadata.clone())?;
        let selection = RowSelection::from_consecutive_ranges(
            piece.rows.iter().map(|rows| usize_of(rows.start)..usize_of(rows.end)),
            usize_of(file.row_count),
        );
        let mut columns = vec!["usage_date", "subscription_id", "meter_id", "quantity", "quantity_basis"];
        let restated = &asked.survey.restated;
        if asked.by_key || asked.with_keys || !restated.is_empty() {
            columns.push(RECORD_KEY);
        }
        if !restated.is_empty() {
            columns.push("revision");
        }
        let needed = ProjectionMask::columns(builder.parquet_schema(), columns);
        let reader = builder
            .with_projection(needed)
            .with_row_selection(selection)
            .with_batch_size(
                ROWS_IN_MEMORY
                    .checked_div(asked.cursor_count)
                    .unwrap_or(ROWS_PER_BATCH_MAX)
                    .clamp(ROWS_PER_BATCH_MIN, ROWS_PER_BATCH_MAX),
            )
            .build()
            .map_err(|cause| StorageError::from_reading(&stored.path, cause))?;
        let mut cursor = Self {
            number,
            path: &stored.path,
            asked,
            only: piece.only,
            reader,
            rows_left: piece.rows.into_iter(),
            current: 0..0,
            subscriptions: Ranked::default(),
            meters: Ranked::default(),
            batch: Batch::default(),
        };
        Ok(cursor.load()?.then_some(cursor))
    }

    /// The last row in memory; there are more behind it unless the file is at its end.
    pub(super) fn last(&self) -> Option<RowPlace> {
        self.batch.rows.last().copied()
    }

    /// Rows in memory that were not taken.
    pub(super) fn waiting(&self) -> &[RowPlace] {
        self.batch.rows.get(self.batch.taken..).unwrap_or_default()
    }

    pub(super) fn take(&mut self, count: usize) {
        self.batch.taken += count;
    }

    pub(super) fn key(&self, place: RowPlace) -> u128 {
        number(self.record_key(place))
    }

    /// As [`Cursor::key`]; nothing but zeros where keys were not asked for.
    pub(super) fn record_key(&self, place: RowPlace) -> RecordKey {
        let keys = self.batch.keys.as_ref().filter(|keys| place.row() < keys.len());
        RecordKey(keys.and_then(|keys| keys.value(place.row()).try_into().ok()).unwrap_or_default())
    }

    #[inline]
    pub(super) fn quantity(&self, place: RowPlace) -> (Scaled, QuantityBasis) {
        let row = place.row();
        let mantissa = self.batch.quantities.as_ref().and_then(|array| array.values().get(row).copied());
        let basis = match &self.batch.bases {
            Bases::Same(basis) => *basis,
            Bases::Each(bases) => bases.get(row).copied().unwrap_or(QuantityBasis::Blocks),
        };
        (Scaled { mantissa: mantissa.unwrap_or_default(), scale: self.batch.scale }, basis)
    }

    /// The row's number in the file.
    #[inline]
    pub(super) fn file_row(&self, place: RowPlace) -> u32 {
        self.batch.file_rows.get(place.row()).copied().unwrap_or(u32::MAX)
    }

    /// Reads on once all rows in memory were taken. False at the end of the file.
    pub(super) fn load(&mut self) -> Result<bool> {
        loop {
            let Some(batch) = self.reader.next() else { return Ok(false) };
            let batch = batch.map_err(|cause| StorageError::damaged(self.path, cause))?;
            let before = self.last();
            self.read(&batch).map_err(|column| StorageError::damaged(self.path, column))?;
            let is_behind = self.batch.rows.first().zip(before).is_none_or(|(a, b)| a.scope_day() >= b.scope_day());
            if !is_behind || !self.batch.rows.is_sorted_by_key(|place| place.scope_day()) {
                return Err(StorageError::damaged(self.path, "its rows are not in the order of rating"));
            }
            if !self.batch.rows.is_empty() {
                return Ok(true);
            }
        }
    }

    fn read(&mut self, batch: &RecordBatch) -> Result<(), BadColumn> {
        self.batch.rows.clear();
        self.batch.file_rows.clear();
        self.batch.taken = 0;
        let survey = self.asked.survey;
        let days = primitive::<Date32Type>(batch, "usage_date")?.values();
        let subscriptions = self.subscriptions.column(batch, "subscription_id")?;
        let meters = self.meters.column(batch, "meter_id")?;
        let quantities = typed::<Decimal128Array>(batch, "quantity")?;
        self.batch.scale = u8::try_from(quantities.scale()).map_err(|_| BadColumn("quantity"))?;
        self.batch.quantities = Some(quantities.clone());
        self.batch.read_bases(batch)?;
        if self.asked.by_key || self.asked.with_keys || !survey.restated.is_empty() {
            self.batch.keys = Some(typed::<FixedSizeBinaryArray>(batch, RECORD_KEY)?.clone());
        }
        let superseded = Superseded::of(&survey.restated, batch)?;
        // Rows of one subscription and meter are neighbours: what is asked of both is asked once.
        let mut row = 0;
        let keys: Vec<(i32, i32)> = subscriptions.iter().copied().zip(meters.iter().copied()).collect();
        for run in keys.chunk_by(|a, b| a == b) {
            let rows = row..row + run.len();
            row = rows.end;
            let Some((subscription, meter)) = run.first() else { continue };
            let rank = self.subscriptions.rank(*subscription, |text| survey.rank_of_text(text))?;
            let is_asked = rank >= self.asked.ranks.0 && rank < self.asked.ranks.1 && self.asked.wanted.has(rank);
            let meter = if is_asked { self.meters.rank(*meter, |text| survey.meter_rank(text))? } else { 0 };
            for row in rows {
                if self.current.is_empty() {
                    self.current = self.rows_left.next().ok_or(BadColumn("subscription_id"))?;
                }
                self.batch.file_rows.push(self.current.start);
                self.current.start += 1;
                let day = days.get(row).copied().unwrap_or_default();
                let is_taken = is_asked && self.only.is_none_or(|days| days.contains(&(rank, meter, day)));
                if is_taken && !superseded.has(row)? {
                    let place = RowPlace::new(rank, meter, day, self.number, row).ok_or(BadColumn("usage_date"))?;
                    self.batch.rows.push(place);
                }
            }
        }
        Ok(())
    }
}

/// Which rows of a batch have a higher revision somewhere.
struct Superseded<'b> {
    restated: &'b Restated,
    columns: Option<(&'b FixedSizeBinaryArray, &'b [u32])>,
}

impl<'b> Superseded<'b> {
    fn of(restated: &'b Restated, batch: &'b RecordBatch) -> Result<Self, BadColumn> {
        if restated.is_empty() {
            return Ok(Self { restated, columns: None });
        }
        let keys = typed::<FixedSizeBinaryArray>(batch, RECORD_KEY)?;
        let revisions = primitive::<UInt32Type>(batch, "revision")?.values();
        Ok(Self { restated, columns: Some((keys, revisions)) })
    }

    fn has(&self, row: usize) -> Result<bool, BadColumn> {
        let Some((keys, revisions)) = self.columns else { return Ok(false) };
        let revision = revisions.get(row).copied().unwrap_or_default();
        Ok(self.restated.is_superseded(read_key(keys, row)?, revision))
    }
}

fn usize_of(row: u32) -> usize {
    usize::try_from(row).unwrap_or(usize::MAX)
}

impl Ranked {
    /// The column's keys; the ranks of another dictionary are forgotten.
    fn column<'b>(&mut self, batch: &'b RecordBatch, name: &'static str) -> Result<&'b [i32], BadColumn> {
        let column = batch.column_by_name(name).and_then(|column| column.as_dictionary_opt::<Int32Type>());
        let column = column.ok_or(BadColumn(name))?;
        let is_same = self.dictionary.as_ref().is_some_and(|dictionary| Arc::ptr_eq(dictionary, column.values()));
        if !is_same {
            self.ranks.clear();
            self.ranks.resize(column.values().len(), NOT_ASKED);
            self.dictionary = Some(Arc::clone(column.values()));
        }
        Ok(column.keys().values())
    }

    fn rank(&mut self, key: i32, rank_of: impl Fn(&str) -> Option<u32>) -> Result<u32, BadColumn> {
        const NAME: BadColumn = BadColumn("subscription_id or meter_id");
        let place = usize::try_from(key).map_err(|_| NAME)?;
        let rank = self.ranks.get_mut(place).ok_or(NAME)?;
        if *rank == NOT_ASKED {
            let values: Option<&StringArray> = self.dictionary.as_ref().and_then(|values| values.as_string_opt());
            let text = values.ok_or(NAME)?.value(place);
            *rank = rank_of(text).ok_or(NAME)?;
        }
        Ok(*rank)
    }
}

impl Batch {
    fn read_bases(&mut self, batch: &RecordBatch) -> Result<(), BadColumn> {
        const NAME: &str = "quantity_basis";
        let column = batch.column_by_name(NAME).and_then(|column| column.as_dictionary_opt::<Int32Type>());
        let column = column.ok_or(BadColumn(NAME))?;
        let values = column.values().as_string_opt::<i32>().ok_or(BadColumn(NAME))?;
        let words: Vec<QuantityBasis> = values.iter().map(read_basis).collect::<Result<_, _>>()?;
        if let [only] = words.as_slice() {
            self.bases = Bases::Same(*only);
            return Ok(());
        }
        let basis = |key: &i32| usize::try_from(*key).ok().and_then(|key| words.get(key)).copied();
        let bases = column.keys().values().iter().map(basis).collect::<Option<_>>().ok_or(BadColumn(NAME))?;
        self.bases = Bases::Each(bases);
        Ok(())
    }
}
