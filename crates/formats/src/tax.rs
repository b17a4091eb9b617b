//! Tax rates in Quittance's own CSV.
//!
//! `code`, `rate`, `effective_from`; optional `country`, `treatment`, `product`, `effective_until`,
//! `legal_note`. A rate is a fraction of 1; the day of `effective_until` no longer belongs to it.
//! Rules TX-1, TX-2 (docs/rules/tax.md).

use billing::decimal::Decimal;
use billing::period::DayRange;
use billing::tax::{TaxRate, TaxRule, TaxTreatment};
use jiff::civil::Date;

use crate::csv::{Column, CsvReader, Record};
use crate::directory::countries::is_country;
use crate::directory::kind;
use crate::directory::repeated::{List, Repeated, read_list};
use crate::error::{Fault, FileError, Parsed, RejectedLine};
use crate::number;
use crate::source::Input;

/// What this module raises beside the codes of `csv`, `source` and `number`.
pub const CODES: &[&str] = &[
    "file.format_unknown",
    "file.wrong_kind",
    "tax.file.no_rates",
    "tax.line.code_missing",
    "tax.line.contradiction",
    "tax.line.country_unknown",
    "tax.line.ends_before_start",
    "tax.line.rate_out_of_range",
    "tax.line.treatment_unknown",
];

/// What this module reads, for messages.
const WANTED: &str = "tax rates";
const LIST: List = List {
    empty: ("tax.file.no_rates", "the file has a header and no rates"),
    contradiction: "tax.line.contradiction",
};

#[derive(Debug, Clone, Copy)]
struct Columns {
    code: Column,
    rate: Column,
    from: Column,
    until: Option<Column>,
    country: Option<Column>,
    treatment: Option<Column>,
    product: Option<Column>,
    legal_note: Option<Column>,
}

/// Whom a rate is for, and from when: said once in a file.
type Key = (Option<String>, TaxTreatment, Option<String>, Date);

/// Reads a list of tax rates.
///
/// # Errors
/// The file as such (`file.*`, `csv.*`), or `tax.file.no_rates`. Lines with a wrong field are set aside,
/// and all lines that say two things of one country, treatment, product and day.
pub fn read_tax_rates(input: Input) -> Result<Parsed<Vec<TaxRule>>, FileError> {
    let reader = kind::csv_reader(input, WANTED)?;
    let columns = columns(&reader)?;
    read_list(reader, LIST, columns.rate, Repeated::new(|a: &TaxRule, b| a == b), |record| rule(record, columns))
}

fn columns(reader: &CsvReader) -> Result<Columns, FileError> {
    let header = reader.header();
    if !["code", "rate"].iter().all(|name| header.has(name)) {
        return Err(kind::unknown_header(header, WANTED));
    }
    Ok(Columns {
        code: header.require(&["code"])?,
        rate: header.require(&["rate"])?,
        from: header.require(&["effective_from"])?,
        until: header.find(&["effective_until"])?,
        country: header.find(&["country"])?,
        treatment: header.find(&["treatment"])?,
        product: header.find(&["product"])?,
        legal_note: header.find(&["legal_note"])?,
    })
}

fn rule(record: &Record<'_>, columns: Columns) -> Result<(Key, TaxRule), RejectedLine> {
    let text = |column: Option<Column>| column.map_or("", |column| record.field(column).trim());
    let code = record.field(columns.code).trim();
    if code.is_empty() {
        return Err(record.reject(columns.code, "tax.line.code_missing", "a rate needs a code, such as FR-20"));
    }
    let rate = rate(record.field(columns.rate).trim()).map_err(|fault| record.reject_fault(columns.rate, fault))?;
    let from =
        number::date(record.field(columns.from).trim()).map_err(|fault| record.reject_fault(columns.from, fault))?;
    let until = match columns.until.filter(|_| !text(columns.until).is_empty()) {
        None => None,
        Some(column) => Some(until(text(Some(column)), from).map_err(|fault| record.reject_fault(column, fault))?),
    };
    let country = match columns.country.filter(|_| !text(columns.country).is_empty()) {
        None => None,
        Some(column) => Some(country(text(Some(column))).map_err(|fault| record.reject_fault(column, fault))?),
    };
    let treatment = match columns.treatment.filter(|_| !text(columns.treatment).is_empty()) {
        None => TaxTreatment::Standard,
        Some(column) => treatment(text(Some(column))).map_err(|fault| record.reject_fault(column, fault))?,
    };
    let product = Some(text(columns.product).to_owned()).filter(|product| !product.is_empty());
    let days = DayRange { from, until };
    let rate = TaxRate { code: code.to_owned(), rate, days, legal_note: text(columns.legal_note).to_owned() };
    Ok(((country.clone(), treatment, product.clone(), from), TaxRule { country, treatment, product, rate }))
}

fn rate(text: &str) -> Result<Decimal, Fault> {
    let rate = number::decimal(text)?;
    if rate.is_negative() || rate > Decimal::ONE {
        let message = format!("{rate} is no rate between 0 and 1; 20 % is written 0.2");
        return Err(Fault::new("tax.line.rate_out_of_range", message));
    }
    Ok(rate)
}

fn until(text: &str, from: Date) -> Result<Date, Fault> {
    let until = number::date(text)?;
    if until <= from {
        let message = format!("it starts on {from} and {until} is the first day without it, so it is never in force");
        return Err(Fault::new("tax.line.ends_before_start", message));
    }
    Ok(until)
}

fn country(text: &str) -> Result<String, Fault> {
    let country = text.to_ascii_uppercase();
    if is_country(&country) {
        return Ok(country);
    }
    let message = format!("{:?} is no country code of ISO 3166 with two letters", number::excerpt(text));
    Err(Fault::new("tax.line.country_unknown", message))
}

fn treatment(text: &str) -> Result<TaxTreatment, Fault> {
    TaxTreatment::named(&text.to_ascii_lowercase()).ok_or_else(|| {
        let known = TaxTreatment::ALL.map(TaxTreatment::as_str).join(", ");
        let message = format!("{:?} is no treatment; known are {known}", number::excerpt(text));
        Fault::new("tax.line.treatment_unknown", message)
    })
}
