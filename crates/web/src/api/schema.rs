//! Checks a body against the schema that is published for it, and names all that is wrong at once.
//!
//! It knows the few words of JSON Schema that [`super::shapes`] use. The formats of this API are those
//! of the domain: what they let through, the domain takes.

use std::str::FromStr;
use std::sync::LazyLock;

use billing::decimal::Decimal;
use billing::ids::CustomerId;
use billing::invoice::InvoiceNumber;
use billing::money::Currency;
use billing::period::BillingPeriod;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use super::openapi;
use super::problem::FieldProblem;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::to_value(openapi::document()).unwrap_or_default());

/// What is wrong with `value`, all of it; empty when it is what the schema of this name asks for.
pub(crate) fn check(name: &str, value: &Value) -> Vec<FieldProblem> {
    let mut errors = Vec::new();
    let schema = DOCUMENT.pointer(&format!("/components/schemas/{name}")).unwrap_or(&Value::Null);
    check_value(schema, value, "", &mut errors);
    errors
}

pub(crate) fn field_problem(pointer: &str, code: &str, detail: impl Into<String>) -> FieldProblem {
    FieldProblem { pointer: pointer.to_owned(), code: code.to_owned(), detail: detail.into() }
}

/// The schema behind a reference, and of what may be null the one for what is not.
fn resolved<'s>(schema: &'s Value, value: &Value) -> Option<&'s Value> {
    if let Some(options) = schema.get("oneOf").and_then(Value::as_array) {
        if value.is_null() && options.iter().any(|option| option["type"] == "null") {
            return None;
        }
        return options.iter().find_map(|option| resolved(option, value).filter(|found| found["type"] != "null"));
    }
    match schema.get("$ref").and_then(Value::as_str) {
        Some(path) => DOCUMENT.pointer(path.trim_start_matches('#')).and_then(|schema| resolved(schema, value)),
        None => Some(schema),
    }
}

fn check_value(schema: &Value, value: &Value, pointer: &str, errors: &mut Vec<FieldProblem>) {
    let Some(schema) = resolved(schema, value) else { return };
    let malformed = |detail: String| field_problem(pointer, "field.malformed", detail);
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    };
    if !types.is_empty() && !types.iter().any(|one| is_of(one, value)) {
        let wanted = types.join(" or ");
        errors.push(malformed(format!("{wanted} is expected, not {}", kind(value))));
        return;
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array)
        && !words.contains(value)
        && !value.is_null()
    {
        let known: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        errors.push(malformed(format!("one of {} is expected", known.join(", "))));
    }
    match value {
        Value::String(text) => errors.extend(text_fault(schema, text).map(malformed)),
        Value::Number(_) => errors.extend(number_fault(schema, value).map(malformed)),
        Value::Array(items) => {
            errors.extend(count_fault(schema, "minItems", "maxItems", items.len(), "items").map(malformed));
            for (index, item) in items.iter().enumerate() {
                check_value(&schema["items"], item, &format!("{pointer}/{index}"), errors);
            }
        }
        Value::Object(_) => check_members(schema, value, pointer, errors),
        Value::Null | Value::Bool(_) => {}
    }
}

fn check_members(schema: &Value, value: &Value, pointer: &str, errors: &mut Vec<FieldProblem>) {
    let Some(members) = value.as_object() else { return };
    let place = |name: &str| format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !members.contains_key(name) {
            errors.push(field_problem(&place(name), "field.missing", format!("{name} is missing")));
        }
    }
    for (name, member) in members {
        match schema["properties"].get(name) {
            Some(schema) => check_value(schema, member, &place(name), errors),
            None => errors.push(field_problem(&place(name), "field.unknown", format!("there is no field {name:?}"))),
        }
    }
}

fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn text_fault(schema: &Value, text: &str) -> Option<String> {
    fn fault<T: FromStr>(text: &str, wanted: &str) -> Option<String> {
        text.parse::<T>().err().map(|_| format!("{:.40?} is no {wanted}", text))
    }
    let length = count_fault(schema, "minLength", "maxLength", text.chars().count(), "characters");
    length.or_else(|| match schema["format"].as_str() {
        Some("currency") => fault::<Currency>(text, "currency of ISO 4217"),
        Some("date") => fault::<Date>(text, "day such as 2026-10-31"),
        Some("date-time") => fault::<Timestamp>(text, "instant such as 2026-10-05T09:30:00Z"),
        Some("decimal") => decimal_fault(text),
        Some("document-number") => fault::<InvoiceNumber>(text, "number of a document"),
        Some("id") => text.parse::<CustomerId>().err().map(|error| error.to_string()),
        Some("period") => fault::<BillingPeriod>(text, "month such as 2026-10"),
        _ => None,
    })
}

/// Plain digits: an exponent is exact as well, and nobody means one by an amount.
fn decimal_fault(text: &str) -> Option<String> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
    let is_good = is_plain && text.parse::<Decimal>().is_ok();
    (!is_good).then(|| format!("{text:.40?} is no exact decimal number such as -12.30"))
}

fn number_fault(schema: &Value, value: &Value) -> Option<String> {
    let number = value.as_i64().or_else(|| value.as_u64().map(|_| i64::MAX))?;
    let limit = |word: &str| schema[word].as_i64().or_else(|| schema[word].as_f64().and_then(whole));
    match (limit("minimum"), limit("maximum")) {
        (Some(least), _) if number < least => Some(format!("at least {least} is expected")),
        (_, Some(most)) if number > most => Some(format!("at most {most} is expected")),
        _ => None,
    }
}

/// Limits of integers may be published as `1.0`.
fn whole(limit: f64) -> Option<i64> {
    format!("{limit:.0}").parse().ok()
}

fn count_fault(schema: &Value, least: &str, most: &str, count: usize, what: &str) -> Option<String> {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    match (schema[least].as_u64(), schema[most].as_u64()) {
        (Some(least), _) if count < least => Some(format!("at least {least} {what} are expected")),
        (_, Some(most)) if count > most => Some(format!("at most {most} {what} are expected")),
        _ => None,
    }
}
