//! JSON as it was written: member order, repeated names and the digits of numbers are kept.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// No answer is nested deeper.
const DEPTH_MAX: u8 = 32;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Bool,
    /// The token.
    Number(String),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// The members of an object; none where it is something else.
pub(super) fn members(value: &Json) -> &[(String, Json)] {
    match value {
        Json::Object(members) => members,
        _ => &[],
    }
}

/// The first member of that very name.
pub(super) fn member<'a>(members: &'a [(String, Json)], name: &str) -> Option<&'a Json> {
    members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

/// A member that is a text.
pub(super) fn text<'a>(value: &'a Json, name: &str) -> Option<&'a str> {
    match member(members(value), name)? {
        Json::Text(text) => Some(text),
        _ => None,
    }
}

pub(super) fn read(text: &str) -> Result<Json, String> {
    if text.starts_with('\u{feff}') {
        return Err("begins with a byte order mark".to_owned());
    }
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| error.to_string())?;
    from_raw(raw, DEPTH_MAX)
}

fn from_raw(raw: &RawValue, depth_left: u8) -> Result<Json, String> {
    let text = raw.get().trim();
    let deeper = || depth_left.checked_sub(1).ok_or_else(|| "nested too deep".to_owned());
    let unreadable = |error: serde_json::Error| error.to_string();
    match text.as_bytes().first() {
        Some(b'n') => Ok(Json::Null),
        Some(b't' | b'f') => Ok(Json::Bool),
        Some(b'"') => serde_json::from_str(text).map(Json::Text).map_err(unreadable),
        Some(b'[') => {
            let values: Vec<&RawValue> = serde_json::from_str(text).map_err(unreadable)?;
            let depth_left = deeper()?;
            values.into_iter().map(|value| from_raw(value, depth_left)).collect::<Result<_, _>>().map(Json::Array)
        }
        Some(b'{') => {
            let mut deserializer = serde_json::Deserializer::from_str(text);
            let pairs = deserializer.deserialize_map(Pairs).map_err(unreadable)?;
            let depth_left = deeper()?;
            let read = |(name, value): (String, Box<RawValue>)| Ok((name, from_raw(&value, depth_left)?));
            pairs.into_iter().map(read).collect::<Result<_, String>>().map(Json::Object)
        }
        _ => Ok(Json::Number(text.to_owned())),
    }
}

/// Reads an object without losing repeated names.
struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(String, Box<RawValue>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}
