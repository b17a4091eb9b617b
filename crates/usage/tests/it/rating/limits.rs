//! Months that are large, long or wide.

use billing::period::DayRange;
use billing::ports::UsageStore;
use billing::price::{MeterPrice, Tier, TierTable};
use billing::usage::UsageRecord;
use jiff::civil::date;
use usage::Limits;

use super::months::Chance;
use super::naive::Failure;
use super::party::{Party, d, price, scope, used};
use super::world::Books;

const SMALL_FILES: Limits = Limits {
    rows_per_chunk: 700,
    text_bytes_per_chunk: 1 << 20,
    rows_per_rated_file: 200,
    rating_threads: 2,
    disk_bytes: None,
};

#[test]
fn a_plan_with_half_of_all_rows_is_cut_into_files() {
    for heavy in ["plan-1", "plan-5", "plan-9"] {
        let records: Vec<_> = (0..4_000_u64)
            .map(|number| {
                let plan = if number % 2 == 0 { heavy.to_owned() } else { format!("plan-{}", number / 2 % 9 + 1) };
                used(&format!("r-{number}"), &plan, "meter-1", number / 7 % 30 + 1, "0.25")
            })
            .collect();
        let party = Party::with_plans(9, vec![price("meter-1", "3")]);
        let run = Books::with_records(SMALL_FILES, party, &records).check().unwrap();
        assert!(run.files.len() >= 10, "{} files", run.files.len());
    }
}

#[test]
fn a_thousand_imports_of_three_rows_make_a_month() {
    let limits = Limits { rows_per_rated_file: 900, ..SMALL_FILES };
    let mut books = Books::new(limits, Party::with_plans(50, vec![price("meter-1", "3")]));
    let mut manifest = Vec::new();
    for import in 0..1_000_u64 {
        let row = |number: u64| {
            let plan = format!("plan-{}", (import * 7 + number * 3) % 50 + 1);
            used(&format!("r-{import}-{number}"), &plan, "meter-1", (import * 11) % 30 + 1, "1.5")
        };
        // None of the ids comes twice, so an import does not have to look through those before it.
        books.usage.manifest.clear();
        books.usage.import(&[row(0), row(1), row(2)]);
        manifest.append(&mut books.usage.manifest);
    }
    (1..).zip(&mut manifest).for_each(|(place, file)| file.place = place);
    books.usage.manifest = manifest;
    assert_eq!(books.check().unwrap().said.lines.len(), 3_000);
}

#[test]
fn a_meter_with_a_thousand_prices_prices_each_day() {
    let first = date(2024, 1, 6);
    let versions = (0..1_000_i64).map(|number| {
        let from = first.saturating_add(jiff::Span::new().days(number));
        let effective = DayRange { from, until: None };
        MeterPrice { effective, ..price("meter-1", &format!("{number}.25")) }
    });
    let records: Vec<_> = (1..=3).flat_map(|plan| (1..=30).map(move |day| (plan, day))).collect();
    let records: Vec<_> = records
        .into_iter()
        .map(|(plan, day)| used(&format!("r-{plan}-{day}"), &format!("plan-{plan}"), "meter-1", day, "10"))
        .collect();
    let run = Books::with_records(SMALL_FILES, Party::with_plans(3, versions.collect()), &records).check().unwrap();
    // The last version starts on 1 October; the month's first day has number 969.
    let found: Vec<_> = run.said.lines.iter().take(30).map(|line| line.figures.unit_price.to_string()).collect();
    let expected: Vec<_> = (969..999).map(|number| format!("{number}.25")).collect();
    assert_eq!(found, expected);
}

#[test]
fn quantities_of_twenty_decimals_are_priced_to_the_last() {
    let quantities =
        ["123456789.12345678901234567891", "0.00000000000000000001", "-2.5", "7", "0.00000000000000000003"];
    let records =
        (1..).zip(quantities).map(|(day, quantity)| used(&format!("r-{day}"), "plan-1", "meter-1", day, quantity));
    let party = Party::with_plans(1, vec![price("meter-1", "0.07")]);
    let run = Books::with_records(SMALL_FILES, party, &records.collect::<Vec<_>>()).check().unwrap();
    let found: Vec<_> = run.said.lines.iter().map(|line| line.figures.pricing_total.to_string()).collect();
    let expected =
        ["8641975.2386419752308641975237", "0.0000000000000000000007", "-0.175", "0.49", "0.0000000000000000000021"];
    assert_eq!(found, expected);
}

