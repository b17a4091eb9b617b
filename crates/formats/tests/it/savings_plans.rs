//! What savings plans pay for, and what their offers commit.

use std::io::Cursor;

use billing::licence::Term;
use billing::savings_plan::{PlanPrice, PlanRate};
use formats::licence::{read_offers, read_savings_plans};
use formats::source::Input;

fn input(text: &str) -> Input {
    Input::new("plans", Cursor::new(text.as_bytes().to_vec()))
}

/// `product sku term meter price from..until`; `*` for no term and no end.
fn told(rate: &PlanRate) -> String {
    let price = match rate.price {
        PlanPrice::Discount(off) => format!("-{off}"),
        PlanPrice::UnitPrice(price) => format!("at {price}"),
    };
    let until = rate.effective.until.map_or("*".to_owned(), |until| until.to_string());
    let term = rate.term.map_or("*", Term::as_str);
    format!("{} {} {term} {} {price} {}..{until}", rate.product_id, rate.sku_id, rate.meter, rate.effective.from)
}

/// `line:column code` of what is set aside.
#[track_caller]
fn check(text: &str, rates: &[&str], rejected: &[&str]) {
    let parsed = read_savings_plans(input(text)).unwrap();
    assert_eq!(parsed.value.iter().map(told).collect::<Vec<_>>(), rates);
    let told_line = |line: &formats::error::RejectedLine| format!("{}:{} {}", line.line, line.column, line.code);
    assert_eq!(parsed.rejected.iter().map(told_line).collect::<Vec<_>>(), rejected);
}

const HEADER: &str = "product_id,sku_id,meter_id,discount,unit_price,effective_from,effective_until,term\n";

#[test]
fn all_columns_are_kept() {
    let rows = "SP,1,vm,0.31,,2026-01-01,2027-01-01,P1Y\nSP,1,sql, ,0.069,2026-01-01,,\nSP,1,vm,0.31,,2026-01-01,2027-01-01,p1y\n";
    let expected = ["SP 1 P1Y vm -0.31 2026-01-01..2027-01-01", "SP 1 * sql at 0.069 2026-01-01..*"];
    check(&format!("{HEADER}{rows}"), &expected, &[]);
    check(
        "Meter ID;Product_id;sku_id;discount;effective_from\nvm;SP;1;1;1/2/2026\n",
        &["SP 1 * vm -1 2026-01-02..*"],
        &[],
    );
}

#[test]
fn bad_fields_are_set_aside_with_their_place() {
    let rows = "SP,1,vm,1.5,,2026-01-01,,\nSP,1,vm,-0.1,,2026-01-01,,\nSP,1,vm,,-1,2026-01-01,,\nSP,1,vm,0.1,1,2026-01-01,,\n\
                SP,1,vm,,,2026-01-01,,\nSP,1,,0.1,,2026-01-01,,\n,1,vm,0.1,,2026-01-01,,\nSP,1,vm,0.1,,2026-13-01,,\n\
                SP,1,vm,0.1,,2026-01-01,2026-01-01,\nSP,1,vm,0.1,,2026-01-01,,P2Y\nSP,1,vm,much,,2026-01-01,,\n";
    let rejected = [
        "2:4 licence.line.discount_out_of_range",
        "3:4 licence.line.discount_out_of_range",
        "4:5 licence.line.price_negative",
        "5:4 licence.line.one_price",
        "6:4 licence.line.one_price",
        "7:3 licence.line.field_missing",
        "8:1 licence.line.field_missing",
        "9:6 date.out_of_range",
        "10:7 licence.line.ends_before_start",
        "11:8 licence.line.word_unknown",
        "12:4 number.malformed",
    ];
    check(&format!("{HEADER}{rows}"), &[], &rejected);
}

#[test]
fn lines_in_force_on_one_day_are_all_set_aside() {
    let row = |from: &str, until: &str, term: &str, off: &str| format!("SP,1,vm,{off},,2026-{from},{until},{term}\n");
    let rows = [
        row("01-01", "2026-07-01", "", "0.1"),
        // It begins where that one ends.
        row("07-01", "2026-09-01", "", "0.2"),
        row("08-01", "2026-08-02", "", "0.3"),
        row("08-20", "2026-10-01", "", "0.3"),
        row("11-01", "", "", "0.4"),
        // Of another term, and of another plan.
        row("01-01", "", "P1Y", "0.5"),
        "SP,2,vm,0.1,,2026-01-01,,\n".to_owned(),
    ];
    let expected = [
        "SP 1 * vm -0.1 2026-01-01..2026-07-01",
        "SP 1 * vm -0.4 2026-11-01..*",
        "SP 1 P1Y vm -0.5 2026-01-01..*",
        "SP 2 * vm -0.1 2026-01-01..*",
    ];
    let rejected = ["3:6 licence.line.overlap", "4:6 licence.line.overlap", "5:6 licence.line.overlap"];
    check(&format!("{HEADER}{}", rows.concat()), &expected, &rejected);
    let contradiction = ["2:4 licence.line.contradiction", "3:4 licence.line.contradiction"];
    let rows = row("01-01", "", "", "0.1") + &row("01-01", "", "", "0.2");
    check(&format!("{HEADER}{rows}"), &[], &contradiction);
}

#[test]
fn files_that_are_something_else_are_refused() {
    let code = |text: &str| read_savings_plans(input(text)).unwrap_err().code;
    assert_eq!(code(HEADER), "licence.file.no_rows");
    assert_eq!(code("product_id,sku_id,meter_id,effective_from\nSP,1,vm,2026-01-01\n"), "file.format_unknown");
    assert_eq!(code("product_id,meter_id,discount,effective_from\nSP,vm,0.1,2026-01-01\n"), "csv.column_missing");
}

/// What the offer commits, or `line:column code`.
#[track_caller]
fn check_offer(row: &str, expected: &str) {
    let header = "product_id,sku_id,term,billing_plan,unit_price,currency,effective_from,category,hourly_commitment";
    let parsed = read_offers(input(&format!("{header}\n{row}\n"))).unwrap();
    let offers = parsed.value.iter().map(|offer| format!("{:?}", offer.hourly_commitment.map(|one| one.to_string())));
    let rejected = parsed.rejected.iter().map(|line| format!("{}:{} {}", line.line, line.column, line.code));
    assert_eq!(offers.chain(rejected).collect::<Vec<_>>(), [expected]);
}

#[test]
fn a_savings_plan_may_commit_so_much_an_hour() {
    check_offer("SP,1,P1Y,monthly,700,EUR,2026-01-01,savings_plan,0.05", "Some(\"0.05\")");
    check_offer("SP,1,P1Y,monthly,700,EUR,2026-01-01,savings_plan,0", "Some(\"0\")");
    check_offer("SP,1,P1Y,monthly,700,EUR,2026-01-01,savings_plan,", "None");
    check_offer("SP,1,P1Y,monthly,700,EUR,2026-01-01,savings_plan,-1", "2:9 licence.line.commitment_negative");
    check_offer("SP,1,P1Y,monthly,7,EUR,2026-01-01,licence,1", "2:9 licence.line.commitment_misplaced");
    check_offer("SP,1,,one_time,7,EUR,2026-01-01,savings_plan,1", "2:9 licence.line.commitment_misplaced");
    let long = format!("SP,1,P1Y,monthly,700,EUR,2026-01-01,savings_plan,0.{}", "1".repeat(25));
    check_offer(&long, "2:9 licence.line.price_too_long");
}
