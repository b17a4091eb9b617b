//! Writes a file of rated lines.

use std::sync::Arc;

use arrow::datatypes::Schema;
use billing::ids::{CustomerId, MeterId, SubscriptionId};
use billing::ports::StoredFile;
use billing::rate::LinePrices;
use parquet::arrow::ArrowSchemaConverter;
use parquet::basic::Encoding;
use parquet::data_type::ByteArray;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::ColumnDescPtr;

use super::figures::{FigureColumn, Figures};
use super::lines::{LineScope, RatedLines};
use super::priced::{Distinct, PlacePages, distinct, distinct_figures, distinct_prices, distinct_texts, place_pages};
use super::schema::{CURRENCIES, NumberTypes, PRICE_TEXTS, SHARED_FIGURES, schema};
use crate::column_chunk::{ChunkWriter, ColumnChunk, PageCompressor};
use crate::day::{from_days, to_days};
use crate::decimals::{COMMON_SCALE, NARROW_DIGITS, NARROW_SCALE};
use crate::delta;
use crate::directory::DataDirectory;
use crate::error::{Result, StorageError};
use crate::new_file::{NewFile, WrittenFile};

/// Lines of a page of figures: a page of lines in the middle of a file costs decoding this many.
const ROWS_PER_PAGE: usize = 8192;

/// The metadata key under which a file names the files that hold its records, as JSON.
pub(super) const RECORD_FILES: &str = "quittance:record_files";

/// A file that holds records of the lines.
pub(crate) type RecordFile<'a> = &'a StoredFile;

/// Compressors that one file after another is written with.
pub(crate) struct Compressors {
    figures: PageCompressor,
    places: PageCompressor,
}

impl Compressors {
    pub(crate) fn new() -> Result<Self> {
        let failed = |cause| StorageError::failed("the usage store", cause);
        Ok(Self {
            figures: PageCompressor::for_figures().map_err(failed)?,
            places: PageCompressor::new().map_err(failed)?,
        })
    }
}

/// What the lines of a file refer to.
pub(crate) struct RatedFile<'a> {
    pub(crate) subscriptions: &'a [SubscriptionId],
    pub(crate) meters: &'a [MeterId],
    /// Of each scope of the lines.
    pub(crate) customers: Vec<&'a CustomerId>,
    pub(crate) prices: Vec<LinePrices<'a>>,
    pub(crate) record_files: &'a [RecordFile<'a>],
}

