//! Lists of tax rates.

use std::io::Cursor;

use billing::tax::TaxRule;
use formats::source::Input;
use formats::tax::read_tax_rates;
use proptest::prelude::*;

const ALL: &str = "code,rate,effective_from,effective_until,country,treatment,product,legal_note\n";
const NEEDED: &str = "code,rate,effective_from\n";

fn input(text: &str) -> Input {
    Input::new("rates", Cursor::new(text.as_bytes().to_vec()))
}

/// `code rate from..until country treatment product note`, with `*` for all of them and for no end.
fn told(rule: &TaxRule) -> String {
    let TaxRule { country, treatment, product, rate } = rule;
    let until = rate.days.until.map_or("*".to_owned(), |until| until.to_string());
    let [country, product] = [country, product].map(|word| word.as_deref().unwrap_or("*"));
    let (treatment, days) = (treatment.as_str(), format!("{}..{until}", rate.days.from));
    let told = format!("{} {} {days} {country} {treatment} {product} {}", rate.code, rate.rate, rate.legal_note);
    told.trim_end().to_owned()
}

#[track_caller]
fn check(text: &str, rules: &[&str], rejected: &[&str]) {
    let parsed = read_tax_rates(input(text)).unwrap();
    assert_eq!(parsed.value.iter().map(told).collect::<Vec<_>>(), rules, "rules of\n{text}");
    let told = parsed.rejected.iter().map(|line| format!("{}:{} {} {}", line.line, line.column, line.field, line.code));
    assert_eq!(told.collect::<Vec<_>>(), rejected, "rejected of\n{text}");
    assert_eq!(parsed.record_count, text.lines().count() as u64 - 1, "records of\n{text}");
}

#[track_caller]
fn check_refused(text: &str, code: &str, message: &str) {
    let error = read_tax_rates(input(text)).unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (code, message), "{text}");
}

#[test]
fn all_columns_are_kept() {
    check(
        &format!(
            "{ALL}FR-5.5,0.055,2026-01-01,2027-01-01,FR,standard,BOOK,\"Article 278-0 bis, CGI\"\n\
             FR-EX,0,2026-01-01,2026-01-02,FR,exempt,,Exempt\nFR-RC,0,2026-01-01,,FR,reverse_charge,,\n"
        ),
        &[
            "FR-5.5 0.055 2026-01-01..2027-01-01 FR standard BOOK Article 278-0 bis, CGI",
            "FR-EX 0 2026-01-01..2026-01-02 FR exempt * Exempt",
            "FR-RC 0 2026-01-01..* FR reverse_charge *",
        ],
        &[],
    );
}

#[test]
fn what_is_left_out_holds_for_all() {
    let all = "X-20 0.2 2026-01-01..* * standard *";
    check(&format!("{NEEDED}X-20,0.2,2026-01-01\n"), &[all], &[]);
    check(&format!("{ALL}X-20,0.2,2026-01-01,,,,,\n"), &[all], &[]);
    check(&format!("{ALL}X-20,0.2,2026-01-01,  , , , ,  \n"), &[all], &[]);
    check("note;Effective From;RATE;Code\nmine;2026-01-01;0.2;X-20\n", &[all], &[]);
    check(
        &format!("{NEEDED}X-0,0,2026-01-01\nX-100,1,2026-01-02\n"),
        &["X-0 0 2026-01-01..* * standard *", "X-100 1 2026-01-02..* * standard *"],
        &[],
    );
}

#[test]
fn blanks_and_case_do_not_count() {
    check(
        &format!("{ALL} x-20 , 0.2 , 2026-01-01 , 2027-01-01 , fr , Reverse_Charge , book , owed by you \n"),
        &["x-20 0.2 2026-01-01..2027-01-01 FR reverse_charge book owed by you"],
        &[],
    );
}

#[test]
fn lines_are_checked() {
    let check = |line: &str, rejected: &str| check(&format!("{ALL}{line}\n"), &[], &[rejected]);
    check(" ,0.2,2026-01-01,,FR,,,", "2:1 code tax.line.code_missing");
    check("FR-20,,2026-01-01,,FR,,,", "2:2 rate number.malformed");
    check("FR-20,20 %,2026-01-01,,FR,,,", "2:2 rate number.malformed");
    check("FR-20,20,2026-01-01,,FR,,,", "2:2 rate tax.line.rate_out_of_range");
    check("FR-20,1.0001,2026-01-01,,FR,,,", "2:2 rate tax.line.rate_out_of_range");
    check("FR-20,-0.2,2026-01-01,,FR,,,", "2:2 rate tax.line.rate_out_of_range");
    check("FR-20,0.2,,,FR,,,", "2:3 effective_from date.malformed");
    check("FR-20,0.2,01.01.2026,,FR,,,", "2:3 effective_from date.malformed");
    check("FR-20,0.2,2026-02-30,,FR,,,", "2:3 effective_from date.out_of_range");
    check("FR-20,0.2,2026-01-01T00:00+01:00,,FR,,,", "2:3 effective_from date.not_utc");
    check("FR-20,0.2,2026-01-01,never,FR,,,", "2:4 effective_until date.malformed");
    check("FR-20,0.2,2026-01-01,2026-01-01,FR,,,", "2:4 effective_until tax.line.ends_before_start");
    check("FR-20,0.2,2026-01-01,2025-12-31,FR,,,", "2:4 effective_until tax.line.ends_before_start");
    check("FR-20,0.2,2026-01-01,,UK,,,", "2:5 country tax.line.country_unknown");
    check("FR-20,0.2,2026-01-01,,France,,,", "2:5 country tax.line.country_unknown");
    check("FR-20,0.2,2026-01-01,,FR,zero,,", "2:6 treatment tax.line.treatment_unknown");
    check("FR-20,0.2,2026-01-01,,FR,reverse charge,,", "2:6 treatment tax.line.treatment_unknown");
    check("FR-20,0.2,2026-01-01,,FR,,", "2:0  csv.field_count");
}

