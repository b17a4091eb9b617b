//! The parameters of a query: each stands there once, and only those that the operation knows.

use std::str::FromStr;

use percent_encoding::percent_decode_str;

use super::operations::Parameter;
use super::problem::{FieldProblem, Problem};
use super::schema::field_problem;

#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, String)>);

fn decode(text: &str) -> Option<String> {
    percent_decode_str(&text.replace('+', " ")).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

impl Query {
    /// # Errors
    /// `request.invalid` with every parameter that is unknown, repeated or cannot be decoded.
    pub(crate) fn read(text: &str, known: &[Parameter]) -> Result<Self, Problem> {
        let (mut values, mut errors): (Vec<(String, String)>, Vec<FieldProblem>) = (vec![], vec![]);
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decode(name), decode(value)) else {
                errors.push(wrong(name, "field.malformed", "it is no text in UTF-8".to_owned()));
                continue;
            };
            if !known.iter().any(|parameter| parameter.name == name) {
                errors.push(wrong(&name, "field.unknown", format!("there is no parameter {name:?}")));
            } else if values.iter().any(|(other, _)| *other == name) {
                errors.push(wrong(&name, "field.malformed", format!("{name} stands there twice")));
            } else {
                values.push((name, value));
            }
        }
        if errors.is_empty() { Ok(Self(values)) } else { Err(Problem::invalid(errors)) }
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// # Errors
    /// `request.invalid` for a value that is none.
    pub(crate) fn parsed<T: FromStr>(&self, name: &str, wanted: &str) -> Result<Option<T>, Problem> {
        let refuse =
            |text: &str| Problem::invalid(vec![wrong(name, "field.malformed", format!("{text:.40?} is no {wanted}"))]);
        self.text(name).map(|text| text.parse().map_err(|_| refuse(text))).transpose()
    }

    /// Whether a switch is on.
    ///
    /// # Errors
    /// `request.invalid` for another word than `true` or `false`.
    pub(crate) fn switch(&self, name: &str) -> Result<bool, Problem> {
        Ok(self.parsed::<bool>(name, "true or false")?.unwrap_or(false))
    }
}

fn wrong(name: &str, code: &str, detail: String) -> FieldProblem {
    field_problem(&format!("?{name}"), code, detail)
}
