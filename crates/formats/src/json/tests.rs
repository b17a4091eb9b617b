use std::io::Cursor;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::*;
use crate::error::FileError;
use crate::source::Input;

#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    n: &'a RawValue,
}

fn input(text: &str) -> Input {
    Input::new("test.json", Cursor::new(text.as_bytes().to_vec()))
}

fn told(item: Item<'_>) -> String {
    let rejected = match item {
        Item::Element(element) => match element.parse::<Row<'_>>() {
            Ok(row) => return format!("{}:{}:{}", element.line, element.column, row.n.get()),
            Err(rejected) => *rejected,
        },
        Item::Rejected(rejected) => rejected,
    };
    format!("{}:{}:{}", rejected.line, rejected.column, rejected.code)
}

/// Every element as `line:column:n` or `line:column:code`, at last the error if there is one.
fn elements(text: &str, path: &[&str]) -> Vec<String> {
    let mut told_elements = Vec::new();
    let failure =
        |error: FileError| format!("{}:{}:{}", error.line.unwrap_or(0), error.column.unwrap_or(0), error.code);
    let mut reader = match ArrayReader::open(input(text), path) {
        Ok(reader) => reader,
        Err(error) => return vec![failure(error)],
    };
    loop {
        match reader.next_element() {
            Ok(Some(item)) => told_elements.push(told(item)),
            Ok(None) => return told_elements,
            Err(error) => {
                told_elements.push(failure(error));
                return told_elements;
            }
        }
    }
}

#[track_caller]
fn check(text: &str, path: &[&str], expected: &[&str]) {
    assert_eq!(elements(text, path), expected, "{text}");
}

#[test]
fn elements_are_found_with_their_positions() {
    check("[]", &[], &[]);
    check("[{\"n\":1},\n {\"n\": 2.50e-05}\n]\n", &[], &["1:2:1", "2:2:2.50e-05"]);
    check("{\"value\": [{\"n\":1}]}", &["value"], &["1:12:1"]);
    check("{\"a\":{\"x\":[1,2]},\"v\":{\"b\":[{\"n\":\"]\\\"}\"}]},\"z\":{}}", &["v", "b"], &["1:28:\"]\\\"}\""]);
}

#[test]
fn one_bad_element_does_not_stop_the_others() {
    check("[{\"n\":1},\n{\n \"n\": 1x},{\"n\":3}]", &[], &["1:2:1", "3:8:json.element_malformed", "3:11:3"]);
    check("[{\"m\":1},{\"n\":3}]", &[], &["1:8:json.element_malformed", "1:10:3"]);
    check("[7,{\"n\":3}]", &[], &["1:2:json.element_malformed", "1:4:3"]);
    let deep = format!("[{{\"n\":{}{}}},{{\"n\":3}}]", "[".repeat(64), "]".repeat(64));
    check(&deep, &[], &["1:2:json.element_too_deep", "1:137:3"]);
    let long = format!("[{{\"n\":\"{}\"}},\n{{\"n\":3}}]", "x".repeat(ELEMENT_LENGTH_MAX));
    check(&long, &[], &["1:2:json.element_too_long", "2:1:3"]);
}

#[test]
fn a_broken_document_says_where() {
    check("[{\"n\":1}", &[], &["1:2:1", "1:9:json.unclosed"]);
    check("{\"value\":[{\"n\":1}]", &["value"], &["1:11:1", "1:19:json.unclosed"]);
    check("[{\"n\":1},{\"n\":", &[], &["1:2:1", "1:15:json.unclosed"]);
    check("[{\"n\":1}]\n[", &[], &["1:2:1", "2:1:json.malformed"]);
    check("[{\"n\":1} {\"n\":1}]", &[], &["1:2:1", "1:10:json.malformed"]);
    check("[{\"n\":1},]", &[], &["1:2:1", "1:10:json.malformed"]);
    check("[{\"n\":1]}", &[], &["1:8:json.malformed"]);
    check("{\"value\":[],\"x\":1z}", &["value"], &["1:17:json.malformed"]);
    check("{\"value\":{}}", &["value"], &["1:10:json.array_missing"]);
    check("{\"values\":[]}", &["value"], &["1:13:json.array_missing"]);
    check("{}", &["value"], &["1:2:json.array_missing"]);
    check("{}", &[], &["1:1:json.array_missing"]);
    check("[}", &[], &["1:2:json.element_malformed", "1:2:json.malformed"]);
}

#[test]
fn scalars_before_and_after_the_array_are_kept() {
    let text =
        "{\"Currency\":\"EUR\",\"Tax\":1.10,\"Terms\":[1],\"Meters\":[{\"n\":1}],\"Locked\":true,\"nextLink\":null}";
    let mut reader = ArrayReader::open(input(text), &["Meters"]).unwrap();
    assert_eq!(reader.scalar("Currency").as_deref(), Some("EUR"));
    while reader.next_element().unwrap().is_some() {}
    let names: Vec<&str> = reader.scalars().iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Currency", "Tax", "Locked", "nextLink"]);
    assert_eq!(reader.scalar("Tax").as_deref(), Some("1.10"));
}

#[test]
fn lines_are_elements() {
    let long = "x".repeat(ELEMENT_LENGTH_MAX + 1);
    let deep = "[".repeat(65);
    let text = format!("{{\"n\":1}}\r\n\n  {{\"n\":2}} \n{{\"n\":\n{long}\n{deep}\n{{\"n\":3}}");
    let mut reader = LineReader::new(input(&text));
    let mut found = Vec::new();
    while let Some(item) = reader.next_element().unwrap() {
        found.push(told(item));
    }
    let expected = [
        "1:1:1",
        "3:3:2",
        "4:5:json.element_malformed",
        "5:1:json.element_too_long",
        "6:1:json.element_too_deep",
        "7:1:3",
    ];
    assert_eq!(found, expected);
}
