//! One meter of a rate card: its JSON, and what that says about prices.

use std::fmt;

use billing::decimal::Decimal;
use billing::period::DayRange;
use jiff::civil::Date;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::error::Fault;
use crate::number;
use crate::price::part::{Said, Step};
use crate::price::{EFFECTIVE_FROM_DEFAULT, PriceOptions, fields};

/// An object that is a table: tier starts to prices, or commitments to discounts.
#[derive(Debug, Default)]
pub(in crate::price) struct NumberTable<'a>(pub(in crate::price) Vec<(String, &'a RawValue)>);

/// One element of `Meters`, in both generations.
#[derive(Deserialize)]
pub(super) struct MeterJson<'a> {
    #[serde(rename = "MeterId", alias = "id")]
    pub(super) id: String,
    #[serde(rename = "MeterRates", alias = "rates", borrow)]
    rates: NumberTable<'a>,
    #[serde(rename = "EffectiveDate", alias = "effectiveDate")]
    effective_date: Option<String>,
    #[serde(rename = "IncludedQuantity", alias = "includedQuantity", borrow)]
    included_quantity: Option<&'a RawValue>,
    #[serde(rename = "MeterName", alias = "name")]
    name: Option<String>,
    #[serde(rename = "MeterCategory", alias = "category")]
    category: Option<String>,
    #[serde(rename = "MeterSubCategory", alias = "subcategory")]
    subcategory: Option<String>,
    #[serde(rename = "MeterRegion", alias = "region")]
    region: Option<String>,
    #[serde(rename = "Unit", alias = "unit")]
    unit: Option<String>,
    #[serde(rename = "MeterTags", alias = "tags")]
    tags: Option<Vec<String>>,
}

/// The member that is wrong, and how.
pub(super) type MemberFault = (&'static str, Fault);

impl MeterJson<'_> {
    pub(super) fn price(&self, options: &PriceOptions) -> Result<(DayRange, Vec<Step>, Said), MemberFault> {
        let listed_from = effective_date(self.effective_date.as_deref()).map_err(|fault| ("EffectiveDate", fault))?;
        let effective = DayRange { from: options.effective_from.unwrap_or(listed_from), until: None };
        let steps = self.steps().map_err(|fault| ("MeterRates", fault))?;
        let included = self.included_quantity.map(|raw| fields::included_quantity(number_text(raw))).transpose();
        let third_party = self.tags.iter().flatten().any(|tag| crate::csv::normalised(tag) == "thirdparty");
        let said = Said {
            texts: self.texts(),
            included_quantity: included.map_err(|fault| ("IncludedQuantity", fault))?,
            earned_credit_rate: if third_party { Some(Decimal::ZERO) } else { options.earned_credit_rate },
            ..Said::default()
        };
        Ok((effective, steps, said))
    }

    fn steps(&self) -> Result<Vec<Step>, Fault> {
        let step = |(start, price): &(String, &RawValue)| {
            Ok(Step {
                from: fields::tier_start(start.trim())?,
                to: None,
                unit_price: fields::unit_price(number_text(price))?,
            })
        };
        self.rates.0.iter().map(step).collect()
    }

    /// In the order of [`super::part::TEXT_FIELDS`].
    fn texts(&self) -> [String; 12] {
        let mut texts: [String; 12] = Default::default();
        let known = [&self.unit, &self.category, &self.subcategory, &self.name, &self.region];
        for (index, text) in [0, 8, 9, 10, 11].into_iter().zip(known) {
            if let (Some(place), Some(text)) = (texts.get_mut(index), text) {
                place.clone_from(text);
            }
        }
        texts
    }
}

/// The day a member of the card states. The year 1 stands for "always".
pub(in crate::price) fn effective_date(text: Option<&str>) -> Result<Date, Fault> {
    match text.map(str::trim) {
        None | Some("") => Ok(EFFECTIVE_FROM_DEFAULT),
        Some(text) if text.starts_with("0001-01-01") => Ok(EFFECTIVE_FROM_DEFAULT),
        Some(text) => number::iso_date(text),
    }
}

/// A number as it is written; some clients write numbers as strings.
pub(in crate::price) fn number_text(raw: &RawValue) -> &str {
    let text = raw.get();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

impl<'de: 'a, 'a> Deserialize<'de> for NumberTable<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TableVisitor).map(Self)
    }
}

/// Keeps the members of an object as they stand; a map would lose one of two equal starts.
struct TableVisitor;

impl<'de> Visitor<'de> for TableVisitor {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of numbers")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}
