//! Rated lines.

use billing::decimal::Decimal;
use billing::money::Currency;
use billing::ports::{PortError, PortResult, StoredFile, UsageStore};
use billing::price::Product;
use billing::rate::{DayFactors, DayRating, RatedLine, ScopeKey};
use billing::usage::RecordKey;
use jiff::civil::date;

use crate::samples::{World, full, own};

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn line(number: u64, total: &str) -> RatedLine {
    let id = format!("r-{number}");
    let mut record = if number.is_multiple_of(2) { own(&id, 0, "2026-09-14", "24") } else { full(&id) };
    record.subscription_id = "PLAN-7".parse().unwrap();
    RatedLine {
        key: RecordKey([u8::try_from(number % 251).unwrap(); 16]),
        scope: ScopeKey {
            customer: "customer-9".parse().unwrap(),
            subscription: "plan-9".parse().unwrap(),
            meter: "meter-9".parse().unwrap(),
            usage_month: "2026-09".parse().unwrap(),
        },
        rating: DayRating {
            quantity: d("24.5"),
            consumed_before: d("1000.25"),
            slices: Vec::new(),
            list_amount: d("1.10"),
            factors: DayFactors { discount_factor: d("0.9"), earned_credit_rate: d("0.15"), credit_rate: d("0") },
            unit_price: d("0.045"),
            effective_unit_price: d("0.03825"),
            pricing_total: d(total),
        },
        price_meter: billing::usage::MeterDescription {
            category: "Compute".to_owned(),
            name: "B1".to_owned(),
            ..Default::default()
        },
        price_unit: "1 Hour".to_owned(),
        product: Product {
            product_id: format!("DZH318Z0BQ{number}"),
            sku_id: "0001".to_owned(),
            availability_id: String::new(),
            product_name: "Virtual machine".to_owned(),
            sku_name: "D2".to_owned(),
            publisher_name: "Publisher".to_owned(),
            publisher_id: "p-1".to_owned(),
        },
        pricing_currency: Currency::USD,
        billing_currency: "JPY".parse().unwrap(),
        exchange_rate: d("151.234567"),
        exchange_rate_dated: date(2026, 8, 31),
        billing_total: d("-0.0000000001"),
        record,
    }
}

fn write(world: &World, lines: &[RatedLine]) -> PortResult<Vec<StoredFile>> {
    let mut lines = lines.iter().cloned().map(Ok);
    world.store.write_rated(&"Party/../1".parse().unwrap(), "2026-09".parse().unwrap(), &mut lines)
}

#[test]
fn every_field_comes_back_but_the_slices() {
    let world = World::new(1_000);
    let lines: Vec<_> = (0..9).map(|n| line(n, "0.524025")).collect();
    let files = write(&world, &lines).unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].days, Some((date(2026, 9, 14), date(2026, 9, 14))));
    let read = world.store.read_rated(&files, 0, usize::MAX, &|_| true).unwrap();
    assert_eq!(read, (1..).zip(lines).collect::<Vec<_>>());
}

#[test]
fn pages_go_on_where_they_ended() {
    let world = World::new(700);
    let lines: Vec<_> = (0..1_650).map(|n| line(n, "1")).collect();
    let files = write(&world, &lines).unwrap();
    assert_eq!(files.iter().map(|file| file.row_count).collect::<Vec<_>>(), [700, 700, 250]);
    let expected: Vec<_> = (1..).zip(lines).collect();
    for page_size in [1, 64, 200, 699, 700, 701, 5_000] {
        let starts = (0..1_650).step_by(if page_size == 1 { 97 } else { page_size });
        for after in starts {
            let read = world.store.read_rated(&files, u64::try_from(after).unwrap(), page_size, &|_| true).unwrap();
            assert!(read == expected[after..(after + page_size).min(1_650)], "{page_size} after {after}");
        }
    }
    assert_eq!(world.store.read_rated(&files, 1_650, 10, &|_| true).unwrap(), []);
    assert_eq!(world.store.read_rated(&files, u64::MAX, 10, &|_| true).unwrap(), []);
    assert_eq!(world.store.read_rated(&files, 0, 0, &|_| true).unwrap(), []);
}

#[test]
fn a_page_is_filled_with_what_is_kept() {
    let world = World::new(100);
    let lines: Vec<_> = (0..450).map(|n| line(n, "1")).collect();
    let files = write(&world, &lines).unwrap();
    let keep = |line: &RatedLine| line.record.entitlement_id.is_some();
    let read = world.store.read_rated(&files, 95, 60, &keep).unwrap();
    let places: Vec<_> = read.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, (96..).step_by(2).take(60).collect::<Vec<_>>());
}

#[test]
fn figures_that_do_not_fit_together_go_to_files_of_their_own() {
    let world = World::new(1_000);
    let widest = "99999999999999999999999999999999999999";
    let finest = "0.00000000000000000000000000000000000001";
    let lines: Vec<_> =
        [widest, "-1", finest, finest, "0", "-123456.789"].iter().zip(0..).map(|(total, n)| line(n, total)).collect();
    let files = write(&world, &lines).unwrap();
    assert_eq!(files.iter().map(|file| file.row_count).collect::<Vec<_>>(), [2, 3, 1]);
    let read = world.store.read_rated(&files, 0, 100, &|_| true).unwrap();
    assert_eq!(read, (1..).zip(lines).collect::<Vec<_>>());
}

#[test]
fn a_figure_of_39_digits_is_refused_by_name() {
    let world = World::new(2);
    let lines: Vec<_> = ["1", "1", "1", "100000000000000000000000000000000000000"]
        .iter()
        .zip(0..)
        .map(|(total, n)| line(n, total))
        .collect();
    let error = write(&world, &lines).unwrap_err();
    assert_eq!(error.code, "number.out_of_range");
    assert_eq!(error.message, "a figure of meter meter-9 has more than 38 digits and cannot be stored");
    assert_eq!(world.files(), [""; 0]);
}

#[test]
fn a_failure_of_the_lines_leaves_nothing() {
    let world = World::new(2);
    let parked = PortError::new("rating.parked", "the party is parked", "");
    let mut lines = (0..5).map(|n| line(n, "1")).map(Ok).chain([Err(parked.clone())]);
    let outcome = world.store.write_rated(&"p".parse().unwrap(), "2026-09".parse().unwrap(), &mut lines);
    assert_eq!(outcome, Err(parked));
    assert_eq!(world.files(), [""; 0]);
}

#[test]
fn the_same_lines_give_the_same_bytes_in_files_of_their_own() {
    let world = World::new(1_000);
    let lines: Vec<_> = (0..9).map(|n| line(n, "1")).collect();
    let (first, second) = (write(&world, &lines).unwrap(), write(&world, &lines).unwrap());
    assert_eq!(first[0].sha256, second[0].sha256);
    assert_eq!(second[0].path, first[0].path.replace(".parquet", "-1.parquet"));
    // A run that came too late removes what it wrote, and the issued one stays whole.
    world.store.remove(&second).unwrap();
    assert_eq!(world.store.read_rated(&first, 0, 100, &|_| true).unwrap().len(), 9);
    assert_eq!(write(&world, &[]).unwrap(), []);
}
