//! The data as its peers read it: plain Parquet. crates/xtask/bench/common.py states the job.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, DictionaryArray, Int32Array, Int64Array, RecordBatch, StringArray,
};
use arrow::datatypes::{Field, Int32Type, Schema, SchemaRef};
use billing::decimal::Decimal;
use billing::price::{PriceSheet, Tier};
use jiff::civil::Date;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::Outcome;
use crate::day::{QUANTITY_DECIMALS, Row, date_of};
use crate::prices::{PRICE_DECIMALS, RATE_DECIMALS, earned_credit_factor};
use crate::world::{DAYS, World};

const ROWS_PER_BATCH: usize = 1 << 16;
const ROWS_PER_ROW_GROUP: usize = 1 << 19;
/// Stands for "no upper bound" of a tier.
const OPEN_BOUND: i64 = 999_999_999_999_999_999;
const FACTOR_DECIMALS: u8 = 2;

/// Zstandard at its first level, as all write it; no schema of Arrow's own, so that every reader sees
/// plain text where the writer was given dictionaries.
pub(crate) fn writer(path: &Path, schema: SchemaRef) -> Outcome<ArrowWriter<File>> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(ROWS_PER_ROW_GROUP))
        .build();
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let file = File::create(path).map_err(crate::at(path))?;
    Ok(ArrowWriter::try_new_with_options(file, schema, options)?)
}

/// Named columns without nulls.
fn batch(columns: Vec<(&str, ArrayRef)>) -> Outcome<RecordBatch> {
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), false)).collect();
    Ok(RecordBatch::try_new(Schema::new(fields).into(), columns.into_iter().map(|(_, array)| array).collect())?)
}

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>) -> Outcome<()> {
    let batch = batch(columns)?;
    let mut writer = writer(path, batch.schema())?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(())
}

fn decimals(mantissas: Vec<i128>, digits: u8, decimals: u8) -> Outcome<ArrayRef> {
    let array = Decimal128Array::from(mantissas).with_precision_and_scale(digits, decimals.cast_signed())?;
    Ok(Arc::new(array))
}

fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> Arc<StringArray> {
    Arc::new(StringArray::from_iter_values(texts))
}

/// Days since 1970-01-01.
pub(crate) fn days_of(date: Date) -> i32 {
    (date - jiff::civil::date(1970, 1, 1)).get_days()
}

/// Writes one line a tier.
pub(crate) fn write_prices(path: &Path, sheet: &PriceSheet) -> Outcome<()> {
    let mut lines = Vec::new();
    for price in &sheet.prices {
        let tiers = price.tiers.tiers();
        let ends = tiers.iter().skip(1).map(|next| next.from).chain([Decimal::from_integer(OPEN_BOUND)]);
        lines.extend((1..).zip(tiers).zip(ends).map(|((number, tier), end)| (price, number, tier, end)));
    }
    let each = |get: fn(&Tier, Decimal) -> Decimal, scale: u8| -> Outcome<Vec<i128>> {
        lines.iter().map(|(_, _, tier, end)| Ok(get(tier, *end).mantissa_at(scale)?)).collect()
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("meter_id", texts(lines.iter().map(|(price, ..)| price.meter_id.as_str()))),
        ("tier_no", Arc::new(Int32Array::from_iter_values(lines.iter().map(|(_, number, ..)| *number)))),
        ("from_qty", decimals(each(|tier, _| tier.from, QUANTITY_DECIMALS)?, 28, QUANTITY_DECIMALS)?),
        ("to_qty", decimals(each(|_, end| end, QUANTITY_DECIMALS)?, 28, QUANTITY_DECIMALS)?),
        ("unit_price", decimals(each(|tier, _| tier.unit_price, PRICE_DECIMALS)?, 18, PRICE_DECIMALS)?),
        ("currency", texts(lines.iter().map(|(price, ..)| price.currency.code()))),
    ];
    write(path, columns)
}

pub(crate) fn write_rates(path: &Path) -> Outcome<()> {
    let rates = crate::prices::rates()?;
    let mantissas = rates.iter().map(|(_, rate)| Ok(rate.mantissa_at(RATE_DECIMALS)?)).collect::<Outcome<_>>()?;
    let currencies = texts(rates.iter().map(|(currency, _)| currency.code()));
    write(path, vec![("currency", currencies), ("rate", decimals(mantissas, 12, RATE_DECIMALS)?)])
}

