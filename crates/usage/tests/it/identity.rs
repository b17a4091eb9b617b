//! A record counts once: docs/rules/record-identity.md.

use billing::ports::{ImportedUsage, UsageStore};
use billing::usage::UsageRecord;

use crate::samples::{World, full, own, row};

const CONFLICT: &str = "usage.line.record_id_conflict";

/// The rules hold whatever the distance between two lines, so each test runs with chunks of one
/// row, of a few and with all rows in one.
fn with_chunks(test: impl Fn(World)) {
    [1, 2, 3, 1_000].into_iter().map(World::new).for_each(test);
}

#[test]
fn ri_1_as_the_page_tells_it() {
    let arrivals = [
        own("r-17", 1, "2026-09-14", "24"),
        own("r-17", 1, "2026-09-14", "24"),
        own("r-17", 1, "2026-09-14", "20"),
        own("r-17", 2, "2026-09-14", "20"),
    ];
    with_chunks(|mut world| {
        world.check(&arrivals[..1], (1, 0), &[]);
        world.check(&arrivals[1..2], (0, 1), &[]);
        world.check(&arrivals[2..3], (0, 0), &[(1, CONFLICT)]);
        assert_eq!(world.quantities(), ["24"]);
        world.check(&arrivals[3..], (1, 0), &[]);
        assert_eq!(world.quantities(), ["20"]);
    });
    with_chunks(|mut world| {
        world.check(&arrivals, (2, 1), &[(3, CONFLICT)]);
        assert_eq!(world.quantities(), ["20"]);
        // All of it again changes nothing; line 3 is now what revision 2 says.
        world.check(&arrivals, (0, 4), &[]);
        assert_eq!(world.quantities(), ["20"]);
    });
}

#[test]
fn ri_2_as_the_page_tells_it() {
    let (x, y) = (row("2026-09-14", "1"), row("2026-09-14", "2"));
    let file_a = [x.clone(), x.clone(), y.clone()];
    let file_b = [y, x.clone(), x.clone(), x];
    with_chunks(|mut world| {
        world.check(&file_a, (3, 0), &[]);
        world.check(&file_a, (0, 3), &[]);
        world.check(&file_b, (1, 3), &[]);
        assert_eq!(world.quantities(), ["1", "1", "1", "2"]);
        let mut keys: Vec<_> = world.read_all().into_iter().map(|stored| stored.key).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 4);
    });
}

#[test]
fn many_equal_rows_are_counted_over_many_chunks() {
    let rows: Vec<UsageRecord> = std::iter::repeat_n(row("2026-09-14", "1"), 40).collect();
    with_chunks(|mut world| {
        world.check(&rows[..25], (25, 0), &[]);
        world.check(&rows, (15, 25), &[]);
        world.check(&rows, (0, 40), &[]);
    });
}

#[test]
fn a_conflict_names_the_record_and_both_revisions() {
    with_chunks(|mut world| {
        let imported = world.import(&[full("r-9"), own("r-9", 2, "2026-09-14", "1")]);
        let refused = &imported.refused[0];
        assert_eq!(refused.record, own("r-9", 2, "2026-09-14", "1"));
        assert_eq!(
            refused.message,
            "record \"r-9\" is known with other content in revision 3, and revision 2 is not higher"
        );
    });
}

#[test]
fn a_restatement_stays_in_its_month() {
    with_chunks(|mut world| {
        let records =
            [own("r-1", 0, "2026-09-30", "1"), own("r-1", 1, "2026-10-01", "1"), own("r-1", 1, "2026-09-01", "2")];
        world.check(&records, (2, 0), &[(2, "usage.line.revision_moves_month")]);
        assert_eq!(world.quantities(), ["2"]);
        let imported = world.import(&[own("r-1", 7, "2026-10-02", "5")]);
        assert_eq!(
            imported.refused[0].message,
            "record \"r-1\" is known as usage of 2026-09, and revision 7 would move it to 2026-10"
        );
    });
}

#[test]
fn billed_usage_is_not_restated() {
    with_chunks(|mut world| {
        world.check(&[own("r-1", 0, "2026-09-30", "1"), own("r-2", 0, "2026-10-01", "1")], (2, 0), &[]);
        world.closed = vec!["2026-09".parse().unwrap()];
        // New usage of the closed month is late, not restated: that is for closing to decide.
        let records =
            [own("r-1", 1, "2026-09-30", "2"), own("r-2", 1, "2026-10-01", "2"), own("r-3", 0, "2026-09-30", "3")];
        world.check(&records, (2, 0), &[(1, "usage.line.revision_after_issue")]);
        assert_eq!(world.quantities(), ["1", "2", "3"]);
        let imported = world.import(&records[..1]);
        assert_eq!(
            imported.refused[0].message,
            "record \"r-1\" is known as usage of 2026-09, which has been billed, so revision 1 cannot restate it"
        );
    });
}

#[test]
fn lines_without_room_are_set_aside_and_the_others_are_taken() {
    with_chunks(|mut world| {
        let mut cost = full("r-3");
        cost.provider_cost.as_mut().unwrap().amount = "1000000000000".parse().unwrap();
        let records = [
            own("r-1", 0, "2026-09-14", "1000000000000"),
            own("r-2", 0, "2026-09-14", "1e-27"),
            cost,
            own("r-4", 0, "1989-12-31", "1"),
            own("r-5", 0, "2026-09-14", "999999999999.99999999999999999999999999"),
        ];
        let quantity = "usage.line.quantity_out_of_range";
        let refused = [(1, quantity), (2, quantity), (3, "usage.line.cost_out_of_range"), (4, "period.malformed")];
        world.check(&records, (1, 0), &refused);
        assert_eq!(world.quantities(), ["999999999999.99999999999999999999999999"]);
    });
}

fn paths(imported: &ImportedUsage) -> Vec<String> {
    imported.files.iter().flat_map(|(rows, keys)| [rows.path.clone(), keys.path.clone()]).collect()
}

#[test]
fn imports_that_were_not_committed_are_not_known() {
    let mut world = World::new(2);
    let records =
        [own("r-1", 0, "2026-09-14", "1"), own("r-2", 0, "2026-09-14", "1"), own("r-3", 0, "2026-10-14", "1")];
    let first = world.write(&records).unwrap();
    let second = world.import(&records);
    assert_eq!((first.accepted, second.accepted), (3, 3));
    // The same bytes, and still files of their own: what the first has written may go.
    let (of_first, mut of_second) = (paths(&first), paths(&second));
    assert!(of_first.iter().all(|path| !of_second.contains(path)));
    world
        .store
        .remove(&first.files.iter().flat_map(|(rows, keys)| [rows.clone(), keys.clone()]).collect::<Vec<_>>())
        .unwrap();
    assert_eq!(world.read_all().len(), 3);
    of_second.sort();
    assert_eq!(world.files(), of_second);
}
