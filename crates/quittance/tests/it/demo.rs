//! The demonstration: reproducible, repeatable, and with all that a believable month has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::books::{Books, files_below, numbers};
use crate::demo_books::{demo, demo_dir};

/// The printed invoices by their names.
fn documents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = files_below(&dir.join("invoices"));
    files.into_iter().map(|path| (path.strip_prefix(dir).unwrap().to_owned(), fs::read(path).unwrap())).collect()
}

#[test]
fn two_runs_and_a_repeated_run_give_the_same_books() {
    let first = Books::copy_of(demo_dir());
    let second = Books::none();
    demo(&second.dir());
    let (billed, printed) = (first.billed(), documents(&first.dir()));
    assert_eq!(second.billed(), billed);
    assert_eq!(documents(&second.dir()), printed);
    assert_eq!(printed.len(), numbers(&first.json("invoices list")).len());

    let verified = second.verify_sound();
    demo(&second.dir());
    assert_eq!(second.billed(), billed, "a repeated run changed something");
    assert_eq!(documents(&second.dir()), printed);
    assert_eq!(second.verify_sound(), verified);
}

/// All lines of all invoices.
fn lines(books: &Books) -> Vec<Value> {
    let numbers = numbers(&books.json("invoices list"));
    numbers
        .iter()
        .flat_map(|number| books.json(&format!("invoices lines {number}")).as_array().unwrap().clone())
        .collect()
}

fn distinct<'a>(values: &'a [Value], member: &str) -> BTreeSet<&'a str> {
    values.iter().map(|value| value[member].as_str().unwrap()).collect()
}

#[test]
fn the_month_has_all_that_a_believable_one_has() {
    let books = Books::copy_of(demo_dir());
    let october: Vec<Value> = books.json("invoices list").as_array().unwrap().clone();
    let october: Vec<Value> =
        october.into_iter().filter(|invoice| invoice["billingPeriodStartDate"] == "2026-10-01T00:00:00Z").collect();
    let october_numbers = distinct(&october, "id");
    assert!(october_numbers.len() >= 3, "billed parties: {october_numbers:?}");
    assert!(distinct(&october, "currencyCode").len() >= 3);

    let lines = lines(&books);
    assert!(distinct(&lines, "customerId").len() >= 20);
    let (classic, lines): (Vec<Value>, Vec<Value>) =
        lines.into_iter().partition(|line| line["billingProvider"] == "azure");
    let rates: Vec<_> = classic.iter().map(|line| (&line["detailLineItemId"], &line["listPrice"])).collect();
    assert_eq!(rates, [(&json!(1), &json!(0.087)), (&json!(2), &json!(0.083))]);
    assert!(lines.iter().any(|line| line["subtotal"].as_f64().unwrap() < 0.0), "no refund");
    assert!(lines.iter().any(|line| line["chargeType"] == "Cancel"), "no refund");
    let is_late = |line: &&Value| {
        line["chargeStartDate"] == "2026-09-01T00:00:00Z"
            && october_numbers.contains(line["invoiceNumber"].as_str().unwrap())
    };
    assert!(lines.iter().any(|line| is_late(&line)), "no late usage");
    let credit = |line: &Value| line["priceAdjustmentDescription"].as_str().unwrap().contains("Partner earned credit");
    assert!(lines.iter().any(credit) && !lines.iter().all(credit), "earned credit on some lines");
}

#[test]
fn the_closed_month_has_a_hundred_thousand_records() {
    let books = Books::copy_of(demo_dir());
    let mut days = 0;
    for number in numbers(&books.json("invoices list")) {
        let csv = books.run(&format!("invoices lines {number} --daily --output csv")).exits(0).out;
        days += csv.lines().filter(|line| line.starts_with("2026-10-")).count();
    }
    assert!(days >= 100_000, "{days} daily lines in October");
}

#[test]
fn some_line_is_split_by_tiers() {
    let books = Books::copy_of(demo_dir());
    let tiered = |line: &Value| line["meterDescription"].as_str().unwrap().contains("Data Transfer Out");
    let numbers = numbers(&books.json("invoices list"));
    let number = numbers.last().unwrap();
    let lines = books.json(&format!("invoices lines {number}"));
    let tiers_of = |place: usize| {
        let explained = books.json(&format!("explain {number}-{}", place + 1));
        assert_eq!(explained["line"]["line_number"], place + 1);
        let prices = explained["explanation"]["prices"].as_array().unwrap().clone();
        prices.iter().map(|price| price["unit_price"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>().len()
    };
    let places = lines.as_array().unwrap().iter().enumerate().filter(|(_, line)| tiered(line));
    let tiers: Vec<usize> = places.map(|(place, _)| tiers_of(place)).take(12).collect();
    assert!(tiers.iter().any(|count| *count >= 2), "{tiers:?}");
}

#[test]
fn another_seed_and_other_books_are_refused() {
    let books = Books::copy_of(demo_dir());
    books.run("demo --no-serve --seed 7").fails("demo.other_seed");
    Books::init().run("demo --no-serve").fails("demo.books_present");
}

#[test]
fn a_savings_plan_pays_for_a_part_of_the_machines_hours() {
    let books = Books::copy_of(demo_dir());
    let plans = books.json("savings-plans --period 2026-10");
    let plan = &plans["savings_plans"][0];
    let figure = |of: &Value, name: &str| of[name].as_str().unwrap().parse::<billing::decimal::Decimal>().unwrap();
    // 27 days of 24 hours, three units of 0.04 dollars.
    assert_eq!(plan["total"]["commitment"], "77.76");
    assert_eq!(plan["days"].as_object().unwrap().len(), 27);
    for of in plan["days"].as_object().unwrap().values().chain([&plan["total"]]) {
        let both = figure(of, "used").checked_add(figure(of, "unused")).unwrap();
        assert_eq!(both, figure(of, "commitment"));
        assert!(!figure(of, "used").is_zero(), "{of}");
    }
    let lines = lines(&books);
    let of_plan: Vec<&Value> = lines.iter().filter(|line| line["reservationOrderId"] == plan["order_id"]).collect();
    assert!(of_plan.iter().any(|line| line["termAndBillingCycle"] == "One-Year Savings Plan"), "its own charge");
    let covered = of_plan.iter().filter(|line| line["effectiveUnitPrice"].as_f64() == Some(0.0));
    assert!(covered.count() >= 1, "{of_plan:?}");
}
