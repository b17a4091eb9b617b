//! A usage record as columns.

use std::sync::Arc;

use arrow::array::{Array, Date32Array, RecordBatch, StringArray, StringBuilder, UInt32Array};
use arrow::datatypes::{Date32Type, UInt32Type};
use arrow::error::ArrowError;
use billing::ids::{CustomerId, EntitlementId, MeterId, SubscriptionId};
use billing::money::Currency;
use billing::uom::QuantityBasis;
use billing::usage::{MeterDescription, ResourceDescription};
use billing::usage::{ProviderCost, RecordOrigin, UsageKind, UsageRecord};

use crate::columns::{BadColumn, Frame, numbers, parsed, primitive, text, typed};
use crate::day::DayMemory;
use crate::decimals::{DecimalColumn, Numbers};
use crate::text::{Parsed, Text, TextColumn};

/// Free text of a record: column, how it is read and where it is put.
type TextField = (&'static str, fn(&UsageRecord) -> &str, fn(&mut UsageRecord) -> &mut String);

const TEXTS: [TextField; 16] = [
    ("subscription_name", |r| &r.subscription_name, |r| &mut r.subscription_name),
    ("entitlement_name", |r| &r.entitlement_name, |r| &mut r.entitlement_name),
    ("meter_category", |r| &r.meter.category, |r| &mut r.meter.category),
    ("meter_subcategory", |r| &r.meter.subcategory, |r| &mut r.meter.subcategory),
    ("meter_name", |r| &r.meter.name, |r| &mut r.meter.name),
    ("meter_region", |r| &r.meter.region, |r| &mut r.meter.region),
    ("product_name", |r| &r.product_name, |r| &mut r.product_name),
    ("publisher_name", |r| &r.publisher_name, |r| &mut r.publisher_name),
    ("resource_uri", |r| &r.resource.uri, |r| &mut r.resource.uri),
    ("resource_group", |r| &r.resource.group, |r| &mut r.resource.group),
    ("resource_location", |r| &r.resource.location, |r| &mut r.resource.location),
    ("consumed_service", |r| &r.resource.consumed_service, |r| &mut r.resource.consumed_service),
    ("tags", |r| &r.resource.tags, |r| &mut r.resource.tags),
    ("additional_info", |r| &r.resource.additional_info, |r| &mut r.resource.additional_info),
    ("service_info1", |r| &r.resource.service_info1, |r| &mut r.resource.service_info1),
    ("service_info2", |r| &r.resource.service_info2, |r| &mut r.resource.service_info2),
];

/// Records that are collected column by column.
#[derive(Default)]
pub(crate) struct RecordColumns {
    /// Null for a provider's row.
    record_id: StringBuilder,
    revision: Vec<u32>,
    usage_date: Vec<i32>,
    days: DayMemory,
    kind: TextColumn,
    customer_id: TextColumn,
    subscription_id: TextColumn,
    entitlement_id: TextColumn,
    meter_id: TextColumn,
    quantity: DecimalColumn,
    quantity_basis: TextColumn,
    unit_of_measure: TextColumn,
    texts: [TextColumn; TEXTS.len()],
    provider_cost: DecimalColumn,
    provider_currency: TextColumn,
}

impl RecordColumns {
    /// Adds a record; answers its day as it is stored.
    pub(crate) fn push(&mut self, record: &UsageRecord) -> Result<i32, ArrowError> {
        match &record.origin {
            RecordOrigin::Own { record_id, .. } => self.record_id.append_value(record_id.as_str()),
            RecordOrigin::ProviderRow => self.record_id.append_null(),
        }
        self.revision.push(record.revision());
        let day = self.days.days_of(record.usage_date);
        self.usage_date.push(day);
        self.kind.push(Some(kind_word(record.kind)))?;
        self.customer_id.push(record.customer_id.as_ref().map(CustomerId::as_str))?;
        self.subscription_id.push(Some(record.subscription_id.as_str()))?;
        self.entitlement_id.push(record.entitlement_id.as_ref().map(EntitlementId::as_str))?;
        self.meter_id.push(Some(record.meter_id.as_str()))?;
        self.quantity.push(Some(record.quantity));
        self.quantity_basis.push(Some(basis_word(record.quantity_basis)))?;
        self.unit_of_measure.push(Some(&record.unit_of_measure))?;
        for (column, (_, get, _)) in self.texts.iter_mut().zip(TEXTS) {
            column.push(Some(get(record)))?;
        }
        let cost = record.provider_cost.as_ref();
        self.provider_cost.push(cost.map(|cost| cost.amount));
        self.provider_currency.push(cost.map(|cost| cost.currency.code()))?;
        Ok(day)
    }

    pub(crate) fn text_bytes(&self) -> usize {
        let ids = [&self.customer_id, &self.subscription_id, &self.entitlement_id, &self.meter_id];
        let repeated: usize = ids.into_iter().chain(&self.texts).map(TextColumn::text_bytes).sum();
        repeated + self.unit_of_measure.text_bytes() + self.record_id.values_slice().len()
    }

    /// Adds the columns to `frame`; these here are empty afterwards.
    pub(crate) fn finish(&mut self, frame: &mut Frame) -> Result<(), ArrowError> {
        frame.add_nullable("record_id", Arc::new(self.record_id.finish()));
        frame.add("revision", Arc::new(UInt32Array::from(std::mem::take(&mut self.revision))));
        frame.add("kind", self.kind.finish()?);
        frame.add("usage_date", Arc::new(Date32Array::from(std::mem::take(&mut self.usage_date))));
        frame.add_nullable("customer_id", self.customer_id.finish()?);
        frame.add("subscription_id", self.subscription_id.finish()?);
        frame.add_nullable("entitlement_id", self.entitlement_id.finish()?);
        frame.add("meter_id", self.meter_id.finish()?);
        frame.add_decimals("quantity", false, self.quantity.finish());
        frame.add("quantity_basis", self.quantity_basis.finish()?);
        frame.add("unit_of_measure", self.unit_of_measure.finish()?);
        for (column, (name, ..)) in self.texts.iter_mut().zip(TEXTS) {
            frame.add(name, column.finish()?);
        }
        frame.add_decimals("provider_cost", true, self.provider_cost.finish());
        frame.add_nullable("provider_currency", self.provider_currency.finish()?);
        Ok(())
    }
}

/// The columns of a batch, found once.
#[derive(Debug)]
pub(crate) struct RecordReader<'a> {
    record_id: &'a StringArray,
    revision: &'a UInt32Array,
    usage_date: &'a Date32Array,
    kind: Text<'a>,
    customer_id: Parsed<'a, CustomerId>,
    subscription_id: Parsed<'a, SubscriptionId>,
    entitlement_id: Parsed<'a, EntitlementId>,
    meter_id: Parsed<'a, MeterId>,
    quantity: Numbers<'a>,
    quantity_basis: Text<'a>,
    unit_of_measure: Text<'a>,
    texts: Vec<Text<'a>>,
    provider_cost: Numbers<'a>,
    provider_currency: Parsed<'a, Currency>,
}

