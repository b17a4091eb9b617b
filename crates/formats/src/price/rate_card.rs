//! The classic rate card, `azure-ratecard`: JSON in two generations.
//!
//! Source: "Azure rate card resources" for `meters[].rates`; recorded answers of the older API for
//! `Meters[].MeterRates`. Tier starts are the keys of an object, in any order, some with a
//! fraction. A meter may be `Active` or `Deprecated` (`MeterStatus`): both have a price. The
//! currency may stand behind the meters, so it is known at the end only.

mod meter;

use std::io::Cursor;
use std::sync::Arc;

use billing::money::Currency;
use billing::price::OfferTerm;

use super::assembly::{Assembly, ListRule};
use super::offer_terms;
use super::part::PricePart;
use super::quarantine::{Origin, Place, Refusal};
use super::{PriceOptions, WANTED, fields};
use crate::directory::kind;
use crate::error::{FileError, raw_excerpt};
use crate::json::{ArrayReader, Element, Item};
use crate::source::{Input, PEEK_LENGTH};
use meter::MeterJson;
pub(super) use meter::{NumberTable, effective_date, number_text};

/// A card is held in memory, because its two arrays stand in either order. The largest published
/// one has about 25 million bytes.
const CARD_LENGTH_MAX: usize = 512 << 20;
const METERS: [&str; 2] = ["Meters", "meters"];
const OFFER_TERMS: [&str; 2] = ["OfferTerms", "offerTerms"];

/// What a card gives: its offer terms, its prices, and how many meters it lists.
pub(super) type Card = (Vec<OfferTerm>, Assembly, u64);

pub(super) fn read(mut input: Input, options: &PriceOptions) -> Result<Card, FileError> {
    let name = input.name().to_owned();
    let content: Arc<[u8]> = read_whole(&mut input)?.into();
    let open = |names: [&str; 2]| array(&name, &content, names);
    let currency = match open(METERS)? {
        Some(meters) => checked_currency(meters)?,
        None => return Err(no_meters(&content)),
    };
    let offer_terms = open(OFFER_TERMS)?.map(offer_terms::read).transpose()?.unwrap_or_default();

    let mut assembly = Assembly::new(ListRule::RateCard);
    let mut record_count: u64 = 0;
    let Some(mut meters) = open(METERS)? else { return Err(no_meters(&content)) };
    while let Some(item) = meters.next_element()? {
        record_count = record_count.saturating_add(1);
        match item {
            Item::Rejected(rejected) => assembly.refuse_unread(rejected),
            Item::Element(element) => match element.parse::<MeterJson<'_>>() {
                Ok(meter) => add(&mut assembly, &element, &meter, (currency, record_count), options),
                Err(rejected) => assembly.refuse_unread(*rejected),
            },
        }
    }
    Ok((offer_terms, assembly, record_count))
}

fn read_whole(input: &mut Input) -> Result<Vec<u8>, FileError> {
    let mut content = Vec::new();
    loop {
        let piece = input.fill()?;
        if piece.is_empty() {
            return Ok(content);
        }
        content.extend_from_slice(piece);
        let count = piece.len();
        input.consume(count);
        if content.len() > CARD_LENGTH_MAX {
            let message = format!("a rate card of more than {CARD_LENGTH_MAX} bytes is not read");
            return Err(FileError::new("file.too_large", message));
        }
    }
}

/// The array under the first of `names` that the card has.
fn array(file: &str, content: &Arc<[u8]>, names: [&str; 2]) -> Result<Option<ArrayReader>, FileError> {
    for name in names {
        match ArrayReader::open(Input::new(file, Cursor::new(Arc::clone(content))), &[name]) {
            Err(error) if error.code == "json.array_missing" => {}
            result => return result.map(Some),
        }
    }
    Ok(None)
}

fn no_meters(content: &[u8]) -> FileError {
    let beginning = content.get(..PEEK_LENGTH).unwrap_or(content);
    let beginning = crate::csv::normalised(&String::from_utf8_lossy(beginning));
    if ["\"quantity\"", "\"usagestart", "\"usagedate", "\"consumedquantity\""]
        .iter()
        .any(|name| beginning.contains(name))
    {
        return kind::wrong_kind("usage", WANTED);
    }
    FileError::new("file.format_unknown", "a JSON price list has an array named Meters; this file has none")
}

/// Reads past all meters and checks what stands around them.
fn checked_currency(mut meters: ArrayReader) -> Result<Currency, FileError> {
    while meters.next_element()?.is_some() {}
    let member = |names: [&str; 2]| names.iter().find_map(|name| meters.scalar(name));
    if member(["IsTaxIncluded", "isTaxIncluded"]).is_some_and(|text| text != "false" && text != "null") {
        let message = "the prices of this card include tax; only prices before tax can be rated";
        return Err(FileError::new("price.file.tax_included", message));
    }
    let Some(currency) = member(["Currency", "currency"]) else {
        return Err(FileError::new("price.file.currency_missing", "the card does not name its currency"));
    };
    fields::currency(&currency).map_err(|fault| FileError::new(fault.code, fault.message))
}

fn add(
    assembly: &mut Assembly,
    element: &Element<'_>,
    meter: &MeterJson<'_>,
    (currency, number): (Currency, u64),
    options: &PriceOptions,
) {
    let place = |field: &'static str| Place { field: field.into(), column: element.column };
    let raw = raw_excerpt(element.bytes);
    let origin = Origin { line: element.line, tier: place("MeterRates"), meter: place("MeterId"), raw };
    let refusal = |(field, fault)| Refusal { place: place(field), fault };
    let meter_id = match fields::meter_id(meter.id.trim()) {
        Ok(meter_id) => meter_id,
        Err(fault) => return assembly.refuse(origin, vec![], refusal(("MeterId", fault))),
    };
    match meter.price(options) {
        Err(refused) => assembly.refuse(origin, vec![meter_id], refusal(refused)),
        Ok((effective, steps, said)) => {
            let listing = number.to_string();
            let part = PricePart { meters: vec![meter_id], currency, effective, listing, steps, said };
            assembly.add(origin, part, &place);
        }
    }
}
