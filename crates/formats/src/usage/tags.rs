//! Tags: three spellings occur in provider files, one is kept, the text of a JSON object.

use serde::de::IgnoredAny;

use crate::error::Fault;
use crate::number;

/// Where a text in none of the spellings is kept: a tag is no reason to hold usage back.
const UNPARSED: &str = "unparsed";

/// JSON, JSON without its braces (`"a": "b","c": "d"`), or `a: b; c: d` to a JSON object; `""` when
/// there are none.
pub(super) fn normalised(text: &str) -> String {
    if matches!(text, "" | "{}" | "null") {
        return String::new();
    }
    if text.starts_with('{') && is_json(text) {
        return compact(text);
    }
    if text.starts_with('"') {
        let object = format!("{{{text}}}");
        if is_json(&object) {
            return compact(&object);
        }
    }
    let cut_json = text.starts_with(['{', '"']);
    pairs(text).filter(|_| !cut_json).unwrap_or_else(|| object_of([(UNPARSED, text)]))
}

/// Own formats write a JSON object.
pub(super) fn checked(text: &str) -> Result<String, Fault> {
    match text {
        "" | "{}" => Ok(String::new()),
        _ if text.starts_with('{') && is_json(text) => Ok(compact(text)),
        _ => {
            let message = format!("{:?} is not a JSON object", number::excerpt(text));
            Err(Fault::new("usage.line.tags_malformed", message))
        }
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Takes the blanks between the tokens out of valid JSON.
pub(super) fn compact(json: &str) -> String {
    let mut in_string = false;
    let mut escaped = false;
    let keep = |c: &char| {
        let blank = !in_string && matches!(c, ' ' | '\n' | '\r' | '\t');
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
        !blank
    };
    json.chars().filter(keep).collect()
}

/// `a: b; c: d`, with `;`, `,` or a new line between the pairs.
fn pairs(text: &str) -> Option<String> {
    let separator = [';', '\n', ','].into_iter().find(|separator| text.contains(*separator)).unwrap_or(';');
    let parts = text.split(separator).map(str::trim).filter(|part| !part.is_empty());
    let bare = |part: &str| part.trim().trim_matches('"').to_owned();
    let pairs: Option<Vec<(String, String)>> = parts
        .map(|part| part.split_once(':').map(|(name, value)| (bare(name), bare(value))))
        .map(|pair| pair.filter(|(name, _)| !name.is_empty()))
        .collect();
    Some(object_of(pairs?.iter().map(|(name, value)| (name.as_str(), value.as_str()))))
}

fn object_of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let members: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{}:{}", quoted(name), quoted(value))).collect();
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(normalised(text), expected, "{text}");
    }

    #[test]
    fn three_spellings_become_one() {
        check("", "");
        check("{}", "");
        check("{ \"a b\": \"c d\",\n\"e\":\"\\\" f\" }", "{\"a b\":\"c d\",\"e\":\"\\\" f\"}");
        check("\"env\": \"prod\",\"org\": \"\"", "{\"env\":\"prod\",\"org\":\"\"}");
        check("env: prod; link: https://x", "{\"env\":\"prod\",\"link\":\"https://x\"}");
        check("env: prod, org: trey", "{\"env\":\"prod\",\"org\":\"trey\"}");
        check("just words", "{\"unparsed\":\"just words\"}");
        check("{\"cut\": \"of", "{\"unparsed\":\"{\\\"cut\\\": \\\"of\"}");
    }

    #[test]
    fn own_files_write_objects() {
        assert_eq!(checked("{\"a\": 1}").unwrap(), "{\"a\":1}");
        assert_eq!(checked("").unwrap(), "");
        for text in ["a: b", "[1]", "{\"a\"}", "{\"a\":1"] {
            assert_eq!(checked(text).unwrap_err().code, "usage.line.tags_malformed");
        }
    }
}
