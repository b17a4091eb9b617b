//! A recorded month of an enterprise, rated by a real rate card: every line equals what an
//! independent program makes of the same two files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use billing::decimal::{Decimal, sum};
use billing::invoice::InvoiceLine;
use billing::ports::{Ledger, UsageFilter, UsageStore};
use formats::source::Input;
use jiff::civil::Date;
use ledger::SqliteLedger;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::books::{Books, numbers};
use crate::shared::shared;

const CARD: &str = "data/price/azure-ratecard/ratecard-MS-AZR-0062P-USD-2020-12-10.json.zst";
const USAGE: &str = "data/usage/azure-usage-details/ea-201710-page1.json.gz";
const CLOSE: &str = "close --period 2017-10";
/// What the provider billed for the 1,000 rows.
const PROVIDER_COST: &str = "227.896372246327512";
const METER_IN_NO_LIST: &str = "7fd385bc-796c-45c8-b0bc-278bb675b15e";

/// Fresh books with `card.json.zst` and `usage.json.gz` beside them.
fn books() -> Option<Books> {
    let (card, usage) = (shared(CARD)?, shared(USAGE)?);
    let books = Books::init();
    std::fs::copy(card, books.path("card.json.zst")).unwrap();
    std::fs::copy(usage, books.path("usage.json.gz")).unwrap();
    Some(books)
}

#[track_caller]
fn import_usage(books: &Books, options: &str) {
    let report = books.json(&format!("import usage usage.json.gz --assign-to contoso {options}"));
    assert_eq!((&report["accepted"], &report["quarantined"]), (&1000.into(), &0.into()), "{report:#}");
    let report = books.json(&format!("import usage usage.json.gz --assign-to contoso {options}"));
    assert_eq!((&report["accepted"], &report["duplicate"]), (&0.into(), &1000.into()), "{report:#}");
}

/// The meters without a price, each with the code of its reason.
fn unpriced(value: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let meters = value.as_array().unwrap().iter();
    meters.map(|meter| (text(&meter["meter"]), text(&meter["code"]))).collect()
}