/// Writes the days on which each subscription earned the credit, and what that leaves of a price.
pub(crate) fn write_earned_credit(path: &Path, world: &World) -> Outcome<()> {
    let earned = world.subscriptions.iter().flat_map(|subscription| {
        let is_earned = |day: &Date| subscription.earned_credit.iter().any(|range| range.contains(*day));
        (0..DAYS).map(date_of).filter(is_earned).map(|day| (subscription.id.as_str(), day)).collect::<Vec<_>>()
    });
    let earned: Vec<(&str, Date)> = earned.collect();
    let factor = earned_credit_factor()?.mantissa_at(FACTOR_DECIMALS)?;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("subscription_id", texts(earned.iter().map(|(subscription, _)| *subscription))),
        ("usage_date", Arc::new(Date32Array::from_iter_values(earned.iter().map(|(_, day)| days_of(*day))))),
        ("factor", decimals(vec![factor; earned.len()], 3, FACTOR_DECIMALS)?),
    ];
    write(path, columns)
}

/// The texts of the world, shared by all batches.
#[derive(Debug)]
pub(crate) struct Texts {
    customers: Arc<StringArray>,
    subscriptions: Arc<StringArray>,
    meters: Arc<StringArray>,
    groups: Arc<StringArray>,
    tags: Arc<StringArray>,
}

impl Texts {
    pub(crate) fn new(world: &World) -> Self {
        Self {
            customers: texts(world.customers.iter().map(|customer| customer.id.as_str())),
            subscriptions: texts(world.subscriptions.iter().map(|subscription| subscription.id.as_str())),
            meters: texts(world.meters.iter().map(|meter| meter.as_str())),
            groups: texts(world.groups.iter().map(String::as_str)),
            tags: texts(world.tags.iter().map(String::as_str)),
        }
    }
}

/// One day's file of usage.
pub(crate) struct UsageFile<'w> {
    world: &'w World,
    texts: &'w Texts,
    date: Date,
    rows: Vec<(Row, u64)>,
    writer: ArrowWriter<File>,
}

impl<'w> UsageFile<'w> {
    pub(crate) fn create(path: &Path, world: &'w World, texts: &'w Texts, date: Date) -> Outcome<Self> {
        let schema = usage_batch(world, texts, date, &[])?.schema();
        Ok(Self { world, texts, date, rows: Vec::with_capacity(ROWS_PER_BATCH), writer: writer(path, schema)? })
    }

    pub(crate) fn push(&mut self, row: Row, line_id: u64) -> Outcome<()> {
        self.rows.push((row, line_id));
        if self.rows.len() < ROWS_PER_BATCH { Ok(()) } else { self.write_batch() }
    }

    pub(crate) fn finish(mut self) -> Outcome<()> {
        self.write_batch()?;
        self.writer.close()?;
        Ok(())
    }

    fn write_batch(&mut self) -> Outcome<()> {
        self.writer.write(&usage_batch(self.world, self.texts, self.date, &self.rows)?)?;
        self.rows.clear();
        Ok(())
    }
}

fn usage_batch(world: &World, texts: &Texts, date: Date, rows: &[(Row, u64)]) -> Outcome<RecordBatch> {
    let resource = |row: &Row| world.resources[row.resource];
    let named = |place: &dyn Fn(&Row) -> u32, values: &Arc<StringArray>| -> Outcome<ArrayRef> {
        let keys = Int32Array::from_iter_values(rows.iter().map(|(row, _)| place(row).cast_signed()));
        let values: ArrayRef = Arc::clone(values) as _;
        Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, values)?))
    };
    let uris: StringArray = rows.iter().map(|(row, _)| Some(world.uri(row.resource))).collect();
    let quantities = rows.iter().map(|(row, _)| row.quantity.into()).collect();
    batch(vec![
        ("line_id", Arc::new(Int64Array::from_iter_values(rows.iter().map(|(_, line_id)| line_id.cast_signed())))),
        ("usage_date", Arc::new(Date32Array::from(vec![days_of(date); rows.len()]))),
        ("customer_id", named(&|row| world.owners[resource(row).subscription as usize], &texts.customers)?),
        ("subscription_id", named(&|row| resource(row).subscription, &texts.subscriptions)?),
        ("meter_id", named(&|row| resource(row).meter, &texts.meters)?),
        ("resource_uri", Arc::new(uris)),
        ("resource_group", named(&|row| resource(row).group.into(), &texts.groups)?),
        ("tags", named(&|row| resource(row).tags.into(), &texts.tags)?),
        ("quantity", decimals(quantities, 28, QUANTITY_DECIMALS)?),
    ])
}
