//! Bad lines of a usage file are set aside with line, column and code; good ones are taken; what
//! was mended is replayed.

use serde_json::{Value, json};

use crate::books::Books;
use crate::sample::{self, USAGE_HEADER};

const GOOD: [&str; 2] =
    ["r-1,2026-10-03,alder,s-alder,m-1,2,blocks,1 Hour\n", "r-9,2026-10-03,alder,s-alder,m-1,3,blocks,1 Hour\n"];

const SUBSCRIPTION_UNKNOWN: &str = "usage.line.subscription_unknown";

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
    assert_eq!(says(line), [json!(3), json!(field), json!(column), json!(code)], "{line:#}");
    let kept = books.json("quarantine list");
    assert_eq!(kept.as_array().unwrap().len(), 1);
    assert_eq!(says(&kept[0]), says(line));
    assert_eq!(books.json("import usage usage.csv")["duplicate"], 2, "good lines are in");
    books.verify_sound();
}

fn says(line: &Value) -> [Value; 4] {
    [&line["line"], &line["field"], &line["column"], &line["code"]].map(Value::clone)
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

/// Imports a file of whatever format; `bad` stands in it once, where the bad field is.
#[track_caller]
fn check_place(content: &str, bad: &str, field: &str, code: &str) {
    let before = content.split_once(bad).unwrap().0;
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let line = before.matches('\n').count() + 1;
    let is_json = content.starts_with('{');
    let column = if is_json { before.len() - line_start } else { before[line_start..].matches(',').count() } + 1;
    let books = sample::lists();
    books.write("usage", content);
    let report = books.run("import usage usage --output json").exits(1).json();
    let found: Vec<_> = report["quarantined_lines"].as_array().unwrap().iter().map(says).collect();
    assert_eq!(found, [[json!(line), json!(field), json!(column), json!(code)]], "{report:#}");
}

/// Who refuses a record that could be read names the field as its file does, and where it stands there.
#[test]
fn refused_records_name_the_place_that_their_format_has() {
    let export = "MeterCategory,MeterId,Quantity,Date,SubscriptionGuid\nVM,m-1,2,10/03/2026,s-alder\n";
    check_place(&format!("{export}VM,m-1,2,10/03/2026,s-new\n"), "s-new", "SubscriptionGuid", SUBSCRIPTION_UNKNOWN);
    check_place(&format!("{export}VM,m-1,2,12/24/2026,s-alder\n"), "12/24", "Date", "usage.line.date_in_future");

    let known = r#"{"record_id":"r-1","usage_date":"2026-10-03","subscription_id":"s-alder","meter_id":"m-1","quantity":2,"quantity_basis":"blocks"}"#;
    let lines = |bad: &str| format!("{known}\n  {bad}\n{}\n", known.replace("r-1", "r-3"));
    let named = known.replace("r-1", "r-2").replace('}', r#","customer_id":"birch"}"#);
    check_place(&lines(&named), "\"birch\"", "customer_id", "usage.line.customer_mismatch");
    let unknown = named.replace("s-alder", "s-new").replace("birch", "nobody");
    check_place(&lines(&unknown), "\"nobody\"", "customer_id", "usage.line.customer_unknown");
    // That an id is known is found when the lines are gone: of JSON Lines the beginning is named.
    check_place(&lines(&known.replace(":2,", ":7,")), "  {", "record_id", "usage.line.record_id_conflict");

    let element = |day: &str, subscription: &str| {
        format!(
            "{{\"properties\": {{\n  \"usageStart\": \"{day}T00:00:00Z\", \"usageQuantity\": 2,\n  \
             \"meterId\": \"m-1\", \"subscriptionGuid\": \"{subscription}\"\n}}}}"
        )
    };
    let details = |bad: String| format!("{{\"value\": [\n{},\n{bad}\n]}}\n", element("2026-10-03", "s-alder"));
    let unknown = details(element("2026-10-04", "s-new"));
    check_place(&unknown, "\"s-new\"", "subscriptionGuid", SUBSCRIPTION_UNKNOWN);
    let future = details(element("2026-12-24", "s-alder"));
    check_place(&future, "\"2026-12-24", "usageStart", "usage.line.date_in_future");
}

/// An id that is known with other content is found when the whole file was read: by then only what all
/// lines share is known of its place.
#[test]
fn an_id_in_another_column() {
    let file = "usage_date,subscription_id,record_id,meter_id,quantity,quantity_basis\n\
                2026-10-03,s-alder,r-1,m-1,2,blocks\n2026-10-03,s-alder,r-1,m-1,7,blocks\n";
    check_place(file, "r-1,m-1,7", "record_id", "usage.line.record_id_conflict");
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
    for line in ["init --currency XQX", "org add west --name West --currency XQX --country FR"] {
        let refused = books.run(line).exits(2);
        assert!(refused.err.ends_with("\ncode: currency.unknown\n"), "{refused:#?}");
    }
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
