//! The monthly list: `CurrencyCode, USDPerUnit, Month`.
//!
//! Source: "Get foreign exchange rates". USD for one unit of the currency, up to 17 digits; the
//! month is written `YYYYMM`.

use billing::fx::FxQuote;
use billing::money::Currency;
use billing::period::{BillingPeriod, PeriodError};

use crate::csv::{Column, CsvReader, Header, Record};
use crate::directory::repeated::{Repeated, read_list};
use crate::error::{Fault, FileError, Parsed, RejectedLine};
use crate::fx::{LIST, currency, positive_rate};

#[derive(Debug, Clone, Copy)]
struct Columns {
    currency: Column,
    usd: Column,
    month: Column,
}

const CURRENCY: &[&str] = &["CurrencyCode"];
const USD_PER_UNIT: &[&str] = &["USDPerUnit"];
const MONTH: &[&str] = &["Month"];

/// Whether a header looks like this list.
pub(super) fn recognises(header: &Header) -> bool {
    [CURRENCY, USD_PER_UNIT].iter().all(|names| names.iter().any(|name| header.has(name)))
}

pub(super) fn read(reader: CsvReader) -> Result<Parsed<Vec<FxQuote>>, FileError> {
    let header = reader.header();
    let columns = Columns {
        currency: header.require(CURRENCY)?,
        usd: header.require(USD_PER_UNIT)?,
        month: header.require(MONTH)?,
    };
    let quotes = Repeated::new(|a: &FxQuote, b| a == b);
    read_list(reader, LIST, columns.usd, quotes, |record| quote(record, columns))
}

fn quote(record: &Record<'_>, columns: Columns) -> Result<((Currency, BillingPeriod), FxQuote), RejectedLine> {
    let field = |column| record.field(column).trim();
    let currency = currency(field(columns.currency)).map_err(|f| record.reject_fault(columns.currency, f))?;
    let usd = positive_rate(field(columns.usd)).map_err(|f| record.reject_fault(columns.usd, f))?;
    let month = month(field(columns.month)).map_err(|f| record.reject_fault(columns.month, f))?;
    Ok(((currency, month), FxQuote::UsdPerUnit { currency, month, usd }))
}

/// `202609`; `2026-09` as well.
fn month(text: &str) -> Result<BillingPeriod, Fault> {
    let dashed = match text.split_at_checked(4) {
        Some((year, month)) if text.len() == 6 => format!("{year}-{month}"),
        _ => text.to_owned(),
    };
    dashed.parse().map_err(|error: PeriodError| {
        Fault::new(error.code(), format!("{:?} is not a month such as 202609", crate::number::excerpt(text)))
    })
}
