//! The same usage gives the same lines, and what cannot be rated fails alike.

use billing::ports::{RatingFailure, UsageFile};
use billing::usage::{RecordOrigin, UsageRecord};
use usage::{DirectoryStore, Limits};

use super::model::{import, sound_months};
use super::months::{Chance, Month};
use super::party::{Party, price, used};
use super::taken_over::{rerate, try_rerate, twelve_plans};
use super::world::{Books, NO_PARTS, Run, all_of, rate, read_back};

fn some_months() -> Vec<Month> {
    sound_months(&mut Chance::new(4_711), 60, false, &mut Vec::new())
}

fn limits(rows_per_chunk: usize) -> Limits {
    Limits { rows_per_chunk, rows_per_rated_file: 60, ..Limits::default() }
}

/// Down to the bytes of the files, but for the paths.
#[track_caller]
pub(super) fn check_same(found: &Run, expected: &Run) {
    found.said.check(&expected.said);
    assert_eq!(found.said.totals, expected.said.totals, "what has no price comes in one order");
    assert_eq!(found.contents(), expected.contents());
    assert_eq!(found.parts, expected.parts);
}

#[test]
fn threads_make_no_difference() {
    let books = import(&mut Chance::new(1), &some_months(), limits(90));
    let expected = books.check().unwrap();
    assert!(expected.files.len() > 5, "{}", expected.files.len());
    for threads in [1, 2, 3, 16] {
        let run = rate(&books.reopened(threads), &books.usage.manifest, &books.party, &books.sources(), NO_PARTS);
        check_same(&run.unwrap(), &expected);
    }
}

/// The same files, the nth of the manifest now first.
fn rearranged(manifest: &[UsageFile], order: impl Iterator<Item = usize>) -> Vec<UsageFile> {
    (1..).zip(order).map(|(place, number)| UsageFile { place, ..manifest[number].clone() }).collect()
}

#[test]
fn the_order_of_files_makes_no_difference() {
    let mut books = import(&mut Chance::new(2), &some_months(), limits(90));
    let expected = books.check().unwrap();
    let manifest = books.usage.manifest.clone();
    let count = manifest.len();
    assert!(count > 5, "{count}");
    for manifest in [
        rearranged(&manifest, (0..count).rev()),
        rearranged(&manifest, (0..count).map(|number| (number + count / 2) % count)),
        // As they were, but shown and named from the last.
        manifest.iter().rev().cloned().collect(),
    ] {
        let mut sources = all_of(&manifest);
        sources.reverse();
        let run = rate(&books.reopened(2), &manifest, &books.party, &sources, NO_PARTS).unwrap();
        check_same(&run, &expected);
        books.usage.manifest = manifest;
        books.check().unwrap();
    }
}

#[test]
fn the_order_of_arrival_makes_no_difference() {
    let months = some_months();
    let expected = import(&mut Chance::new(0), &months, limits(10_000)).check().unwrap();
    for (seed, rows_per_chunk) in [(1, 50), (2, 90), (3, 131), (4, 1_000)] {
        let run = import(&mut Chance::new(seed), &months, limits(rows_per_chunk)).check().unwrap();
        run.said.check(&expected.said);
    }
}

/// Files that share no days need no keys to be merged.
#[test]
fn usage_that_comes_day_by_day_makes_no_difference() {
    let months = some_months();
    let expected = import(&mut Chance::new(0), &months, limits(10_000)).check().unwrap();
    let mut records: Vec<UsageRecord> = months.iter().flat_map(Month::arrivals).collect();
    records.sort_by_key(|record| record.usage_date);
    let party = import(&mut Chance::new(0), &months, limits(10_000)).party;
    let mut books = Books::new(limits(10_000), party);
    let of_one_day = records.chunk_by(|a, b| a.usage_date == b.usage_date);
    of_one_day.for_each(|records| _ = books.usage.import(records));
    books.check().unwrap().said.check(&expected.said);
}

