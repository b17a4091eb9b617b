//! The monthly list: `CurrencyCode, USDPerUnit, Month`.
//!
//! Source: "Get foreign exchange rates". USD for one unit of the currency, up to 17 digits; the
//! month is written `YYYYMM`.

use billing::fx::FxQuote;
use billing::money::Currency;
use billing::period::{BillingPeriod, PeriodError};

use crate::csv::{Column, CsvReader, Header, Record, Row};
use crate::directory::repeated::Repeated;
use crate::error::{Fault, FileError, Parsed, RejectedLine};
use crate::fx::{currency, positive_rate};

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

pub(super) fn read(mut reader: CsvReader) -> Result<Parsed<Vec<FxQuote>>, FileError> {
    let header = reader.header();
    let columns = Columns {
        currency: header.require(CURRENCY)?,
        usd: header.require(USD_PER_UNIT)?,
        month: header.require(MONTH)?,
    };
    let mut quotes = Repeated::new(|a: &FxQuote, b| a == b);
    let mut rejected = Vec::new();
    let mut record_count: u64 = 0;
    while let Some(row) = reader.next_row()? {
        record_count = record_count.saturating_add(1);
        match row {
            Row::Rejected(line) => rejected.push(line),
            Row::Record(record) => match quote(&record, columns) {
                Ok((currency, month, quote)) => {
                    let set_aside = record.reject(columns.usd, "fx.line.contradiction", "");
                    quotes.add((currency, month), quote, set_aside);
                }
                Err(line) => rejected.push(line),
            },
        }
    }
    let (value, contradictions) = quotes.finish();
    rejected.extend(contradictions);
    rejected.sort_by_key(|line| line.line);
    Ok(Parsed { value, rejected, record_count })
}

fn quote(record: &Record<'_>, columns: Columns) -> Result<(Currency, BillingPeriod, FxQuote), RejectedLine> {
    let field = |column| record.field(column).trim();
    let currency = currency(field(columns.currency)).map_err(|f| record.reject_fault(columns.currency, f))?;
    let usd = positive_rate(field(columns.usd)).map_err(|f| record.reject_fault(columns.usd, f))?;
    let month = month(field(columns.month)).map_err(|f| record.reject_fault(columns.month, f))?;
    Ok((currency, month, FxQuote::UsdPerUnit { currency, month, usd }))
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
