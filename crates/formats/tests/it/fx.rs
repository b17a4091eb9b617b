//! Lists of exchange rates.

use std::io::Cursor;

use billing::fx::FxQuote;
use formats::fx::{FxFormat, FxOptions, read_fx, read_fx_list};
use formats::source::Input;
use jiff::civil::date;
use proptest::prelude::*;

use crate::shared::open_shared;

fn input(text: &str) -> Input {
    Input::new("rates", Cursor::new(text.as_bytes().to_vec()))
}

fn told(quote: &FxQuote) -> String {
    match quote {
        FxQuote::UsdPerUnit { currency, month, usd } => format!("{currency} {month} {usd}"),
        FxQuote::PerEuro { currency, fixed_on, units } => format!("{currency} {fixed_on} {units}"),
    }
}

#[track_caller]
fn check_with(text: &str, options: &FxOptions, quotes: &[&str], rejected: &[&str]) {
    let parsed = read_fx(input(text), options).unwrap();
    assert_eq!(parsed.value.iter().map(told).collect::<Vec<_>>(), quotes, "quotes of\n{text}");
    let told = parsed.rejected.iter().map(|line| format!("{}:{} {} {}", line.line, line.column, line.field, line.code));
    assert_eq!(told.collect::<Vec<_>>(), rejected, "rejected of\n{text}");
}

#[track_caller]
fn check(text: &str, quotes: &[&str], rejected: &[&str]) {
    check_with(text, &FxOptions::default(), quotes, rejected);
}

#[track_caller]
fn check_refused(text: &str, options: &FxOptions, code: &str, message: &str) {
    let error = read_fx(input(text), options).unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (code, message), "{text}");
}

const MONTHLY: &str = "\"CurrencyCode\",\"USDPerUnit\",\"Month\"\n";

#[test]
fn monthly_rates_keep_all_their_digits() {
    check(
        &format!("{MONTHLY}\"AED\",\"0.27224589249009701\",\"202609\"\neur, 1.18175 ,2026-09\n"),
        &["AED 2026-09 0.27224589249009701", "EUR 2026-09 1.18175"],
        &[],
    );
}

#[test]
fn monthly_lines_are_checked() {
    let check = |line: &str, rejected: &str| check(&format!("{MONTHLY}{line}\n"), &[], &[rejected]);
    check("XXQ,1,202609", "2:1 CurrencyCode currency.unknown");
    check("EUR,0,202609", "2:2 USDPerUnit fx.rate_not_positive");
    check("EUR,-1,202609", "2:2 USDPerUnit fx.rate_not_positive");
    check("EUR,one,202609", "2:2 USDPerUnit number.malformed");
    check("EUR,1,2026", "2:3 Month period.malformed");
    check("EUR,1,202613", "2:3 Month period.malformed");
    check("EUR,1,2026é", "2:3 Month period.malformed");
    check("EUR,1", "2:0  csv.field_count");
}

#[test]
fn of_two_rates_for_one_month_none_is_taken() {
    check(
        &format!("{MONTHLY}EUR,1.1,202609\nEUR,1.2,202609\nEUR,1.10,202610\nEUR,1.1,202610\nEUR,1.1,202609\n"),
        &["EUR 2026-10 1.1"],
        &[
            "2:2 USDPerUnit fx.line.contradiction",
            "3:2 USDPerUnit fx.line.contradiction",
            "6:2 USDPerUnit fx.line.contradiction",
        ],
    );
}

const HISTORY: &str = "Date,USD,CYP,JPY,\n2026-10-30,1.1172,N/A,175.68,\n2026-10-29,1.113,0.58,,\n";

#[test]
fn the_history_leaves_out_what_was_not_quoted() {
    let days = ["USD 2026-10-30 1.1172", "JPY 2026-10-30 175.68", "USD 2026-10-29 1.113"];
    check(HISTORY, &days, &[]);
    let since = FxOptions { since: Some(date(2026, 10, 30)), ..FxOptions::default() };
    check_with(HISTORY, &since, &days[..2], &[]);
    let list = read_fx_list(input(HISTORY), &FxOptions::default()).unwrap();
    assert_eq!(list.value.retired_currencies, [("CYP".to_owned(), 1)].into());
    assert_eq!(list.record_count, 2);
}

#[test]
fn days_of_the_history_are_checked() {
    let check = |lines: &str, rejected: &[&str]| check(&format!("Date,USD,JPY\n{lines}\n"), &[], rejected);
    check("30.10.2026,1,2", &["2:1 Date date.malformed"]);
    check("2026-10-30,0,2", &["2:2 USD fx.rate_not_positive"]);
    check("2026-10-30,1,n.a.", &["2:3 JPY number.malformed"]);
    check("2026-10-30,1,2\n2026-10-30,1,3", &["2:1 Date fx.line.contradiction", "3:1 Date fx.line.contradiction"]);
}

#[test]
fn what_is_no_list_of_rates_is_refused() {
    let none = FxOptions::default();
    let history = FxOptions { format: Some(FxFormat::EcbHistoryCsv), ..none };
    let wrong = |found: &str| format!("the file holds {found}; this import reads exchange rates");
    check_refused("meter_id,currency,unit_price\n", &none, "file.wrong_kind", &wrong("prices (quittance-csv)"));
    check_refused("{\"Meters\":[]}", &none, "file.wrong_kind", &wrong("JSON"));
    check_refused("a,b\n", &none, "file.format_unknown", "these are not the columns of exchange rates: a, b");
    check_refused(MONTHLY, &none, "fx.file.no_rates", "the file has a header and no rates");
    check_refused(
        MONTHLY,
        &history,
        "csv.column_missing",
        "there is no column Date; the file has CurrencyCode, USDPerUnit, Month",
    );
    check_refused("Date,USD,Euro\n", &history, "currency.unknown", "\"Euro\" is not a currency code of ISO 4217");
}

#[test]
fn the_real_history() {
    let path = "data/fx/eurofxref-hist.csv.gz";
    let Some(file) = open_shared(path) else { return };
    let list = read_fx_list(Input::file(path, file), &FxOptions::default()).unwrap();
    assert_eq!((list.record_count, list.rejected.len()), (7_126, 0));
    let retired: u64 = list.value.retired_currencies.values().sum();
    assert_eq!(list.value.quotes.len() as u64 + retired, 221_702);
    assert_eq!(told(&list.value.quotes[0]), "USD 2026-10-30 1.1172");
    assert_eq!(list.value.retired_currencies.get("CYP"), Some(&2_304));
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in ".{0,200}", rows in "[A-Z0-9.,/N\n\"-]{0,80}") {
        for text in [text, format!("{MONTHLY}{rows}"), format!("Date,USD,JPY,\n{rows}")] {
            if let Ok(parsed) = read_fx(input(&text), &FxOptions::default()) {
                prop_assert!(parsed.rejected.len() as u64 <= parsed.record_count);
            }
        }
    }
}
