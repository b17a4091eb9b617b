//! A record that is a JSON object: own JSON Lines, and Azure usage details.

use std::borrow::Cow;

use billing::uom::QuantityBasis;
use billing::usage::UsageRecord;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::azure::azure_record;
use super::field::{AZURE_JSON, AZURE_JSON_METER, FIELD_COUNT, Field, Named, OWN, USAGE_QUANTITY};
use super::own::own_record;
use super::row::Row;
use super::{FieldPlace, tags};
use crate::error::{Fault, RejectedLine};
use crate::json::Element;

/// The members of one element, as text.
struct JsonRow<'e> {
    element: Element<'e>,
    texts: [Cow<'e, str>; FIELD_COUNT],
    names: [&'static str; FIELD_COUNT],
    /// The members as they stand in the element, for positions.
    places: [&'e str; FIELD_COUNT],
}

impl Row for JsonRow<'_> {
    fn text(&self, field: Field) -> &str {
        self.texts.get(field as usize).map_or("", |text| text.trim())
    }

    fn reject(&self, field: Field, fault: Fault) -> RejectedLine {
        let FieldPlace { line, column, name } = self.place(field);
        RejectedLine { line, column, field: name, ..self.element.reject_fault("", fault) }
    }
}

/// A line of Quittance's own JSON Lines.
pub(super) fn own_element(element: Element<'_>) -> Result<UsageRecord, RejectedLine> {
    let mut row = JsonRow::new(element, OWN);
    row.read_own()?;
    own_record(&row)
}

/// Where a field stands in a line that a record came from.
pub(super) fn own_place(element: Element<'_>, field: Field) -> Option<FieldPlace> {
    let mut row = JsonRow::new(element, OWN);
    row.read_own().ok().map(|()| row.place(field))
}

/// An element of `value` in Azure usage details.
pub(super) fn azure_element(element: Element<'_>) -> Result<UsageRecord, RejectedLine> {
    let mut row = JsonRow::new(element, AZURE_JSON);
    row.read_azure()?;
    let in_blocks = row.names.get(Field::Quantity as usize) == Some(&USAGE_QUANTITY);
    azure_record(&row, if in_blocks { QuantityBasis::Blocks } else { QuantityBasis::Units })
}

/// Where a field stands in an element that a record came from.
pub(super) fn azure_place(element: Element<'_>, field: Field) -> Option<FieldPlace> {
    let mut row = JsonRow::new(element, AZURE_JSON);
    row.read_azure().ok().map(|()| row.place(field))
}

impl<'e> JsonRow<'e> {
    /// Every field is known by its first name until another one is found.
    fn new(element: Element<'e>, table: &'static [Named]) -> Self {
        let mut names = [""; FIELD_COUNT];
        for named in table {
            if let (Some(place), Some(name)) = (names.get_mut(named.field as usize), named.names.first()) {
                *place = name;
            }
        }
        Self { element, texts: [const { Cow::Borrowed("") }; FIELD_COUNT], names, places: [""; FIELD_COUNT] }
    }

    fn read_own(&mut self) -> Result<(), RejectedLine> {
        let members = parse(&self.element, self.element.bytes)?;
        self.take(&members, OWN)
    }

    fn read_azure(&mut self) -> Result<(), RejectedLine> {
        let element = self.element;
        let outer = parse(&element, element.bytes)?;
        let properties = match outer.get("properties") {
            Some(raw) => parse(&element, raw.get().as_bytes())?,
            None => {
                return Err(element.reject("properties", "usage.line.properties_missing", "there are no properties"));
            }
        };
        self.take(&properties, AZURE_JSON)?;
        if let Some(raw) = properties.get("meterDetails").filter(|raw| raw.get().starts_with('{')) {
            self.take(&parse(&element, raw.get().as_bytes())?, AZURE_JSON_METER)?;
        }
        if let Some(raw) = outer.get("tags").or_else(|| properties.get("tags")) {
            self.set(Field::Tags, "tags", raw, text_of(raw, true).unwrap_or_default());
        }
        Ok(())
    }

    /// Of a member that is not there, the element's own.
    fn place(&self, field: Field) -> FieldPlace {
        let name = self.names.get(field as usize).copied().unwrap_or("").to_owned();
        let (line, column) = match self.places.get(field as usize) {
            Some(place) if !place.is_empty() => self.element.position_of(place),
            _ => (self.element.line, self.element.column),
        };
        FieldPlace { line, column, name }
    }

    fn set(&mut self, field: Field, name: &'static str, raw: &'e RawValue, text: Cow<'e, str>) {
        let index = field as usize;
        if let (Some(to_text), Some(to_name), Some(to_place)) =
            (self.texts.get_mut(index), self.names.get_mut(index), self.places.get_mut(index))
        {
            (*to_text, *to_name, *to_place) = (text, name, raw.get());
        }
    }

    fn take(&mut self, members: &Members<'e>, table: &'static [Named]) -> Result<(), RejectedLine> {
        for named in table {
            let found = named.names.iter().find_map(|name| Some((*name, members.get(name)?)));
            let Some((name, raw)) = found else { continue };
            if members.count(name) > 1 {
                let fault = Fault::new("usage.line.member_duplicate", "the member is there twice");
                return Err(self.element.reject_at(raw.get(), name, fault));
            }
            let nested = matches!(named.field, Field::Tags | Field::AdditionalInfo);
            let text = text_of(raw, nested).ok_or_else(|| {
                let fault = Fault::new("usage.line.member_type", "the member is neither a string nor a number");
                self.element.reject_at(raw.get(), name, fault)
            })?;
            self.set(named.field, name, raw, text);
        }
        Ok(())
    }
}

fn parse<'e>(element: &Element<'e>, bytes: &'e [u8]) -> Result<Members<'e>, RejectedLine> {
    // Only the whole element can be malformed; what lies inside it was read once already.
    Element { bytes, ..*element }.parse().map_err(|rejected| *rejected)
}

/// A string's content, a number's digits, nothing for `null`; objects where they are allowed.
fn text_of(raw: &RawValue, nested: bool) -> Option<Cow<'_, str>> {
    let json = raw.get();
    match json.as_bytes().first()? {
        b'"' if json.contains('\\') => serde_json::from_str(json).ok().map(Cow::Owned),
        b'"' => json.get(1..json.len().checked_sub(1)?).map(Cow::Borrowed),
        b'{' | b'[' if nested => Some(Cow::Owned(tags::compact(json))),
        b'n' => Some(Cow::Borrowed("")),
        b'-' | b'0'..=b'9' => Some(Cow::Borrowed(json)),
        _ => None,
    }
}

/// The members of a JSON object in their order, values unread.
struct Members<'e>(Vec<(Cow<'e, str>, &'e RawValue)>);

impl<'e> Members<'e> {
    fn get(&self, name: &str) -> Option<&'e RawValue> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, raw)| *raw)
    }

    fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|(key, _)| key == name).count()
    }
}

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        /// More members than any record has are read but not kept.
        const MEMBER_COUNT_MAX: usize = 256;
        let mut members = Vec::with_capacity(32);
        while let Some(key) = map.next_key_seed(KeySeed)? {
            if members.len() < MEMBER_COUNT_MAX {
                members.push((key, map.next_value::<&RawValue>()?));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Members(members))
    }
}

/// Borrows the key unless it has escapes.
struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}