impl<'a> RecordReader<'a> {
    pub(crate) fn new(batch: &'a RecordBatch) -> Result<Self, BadColumn> {
        let texts = TEXTS.iter().map(|(name, ..)| text(batch, name)).collect::<Result<_, _>>()?;
        Ok(Self {
            record_id: typed(batch, "record_id")?,
            revision: primitive::<UInt32Type>(batch, "revision")?,
            usage_date: primitive::<Date32Type>(batch, "usage_date")?,
            kind: text(batch, "kind")?,
            customer_id: parsed(batch, "customer_id")?,
            subscription_id: parsed(batch, "subscription_id")?,
            entitlement_id: parsed(batch, "entitlement_id")?,
            meter_id: parsed(batch, "meter_id")?,
            quantity: numbers(batch, "quantity")?,
            quantity_basis: text(batch, "quantity_basis")?,
            unit_of_measure: text(batch, "unit_of_measure")?,
            texts,
            provider_cost: numbers(batch, "provider_cost")?,
            provider_currency: parsed(batch, "provider_currency")?,
        })
    }

    /// Days since 1970-01-01 of each row.
    pub(crate) fn days(&self) -> &'a [i32] {
        self.usage_date.values()
    }

    pub(crate) fn revision(&self, row: usize) -> u32 {
        self.revision.value(row)
    }

    pub(crate) fn record(&mut self, row: usize, days: &mut DayMemory) -> Result<UsageRecord, BadColumn> {
        let mut record = UsageRecord {
            origin: self.origin(row)?,
            kind: read_kind(self.kind.get(row))?,
            usage_date: days.date_of(self.usage_date.value(row)).ok_or(BadColumn("usage_date"))?,
            customer_id: self.customer_id.get(row)?,
            subscription_id: self.subscription_id.required(row)?,
            subscription_name: String::new(),
            entitlement_id: self.entitlement_id.get(row)?,
            entitlement_name: String::new(),
            meter_id: self.meter_id.required(row)?,
            meter: MeterDescription::default(),
            product_name: String::new(),
            publisher_name: String::new(),
            quantity: self.quantity.get(row).ok_or(BadColumn("quantity"))?,
            quantity_basis: read_basis(self.quantity_basis.get(row))?,
            unit_of_measure: self.unit_of_measure.get(row).ok_or(BadColumn("unit_of_measure"))?.to_owned(),
            resource: ResourceDescription::default(),
            provider_cost: self.provider_cost(row)?,
        };
        for (column, (name, _, place)) in self.texts.iter().zip(TEXTS) {
            *place(&mut record) = column.get(row).ok_or(BadColumn(name))?.to_owned();
        }
        Ok(record)
    }

    fn origin(&self, row: usize) -> Result<RecordOrigin, BadColumn> {
        if self.record_id.is_null(row) {
            return Ok(RecordOrigin::ProviderRow);
        }
        let record_id = self.record_id.value(row).parse().map_err(|_| BadColumn("record_id"))?;
        Ok(RecordOrigin::Own { record_id, revision: self.revision.value(row) })
    }

    fn provider_cost(&mut self, row: usize) -> Result<Option<ProviderCost>, BadColumn> {
        match (self.provider_cost.get(row), self.provider_currency.get(row)?) {
            (Some(amount), Some(currency)) => Ok(Some(ProviderCost { amount, currency })),
            (None, None) => Ok(None),
            _ => Err(BadColumn("provider_cost")),
        }
    }
}

fn kind_word(kind: UsageKind) -> &'static str {
    match kind {
        UsageKind::Usage => "usage",
        UsageKind::Correction => "correction",
    }
}

fn read_kind(word: Option<&str>) -> Result<UsageKind, BadColumn> {
    match word {
        Some("usage") => Ok(UsageKind::Usage),
        Some("correction") => Ok(UsageKind::Correction),
        _ => Err(BadColumn("kind")),
    }
}

fn basis_word(basis: QuantityBasis) -> &'static str {
    match basis {
        QuantityBasis::Blocks => "blocks",
        QuantityBasis::Units => "units",
    }
}

pub(crate) fn read_basis(word: Option<&str>) -> Result<QuantityBasis, BadColumn> {
    match word {
        Some("blocks") => Ok(QuantityBasis::Blocks),
        Some("units") => Ok(QuantityBasis::Units),
        _ => Err(BadColumn("quantity_basis")),
    }
}
