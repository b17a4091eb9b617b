//! Quittance's own columns in a Parquet file, row group by row group.

mod values;

use std::fmt::Write as _;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::Schema;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::UsageItem;
use super::field::{FIELD_COUNT, Field, Named, OWN};
use super::own::own_record;
use super::row::Row;
use crate::csv::normalised;
use crate::error::{Fault, FileError, RejectedLine, raw_excerpt};
use crate::source::Input;
use values::Values;

const BATCH_ROW_COUNT: usize = 4096;

/// The rows of one file.
pub(super) struct ParquetRows {
    reader: ParquetRecordBatchReader,
    /// The fields in the order of the columns that are read.
    fields: Vec<(Field, &'static str, u64)>,
    batch: Vec<Values>,
    batch_row_count: usize,
    batch_row: usize,
    row: ParquetRow,
    progress: Progress,
}

impl std::fmt::Debug for ParquetRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetRows").field("row", &self.row.number).finish_non_exhaustive()
    }
}

impl ParquetRows {
    pub(super) fn open(input: Input) -> Result<Self, FileError> {
        let count = input.bytes_consumed();
        let Some(file) = input.into_plain_file() else {
            let message = "a Parquet file is read from its end, so it has to be a plain file: not compressed, no pipe";
            return Err(FileError::new("usage.file.parquet_stream", message));
        };
        let builder = guarded(|| ParquetRecordBatchReaderBuilder::try_new(file))?.map_err(|error| corrupt(&error))?;
        let fields = fields_of(builder.schema())?;
        let progress = Progress::of(&builder, count);
        let roots = fields.iter().map(|(_, _, column)| usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX));
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        let reader = guarded(|| builder.with_projection(mask).with_batch_size(BATCH_ROW_COUNT).build())?;
        let reader = reader.map_err(|error| corrupt(&error))?;
        let row = ParquetRow { texts: [const { String::new() }; FIELD_COUNT], number: 0, fields: fields.clone() };
        Ok(Self { reader, fields, batch: Vec::new(), batch_row_count: 0, batch_row: 0, row, progress })
    }

    pub(super) fn next_item(&mut self) -> Result<Option<UsageItem>, FileError> {
        while self.batch_row == self.batch_row_count {
            let Some(batch) = guarded(|| self.reader.next())? else { return Ok(None) };
            let batch = batch.map_err(|error| corrupt(&error))?;
            self.load(&batch)?;
        }
        self.row.number = self.row.number.saturating_add(1);
        for ((field, _, _), values) in self.fields.iter().zip(&self.batch) {
            if let Some(text) = self.row.texts.get_mut(*field as usize) {
                text.clear();
                values.write(self.batch_row, text).map_err(|error| corrupt(&error))?;
            }
        }
        self.batch_row = self.batch_row.saturating_add(1);
        Ok(Some(UsageItem::of(self.row.number, own_record(&self.row))))
    }

    pub(super) fn column_of(&self, field: Field) -> Option<(u64, &str)> {
        self.row.column_of(field)
    }

    fn load(&mut self, batch: &RecordBatch) -> Result<(), FileError> {
        let schema = batch.schema();
        let column = |(_, name, _): &(Field, &str, u64)| -> Result<Values, FileError> {
            let index = schema.fields().iter().position(|field| normalised(field.name()) == normalised(name));
            let array: Option<&ArrayRef> = index.and_then(|index| batch.columns().get(index));
            array.map_or_else(|| Err(corrupt(&"a column is missing in a row group")), Values::of)
        };
        self.batch = self.fields.iter().map(column).collect::<Result<_, _>>()?;
        self.batch_row_count = batch.num_rows();
        self.batch_row = 0;
        self.progress.advance(batch.num_rows());
        Ok(())
    }
}

