//! What classic subscriptions used, as it was recorded: without prices.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::datetime::WireDateTime;
use super::envelope::ResourceAttributes;
use super::number::JsonNumber;
use super::text::Text;
use super::uri::repair;

/// A meter's use in a span of time, by one instance or by all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AzureUtilizationRecord {
    pub usage_start_time: WireDateTime,
    /// Exclusive.
    pub usage_end_time: WireDateTime,
    pub resource: UtilizedMeter,
    pub quantity: JsonNumber,
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub unit: Text,
    pub info_fields: StringMap,
    /// Left out where instances were added up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_data: Option<InstanceData>,
    pub attributes: ResourceAttributes,
}

/// The meter; the older commerce calls it a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UtilizedMeter {
    pub id: Text,
    pub name: Text,
    pub category: Text,
    pub subcategory: Text,
    pub region: Text,
}

/// What used the meter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceData {
    pub resource_uri: UriReference,
    pub location: Text,
    pub part_number: Text,
    pub order_number: Text,
    #[serde(skip_serializing_if = "StringMap::is_empty")]
    pub tags: StringMap,
    #[serde(skip_serializing_if = "StringMap::is_empty")]
    pub additional_info: StringMap,
}

/// A URI as clients parse it: what is not allowed in one is escaped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct UriReference(String);

impl From<&str> for UriReference {
    fn from(text: &str) -> Self {
        Self(repair(text))
    }
}

/// An object whose values are all texts: a client loses the whole page over any other.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct StringMap(BTreeMap<String, Text>);

impl StringMap {
    /// From the text of a JSON object: what is no text in it becomes the text that it is written as. Of another text
    /// there is nothing to be shown.
    #[must_use]
    pub fn from_json(text: &str) -> Self {
        let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).unwrap_or_default();
        let as_text = |value: &str| serde_json::from_str::<String>(value).unwrap_or_else(|_| value.to_owned());
        Self(members.into_iter().map(|(name, value)| (name, as_text(value.get()).into())).collect())
    }

    /// Of the pairs that say something.
    #[must_use]
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let filled = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        Self(filled.map(|(name, value)| (name.to_owned(), value.into())).collect())
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(serde_json::to_string(&StringMap::from_json(text)).unwrap(), expected);
    }

    #[test]
    fn every_value_is_a_text() {
        check(
            r#"{"env":"prod","n":1.50,"b":true,"o":{"a":[1]}}"#,
            r#"{"b":"true","env":"prod","n":"1.50","o":"{\"a\":[1]}"}"#,
        );
        check(r#"{"when":"2023-10-01T09:00:00Z"}"#, r#"{"when":"2023-10-01 09:00:00Z"}"#);
        for nothing in ["", "{}", "[1]", "env=prod"] {
            check(nothing, "{}");
        }
        let pairs = StringMap::from_pairs([("serviceInfo1", "x"), ("serviceInfo2", "")]);
        assert_eq!(serde_json::to_string(&pairs).unwrap(), r#"{"serviceInfo1":"x"}"#);
        assert_eq!(UriReference::from("/a b/é").0, "/a%20b/%C3%A9");
    }
}
