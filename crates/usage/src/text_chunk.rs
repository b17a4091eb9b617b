//! Writes text that comes with its dictionary: the places in it are packed as they are.

use arrow::array::{Array, DictionaryArray, StringArray};
use arrow::datatypes::Int32Type;
use parquet::basic::Encoding;
use parquet::data_type::ByteArray;
use parquet::errors::{ParquetError, Result};
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescPtr;

use crate::bit_packing;
use crate::column_chunk::{ChunkWriter, ColumnChunk, PageCompressor};

/// A longer dictionary is not worth reading for one page of rows: each row then has its text.
const DICTIONARY_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a page of plain text.
const PLAIN_PAGE_BYTES: usize = 1024 * 1024;

/// Encodes `column` in pages of at most `rows_per_page` rows.
pub(crate) fn encode(
    compressor: &mut PageCompressor,
    descriptor: ColumnDescPtr,
    column: &DictionaryArray<Int32Type>,
    rows_per_page: usize,
    with_statistics: bool,
) -> Result<ColumnChunk> {
    let values = column
        .values()
        .as_any()
        .downcast_ref::<StringArray>()
        .ok_or_else(|| ParquetError::General("a dictionary is not of text".to_owned()))?;
    let text = Text { is_optional: descriptor.max_def_level() > 0, column, values };
    let mut chunk = ChunkWriter::new(descriptor);
    if values.values().len() > DICTIONARY_BYTES_MAX {
        text.write_plain(compressor, &mut chunk, rows_per_page)?;
    } else {
        text.write_places(compressor, &mut chunk, rows_per_page)?;
    }
    chunk.finish(if with_statistics { text.statistics() } else { None })
}

struct Text<'a> {
    is_optional: bool,
    column: &'a DictionaryArray<Int32Type>,
    values: &'a StringArray,
}

impl Text<'_> {
    fn write_places(
        &self,
        compressor: &mut PageCompressor,
        chunk: &mut ChunkWriter,
        rows_per_page: usize,
    ) -> Result<()> {
        let mut dictionary = Vec::with_capacity(self.values.values().len() + 4 * self.values.len());
        self.values.iter().flatten().try_for_each(|value| append_plain(value, &mut dictionary))?;
        chunk.dictionary(compressor, &dictionary, self.values.len())?;
        let width = bit_packing::bit_width(self.values.len());
        let mut page = Vec::new();
        let mut present = Vec::new();
        for from in (0..self.column.len()).step_by(rows_per_page) {
            let rows = self.column.slice(from, rows_per_page.min(self.column.len() - from));
            page.clear();
            self.append_levels(&rows, &mut page)?;
            page.push(width);
            if rows.null_count() == 0 {
                bit_packing::append(rows.keys().values(), width, &mut page);
            } else {
                present.clear();
                present.extend(rows.keys().iter().flatten());
                bit_packing::append(&present, width, &mut page);
            }
            chunk.data(compressor, &page, rows.len(), Encoding::RLE_DICTIONARY)?;
        }
        Ok(())
    }

    fn write_plain(
        &self,
        compressor: &mut PageCompressor,
        chunk: &mut ChunkWriter,
        rows_per_page: usize,
    ) -> Result<()> {
        let mut texts = Vec::new();
        let mut page = Vec::new();
        let mut from = 0;
        for row in 0..self.column.len() {
            if let Some(key) = self.column.key(row) {
                append_plain(self.values.value(key), &mut texts)?;
            }
            let is_last = row + 1 == self.column.len();
            if is_last || row + 1 - from == rows_per_page || texts.len() >= PLAIN_PAGE_BYTES {
                let rows = self.column.slice(from, row + 1 - from);
                page.clear();
                self.append_levels(&rows, &mut page)?;
                page.extend_from_slice(&texts);
                chunk.data(compressor, &page, rows.len(), Encoding::PLAIN)?;
                texts.clear();
                from = row + 1;
            }
        }
        Ok(())
    }

    /// One level a row, 1 where there is a value, with their length in front.
    fn append_levels(&self, rows: &DictionaryArray<Int32Type>, page: &mut Vec<u8>) -> Result<()> {
        if !self.is_optional {
            return Ok(());
        }
        let levels: Vec<i32> = (0..rows.len()).map(|row| i32::from(rows.is_valid(row))).collect();
        let mut packed = Vec::new();
        bit_packing::append(&levels, 1, &mut packed);
        append_length(packed.len(), page)?;
        page.extend_from_slice(&packed);
        Ok(())
    }

    fn statistics(&self) -> Option<Statistics> {
        let nulls = u64::try_from(self.column.null_count()).ok();
        let bound = |text: Option<&str>| text.map(|text| ByteArray::from(text.as_bytes().to_vec()));
        let (least, greatest) = (self.values.iter().flatten().min(), self.values.iter().flatten().max());
        least?;
        Some(Statistics::byte_array(bound(least), bound(greatest), None, nulls, false))
    }
}