/// Finds the columns by name and refuses types that would lose digits.
fn fields_of(schema: &Schema) -> Result<Vec<(Field, &'static str, u64)>, FileError> {
    let mut fields = Vec::new();
    for Named { field, names, required } in OWN {
        let name = names.first().copied().unwrap_or("");
        let mut columns =
            schema.fields().iter().enumerate().filter(|(_, column)| normalised(column.name()) == normalised(name));
        let Some((index, column)) = columns.next() else {
            if *required {
                let there: Vec<&str> = schema.fields().iter().take(40).map(|column| column.name().as_str()).collect();
                let message = format!("there is no column {name}; the file has {}", there.join(", "));
                return Err(FileError::new("usage.file.column_missing", message));
            }
            continue;
        };
        let number = (index as u64).saturating_add(1);
        if let Some((second, _)) = columns.next() {
            let message = format!("columns {number} and {} are both named {name}", second.saturating_add(1));
            return Err(FileError::new("csv.column_duplicate", message));
        }
        let refused = |error: FileError| FileError { column: Some(number), ..error };
        values::check_type(name, column.data_type()).map_err(refused)?;
        fields.push((*field, name, number));
    }
    Ok(fields)
}

/// The library below panics on some damaged files (an assertion on a bit width, in version 59); that
/// must not end the program. The reader is dropped after the error, so nothing half-read is used.
fn guarded<T>(read: impl FnOnce() -> T) -> Result<T, FileError> {
    let panicked = |_| corrupt(&"the Parquet library gave up on the content");
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).map_err(panicked)
}

fn corrupt(cause: &dyn std::fmt::Display) -> FileError {
    FileError::new("file.corrupt", "the Parquet file is damaged and cannot be read").caused_by(cause)
}

/// One row as text.
struct ParquetRow {
    texts: [String; FIELD_COUNT],
    number: u64,
    fields: Vec<(Field, &'static str, u64)>,
}

impl ParquetRow {
    fn column_of(&self, field: Field) -> Option<(u64, &str)> {
        self.fields.iter().find(|(known, ..)| *known == field).map(|(_, name, column)| (*column, *name))
    }
}

impl Row for ParquetRow {
    fn text(&self, field: Field) -> &str {
        self.texts.get(field as usize).map_or("", |text| text.trim())
    }

    /// The raw text is the row as a JSON object, so that it can be mended by hand.
    fn reject(&self, field: Field, fault: Fault) -> RejectedLine {
        let (column, name) = self.column_of(field).unwrap_or((0, ""));
        let mut object = String::from("{");
        for (known, name, _) in &self.fields {
            let text = serde_json::Value::from(self.text(*known));
            let comma = if object.len() > 1 { "," } else { "" };
            // Writing to a string does not fail.
            let _ = write!(object, "{comma}\"{name}\":{text}");
        }
        object.push('}');
        let (raw, raw_cut) = raw_excerpt(object.as_bytes());
        RejectedLine {
            line: self.number,
            column,
            field: name.to_owned(),
            code: fault.code,
            message: fault.message,
            raw,
            raw_cut,
        }
    }
}

/// Tells how far the file was read; a row group counts when its last row was handed out.
struct Progress {
    row_groups: std::vec::IntoIter<(u64, u64)>,
    rows_left: u64,
    count: Arc<AtomicU64>,
}

impl Progress {
    fn of(builder: &ParquetRecordBatchReaderBuilder<File>, count: Arc<AtomicU64>) -> Self {
        let size = |number: i64| u64::try_from(number).unwrap_or(0);
        let groups = builder.metadata().row_groups().iter();
        let row_groups: Vec<(u64, u64)> =
            groups.map(|group| (size(group.num_rows()), size(group.compressed_size()))).collect();
        count.store(0, Ordering::Relaxed);
        Self { row_groups: row_groups.into_iter(), rows_left: 0, count }
    }

    fn advance(&mut self, row_count: usize) {
        let mut rows = row_count as u64;
        while rows > self.rows_left {
            rows = rows.saturating_sub(self.rows_left);
            let Some((next_rows, bytes)) = self.row_groups.next() else { return };
            self.rows_left = next_rows;
            self.count.fetch_add(bytes, Ordering::Relaxed);
        }
        self.rows_left = self.rows_left.saturating_sub(rows);
    }
}
