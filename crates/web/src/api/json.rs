//! Reads a body as JSON, more strictly than JSON itself: no member twice, and not too deep.

use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Arrays and objects inside one another.
const DEPTH_MAX: usize = 16;

/// # Errors
/// A sentence about what is wrong, with line and column.
pub(crate) fn read(bytes: &[u8]) -> Result<Value, String> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: 0 }.deserialize(&mut deserializer).map_err(|error| error.to_string())?;
    deserializer.end().map_err(|error| error.to_string())?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn inside<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth.saturating_add(1);
        if depth > DEPTH_MAX {
            Err(E::custom(format!("more than {DEPTH_MAX} levels deep")))
        } else {
            Ok(Self { depth })
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    /// Kept, so that its place is named: no field takes one.
    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(inside)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut values = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(inside)?;
            if values.contains_key(&name) {
                return Err(A::Error::custom(format!("the member {name:?} stands there twice")));
            }
            values.insert(name, value);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, refusal: &str) {
        let error = read(text.as_bytes()).unwrap_err();
        assert!(error.contains(refusal), "{text:.40}: {error}");
    }

    #[test]
    fn what_is_ambiguous_or_deep_is_refused() {
        check(r#"{"a": 1, "a": 2}"#, "twice");
        check(&format!("{}{}", "[".repeat(17), "]".repeat(17)), "levels");
        check(&"[".repeat(100_000), "levels");
        check(r#"{"a": 1} x"#, "trailing");
        check("", "EOF");
        check("\u{feff}{}", "expected");
        let deep = format!("{}{}", "[".repeat(16), "]".repeat(16));
        assert!(read(deep.as_bytes()).is_ok());
        let value = read(br#"{"a": [1, "b", null, true, 0.5]}"#).unwrap();
        assert_eq!(value.pointer("/a/1").unwrap(), "b");
    }
}
