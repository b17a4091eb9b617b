//! Money that came in, on the command line.

use serde_json::{Value, json};

use crate::books::Books;

/// Invoices of September over 20 USD and of October over 48 USD.
fn two_invoices() -> Books {
    let books = Books::init();
    books.write("list.csv", "meter_id,currency,unit_of_measure,unit_price\nm-1,USD,1 Hour,2\n");
    let header = "record_id,usage_date,subscription_id,meter_id,quantity,quantity_basis,unit_of_measure";
    books.write(
        "usage.csv",
        format!("{header}\nr-1,2026-09-03,s-1,m-1,10,blocks,1 Hour\nr-2,2026-10-03,s-1,m-1,24,blocks,1 Hour\n"),
    );
    books.run("import prices list.csv").exits(0);
    books.run("import usage usage.csv --assign-to contoso").exits(0);
    for period in ["2026-09", "2026-10"] {
        books.run(&format!("close --period {period}")).exits(0);
    }
    books
}

/// What is open on each invoice, and what is left of each source.
fn state(books: &Books) -> (Vec<String>, Vec<String>) {
    let csv = books.run("invoices list --output csv").exits(0).out;
    let open = csv.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().to_owned()).collect();
    let payments = books.json("payments list");
    let rests = payments.as_array().unwrap().iter().map(|payment| payment["unallocated"].as_str().unwrap().to_owned());
    (open, rests.collect())
}

#[track_caller]
fn check(books: &Books, open: [&str; 2], rests: &[&str]) {
    let (found, left) = state(books);
    assert_eq!((found, left), (open.map(str::to_owned).to_vec(), rests.iter().map(|&rest| rest.to_owned()).collect()));
}

#[test]
fn money_goes_where_it_belongs_and_comes_back() {
    let books = two_invoices();
    check(&books, ["20.00 USD", "48.00 USD"], &[]);
    let first = books.json("pay --amount 30 --reference first");
    assert_eq!(first["events"].as_array().unwrap().len(), 3, "{first:#}");
    check(&books, ["0.00 USD", "38.00 USD"], &["0.00"]);
    // Again, another day: the same payment.
    assert_eq!(books.json("pay --amount 30 --reference first")["booked"], false);
    books.run("pay --amount 31 --reference first").fails("payment.reference_used");
    books.run("pay G000000002 --amount 50 --reference second --date 2026-11-09").exits(0);
    check(&books, ["0.00 USD", "0.00 USD"], &["0.00", "12.00"]);
    books.run("payments refund second --amount 12.01 --reference back").fails("refund.too_large");
    books.run("payments refund second --amount 12 --reference back").exits(0);
    books.run("payments take-back first G000000001").exits(0);
    check(&books, ["20.00 USD", "0.00 USD"], &["20.00", "0.00"]);
    books.run("payments allocate first --amount 15").exits(0);
    books.run("payments write-off G000000001 --reference lost").exits(0);
    check(&books, ["0.00 USD", "0.00 USD"], &["5.00", "0.00"]);
    let balance = &books.json("balances")[0];
    let expected: Value = json!({
        "organisation": "partner", "currency": "USD", "balance": "0.00", "by_type": { "OneTime": "0.00" },
        "overdue": "0.00", "unallocated": "5.00",
    });
    assert_eq!(*balance, expected);
    books.verify_sound();
}

#[test]
fn an_invoice_is_overdue_when_its_day_has_passed() {
    let books = two_invoices().at("2027-01-09T23:00:00Z");
    assert_eq!(books.json("invoices list --overdue"), json!([]));
    let books = books.at("2027-01-10T00:00:00Z");
    assert_eq!(books.json("invoices list --overdue").as_array().unwrap().len(), 2);
    books.run("pay G000000001 --amount 20 --reference late").exits(0);
    assert_eq!(books.json("invoices list --overdue").as_array().unwrap().len(), 1);
    assert_eq!(books.json("balances")[0]["overdue"], "48.00");
}

#[test]
fn a_bank_statement_is_booked_where_it_names_invoices() {
    let books = two_invoices();
    books.write(
        "bank.csv",
        "date,amount,currency,payer,reference,remittance\n\
         2026-11-05,20.00,USD,Partner,b-1,Invoice G-000000001 thanks\n\
         2026-11-06,48.00,USD,Partner,b-2,October\n\
         2026-11-06,7.00,USD,Stranger,b-3,hello\n\
         2026-11-07,-5.00,USD,Bank,b-4,fee\n\
         2026-11-07,1.005,USD,Partner,b-5,G000000002\n\
         2026-11-08,3.00,EUR,Partner,b-6,G000000002\n",
    );
    let outcomes = |value: &Value| -> Vec<String> {
        let entries = value["entries"].as_array().unwrap();
        entries.iter().map(|entry| format!("{} {}", entry["outcome"].as_str().unwrap(), entry["invoices"])).collect()
    };
    let proposed = books.json("payments import bank.csv");
    let open = ["names it [\"G000000001\"]", "same amount [\"G000000002\"]", "nothing found []", "outgoing []"];
    assert_eq!(outcomes(&proposed)[..4], open);
    assert_eq!(outcomes(&proposed)[4..], ["another currency [\"G000000002\"]"]);
    assert_eq!(proposed["refused"][0]["code"], "bank.entry.amount_decimals");
    check(&books, ["20.00 USD", "48.00 USD"], &[]);

    let booked = books.run("payments import bank.csv --book").exits(1);
    assert!(booked.out.contains("quittance pay G000000002 --amount 48.00 --reference 'b-2' --date 2026-11-06"));
    check(&books, ["0.00 USD", "48.00 USD"], &["0.00"]);
    books.run("pay G000000002 --amount 48.00 --reference b-2 --date 2026-11-06").exits(0);
    // Read again, nothing is booked twice.
    let again = books.json("payments import bank.csv --book");
    assert_eq!(outcomes(&again)[..2], ["booked before []", "booked before []"]);
    check(&books, ["0.00 USD", "0.00 USD"], &["0.00", "0.00"]);
    books.verify_sound();
}
