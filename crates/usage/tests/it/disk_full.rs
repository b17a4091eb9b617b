//! A disk that fills up at any byte.

use billing::ports::{PortResult, UsageStore};
use usage::{DirectoryStore, Limits};

use crate::samples::{World, full, own, row};

/// Imports with room for so many bytes; three chunks, two months, and rows that are noted.
fn import(world: &World, disk_bytes: u64) -> PortResult<usize> {
    let limits = Limits { rows_per_chunk: 4, disk_bytes: Some(disk_bytes), ..Limits::default() };
    let store = DirectoryStore::with_limits(world.root.path(), limits)?;
    let records = (0..3).flat_map(|n| {
        let rows = [row("2026-09-01", "1"), full(&format!("a-{n}")), own(&format!("b-{n}"), 0, "2026-10-01", "1")];
        rows.into_iter().chain([row("2026-09-01", "7")])
    });
    let mut session = store.begin_import(&world.manifest, &[])?;
    for (line, record) in (1..).zip(records) {
        session.push(line, record)?;
    }
    let imported = session.finish()?;
    store.remove(&imported.files.iter().flat_map(|(rows, keys)| [rows.clone(), keys.clone()]).collect::<Vec<_>>())?;
    Ok(imported.files.len())
}

#[test]
fn nothing_of_the_import_remains() {
    let mut world = World::new(100);
    world.import(&[row("2026-09-01", "1"), row("2026-09-01", "1")]);
    let before = world.files();
    assert_eq!(import(&world, u64::MAX).unwrap(), 6);
    let mut failures = 0;
    for disk_bytes in (0..).step_by(997) {
        match import(&world, disk_bytes) {
            Ok(_) => break,
            Err(error) => {
                assert_eq!((error.code, error.message.as_str()), ("storage.full", "the disk is full"));
                failures += 1;
            }
        }
        assert_eq!(world.files(), before, "{disk_bytes} bytes");
    }
    assert!(failures > 50, "{failures}");
    assert_eq!(world.read_all().len(), 2);
}

#[test]
fn after_a_failure_the_session_only_repeats_it() {
    let world = World::new(1);
    let limits = Limits { rows_per_chunk: 1, disk_bytes: Some(100), ..Limits::default() };
    let store = DirectoryStore::with_limits(world.root.path(), limits).unwrap();
    let mut session = store.begin_import(&[], &[]).unwrap();
    // The first chunk is written on another core, so its failure shows when the next one is full.
    assert_eq!(session.push(1, full("a")), Ok(()));
    let error = session.push(2, full("b")).unwrap_err();
    assert_eq!(error.code, "storage.full", "{error:?} {}", error.operator);
    assert_eq!(session.push(3, full("c")), Err(error.clone()));
    assert_eq!(session.finish(), Err(error));
    assert_eq!(world.files(), [""; 0]);
}
