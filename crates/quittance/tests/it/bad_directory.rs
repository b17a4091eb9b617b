//! Lists, organisations and arguments that do not fit are refused by name.

use serde_json::{Value, json};

use crate::books::Books;
use crate::sample;

/// Imports a list with a bad row behind the rows of `good`, and finds it where it is bad.
#[track_caller]
fn check_row(kind: &str, good: &str, bad: &str, column: u64, code: &str) {
    let report = check_rows(kind, &format!("{good}{bad}\n"), 1, &[code]);
    let line = &report["quarantined_lines"][0];
    let last = good.lines().count() + 1;
    assert_eq!((&line["line"], &line["column"]), (&json!(last), &json!(column)), "{report:#}");
}

/// Imports a list with bad rows beside a good one.
#[track_caller]
fn check_rows(kind: &str, content: &str, accepted: u64, codes: &[&str]) -> Value {
    let books = sample::lists();
    books.write("list.csv", content);
    let report = books.run(&format!("import {kind} list.csv --output json")).exits(1).json();
    let lines = report["quarantined_lines"].as_array().unwrap();
    let found: Vec<&str> = lines.iter().map(|line| line["code"].as_str().unwrap()).collect();
    assert_eq!(found, codes, "{report:#}");
    assert_eq!(report["accepted"], json!(accepted), "{report:#}");
    assert!(lines.iter().all(|line| line["line"].as_u64().unwrap() > 1), "{report:#}");
    report
}

#[test]
fn rows_of_lists_are_refused_one_by_one() {
    let customers = "customer_id,name,billed_party,country\nzelkova,Zelkova,partner,US\n";
    check_row("customers", customers, "willow,,partner,US", 2, "customer.name_missing");
    check_row("customers", customers, "willow,W,partner,XX", 4, "customer.country_unknown");
    check_row("customers", customers, "willow,W,nobody,US", 3, "organisation.unknown");
    check_row("customers", customers, "cedar,Cedar,partner,FR", 3, "customer.party_differs");
    // Without the column the row itself is at fault.
    check_row("customers", "customer_id,name\nzelkova,Zelkova\n", "cedar,Cedar", 0, "customer.party_differs");
    let subscriptions = "subscription_id,name,customer_id,earned_credit\ns-new,New,alder,\n";
    check_row("subscriptions", subscriptions, "s-2,,nobody,", 3, "customer.unknown");
    check_row("subscriptions", subscriptions, "s-alder,,birch,", 3, "subscription.customer_differs");
    check_row("subscriptions", subscriptions, "s-3,,alder,sometimes", 4, "subscription.earned_credit_malformed");
}

#[test]
fn rows_of_price_lists_are_refused_by_meter() {
    let prices = "meter_id,currency,tier_from,unit_price\nm-good,USD,0,1\n";
    let overlap = format!("{prices}m-bad,USD,0,1\nm-bad,USD,10,0.8\nm-bad,USD,10,0.7\n");
    let books = sample::lists();
    books.write("prices.csv", overlap);
    let report = books.run("import prices prices.csv --output json").exits(1).json();
    let codes: Vec<&Value> = report["quarantined_lines"].as_array().unwrap().iter().map(|line| &line["code"]).collect();
    assert!(codes.iter().any(|code| **code == "price.tier.overlap"), "{report:#}");
    assert_eq!(report["accepted"], 1);
    check_rows("prices", &format!("{prices}m-bad,USD,10,1\n"), 1, &["price.tier.missing"]);
    check_rows("prices", &format!("{prices}m-bad,USD,0,-1\n"), 1, &["price.tier.price_negative"]);
    check_rows("prices", &format!("{prices}m-bad,XQX,0,1\n"), 1, &["currency.unknown"]);
}

#[test]
fn commands_without_books_fail_and_make_none() {
    let books = Books::none();
    books.write("usage.csv", sample::usage("2026-10", 1, 3));
    for line in ["import usage usage.csv", "rate --period 2026-10", "close --period 2026-10", "invoices list", "verify"]
    {
        books.run(line).fails("data_dir.missing");
        assert!(!books.dir().exists(), "{line} made a folder");
    }
    books.run("init").exits(0);
    books.run("init").fails("data_dir.exists");
}

#[test]
fn what_is_not_there_is_named() {
    let books = sample::full();
    books.run("invoices show G000000099").fails("invoice.unknown");
    books.run("invoices lines G000000099").fails("invoice.unknown");
    books.run("explain G000000001").fails("explain.line_malformed");
    books.run("explain G000000001-x").fails("explain.line_malformed");
    books.run("explain G000000001-9999").fails("invoice.line_unknown");
    books.run("explain G000000001-0").fails("invoice.line_unknown");
    books.run("explain G000000099-1").fails("invoice.unknown");
    books.run("pay G000000099 --amount 1 --reference a").fails("invoice.unknown");
    books.run("pay G000000001 --amount 0 --reference a").fails("payment.not_positive");
    books.run("pay G000000001 --amount 0.001 --reference a").fails("payment.amount");
    books.run("token create --org nobody").fails("organisation.unknown");
    books.run("org add north --name N --currency EUR --country FR").fails("organisation.exists");
    books.run("invoices pdf G000000001 --out no/such/folder.pdf").fails("file.unwritable");
    books.run("close --period 2026-11").fails("close.too_early");
    books.run("close --period 2026-12 --early").fails("close.period_in_future");
    books.run("serve --listen 192.0.2.1:1").fails("serve.address");
}

#[test]
fn a_clock_that_is_none_is_refused() {
    let books = sample::lists().at("yesterday");
    books.run("close --period 2026-10").fails("clock.malformed");
}

/// A month waits for the one before it, and is not closed behind a later one.
#[test]
fn months_are_closed_in_their_order() {
    let books = sample::lists();
    books.write("september.csv", sample::usage("2026-09", 1, 50));
    books.write("october.csv", sample::usage("2026-10", 2, 50));
    books.run("import usage september.csv october.csv").exits(0);
    let parked = books.run("close --period 2026-10 --output json").exits(1).json();
    assert_eq!(parked["parked"][0]["reasons"][0]["code"], "close.earlier_period_open", "{parked:#}");
    books.run("close --period 2026-09").exits(0);
    books.run("close --period 2026-10").exits(0);
    let parked = books.run("close --period 2026-08 --output json").exits(1).json();
    assert_eq!(parked["parked"][0]["reasons"][0]["code"], "close.later_period_closed", "{parked:#}");
    assert_eq!(books.json("invoices list").as_array().unwrap().len(), 6);
}

/// The same payment is booked once.
#[test]
fn a_payment_is_booked_once() {
    let books = sample::full();
    let pay = "pay G000000002 --amount 1.25 --reference transfer-12";
    assert_eq!(books.json(pay)["booked"], true);
    let again = books.json(pay);
    assert_eq!((&again["booked"], &again["events"]), (&json!(false), &json!([])), "{again:#}");
    assert_eq!(books.json("invoices show G000000002")["paidAmount"], json!(-1.25));
    books.verify_sound();
}
