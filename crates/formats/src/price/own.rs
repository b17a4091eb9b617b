//! Quittance's own price list, `quittance-csv`.
//!
//! One line a tier; lines of one meter, currency and start form one tier table. A blank repeats
//! what another line of the price says.

use billing::money::Currency;
use billing::period::DayRange;
use billing::price::TierBasis;
use jiff::civil::Date;

use super::assembly::{Assembly, ListRule};
use super::fields::{self, Refused, optional, place, required};
use super::part::{PricePart, Said, Step, TEXT_FIELDS, tier_basis_name};
use super::problem::PriceLineError;
use super::quarantine::{Place, Refusal};
use super::{EFFECTIVE_FROM_DEFAULT, PriceOptions};
use crate::csv::{Column, CsvReader, Header, Record};
use crate::directory::kind;
use crate::error::{Fault, FileError};
use crate::number;

struct Columns {
    meter_id: Column,
    currency: Column,
    unit_price: Column,
    tier_from: Option<Column>,
    tier_to: Option<Column>,
    included_quantity: Option<Column>,
    tier_basis: Option<Column>,
    effective_from: Option<Column>,
    effective_until: Option<Column>,
    earned_credit_rate: Option<Column>,
    /// In the order of [`TEXT_FIELDS`].
    texts: Vec<Option<Column>>,
}

/// Whether a header looks like this list. Usage may name a meter's price as well.
pub(super) fn recognises(header: &Header) -> bool {
    ["meter_id", "currency", "unit_price"].iter().all(|name| header.has(name)) && !kind::is_usage(header)
}

pub(super) fn read(reader: CsvReader, options: &PriceOptions) -> Result<(Assembly, u64), FileError> {
    let columns = Columns::find(reader.header())?;
    let shown = (columns.meter_id, columns.tier_from.unwrap_or(columns.unit_price));
    let read = |record: &Record<'_>| part(record, &columns, options);
    fields::read_lines(reader, Assembly::new(ListRule::Own), shown, read, locate)
}

fn locate(header: &Header, field: &'static str) -> Place {
    let column = header.find(&[field]).ok().flatten();
    column.map_or(Place { field: field.into(), column: 0 }, |column| place(header, column))
}

impl Columns {
    fn find(header: &Header) -> Result<Self, FileError> {
        Ok(Self {
            meter_id: header.require(&["meter_id"])?,
            currency: header.require(&["currency"])?,
            unit_price: header.require(&["unit_price"])?,
            tier_from: header.find(&["tier_from"])?,
            tier_to: header.find(&["tier_to"])?,
            included_quantity: header.find(&["included_quantity"])?,
            tier_basis: header.find(&["tier_basis"])?,
            effective_from: header.find(&["effective_from"])?,
            effective_until: header.find(&["effective_until"])?,
            earned_credit_rate: header.find(&["earned_credit_rate"])?,
            texts: TEXT_FIELDS.iter().map(|name| header.find(&[*name])).collect::<Result<_, _>>()?,
        })
    }
}

fn part(record: &Record<'_>, columns: &Columns, options: &PriceOptions) -> Result<PricePart, Refused> {
    let meter = required(record, columns.meter_id, fields::meter_id).map_err(|refusal| Box::new((vec![], refusal)))?;
    let rest = || -> Result<(Currency, Date, DayRange, Step, Said), Refusal> {
        let currency = required(record, columns.currency, fields::currency)?;
        let (listed_from, effective) = effective(record, columns, options)?;
        Ok((currency, listed_from, effective, step(record, columns)?, said(record, columns, options)?))
    };
    match rest() {
        Ok((currency, listed_from, effective, step, said)) => Ok(PricePart {
            meters: vec![meter],
            currency,
            effective,
            listing: listed_from.to_string(),
            steps: vec![step],
            said,
        }),
        Err(refusal) => Err(Box::new((vec![meter], refusal))),
    }
}

fn step(record: &Record<'_>, columns: &Columns) -> Result<Step, Refusal> {
    Ok(Step {
        from: optional(record, columns.tier_from, fields::tier_start)?.unwrap_or_default(),
        to: optional(record, columns.tier_to, number::decimal)?,
        unit_price: required(record, columns.unit_price, fields::unit_price)?,
    })
}

/// The start that the list states, and the days that the price is in force.
fn effective(record: &Record<'_>, columns: &Columns, options: &PriceOptions) -> Result<(Date, DayRange), Refusal> {
    let from = optional(record, columns.effective_from, number::date)?.unwrap_or(EFFECTIVE_FROM_DEFAULT);
    let ends = |text: &str| match number::date(text)? {
        until if until <= from => Err(Fault::from(PriceLineError::EndsBeforeStart { from })),
        until => Ok(until),
    };
    let until = optional(record, columns.effective_until, ends)?;
    let stated = DayRange { from, until };
    Ok((from, options.effective_from.map_or(stated, |from| DayRange { from, until: None })))
}

fn said(record: &Record<'_>, columns: &Columns, options: &PriceOptions) -> Result<Said, Refusal> {
    let mut said = Said {
        included_quantity: optional(record, columns.included_quantity, fields::included_quantity)?,
        tier_basis: optional(record, columns.tier_basis, tier_basis)?,
        earned_credit_rate: optional(record, columns.earned_credit_rate, fields::earned_credit)?,
        default_earned_credit_rate: options.earned_credit_rate,
        ..Said::default()
    };
    for (text, column) in said.texts.iter_mut().zip(&columns.texts) {
        *text = column.map_or_else(String::new, |column| record.field(column).to_owned());
    }
    Ok(said)
}

fn tier_basis(text: &str) -> Result<TierBasis, Fault> {
    [TierBasis::Billable, TierBasis::Consumed]
        .into_iter()
        .find(|basis| tier_basis_name(*basis).eq_ignore_ascii_case(text))
        .ok_or_else(|| PriceLineError::TierBasis(number::excerpt(text)).into())
}
