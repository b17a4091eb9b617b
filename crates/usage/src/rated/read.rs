//! Reads rated lines back, each with its record.

use std::collections::BTreeMap;

use arrow::array::{Date32Array, RecordBatch, UInt32Array};
use arrow::datatypes::{Date32Type, Schema, UInt32Type};
use billing::decimal::Decimal;
use billing::ids::{CustomerId, MeterId, SubscriptionId};
use billing::money::Currency;
use billing::period::BillingPeriod;
use billing::ports::StoredFile;
use billing::price::Product;
use billing::rate::{DayFactors, LineFigures, RatedLine, ScopeKey};
use billing::usage::{MeterDescription, RecordKey, UsageRecord};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;

use super::schema::{
    BILLING_TOTAL, CURRENCIES, CUSTOMER_ID, EXCHANGE_RATE_DATE, METER_ID, PRICE_TEXTS, PRICING_TOTAL, QUANTITY,
    RECORD_FILE, RECORD_ROW, SHARED_FIGURES, SUBSCRIPTION_ID, USAGE_MONTH, readable,
};
use super::write::RECORD_FILES;
use crate::columns::{BadColumn, numbers, parsed, primitive, text};
use crate::day::DayMemory;
use crate::decimals::Numbers;
use crate::error::{Result, StorageError};
use crate::parquet_file::{self, BENEFIT_ORDER_ID, ROWS_PER_BATCH};
use crate::records_file::{self, RecordAt};
use crate::store::DirectoryStore;
use crate::text::{Parsed, Text};

/// Lines after place `after`, at most `limit` whose figures `keep` accepts.
pub(crate) fn read_rated(
    store: &DirectoryStore,
    files: &[StoredFile],
    after: u64,
    limit: usize,
    keep: &dyn Fn(&LineFigures) -> bool,
) -> Result<Vec<(u64, RatedLine)>> {
    let schema = readable();
    let mut page = Page { limit, keep, lines: Vec::new() };
    // Lines of the files before this one.
    let mut before: u64 = 0;
    for file in files {
        if page.is_full() {
            break;
        }
        let skipped = after.saturating_sub(before);
        if skipped < file.row_count {
            read_file(store, file, &schema, (before, skipped), &mut page)?;
        }
        before = before.saturating_add(file.row_count);
    }
    Ok(page.lines)
}

/// What a reader is being handed.
struct Page<'k> {
    limit: usize,
    keep: &'k dyn Fn(&LineFigures) -> bool,
    lines: Vec<(u64, RatedLine)>,
}

impl Page<'_> {
    fn is_full(&self) -> bool {
        self.lines.len() >= self.limit
    }
}

fn read_file(
    store: &DirectoryStore,
    file: &StoredFile,
    schema: &Schema,
    (before, skipped): (u64, u64),
    page: &mut Page<'_>,
) -> Result<()> {
    store.verify(file)?;
    let bad = |column| StorageError::damaged(&file.path, column);
    let wanted = page.limit.saturating_sub(page.lines.len());
    let metadata = parquet_file::metadata(store.directory(), file, schema)?;
    let record_files = record_files(file, &metadata)?;
    let reader = parquet_file::open_with(store.directory(), file, metadata)?
        .with_batch_size(wanted.clamp(64, ROWS_PER_BATCH))
        .with_offset(usize::try_from(skipped).unwrap_or(usize::MAX))
        .build()
        .map_err(|cause| StorageError::from_reading(&file.path, cause))?;
    let mut place = before.saturating_add(skipped);
    for batch in reader {
        let batch = batch.map_err(|cause| StorageError::damaged(&file.path, cause))?;
        let mut lines = RatedReader::new(&batch).map_err(bad)?;
        let wanted = page.limit.saturating_sub(page.lines.len());
        let mut kept = Vec::new();
        for row in 0..batch.num_rows() {
            if kept.len() == wanted {
                break;
            }
            let figures = lines.figures(row).map_err(bad)?;
            if (page.keep)(&figures) {
                kept.push((row, figures));
            }
        }
        let mut records = lines.records(store, &kept, &record_files).map_err(|cause| cause.of(&file.path))?;
        for (row, figures) in kept {
            let (key, record) = records.remove(&row).ok_or_else(|| bad(BadColumn(RECORD_ROW)))?;
            let line = lines.line(row, figures, key, record).map_err(bad)?;
            let offset = u64::try_from(row).unwrap_or(u64::MAX);
            page.lines.push((place.saturating_add(offset).saturating_add(1), line));
        }
        if page.is_full() {
            return Ok(());
        }
        place = place.saturating_add(u64::try_from(batch.num_rows()).unwrap_or(u64::MAX));
    }
    Ok(())
}

