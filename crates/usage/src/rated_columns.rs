//! A rated line as columns.

use std::sync::Arc;

use arrow::array::{Date32Array, FixedSizeBinaryArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type};
use arrow::error::ArrowError;
use billing::decimal::Decimal;
use billing::ids::{CustomerId, MeterId, SubscriptionId};
use billing::money::Currency;
use billing::period::BillingPeriod;
use billing::price::Product;
use billing::rate::{BILLING_TOTAL_DECIMALS, DayFactors, DayRating, RatedLine, ScopeKey};
use billing::usage::{MeterDescription, RecordKey};

use crate::columns::{BadColumn, Frame, numbers, parsed, primitive, text, typed};
use crate::day::DayMemory;
use crate::decimals::{DecimalColumn, Extent, Numbers};
use crate::parquet_file::RECORD_KEY;
use crate::record_columns::{FileKind, RecordColumns, RecordReader};
use crate::records_file::{key_column, read_key};
use crate::text::{Parsed, Text, TextColumn};

type TextField = (&'static str, fn(&RatedLine) -> &str, fn(&mut RatedLine) -> &mut String);

/// What the price says about itself; the record's own words stand in columns of their own.
const PRICE_TEXTS: [TextField; 12] = [
    ("product_id", |l| &l.product.product_id, |l| &mut l.product.product_id),
    ("sku_id", |l| &l.product.sku_id, |l| &mut l.product.sku_id),
    ("availability_id", |l| &l.product.availability_id, |l| &mut l.product.availability_id),
    ("product_name", |l| &l.product.product_name, |l| &mut l.product.product_name),
    ("sku_name", |l| &l.product.sku_name, |l| &mut l.product.sku_name),
    ("publisher_name", |l| &l.product.publisher_name, |l| &mut l.product.publisher_name),
    ("publisher_id", |l| &l.product.publisher_id, |l| &mut l.product.publisher_id),
    ("price_unit", |l| &l.price_unit, |l| &mut l.price_unit),
    ("price_meter_category", |l| &l.price_meter.category, |l| &mut l.price_meter.category),
    ("price_meter_subcategory", |l| &l.price_meter.subcategory, |l| &mut l.price_meter.subcategory),
    ("price_meter_name", |l| &l.price_meter.name, |l| &mut l.price_meter.name),
    ("price_meter_region", |l| &l.price_meter.region, |l| &mut l.price_meter.region),
];

type Figure = (&'static str, fn(&RatedLine) -> Decimal);

/// The figures of a line but for those of its record.
const FIGURES: [Figure; 11] = [
    ("quantity", |l| l.rating.quantity),
    ("consumed_before", |l| l.rating.consumed_before),
    ("list_amount", |l| l.rating.list_amount),
    ("discount_factor", |l| l.rating.factors.discount_factor),
    ("earned_credit_rate", |l| l.rating.factors.earned_credit_rate),
    ("credit_rate", |l| l.rating.factors.credit_rate),
    ("unit_price", |l| l.rating.unit_price),
    ("effective_unit_price", |l| l.rating.effective_unit_price),
    ("pricing_total", |l| l.rating.pricing_total),
    ("exchange_rate", |l| l.exchange_rate),
    ("billing_total", |l| l.billing_total),
];

fn figure_column(name: &str) -> DecimalColumn {
    match name {
        "billing_total" => DecimalColumn::at(BILLING_TOTAL_DECIMALS),
        _ => DecimalColumn::default(),
    }
}

/// Digits that each column of figures needs so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Extents {
    figures: [Extent; FIGURES.len()],
    stated_quantity: Extent,
    provider_cost: Extent,
}

impl Extents {
    pub(crate) fn with(mut self, line: &RatedLine) -> Self {
        for (extent, (_, get)) in self.figures.iter_mut().zip(FIGURES) {
            *extent = extent.with(get(line));
        }
        self.stated_quantity = self.stated_quantity.with(line.record.quantity);
        if let Some(cost) = line.record.provider_cost {
            self.provider_cost = self.provider_cost.with(cost.amount);
        }
        self
    }

    pub(crate) fn fit(&self) -> bool {
        self.figures.iter().chain([&self.stated_quantity, &self.provider_cost]).all(|extent| extent.fits())
    }
}

/// Rated lines that are collected column by column.
pub(crate) struct RatedColumns {
    keys: Vec<RecordKey>,
    record: RecordColumns,
    customer_id: TextColumn,
    subscription_id: TextColumn,
    meter_id: TextColumn,
    usage_month: Vec<i32>,
    months: DayMemory,
    figures: [DecimalColumn; FIGURES.len()],
    price_texts: [TextColumn; PRICE_TEXTS.len()],
    pricing_currency: TextColumn,
    billing_currency: TextColumn,
    exchange_rate_date: Vec<i32>,
    rate_days: DayMemory,
}

impl RatedColumns {
    pub(crate) fn new() -> Self {
        Self {
            keys: Vec::new(),
            record: RecordColumns::new(FileKind::Rated),
            customer_id: TextColumn::default(),
            subscription_id: TextColumn::default(),
            meter_id: TextColumn::default(),
            usage_month: Vec::new(),
            months: DayMemory::default(),
            figures: FIGURES.map(|(name, _)| figure_column(name)),
            price_texts: Default::default(),
            pricing_currency: TextColumn::default(),
            billing_currency: TextColumn::default(),
            exchange_rate_date: Vec::new(),
            rate_days: DayMemory::default(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(crate) fn text_bytes(&self) -> usize {
        self.record.text_bytes() + self.price_texts.iter().map(TextColumn::text_bytes).sum::<usize>()
    }

    /// Adds a line; its slices are not kept.
    pub(crate) fn push(&mut self, line: &RatedLine) -> Result<(), ArrowError> {
        self.keys.push(line.key);
        self.record.push(&line.record)?;
        self.customer_id.push(Some(line.scope.customer.as_str()))?;
        self.subscription_id.push(Some(line.scope.subscription.as_str()))?;
        self.meter_id.push(Some(line.scope.meter.as_str()))?;
        self.usage_month.push(self.months.days_of(line.scope.usage_month.first_day()));
        for (column, (_, get)) in self.figures.iter_mut().zip(FIGURES) {
            column.push(Some(get(line)));
        }
        for (column, (_, get, _)) in self.price_texts.iter_mut().zip(PRICE_TEXTS) {
            column.push(Some(get(line)))?;
        }
        self.pricing_currency.push(Some(line.pricing_currency.code()))?;
        self.billing_currency.push(Some(line.billing_currency.code()))?;
        self.exchange_rate_date.push(self.rate_days.days_of(line.exchange_rate_dated));
        Ok(())
    }

    /// The columns; these here are empty afterwards.
    pub(crate) fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let mut frame = Frame::default();
        frame.add(RECORD_KEY, Arc::new(key_column(&std::mem::take(&mut self.keys))?));
        frame.add("customer_id", self.customer_id.finish()?);
        frame.add("subscription_id", self.subscription_id.finish()?);
        frame.add("meter_id", self.meter_id.finish()?);
        frame.add("usage_month", Arc::new(Date32Array::from(std::mem::take(&mut self.usage_month))));
        for (column, (name, _)) in self.figures.iter_mut().zip(FIGURES) {
            frame.add_decimals(name, false, column.finish());
        }
        frame.add("pricing_currency", self.pricing_currency.finish()?);
        frame.add("billing_currency", self.billing_currency.finish()?);
        frame.add("exchange_rate_date", Arc::new(Date32Array::from(std::mem::take(&mut self.exchange_rate_date))));
        for (column, (name, ..)) in self.price_texts.iter_mut().zip(PRICE_TEXTS) {
            frame.add(name, column.finish()?);
        }
        self.record.finish(&mut frame)?;
        let batch = frame.batch(None)?;
        debug_assert!(batch.schema().fields().iter().all(|field| !matches!(field.data_type(), DataType::Float64)));
        Ok(batch)
    }
}

/// The columns of a batch, found once.
#[derive(Debug)]
pub(crate) struct RatedReader<'a> {
    keys: &'a FixedSizeBinaryArray,
    record: RecordReader<'a>,
    customer_id: Parsed<'a, CustomerId>,
    subscription_id: Parsed<'a, SubscriptionId>,
    meter_id: Parsed<'a, MeterId>,
    usage_month: &'a Date32Array,
    figures: Vec<Numbers<'a>>,
    price_texts: Vec<Text<'a>>,
    pricing_currency: Parsed<'a, Currency>,
    billing_currency: Parsed<'a, Currency>,
    exchange_rate_date: &'a Date32Array,
}

impl<'a> RatedReader<'a> {
    pub(crate) fn new(batch: &'a RecordBatch) -> Result<Self, BadColumn> {
        Ok(Self {
            keys: typed(batch, RECORD_KEY)?,
            record: RecordReader::new(batch, FileKind::Rated)?,
            customer_id: parsed(batch, "customer_id")?,
            subscription_id: parsed(batch, "subscription_id")?,
            meter_id: parsed(batch, "meter_id")?,
            usage_month: primitive::<Date32Type>(batch, "usage_month")?,
            figures: FIGURES.iter().map(|(name, _)| numbers(batch, name)).collect::<Result<_, _>>()?,
            price_texts: PRICE_TEXTS.iter().map(|(name, ..)| text(batch, name)).collect::<Result<_, _>>()?,
            pricing_currency: parsed(batch, "pricing_currency")?,
            billing_currency: parsed(batch, "billing_currency")?,
            exchange_rate_date: primitive::<Date32Type>(batch, "exchange_rate_date")?,
        })
    }

    pub(crate) fn line(&mut self, row: usize, days: &mut DayMemory) -> Result<RatedLine, BadColumn> {
        let record = self.record.record(row, days)?;
        let [
            quantity,
            consumed_before,
            list_amount,
            discount,
            earned_credit,
            credit,
            unit_price,
            effective,
            pricing,
            rate,
            billing,
        ] = self.figures(row)?;
        let mut day = |column: &Date32Array, name| days.date_of(column.value(row)).ok_or(BadColumn(name));
        let month = day(self.usage_month, "usage_month")?;
        let exchange_rate_dated = day(self.exchange_rate_date, "exchange_rate_date")?;
        let mut line = RatedLine {
            key: read_key(self.keys, row)?,
            record,
            scope: self.scope(row, BillingPeriod::containing(month).map_err(|_| BadColumn("usage_month"))?)?,
            rating: DayRating {
                quantity,
                consumed_before,
                slices: Vec::new(),
                list_amount,
                factors: DayFactors {
                    discount_factor: discount,
                    earned_credit_rate: earned_credit,
                    credit_rate: credit,
                },
                unit_price,
                effective_unit_price: effective,
                pricing_total: pricing,
            },
            product: Product::default(),
            price_meter: MeterDescription::default(),
            price_unit: String::new(),
            pricing_currency: self.pricing_currency.required(row)?,
            billing_currency: self.billing_currency.required(row)?,
            exchange_rate: rate,
            exchange_rate_dated,
            billing_total: billing,
        };
        for (column, (name, _, place)) in self.price_texts.iter().zip(PRICE_TEXTS) {
            *place(&mut line) = column.get(row).ok_or(BadColumn(name))?.to_owned();
        }
        Ok(line)
    }

    fn scope(&mut self, row: usize, usage_month: BillingPeriod) -> Result<ScopeKey, BadColumn> {
        Ok(ScopeKey {
            customer: self.customer_id.required(row)?,
            subscription: self.subscription_id.required(row)?,
            meter: self.meter_id.required(row)?,
            usage_month,
        })
    }

    /// In the order of [`FIGURES`].
    fn figures(&self, row: usize) -> Result<[Decimal; FIGURES.len()], BadColumn> {
        let mut figures = [Decimal::ZERO; FIGURES.len()];
        for ((figure, column), (name, _)) in figures.iter_mut().zip(&self.figures).zip(FIGURES) {
            *figure = column.get(row).ok_or(BadColumn(name))?;
        }
        Ok(figures)
    }
}
