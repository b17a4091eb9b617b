//! One column of a row group, page by page.
//!
//! The Parquet crate's own column writers look every row's value up in a dictionary that they build,
//! also where the values come with one. What is written here has its pages encoded by us, and
//! headers, metadata and footer by that crate.

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, OffsetIndexBuilder};
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use zstd::zstd_safe::{CParameter, ParamSwitch};

/// Level 1 was both smaller and faster than 3 on rated usage.
const ZSTD_LEVEL: i32 = 1;
/// How little is searched for.
const ZSTD_LEVEL_OF_FIGURES: i32 = -100;

/// The compression of everything that gets smaller by it.
pub(crate) fn zstd_codec() -> Compression {
    ZstdLevel::try_new(ZSTD_LEVEL).map_or(Compression::UNCOMPRESSED, Compression::ZSTD)
}

/// An encoded column: its bytes, and what the footer says of them.
pub(crate) struct ColumnChunk {
    pub(crate) bytes: Bytes,
    pub(crate) close: ColumnCloseResult,
}

/// A compressed page of values.
#[derive(Debug, Clone)]
pub(crate) struct DataPage {
    compressed: Bytes,
    byte_count: usize,
    row_count: usize,
}

/// Compresses pages before it is known which columns they stand in.
pub(crate) struct PageCompressor(zstd::bulk::Compressor<'static>);

impl PageCompressor {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(zstd::bulk::Compressor::new(ZSTD_LEVEL).map_err(ParquetError::from)?))
    }

    /// For figures, in which hardly anything comes twice: their bytes are written in fewer bits, and
    /// next to no time goes into the search for repetitions. It takes less than half the time, and pages
    /// are as long or some percent longer.
    pub(crate) fn for_figures() -> Result<Self> {
        let mut compressor = zstd::bulk::Compressor::new(ZSTD_LEVEL_OF_FIGURES).map_err(ParquetError::from)?;
        compressor.set_parameter(CParameter::LiteralCompressionMode(ParamSwitch::Enable))?;
        Ok(Self(compressor))
    }

    pub(crate) fn page(&mut self, bytes: &[u8], row_count: usize) -> Result<DataPage> {
        let compressed = self.0.compress(bytes).map_err(ParquetError::from)?.into();
        Ok(DataPage { compressed, byte_count: bytes.len(), row_count })
    }
}

/// Takes the pages of one column.
pub(crate) struct ChunkWriter {
    column: ColumnDescPtr,
    sink: TrackedWrite<Vec<u8>>,
    offsets: OffsetIndexBuilder,
    encodings: Vec<Encoding>,
    /// Of the dictionary, when there is one.
    dictionary_bytes: Option<i64>,
    uncompressed_bytes: usize,
    row_count: u64,
}

impl ChunkWriter {
    pub(crate) fn new(column: ColumnDescPtr) -> Self {
        Self {
            column,
            sink: TrackedWrite::new(Vec::new()),
            offsets: OffsetIndexBuilder::new(),
            encodings: Vec::new(),
            dictionary_bytes: None,
            uncompressed_bytes: 0,
            row_count: 0,
        }
    }

    /// The dictionary comes before all data.
    pub(crate) fn dictionary(&mut self, compressor: &mut PageCompressor, values: &[u8], count: usize) -> Result<()> {
        let page = Page::DictionaryPage {
            buf: compressor.page(values, count)?.compressed,
            num_values: narrowed(count)?,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        let (_, length) = self.write(page, values.len())?;
        self.dictionary_bytes = Some(i64::from(length));
        self.encodings.push(Encoding::PLAIN);
        Ok(())
    }

    /// A page of `row_count` rows: definition levels where the column has them, then values.
    pub(crate) fn data(
        &mut self,
        compressor: &mut PageCompressor,
        bytes: &[u8],
        row_count: usize,
        encoding: Encoding,
    ) -> Result<()> {
        let page = compressor.page(bytes, row_count)?;
        self.compressed_data(&page, encoding)
    }

    /// A page that may stand in several columns.
    pub(crate) fn compressed_data(&mut self, data: &DataPage, encoding: Encoding) -> Result<()> {
        let row_count = narrowed(data.row_count)?;
        let page = Page::DataPage {
            buf: data.compressed.clone(),
            num_values: row_count,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let (offset, length) = self.write(page, data.byte_count)?;
        self.offsets.append_row_count(i64::from(row_count));
        self.offsets.append_offset_and_size(offset, length);
        self.row_count = self.row_count.saturating_add(u64::from(row_count));
        if !self.encodings.contains(&encoding) {
            self.encodings.push(encoding);
        }
        Ok(())
    }

    /// Answers where the page begins and how long it is, its header included.
    fn write(&mut self, page: Page, uncompressed_bytes: usize) -> Result<(i64, i32)> {
        let page = CompressedPage::new(page, uncompressed_bytes);
        let written = SerializedPageWriter::new(&mut self.sink).write_page(page)?;
        self.uncompressed_bytes = self.uncompressed_bytes.saturating_add(written.uncompressed_size);
        let offset = i64::try_from(written.offset).map_err(|_| too_long())?;
        Ok((offset, i32::try_from(written.compressed_size).map_err(|_| too_long())?))
    }

    pub(crate) fn finish(mut self, statistics: Option<Statistics>) -> Result<ColumnChunk> {
        if self.column.max_def_level() > 0 && !self.encodings.contains(&Encoding::RLE) {
            self.encodings.push(Encoding::RLE);
        }
        let bytes_written = u64::try_from(self.sink.bytes_written()).map_err(|_| too_long())?;
        let mut metadata = ColumnChunkMetaData::builder(self.column)
            .set_compression(zstd_codec())
            .set_encodings(self.encodings)
            .set_total_compressed_size(i64::try_from(bytes_written).map_err(|_| too_long())?)
            .set_total_uncompressed_size(i64::try_from(self.uncompressed_bytes).map_err(|_| too_long())?)
            .set_num_values(i64::try_from(self.row_count).map_err(|_| too_long())?)
            .set_dictionary_page_offset(self.dictionary_bytes.map(|_| 0))
            .set_data_page_offset(self.dictionary_bytes.unwrap_or(0));
        if let Some(statistics) = statistics {
            metadata = metadata.set_statistics(statistics);
        }
        let close = ColumnCloseResult {
            bytes_written,
            rows_written: self.row_count,
            metadata: metadata.build()?,
            bloom_filter: None,
            column_index: None,
            offset_index: Some(self.offsets.build()),
        };
        Ok(ColumnChunk { bytes: self.sink.into_inner()?.into(), close })
    }
}

fn narrowed(count: usize) -> Result<u32> {
    u32::try_from(count).map_err(|_| too_long())
}

fn too_long() -> ParquetError {
    ParquetError::General("a column is longer than Parquet can say".to_owned())
}
