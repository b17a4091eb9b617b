//! What savings plans pay for, meter by meter.
//!
//! `product_id` and `sku_id` of the plan, `meter_id`, `effective_from`, and one of `discount` and `unit_price`;
//! optional `term`, `effective_until`.

use std::collections::BTreeMap;

use billing::decimal::Decimal;
use billing::ids::{IdError, MeterId};
use billing::licence::Term;
use billing::period::DayRange;
use billing::savings_plan::{PlanPrice, PlanRate};
use jiff::civil::Date;

use super::offers::{LIST, price, until};
use super::{required, text, word};
use crate::csv::{Column, CsvReader, Record};
use crate::directory::kind;
use crate::directory::repeated::{Repeated, read_list};
use crate::error::{Fault, FileError, Parsed, RejectedLine};
use crate::number;
use crate::source::Input;

/// What this module reads, for messages.
const WANTED: &str = "what savings plans pay for";

#[derive(Debug, Clone, Copy)]
struct Columns {
    product_id: Column,
    sku_id: Column,
    meter_id: Column,
    from: Column,
    until: Option<Column>,
    term: Option<Column>,
    discount: Option<Column>,
    unit_price: Option<Column>,
}

/// A line as it is set aside, should its days overlap those of another one.
type Row = (PlanRate, RejectedLine);

/// Reads a list.
///
/// # Errors
/// The file as such (`file.*`, `csv.*`), or `licence.file.no_rows`. Lines with a wrong field are set aside, all
/// lines that say two things of one plan, term, meter and day, and all whose days overlap.
pub fn read_savings_plans(input: Input) -> Result<Parsed<Vec<PlanRate>>, FileError> {
    let reader = kind::csv_reader(input, WANTED)?;
    let columns = Columns::of(&reader)?;
    let said = columns.discount.or(columns.unit_price).unwrap_or(columns.meter_id);
    let rows = Repeated::new(|a: &Row, b: &Row| a.0 == b.0);
    let Parsed { value, mut rejected, record_count } =
        read_list(reader, LIST, said, rows, |record| row(record, &columns))?;
    let (value, overlapping) = without_overlaps(value);
    rejected.extend(overlapping);
    rejected.sort_by_key(|line| line.line);
    Ok(Parsed { value, rejected, record_count })
}

impl Columns {
    fn of(reader: &CsvReader) -> Result<Self, FileError> {
        let header = reader.header();
        let (discount, unit_price) = (header.find(&["discount"])?, header.find(&["unit_price"])?);
        if !header.has("meter_id") || !header.has("product_id") || discount.is_none() && unit_price.is_none() {
            return Err(kind::unknown_header(header, WANTED));
        }
        Ok(Self {
            product_id: header.require(&["product_id"])?,
            sku_id: header.require(&["sku_id"])?,
            meter_id: header.require(&["meter_id"])?,
            from: header.require(&["effective_from"])?,
            until: header.find(&["effective_until"])?,
            term: header.find(&["term"])?,
            discount,
            unit_price,
        })
    }
}

/// Plan, term and meter.
type Subject = (String, String, Option<Term>, MeterId);

fn subject(rate: &PlanRate) -> Subject {
    (rate.product_id.clone(), rate.sku_id.clone(), rate.term, rate.meter.clone())
}

fn row(record: &Record<'_>, columns: &Columns) -> Result<((Subject, Date), Row), RejectedLine> {
    let needed = |column: Column, name| required(record, Some(column), column, name);
    let set_aside = |column: Column| move |fault: Fault| record.reject_fault(column, fault);
    let meter = needed(columns.meter_id, "the meter")?
        .parse()
        .map_err(|error: IdError| record.reject_fault(columns.meter_id, Fault::new(error.code(), error.to_string())))?;
    let term = match columns.term.zip(text(record, columns.term)) {
        None => None,
        Some((column, text)) => Some(word(text, "term", Term::named, "P1M, P1Y, P3Y").map_err(set_aside(column))?),
    };
    let from = number::date(record.field(columns.from).trim()).map_err(set_aside(columns.from))?;
    let until = match columns.until.zip(text(record, columns.until)) {
        None => None,
        Some((column, text)) => Some(until(text, from).map_err(set_aside(column))?),
    };
    let rate = PlanRate {
        product_id: needed(columns.product_id, "the product of the plan")?.to_owned(),
        sku_id: needed(columns.sku_id, "the SKU of the plan")?.to_owned(),
        term,
        meter,
        price: plan_price(record, columns)?,
        effective: DayRange { from, until },
    };
    let overlap = record.reject(columns.from, "licence.line.overlap", "");
    Ok(((subject(&rate), from), (rate, overlap)))
}

/// A discount or a price, and not both.
fn plan_price(record: &Record<'_>, columns: &Columns) -> Result<PlanPrice, RejectedLine> {
    let discount = columns.discount.zip(text(record, columns.discount));
    let unit_price = columns.unit_price.zip(text(record, columns.unit_price));
    match (discount, unit_price) {
        (Some((column, text)), None) => {
            let rate = number::decimal(text).and_then(fraction).map_err(|fault| record.reject_fault(column, fault))?;
            Ok(PlanPrice::Discount(rate))
        }
        (None, Some((column, text))) => {
            let price = price(text).map_err(|fault| record.reject_fault(column, fault))?;
            Ok(PlanPrice::UnitPrice(price))
        }
        _ => {
            let column = columns.discount.or(columns.unit_price).unwrap_or(columns.meter_id);
            let message = "a line states a discount or a price of the plan, one of the two";
            Err(record.reject(column, "licence.line.one_price", message))
        }
    }
}

fn fraction(rate: Decimal) -> Result<Decimal, Fault> {
    if rate.is_negative() || rate > Decimal::ONE {
        let message = format!("the discount {rate} is no fraction between 0 and 1; 30 % is 0.3");
        return Err(Fault::new("licence.line.discount_out_of_range", message));
    }
    Ok(rate)
}

/// The lines that stand, and those of one plan, term and meter that are in force on the same day: which one is right
/// is not for the reader to guess.
fn without_overlaps(rows: Vec<Row>) -> (Vec<PlanRate>, Vec<RejectedLine>) {
    let mut of_subject: BTreeMap<Subject, Vec<(DayRange, u64)>> = BTreeMap::new();
    for (rate, line) in &rows {
        of_subject.entry(subject(rate)).or_default().push((rate.effective, line.line));
    }
    let others: BTreeMap<u64, u64> = of_subject.into_values().flat_map(overlapping).collect();
    let (mut values, mut rejected) = (Vec::with_capacity(rows.len()), Vec::new());
    for (rate, mut line) in rows {
        match others.get(&line.line) {
            None => values.push(rate),
            Some(other) => {
                line.message =
                    format!("line {other} is in force on some of the same days, for the same plan and meter");
                rejected.push(line);
            }
        }
    }
    (values, rejected)
}

/// Lines that overlap another one, each with that one.
fn overlapping(mut lines: Vec<(DayRange, u64)>) -> Vec<(u64, u64)> {
    lines.sort_by_key(|(days, line)| (days.from, *line));
    let end = |days: DayRange| days.until.unwrap_or(Date::MAX);
    let mut found = Vec::new();
    // Of the lines so far, the one that ends last.
    let mut last: Option<(DayRange, u64)> = None;
    for (days, line) in lines {
        if let Some((before, other)) = last.filter(|(before, _)| days.from < end(*before)) {
            found.extend([(line, other), (other, line)]);
            last = Some(if end(days) > end(before) { (days, line) } else { (before, other) });
        } else {
            last = Some((days, line));
        }
    }
    found
}
