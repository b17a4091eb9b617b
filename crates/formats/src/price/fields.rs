//! Fields of a price line: text to checked values, with the place of what is wrong.

use billing::decimal::Decimal;
use billing::ids::{IdError, MeterId};
use billing::money::{Currency, MoneyError};
use billing::price::TierError;

use super::assembly::Assembly;
use super::part::PricePart;
use super::problem::PriceLineError;
use super::quarantine::{Origin, Place, Refusal};
use crate::csv::{Column, CsvReader, Header, Record, Row};
use crate::error::{Fault, FileError, raw_excerpt};
use crate::number;

/// A line that cannot be used, and the meters that it names as far as they could be read.
pub(super) type Refused = Box<(Vec<MeterId>, Refusal)>;

/// Reads all lines with `read`. What is wrong with a tier table is shown in the column `tier`, what
/// is wrong with a meter in the column `meter`.
pub(super) fn read_lines(
    mut reader: CsvReader,
    mut assembly: Assembly,
    (meter, tier): (Column, Column),
    read: impl Fn(&Record<'_>) -> Result<PricePart, Refused>,
    locate: impl Fn(&Header, &'static str) -> Place,
) -> Result<(Assembly, u64), FileError> {
    let mut record_count: u64 = 0;
    while let Some(row) = reader.next_row()? {
        record_count = record_count.saturating_add(1);
        let record = match row {
            Row::Record(record) => record,
            Row::Rejected(rejected) if rejected.raw_cut => {
                // Which meters the lost text names is not known, so no tier table would be certain.
                let error = FileError::new(rejected.code, rejected.message);
                return Err(error.at(rejected.line, rejected.column.max(1)));
            }
            Row::Rejected(rejected) => {
                assembly.refuse_unread(rejected);
                continue;
            }
        };
        let origin = Origin {
            line: record.line(),
            tier: place(record.header(), tier),
            meter: place(record.header(), meter),
            raw: raw_excerpt(record.raw()),
        };
        match read(&record) {
            Ok(part) => assembly.add(origin, part, &|field| locate(record.header(), field)),
            Err(refused) => {
                let (meters, refusal) = *refused;
                assembly.refuse(origin, meters, refusal);
            }
        }
    }
    Ok((assembly, record_count))
}

pub(super) fn place(header: &Header, column: Column) -> Place {
    Place { field: header.name(column).to_owned().into(), column: column.number() }
}

/// The checked value of a field, blanks around it taken off.
pub(super) fn required<T>(
    record: &Record<'_>,
    column: Column,
    parse: impl Fn(&str) -> Result<T, Fault>,
) -> Result<T, Refusal> {
    parse(record.field(column).trim()).map_err(|fault| Refusal { place: place(record.header(), column), fault })
}

/// As [`required`]; `None` where the file has no such column or the field is blank.
pub(super) fn optional<T>(
    record: &Record<'_>,
    column: Option<Column>,
    parse: impl Fn(&str) -> Result<T, Fault>,
) -> Result<Option<T>, Refusal> {
    match column {
        Some(column) if !record.field(column).trim().is_empty() => required(record, column, parse).map(Some),
        _ => Ok(None),
    }
}

pub(super) fn meter_id(text: &str) -> Result<MeterId, Fault> {
    text.parse().map_err(|error: IdError| Fault::new(error.code(), error.to_string()))
}

pub(super) fn currency(text: &str) -> Result<Currency, Fault> {
    text.parse().map_err(|error: MoneyError| Fault::new(error.code(), error.to_string()))
}

/// A price is at least 0.
pub(super) fn unit_price(text: &str) -> Result<Decimal, Fault> {
    let price = number::decimal(text)?;
    if price.is_negative() {
        return Err(PriceLineError::from(TierError::NegativePrice(price)).into());
    }
    Ok(price)
}

/// A tier starts at 0 or above.
pub(super) fn tier_start(text: &str) -> Result<Decimal, Fault> {
    let start = number::decimal(text)?;
    if start.is_negative() {
        return Err(PriceLineError::from(TierError::NegativeStart(start)).into());
    }
    Ok(start)
}

/// At least 0, in blocks of the unit of measure.
pub(super) fn included_quantity(text: &str) -> Result<Decimal, Fault> {
    let quantity = number::decimal(text)?;
    if quantity.is_negative() {
        return Err(PriceLineError::IncludedNegative(quantity).into());
    }
    Ok(quantity)
}

/// A fraction between 0 and 1.
pub(super) fn earned_credit(text: &str) -> Result<Decimal, Fault> {
    checked_earned_credit(number::decimal(text)?)
}

pub(super) fn checked_earned_credit(rate: Decimal) -> Result<Decimal, Fault> {
    if rate.is_negative() || rate > Decimal::ONE {
        return Err(PriceLineError::EarnedCredit(rate).into());
    }
    Ok(rate)
}
