//! Merging files of records: the same records, in few files that follow one another.

use std::collections::BTreeSet;

use billing::ports::{UsageFile, UsageStore};
use billing::usage::UsageRecord;
use usage::{DirectoryStore, Limits};

use crate::samples::{World, full, own};

/// Record `number` of one of `subscriptions` subscriptions and seven meters, on any day of the month.
fn record(number: usize, subscriptions: usize) -> UsageRecord {
    let id = format!("r-{number}");
    let mut record = if number.is_multiple_of(9) { full(&id) } else { own(&id, 1, "2026-09-01", "2.5") };
    record.usage_date = format!("2026-09-{:02}", number * 7 % 30 + 1).parse().unwrap();
    record.subscription_id = format!("plan-{:03}", number * 31 % subscriptions).parse().unwrap();
    record.meter_id = format!("meter-{}", number * 17 % 7).parse().unwrap();
    record
}

fn small(world: &World) -> DirectoryStore {
    let limits = Limits { rows_per_chunk: 1_000, rows_per_rated_file: 100, ..Limits::default() };
    DirectoryStore::with_limits(world.root.path(), limits).unwrap()
}

/// Puts the merged files in the place of all others; answers how many there are.
fn compact(world: &mut World) -> usize {
    let merged = small(world).compact(&world.manifest, &|_| {}).unwrap();
    if !merged.is_empty() {
        let places = u64::try_from(world.manifest.len()).unwrap() + 1..;
        world.manifest = places
            .zip(&merged)
            .map(|(place, (rows, keys))| UsageFile { place, rows: rows.clone(), keys: keys.clone() })
            .collect();
    }
    merged.len()
}

fn digests(world: &World) -> Vec<(String, String)> {
    world.manifest.iter().map(|file| (file.rows.sha256.clone(), file.keys.sha256.clone())).collect()
}

/// All records, whatever their order.
fn content(world: &World) -> BTreeSet<String> {
    world.read_all().iter().map(|stored| format!("{:?} {:?}", stored.key, stored.record)).collect()
}

#[track_caller]
fn check(imports: usize, rows_per_import: usize, subscriptions: usize) -> World {
    let mut world = World::new(1_000);
    for import in 0..imports {
        let numbers = import * rows_per_import..(import + 1) * rows_per_import;
        let records: Vec<_> = numbers.map(|number| record(number, subscriptions)).collect();
        assert_eq!(world.import(&records).accepted, u64::try_from(rows_per_import).unwrap());
    }
    let before = content(&world);
    let file_count = compact(&mut world);
    assert!(
        file_count >= imports * rows_per_import / 400 && file_count <= imports * rows_per_import / 100 + 1,
        "{file_count}"
    );
    assert_eq!(content(&world), before);
    assert_eq!(
        world.manifest.iter().map(|file| file.keys.row_count).sum::<u64>(),
        u64::try_from(before.len()).unwrap()
    );
    assert_eq!(compact(&mut world), 0, "there was something to gain again");
    // What is known stays known.
    let again: Vec<_> = (0..50).map(|number| record(number, subscriptions)).collect();
    world.check(&again, (0, 50), &[]);
    world
}

#[test]
fn records_stay_what_they_were() {
    check(5, 200, 40);
}

#[test]
fn many_imports_are_merged_in_rounds() {
    check(80, 10, 40);
}

#[test]
fn small_files_are_merged_though_they_follow_one_another() {
    let mut world = World::new(1_000);
    for number in 0..9 {
        let record = UsageRecord { subscription_id: format!("plan-{number}").parse().unwrap(), ..record(number, 1) };
        world.import(&[record]);
    }
    let before = content(&world);
    assert_eq!(compact(&mut world), 1);
    assert_eq!(content(&world), before);
    assert_eq!(compact(&mut world), 0);
}

#[test]
fn one_subscription_fills_several_files() {
    let world = check(4, 300, 1);
    assert!(world.manifest.iter().all(|file| file.rows.row_count <= 220), "{:?}", world.manifest);
}

#[test]
fn the_order_of_arrival_does_not_show() {
    let mut first = World::new(1_000);
    let mut second = World::new(64);
    let records: Vec<_> = (0..600).map(|number| record(number, 25)).collect();
    records.chunks(150).for_each(|some| drop(first.import(some)));
    let mut other: Vec<_> = records.clone();
    other.reverse();
    other.chunks(90).for_each(|some| drop(second.import(some)));
    compact(&mut first);
    compact(&mut second);
    assert_eq!(digests(&first), digests(&second));
}

#[test]
fn every_revision_is_kept() {
    let mut world = World::new(1_000);
    for revision in 1..=3 {
        world.import(&[own("a", revision, "2026-09-01", &revision.to_string())]);
    }
    world.import(&[own("b", 1, "2026-09-01", "7")]);
    compact(&mut world);
    assert_eq!(world.manifest.iter().map(|file| file.rows.row_count).sum::<u64>(), 4);
    assert_eq!(world.quantities(), ["3", "7"]);
    // An old revision is known, with its content.
    world.check(&[own("a", 2, "2026-09-01", "2")], (0, 1), &[]);
    world.check(&[own("a", 3, "2026-09-01", "4")], (0, 0), &[(1, "usage.line.record_id_conflict")]);
}

#[test]
fn a_damaged_file_leaves_everything_as_it_was() {
    let mut world = World::new(1_000);
    for number in 0..3 {
        world.import(&[record(number, 2)]);
    }
    let before = world.files();
    let path = world.root.path().join(&world.manifest[1].rows.path);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(small(&world).compact(&world.manifest, &|_| {}).unwrap_err().code, "storage.file_damaged");
    assert_eq!(world.files(), before);
}
