//! The price sheet of the Azure plan.

use formats::price::{PriceOptions, read_prices};

use super::{check, check_with, input};

pub(super) const HEADER: &str = "ProductTitle,ProductId,SkuId,SkuTitle,Publisher,SkuDescription,UnitOfMeasure,\
    TermDuration,Market,Currency,UnitPrice,PricingTierRangeMin,PricingTierRangeMax,EffectiveStartDate,\
    EffectiveEndDate,MeterIds,MeterType,Tags";

const OPEN: &str = "11/30/9999 11:59:59 PM";

/// A line of a sheet that sells a product for 1 USD.
struct Line<'a> {
    product: &'a str,
    price: &'a str,
    range: [&'a str; 2],
    dates: [&'a str; 2],
    meters: &'a str,
    tags: &'a str,
}

impl Default for Line<'_> {
    fn default() -> Self {
        let (product, price, meters, tags) = ("P", "1", "m1", "Azure;Consumption");
        Line { product, price, range: ["", ""], dates: ["9/1/2026 12:00:00 AM", OPEN], meters, tags }
    }
}

fn sheet(lines: &[Line<'_>]) -> String {
    let quoted = |fields: [&str; 18]| fields.map(|field| format!("\"{field}\"")).join(",");
    let written = lines.iter().map(|line| {
        let [min, max] = line.range;
        let [start, end] = line.dates;
        quoted([
            "Title",
            line.product,
            "01AB",
            "Sku",
            "Microsoft",
            "text, with comma",
            "1 Hour",
            "payG-1",
            "US",
            "USD",
            line.price,
            min,
            max,
            start,
            end,
            line.meters,
            "1 Compute Hour",
            line.tags,
        ])
    });
    format!("{HEADER}\r\n{}\r\n", written.collect::<Vec<_>>().join("\r\n"))
}

#[test]
fn ranges_become_tiers_and_inclusive_ends_are_converted() {
    let range = |price, range| Line { price, range, ..Line::default() };
    check(
        &sheet(&[
            range("0.50", ["100001", "9223372036854780000"]),
            range("0.80", ["101", "100000"]),
            range("1", ["1", "100"]),
        ]),
        &[r#"m1 USD 2026-09-01.. "1 Hour" 0@Billable 0 | 0:1 100:0.8 100000:0.5"#],
        &[],
    );
    let dated = |dates| Line { dates, ..Line::default() };
    check(
        &sheet(&[dated(["9/1/2026 12:00:00 AM", "9/30/2026 11:59:59 PM"]), dated(["10/1/2026 12:00:00 AM", OPEN])]),
        &[
            r#"m1 USD 2026-09-01..2026-10-01 "1 Hour" 0@Billable 0 | 0:1"#,
            r#"m1 USD 2026-10-01.. "1 Hour" 0@Billable 0 | 0:1"#,
        ],
        &[],
    );
}

#[test]
fn a_line_is_the_price_of_all_its_meters() {
    check(
        &sheet(&[Line { meters: "m1; M2,m1", ..Line::default() }]),
        &[r#"m1 USD 2026-09-01.. "1 Hour" 0@Billable 0 | 0:1"#, r#"m2 USD 2026-09-01.. "1 Hour" 0@Billable 0 | 0:1"#],
        &[],
    );
    // What is wrong with one of them takes the others along, since their line is set aside.
    check(
        &sheet(&[
            Line { meters: "m1;m2", ..Line::default() },
            Line { product: "Q", meters: "m2;m3", price: "x", ..Line::default() },
            Line { product: "R", meters: "m4", ..Line::default() },
        ]),
        &[r#"m4 USD 2026-09-01.. "1 Hour" 0@Billable 0 | 0:1"#],
        &["2:16 MeterIds price.line.meter_rejected", "3:11 UnitPrice number.malformed"],
    );
}

#[test]
fn a_table_that_lost_a_line_is_never_in_force() {
    let ranges = [["1", "100"], ["101", "1000"], ["1001", "9223372036854780000"]];
    for lost in 0..ranges.len() {
        let kept = ranges.iter().enumerate().filter(|(index, _)| *index != lost);
        let lines: Vec<_> = kept.map(|(_, range)| Line { range: *range, ..Line::default() }).collect();
        let parsed = read_prices(input(sheet(&lines)), &PriceOptions::default()).unwrap();
        assert_eq!(parsed.value.prices, vec![], "line {lost} is lost");
        assert!(parsed.rejected.iter().any(|line| line.code == "price.tier.missing"), "line {lost} is lost");
    }
}

#[test]
fn a_meter_in_two_products_needs_one_price() {
    let product = |product, price| Line { product, price, ..Line::default() };
    check(
        &sheet(&[product("P", "1"), product("Q", "1.00")]),
        &[r#"m1 USD 2026-09-01.. "1 Hour" 0@Billable 0 | 0:1"#],
        &[],
    );
    check(
        &sheet(&[product("Q", "1"), product("P", "2")]),
        &[],
        &["2:16 MeterIds price.line.meter_rejected", "3:16 MeterIds price.meter.duplicate"],
    );
}

#[test]
fn tags_decide_about_the_credit_and_reservations_are_set_aside() {
    let options = PriceOptions { earned_credit_rate: Some("0.15".parse().unwrap()), ..PriceOptions::default() };
    let tagged = |meters, tags| Line { meters, tags, product: meters, ..Line::default() };
    check_with(
        &sheet(&[
            tagged("m1", "Azure;Consumption"),
            tagged("m2", "Azure,Consumption,Third Party"),
            tagged("", "Azure;Reservation"),
            tagged("m1", "Reservation"),
            tagged("", "Azure"),
        ]),
        &options,
        &[
            r#"m1 USD 2026-09-01.. "1 Hour" 0@Billable 0.15 | 0:1"#,
            r#"m2 USD 2026-09-01.. "1 Hour" 0@Billable 0 | 0:1"#,
        ],
        &[
            "4:18 Tags price.line.reservation",
            "5:18 Tags price.line.reservation",
            "6:16 MeterIds price.line.meter_missing",
        ],
    );
}

#[test]
fn fields_are_checked() {
    let check = |line: Line<'_>, rejected: &str| check(&sheet(&[line]), &[], &[rejected]);
    let (start, dates) = ("9/1/2026 12:00:00 AM", |start, end| [start, end]);
    check(
        Line { dates: dates("13/1/2026 12:00:00 AM", OPEN), ..Line::default() },
        "2:14 EffectiveStartDate date.out_of_range",
    );
    check(
        Line { dates: dates("9/1/2026 25:00:00 AM", OPEN), ..Line::default() },
        "2:14 EffectiveStartDate date.malformed",
    );
    check(
        Line { dates: dates(start, "8/31/2026 11:59:59 PM"), ..Line::default() },
        "2:15 EffectiveEndDate price.line.ends_before_start",
    );
    check(Line { dates: dates(start, ""), ..Line::default() }, "2:15 EffectiveEndDate date.malformed");
    check(Line { range: ["5", ""], ..Line::default() }, "2:12 PricingTierRangeMin price.tier.missing");
    check(Line { price: "-1", ..Line::default() }, "2:11 UnitPrice price.tier.price_negative");
    check(Line { price: "1e40", ..Line::default() }, "2:11 UnitPrice number.out_of_range");
}

#[test]
fn lines_of_one_price_may_not_contradict_each_other() {
    let first = Line { range: ["1", "100"], ..Line::default() };
    let second =
        Line { range: ["101", ""], dates: ["9/1/2026 12:00:00 AM", "9/30/2026 11:59:59 PM"], ..Line::default() };
    check(
        &sheet(&[first, second]),
        &[],
        &["2:16 MeterIds price.line.meter_rejected", "3:15 EffectiveEndDate price.line.contradiction"],
    );
}
