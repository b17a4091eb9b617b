//! Bodies of requests.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::vendor::error::VendorError;

/// The members of a JSON object, their values letter by letter: a number is not made a binary float.
#[derive(Debug)]
pub struct Members(Vec<(String, Box<RawValue>)>);

impl Members {
    /// # Errors
    /// 400/3000 for what is no JSON object, and for names that differ in their case only.
    pub fn parse(body: &[u8]) -> Result<Self, VendorError> {
        let members: Self = serde_json::from_slice(body)
            .map_err(|_| VendorError::invalid_property("the body has to be a JSON object"))?;
        let mut names: Vec<String> = members.0.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        names.sort_unstable();
        match names.iter().zip(names.iter().skip(1)).any(|(a, b)| a == b) {
            true => Err(VendorError::invalid_property("the body has a member twice")),
            false => Ok(members),
        }
    }

    /// The text of a member's value, whatever the case of its name; a null is as good as no member.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.get()).filter(|text| *text != "null")
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}
