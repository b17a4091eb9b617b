use std::fs;

use billing::usage::ContentDigest;

use super::*;
use crate::keys::{SubscriptionMark, write_keys};
use crate::new_file::{CompleteFile, NewFile};

fn key(number: u64) -> RecordKey {
    RecordKey(checksum(&number.to_be_bytes()))
}

fn entry(number: u64, revision: u32) -> KeyEntry {
    KeyEntry {
        key: key(number),
        revision,
        content: ContentDigest([1; 16]),
        subscription: SubscriptionMark([2; 8]),
        day: 20_710,
    }
}

fn written(directory: &DataDirectory, mut entries: Vec<KeyEntry>) -> CompleteFile {
    crate::keys::sort(&mut entries);
    let mut file = NewFile::create(directory).unwrap();
    let count = write_keys(&entries, &mut file).unwrap();
    file.complete(count, None).unwrap()
}

fn found(keys: &KeyFile, wanted: &[RecordKey]) -> Result<Vec<(usize, u32)>> {
    let mut hits = Vec::new();
    keys.find(wanted, &mut |place, entry| {
        assert_eq!(entry.key, wanted[place]);
        hits.push((place, entry.revision));
    })?;
    Ok(hits)
}

#[test]
fn every_key_is_found_and_no_other() {
    let root = tempfile::tempdir().unwrap();
    let directory = DataDirectory::open(root.path(), None).unwrap();
    for count in [1, 2, 101, 102, 103, 204, 5_000] {
        let file = written(&directory, (0..count).map(|n| entry(n, 0)).collect());
        for mut memory in [u64::MAX, 0] {
            let keys = KeyFile::open(&directory, &file.as_stored(), &mut memory).unwrap();
            let mut wanted: Vec<_> = (0..count + 1_000).map(key).collect();
            wanted.sort_unstable();
            let hits = found(&keys, &wanted).unwrap();
            assert_eq!(u64::try_from(hits.len()).unwrap(), count);
            assert!((0..count).all(|n| keys.holds(key(n)).unwrap()));
            assert!(!(count..count + 300).any(|n| keys.holds(key(n)).unwrap()));
        }
    }
}

#[test]
fn versions_of_a_key_may_fill_several_blocks() {
    let root = tempfile::tempdir().unwrap();
    let directory = DataDirectory::open(root.path(), None).unwrap();
    let mut entries: Vec<_> = (0..400).map(|revision| entry(7, revision)).collect();
    entries.extend((100..300).map(|n| entry(n, 0)));
    let file = written(&directory, entries);
    let keys = KeyFile::open(&directory, &file.as_stored(), &mut { u64::MAX }).unwrap();
    let hits = found(&keys, &[key(7)]).unwrap();
    assert_eq!(hits, (0..400).map(|revision| (0, revision)).collect::<Vec<_>>());
}

#[test]
fn every_changed_bit_is_noticed() {
    let root = tempfile::tempdir().unwrap();
    let directory = DataDirectory::open(root.path(), None).unwrap();
    let file = written(&directory, (0..250).map(|n| entry(n, 0)).collect());
    let stored = file.as_stored();
    let path = directory.absolute(&stored.path).unwrap();
    let whole = fs::read(&path).unwrap();
    let mut wanted: Vec<_> = (0..250).map(key).collect();
    wanted.sort_unstable();
    let front_end = 64 + usize::try_from(Layout::of(250).front_bytes()).unwrap();
    let blocks_at = usize::try_from(Layout::of(250).blocks_at).unwrap();
    for at in (0..whole.len()).step_by(13).filter(|at| *at < front_end || *at >= blocks_at) {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        fs::write(&path, &damaged).unwrap();
        let outcome = KeyFile::open(&directory, &stored, &mut { u64::MAX }).and_then(|keys| found(&keys, &wanted));
        assert_eq!(outcome.unwrap_err().code(), "storage.file_damaged", "byte {at}");
    }
}

#[test]
fn cut_and_missing_files_are_reported() {
    let root = tempfile::tempdir().unwrap();
    let directory = DataDirectory::open(root.path(), None).unwrap();
    let file = written(&directory, (0..250).map(|n| entry(n, 0)).collect());
    let stored = file.as_stored();
    let path = directory.absolute(&stored.path).unwrap();
    let whole = fs::read(&path).unwrap();
    let code = || KeyFile::open(&directory, &stored, &mut { u64::MAX }).unwrap_err().code();
    for length in [0, 1, 63, 64, 65, 4_096, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(code(), "storage.file_damaged", "{length} bytes");
    }
    let mut huge = whole.clone();
    huge[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
    fs::write(&path, &huge).unwrap();
    assert_eq!(code(), "storage.file_damaged");
    fs::remove_file(&path).unwrap();
    assert_eq!(code(), "storage.file_missing");
}
