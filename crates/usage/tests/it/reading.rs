//! What was written is what is read.

use billing::ports::{UsageFilter, UsageStore};
use jiff::civil::date;

use crate::samples::{World, full, own, row};

#[test]
fn every_field_comes_back() {
    for rows_per_chunk in [1, 1_000] {
        let mut world = World::new(rows_per_chunk);
        let mut plain_row = full("x");
        plain_row.origin = row("2026-09-01", "1").origin;
        let records = [
            full("r-1"),
            full("R-1"),
            plain_row,
            own("r-2", u32::MAX, "2026-09-01", "0"),
            own("r-3", 0, "1990-01-01", "-999999999999.99999999999999999999999999"),
            own("r-4", 0, "2199-12-31", "999999999999"),
            row("2024-02-29", "0.00000000000000000000000001"),
        ];
        world.check(&records, (7, 0), &[]);
        let mut read: Vec<_> = world.read_all().into_iter().map(|stored| stored.record).collect();
        let mut expected = records.to_vec();
        read.sort_by_cached_key(|record| format!("{record:?}"));
        expected.sort_by_cached_key(|record| format!("{record:?}"));
        assert_eq!(read, expected);
        for stored in world.read_all() {
            assert_eq!(stored.key, stored.record.key(stored.record.content_digest(), 0));
        }
    }
}

#[test]
fn files_say_what_is_inside_and_lie_by_month() {
    let mut world = World::new(1_000);
    let records =
        [own("r-1", 0, "2026-09-20", "1"), own("r-2", 0, "2026-10-01", "1"), own("r-3", 0, "2026-09-02", "1")];
    let imported = world.import(&records);
    let described: Vec<_> =
        imported.files.iter().map(|(rows, keys)| (rows.row_count, keys.row_count, rows.days, keys.days)).collect();
    let september = Some((date(2026, 9, 2), date(2026, 9, 20)));
    let october = Some((date(2026, 10, 1), date(2026, 10, 1)));
    assert_eq!(described, [(2, 2, september, september), (1, 1, october, october)]);
    let (rows, keys) = &imported.files[0];
    assert_eq!(rows.path, format!("usage/records/2026-09/{}.parquet", rows.sha256));
    assert_eq!(keys.path, format!("usage/records/2026-09/{}.keys", rows.sha256));
    let mut paths: Vec<_> =
        imported.files.iter().flat_map(|(rows, keys)| [keys.path.clone(), rows.path.clone()]).collect();
    paths.sort();
    assert_eq!(world.files(), paths);
    for (rows, keys) in &imported.files {
        assert_eq!(std::fs::metadata(world.root.path().join(&rows.path)).unwrap().len(), rows.byte_count);
        assert_eq!(std::fs::metadata(world.root.path().join(&keys.path)).unwrap().len(), keys.byte_count);
    }
}

#[test]
fn records_come_by_place_and_in_the_order_of_rating() {
    let mut world = World::new(2);
    world.import(&[
        own("r-3", 0, "2026-09-03", "3"),
        own("r-1", 0, "2026-09-01", "1"),
        own("r-2", 0, "2026-09-02", "2"),
    ]);
    world.import(&[own("r-0", 0, "2026-09-01", "4")]);
    world.manifest.reverse();
    let read: Vec<_> =
        world.read_all().iter().map(|stored| (stored.place, stored.record.quantity.to_string())).collect();
    let expected = [(1, "1"), (1, "3"), (2, "2"), (3, "4")].map(|(place, quantity)| (place, quantity.to_owned()));
    assert_eq!(read, expected);
}

#[test]
fn a_restatement_counts_from_its_place_on() {
    let mut world = World::new(10);
    world.import(&[own("r-1", 1, "2026-09-05", "1"), own("r-2", 1, "2026-09-06", "9")]);
    world.import(&[own("r-1", 2, "2026-09-25", "2")]);
    world.import(&[own("r-1", 5, "2026-09-05", "3")]);
    let read = |count: usize, from: i8, until: i8| {
        let mut quantities = Vec::new();
        let take = &mut |stored: billing::ports::StoredUsage| {
            quantities.push(stored.record.quantity.to_string());
            Ok(())
        };
        world
            .store
            .read_usage(&world.manifest[..count], &UsageFilter::days(date(2026, 9, from), date(2026, 9, until)), take)
            .unwrap();
        quantities
    };
    assert_eq!(read(1, 1, 30), ["1", "9"]);
    assert_eq!(read(2, 1, 30), ["9", "2"]);
    assert_eq!(read(3, 1, 30), ["9", "3"]);
    // The restatement lies outside of the days asked for, and takes the record with it.
    assert_eq!(read(2, 1, 10), ["9"]);
    assert_eq!(read(3, 20, 30), [""; 0]);
}

#[test]
fn the_reader_may_stop() {
    let mut world = World::new(10);
    world.import(&[own("r-1", 0, "2026-09-05", "1"), own("r-2", 0, "2026-09-05", "9")]);
    let mut seen = 0;
    let stop = billing::ports::PortError::new("test.stop", "enough", "");
    let outcome =
        world.store.read_usage(&world.manifest, &UsageFilter::days(date(2026, 9, 1), date(2026, 10, 1)), &mut |_| {
            seen += 1;
            Err(stop.clone())
        });
    assert_eq!((outcome, seen), (Err(stop), 1));
}

#[test]
fn an_empty_import_has_no_files() {
    let mut world = World::new(10);
    world.check(&[], (0, 0), &[]);
    assert_eq!(world.files(), [""; 0]);
    assert_eq!(world.read_all(), []);
}
