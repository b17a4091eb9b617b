//! Rated lines as they are read back: every field, page by page, or a file that cannot be read.

use std::fs;

use billing::period::DayRange;
use billing::ports::{RatingFailure, StoredFile, UsageStore};
use billing::price::{MeterPrice, OfferTerm, Product};
use billing::rate::{DayFactors, LineFigures};
use billing::usage::{MeterDescription, RecordOrigin, UsageRecord};
use jiff::civil::date;
use usage::Limits;

use super::party::{Party, d, days, price, scope, sheet, used};
use super::world::{Books, NO_PARTS, rate, read_back};
use crate::samples::full;

/// A price with something in every text, told from others by `name`.
fn described(meter: &str, unit_price: &str, currency: &str, name: &str) -> MeterPrice {
    let text = |field: &str| format!("{field} of {name}, ünïcode \u{1F600}, \"quoted\"");
    MeterPrice {
        currency: currency.parse().unwrap(),
        unit_of_measure: format!("10 {name}"),
        meter: MeterDescription {
            category: text("category"),
            subcategory: text("subcategory"),
            name: text("meter"),
            region: text("region"),
        },
        product: Product {
            product_id: text("product id"),
            sku_id: text("sku id"),
            availability_id: text("availability id"),
            product_name: text("product name"),
            sku_name: text("sku name"),
            publisher_name: text("publisher name"),
            publisher_id: text("publisher id"),
        },
        ..price(meter, unit_price)
    }
}

fn full_of(id: &str, plan: &str, meter: &str, day: u64, quantity: &str) -> UsageRecord {
    let plain = used(id, plan, meter, day, quantity);
    let UsageRecord { subscription_id, meter_id, usage_date, quantity, .. } = plain;
    UsageRecord { subscription_id, meter_id, usage_date, quantity, ..full(id) }
}

fn every_field() -> Vec<UsageRecord> {
    let mut records = Vec::new();
    for (number, plan) in ["plan-1", "plan-2", "PLAN-3"].into_iter().enumerate() {
        for meter in ["meter-usd", "meter-eur", "meter-jpy", "meter-kwd", "meter-plain"] {
            let id = |kind: &str| format!("{kind}-{number}-{meter}");
            records.push(full_of(&id("full"), plan, meter, 14, "-0.00000000000000000000000001"));
            records.push(full_of(&id("old"), plan, meter, 3, "999999999999.5"));
            records.push(used(&id("plain"), plan, meter, 30, "12.25"));
            let restated = RecordOrigin::Own { record_id: id("old").parse().unwrap(), revision: u32::MAX };
            records.push(UsageRecord { origin: restated, ..full_of(&id("new"), plan, meter, 14, "7.75") });
            // Twins are two lines with one text.
            let row = UsageRecord { origin: RecordOrigin::ProviderRow, ..full_of(&id("row"), plan, meter, 20, "3") };
            records.extend([row.clone(), row]);
        }
    }
    records
}

#[test]
fn every_field_comes_back() {
    for billed_in in ["EUR", "JPY"] {
        for (rows_per_chunk, rows_per_rated_file) in [(1, 1), (4, 7), (1_000, 1_000)] {
            let mut party = Party::billed_in(billed_in);
            party.add_plan("customer-a", "plan-1", vec![days(1, 15)]);
            party.add_plan("customer-b", "plan-2", vec![]);
            party.add_plan(
                "customer-a",
                "plan-3",
                vec![days(14, 15), DayRange { from: date(2026, 9, 30), until: None }],
            );
            let mut later = described("meter-usd", "0.0000012345", "USD", "later");
            later.effective = DayRange { from: date(2026, 9, 15), until: None };
            later.unit_of_measure = "10 usd".to_owned();
            let discounted =
                [described("meter-usd", "7.5", "USD", "usd"), described("meter-kwd", "0.001", "KWD", "kwd")];
            let plain = [described("meter-eur", "3", "EUR", "eur"), described("meter-jpy", "120", "JPY", "jpy")];
            party.sheets =
                vec![sheet(discounted.into()), sheet(plain.into()), sheet(vec![later, price("meter-plain", "1")])];
            party.sheets[0].offer_terms = vec![term("0.1", 2)];
            let limits = Limits { rows_per_chunk, rows_per_rated_file, ..Limits::default() };
            let run = Books::with_records(limits, party, &every_field()).check().unwrap();
            assert_eq!(run.said.lines.len(), 75);
        }
    }
}

fn term(discount: &str, from: i8) -> OfferTerm {
    OfferTerm {
        name: String::new(),
        discount: Some(d(discount)),
        credit: None,
        tiered_discounts: vec![],
        excluded_meters: vec![],
        effective_from: date(2026, 9, from),
    }
}

/// The figures of a line and the words around them, worked out by hand.
#[test]
fn a_line_says_what_was_charged_and_for_what() {
    let mut party = Party::with_plans(1, vec![described("meter-1", "2", "USD", "GB")]);
    party.sheets[0].offer_terms = vec![term("0.1", 1)];
    let record = full_of("r-1", "plan-1", "meter-1", 12, "3.000000001");
    let books = Books::with_records(Limits::default(), party, std::slice::from_ref(&record));
    let run = books.check().unwrap();
    let [line] = run.said.lines.as_slice() else { panic!("{:?}", run.said.lines) };
    let factors = DayFactors { discount_factor: d("0.9"), earned_credit_rate: d("0.15"), credit_rate: d("0") };
    let expected = LineFigures {
        quantity: d("3.000000001"),
        factors,
        unit_price: d("2"),
        effective_unit_price: d("1.53"),
        pricing_total: d("4.59000000153"),
        exchange_rate: d("0.8"),
        // 3.672000001224 at ten decimals.
        billing_total: d("3.6720000012"),
    };
    assert_eq!(line.figures, expected);
    assert_eq!(line.scope, scope("c-0", "plan-1", "meter-1", "2026-09"));
    assert_eq!(line.key, record.key(record.content_digest(), 0));
    assert_eq!(line.record, record);
    let words = described("meter-1", "2", "USD", "GB");
    assert_eq!((&line.product, &line.price_meter, line.price_unit.as_str()), (&words.product, &words.meter, "10 GB"));
    assert_eq!((line.pricing_currency.code(), line.billing_currency.code()), ("USD", "EUR"));
    assert_eq!(line.exchange_rate_dated, date(2026, 9, 30));
}

