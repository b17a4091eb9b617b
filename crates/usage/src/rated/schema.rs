//! The columns of a file of rated lines.

use arrow::datatypes::{DataType, Field, Schema};
use billing::price::MeterPrice;
use billing::rate::{LinePrices, RatedLine};

use crate::parquet_file::BENEFIT_ORDER_ID;

/// Decimals of a pricing total: ten of a quantity, eight of a price and two of a credit.
pub(crate) const PRICING_SCALE: u8 = 20;
/// Twelve bytes hold this many digits.
pub(crate) const PRICING_DIGITS: u8 = 28;

pub(crate) const USAGE_DATE: &str = "usage_date";
pub(crate) const USAGE_MONTH: &str = "usage_month";
pub(crate) const CUSTOMER_ID: &str = "customer_id";
pub(crate) const SUBSCRIPTION_ID: &str = "subscription_id";
pub(crate) const METER_ID: &str = "meter_id";
pub(crate) const QUANTITY: &str = "quantity";
pub(crate) const PRICING_TOTAL: &str = "pricing_total";
pub(crate) const BILLING_TOTAL: &str = "billing_total";
pub(crate) const EXCHANGE_RATE_DATE: &str = "exchange_rate_date";
/// The path of the file that holds the line's record, and the record's row there, from 0.
pub(crate) const RECORD_FILE: &str = "record_file";
pub(crate) const RECORD_ROW: &str = "record_row";

/// A number that lines of one price share.
pub(crate) type SharedFigure = (&'static str, fn(&LinePrices<'_>) -> billing::decimal::Decimal);

pub(crate) const SHARED_FIGURES: [SharedFigure; 6] = [
    ("unit_price", |p| p.unit_price),
    ("effective_unit_price", |p| p.effective_unit_price),
    ("discount_factor", |p| p.factors.discount_factor),
    ("earned_credit_rate", |p| p.factors.earned_credit_rate),
    ("credit_rate", |p| p.factors.credit_rate),
    ("exchange_rate", |p| p.exchange_rate.rate),
];

/// Text of the price: column, where it comes from, and where it goes when a line is read.
pub(crate) type PriceText = (&'static str, fn(&MeterPrice) -> &str, fn(&mut RatedLine) -> &mut String);

/// What the price says about itself; the record's own words stand with the record.
pub(crate) const PRICE_TEXTS: [PriceText; 12] = [
    ("product_id", |p| &p.product.product_id, |l| &mut l.product.product_id),
    ("sku_id", |p| &p.product.sku_id, |l| &mut l.product.sku_id),
    ("availability_id", |p| &p.product.availability_id, |l| &mut l.product.availability_id),
    ("product_name", |p| &p.product.product_name, |l| &mut l.product.product_name),
    ("sku_name", |p| &p.product.sku_name, |l| &mut l.product.sku_name),
    ("publisher_name", |p| &p.product.publisher_name, |l| &mut l.product.publisher_name),
    ("publisher_id", |p| &p.product.publisher_id, |l| &mut l.product.publisher_id),
    ("price_unit", |p| &p.unit_of_measure, |l| &mut l.price_unit),
    ("price_meter_category", |p| &p.meter.category, |l| &mut l.price_meter.category),
    ("price_meter_subcategory", |p| &p.meter.subcategory, |l| &mut l.price_meter.subcategory),
    ("price_meter_name", |p| &p.meter.name, |l| &mut l.price_meter.name),
    ("price_meter_region", |p| &p.meter.region, |l| &mut l.price_meter.region),
];

/// The two currencies of a line.
pub(crate) type SharedCurrency = (&'static str, fn(&LinePrices<'_>) -> billing::money::Currency);

pub(crate) const CURRENCIES: [SharedCurrency; 2] =
    [("pricing_currency", |p| p.exchange_rate.from), ("billing_currency", |p| p.exchange_rate.to)];

/// The types of the columns whose numbers need not be alike from file to file.
pub(crate) struct NumberTypes {
    pub(crate) quantity: DataType,
    pub(crate) pricing_total: DataType,
    pub(crate) billing_total: DataType,
    /// In the order of [`SHARED_FIGURES`].
    pub(crate) shared: Vec<DataType>,
}

impl NumberTypes {
    /// For reading, where each file has scales of its own.
    fn any() -> Self {
        let number = || DataType::Decimal128(38, 10);
        Self {
            quantity: number(),
            pricing_total: number(),
            billing_total: number(),
            shared: SHARED_FIGURES.iter().map(|_| number()).collect(),
        }
    }
}

fn text(name: &str) -> Field {
    Field::new(name, DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)), false)
}

fn day(name: &str) -> Field {
    Field::new(name, DataType::Date32, false)
}

/// What a file is read as.
pub(crate) fn readable() -> Schema {
    schema(&NumberTypes::any(), true)
}

/// `with_covered` where savings plans have paid for some of the lines.
pub(crate) fn schema(numbers: &NumberTypes, with_covered: bool) -> Schema {
    let number = |name: &str, data_type: &DataType| Field::new(name, data_type.clone(), false);
    let mut fields = vec![
        day(USAGE_DATE),
        day(USAGE_MONTH),
        text(CUSTOMER_ID),
        text(SUBSCRIPTION_ID),
        text(METER_ID),
        number(QUANTITY, &numbers.quantity),
        number(PRICING_TOTAL, &numbers.pricing_total),
        number(BILLING_TOTAL, &numbers.billing_total),
    ];
    fields.extend(SHARED_FIGURES.iter().zip(&numbers.shared).map(|((name, _), data_type)| number(name, data_type)));
    fields.push(day(EXCHANGE_RATE_DATE));
    fields.extend(CURRENCIES.iter().map(|(name, _)| text(name)));
    fields.extend(PRICE_TEXTS.iter().map(|(name, ..)| text(name)));
    fields.push(text(RECORD_FILE));
    fields.push(Field::new(RECORD_ROW, DataType::UInt32, false));
    if with_covered {
        fields.push(text(BENEFIT_ORDER_ID));
    }
    Schema::new(fields)
}
