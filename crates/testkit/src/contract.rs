//! Checks an answer of the Partner Center routes field by field against the published contract.
//!
//! The tables stand in `crates/testkit/contract/`, one file per resource, and know nothing of the
//! structs that write the answers: names, types and formats are copied from the contract, so a
//! wrong `rename` or a forgotten member is found here. "Required" is what our answers always hold,
//! which is more than clients insist on.

mod format;
mod json;
mod table;
#[cfg(test)]
mod tests;

use std::fmt;

use serde_json::Value;

use self::json::Json;
use self::table::{JsonType, Property, Table};

/// What is wrong with a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ViolationKind {
    /// The answer is no JSON text, or nested beyond reason.
    NotJson,
    /// There is no table of that name.
    UnknownResource,
    UnknownName,
    /// A name that differs from a member of the contract in its case only.
    NameCase,
    /// Two names in one object that are equal, or equal but for their case.
    RepeatedName,
    MissingRequired,
    WrongType,
    WrongFormat,
    /// Null where a member has to be left out.
    Null,
    /// A number in exponent notation.
    Exponent,
    /// Members that contradict one another.
    Contradiction,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where: `/items/0/unitPrice`.
    pub path: String,
    pub kind: ViolationKind,
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}: {}", self.path, self.kind, self.detail)
    }
}

/// Checks a value. Numbers have gone through a binary float by then: where the text of the answer
/// is at hand, [`check_text`] sees more.
#[must_use]
pub fn check(resource: &str, value: &Value) -> Vec<Violation> {
    check_text(resource, &value.to_string())
}

/// Checks the text of an answer. `resource` is the name of a table, `Collection` (each item is
/// checked as what its own `objectType` says) or `Collection<Invoice>` (each item is that).
#[must_use]
pub fn check_text(resource: &str, text: &str) -> Vec<Violation> {
    let mut checker = Checker::default();
    match json::read(text) {
        Ok(json) => checker.resource("", resource, &json),
        Err(reason) => checker.add("", ViolationKind::NotJson, reason),
    }
    checker.violations
}

#[derive(Default)]
struct Checker {
    violations: Vec<Violation>,
}

impl Checker {
    fn add(&mut self, path: &str, kind: ViolationKind, detail: impl Into<String>) {
        self.violations.push(Violation { path: path.to_owned(), kind, detail: detail.into() });
    }

    fn resource(&mut self, path: &str, resource: &str, value: &Json) {
        let (name, item) = match resource.strip_suffix('>').and_then(|text| text.split_once('<')) {
            Some((name, item)) => (name, Some(item)),
            None => (resource, None),
        };
        let table = match table::named(name) {
            Ok(table) => table,
            Err(reason) => return self.add(path, ViolationKind::UnknownResource, reason),
        };
        let Json::Object(members) = value else {
            return self.add(path, ViolationKind::WrongType, format!("{name} is an object"));
        };
        self.names(path, table, members);
        for property in &table.properties {
            match json::member(members, &property.name) {
                Some(value) => self.member(&format!("{path}/{}", property.name), property, item, value, members),
                None if property.required => {
                    self.add(&format!("{path}/{}", property.name), ViolationKind::MissingRequired, name);
                }
                None => {}
            }
        }
        self.object_type(path, table, members);
        if name == "Collection" {
            self.page(path, members);
        }
    }

