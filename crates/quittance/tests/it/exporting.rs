//! The journal in the programs that it is exported for.

use std::fs;
use std::io::ErrorKind;
use std::process::{Command, Output};

use crate::books::Books;
use crate::demo_books::demo_dir;

fn exported(format: &str) -> String {
    // A copy: opening the books writes beside them, and others copy them meanwhile.
    let books = Books::copy_of(demo_dir());
    books.run(&format!("export journal --format {format}")).exits(0).out
}

/// `None` where the program is absent; in the checks it has to be there.
fn hledger(arguments: &[&str]) -> Option<Output> {
    match Command::new("hledger").args(arguments).output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == ErrorKind::NotFound && std::env::var_os("QUITTANCE_CI").is_none() => {
            eprintln!("skipped: hledger is not installed");
            None
        }
        Err(error) => panic!("hledger: {error}"),
    }
}

#[test]
fn hledger_accepts_the_journal_and_refuses_a_changed_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.journal");
    let text = exported("hledger");
    fs::write(&path, &text).unwrap();
    let file = path.to_str().unwrap();
    let check = |what: &str| hledger(&["-f", file, "check", "--strict", what]);
    let Some(output) = check("ordereddates") else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // What customers owe is what the invoices come to.
    let balance = hledger(&["-f", file, "balance", "--no-total", "Assets:Receivable", "-O", "csv"]).unwrap();
    let receivable = String::from_utf8(balance.stdout).unwrap();
    assert!(receivable.contains("EUR") && receivable.contains("Assets:Receivable"), "{receivable}");
    // One figure that is not what was booked is seen.
    let line = text.lines().find(|line| line.contains("Income:Revenue") && line.contains("EUR")).unwrap();
    let more = line.replace('-', "-1");
    fs::write(&path, text.replacen(line, &more, 1)).unwrap();
    assert!(!check("ordereddates").unwrap().status.success());
}

#[test]
fn every_posting_stands_in_the_csv() {
    let csv = exported("csv");
    let mut sums = std::collections::BTreeMap::new();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    for row in reader.records().map(Result::unwrap) {
        let amount: billing::decimal::Decimal = row[5].parse().unwrap();
        let sum: &mut billing::decimal::Decimal = sums.entry((row[0].to_owned(), row[6].to_owned())).or_default();
        *sum = sum.checked_add(amount).unwrap();
    }
    assert!(sums.len() > 4 && sums.values().all(|sum| sum.is_zero()), "{sums:?}");
    assert_eq!(exported("beancount").matches("\n  position: ").count(), sums.len());
}