/// Of a restatement that arrives first, nothing else is stored; else both versions are.
#[test]
fn what_has_no_price_comes_in_one_order() {
    let versions = [0, 1].map(|revision| UsageRecord {
        origin: RecordOrigin::Own { record_id: "r-1".parse().unwrap(), revision },
        ..used("r-1", "plan-1", "meter-1", 1, if revision == 1 { "1" } else { "7" })
    });
    let other = used("r-2", "plan-2", "meter-1", 1, "2");
    for rows_per_rated_file in 1..5 {
        let found = [[0, 1], [1, 0]].map(|arrival| {
            let limits = Limits { rows_per_rated_file, ..Limits::default() };
            // The first plan is that of the second customer.
            let mut party = Party::with_plans(0, vec![]);
            party.add_plan("c-2", "plan-1", vec![]);
            party.add_plan("c-1", "plan-2", vec![]);
            let mut books = Books::with_records(limits, party, std::slice::from_ref(&other));
            arrival.into_iter().for_each(|version| _ = books.usage.import(&versions[version..=version]));
            let unpriced = books.check().unwrap().said.totals.unpriced;
            unpriced.iter().map(|usage| (usage.scope.subscription.to_string(), usage.quantity)).collect::<Vec<_>>()
        });
        assert_eq!(found[0], found[1], "{rows_per_rated_file} rows");
    }
}

/// What fails, told alike by one thread and by several; nothing is left behind, and what was there before stays.
#[track_caller]
fn check_refused(records: &[UsageRecord], code: &str) {
    let mut books = twelve_plans();
    books.party.sheets[0].prices.push(price("dear", "100000000000000000000"));
    // A plan whose customer the directory does not know.
    books.party.add_plan("nobody", "plan-5-orphan", vec![]);
    books.party.directory.customers.remove(&"nobody".parse().unwrap());
    let first = rerate(&books, &[], 7);
    books.usage.import(records);
    let (before, known, sources) = (books.usage.files(), first.known(), books.sources());
    let expected = books.naively(&sources).in_files().unwrap_err();
    assert_eq!(expected.0, code);
    for threads in [1, 2, 3] {
        for known in [known.as_slice(), &[]] {
            expected.check(try_rerate(&books, threads, &sources, known, 7));
            assert_eq!(books.usage.files(), before);
        }
    }
    assert_eq!(books.check().unwrap_err(), expected);
    assert_eq!(read_back(&books.reopened(1), &first.files).unwrap(), first.said.lines);
}

#[test]
fn a_party_that_cannot_be_rated_leaves_nothing_behind() {
    let dear = |number: u64, plan: &str| used(&format!("dear-{number}"), plan, "dear", number, "999999999999");
    let orphan = used("orphan", "plan-5-orphan", "meter-1", 1, "1");
    let too_fine = |plan: &str| used("fine", plan, "dear", 1, "0.00000000000000000000000001");
    check_refused(&[dear(1, "plan-1")], "number.out_of_range");
    check_refused(&[dear(1, "plan-9")], "number.out_of_range");
    check_refused(std::slice::from_ref(&orphan), "rating.subscription_unknown");
    // The first in the order of the lines is told, whichever thread comes upon one.
    check_refused(&[dear(1, "plan-9"), orphan.clone()], "rating.subscription_unknown");
    check_refused(&[dear(1, "plan-4"), orphan.clone()], "number.out_of_range");
    check_refused(&[dear(1, "plan-8"), dear(2, "plan-2"), too_fine("plan-3")], "number.out_of_range");
    check_refused(&[too_fine("plan-7"), orphan, dear(1, "plan-6")], "rating.subscription_unknown");
}

#[test]
fn a_disk_that_fills_up_leaves_nothing_behind() {
    let books = twelve_plans();
    let before = books.usage.files();
    let mut failures = 0;
    for disk_bytes in (0..).step_by(4_999) {
        let limits = Limits { disk_bytes: Some(disk_bytes), rating_threads: failures % 3 + 1, ..books.limits };
        let store = DirectoryStore::with_limits(books.usage.root.path(), limits).unwrap();
        match rate(&store, &books.usage.manifest, &books.party, &books.sources(), NO_PARTS) {
            Err(RatingFailure::Storage(error)) => assert_eq!(error.code, "storage.full"),
            Err(other) => panic!("{other:?}"),
            Ok(_) => break,
        }
        failures += 1;
        assert_eq!(books.usage.files(), before, "{disk_bytes} bytes");
    }
    assert!(failures > 5, "{failures}");
}
