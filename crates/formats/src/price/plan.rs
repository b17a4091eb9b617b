//! The price sheet of the Azure plan, `azure-plan-csv`.
//!
//! Source: "Get a price sheet" and "Price list for the new commerce experience in CSP for Azure".
//! Lines of one product, SKU and start are one tier table, and it is the price of every meter in
//! `MeterIds`. Ranges are whole units with both ends included (RT-3). Prices are retail prices
//! without earned credit.

use billing::ids::MeterId;
use billing::period::DayRange;
use jiff::civil::Date;

use super::PriceOptions;
use super::assembly::{Assembly, ListRule};
use super::fields::{self, Refused, optional, place, required};
use super::part::{PricePart, Said, Step};
use super::problem::PriceLineError;
use super::quarantine::{Place, Refusal};
use crate::csv::{Column, CsvReader, Header, Record};
use crate::error::{Fault, FileError};
use crate::number;

/// Between the parts of a listing's name; no id may hold it.
const SEPARATOR: char = '\u{1f}';

struct Columns {
    product_id: Column,
    sku_id: Column,
    currency: Column,
    unit_price: Column,
    range_min: Column,
    range_max: Column,
    start: Column,
    end: Column,
    meter_ids: Column,
    tags: Column,
    unit_of_measure: Column,
    product_title: Option<Column>,
    sku_title: Option<Column>,
    publisher: Option<Column>,
    market: Option<Column>,
    meter_type: Option<Column>,
}

/// Whether a header looks like this sheet. The licence sheet has no `MeterIds`.
pub(super) fn recognises(header: &Header) -> bool {
    ["ProductId", "SkuId", "UnitPrice", "EffectiveStartDate", "MeterIds"].iter().all(|name| header.has(name))
}

pub(super) fn read(reader: CsvReader, options: &PriceOptions) -> Result<(Assembly, u64), FileError> {
    let columns = Columns::find(reader.header())?;
    let shown = (columns.meter_ids, columns.range_min);
    let read = |record: &Record<'_>| part(record, &columns, options);
    fields::read_lines(reader, Assembly::new(ListRule::WholeUnitRanges), shown, read, locate)
}

/// Where a field of Quittance's own format stands in this sheet.
fn locate(header: &Header, field: &'static str) -> Place {
    let name = match field {
        "unit_of_measure" => "UnitOfMeasure",
        "product_name" => "ProductTitle",
        "sku_name" => "SkuTitle",
        "publisher_name" => "Publisher",
        "meter_name" => "MeterType",
        "market" => "Market",
        "effective_until" => "EffectiveEndDate",
        "earned_credit_rate" => "Tags",
        other => other,
    };
    let column = header.find(&[name]).ok().flatten();
    column.map_or(Place { field: name.into(), column: 0 }, |column| place(header, column))
}

impl Columns {
    fn find(header: &Header) -> Result<Self, FileError> {
        Ok(Self {
            product_id: header.require(&["ProductId"])?,
            sku_id: header.require(&["SkuId"])?,
            currency: header.require(&["Currency"])?,
            unit_price: header.require(&["UnitPrice"])?,
            range_min: header.require(&["PricingTierRangeMin"])?,
            range_max: header.require(&["PricingTierRangeMax"])?,
            start: header.require(&["EffectiveStartDate"])?,
            end: header.require(&["EffectiveEndDate"])?,
            meter_ids: header.require(&["MeterIds"])?,
            tags: header.require(&["Tags"])?,
            unit_of_measure: header.require(&["UnitOfMeasure"])?,
            product_title: header.find(&["ProductTitle"])?,
            sku_title: header.find(&["SkuTitle"])?,
            publisher: header.find(&["Publisher"])?,
            market: header.find(&["Market"])?,
            meter_type: header.find(&["MeterType"])?,
        })
    }
}

fn part(record: &Record<'_>, columns: &Columns, options: &PriceOptions) -> Result<PricePart, Refused> {
    let tags = Tags::of(record.field(columns.tags));
    if tags.reservation {
        let place = place(record.header(), columns.tags);
        return Err(Box::new((vec![], Refusal { place, fault: PriceLineError::Reservation.into() })));
    }
    let meters = required(record, columns.meter_ids, meter_ids).map_err(|refusal| Box::new((vec![], refusal)))?;
    price(record, columns, options, tags, meters.clone()).map_err(|refusal| Box::new((meters, refusal)))
}