/// Columns of one file have 38 digits in all, before the point and after it.
#[test]
fn lines_that_cannot_stand_in_one_file_stand_in_several() {
    let wide = ["a-wide", "c-wide"].map(|meter| price(meter, "1000000000000000"));
    let fine = ["b-fine", "d-fine"].map(|meter| price(meter, "0.000000000001"));
    let party = Party::with_plans(4, wide.into_iter().chain(fine).chain([price("e-plain", "3")]).collect());
    let records: Vec<UsageRecord> = (1..=4_u64)
        .flat_map(|plan| {
            let rows = [
                ("a-wide", "999999999999.875"),
                ("b-fine", "0.00000000000000000000000001"),
                ("c-wide", "-999999999999"),
                ("d-fine", "-0.00000000000000000000000009"),
                ("e-plain", "12"),
            ];
            rows.map(move |(meter, quantity)| {
                used(&format!("{plan}-{meter}"), &format!("plan-{plan}"), meter, plan, quantity)
            })
        })
        .collect();
    for rows_per_rated_file in [1, 3, 1_000] {
        let limits = Limits { rows_per_rated_file, ..SMALL_FILES };
        let run = Books::with_records(limits, party.clone(), &records).check().unwrap();
        assert_eq!(run.said.lines[1].figures.pricing_total, d("0.00000000000000000000000000000000000001"));
        // After each line of a plan but the last a file ends.
        assert!(run.files.len() >= 13, "{} files", run.files.len());
    }
}

/// So have prices: here none of a plan's three fits beside another.
#[test]
fn prices_that_cannot_stand_in_one_file_stand_in_several() {
    let prices = [
        price("a-dear", "1000000000000000000000000000000"),
        price("b-cheap", "0.0000000000000000000000000001"),
        price("c-both", "123456789012345678.12345678901234567891"),
    ];
    let records: Vec<_> = (1..=3_u64)
        .flat_map(|plan| {
            let rows = [("a-dear", "0.0000000000001"), ("b-cheap", "12345.5"), ("c-both", "1"), ("d-unknown", "1")];
            rows.map(|(meter, quantity)| {
                used(&format!("{plan}-{meter}"), &format!("plan-{plan}"), meter, plan, quantity)
            })
        })
        .collect();
    let run = Books::with_records(SMALL_FILES, Party::with_plans(3, prices.into()), &records).check().unwrap();
    assert_eq!((run.said.lines.len(), run.files.len()), (9, 9));
    // 39 digits have no room even alone.
    let long = price("a-long", "1.00000000000000000000000000000000000001");
    let records = [used("r-1", "plan-1", "a-long", 1, "1")];
    let refused = Books::with_records(SMALL_FILES, Party::with_plans(1, vec![long]), &records).check().unwrap_err();
    assert_eq!(refused.0, "number.out_of_range");
}

/// A day that leaves the included quantity by a hair has a price of 15 digits far behind the point.
#[test]
fn a_blended_price_may_have_no_room_beside_a_long_one() {
    let mut hair = price("b-hair", "0.000123");
    hair.included_quantity = d("1000");
    let records = [used("r-1", "plan-1", "a-long", 1, "1"), used("r-2", "plan-1", "b-hair", 1, "1000.0000000001")];
    let party = Party::with_plans(1, vec![price("a-long", "12345678"), hair]);
    let run = Books::with_records(SMALL_FILES, party, &records).check().unwrap();
    assert_eq!(run.files.len(), 2);
}

