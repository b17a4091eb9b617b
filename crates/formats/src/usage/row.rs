//! What all sources have in common: named fields, and a place to reject.

use billing::decimal::Decimal;
use billing::ids::IdError;
use billing::money::{Currency, MoneyError};
use billing::usage::{MeterDescription, ProviderCost, is_storable};
use jiff::civil::Date;

use super::field::{FIELD_COUNT, Field, Named};
use crate::csv::{Column, Header, Record};
use crate::error::{Fault, FileError, RejectedLine};
use crate::number;

/// One record of a source before it is understood.
pub(super) trait Row {
    /// The field without the blanks around it; `""` where the source does not have it.
    fn text(&self, field: Field) -> &str;
    fn reject(&self, field: Field, fault: Fault) -> RejectedLine;
}

/// Where each field stands in a CSV file; looked up once per file.
#[derive(Debug, Clone)]
pub(super) struct Columns([Option<Column>; FIELD_COUNT]);

impl Columns {
    pub(super) fn of(header: &Header, table: &[Named]) -> Result<Self, FileError> {
        let mut columns = [None; FIELD_COUNT];
        for named in table {
            let column = if named.required { Some(header.require(named.names)?) } else { header.find(named.names)? };
            if let Some(place) = columns.get_mut(named.field as usize) {
                *place = column;
            }
        }
        Ok(Self(columns))
    }

    pub(super) fn get(&self, field: Field) -> Option<Column> {
        self.0.get(field as usize).copied().flatten()
    }
}

/// A CSV record.
pub(super) struct CsvRow<'r> {
    pub(super) record: Record<'r>,
    pub(super) columns: &'r Columns,
}

impl Row for CsvRow<'_> {
    fn text(&self, field: Field) -> &str {
        self.columns.get(field).map_or("", |column| self.record.field(column).trim())
    }

    fn reject(&self, field: Field, fault: Fault) -> RejectedLine {
        match self.columns.get(field) {
            Some(column) => self.record.reject_fault(column, fault),
            None => self.record.reject_whole(fault.code, fault.message),
        }
    }
}

/// The text of a field that a record cannot do without.
fn needed(row: &impl Row, field: Field) -> Result<&str, RejectedLine> {
    let text = row.text(field);
    if !text.is_empty() {
        return Ok(text);
    }
    let (code, what) = match field {
        Field::RecordId => ("usage.line.record_id_missing", "the record id"),
        Field::UsageDate => ("usage.line.date_missing", "the day of the use"),
        Field::SubscriptionId => ("usage.line.subscription_missing", "the subscription"),
        Field::MeterId => ("usage.line.meter_missing", "the meter"),
        Field::QuantityBasis => ("usage.line.quantity_basis_unknown", "the basis of the quantity"),
        _ => ("usage.line.quantity_missing", "the quantity"),
    };
    Err(row.reject(field, Fault::new(code, format!("{what} is missing"))))
}

pub(super) fn needed_id<T>(row: &impl Row, field: Field) -> Result<T, RejectedLine>
where
    T: std::str::FromStr<Err = IdError>,
{
    id(row, field, needed(row, field)?)
}

pub(super) fn optional_id<T>(row: &impl Row, field: Field) -> Result<Option<T>, RejectedLine>
where
    T: std::str::FromStr<Err = IdError>,
{
    let text = row.text(field);
    if text.is_empty() { Ok(None) } else { id(row, field, text).map(Some) }
}

fn id<T>(row: &impl Row, field: Field, text: &str) -> Result<T, RejectedLine>
where
    T: std::str::FromStr<Err = IdError>,
{
    text.parse().map_err(|error: IdError| row.reject(field, Fault::new(error.code(), error.to_string())))
}

/// The quantity, inside the range that is stored.
pub(super) fn quantity(row: &impl Row) -> Result<Decimal, RejectedLine> {
    let text = needed(row, Field::Quantity)?;
    let value = number::decimal(text).map_err(|fault| row.reject(Field::Quantity, fault))?;
    if is_storable(value) {
        return Ok(value);
    }
    let message = format!("the quantity {} has more digits than are kept", number::excerpt(text));
    Err(row.reject(Field::Quantity, Fault::new("usage.line.quantity_out_of_range", message)))
}

pub(super) fn day(row: &impl Row, read: fn(&str) -> Result<Date, Fault>) -> Result<Date, RejectedLine> {
    read(needed(row, Field::UsageDate)?).map_err(|fault| row.reject(Field::UsageDate, fault))
}

pub(super) fn basis_text(row: &impl Row) -> Result<&str, RejectedLine> {
    needed(row, Field::QuantityBasis)
}

/// The provider's cost where the source states one; it never travels without its currency.
pub(super) fn provider_cost(row: &impl Row) -> Result<Option<ProviderCost>, RejectedLine> {
    let text = row.text(Field::ProviderCost);
    if text.is_empty() {
        return Ok(None);
    }
    let amount = number::decimal(text).map_err(|fault| row.reject(Field::ProviderCost, fault))?;
    if !is_storable(amount) {
        let message = format!("the cost {} has more digits than are kept", number::excerpt(text));
        return Err(row.reject(Field::ProviderCost, Fault::new("usage.line.cost_out_of_range", message)));
    }
    let currency = row.text(Field::ProviderCurrency);
    if currency.is_empty() {
        let fault = Fault::new("usage.line.currency_missing", "the cost has no currency");
        return Err(row.reject(Field::ProviderCurrency, fault));
    }
    let unknown = |error: MoneyError| row.reject(Field::ProviderCurrency, Fault::new(error.code(), error.to_string()));
    let currency: Currency = currency.parse().map_err(unknown)?;
    Ok(Some(ProviderCost { amount, currency }))
}

pub(super) fn meter(row: &impl Row) -> MeterDescription {
    let text = |field| row.text(field).to_owned();
    MeterDescription {
        category: text(Field::MeterCategory),
        subcategory: text(Field::MeterSubcategory),
        name: text(Field::MeterName),
        region: text(Field::MeterRegion),
    }
}
