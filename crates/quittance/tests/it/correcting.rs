//! `quittance restate` and its corrections, as they are printed.

use serde_json::{Value, json};

use crate::books::Books;
use crate::sample::{self, USAGE_HEADER};

/// 1,000 hours of `m-1` in October for a party in dollars and one in euro, closed.
fn billed() -> Books {
    let books = sample::lists();
    let lines = ["1,2026-10-14,birch,s-birch", "2,2026-10-14,elm,s-elm"];
    let lines = lines.map(|line| format!("{line},m-1,1000,blocks,1 Hour\n"));
    books.write("usage.csv", format!("{USAGE_HEADER}{}", lines.concat()));
    books.run("import usage usage.csv").exits(0);
    books.run("close --period 2026-10").exits(0);
    books
}

/// From 0.0832 to 0.1.
fn dearer(books: &Books) {
    let header = "meter_id,currency,unit_of_measure,unit_price,product_name,meter_category,meter_name,effective_from";
    books.write("dearer.csv", format!("{header}\nm-1,USD,1 Hour,0.1,Virtual Machines,Compute,B2ms,2026-01-01\n"));
    books.run("import prices dearer.csv").exits(0);
}

#[test]
fn a_month_without_differences_says_so() {
    let books = billed();
    for (period, sentence) in
        [("2026-09", "nothing was billed in this month"), ("2026-10", "what was billed is what would be billed today")]
    {
        for how in ["", " --as note --reason mended", " --as rebill --reason mended"] {
            let printed = books.run(&format!("restate --period {period}{how}")).exits(0).out;
            assert_eq!(printed.lines().next_back(), Some(sentence), "{period}{how}: {printed}");
        }
    }
    assert_eq!(books.json("invoices list").as_array().unwrap().len(), 2);
}

/// Something of the first invoice is written off: only the second is corrected.
#[test]
fn who_cannot_be_corrected_is_told_and_the_others_go_on() {
    let books = billed();
    dearer(&books);
    books.run("payments write-off G000000001 --reference lost --amount 1").exits(0);
    let shown = books.json("restate --period 2026-10");
    let totals = |shown: &Value| {
        let all = shown["differences"].as_array().unwrap().iter();
        all.map(|one| format!("{} {} {}", one["invoice"], one["stands"], one["would_be"])).collect::<Vec<_>>()
    };
    let expected = [r#""G000000001" "70.40" "84.62""#, r#""G000000002" "83.20" "100.00""#];
    assert_eq!(totals(&shown), expected, "{shown:#}");
    let corrected = books.run("restate --period 2026-10 --as note --reason dearer --output json").exits(1).json();
    assert_eq!(corrected["issued"].as_array().unwrap().len(), 1, "{corrected:#}");
    assert_eq!(corrected["issued"][0]["amendsOf"], "G000000002");
    assert_eq!(corrected["issued"][0]["totalCharges"], json!(16.8));
    let failed = corrected["failed"][0].as_str().unwrap();
    assert!(failed.starts_with("north: ") && failed.ends_with("(credit.written_off)"), "{failed}");
    books.verify_sound();
}
