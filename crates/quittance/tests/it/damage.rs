//! `verify` finds one flipped byte in any stored file, and names the file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::books::{Books, files_below};
use crate::chance::Chance;
use crate::sample;

/// Damaged at its first byte, its last, and three that chance names.
fn places(length: usize, chance: &mut Chance) -> Vec<usize> {
    let mut places: Vec<usize> = (0..3).map(|_| chance.below(length)).collect();
    places.extend([0, length - 1]);
    places
}

/// `verify` names one of `names` among its findings.
#[track_caller]
pub(crate) fn check_named(books: &Books, names: &[String], how: &str) {
    let ended = books.run("verify --output json");
    assert_eq!(ended.code, Some(1), "{how}: {ended:#?}");
    let verified = ended.json();
    assert_eq!(verified["sound"], false, "{how}");
    let findings = verified["findings"].as_array().unwrap();
    let is_named = |finding: &serde_json::Value| {
        let texts = [&finding["subject"], &finding["finding"]].map(|text| text.as_str().unwrap());
        names.iter().any(|name| texts.iter().any(|text| text.contains(name)))
    };
    assert!(findings.iter().any(is_named), "{how} does not name {names:?}: {verified:#}");
}

fn relative(path: &Path, dir: &Path) -> String {
    path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned()
}

/// Flips one bit of each place in turn.
fn check_flips(books: &Books, path: &Path, seed: u64) {
    let mut chance = Chance::new(seed);
    let whole = fs::read(path).unwrap();
    for place in places(whole.len(), &mut chance) {
        let mut damaged = whole.clone();
        damaged[place] ^= 1 << chance.below(8);
        fs::write(path, damaged).unwrap();
        let name = relative(path, &books.dir());
        check_named(books, std::slice::from_ref(&name), &format!("byte {place} of {name}"));
    }
    fs::write(path, whole).unwrap();
}

fn check_kind(folder: &str, belongs: impl Fn(&str) -> bool, at_least: usize, seed: u64) {
    let books = sample::full();
    let files: Vec<PathBuf> = files_below(&books.dir().join(folder));
    let files: Vec<&PathBuf> = files.iter().filter(|path| belongs(path.to_str().unwrap())).collect();
    assert!(files.len() >= at_least, "{files:#?}");
    for (path, seed) in files.iter().zip(seed..) {
        check_flips(&books, path, seed);
    }
    books.verify_sound();
    let removed = files[files.len() / 2];
    fs::remove_file(removed).unwrap();
    check_named(&books, &[relative(removed, &books.dir())], "a removed file");
}

#[test]
fn a_flipped_byte_in_a_document_is_found() {
    check_kind("documents", |path| path.ends_with(".pdf"), 6, 1);
}

#[test]
fn a_flipped_byte_in_a_usage_file_is_found() {
    check_kind("usage/records", |path| path.ends_with(".parquet"), 4, 2);
}

#[test]
fn a_flipped_byte_in_a_file_of_keys_is_found() {
    check_kind("usage/records", |path| path.ends_with(".keys"), 4, 3);
}

#[test]
fn a_flipped_byte_in_a_rated_file_is_found() {
    check_kind("usage/rated", |_| true, 6, 4);
}

#[test]
fn a_file_that_is_cut_short_or_has_grown_is_found() {
    let books = sample::full();
    let path = files_below(&books.dir().join("usage")).remove(0);
    let whole = fs::read(&path).unwrap();
    let name = [relative(&path, &books.dir())];
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    check_named(&books, &name, "a file that is cut short");
    fs::write(&path, [whole.as_slice(), b"\n"].concat()).unwrap();
    check_named(&books, &name, "a file that has grown");
}

/// What is not sound is not shown as if it were.
#[test]
fn a_damaged_document_is_not_handed_out() {
    let books = sample::full();
    for path in files_below(&books.dir().join("documents")) {
        let mut bytes = fs::read(&path).unwrap();
        bytes[100] ^= 1;
        fs::write(path, bytes).unwrap();
    }
    books.run("invoices pdf G000000001 --out again.pdf").fails("storage.damaged");
    assert!(!books.path("again.pdf").exists());
}
