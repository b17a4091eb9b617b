//! Compares an expected result with a computed one, as text.

use std::collections::BTreeSet;

use serde_json::Value;

/// One text for each difference; none when both are the same.
pub(super) fn differences(expected: &Value, found: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    compare("", Some(expected), Some(found), &mut differences);
    differences
}

fn compare(place: &str, expected: Option<&Value>, found: Option<&Value>, differences: &mut Vec<String>) {
    match (expected, found) {
        (Some(Value::Object(expected)), Some(Value::Object(found))) => {
            let dot = if place.is_empty() { "" } else { "." };
            for key in expected.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
                compare(&format!("{place}{dot}{key}"), expected.get(key), found.get(key), differences);
            }
        }
        (Some(Value::Array(expected)), Some(Value::Array(found))) => {
            for i in 0..expected.len().max(found.len()) {
                compare(&format!("{place}[{i}]"), expected.get(i), found.get(i), differences);
            }
        }
        _ if expected == found => {}
        _ => {
            let place = if place.is_empty() { "result" } else { place };
            let (expected, found) = (shown(expected), shown(found));
            differences.push(format!("{place} expected {expected}, got {found}"));
        }
    }
}

/// Texts without quotes; numbers and the rest as JSON between backticks, so that `2` is not `"2"`.
fn shown(value: Option<&Value>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Value::String(text)) if !text.is_empty() => text.clone(),
        Some(other) => format!("`{other}`"),
    }
}
