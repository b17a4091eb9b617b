//! The same record again: duplicates, conflicts and higher revisions (RI-1), before and after its
//! month was billed.

use serde_json::{Value, json};

use crate::books::Books;
use crate::sample::{self, USAGE_HEADER};

/// Imports one line with a revision; what became of it.
#[track_caller]
fn import(books: &Books, line: &str) -> (u64, u64, Vec<String>) {
    let header = USAGE_HEADER.replace('\n', ",revision\n");
    books.write("usage.csv", format!("{header}{line}\n"));
    let report = books.json("import usage usage.csv");
    let count = |name: &str| report[name].as_u64().unwrap();
    let lines = report["quarantined_lines"].as_array().unwrap();
    let codes = lines.iter().map(|line| line["code"].as_str().unwrap().to_owned()).collect();
    (count("accepted"), count("duplicate"), codes)
}

fn line(quantity: u32, revision: u32) -> String {
    format!("r-17,2026-10-14,alder,s-alder,m-1,{quantity},blocks,1 Hour,{revision}")
}

fn total(books: &Books) -> Value {
    books.json("rate --period 2026-10")["organisations"][2]["subtotal"].clone()
}

#[test]
fn a_higher_revision_restates_a_record() {
    let books = sample::lists();
    assert_eq!(import(&books, &line(1_000, 1)), (1, 0, vec![]));
    assert_eq!(total(&books), "70.72");
    assert_eq!(import(&books, &line(1_000, 1)), (0, 1, vec![]));
    assert_eq!(import(&books, &line(800, 1)), (0, 0, vec!["usage.line.record_id_conflict".to_owned()]));
    assert_eq!(import(&books, &line(700, 0)), (0, 0, vec!["usage.line.record_id_conflict".to_owned()]));
    assert_eq!(total(&books), "70.72");
    assert_eq!(import(&books, &line(500, 2)), (1, 0, vec![]));
    assert_eq!(total(&books), "35.36");
    books.run("close --period 2026-10").exits(0);
    assert_eq!(books.json("invoices list")[0]["totalCharges"], json!(35.36));
    books.verify_sound();
}

#[test]
fn what_was_billed_is_not_restated() {
    let books = sample::lists();
    assert_eq!(import(&books, &line(1_000, 1)), (1, 0, vec![]));
    books.run("close --period 2026-10").exits(0);
    let billed = books.billed();
    assert_eq!(import(&books, &line(500, 2)), (0, 0, vec!["usage.line.revision_after_issue".to_owned()]));
    assert_eq!(books.billed(), billed);
    books.verify_sound();
    let moved = "r-17,2026-11-02,alder,s-alder,m-1,500,blocks,1 Hour,3";
    assert_eq!(import(&books, moved), (0, 0, vec!["usage.line.revision_moves_month".to_owned()]));
}

/// Late usage is billed with the next month, and the issued invoice stays as it is.
#[test]
fn late_usage_is_billed_with_the_next_month() {
    let books = sample::lists();
    import(&books, &line(1_000, 1));
    books.run("close --period 2026-10").exits(0);
    let billed = books.run("invoices lines G000000001 --output json").exits(0).out;
    let late = "r-18,2026-10-30,alder,s-alder,m-1,100,blocks,1 Hour,1";
    assert_eq!(import(&books, late), (1, 0, vec![]));
    assert_eq!(books.json("close --period 2026-10")["already_closed"].as_array().unwrap().len(), 3);
    books.run("close --period 2026-11").fails("close.too_early");
    books.run("close --period 2026-11 --early").exits(0);
    let lines = books.json("invoices lines G000000002");
    assert_eq!(lines[0]["chargeStartDate"], "2026-10-01T00:00:00Z", "{lines:#}");
    assert_eq!(lines[0]["subtotal"], json!(7.07));
    assert_eq!(books.run("invoices lines G000000001 --output json").exits(0).out, billed);
    books.verify_sound();
}