impl RatedFile<'_> {
    /// Writes `lines`, of which there is at least one. The file is not synced yet.
    pub(crate) fn write(
        &self,
        directory: &DataDirectory,
        compressors: &mut Compressors,
        lines: &RatedLines,
    ) -> Result<WrittenFile> {
        let row_count = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        let days = lines.days.iter().min().zip(lines.days.iter().max());
        let days = days.and_then(|(first, last)| from_days(*first).zip(from_days(*last)));
        let mut file = NewFile::create(directory)?;
        let written = self.write_columns(&mut file, compressors, lines);
        // The writer makes text of some errors, so the file itself is asked first.
        match (file.take_failure(), written) {
            (Some(cause), _) => Err(StorageError::from_io(file.path(), cause)),
            (None, Err(cause)) => Err(StorageError::failed(file.path(), cause)),
            (None, Ok(())) => Ok(file.written(row_count, days)),
        }
    }

    fn write_columns(
        &self,
        file: &mut NewFile<'_>,
        compressors: &mut Compressors,
        lines: &RatedLines,
    ) -> ParquetResult<()> {
        let quantity = lines.quantity.column()?;
        let pricing_total = lines.pricing_total.column()?;
        let billing_total = lines.billing_total.column()?;
        let shared: Vec<SharedFigures> = SHARED_FIGURES
            .iter()
            .map(|(_, get)| SharedFigures::of(distinct_figures(&self.prices, *get)))
            .collect::<ParquetResult<_>>()?;
        let shared_types =
            shared.iter().map(|column| Ok(column.values.column()?.data_type)).collect::<ParquetResult<_>>()?;
        let types = NumberTypes {
            quantity: quantity.data_type.clone(),
            pricing_total: pricing_total.data_type.clone(),
            billing_total: billing_total.data_type.clone(),
            shared: shared_types,
        };
        let schema = schema(&types, self.has_covered());
        let record_files = self.record_files_of(lines);
        let mut writer = file_writer(file, &schema, &record_files)?;
        let columns = writer.schema_descr().columns().to_vec();
        let group = Columns { next: columns.into_iter(), group: writer.next_row_group()?, compressors };
        self.write_group(group, lines, [quantity, pricing_total, billing_total], &shared, &record_files)?;
        writer.close()?;
        Ok(())
    }

    fn write_group(
        &self,
        mut group: Columns<'_, '_, '_>,
        lines: &RatedLines,
        figures: [FigureColumn<'_>; 3],
        shared: &[SharedFigures],
        record_files: &[&StoredFile],
    ) -> ParquetResult<()> {
        group.add(|compressors, column| day_column(compressors, column, &lines.days))?;
        self.write_scopes(&mut group, &lines.scopes)?;
        for figures in figures {
            group.add(|compressors, column| figure_column(compressors, column, &figures))?;
        }
        let mut pages = PlacePages::new(&lines.prices);
        for figures in shared {
            group.add(|compressors, column| figures.write(compressors, column, &mut pages))?;
        }
        let rate_days = distinct(self.prices.iter().map(|price| price.exchange_rate.dated));
        group.add(|compressors, column| {
            let dictionary: Vec<u8> = rate_days.values.iter().flat_map(|day| to_days(*day).to_le_bytes()).collect();
            shared_column(compressors, column, &dictionary, &rate_days.places, rate_days.values.len(), &mut pages)
        })?;
        for (_, get) in CURRENCIES {
            let codes = distinct(self.prices.iter().map(get));
            let values: Vec<&str> = codes.values.iter().map(|currency| currency.code()).collect();
            group.add(|compressors, column| {
                shared_column(compressors, column, &plain_texts(&values)?, &codes.places, values.len(), &mut pages)
            })?;
        }
        let lists = distinct_prices(&self.prices);
        for (_, get, _) in PRICE_TEXTS {
            let texts = distinct_texts(lists.values.iter().map(|price| get(price)));
            let places = texts.of_those(&lists.places);
            group.add(|compressors, column| {
                shared_column(
                    compressors,
                    column,
                    &plain_texts(&texts.values)?,
                    &places,
                    texts.values.len(),
                    &mut pages,
                )
            })?;
        }
        let paths: Vec<&str> = record_files.iter().map(|file| file.path.as_str()).collect();
        let places = self.record_places(lines, record_files);
        group.add(|compressors, column| text_runs(compressors, column, &paths, places.into_iter()))?;
        group.add(|compressors, column| row_column(compressors, column, &lines.record_rows))?;
        if self.has_covered() {
            let orders = distinct_texts(self.prices.iter().map(|price| price.covered_by.unwrap_or_default()));
            group.add(|compressors, column| {
                let dictionary = plain_texts(&orders.values)?;
                shared_column(compressors, column, &dictionary, &orders.places, orders.values.len(), &mut pages)
            })?;
        }
        group.group.close()?;
        Ok(())
    }

    /// Whether savings plans have paid for some of the lines.
    fn has_covered(&self) -> bool {
        self.prices.iter().any(|price| price.covered_by.is_some())
    }

    /// The files that lines of this file refer to, by path.
    fn record_files_of(&self, lines: &RatedLines) -> Vec<&StoredFile> {
        let mut used: Vec<u32> = lines.record_files.iter().map(|(file, _)| *file).collect();
        used.sort_unstable();
        used.dedup();
        let file = |place: u32| usize::try_from(place).ok().and_then(|place| self.record_files.get(place).copied());
        let mut files: Vec<&StoredFile> = used.into_iter().filter_map(file).collect();
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        files
    }

    /// Places in `files` of what the lines refer to, as runs.
    fn record_places(&self, lines: &RatedLines, files: &[&StoredFile]) -> Vec<(i32, usize)> {
        let place_of = |file: &StoredFile| {
            let place = files.binary_search_by(|known| known.path.cmp(&file.path)).ok()?;
            i32::try_from(place).ok()
        };
        let places: Vec<Option<i32>> = self.record_files.iter().map(|file| place_of(file)).collect();
        let place = |file: u32| usize::try_from(file).ok().and_then(|file| places.get(file).copied().flatten());
        lines.record_files.iter().filter_map(|(file, length)| Some((place(*file)?, *length))).collect()
    }

    fn write_scopes(&self, group: &mut Columns<'_, '_, '_>, scopes: &[LineScope]) -> ParquetResult<()> {
        let month = distinct(scopes.iter().map(|scope| scope.month));
        let runs = |places: Vec<i32>| {
            let lengths = scopes.iter().map(|scope| scope.line_count);
            places.into_iter().zip(lengths).filter(|(_, length)| *length > 0).collect::<Vec<_>>()
        };
        group.add(|compressors, column| {
            let days: Vec<i32> = month.values.iter().map(|month| to_days(month.first_day())).collect();
            let dictionary: Vec<u8> = days.iter().flat_map(|day| day.to_le_bytes()).collect();
            let bounds = day_bounds(&days);
            run_column(compressors, column, &dictionary, days.len(), runs(month.places).into_iter(), bounds)
        })?;
        let customers = distinct(self.customers.iter().map(|customer| customer.as_str()));
        let subscriptions = distinct(scopes.iter().map(|scope| named(self.subscriptions, scope.subscription)));
        let meters = distinct(scopes.iter().map(|scope| named(self.meters, scope.meter)));
        for Distinct { values, places } in [customers, subscriptions, meters] {
            let runs = runs(places);
            group.add(|compressors, column| text_runs(compressors, column, &values, runs.into_iter()))?;
        }
        Ok(())
    }
}