/// More rows than are decoded at once or stand on one page, of two plans with another party's between them.
#[test]
fn a_large_month_is_rated_batch_by_batch() {
    let tier = |from: &str, unit_price: &str| Tier { from: d(from), unit_price: d(unit_price) };
    let tiers = TierTable::new(vec![tier("0", "1"), tier("1000", "0.8"), tier("5000.5", "0.33")]).unwrap();
    let mut party = Party::with_plans(2, vec![price("meter-1", "0"), price("meter-2", "0.07")]);
    party.sheets[0].prices[0].tiers = tiers;
    let mut chance = Chance::new(36_000);
    let mut records: Vec<_> = (0..42_000_u64)
        .map(|number| {
            let (plan, meter, days) = match number % 7 {
                0..3 => ("plan-1", "meter-1", 3),
                3 => ("plan-1-of-another", "meter-1", 30),
                _ => ("plan-2", ["meter-1", "meter-2", "meter-3"][chance.between(0, 3)], 30),
            };
            let quantity = format!("{}.{}", chance.below(3), chance.below(1_000));
            used(&format!("r-{number}"), plan, meter, chance.below(days) + 1, &quantity)
        })
        .collect();
    chance.shuffle(&mut records);
    let mut books = Books::new(Limits { rating_threads: 1, ..Limits::default() }, party);
    records.chunks(14_000).for_each(|records| _ = books.usage.import(records));
    let run = books.check().unwrap();
    assert_eq!(run.files.len(), 1);
    for after in [4_095, 8_191, 8_192, 16_380, 30_000, run.said.lines.len() - 3] {
        let read = books.usage.store.read_rated(&run.files, u64::try_from(after).unwrap(), 5, &|_| true).unwrap();
        assert!(read.iter().map(|(_, line)| line).eq(run.said.lines[after..].iter().take(5)), "after {after}");
    }
}

/// Rates quantities of the first days of one scope: what they cost together, or the code of the refusal.
#[track_caller]
fn check_total(unit_price: &str, late_from: Option<&str>, quantities: &[&str], expected: Result<&str, &str>) {
    let mut party = Party::with_plans(1, vec![price("meter-1", unit_price)]);
    party.late_from.extend(late_from.map(|consumed| (scope("c-0", "plan-1", "meter-1", "2026-09"), d(consumed))));
    let records: Vec<_> = (1..)
        .zip(quantities)
        .map(|(day, quantity)| used(&format!("r-{day}"), "plan-1", "meter-1", day, quantity))
        .collect();
    let checked = Books::with_records(SMALL_FILES, party, &records).check();
    let found = checked.map(|run| {
        billing::decimal::sum(run.said.lines.iter().map(|line| line.figures.pricing_total)).unwrap().to_string()
    });
    let found = found.as_deref().map_err(|Failure(code, _)| *code);
    assert_eq!(found, expected, "{quantities:?} at {unit_price}");
}

/// A sum has at most 128 bits, 1.7 with 38 digits behind; a figure of a line has 38 digits.
#[test]
fn a_total_is_exact_to_its_limit_and_refused_beyond() {
    let too_large = Err("number.out_of_range");
    let low = "850000000000.00000000000000000000000001";
    check_total("1", None, &[low, low], Ok("1700000000000.00000000000000000000000002"));
    check_total("1", None, &[low, low, "-1"], Ok("1699999999999.00000000000000000000000002"));
    check_total("1", None, &[low, low, low], too_large);
    let high = "860000000000.00000000000000000000000001";
    check_total("1", None, &[high, high], too_large);
    check_total("0", None, &[high, high], too_large);
    check_total("1", None, &[high, "-1", high], too_large);
    // Without the last digit the sum is as short as any.
    check_total("1", None, &["999999999999", "999999999999", "999999999999"], Ok("2999999999997"));
    let consumed = "1700000000000.00000000000000000000000001";
    check_total("1", Some(consumed), &["0.00000000000000000000000001"], Ok("0.00000000000000000000000001"));
    check_total("1", Some(consumed), &["2000000000"], too_large);
    check_total("1", Some(consumed), &["-1", "2000000000"], too_large);
    // Billing totals at ten decimals have 38 digits each, and add up to more.
    check_total("10000000000000000", None, &["999999999999"; 9], Ok("89999999999910000000000000000"));
    check_total("10000000000000000", None, &["999999999999.5", "-999999999999.5"], Ok("0"));
    let (fine, total) = ("999999999999.00000000000000000000000001", "9999999999990000000000000000.0000000001");
    check_total("10000000000000000", None, &[fine], Ok(total));
    check_total("10000000000000000", None, &[fine, fine], too_large);
    // 39 digits are exact, but no file can hold them.
    check_total("2", None, &["600000000000.00000000000000000000000001"], too_large);
    check_total("2", None, &["1", "600000000000.00000000000000000000000001"], too_large);
    check_total("100000000000000000", None, &["999999999999"], too_large);
}