pub(crate) fn append_plain(text: &str, bytes: &mut Vec<u8>) -> Result<()> {
    append_length(text.len(), bytes)?;
    bytes.extend_from_slice(text.as_bytes());
    Ok(())
}

fn append_length(length: usize, bytes: &mut Vec<u8>) -> Result<()> {
    let length = u32::try_from(length).map_err(|_| ParquetError::General("a text is too long".to_owned()))?;
    bytes.extend_from_slice(&length.to_le_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, RecordBatch};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;
    use crate::columns::Frame;
    use crate::directory::DataDirectory;
    use crate::parquet_file;
    use crate::text::TextColumn;

    /// Writes `rows` as they are stored and reads them as others would: as plain text.
    fn written_and_read(rows: &[Option<&str>], is_nullable: bool) -> Vec<Option<String>> {
        let mut column = TextColumn::default();
        rows.iter().for_each(|row| column.push(*row).unwrap());
        let mut frame = Frame::default();
        let array = column.finish().unwrap();
        match is_nullable {
            true => frame.add_nullable("customer_id", array),
            false => frame.add("customer_id", array),
        }
        let batch: RecordBatch = frame.batch(None).unwrap();
        let root = tempfile::tempdir().unwrap();
        let directory = DataDirectory::open(root.path(), None).unwrap();
        let day = jiff::civil::date(2026, 9, 1);
        let file = parquet_file::write(&directory, &batch, (day, day)).unwrap();
        let file = std::fs::File::open(directory.absolute(&file.as_stored().path).unwrap()).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let statistics = reader.metadata().row_group(0).column(0).statistics().cloned();
        let present = || rows.iter().flatten().map(|text| text.as_bytes());
        assert_eq!(statistics.as_ref().and_then(Statistics::min_bytes_opt), present().min());
        assert_eq!(statistics.as_ref().and_then(Statistics::max_bytes_opt), present().max());
        let mut found = Vec::new();
        for batch in reader.build().unwrap() {
            let column: ArrayRef = Arc::clone(batch.unwrap().column(0));
            let column = column.as_any().downcast_ref::<StringArray>().unwrap();
            found.extend(column.iter().map(|text| text.map(str::to_owned)));
        }
        found
    }

    #[track_caller]
    fn check(rows: &[Option<&str>], is_nullable: bool) {
        let found = written_and_read(rows, is_nullable);
        assert!(found.iter().map(Option::as_deref).eq(rows.iter().copied()));
    }

    #[test]
    fn texts_come_back_to_any_reader() {
        check(&[Some("b"), Some("a"), Some(""), Some("ü")], false);
        check(&[None, Some("b"), None, Some("a"), Some("a"), None], true);
        check(&[None; 20_000], true);
        check(&[Some("one"); 20_000], false);
    }

    #[test]
    fn long_dictionaries_become_plain_text() {
        let texts: Vec<String> = (0..40_000).map(|row| format!("/subscriptions/{row:040}")).collect();
        let rows: Vec<Option<&str>> = texts.iter().map(|text| Some(text.as_str())).collect();
        check(&rows, false);
        let gaps: Vec<Option<&str>> = rows.iter().zip(0..).map(|(row, at)| row.filter(|_| at % 3 > 0)).collect();
        check(&gaps, true);
    }
}
