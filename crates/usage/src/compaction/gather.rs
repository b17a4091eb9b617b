//! Puts rows of several files together in one order, column by column.
//!
//! Texts get a dictionary anew, in the order in which the rows have them, so that the same records
//! give the same bytes, wherever they lay before.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, FixedSizeBinaryArray, PrimitiveArray, RecordBatch, StringArray,
};
use arrow::compute::interleave;
use arrow::datatypes::{DataType, Date32Type, Field, Int32Type, Schema, UInt32Type};
use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::RowSelection;

use super::pieces::Slice;
use crate::columns::{BadColumn, primitive, typed};
use crate::decimals::{DecimalColumn, Numbers};
use crate::error::{Result, StorageError};
use crate::keys::number;
use crate::parquet_file::RECORD_KEY;
use crate::rating::Survey;
use crate::records_file::read_key;

/// Decoded rows and their order.
pub(super) struct Gathering {
    batches: Vec<RecordBatch>,
    /// Batch and row.
    order: Vec<(usize, usize)>,
    days: (i32, i32),
}

/// What decides about a row's place: subscription, meter, day, key, revision; then where it lies.
type Place = (u32, u32, i32, u128, u32, usize, usize);

impl Gathering {
    pub(super) fn of(survey: &Survey<'_>, slice: &Slice) -> Result<Self> {
        let mut batches = Vec::new();
        let mut places: Vec<Place> = Vec::new();
        for (place, rows) in slice {
            let path = survey.path(*place);
            let rows =
                usize::try_from(rows.start).unwrap_or(usize::MAX)..usize::try_from(rows.end).unwrap_or(usize::MAX);
            let selection = RowSelection::from_consecutive_ranges(std::iter::once(rows), survey.row_count(*place));
            let reader = survey.open(*place)?.with_row_selection(selection).build();
            for batch in reader.map_err(|cause| StorageError::from_reading(path, cause))? {
                let batch = batch.map_err(|cause| StorageError::damaged(path, cause))?;
                add_places(survey, &batch, batches.len(), &mut places)
                    .map_err(|column| StorageError::damaged(path, column))?;
                batches.push(batch);
            }
        }
        places.sort();
        let days =
            places.iter().fold((i32::MAX, i32::MIN), |(first, last), place| (first.min(place.2), last.max(place.2)));
        Ok(Self { batches, order: places.into_iter().map(|(.., batch, row)| (batch, row)).collect(), days })
    }

    /// The first and the last one.
    pub(super) fn days(&self) -> (i32, i32) {
        self.days
    }

