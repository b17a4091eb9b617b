//! Price lists: each case is a file's text and what is read from it.

mod own;
mod plan;
mod rate_card;
mod real_files;
mod writing;

use std::io::Cursor;

use billing::price::MeterPrice;
use formats::error::{FileError, Parsed, RejectedLine};
use formats::price::{PriceFormat, PriceOptions, read_prices};
use formats::source::Input;
use proptest::prelude::*;

fn input(text: impl AsRef<[u8]>) -> Input {
    Input::new("prices", Cursor::new(text.as_ref().to_vec()))
}

/// `meter currency from..until unit included@basis credit | start:price …`
fn told_price(price: &MeterPrice) -> String {
    let until = price.effective.until.map_or_else(String::new, |until| until.to_string());
    let tiers: Vec<String> =
        price.tiers.tiers().iter().map(|tier| format!("{}:{}", tier.from, tier.unit_price)).collect();
    format!(
        "{} {} {}..{until} {:?} {}@{:?} {} | {}",
        price.meter_id,
        price.currency,
        price.effective.from,
        price.unit_of_measure,
        price.included_quantity,
        price.tier_basis,
        price.earned_credit_rate,
        tiers.join(" "),
    )
}

/// `line:column field code`
fn told_rejected(rejected: &RejectedLine) -> String {
    format!("{}:{} {} {}", rejected.line, rejected.column, rejected.field, rejected.code)
}

#[track_caller]
fn check_with(text: &str, options: &PriceOptions, prices: &[&str], rejected: &[&str]) {
    let parsed = read_prices(input(text), options).unwrap();
    assert_eq!(parsed.value.prices.iter().map(told_price).collect::<Vec<_>>(), prices, "prices of\n{text}");
    assert_eq!(parsed.rejected.iter().map(told_rejected).collect::<Vec<_>>(), rejected, "rejected of\n{text}");
}

#[track_caller]
fn check(text: &str, prices: &[&str], rejected: &[&str]) {
    check_with(text, &PriceOptions::default(), prices, rejected);
}

/// `code` or `code at line:column` where the error has a place.
fn told_error(error: &FileError) -> String {
    match (error.line, error.column) {
        (Some(line), Some(column)) => format!("{} at {line}:{column}", error.code),
        (Some(line), None) => format!("{} at {line}", error.code),
        _ => error.code.to_owned(),
    }
}

#[track_caller]
fn check_refused(text: &str, options: &PriceOptions, expected: &str) {
    let error = read_prices(input(text), options).expect_err("the file is refused");
    assert_eq!(told_error(&error), expected, "{text}");
}

#[test]
fn what_is_no_price_list_is_refused_by_name() {
    let check = |text: &str, code: &str, message: &str| {
        let error = read_prices(input(text), &PriceOptions::default()).unwrap_err();
        assert_eq!((told_error(&error).as_str(), error.message.as_str()), (code, message), "{text}");
    };
    let wrong = |found: &str| format!("the file holds {found}; this import reads prices");
    check("CurrencyCode,USDPerUnit,Month\n", "file.wrong_kind at 1", &wrong("exchange rates (usd-per-unit-csv)"));
    check("Date,USD,JPY,\n", "file.wrong_kind at 1", &wrong("exchange rates (ecb-history-csv)"));
    check("customer_id,name\n", "file.wrong_kind at 1", &wrong("customers"));
    check("subscription_id,customer_id,name\n", "file.wrong_kind at 1", &wrong("subscriptions"));
    check("meter_id,currency,unit_price,quantity,usage_date\n", "file.wrong_kind at 1", &wrong("usage"));
    check("ProductId,SkuId,TermDuration,BillingPlan,UnitPrice\n", "file.wrong_kind at 1", &wrong("licence prices"));
    check("a,b\n", "file.format_unknown at 1", "these are not the columns of prices: a, b");
    check(r#"{"value":[{"properties":{"usageStart":"2026-09-01"}}]}"#, "file.wrong_kind", &wrong("usage"));
    check("{}", "file.format_unknown", "a JSON price list has an array named Meters; this file has none");
}

#[test]
fn a_sheet_without_prices_is_refused() {
    let options = PriceOptions::default();
    check_refused("meter_id,currency,unit_price\n", &options, "price.file.no_prices");
    check_refused(r#"{"Currency":"USD","Meters":[]}"#, &options, "price.file.no_prices");
    let rate = PriceOptions { earned_credit_rate: Some("15".parse().unwrap()), ..options };
    check_refused("meter_id,currency,unit_price\nm,EUR,1\n", &rate, "price.line.earned_credit_out_of_range");
}

#[test]
fn formats_have_names() {
    for format in PriceFormat::ALL {
        assert_eq!(format.to_string().parse(), Ok(format));
    }
    let error = "excel".parse::<PriceFormat>().unwrap_err();
    let known = "azure-ratecard, azure-plan-csv, quittance-csv";
    assert_eq!(error.message, format!("\"excel\" is no format of prices; known are {known}"));
}

fn read_any(text: &str) -> Result<Parsed<billing::price::PriceSheet>, FileError> {
    read_prices(input(text), &PriceOptions::default())
}

/// Every record is either a price or set aside; nothing is lost between.
fn is_accounted_for(parsed: &Parsed<billing::price::PriceSheet>) -> bool {
    parsed.rejected.len() as u64 <= parsed.record_count
        && (parsed.record_count > parsed.rejected.len() as u64 || parsed.value.prices.is_empty())
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in ".{0,300}") {
        if let Ok(parsed) = read_any(&text) {
            prop_assert!(is_accounted_for(&parsed));
        }
    }

    #[test]
    fn arbitrary_rows_never_panic(rows in prop::collection::vec("[abm0-9eE.,\"\n/;-]{0,40}", 0..6)) {
        for header in ["meter_id,currency,unit_price,tier_from,tier_to,effective_until", plan::HEADER] {
            if let Ok(parsed) = read_any(&format!("{header}\n{}\n", rows.join("\n"))) {
                prop_assert!(is_accounted_for(&parsed));
            }
        }
    }

    #[test]
    fn arbitrary_meters_never_panic(meter in "[\\[\\]{}:,\"a-z0-9.-]{0,60}", rates in "[{}:,\"0-9.e-]{0,40}") {
        let meters = format!(r#"{meter},{{"MeterId":"m","MeterRates":{{{rates}}}}}"#);
        if let Ok(parsed) = read_any(&format!(r#"{{"Meters":[{meters}],"Currency":"USD"}}"#)) {
            prop_assert!(is_accounted_for(&parsed));
        }
    }
}