fn price(
    record: &Record<'_>,
    columns: &Columns,
    options: &PriceOptions,
    tags: Tags,
    meters: Vec<MeterId>,
) -> Result<PricePart, Refusal> {
    let currency = required(record, columns.currency, fields::currency)?;
    let from = required(record, columns.start, sheet_date)?;
    let until = required(record, columns.end, |text| exclusive_end(text, from))?;
    let step = Step {
        from: optional(record, Some(columns.range_min), fields::tier_start)?.unwrap_or_default(),
        to: optional(record, Some(columns.range_max), number::decimal)?,
        unit_price: required(record, columns.unit_price, fields::unit_price)?,
    };
    let stated = DayRange { from, until };
    let rate = options.earned_credit_rate.unwrap_or_default();
    let said = Said {
        texts: texts(record, columns),
        market: columns.market.map_or_else(String::new, |column| record.field(column).to_owned()),
        earned_credit_rate: Some(if tags.third_party { billing::decimal::Decimal::ZERO } else { rate }),
        ..Said::default()
    };
    let (product, sku) = (record.field(columns.product_id).trim(), record.field(columns.sku_id).trim());
    Ok(PricePart {
        meters,
        currency,
        effective: options.effective_from.map_or(stated, |from| DayRange { from, until: None }),
        listing: format!("{product}{SEPARATOR}{sku}{SEPARATOR}{from}"),
        steps: vec![step],
        said,
    })
}

/// In the order of [`super::part::TEXT_FIELDS`].
fn texts(record: &Record<'_>, columns: &Columns) -> [String; 12] {
    let text = |column: Option<Column>| column.map_or_else(String::new, |column| record.field(column).to_owned());
    let nothing = String::new;
    [
        text(Some(columns.unit_of_measure)),
        text(Some(columns.product_id)),
        text(Some(columns.sku_id)),
        nothing(),
        text(columns.product_title),
        text(columns.sku_title),
        text(columns.publisher),
        nothing(),
        nothing(),
        nothing(),
        text(columns.meter_type),
        nothing(),
    ]
}

/// What the sheet says about a line in `Tags`, such as `Azure;Consumption;ThirdParty`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tags {
    reservation: bool,
    third_party: bool,
}

impl Tags {
    fn of(text: &str) -> Self {
        let tags: Vec<String> = text.split([';', ',', '|', '[', ']', '"']).map(crate::csv::normalised).collect();
        let has = |tag: &str| tags.iter().any(|found| found == tag);
        Self { reservation: has("reservation"), third_party: has("thirdparty") }
    }
}

/// One or more ids; the published sheets do not show what stands between them.
fn meter_ids(text: &str) -> Result<Vec<MeterId>, Fault> {
    let separators = |c: char| matches!(c, ';' | ',' | '|' | '[' | ']' | '"') || c.is_whitespace();
    let ids = text.split(separators).filter(|id| !id.is_empty()).map(fields::meter_id);
    let mut ids = ids.collect::<Result<Vec<_>, _>>()?;
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() { Err(PriceLineError::MeterMissing.into()) } else { Ok(ids) }
}

/// `2/1/2019 12:00:00 AM`, or an ISO date.
fn sheet_date(text: &str) -> Result<Date, Fault> {
    match text.split_once(' ') {
        Some((day, time)) if day.contains('/') && is_clock(time) => number::date(day),
        _ => number::date(text),
    }
}

/// `8:35:31 PM`.
fn is_clock(text: &str) -> bool {
    let Some((clock, "AM" | "PM" | "am" | "pm")) = text.trim().split_once(' ') else { return false };
    let parts: Vec<u8> = clock.split(':').map_while(|part| part.parse().ok()).collect();
    matches!(parts.as_slice(), [1..=12, 0..=59, 0..=59]) && clock.split(':').count() == 3
}

/// The sheet writes the last day of a price; `11/30/9999 11:59:59 PM` is open.
fn exclusive_end(text: &str, from: Date) -> Result<Option<Date>, Fault> {
    let day = text.split([' ', 'T']).next().unwrap_or(text);
    if day.ends_with("/9999") || day.starts_with("9999-") {
        return Ok(None);
    }
    let last = sheet_date(text)?;
    if last < from {
        return Err(PriceLineError::EndsBeforeStart { from }.into());
    }
    last.tomorrow().map(Some).map_err(|_| Fault::new("date.out_of_range", format!("no day follows {last}")))
}