    /// All rows in their order.
    pub(super) fn batch(&self) -> Result<RecordBatch, ArrowError> {
        let Some(first) = self.batches.first() else { return Ok(RecordBatch::new_empty(Arc::new(Schema::empty()))) };
        let schema = first.schema();
        let mut fields = Vec::with_capacity(schema.fields().len());
        let mut arrays = Vec::with_capacity(schema.fields().len());
        for (place, field) in schema.fields().iter().enumerate() {
            let columns: Vec<&ArrayRef> = self.batches.iter().map(|batch| batch.column(place)).collect();
            let array = match field.data_type() {
                DataType::Dictionary(..) => self.texts(&columns)?,
                DataType::Decimal128(..) => self.numbers(&columns)?,
                _ => interleave(&columns.iter().map(|column| column.as_ref()).collect::<Vec<_>>(), &self.order)?,
            };
            fields.push(Field::new(field.name(), array.data_type().clone(), field.is_nullable()));
            arrays.push(array);
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
    }

    fn numbers(&self, columns: &[&ArrayRef]) -> Result<ArrayRef, ArrowError> {
        let sources: Vec<Numbers<'_>> =
            columns.iter().map(|column| Numbers::of(column.as_ref())).collect::<Option<_>>().ok_or_else(not_ours)?;
        let mut numbers = DecimalColumn::default();
        for (batch, row) in &self.order {
            numbers.push(sources.get(*batch).and_then(|source| source.get(*row)));
        }
        numbers.array(None)
    }

    fn texts(&self, columns: &[&ArrayRef]) -> Result<ArrayRef, ArrowError> {
        let sources = Sources::of(columns)?;
        let mut texts = Texts::default();
        let mut known: Vec<Vec<i32>> = sources.dictionaries.iter().map(|values| vec![-1; values.len()]).collect();
        let mut keys: Vec<Option<i32>> = Vec::with_capacity(self.order.len());
        for (batch, row) in &self.order {
            let (column, dictionary) = sources.columns.get(*batch).ok_or_else(not_ours)?;
            let Some(key) = column.key(*row) else {
                keys.push(None);
                continue;
            };
            let place = known.get_mut(*dictionary).and_then(|places| places.get_mut(key)).ok_or_else(not_ours)?;
            if *place < 0 {
                let values = sources.dictionaries.get(*dictionary).ok_or_else(not_ours)?;
                *place = texts.place_of(values.value(key));
            }
            keys.push(Some(*place));
        }
        let values = StringArray::from(texts.values);
        Ok(Arc::new(DictionaryArray::try_new(PrimitiveArray::<Int32Type>::from(keys), Arc::new(values))?))
    }
}

/// Columns of text; batches of one file mostly share their dictionary.
struct Sources<'a> {
    columns: Vec<(&'a DictionaryArray<Int32Type>, usize)>,
    dictionaries: Vec<&'a StringArray>,
}

impl<'a> Sources<'a> {
    fn of(columns: &[&'a ArrayRef]) -> Result<Self, ArrowError> {
        let mut sources = Self { columns: Vec::new(), dictionaries: Vec::new() };
        let mut last: Option<&ArrayRef> = None;
        for column in columns {
            let column = column.as_dictionary_opt::<Int32Type>().ok_or_else(not_ours)?;
            if !last.is_some_and(|last| Arc::ptr_eq(last, column.values())) {
                sources.dictionaries.push(column.values().as_string_opt::<i32>().ok_or_else(not_ours)?);
                last = Some(column.values());
            }
            sources.columns.push((column, sources.dictionaries.len().saturating_sub(1)));
        }
        Ok(sources)
    }
}

/// Distinct texts as they are met.
#[derive(Default)]
struct Texts<'a> {
    values: Vec<&'a str>,
    places: HashMap<&'a str, i32>,
}

impl<'a> Texts<'a> {
    fn place_of(&mut self, text: &'a str) -> i32 {
        *self.places.entry(text).or_insert_with(|| {
            self.values.push(text);
            i32::try_from(self.values.len() - 1).unwrap_or(i32::MAX)
        })
    }
}

fn not_ours() -> ArrowError {
    ArrowError::SchemaError("a column has not the type that it was read with".to_owned())
}

fn add_places(
    survey: &Survey<'_>,
    batch: &RecordBatch,
    number_of_batch: usize,
    places: &mut Vec<Place>,
) -> Result<(), BadColumn> {
    let subscriptions = ranks(batch, "subscription_id", |text| survey.rank_of_text(text))?;
    let meters = ranks(batch, "meter_id", |text| survey.meter_rank(text))?;
    let days = primitive::<Date32Type>(batch, "usage_date")?.values();
    let revisions = primitive::<UInt32Type>(batch, "revision")?.values();
    let keys = typed::<FixedSizeBinaryArray>(batch, RECORD_KEY)?;
    for (row, (((subscription, meter), day), revision)) in
        subscriptions.into_iter().zip(meters).zip(days).zip(revisions).enumerate()
    {
        places.push((subscription, meter, *day, number(read_key(keys, row)?), *revision, number_of_batch, row));
    }
    Ok(())
}

/// The rank of each row's text.
fn ranks(batch: &RecordBatch, name: &'static str, rank: impl Fn(&str) -> Option<u32>) -> Result<Vec<u32>, BadColumn> {
    let column = batch.column_by_name(name).and_then(|column| column.as_dictionary_opt::<Int32Type>());
    let column = column.ok_or(BadColumn(name))?;
    let values = column.values().as_string_opt::<i32>().ok_or(BadColumn(name))?;
    let mut known: Vec<Option<u32>> = vec![None; values.len()];
    let mut found = Vec::with_capacity(batch.num_rows());
    for key in column.keys().values() {
        let place = usize::try_from(*key).map_err(|_| BadColumn(name))?;
        let slot = known.get_mut(place).ok_or(BadColumn(name))?;
        if slot.is_none() {
            *slot = Some(rank(values.value(place)).ok_or(BadColumn(name))?);
        }
        found.push(slot.unwrap_or_default());
    }
    Ok(found)
}