fn named<T: AsRef<str>>(names: &[T], rank: u32) -> &str {
    usize::try_from(rank).ok().and_then(|rank| names.get(rank)).map_or("", AsRef::as_ref)
}

fn file_writer<'f, 'd>(
    file: &'f mut NewFile<'d>,
    schema: &Schema,
    record_files: &[&StoredFile],
) -> ParquetResult<SerializedFileWriter<&'f mut NewFile<'d>>> {
    let names = serde_json::to_string(record_files).map_err(|error| ParquetError::General(error.to_string()))?;
    let properties = WriterProperties::builder()
        .set_created_by("quittance".to_owned())
        .set_key_value_metadata(Some(vec![KeyValue::new(RECORD_FILES.to_owned(), names)]))
        .build();
    let descriptor = ArrowSchemaConverter::new().schema_root("rated_line").convert(schema)?;
    SerializedFileWriter::new(file, descriptor.root_schema_ptr(), Arc::new(properties))
}

/// The columns of the one row group, which are added in the order of the schema.
struct Columns<'g, 'f, 'd> {
    next: std::vec::IntoIter<ColumnDescPtr>,
    group: SerializedRowGroupWriter<'g, &'f mut NewFile<'d>>,
    compressors: &'g mut Compressors,
}

impl Columns<'_, '_, '_> {
    fn add(
        &mut self,
        encode: impl FnOnce(&mut Compressors, ColumnDescPtr) -> ParquetResult<ColumnChunk>,
    ) -> ParquetResult<()> {
        let column = self.next.next().ok_or_else(|| ParquetError::General("a column too many".to_owned()))?;
        let chunk = encode(self.compressors, column)?;
        self.group.append_column(&chunk.bytes, chunk.close)
    }
}

/// Days by their place among the days that occur.
fn day_column(compressors: &mut Compressors, column: ColumnDescPtr, days: &[i32]) -> ParquetResult<ColumnChunk> {
    let mut known: Vec<i32> = days.chunk_by(|a, b| a == b).filter_map(|run| run.first().copied()).collect();
    known.sort_unstable();
    known.dedup();
    let place = |day: i32| known.binary_search(&day).ok().and_then(|place| i32::try_from(place).ok());
    let runs = days.chunk_by(|a, b| a == b).filter_map(|run| Some((place(*run.first()?)?, run.len())));
    let dictionary: Vec<u8> = known.iter().flat_map(|day| day.to_le_bytes()).collect();
    run_column(compressors, column, &dictionary, known.len(), runs, day_bounds(&known))
}

fn day_bounds(days: &[i32]) -> Option<Statistics> {
    Some(Statistics::int32(days.iter().min().copied(), days.iter().max().copied(), None, Some(0), false))
}

