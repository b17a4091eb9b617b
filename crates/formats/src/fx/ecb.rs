//! The history of the European Central Bank's reference rates, `eurofxref-hist.csv`.
//!
//! One line a working day, newest first; one column a currency, in units of it for one euro; the
//! last column is empty; `N/A` where a currency was not quoted. Currencies that ended keep their
//! columns: those that ISO 4217 no longer lists are left out and counted.

use std::collections::BTreeMap;

use billing::fx::FxQuote;
use billing::money::Currency;
use jiff::civil::Date;

use crate::csv::{Column, CsvReader, Header, Record, Row};
use crate::directory::repeated::Repeated;
use crate::error::{FileError, Parsed, RejectedLine};
use crate::fx::{FxList, positive_rate};
use crate::number;

const DATE: &[&str] = &["Date"];
const NO_QUOTE: &str = "N/A";

/// Whether a header looks like this list.
pub(super) fn recognises(header: &Header) -> bool {
    header.names().first().is_some_and(|name| name.eq_ignore_ascii_case("date"))
        && header.names().iter().skip(1).filter(|name| name.parse::<Currency>().is_ok()).count() > 1
}

/// The columns of the file by what is done with them.
struct Columns {
    date: Column,
    quoted: Vec<(Column, Currency)>,
    retired: Vec<(Column, String)>,
}

/// Days before `since` are left out.
pub(super) fn read(mut reader: CsvReader, since: Option<Date>) -> Result<Parsed<FxList>, FileError> {
    let columns = columns(reader.header())?;
    let mut days = Repeated::new(|a: &Vec<FxQuote>, b| a == b);
    let mut retired: BTreeMap<String, u64> = BTreeMap::new();
    let mut rejected = Vec::new();
    let mut record_count: u64 = 0;
    while let Some(row) = reader.next_row()? {
        record_count = record_count.saturating_add(1);
        match row {
            Row::Rejected(line) => rejected.push(line),
            Row::Record(record) => match day(&record, &columns, since) {
                Ok(None) => {}
                Ok(Some((date, quotes))) => {
                    count_retired(&record, &columns, &mut retired);
                    days.add(date, quotes, record.reject(columns.date, "fx.line.contradiction", ""));
                }
                Err(line) => rejected.push(line),
            },
        }
    }
    let (quotes, contradictions) = days.finish();
    rejected.extend(contradictions);
    rejected.sort_by_key(|line| line.line);
    let value = FxList { quotes: quotes.concat(), retired_currencies: retired };
    Ok(Parsed { value, rejected, record_count })
}

fn columns(header: &Header) -> Result<Columns, FileError> {
    let date = header.require(DATE)?;
    let mut columns = Columns { date, quoted: Vec::new(), retired: Vec::new() };
    for name in header.names().iter().filter(|name| !name.is_empty()) {
        let column = header.require(&[name])?;
        if column == date {
            continue;
        }
        match name.parse() {
            Ok(currency) => columns.quoted.push((column, currency)),
            Err(_) if is_code(name) => columns.retired.push((column, name.to_ascii_uppercase())),
            Err(error) => {
                let error: billing::money::MoneyError = error;
                return Err(FileError::new(error.code(), error.to_string()).at(header.line(), column.number()));
            }
        }
    }
    Ok(columns)
}

fn is_code(name: &str) -> bool {
    name.len() == 3 && name.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn is_quote(field: &str) -> bool {
    !field.is_empty() && !field.eq_ignore_ascii_case(NO_QUOTE)
}

/// The quotes of one day; `None` for a day before `since`.
fn day(
    record: &Record<'_>,
    columns: &Columns,
    since: Option<Date>,
) -> Result<Option<(Date, Vec<FxQuote>)>, RejectedLine> {
    let fixed_on = number::iso_date(record.field(columns.date).trim())
        .map_err(|fault| record.reject_fault(columns.date, fault))?;
    if since.is_some_and(|since| fixed_on < since) {
        return Ok(None);
    }
    let mut quotes = Vec::new();
    for (column, currency) in &columns.quoted {
        let field = record.field(*column).trim();
        if is_quote(field) {
            let units = positive_rate(field).map_err(|fault| record.reject_fault(*column, fault))?;
            quotes.push(FxQuote::PerEuro { currency: *currency, fixed_on, units });
        }
    }
    Ok(Some((fixed_on, quotes)))
}

fn count_retired(record: &Record<'_>, columns: &Columns, retired: &mut BTreeMap<String, u64>) {
    for (column, name) in &columns.retired {
        if is_quote(record.field(*column).trim()) {
            let count = retired.entry(name.clone()).or_default();
            *count = count.saturating_add(1);
        }
    }
}