#[test]
fn of_two_rates_for_one_case_none_is_taken() {
    let stands = "FR-10 0.1 2027-01-01..* FR standard *";
    let check = |first: &str, second: &str| {
        let rejected = ["2:2 rate tax.line.contradiction", "4:2 rate tax.line.contradiction"];
        check(&format!("{ALL}{first}\nFR-10,0.1,2027-01-01,,FR,,,\n{second}\n"), &[stands], &rejected);
    };
    let first = "FR-20,0.2,2026-01-01,,FR,,,";
    check(first, "FR-20,0.21,2026-01-01,,FR,,,");
    check(first, "FR-21,0.2,2026-01-01,,FR,,,");
    check(first, "FR-20,0.2,2026-01-01,2027-01-01,FR,,,");
    check(first, "FR-20,0.2,2026-01-01,,FR,,,As agreed");
    check(first, "FR-20,0.21,2026-01-01,,fr,Standard,,");
    check("X-20,0.2,2026-01-01,,,,,", "X-20,0.21,2026-01-01,,,,,");
}

#[test]
fn all_that_contradict_each_other_are_set_aside_in_the_order_of_the_file() {
    let lines = "FR-20,0.2,2026-01-01,,FR\nFR-20,x,2026-01-01,,FR\nFR-21,0.21,2026-01-01,,FR\n\
                 FR-19,0.19,2026-06-01,,FR\nFR-20,0.2,2026-01-01,,FR\n";
    check(
        &format!("code,rate,effective_from,effective_until,country\n{lines}"),
        &["FR-19 0.19 2026-06-01..* FR standard *"],
        &[
            "2:2 rate tax.line.contradiction",
            "3:2 rate number.malformed",
            "4:2 rate tax.line.contradiction",
            "6:2 rate tax.line.contradiction",
        ],
    );
}

#[test]
fn another_country_treatment_product_or_day_is_another_case() {
    check(
        &format!(
            "{ALL}A,0.1,2026-01-01,,FR,,,\nB,0.2,2026-01-01,,DE,,,\nC,0.3,2026-01-01,,,,,\n\
             D,0.4,2026-01-01,,FR,exempt,,\nE,0.5,2026-01-01,,FR,,BOOK,\nF,0.6,2026-01-02,,FR,,,\n"
        ),
        &[
            "A 0.1 2026-01-01..* FR standard *",
            "B 0.2 2026-01-01..* DE standard *",
            "C 0.3 2026-01-01..* * standard *",
            "D 0.4 2026-01-01..* FR exempt *",
            "E 0.5 2026-01-01..* FR standard BOOK",
            "F 0.6 2026-01-02..* FR standard *",
        ],
        &[],
    );
}

#[test]
fn the_same_said_again_counts_once() {
    let lines = "FR-20,0.2,2026-01-01,,FR,,,\nFR-20,0.20,1/1/2026,,fr,standard, ,\nFR-20,0.2,2026-01-01,,FR,,,\n";
    check(&format!("{ALL}{lines}"), &["FR-20 0.2 2026-01-01..* FR standard *"], &[]);
}

#[test]
fn what_is_no_list_of_rates_is_refused() {
    let wrong = |found: &str| format!("the file holds {found}; this import reads tax rates");
    check_refused("customer_id,name\n", "file.wrong_kind", &wrong("customers"));
    check_refused("meter_id,currency,unit_price\n", "file.wrong_kind", &wrong("prices (quittance-csv)"));
    check_refused("CurrencyCode,USDPerUnit,Month\n", "file.wrong_kind", &wrong("exchange rates (usd-per-unit-csv)"));
    check_refused("{\"Meters\":[]}", "file.wrong_kind", &wrong("JSON"));
    check_refused("code,percent\n", "file.format_unknown", "these are not the columns of tax rates: code, percent");
    check_refused(
        "code,rate,country\n",
        "csv.column_missing",
        "there is no column effective_from; the file has code, rate, country",
    );
    check_refused(NEEDED, "tax.file.no_rates", "the file has a header and no rates");
    check_refused(ALL, "tax.file.no_rates", "the file has a header and no rates");
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in ".{0,200}", rows in "[A-Z0-9.,/\n\"-]{0,80}") {
        for text in [text, format!("{NEEDED}{rows}"), format!("{ALL}{rows}")] {
            if let Ok(parsed) = read_tax_rates(input(&text)) {
                prop_assert!((parsed.value.len() + parsed.rejected.len()) as u64 <= parsed.record_count);
            }
        }
    }
}
