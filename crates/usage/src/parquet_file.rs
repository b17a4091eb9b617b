//! Parquet files: how ours are written, and opened again.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int32Type, Schema};
use billing::ports::StoredFile;
use jiff::civil::Date;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::{ArrowWriterOptions, compute_leaves};
use parquet::basic::Compression;
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};

use crate::column_chunk::{PageCompressor, zstd_codec};
use crate::columns::with_scales_of;
use crate::directory::DataDirectory;
use crate::error::{Result, StorageError};
use crate::new_file::{CompleteFile, NewFile, WrittenFile};
use crate::text_chunk;

/// Rows that are decoded at a time.
pub(crate) const ROWS_PER_BATCH: usize = 4096;
/// A page of lines in the middle of a file costs decoding this many rows at most.
const ROWS_PER_DATA_PAGE: usize = 8192;
/// Columns that readers filter by.
const WITH_STATISTICS: [&str; 5] = ["usage_date", "customer_id", "subscription_id", "meter_id", IS_RESTATEMENT];
/// Columns in which hardly a value comes twice.
const DISTINCT: [&str; 4] = [RECORD_KEY, "record_id", "quantity", "provider_cost"];

pub(crate) const RECORD_KEY: &str = "record_key";
pub(crate) const IS_RESTATEMENT: &str = "is_restatement";
/// Of a rated line that a savings plan has paid for, else empty. Files without such lines lack the column.
pub(crate) const BENEFIT_ORDER_ID: &str = "benefit_order_id";

fn properties() -> WriterProperties {
    let builder = WriterProperties::builder()
        .set_created_by("quittance".to_owned())
        .set_compression(zstd_codec())
        .set_data_page_row_count_limit(ROWS_PER_DATA_PAGE)
        .set_statistics_enabled(EnabledStatistics::None)
        // Digests do not get smaller.
        .set_column_compression(RECORD_KEY.into(), Compression::UNCOMPRESSED);
    let builder = WITH_STATISTICS.iter().fold(builder, |builder: WriterPropertiesBuilder, name| {
        builder.set_column_statistics_enabled((*name).into(), EnabledStatistics::Chunk)
    });
    DISTINCT.iter().fold(builder, |builder, name| builder.set_column_dictionary_enabled((*name).into(), false)).build()
}

/// Writes one batch as a file of one row group.
pub(crate) fn write(directory: &DataDirectory, batch: &RecordBatch, days: (Date, Date)) -> Result<CompleteFile> {
    write_unsynced(directory, batch, days)?.synced()
}

/// As [`write`]; another thread may wait for the disk.
pub(crate) fn write_unsynced(
    directory: &DataDirectory,
    batch: &RecordBatch,
    days: (Date, Date),
) -> Result<WrittenFile> {
    let mut file = NewFile::create(directory)?;
    let written = write_batch(&mut file, batch);
    // The writer makes text of some errors, so the file itself is asked first.
    match (file.take_failure(), written) {
        (Some(cause), _) => Err(StorageError::from_io(file.path(), cause)),
        (None, Err(cause)) => Err(StorageError::failed(file.path(), cause)),
        (None, Ok(())) => Ok(file.written(u64::try_from(batch.num_rows()).unwrap_or(u64::MAX), Some(days))),
    }
}

fn write_batch(file: &mut NewFile, batch: &RecordBatch) -> parquet::errors::Result<()> {
    // Without Arrow's own schema, other readers see text and not a dictionary.
    let options = ArrowWriterOptions::new().with_properties(properties()).with_skip_arrow_metadata(true);
    let writer = ArrowWriter::try_new_with_options(file, batch.schema(), options)?;
    let (mut writer, columns) = writer.into_serialized_writer()?;
    let columns = columns.create_column_writers(0)?;
    let properties = Arc::clone(writer.properties());
    let descriptors = writer.schema_descr().columns().to_vec();
    let mut group = writer.next_row_group()?;
    let mut compressor = PageCompressor::new()?;
    let schema = batch.schema();
    let arrays = schema.fields().iter().zip(batch.columns());
    for ((mut column, descriptor), (field, array)) in columns.into_iter().zip(descriptors).zip(arrays) {
        match array.as_dictionary_opt::<Int32Type>() {
            Some(text) => {
                let statistics = properties.statistics_enabled(descriptor.path()) != EnabledStatistics::None;
                let chunk = text_chunk::encode(&mut compressor, descriptor, text, ROWS_PER_DATA_PAGE, statistics)?;
                group.append_column(&chunk.bytes, chunk.close)?;
            }
            None => {
                compute_leaves(field, array)?.iter().try_for_each(|leaf| column.write(leaf))?;
                column.close()?.append_to_row_group(&mut group)?;
            }
        }
    }
    group.close()?;
    writer.close()?;
    Ok(())
}

/// What a file that holds `expected` says of itself; its scales are its own. Its digest was checked
/// before: bytes that are not ours never come to the decoder.
pub(crate) fn metadata(
    directory: &DataDirectory,
    stored: &StoredFile,
    expected: &Schema,
) -> Result<ArrowReaderMetadata> {
    let path = directory.absolute(&stored.path)?;
    let file = File::open(path).map_err(|cause| StorageError::from_io(&stored.path, cause))?;
    let failure = |cause| StorageError::from_reading(&stored.path, cause);
    let options = ArrowReaderOptions::new().with_offset_index_policy(PageIndexPolicy::Optional);
    let plain = ArrowReaderMetadata::load(&file, options.clone()).map_err(failure)?;
    let schema = with_scales_of(expected, plain.schema());
    let metadata =
        ArrowReaderMetadata::try_new(plain.metadata().clone(), options.with_schema(schema.into())).map_err(failure)?;
    let row_count = metadata.metadata().file_metadata().num_rows();
    if u64::try_from(row_count) != Ok(stored.row_count) {
        return Err(StorageError::damaged(&stored.path, "it has another number of rows than the manifest says"));
    }
    Ok(metadata)
}

/// A file whose metadata was read before.
pub(crate) fn open_with(
    directory: &DataDirectory,
    stored: &StoredFile,
    metadata: ArrowReaderMetadata,
) -> Result<ParquetRecordBatchReaderBuilder<File>> {
    let path = directory.absolute(&stored.path)?;
    let file = File::open(path).map_err(|cause| StorageError::from_io(&stored.path, cause))?;
    Ok(ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata).with_batch_size(ROWS_PER_BATCH))
}

/// A file that holds `expected`.
pub(crate) fn open(
    directory: &DataDirectory,
    stored: &StoredFile,
    expected: &Schema,
) -> Result<ParquetRecordBatchReaderBuilder<File>> {
    open_with(directory, stored, metadata(directory, stored, expected)?)
}