fn text_runs(
    compressors: &mut Compressors,
    column: ColumnDescPtr,
    values: &[&str],
    runs: impl Iterator<Item = (i32, usize)>,
) -> ParquetResult<ColumnChunk> {
    let bound = |text: Option<&&str>| text.map(|text| ByteArray::from(text.as_bytes().to_vec()));
    let bounds = Statistics::byte_array(bound(values.iter().min()), bound(values.iter().max()), None, Some(0), false);
    run_column(compressors, column, &plain_texts(values)?, values.len(), runs, Some(bounds))
}

fn run_column(
    compressors: &mut Compressors,
    column: ColumnDescPtr,
    dictionary: &[u8],
    value_count: usize,
    runs: impl Iterator<Item = (i32, usize)>,
    bounds: Option<Statistics>,
) -> ParquetResult<ColumnChunk> {
    let mut chunk = ChunkWriter::new(column);
    chunk.dictionary(&mut compressors.places, dictionary, value_count)?;
    for page in place_pages(&mut compressors.places, runs, value_count)? {
        chunk.compressed_data(&page, Encoding::RLE_DICTIONARY)?;
    }
    chunk.finish(bounds)
}

fn shared_column(
    compressors: &mut Compressors,
    column: ColumnDescPtr,
    dictionary: &[u8],
    places: &[i32],
    value_count: usize,
    pages: &mut PlacePages<'_>,
) -> ParquetResult<ColumnChunk> {
    let mut chunk = ChunkWriter::new(column);
    chunk.dictionary(&mut compressors.places, dictionary, value_count)?;
    for page in pages.of(&mut compressors.places, places, value_count)? {
        chunk.compressed_data(page, Encoding::RLE_DICTIONARY)?;
    }
    chunk.finish(None)
}

/// Figures that lines share, at one scale.
struct SharedFigures {
    values: Figures,
    places: Vec<i32>,
}

impl SharedFigures {
    fn of(distinct: Distinct<(i128, u8)>) -> ParquetResult<Self> {
        let mut values = Figures::new(NARROW_DIGITS, NARROW_SCALE, COMMON_SCALE);
        for (mantissa, scale) in &distinct.values {
            let figure = billing::decimal::Scaled { mantissa: *mantissa, scale: *scale };
            let fitting = values.fitting(figure).ok_or_else(|| ParquetError::General(NO_ROOM.to_owned()))?;
            values.push(fitting);
        }
        Ok(Self { values, places: distinct.places })
    }

    fn write(
        &self,
        compressors: &mut Compressors,
        column: ColumnDescPtr,
        pages: &mut PlacePages<'_>,
    ) -> ParquetResult<ColumnChunk> {
        let values = self.values.column()?;
        let mut dictionary = Vec::new();
        values.append(0..values.len(), &mut dictionary);
        shared_column(compressors, column, &dictionary, &self.places, values.len(), pages)
    }
}

const NO_ROOM: &str = "prices of one file do not fit 38 digits together";

fn figure_column(
    compressors: &mut Compressors,
    column: ColumnDescPtr,
    figures: &FigureColumn<'_>,
) -> ParquetResult<ColumnChunk> {
    let mut chunk = ChunkWriter::new(column);
    let mut page = Vec::with_capacity(ROWS_PER_PAGE * figures.width());
    for from in (0..figures.len()).step_by(ROWS_PER_PAGE) {
        let rows = from..figures.len().min(from + ROWS_PER_PAGE);
        page.clear();
        figures.append(rows.clone(), &mut page);
        chunk.data(&mut compressors.figures, &page, rows.len(), Encoding::PLAIN)?;
    }
    chunk.finish(None)
}

fn row_column(compressors: &mut Compressors, column: ColumnDescPtr, rows: &[u32]) -> ParquetResult<ColumnChunk> {
    let mut chunk = ChunkWriter::new(column);
    let mut page = Vec::new();
    for rows in rows.chunks(ROWS_PER_PAGE) {
        page.clear();
        delta::append(rows, &mut page);
        chunk.data(&mut compressors.places, &page, rows.len(), Encoding::DELTA_BINARY_PACKED)?;
    }
    chunk.finish(None)
}

fn plain_texts(values: &[&str]) -> ParquetResult<Vec<u8>> {
    let mut bytes = Vec::with_capacity(values.iter().map(|text| text.len() + 4).sum());
    values.iter().try_for_each(|text| crate::text_chunk::append_plain(text, &mut bytes))?;
    Ok(bytes)
}
