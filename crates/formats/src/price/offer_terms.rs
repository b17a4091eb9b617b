//! The offer terms of a rate card.
//!
//! Rules RT-1 and OT-1 (docs/rules/offer-terms.md): a plain discount changes prices, credits and
//! tiered discounts are kept to be shown. A term that cannot be read refuses the card, since it
//! would change the price of nearly every meter.

use billing::decimal::Decimal;
use billing::price::OfferTerm;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::fields;
use super::rate_card::{NumberTable, effective_date, number_text};
use crate::error::{Fault, FileError};
use crate::json::{ArrayReader, Item};
use crate::number;

#[derive(Deserialize)]
struct OfferTermJson<'a> {
    #[serde(rename = "Name", alias = "name")]
    name: Option<String>,
    #[serde(rename = "Discount", alias = "discount", borrow)]
    discount: Option<&'a RawValue>,
    #[serde(rename = "Credit", alias = "credit", borrow)]
    credit: Option<&'a RawValue>,
    #[serde(rename = "TieredDiscount", alias = "tieredDiscount", borrow)]
    tiered_discount: Option<NumberTable<'a>>,
    #[serde(rename = "ExcludedMeterIds", alias = "excludedMeterIds")]
    excluded_meter_ids: Option<Vec<String>>,
    #[serde(rename = "EffectiveDate", alias = "effectiveDate")]
    effective_date: Option<String>,
}

pub(super) fn read(mut terms: ArrayReader) -> Result<Vec<OfferTerm>, FileError> {
    let mut read = Vec::new();
    while let Some(item) = terms.next_element()? {
        let element = match item {
            Item::Element(element) => element,
            Item::Rejected(rejected) => return Err(malformed(&rejected.message, rejected.line, rejected.column)),
        };
        let (line, column) = (element.line, element.column);
        let json: OfferTermJson<'_> =
            element.parse().map_err(|rejected| malformed(&rejected.message, rejected.line, rejected.column))?;
        read.push(json.term().map_err(|fault| FileError::new(fault.code, fault.message).at(line, column))?);
    }
    Ok(read)
}

fn malformed(message: &str, line: u64, column: u64) -> FileError {
    FileError::new("price.offer_term.malformed", format!("an offer term cannot be read: {message}")).at(line, column)
}

impl OfferTermJson<'_> {
    fn term(&self) -> Result<OfferTerm, Fault> {
        let excluded = self.excluded_meter_ids.iter().flatten();
        let tiers = self.tiered_discount.iter().flat_map(|table| &table.0);
        Ok(OfferTerm {
            name: self.name.clone().unwrap_or_default(),
            discount: self.discount.map(discount).transpose()?,
            credit: self.credit.map(|raw| number::decimal(number_text(raw))).transpose()?,
            tiered_discounts: tiers
                .map(|(commitment, raw)| Ok((number::decimal(commitment.trim())?, discount(raw)?)))
                .collect::<Result<_, Fault>>()?,
            excluded_meters: excluded.map(|id| fields::meter_id(id.trim())).collect::<Result<_, _>>()?,
            effective_from: effective_date(self.effective_date.as_deref())?,
        })
    }
}

/// A fraction between 0 and 1: more would turn prices negative.
fn discount(raw: &RawValue) -> Result<Decimal, Fault> {
    let discount = number::decimal(number_text(raw))?;
    if discount.is_negative() || discount > Decimal::ONE {
        let message = format!("a discount is a fraction between 0 and 1, not {discount}");
        return Err(Fault::new("price.offer_term.discount_out_of_range", message));
    }
    Ok(discount)
}
