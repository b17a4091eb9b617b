//! `verify` finds one flipped byte in the database's documents, lines, journal and lists.

use std::fs;
use std::path::{Path, PathBuf};

use billing::ports::{Ledger, ListKind, StoredFile};
use ledger::SqliteLedger;

use crate::books::Books;
use crate::chance::Chance;
use crate::damage::check_named;
use crate::sample;

/// What is searched for in the file, and the words by which `verify` may name its row.
struct Needle {
    bytes: Vec<u8>,
    /// Bytes at its beginning that only help to find it.
    spared: usize,
    names: Vec<String>,
}

fn needle(bytes: &[u8], named: &impl ToString) -> Needle {
    // Long enough to be unique; short enough to lie on one page nearly always.
    Needle { bytes: bytes[..bytes.len().min(100)].to_vec(), spared: 0, names: vec![named.to_string()] }
}

/// The digest of a file where it stands behind `before`: it is part of the file's name as well.
fn digest_of(file: &StoredFile, before: &str, row: &str) -> Needle {
    let bytes = [before, &file.sha256].concat().into_bytes();
    Needle { bytes, spared: before.len(), names: vec![file.path.clone(), row.to_owned()] }
}

async fn needles(path: &Path) -> Vec<Needle> {
    let ledger = SqliteLedger::open(path).await.unwrap();
    let mut needles = Vec::new();
    for invoice in ledger.invoices(None).await.unwrap() {
        let number = &invoice.number;
        needles.push(needle(invoice.digest.as_bytes(), number));
        needles.push(needle(format!("\"number\":\"{number}\"").as_bytes(), number));
        for line in ledger.invoice_lines(number, 0, 2).await.unwrap() {
            needles.push(needle(&line, number));
        }
        for file in &invoice.rated_files {
            needles.push(digest_of(file, "\"sha256\":\"", number.as_str()));
        }
    }
    for digest in ledger
        .lists(ListKind::PriceSheet)
        .await
        .unwrap()
        .into_iter()
        .chain(ledger.lists(ListKind::ExchangeRates).await.unwrap())
    {
        let blob = ledger.blob(&digest).await.unwrap().unwrap();
        needles.push(needle(&blob[20..], &digest));
    }
    for entry in ledger.journal(&"issuer".parse().unwrap(), 0, 100).await.unwrap() {
        let row = [entry.entry.kind.as_str(), entry.entry.reference.as_str()].concat();
        needles.push(needle(row.as_bytes(), &"journal_entries"));
        needles.push(needle(&entry.hash.0, &"journal_entries"));
    }
    for file in ledger.usage_files().await.unwrap() {
        needles.push(digest_of(&file.rows, ".parquet", "usage_files"));
        needles.push(digest_of(&file.keys, ".keys", "usage_files"));
    }
    for document in ledger.documents().await.unwrap() {
        let row = [document.kind.as_str(), &document.sha256].concat();
        needles.push(Needle { spared: document.kind.len(), ..needle(row.as_bytes(), &document.number) });
    }
    ledger.close().await;
    needles
}

fn find(bytes: &[u8], needle: &[u8]) -> Vec<usize> {
    let last = bytes.len() - needle.len();
    (0..=last).filter(|start| bytes[*start] == needle[0] && bytes[*start..].starts_with(needle)).collect()
}

/// The database file, which a command leaves without a log beside it.
fn database(books: &Books) -> PathBuf {
    let path = books.dir().join("ledger.db");
    let log = fs::metadata(books.dir().join("ledger.db-wal")).map_or(0, |log| log.len());
    assert_eq!(log, 0, "a command left a log beside the database");
    path
}

#[tokio::test]
async fn a_flipped_byte_in_a_row_is_found_and_named() {
    let books = sample::full();
    let path = database(&books);
    let needles = needles(&path).await;
    let whole = fs::read(&path).unwrap();
    let mut chance = Chance::new(11);
    for Needle { bytes, spared, names } in &needles {
        let text = String::from_utf8_lossy(bytes);
        let places = find(&whole, bytes);
        assert!(!places.is_empty(), "{text:?} of {names:?} is not in the database");
        let (offset, bit) = (spared + chance.below(bytes.len() - spared), 1 << chance.below(7));
        let mut damaged = whole.clone();
        // A page may hold a stale copy of a row beside the row.
        places.iter().for_each(|place| damaged[place + offset] ^= bit);
        fs::write(&path, damaged).unwrap();
        check_named(&books, names, &format!("byte {offset} of {text:?}"));
    }
    fs::write(&path, whole).unwrap();
    books.verify_sound();
}

/// Wherever a byte is flipped: the program answers, and never with a success that it has not checked.
#[test]
fn a_flipped_byte_anywhere_in_the_database_ends_in_an_answer() {
    let books = sample::full();
    let path = database(&books);
    let whole = fs::read(&path).unwrap();
    let mut chance = Chance::new(12);
    let mut found = 0;
    // The header of the file, the roots of its tables, then anywhere.
    let places = (0..100).step_by(7).chain((0..24).map(|page| page * 4096 + 105)).map(|place| place % whole.len());
    let anywhere: Vec<usize> = (0..40).map(|_| chance.below(whole.len())).collect();
    for place in places.chain(anywhere) {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x55;
        fs::write(&path, damaged).unwrap();
        let ended = books.run("verify --output json");
        assert!(matches!(ended.code, Some(0 | 1 | 3)), "byte {place}: {ended:#?}");
        match ended.code {
            Some(3) => assert!(ended.failure().contains('.'), "byte {place}: {ended:#?}"),
            Some(1) => assert_ne!(ended.json()["findings"], serde_json::json!([]), "byte {place}"),
            _ => {}
        }
        found += u32::from(ended.code != Some(0));
    }
    assert!(found > 20, "only {found} flips were found");
}

#[test]
fn a_database_that_is_none_is_an_error_with_its_code() {
    let books = sample::lists();
    fs::write(books.dir().join("ledger.db"), "this is no database, but it is long enough to be looked at\n".repeat(99))
        .unwrap();
    let ended = books.run("verify").exits(3);
    assert!(ended.failure().starts_with("ledger."), "{ended:#?}");
    fs::remove_file(books.dir().join("ledger.db")).unwrap();
    books.run("verify").fails("data_dir.missing");
}
