//! Quittance's own price list.

use formats::price::{PriceOptions, read_prices};
use jiff::civil::date;

use super::{check, check_refused, check_with, input};

#[test]
fn lines_of_one_price_form_a_tier_table() {
    check("meter_id,currency,unit_price\nM1,eur,0.10\n", &[r#"m1 EUR 1990-01-01.. "" 0@Billable 0 | 0:0.1"#], &[]);
    // Starts in any order; a blank repeats what another line says.
    check(
        "Meter ID;Currency;Unit-Price;tier_from;unit_of_measure;included_quantity;tier_basis\n\
         m;USD;0.07;51200;;;\nm;USD;0.087;;10 GB;5;consumed\nm;USD;8.3e-2;10240;10 GB;;\n",
        &[r#"m USD 1990-01-01.. "10 GB" 5@Consumed 0 | 0:0.087 10240:0.083 51200:0.07"#],
        &[],
    );
    // Bounds; versions and currencies are prices of their own.
    check(
        "meter_id,currency,unit_price,tier_from,tier_to,effective_from,effective_until,earned_credit_rate\n\
         m,USD,2,0,10.5,2026-09-01,2026-10-01,0.15\nm,USD,1,10.5,,2026-09-01,2026-10-01,\n\
         m,USD,3,,,10/1/2026,,\nm,EUR,4,,,,,\n",
        &[
            r#"m EUR 1990-01-01.. "" 0@Billable 0 | 0:4"#,
            r#"m USD 2026-09-01..2026-10-01 "" 0@Billable 0.15 | 0:2 10.5:1"#,
            r#"m USD 2026-10-01.. "" 0@Billable 0 | 0:3"#,
        ],
        &[],
    );
}

#[test]
fn a_meter_with_a_bad_line_is_left_out_as_a_whole() {
    check(
        "meter_id,currency,unit_price,tier_from\nm,USD,1,0\nm,USD,x,10\nk,USD,1,0\nm,EUR,1,0\n",
        &[r#"k USD 1990-01-01.. "" 0@Billable 0 | 0:1"#],
        &[
            "2:1 meter_id price.line.meter_rejected",
            "3:3 unit_price number.malformed",
            "5:1 meter_id price.line.meter_rejected",
        ],
    );
    // A line that is no CSV record still names its meter; one that names none harms nobody else.
    check(
        "meter_id,currency,unit_price\nm,USD,1\nm,USD,1,9\nk,USD,1\n,USD,1\n",
        &[r#"k USD 1990-01-01.. "" 0@Billable 0 | 0:1"#],
        &["2:1 meter_id price.line.meter_rejected", "3:0  csv.field_count", "5:1 meter_id id.empty"],
    );
    // An unclosed quote swallows lines; their meters are left out as well.
    check(
        "meter_id,currency,unit_price\nm,USD,1\nk,USD,1\nx,USD,\"1\nm,USD,2\n",
        &[r#"k USD 1990-01-01.. "" 0@Billable 0 | 0:1"#],
        &["2:1 meter_id price.line.meter_rejected", "4:0  csv.quote_unclosed"],
    );
}

#[test]
fn fields_are_checked() {
    let check_line = |field: &str, value: &str, rejected: &str| {
        let (header, line) = ("meter_id,currency,unit_price", "m,USD,1");
        check(&format!("{header},{field}\n{line},{value}\n"), &[], &[&format!("2:4 {field} {rejected}")]);
    };
    check_line("tier_from", "-1", "price.tier.start_negative");
    check_line("tier_from", "5", "price.tier.missing");
    check_line("tier_from", "1e99", "number.out_of_range");
    check_line("tier_to", "ten", "number.malformed");
    check_line("included_quantity", "-5", "price.line.included_quantity_negative");
    check_line("tier_basis", "total", "price.line.tier_basis_unknown");
    check_line("effective_from", "2026-02-30", "date.out_of_range");
    check_line("effective_from", "soon", "date.malformed");
    check_line("effective_until", "1990-01-01", "price.line.ends_before_start");
    check_line("effective_until", "2026-09-01T00:00:00+02:00", "date.not_utc");
    check_line("earned_credit_rate", "15", "price.line.earned_credit_out_of_range");
    check("meter_id,currency,unit_price\nm,XXQ,1\n", &[], &["2:2 currency currency.unknown"]);
    check("meter_id,currency,unit_price\nm,USD,-1\n", &[], &["2:3 unit_price price.tier.price_negative"]);
}

#[test]
fn a_tier_table_is_refused_where_it_breaks() {
    let header = "meter_id,currency,unit_price,tier_from,tier_to\n";
    let check = |lines: &str, rejected: &[&str]| check(&format!("{header}{lines}"), &[], rejected);
    check(
        "m,USD,1,0,\nm,USD,2,0.0,\n",
        &["2:1 meter_id price.line.meter_rejected", "3:4 tier_from price.tier.overlap"],
    );
    check(
        "m,USD,1,0,10\nm,USD,2,9,\n",
        &["2:1 meter_id price.line.meter_rejected", "3:4 tier_from price.tier.overlap"],
    );
    check(
        "m,USD,1,0,10\nm,USD,2,12,\n",
        &["2:4 tier_from price.tier.missing", "3:1 meter_id price.line.meter_rejected"],
    );
    check(
        "m,USD,1,0,10\nm,USD,2,10,20\n",
        &["2:1 meter_id price.line.meter_rejected", "3:4 tier_from price.tier.missing"],
    );
}

#[test]
fn lines_of_one_price_may_not_contradict_each_other() {
    let header = "meter_id,currency,unit_price,tier_from,unit_of_measure,effective_until,included_quantity\n";
    let first = "m,USD,1,0,1 Hour,2026-10-01,5\n";
    let check = |line: &str, rejected: &str| {
        check(&format!("{header}{first}{line}\n"), &[], &["2:1 meter_id price.line.meter_rejected", rejected]);
    };
    check("m,USD,1,10,1 Day,2026-10-01,5", "3:5 unit_of_measure price.line.contradiction");
    check("m,USD,1,10,1 Hour,,5", "3:6 effective_until price.line.contradiction");
    check("m,USD,1,10,,2026-10-01,6", "3:7 included_quantity price.line.contradiction");
    let text = format!("{header}{first}m,USD,1,10,1 Day,2026-10-01,5\n");
    let parsed = read_prices(input(text), &PriceOptions::default()).unwrap();
    assert_eq!(parsed.rejected[1].message, r#""1 Day" here and "1 Hour" on line 2, for the same price"#);
    assert_eq!(parsed.rejected[1].raw, b"m,USD,1,10,1 Day,2026-10-01,5");
    assert_eq!(parsed.record_count, 2);
}

#[test]
fn options_put_a_list_into_force_and_fill_in_the_credit() {
    let options = PriceOptions {
        effective_from: Some(date(2026, 10, 1)),
        earned_credit_rate: Some("0.15".parse().unwrap()),
        ..PriceOptions::default()
    };
    check_with(
        "meter_id,currency,unit_price,effective_from,effective_until,earned_credit_rate\n\
         a,USD,1,2020-01-01,2020-02-01,\nb,USD,1,,,0\n",
        &options,
        &[r#"a USD 2026-10-01.. "" 0@Billable 0.15 | 0:1"#, r#"b USD 2026-10-01.. "" 0@Billable 0 | 0:1"#],
        &[],
    );
    // Two versions would both start on that day: equal ones are one, others are refused.
    check_with(
        "meter_id,currency,unit_price,effective_from\na,USD,1,2020-01-01\na,USD,1,2021-01-01\n\
         b,USD,1,2020-01-01\nb,USD,2,2021-01-01\n",
        &options,
        &[r#"a USD 2026-10-01.. "" 0@Billable 0.15 | 0:1"#],
        &["4:1 meter_id price.line.meter_rejected", "5:1 meter_id price.meter.duplicate"],
    );
}

#[test]
fn the_file_as_such_may_be_refused() {
    let forced = PriceOptions { format: Some(formats::price::PriceFormat::QuittanceCsv), ..PriceOptions::default() };
    check_refused("meter_id,unit_price\nm,1\n", &forced, "csv.column_missing at 1");
    check_refused("meter_id,currency,unit_price,MeterId\nm,EUR,1,k\n", &forced, "csv.column_duplicate at 1:4");
    check_refused("", &forced, "file.empty");
}