/// The files that a file of rated lines names.
fn record_files(file: &StoredFile, metadata: &ArrowReaderMetadata) -> Result<BTreeMap<String, StoredFile>> {
    let damaged = || StorageError::damaged(&file.path, "it does not name the files of its records");
    let names = metadata.metadata().file_metadata().key_value_metadata().into_iter().flatten();
    let names = names.filter(|pair| pair.key == RECORD_FILES).find_map(|pair| pair.value.as_deref());
    let files: Vec<StoredFile> = serde_json::from_str(names.ok_or_else(damaged)?).map_err(|_| damaged())?;
    Ok(files.into_iter().map(|file| (file.path.clone(), file)).collect())
}

/// Why records cannot be read: the file itself says so, or its record's file does.
enum Cause {
    Column(BadColumn),
    Storage(StorageError),
}

impl Cause {
    fn of(self, path: &str) -> StorageError {
        match self {
            Self::Column(column) => StorageError::damaged(path, column),
            Self::Storage(error) => error,
        }
    }
}

/// The columns of a batch, found once.
struct RatedReader<'a> {
    customer_id: Parsed<'a, CustomerId>,
    subscription_id: Parsed<'a, SubscriptionId>,
    meter_id: Parsed<'a, MeterId>,
    usage_month: &'a Date32Array,
    quantity: Numbers<'a>,
    pricing_total: Numbers<'a>,
    billing_total: Numbers<'a>,
    shared: [Numbers<'a>; SHARED_FIGURES.len()],
    exchange_rate_date: &'a Date32Array,
    currencies: [Parsed<'a, Currency>; CURRENCIES.len()],
    price_texts: [Text<'a>; PRICE_TEXTS.len()],
    /// Where savings plans have paid for some lines of the file.
    covered_by: Option<Text<'a>>,
    record_file: Text<'a>,
    record_row: &'a UInt32Array,
    days: DayMemory,
}

impl<'a> RatedReader<'a> {
    fn new(batch: &'a RecordBatch) -> Result<Self, BadColumn> {
        let [unit_price, effective, discount, earned, credit, rate] =
            SHARED_FIGURES.map(|(name, _)| numbers(batch, name));
        let [pricing, billing] = CURRENCIES.map(|(name, _)| parsed(batch, name));
        let texts: Vec<Text<'a>> = PRICE_TEXTS.iter().map(|(name, ..)| text(batch, name)).collect::<Result<_, _>>()?;
        Ok(Self {
            customer_id: parsed(batch, CUSTOMER_ID)?,
            subscription_id: parsed(batch, SUBSCRIPTION_ID)?,
            meter_id: parsed(batch, METER_ID)?,
            usage_month: primitive::<Date32Type>(batch, USAGE_MONTH)?,
            quantity: numbers(batch, QUANTITY)?,
            pricing_total: numbers(batch, PRICING_TOTAL)?,
            billing_total: numbers(batch, BILLING_TOTAL)?,
            shared: [unit_price?, effective?, discount?, earned?, credit?, rate?],
            exchange_rate_date: primitive::<Date32Type>(batch, EXCHANGE_RATE_DATE)?,
            currencies: [pricing?, billing?],
            price_texts: texts.try_into().map_err(|_| BadColumn("price_unit"))?,
            covered_by: batch.column_by_name(BENEFIT_ORDER_ID).map(|_| text(batch, BENEFIT_ORDER_ID)).transpose()?,
            record_file: text(batch, RECORD_FILE)?,
            record_row: primitive::<UInt32Type>(batch, RECORD_ROW)?,
            days: DayMemory::default(),
        })
    }

    fn figures(&self, row: usize) -> Result<LineFigures, BadColumn> {
        let get = |column: &Numbers<'a>, name| column.get(row).ok_or(BadColumn(name));
        let mut shared = [Decimal::ZERO; SHARED_FIGURES.len()];
        for ((figure, column), (name, _)) in shared.iter_mut().zip(&self.shared).zip(SHARED_FIGURES) {
            *figure = get(column, name)?;
        }
        let [unit_price, effective_unit_price, discount_factor, earned_credit_rate, credit_rate, exchange_rate] =
            shared;
        Ok(LineFigures {
            quantity: get(&self.quantity, QUANTITY)?,
            factors: DayFactors { discount_factor, earned_credit_rate, credit_rate },
            unit_price,
            effective_unit_price,
            pricing_total: get(&self.pricing_total, PRICING_TOTAL)?,
            exchange_rate,
            billing_total: get(&self.billing_total, BILLING_TOTAL)?,
        })
    }

    /// The records of some rows, by row.
    fn records(
        &self,
        store: &DirectoryStore,
        kept: &[(usize, LineFigures)],
        files: &BTreeMap<String, StoredFile>,
    ) -> Result<BTreeMap<usize, (RecordKey, UsageRecord)>, Cause> {
        let mut by_file: BTreeMap<&str, Vec<RecordAt>> = BTreeMap::new();
        for (row, _) in kept {
            let path = self.record_file.get(*row).ok_or(Cause::Column(BadColumn(RECORD_FILE)))?;
            let record_row = self.record_row.values().get(*row).ok_or(Cause::Column(BadColumn(RECORD_ROW)))?;
            by_file.entry(path).or_default().push(RecordAt { row: *record_row, number: *row });
        }
        let mut records = BTreeMap::new();
        for (path, rows) in by_file {
            let file = files.get(path).ok_or(Cause::Column(BadColumn(RECORD_FILE)))?;
            records_file::read_rows(store, file, rows, &mut records).map_err(Cause::Storage)?;
        }
        Ok(records)
    }

    fn line(
        &mut self,
        row: usize,
        figures: LineFigures,
        key: RecordKey,
        record: UsageRecord,
    ) -> Result<RatedLine, BadColumn> {
        let mut day = |column: &Date32Array, name| self.days.date_of(column.value(row)).ok_or(BadColumn(name));
        let month = day(self.usage_month, USAGE_MONTH)?;
        let exchange_rate_dated = day(self.exchange_rate_date, EXCHANGE_RATE_DATE)?;
        let [pricing_currency, billing_currency] = &mut self.currencies;
        let covered_by = self.covered_by.as_ref().and_then(|orders| orders.get(row));
        let mut line = RatedLine {
            key,
            record,
            scope: ScopeKey {
                customer: self.customer_id.required(row)?,
                subscription: self.subscription_id.required(row)?,
                meter: self.meter_id.required(row)?,
                usage_month: BillingPeriod::containing(month).map_err(|_| BadColumn(USAGE_MONTH))?,
                covered_by: covered_by.filter(|order| !order.is_empty()).map(str::to_owned),
            },
            figures,
            product: Product::default(),
            price_meter: MeterDescription::default(),
            price_unit: String::new(),
            pricing_currency: pricing_currency.required(row)?,
            billing_currency: billing_currency.required(row)?,
            exchange_rate_dated,
        };
        for (column, (name, _, place)) in self.price_texts.iter().zip(PRICE_TEXTS) {
            *place(&mut line) = column.get(row).ok_or(BadColumn(name))?.to_owned();
        }
        Ok(line)
    }
}
