//! Bad lines of a usage file are set aside with line, column and code; good ones are taken; what
//! was mended is replayed.

use serde_json::{Value, json};

use crate::books::Books;
use crate::sample::{self, USAGE_HEADER};

const GOOD: [&str; 2] =
    ["r-1,2026-10-03,alder,s-alder,m-1,2,blocks,1 Hour\n", "r-9,2026-10-03,alder,s-alder,m-1,3,blocks,1 Hour\n"];

const KNOWN_BY_FIELD: [&str; 5] = [
    "usage.line.customer_mismatch",
    "usage.line.customer_unknown",
    "usage.line.date_in_future",
    "usage.line.date_outside_period",
    "usage.line.subscription_unknown",
];

/// Between two good lines: the bad one is in line 3.
fn file(bad: &str) -> String {
    format!("{USAGE_HEADER}{}{bad}\n{}", GOOD[0], GOOD[1])
}

/// Imports a file with one bad line, and finds it in the report, in the quarantine, and as text.
#[track_caller]
fn check(bad: &str, field: &str, column: u64, code: &str) {
    check_with("", bad, field, column, code);
}

#[track_caller]
fn check_with(options: &str, bad: &str, field: &str, column: u64, code: &str) {
    let books = sample::lists();
    books.write("usage.csv", file(bad));
    let report = books.run(&format!("import usage usage.csv {options} --output json")).exits(1).json();
    assert_eq!((&report["accepted"], &report["quarantined"]), (&json!(2), &json!(1)), "{report:#}");
    let line = &report["quarantined_lines"][0];
    let says = |line: &Value| [&line["line"], &line["field"], &line["column"], &line["code"]].map(Value::clone);
    // Who reads the line knows its columns; who places the record knows the field only.
    let column = if KNOWN_BY_FIELD.contains(&code) { line["column"].clone() } else { json!(column) };
    assert_eq!(says(line), [json!(3), json!(field), column, json!(code)], "{line:#}");
    let kept = books.json("quarantine list");
    assert_eq!(kept.as_array().unwrap().len(), 1);
    assert_eq!(says(&kept[0]), says(line));
    assert_eq!(books.json("import usage usage.csv")["duplicate"], 2, "good lines are in");
    books.verify_sound();
}

#[test]
fn numbers_that_are_none_or_too_large() {
    check("r-2,2026-10-03,alder,s-alder,m-1,1e999999,blocks,1 Hour", "quantity", 6, "number.out_of_range");
    check("r-2,2026-10-03,alder,s-alder,m-1,NaN,blocks,1 Hour", "quantity", 6, "number.malformed");
    check("r-2,2026-10-03,alder,s-alder,m-1,\"1,5\",blocks,1 Hour", "quantity", 6, "number.malformed");
    check("r-2,2026-10-03,alder,s-alder,m-1,0,blocks,1 Hour", "quantity", 6, "usage.line.quantity_zero");
    check("r-2,2026-10-03,alder,s-alder,m-1,-2,blocks,1 Hour", "quantity", 6, "usage.line.quantity_negative");
    check("r-2,2026-10-03,alder,s-alder,m-1,,blocks,1 Hour", "quantity", 6, "usage.line.quantity_missing");
    check("r-2,2026-10-03,alder,s-alder,m-1,2,boxes,1 Hour", "quantity_basis", 7, "usage.line.quantity_basis_unknown");
}

#[test]
fn days_that_are_none_or_not_wanted() {
    check("r-2,2026-02-30,alder,s-alder,m-1,2,blocks,1 Hour", "usage_date", 2, "date.out_of_range");
    check("r-2,2026-12-24,alder,s-alder,m-1,2,blocks,1 Hour", "usage_date", 2, "usage.line.date_in_future");
    let september = "r-2,2026-09-30,alder,s-alder,m-1,2,blocks,1 Hour";
    check_with("--period 2026-10", september, "usage_date", 2, "usage.line.date_outside_period");
}

#[test]
fn parties_that_nobody_knows() {
    let unknown = "r-2,2026-10-03,nobody,s-new,m-1,2,blocks,1 Hour";
    check(unknown, "customer_id", 3, "usage.line.customer_unknown");
    check("r-2,2026-10-03,,s-new,m-1,2,blocks,1 Hour", "subscription_id", 4, "usage.line.subscription_unknown");
    check("r-2,2026-10-03,birch,s-alder,m-1,2,blocks,1 Hour", "customer_id", 3, "usage.line.customer_mismatch");
}