/// What the independent program says; `None` where Python is absent. The rate card is unpacked for
/// it: Python reads no zstd of its own.
fn rated_by_python(books: &Books, options: &[&str]) -> Option<Value> {
    let mut card = Vec::new();
    let mut packed = Input::file("card", File::open(books.path("card.json.zst")).unwrap());
    loop {
        let piece = packed.fill().unwrap().to_vec();
        if piece.is_empty() {
            break;
        }
        packed.consume(piece.len());
        card.extend(piece);
    }
    books.write("card.json", card);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/rate_month.py");
    let mut command = Command::new("python3");
    command.arg(script).args([books.path("card.json"), books.path("usage.json.gz")]).args(options);
    let output = match command.output() {
        Err(error) if error.kind() == ErrorKind::NotFound && std::env::var_os("QUITTANCE_CI").is_none() => {
            eprintln!("skipped: python3 is absent, which computes the month a second time");
            return None;
        }
        output => output.unwrap(),
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// The lines of the only invoice, as they are stored.
async fn stored_lines(books: &Books) -> Vec<InvoiceLine> {
    let ledger = SqliteLedger::open(&books.dir().join("ledger.db")).await.unwrap();
    let invoice = ledger.invoices(None).await.unwrap().remove(0);
    let lines = ledger.invoice_lines(&invoice.number, 0, u32::MAX).await.unwrap();
    ledger.close().await;
    lines.iter().map(|line| serde_json::from_slice(line).unwrap()).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShownLine {
    subtotal: Box<RawValue>,
    effective_unit_price: Box<RawValue>,
    billable_quantity: Box<RawValue>,
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Every line to its last digit, stored and as `invoices lines` prints it.
async fn check_lines(books: &Books, expected: &Value) {
    let lines = stored_lines(books).await;
    let expected = expected["lines"].as_array().unwrap();
    assert_eq!(lines.len(), expected.len());
    let invoice = numbers(&books.json("invoices list")).remove(0);
    let printed = books.run(&format!("invoices lines {invoice} --output json")).exits(0).out;
    let printed: Vec<ShownLine> = serde_json::from_str(&printed).unwrap();
    for ((line, shown), expected) in lines.iter().zip(&printed).zip(expected) {
        let says = |member: &str| expected[member].as_str().unwrap();
        assert_eq!(line.usage().unwrap().scope.meter.as_str(), says("meter"));
        let stored = [
            (line.quantity.to_string(), "quantity"),
            (line.usage().unwrap().pricing_exact.to_string(), "pricing_exact"),
            (line.usage().unwrap().pricing_total.to_string(), "pricing_total"),
            (line.effective_unit_price.to_string(), "effective_unit_price"),
        ];
        for (stored, member) in stored {
            assert_eq!(stored, says(member), "{member} of {expected:#}");
        }
        assert_eq!(number(&line.subtotal.to_plain()), number(says("subtotal")), "{expected:#}");
        let shown = [
            (&shown.subtotal, "subtotal"),
            (&shown.effective_unit_price, "effective_unit_price"),
            (&shown.billable_quantity, "quantity"),
        ];
        for (shown, member) in shown {
            assert_eq!(number(shown.get()), number(says(member)), "{member} of {expected:#}");
        }
    }
}

#[test]
fn prices_that_are_not_in_force_park_the_party() {
    let Some(books) = books() else { return };
    books.run("import prices card.json.zst").exits(0);
    import_usage(&books, "");
    books.run("rate --period 2017-10").exits(1);
    let ended = books.run(&format!("{CLOSE} --output json")).exits(1);
    let closed = ended.json();
    assert_eq!(closed["parked"].as_array().unwrap().len(), 1, "{closed:#}");
    assert_eq!(closed["issued"], serde_json::json!([]));
    let found = unpriced(&closed["unpriced"]);
    let count = |code: &str| found.values().filter(|found| *found == code).count();
    assert_eq!((found.len(), count("price.meter_unknown"), count("price.not_in_force")), (8, 1, 7), "{found:#?}");
    assert_eq!(found[METER_IN_NO_LIST], "price.meter_unknown");
    let Some(expected) = rated_by_python(&books, &[]) else { return };
    assert_eq!(serde_json::to_value(found).unwrap(), expected["unpriced"]);
}

#[tokio::test]
async fn every_priced_line_equals_the_independent_computation() {
    let Some(books) = books() else { return };
    books.run("import prices card.json.zst --effective-from 2017-01-01").exits(0);
    import_usage(&books, "");
    let closed = books.run(&format!("{CLOSE} --output json")).exits(1).json();
    let found = unpriced(&closed["unpriced"]);
    assert_eq!(
        found.into_iter().collect::<Vec<_>>(),
        [(METER_IN_NO_LIST.to_owned(), "price.meter_unknown".to_owned())]
    );

    let closed = books.run(&format!("{CLOSE} --allow-unpriced --output json")).exits(0).json();
    assert_eq!(closed["issued"].as_array().unwrap().len(), 1, "{closed:#}");
    let Some(expected) = rated_by_python(&books, &["--effective-from", "2017-01-01"]) else { return };
    assert_eq!((&expected["rows"], &expected["provider_cost"]), (&1000.into(), &PROVIDER_COST.into()));
    let total = |value: &Value| number(value.as_str().unwrap());
    assert_eq!(total(&closed["issued"][0]["total"]), total(&expected["total"]));
    check_lines(&books, &expected).await;
    check_stored_cost(&books).await;
    books.verify_sound();
}

/// The provider's own cost, summed over the records as they are stored.
async fn check_stored_cost(books: &Books) {
    let ledger = SqliteLedger::open(&books.dir().join("ledger.db")).await.unwrap();
    let files = ledger.usage_files().await.unwrap();
    ledger.close().await;
    let store = usage::DirectoryStore::open(&books.dir()).unwrap();
    let mut costs = Vec::new();
    let take = &mut |stored: billing::ports::StoredUsage| {
        costs.push(stored.record.provider_cost.unwrap().amount);
        Ok(())
    };
    store.read_usage(&files, &UsageFilter::days(Date::MIN, Date::MAX), take).unwrap();
    assert_eq!((costs.len(), sum(costs).unwrap().to_string().as_str()), (1000, PROVIDER_COST));
}

/// Prices made of the provider's own cost give that cost again.
#[tokio::test]
async fn the_providers_cost_as_price_gives_the_providers_total() {
    let Some(books) = books() else { return };
    import_usage(&books, "--own-cost-as-price");
    books.run(CLOSE).exits(0);
    let lines = stored_lines(&books).await;
    let total = sum(lines.iter().map(|line| line.usage().unwrap().pricing_exact)).unwrap();
    let difference = total.checked_sub(number(PROVIDER_COST)).unwrap().abs().unwrap();
    assert!(difference < number("0.000001"), "{total}");

    let invoice = numbers(&books.json("invoices list")).remove(0);
    let explained = books.json(&format!("explain {invoice}-1"));
    assert_eq!(
        explained["line"]["charge"]["usage"]["pricing_exact"],
        lines[0].usage().unwrap().pricing_exact.to_string().as_str()
    );
    books.verify_sound();
}
