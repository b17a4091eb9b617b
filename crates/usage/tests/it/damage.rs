//! Files that are damaged, cut or gone.

use std::fs;
use std::path::PathBuf;

use billing::ports::{PortError, PortResult, StoredFile, UsageFilter, UsageStore};
use billing::usage::UsageRecord;
use jiff::civil::date;

use crate::samples::{World, full, open, own, row};

fn records() -> Vec<UsageRecord> {
    let mut records: Vec<_> = (0..150).map(|n| own(&format!("r-{n}"), 0, "2026-09-14", "1.5")).collect();
    records.extend([full("r-x"), row("2026-09-14", "3")]);
    records
}

fn path(world: &World, file: &StoredFile) -> PathBuf {
    world.root.path().join(&file.path)
}

/// Reads and imports again, with a store that remembers nothing.
fn use_all(world: &World) -> PortResult<()> {
    let store = open(world.root.path(), 1_000);
    store.read_usage(&world.manifest, &UsageFilter::days(date(2026, 9, 1), date(2026, 10, 1)), &mut |_| Ok(()))?;
    let mut session = store.begin_import(&world.manifest, &[])?;
    for (line, record) in (1..).zip(records()) {
        session.push(line, record)?;
    }
    let imported = session.finish()?;
    let whole = imported.accepted == 0 && imported.duplicate == 152;
    if whole { Ok(()) } else { Err(PortError::new("test.counted_twice", format!("{imported:?}"), "")) }
}

#[test]
fn every_flipped_bit_is_reported_and_none_counts_twice() {
    let mut world = World::new(1_000);
    world.import(&records());
    use_all(&world).unwrap();
    let file = world.manifest[0].clone();
    for stored in [&file.rows, &file.keys] {
        let whole = fs::read(path(&world, stored)).unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 150) {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << (at % 8);
            fs::write(path(&world, stored), &damaged).unwrap();
            match use_all(&world) {
                Err(error) => {
                    assert_eq!(error.code, "storage.file_damaged", "byte {at}: {error:?}");
                    assert_eq!(error.message, format!("the file {} is damaged", stored.path));
                }
                // Between index and first block lie zeros that nobody reads.
                Ok(()) => assert!(stored.path.ends_with(".keys") && whole[at] == 0, "byte {at}"),
            }
            let sentence = world.store.check_file(stored).unwrap().unwrap();
            assert!(sentence.starts_with(&format!("the file {} is damaged: ", stored.path)), "{sentence}");
        }
        fs::write(path(&world, stored), &whole).unwrap();
        assert_eq!(world.store.check_file(stored), Ok(None));
    }
    use_all(&world).unwrap();
}

#[test]
fn cut_files_are_reported() {
    let mut world = World::new(1_000);
    world.import(&records());
    let file = world.manifest[0].clone();
    for stored in [&file.rows, &file.keys] {
        let whole = fs::read(path(&world, stored)).unwrap();
        for length in [0, 1, 12, whole.len() / 2, whole.len() - 1] {
            fs::write(path(&world, stored), &whole[..length]).unwrap();
            assert_eq!(use_all(&world).unwrap_err().code, "storage.file_damaged", "{length} bytes");
            assert!(world.store.check_file(stored).unwrap().is_some());
        }
        fs::write(path(&world, stored), &whole).unwrap();
    }
}

#[test]
fn missing_files_are_named() {
    for number in 0..2 {
        let mut world = World::new(1_000);
        world.import(&records());
        let file = &world.manifest[0];
        let stored = [&file.rows, &file.keys][number].clone();
        fs::remove_file(path(&world, &stored)).unwrap();
        let error = use_all(&world).unwrap_err();
        assert_eq!(
            (error.code, error.message),
            ("storage.file_missing", format!("the file {} is missing", stored.path))
        );
        let sentence = world.store.check_file(&stored).unwrap();
        assert_eq!(sentence, Some(format!("the file {} is missing", stored.path)));
    }
}

#[test]
fn a_file_that_changes_while_the_store_is_open_is_noticed() {
    let mut world = World::new(1_000);
    world.import(&records());
    assert_eq!(world.read_all().len(), 152);
    let stored = world.manifest[0].rows.clone();
    let mut bytes = fs::read(path(&world, &stored)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path(&world, &stored), bytes).unwrap();
    // Some file systems count time in steps that a test may stay within.
    let file = fs::File::options().write(true).open(path(&world, &stored)).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(world.read(date(2026, 9, 1), date(2026, 10, 1)).unwrap_err().code, "storage.file_damaged");
}

#[test]
fn a_manifest_cannot_name_files_elsewhere() {
    let mut world = World::new(1_000);
    world.import(&records());
    world.manifest[0].rows.path = "usage/../../etc/passwd".to_owned();
    assert_eq!(use_all(&world).unwrap_err().code, "storage.failed");
    assert_eq!(world.store.check_file(&world.manifest[0].rows).unwrap_err().code, "storage.failed");
    let rows = world.manifest[0].rows.clone();
    assert_eq!(world.store.remove(&[rows]).unwrap_err().code, "storage.failed");
}
