//! Whole bodies, member by member and in order, against the files in `golden/`.
//!
//! The files follow the published bodies of the API with an account of our own, Harrow Lane Cloud.
//! Numbers are compared as decimals, everything else letter by letter.

mod classic_usage;
mod invoices;
mod licences;
mod line_items;

use billing::decimal::Decimal;
use billing::money::{Amount, Currency};
use jiff::civil::date;
use serde::Serialize;

use super::*;

/// One token of JSON per line, numbers in one form.
fn tokens(json: &str) -> String {
    let mut tokens = String::new();
    let mut rest = json;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            '-' | '0'..='9' => rest.find(|c: char| !"+-.eE0123456789".contains(c)).unwrap_or(rest.len()),
            'a'..='z' => rest.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, tail) = rest.split_at(length);
        rest = tail;
        match token.parse::<Decimal>() {
            _ if token.trim().is_empty() => {}
            Ok(number) => tokens += &format!("{number}\n"),
            Err(_) => tokens += &format!("{token}\n"),
        }
    }
    tokens
}

fn string_length(json: &str) -> usize {
    let mut escaped = true;
    for (index, letter) in json.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return index + 1,
            _ => {}
        }
    }
    json.len()
}

#[track_caller]
fn check(body: &impl Serialize, expected: &str) {
    let body = tokens(&serde_json::to_string(body).unwrap());
    let expected = tokens(expected);
    let differing = body.lines().zip(expected.lines()).position(|(a, b)| a != b);
    if let Some(index) = differing {
        let around = |text: &str| text.lines().skip(index.saturating_sub(8)).take(10).collect::<Vec<_>>().join(" ");
        panic!("written:  {}\nexpected: {}", around(&body), around(&expected));
    }
    assert_eq!(body, expected, "one is longer than the other");
}

fn money(text: &str) -> JsonNumber {
    Amount::exact(text.parse().unwrap(), Currency::EUR).unwrap().into()
}

fn number(text: &str) -> JsonNumber {
    JsonNumber::plain(text.parse().unwrap())
}

fn day(month: i8, day: i8) -> WireDateTime {
    date(2024, month, day).into()
}
