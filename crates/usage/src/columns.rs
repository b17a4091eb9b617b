//! Named columns on their way into a file and out of it.

use std::str::FromStr;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{ArrowPrimitiveType, DataType, Field, Schema};
use arrow::error::ArrowError;
use arrow_select::dictionary::garbage_collect_any_dictionary;

use crate::decimals::{DecimalColumn, Numbers};
use crate::parquet_file::BENEFIT_ORDER_ID;
use crate::text::{Parsed, Text};

/// Values of a column. Numbers find their scale only when it is known which rows a file holds.
#[derive(Debug)]
pub(crate) enum Values {
    Ready(ArrayRef),
    Decimals(DecimalColumn),
}

/// Columns of equal length.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    columns: Vec<(&'static str, bool, Values)>,
}

impl Frame {
    pub(crate) fn add(&mut self, name: &'static str, array: ArrayRef) {
        self.columns.push((name, false, Values::Ready(array)));
    }

    pub(crate) fn add_nullable(&mut self, name: &'static str, array: ArrayRef) {
        self.columns.push((name, true, Values::Ready(array)));
    }

    pub(crate) fn add_decimals(&mut self, name: &'static str, nullable: bool, column: DecimalColumn) {
        self.columns.push((name, nullable, Values::Decimals(column)));
    }

    /// A column that is no column of numbers.
    pub(crate) fn array(&self, name: &str) -> Option<&ArrayRef> {
        self.columns.iter().find(|(column, ..)| *column == name).and_then(|(.., values)| match values {
            Values::Ready(array) => Some(array),
            Values::Decimals(_) => None,
        })
    }

    /// The columns of `rows`, or all of them.
    pub(crate) fn batch(&self, rows: Option<&[u32]>) -> Result<RecordBatch, ArrowError> {
        let indices = rows.map(|rows| UInt32Array::from(rows.to_vec()));
        let mut fields = Vec::with_capacity(self.columns.len());
        let mut arrays = Vec::with_capacity(self.columns.len());
        for (name, nullable, values) in &self.columns {
            let array = match (values, &indices) {
                (Values::Ready(array), None) => Arc::clone(array),
                (Values::Ready(array), Some(indices)) => picked(array, indices)?,
                (Values::Decimals(column), _) => column.array(rows)?,
            };
            fields.push(Field::new(*name, array.data_type().clone(), *nullable));
            arrays.push(array);
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
    }
}

/// Text takes along only what the rows say: another file holds the rest.
fn picked(array: &ArrayRef, rows: &UInt32Array) -> Result<ArrayRef, ArrowError> {
    let array = take(array, rows, None)?;
    match array.as_any_dictionary_opt() {
        Some(text) => garbage_collect_any_dictionary(text),
        None => Ok(array),
    }
}

/// `expected` with the scales that `found` has: they differ from file to file. A column that a file need not have is
/// expected where it is found.
pub(crate) fn with_scales_of(expected: &Schema, found: &Schema) -> Schema {
    let fields: Vec<Field> = expected
        .fields()
        .iter()
        .filter(|field| field.name() != BENEFIT_ORDER_ID || found.field_with_name(BENEFIT_ORDER_ID).is_ok())
        .map(|field| match (field.data_type(), found.field_with_name(field.name()).map(Field::data_type)) {
            (DataType::Decimal128(..), Ok(scaled @ DataType::Decimal128(..))) => {
                Field::new(field.name(), scaled.clone(), field.is_nullable())
            }
            _ => field.as_ref().clone(),
        })
        .collect();
    Schema::new(fields)
}

/// A column that is not there, has another type, or a value that its field cannot have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("column {0} cannot be read")]
pub(crate) struct BadColumn(pub(crate) &'static str);

pub(crate) fn text<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<Text<'a>, BadColumn> {
    batch.column_by_name(name).and_then(|column| Text::of(column)).ok_or(BadColumn(name))
}

pub(crate) fn parsed<'a, T: Clone + FromStr>(
    batch: &'a RecordBatch,
    name: &'static str,
) -> Result<Parsed<'a, T>, BadColumn> {
    Ok(Parsed::new(text(batch, name)?, name))
}

pub(crate) fn numbers<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<Numbers<'a>, BadColumn> {
    batch.column_by_name(name).and_then(|column| Numbers::of(column)).ok_or(BadColumn(name))
}

pub(crate) fn primitive<'a, T: ArrowPrimitiveType>(
    batch: &'a RecordBatch,
    name: &'static str,
) -> Result<&'a arrow::array::PrimitiveArray<T>, BadColumn> {
    batch.column_by_name(name).and_then(|column| column.as_primitive_opt()).ok_or(BadColumn(name))
}

/// A column of any other type.
pub(crate) fn typed<'a, A: Array + 'static>(batch: &'a RecordBatch, name: &'static str) -> Result<&'a A, BadColumn> {
    batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref()).ok_or(BadColumn(name))
}
