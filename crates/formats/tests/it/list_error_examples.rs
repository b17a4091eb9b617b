//! The error gallery: every code of prices, rates, taxes, licences, directories and bank statements has a file
//! that causes it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use formats::bank::read_bank;
use formats::directory::{read_customers, read_subscriptions};
use formats::error::{FileError, Parsed};
use formats::fx::{FxOptions, read_fx};
use formats::licence::{read_offers, read_orders, read_savings_plans};
use formats::price::{PriceOptions, read_prices};
use formats::source::Input;
use formats::tax::read_tax_rates;

fn gallery() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors")
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn codes<T>(result: Result<Parsed<T>, FileError>) -> BTreeSet<&'static str> {
    match result {
        Ok(parsed) => parsed.rejected.iter().map(|line| line.code).collect(),
        Err(error) => [error.code].into(),
    }
}

/// What reading an example raises; `None` for the kinds of other modules.
fn raised(path: &Path, kind: &str) -> Option<BTreeSet<&'static str>> {
    let input = || Input::file(kind, File::open(path).unwrap());
    Some(match kind {
        "prices.csv" | "prices.json" => codes(read_prices(input(), &PriceOptions::default())),
        "fx.csv" => codes(read_fx(input(), &FxOptions::default())),
        "customers.csv" => codes(read_customers(input())),
        "bank.csv" | "bank.xml" | "bank.xml.gz" => codes(read_bank(input())),
        "offers.csv" => codes(read_offers(input())),
        "orders.csv" => codes(read_orders(input())),
        "savings_plans.csv" => codes(read_savings_plans(input())),
        "subscriptions.csv" => codes(read_subscriptions(input())),
        "tax.csv" => codes(read_tax_rates(input())),
        _ => return None,
    })
}

#[test]
fn each_example_raises_the_code_of_its_folder() {
    let mut count = 0;
    for code in names_in(&gallery()) {
        let folder = gallery().join(&code);
        if !folder.is_dir() {
            continue;
        }
        for kind in names_in(&folder) {
            if let Some(raised) = raised(&folder.join(&kind), &kind) {
                assert!(raised.contains(code.as_str()), "{code}/{kind} raises {raised:?}");
                count += 1;
            }
        }
    }
    assert!(count >= 55, "only {count} examples were found");
}

#[test]
fn each_code_has_an_example_and_a_page() {
    let lists = [formats::price::CODES, formats::fx::CODES, formats::directory::CODES, formats::tax::CODES];
    let others = [formats::bank::CODES, formats::licence::CODES, formats::xml::CODES];
    for code in lists.into_iter().chain(others).flatten() {
        let names = names_in(&gallery().join(code));
        assert!(names.iter().any(|name| name == "README.md"), "{code} has no README.md");
        assert!(names.iter().any(|name| name != "README.md"), "{code} has no example");
    }
}