#[test]
fn lines_that_are_no_records() {
    check("r-2,2026-10-03,alder", "", 0, "csv.field_count");
    check("r-2,2026-10-03,al\0der,s-alder,m-1,2,blocks,1 Hour", "customer_id", 3, "csv.nul_byte");
    check(",2026-10-03,alder,s-alder,m-1,2,blocks,1 Hour", "record_id", 1, "usage.line.record_id_missing");
    check(&"x,".repeat(10_000), "", 0, "csv.too_many_columns");
    check("r-1,2026-10-03,alder,s-alder,m-1,7,blocks,1 Hour", "record_id", 1, "usage.line.record_id_conflict");
}

/// Unknown currency of a provider's cost, and of a price list.
#[test]
fn a_currency_that_is_none() {
    let books = sample::lists();
    let header = USAGE_HEADER.replace('\n', ",provider_cost,provider_currency\n");
    books.write("usage.csv", format!("{header}r-1,2026-10-03,alder,s-alder,m-1,2,blocks,1 Hour,1.5,XQX\n"));
    let report = books.run("import usage usage.csv --output json").exits(1).json();
    assert_eq!(report["quarantined_lines"][0]["code"], "currency.unknown", "{report:#}");
    assert_eq!(books.run("init --currency XQX").code, Some(2));
    assert_eq!(books.run("org add west --name West --currency XQX --country FR").code, Some(2));
}

/// What was missing is imported; then the replay takes the line in, once.
#[test]
fn a_replay_takes_in_what_is_good_now() {
    let books = sample::lists();
    books.write("usage.csv", file("r-2,2026-10-03,juniper,s-juniper,m-1,2,blocks,1 Hour"));
    books.run("import usage usage.csv").exits(1);
    let replayed = books.run("import usage --replay-quarantine --output json").exits(1).json();
    assert_eq!((&replayed["accepted"], &replayed["quarantined"]), (&json!(0), &json!(1)));

    books.write("customers.csv", "customer_id,name,billed_party\njuniper,Juniper,partner\n");
    books.run("import customers customers.csv").exits(0);
    let replayed = books.run("import usage --replay-quarantine --output json").exits(0).json();
    assert_eq!((&replayed["accepted"], &replayed["quarantined"]), (&json!(1), &json!(0)), "{replayed:#}");
    assert_eq!(books.json("quarantine list"), json!([]));
    let replayed = books.json("import usage --replay-quarantine");
    assert_eq!((&replayed["accepted"], &replayed["duplicate"]), (&json!(0), &json!(0)));
    assert_eq!(books.json("import usage usage.csv")["duplicate"], 3);
}

/// A line can be written out, mended by hand and imported; the old one is given up.
#[test]
fn a_line_is_shown_mended_and_dropped() {
    let books = sample::lists();
    books.write("usage.csv", file("r-2,2026-10-03,alder,s-alder,m-1,two,blocks,1 Hour"));
    books.run("import usage usage.csv").exits(1);
    let id = books.json("quarantine list")[0]["id"].as_u64().unwrap();
    let shown = books.run(&format!("quarantine show {id}")).exits(0).out;
    assert!(shown.starts_with(USAGE_HEADER.trim_end()), "{shown}");
    books.write("mended.csv", shown.replace("two", "2"));
    assert_eq!(books.json("import usage mended.csv")["accepted"], 1);
    books.run(&format!("quarantine drop {id}")).exits(0);
    assert_eq!(books.json("quarantine list"), json!([]));
    books.run(&format!("quarantine show {id}")).fails("quarantine.unknown");
}

/// Usage of a meter that no list names is taken, and parks its organisation at close; the others
/// are issued.
#[test]
fn an_unknown_meter_parks_one_organisation() {
    let books = sample::lists();
    let unknown = "r-2,2026-10-03,alder,s-alder,m-unknown,2,blocks,1 Hour\n";
    let other = "r-3,2026-10-03,cedar,s-cedar,m-1,100,blocks,1 Hour\n";
    books.write("usage.csv", format!("{USAGE_HEADER}{unknown}{other}"));
    books.run("import usage usage.csv").exits(0);
    let closed = books.run("close --period 2026-10 --output json").exits(1).json();
    assert_eq!(closed["parked"][0]["organisation"], "partner", "{closed:#}");
    assert_eq!(closed["unpriced"][0]["meter"], "m-unknown");
    assert_eq!(closed["unpriced"][0]["code"], "price.meter_unknown");
    assert_eq!(closed["issued"][0]["organisation"], "north");
    check_taken_up(&books);
}

/// Closing again after the price was imported issues the parked one, with the next number (CL-1).
fn check_taken_up(books: &Books) {
    books.write("prices.csv", "meter_id,currency,unit_of_measure,unit_price\nm-unknown,USD,1 Hour,1.5\n");
    books.run("import prices prices.csv").exits(0);
    let closed = books.run("close --period 2026-10 --output json").exits(0).json();
    assert_eq!(closed["issued"][0]["invoice"], "G000000002", "{closed:#}");
    assert_eq!(closed["issued"][0]["total"], "3.00");
    books.verify_sound();
}
