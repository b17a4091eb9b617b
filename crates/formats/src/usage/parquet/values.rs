//! One column of one batch, turned into text cell by cell.

use std::fmt::Write as _;

use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Decimal128Array, Int64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int64Type, TimeUnit};
use arrow::error::ArrowError;
use jiff::ToSpan;

use crate::error::FileError;

/// A column in one of the few types that a field can have.
pub(super) enum Values {
    Text(StringArray),
    Integer(Int64Array),
    Decimal(Decimal128Array),
    Day(Date32Array),
    /// Instants, and how many of their units a day has.
    Instant(Int64Array, i64),
    Empty,
}

/// Refuses the types that have lost digits already or that no field can have.
pub(super) fn check_type(name: &str, data_type: &DataType) -> Result<(), FileError> {
    match data_type {
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            let message =
                format!("column {name} holds binary floating point numbers, which are not exact; write decimals");
            Err(FileError::new("usage.file.float_column", message))
        }
        other if target(other).is_some() => Ok(()),
        other => {
            let message = format!("column {name} is of the type {other}, which cannot be read");
            Err(FileError::new("usage.file.column_type", message))
        }
    }
}

/// The type that a column is read as.
fn target(data_type: &DataType) -> Option<DataType> {
    match data_type {
        DataType::Null => Some(DataType::Null),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(DataType::Utf8),
        DataType::Dictionary(_, values) => target(values),
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32 => Some(DataType::Int64),
        DataType::UInt64 => Some(DataType::Decimal128(20, 0)),
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) => Some(DataType::Decimal128(38, *scale)),
        DataType::Decimal128(precision, scale) => Some(DataType::Decimal128(*precision, *scale)),
        DataType::Date32 => Some(DataType::Date32),
        DataType::Timestamp(unit, _) => Some(DataType::Timestamp(*unit, None)),
        _ => None,
    }
}

impl Values {
    pub(super) fn of(array: &ArrayRef) -> Result<Self, FileError> {
        let failed = |cause: &dyn std::fmt::Display| {
            FileError::new("file.corrupt", "the Parquet file is damaged and cannot be read").caused_by(cause)
        };
        let data_type = target(array.data_type()).ok_or_else(|| failed(&"a column changed its type"))?;
        let per_day: i64 = match &data_type {
            DataType::Timestamp(TimeUnit::Second, _) => 86_400,
            DataType::Timestamp(TimeUnit::Millisecond, _) => 86_400_000,
            DataType::Timestamp(TimeUnit::Microsecond, _) => 86_400_000_000,
            _ => 86_400_000_000_000,
        };
        // An instant's number is UTC whatever zone the column shows it in.
        let wanted = if matches!(data_type, DataType::Timestamp(..)) { &DataType::Int64 } else { &data_type };
        let array = cast(array, wanted).map_err(|error| failed(&error))?;
        Ok(match data_type {
            DataType::Null => Self::Empty,
            DataType::Utf8 => Self::Text(array.as_string::<i32>().clone()),
            DataType::Int64 => Self::Integer(array.as_primitive::<Int64Type>().clone()),
            DataType::Date32 => Self::Day(array.as_primitive::<Date32Type>().clone()),
            DataType::Timestamp(..) => Self::Instant(array.as_primitive::<Int64Type>().clone(), per_day),
            _ => Self::Decimal(array.as_primitive::<Decimal128Type>().clone()),
        })
    }

    /// Appends the cell's text; nothing for null.
    pub(super) fn write(&self, row: usize, text: &mut String) -> Result<(), ArrowError> {
        let malformed = |_| ArrowError::ComputeError("a cell cannot be written as text".to_owned());
        match self {
            Self::Text(values) if values.is_valid(row) => text.push_str(values.value(row)),
            Self::Integer(values) if values.is_valid(row) => {
                write!(text, "{}", values.value(row)).map_err(malformed)?;
            }
            Self::Decimal(values) if values.is_valid(row) => text.push_str(&values.value_as_string(row)),
            Self::Day(values) if values.is_valid(row) => write_day(i64::from(values.value(row)), text),
            Self::Instant(values, per_day) if values.is_valid(row) => {
                write_day(values.value(row).div_euclid(*per_day), text);
            }
            _ => {}
        }
        Ok(())
    }
}

/// `days` since 1970-01-01; what no calendar has is written so that the date's reader refuses it.
fn write_day(days: i64, text: &mut String) {
    // `ToSpan::days` panics on what jiff cannot count.
    let countable = (days.unsigned_abs() <= 4_000_000).then(|| days.days());
    let day = countable.and_then(|span| jiff::civil::date(1970, 1, 1).checked_add(span).ok());
    match day {
        Some(day) => text.push_str(&day.to_string()),
        None => text.push_str(&format!("day {days}")),
    }
}
