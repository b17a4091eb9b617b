//! What no manifest names goes, what one names stays.

use std::collections::BTreeSet;
use std::fs;

use billing::ports::UsageStore;

use crate::samples::{World, own};

fn known(world: &World) -> BTreeSet<String> {
    world.manifest.iter().flat_map(|file| [file.rows.path.clone(), file.keys.path.clone()]).collect()
}

#[test]
fn a_sweep_keeps_what_was_committed() {
    let mut world = World::new(1);
    world.import(&[own("r-1", 0, "2026-09-14", "1"), own("r-2", 0, "2026-10-14", "1")]);
    let committed = world.files();
    let orphaned = world.write(&[own("r-3", 0, "2026-09-14", "1")]).unwrap();
    fs::write(world.root.path().join("usage/tmp/1-2.partial"), "half").unwrap();
    fs::write(world.root.path().join("usage/records/2026-09/stray.parquet"), "x").unwrap();
    fs::write(world.root.path().join("ledger.db"), "not ours").unwrap();

    let swept = world.store.sweep(&known(&world)).unwrap();
    let (rows, keys) = &orphaned.files[0];
    let mut expected = vec![
        rows.path.clone(),
        keys.path.clone(),
        "usage/records/2026-09/stray.parquet".to_owned(),
        "usage/tmp/1-2.partial".to_owned(),
    ];
    expected.sort();
    assert_eq!(swept, expected);
    assert_eq!(world.files(), committed);
    assert!(world.root.path().join("ledger.db").exists());
    assert_eq!(world.read_all().len(), 2);
    assert_eq!(world.store.sweep(&known(&world)).unwrap(), [""; 0]);
}

#[test]
fn a_dropped_import_leaves_nothing() {
    let world = World::new(1);
    let mut session = world.store.begin_import(&[], &[]).unwrap();
    session.push(1, own("r-1", 0, "2026-09-14", "1")).unwrap();
    // The first chunk is complete when the second is handed over, which is written meanwhile.
    session.push(2, own("r-2", 0, "2026-09-14", "1")).unwrap();
    assert!(world.files().len() >= 2);
    drop(session);
    assert_eq!(world.files(), [""; 0]);
}

#[test]
fn removing_twice_is_no_error() {
    let mut world = World::new(10);
    let imported = world.import(&[own("r-1", 0, "2026-09-14", "1")]);
    let (rows, keys) = imported.files[0].clone();
    let files = [rows, keys];
    world.store.remove(&files).unwrap();
    assert_eq!(world.files(), [""; 0]);
    world.store.remove(&files).unwrap();
}