/// 13 plans of 26 lines in files of about 60, of which 10 to 19 September have credit.
fn many() -> Books {
    let limits = Limits { rows_per_chunk: 50, rows_per_rated_file: 60, ..Limits::default() };
    let quantity = |day: u64| if day.is_multiple_of(5) { "-1.5".to_owned() } else { (100 * day).to_string() };
    let records = (1..=13_u64).flat_map(|plan| {
        (1..=26)
            .map(move |day| used(&format!("r-{plan}-{day}"), &format!("plan-{plan}"), "meter-1", day, &quantity(day)))
    });
    Books::with_records(limits, Party::with_plans(13, vec![price("meter-1", "0.5")]), &records.collect::<Vec<_>>())
}

#[test]
fn pages_go_on_where_they_ended() {
    let books = many();
    let run = books.check().unwrap();
    assert!(run.files.len() > 3 && run.said.lines.len() == 13 * 26, "{:?}", run.files);
    let expected: Vec<_> = (1..).zip(run.said.lines).collect();
    let first_file = usize::try_from(run.files[0].row_count).unwrap();
    let store = books.reopened(1);
    for page in [1, 7, 60, first_file - 1, first_file, first_file + 1, 200, 337, 338, 339] {
        for after in (0..expected.len()).step_by(page) {
            let end = (after + page).min(expected.len());
            let read = store.read_rated(&run.files, u64::try_from(after).unwrap(), page, &|_| true).unwrap();
            assert!(read == expected[after..end], "{page} lines after {after}");
        }
    }
    for (after, limit) in [(338, 10), (339, 10), (u64::MAX, 10), (0, 0), (100, 0)] {
        assert_eq!(store.read_rated(&run.files, after, limit, &|_| true).unwrap(), [], "{limit} after {after}");
    }
    assert_eq!(store.read_rated(&[], 0, 10, &|_| true).unwrap(), []);
}

#[test]
fn a_page_is_filled_with_what_is_kept_and_places_count_all_lines() {
    let books = many();
    let run = books.check().unwrap();
    let keeps: [fn(&LineFigures) -> bool; 5] = [
        |figures| !figures.factors.earned_credit_rate.is_zero(),
        |figures| figures.quantity.is_negative(),
        |figures| figures.pricing_total > d("1000"),
        |figures| figures.billing_total < d("40") && figures.effective_unit_price == d("0.425"),
        |_| false,
    ];
    for (number, keep) in keeps.into_iter().enumerate() {
        for (after, limit) in [(0, usize::MAX), (0, 1), (25, 40), (26, 40), (61, 17), (300, 100), (338, 1)] {
            let kept = (1..).zip(&run.said.lines).filter(|(place, line)| *place > after && keep(&line.figures));
            let expected: Vec<_> = kept.take(limit).map(|(place, line)| (place, line.clone())).collect();
            let read = books.usage.store.read_rated(&run.files, after, limit, &keep).unwrap();
            assert!(read == expected, "{limit} of filter {number} after {after}");
        }
    }
}

/// Reads all lines with a store that remembers nothing, after `file` was changed.
#[track_caller]
fn check_refused(books: &Books, rated: &[StoredFile], file: &StoredFile, code: &str, problem: &str) {
    let error = read_back(&books.reopened(1), rated).unwrap_err();
    assert_eq!((error.code, error.message), (code, format!("the file {} is {problem}", file.path)));
}

#[test]
fn files_that_are_damaged_or_gone_are_refused_by_name() {
    let books = many();
    let run = books.check().unwrap();
    let records = books.usage.manifest.iter().map(|file| &file.rows);
    for file in run.files.iter().take(2).chain(records.take(2)) {
        let path = books.usage.root.path().join(&file.path);
        let whole = fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 19) {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, damaged).unwrap();
            check_refused(&books, &run.files, file, "storage.file_damaged", "damaged");
        }
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        check_refused(&books, &run.files, file, "storage.file_damaged", "damaged");
        fs::remove_file(&path).unwrap();
        check_refused(&books, &run.files, file, "storage.file_missing", "missing");
        fs::write(&path, &whole).unwrap();
    }
    assert_eq!(read_back(&books.reopened(1), &run.files).unwrap(), run.said.lines);
}

#[test]
fn usage_that_is_damaged_or_gone_is_not_rated() {
    for (number, code) in [(0, "storage.file_damaged"), (3, "storage.file_damaged"), (3, "storage.file_missing")] {
        let books = many();
        let path = books.usage.root.path().join(&books.usage.manifest[number].rows.path);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        match code {
            "storage.file_missing" => fs::remove_file(&path).unwrap(),
            _ => fs::write(&path, bytes).unwrap(),
        }
        let before = books.usage.files();
        for threads in [1, 3] {
            let store = books.reopened(threads);
            let run = rate(&store, &books.usage.manifest, &books.party, &books.sources(), NO_PARTS);
            let Err(RatingFailure::Storage(error)) = run else { panic!("{run:?}") };
            assert_eq!(error.code, code);
            assert_eq!(books.usage.files(), before);
        }
    }
}