    fn names(&mut self, path: &str, table: &Table, members: &[(String, Json)]) {
        for (index, (name, _)) in members.iter().enumerate() {
            let here = format!("{path}/{name}");
            if !table.properties.iter().any(|property| property.name == *name) {
                match table.properties.iter().find(|property| property.name.eq_ignore_ascii_case(name)) {
                    Some(property) => self.add(&here, ViolationKind::NameCase, format!("spelt {}", property.name)),
                    None => self.add(&here, ViolationKind::UnknownName, format!("not in {}", table.resource)),
                }
            }
            let earlier = members.iter().take(index);
            if earlier.into_iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
                self.add(&here, ViolationKind::RepeatedName, "twice in one object");
            }
        }
    }

    fn member(
        &mut self,
        path: &str,
        property: &Property,
        item: Option<&str>,
        value: &Json,
        siblings: &[(String, Json)],
    ) {
        if *value == Json::Null {
            if !property.nullable {
                self.add(path, ViolationKind::Null, "left out instead");
            }
            return;
        }
        if let Json::Number(token) = value
            && token.contains(['e', 'E'])
        {
            self.add(path, ViolationKind::Exponent, token);
        }
        if !property.json_type.fits(value) {
            return self.add(
                path,
                ViolationKind::WrongType,
                format!("{} is a {:?}", property.name, property.json_type),
            );
        }
        match value {
            Json::Array(values) => {
                for (index, value) in values.iter().enumerate() {
                    self.element(&format!("{path}/{index}"), property, item, value);
                }
            }
            Json::Object(members) if property.of.as_deref() == Some("string-map") => {
                for (name, _) in members.iter().filter(|(_, value)| !matches!(value, Json::Text(_))) {
                    self.add(&format!("{path}/{name}"), ViolationKind::WrongType, "a string");
                }
            }
            Json::Object(_) if property.json_type == JsonType::Object => {
                self.resource(path, property.of.as_deref().unwrap_or_default(), value);
            }
            _ => {
                if let Err(reason) = format::check(property, value, siblings) {
                    self.add(path, ViolationKind::WrongFormat, reason);
                }
            }
        }
    }

    fn element(&mut self, path: &str, property: &Property, item: Option<&str>, value: &Json) {
        match property.of.as_deref().unwrap_or_default() {
            "string" => {
                if !matches!(value, Json::Text(_)) {
                    self.add(path, ViolationKind::WrongType, "a string");
                }
            }
            "string-or-object" => {
                if !matches!(value, Json::Text(_) | Json::Object(_)) {
                    self.add(path, ViolationKind::WrongType, "a string or an object");
                }
            }
            "item" => {
                let own =
                    || Some(json::text(json::member(json::members(value), "attributes")?, "objectType")?.to_owned());
                match item.map(str::to_owned).or_else(own) {
                    Some(resource) => self.resource(path, &resource, value),
                    None => self.add(path, ViolationKind::UnknownResource, "the item does not say what it is"),
                }
            }
            resource => self.resource(path, resource, value),
        }
    }

    /// `attributes.objectType` has to name the table.
    fn object_type(&mut self, path: &str, table: &Table, members: &[(String, Json)]) {
        let found = json::member(members, "attributes").and_then(|attributes| json::text(attributes, "objectType"));
        if let (Some(expected), Some(found)) = (&table.object_type, found)
            && expected != found
        {
            let path = format!("{path}/attributes/objectType");
            self.add(&path, ViolationKind::WrongFormat, format!("{found:?} is not {expected}"));
        }
    }

    /// What the members of a page say about one another.
    fn page(&mut self, path: &str, members: &[(String, Json)]) {
        let count = json::member(members, "totalCount");
        if let (Some(Json::Number(count)), Some(Json::Array(items))) = (count, json::member(members, "items"))
            && *count != items.len().to_string()
        {
            let detail = format!("{count}, but the page has {} items", items.len());
            self.add(&format!("{path}/totalCount"), ViolationKind::Contradiction, detail);
        }
        let token = json::member(members, "continuationToken");
        let next = json::member(members, "links").and_then(|links| json::member(json::members(links), "next"));
        let headers = next.and_then(|next| json::member(json::members(next), "headers"));
        let carried = match headers {
            Some(Json::Array(headers)) => {
                headers.iter().find(|header| json::text(header, "key") == Some("MS-ContinuationToken"))
            }
            _ => None,
        };
        let carried = carried.and_then(|header| json::member(json::members(header), "value"));
        if token != carried {
            let detail = "the token of the body and the one of the next link differ";
            self.add(&format!("{path}/continuationToken"), ViolationKind::Contradiction, detail);
        }
    }
}
