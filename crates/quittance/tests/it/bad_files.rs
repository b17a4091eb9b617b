//! Files that are not what they should be are refused as a whole: exit code 3, the code of the
//! reason, and nothing changes.

use std::fs::File;
use std::io::{BufWriter, Write};

use crate::books::Books;
use crate::sample::{self, USAGE_HEADER};

const GOOD_LINE: &str = "r-1,2026-10-03,alder,s-alder,m-1,2,blocks,1 Hour\n";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\x06\0\0\0";

/// What an import could have changed.
fn state(books: &Books) -> (String, String, usize) {
    let quarantine = books.run("quarantine list --output json").exits(0).out;
    let verified = books.run("verify --output json").exits(0).out;
    (quarantine, verified, books.usage_files().len())
}

#[track_caller]
fn check(content: impl AsRef<[u8]>, command: &str, code: &str) {
    let books = sample::lists();
    books.write("file.csv", content);
    let before = state(&books);
    let ended = books.run(&format!("{command} file.csv"));
    assert!(ended.err.contains("file.csv"), "the file is not named: {ended:#?}");
    ended.fails(code);
    assert_eq!(state(&books), before, "{command} changed something");
}

/// A gzip file that ends in its middle.
fn cut_gzip(text: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("whole");
    std::fs::write(&path, text).unwrap();
    assert!(std::process::Command::new("gzip").arg(&path).status().unwrap().success());
    let mut packed = std::fs::read(path.with_extension("gz")).unwrap();
    packed.truncate(packed.len() * 2 / 3);
    packed
}

#[test]
fn files_that_are_damaged_or_something_else() {
    let usage = "import usage";
    check(cut_gzip(&sample::usage("2026-10", 5, 2_000)), usage, "file.truncated");
    check([&[0x1f, 0x8b][..], &[0x55; 200]].concat(), usage, "file.corrupt");
    check(PNG, usage, "file.format_unknown");
    check("", usage, "file.empty");
    check("%PDF-1.7\n", usage, "file.format_unknown");
    check("<html><body>Sign in</body></html>", usage, "file.format_unknown");
    check("name,age\nAda,36\n", usage, "file.format_unknown");
    let utf16: Vec<u8> = [0xfeff].into_iter().chain(USAGE_HEADER.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    check(utf16, usage, "file.encoding");
    check(b"record_id,usage\0_date\n", usage, "csv.nul_byte");
    check("x,".repeat(10_000), usage, "csv.too_many_columns");
}

#[test]
fn files_of_another_kind() {
    let card = r#"{"Meters":[{"MeterId":"m","MeterRates":{"0":1}}],"Currency":"USD"}"#;
    check(card, "import usage", "file.format_unknown");
    check("customer_id,name\na,b\n", "import usage", "file.format_unknown");
    check(format!("{USAGE_HEADER}{GOOD_LINE}"), "import prices", "file.wrong_kind");
    check(format!("{USAGE_HEADER}{GOOD_LINE}"), "import customers", "file.wrong_kind");
    check(format!("{USAGE_HEADER}{GOOD_LINE}"), "import subscriptions", "file.wrong_kind");
    check(format!("{USAGE_HEADER}{GOOD_LINE}"), "import fx", "file.wrong_kind");
    check(PNG, "import prices", "csv.encoding");
    check(PNG, "import fx", "csv.encoding");
    check("CurrencyCode,USDPerUnit,Month\n", "import fx", "fx.file.no_rates");
    check("meter_id,currency,unit_price\n", "import prices", "price.file.no_prices");
    check(format!("{USAGE_HEADER}{GOOD_LINE}"), "import usage --format azure-ea-csv", "file.format_mismatch");
    check(format!("{USAGE_HEADER}{GOOD_LINE}"), "import usage --own-cost-as-price", "price.file.no_prices");
}

#[test]
fn a_file_that_is_not_there_or_a_folder() {
    let books = sample::lists();
    books.run("import usage absent.csv").fails("file.unreadable");
    books.run("import usage books").fails("file.unreadable");
}

#[test]
fn a_format_that_nobody_knows() {
    let books = sample::lists();
    books.write("usage.csv", format!("{USAGE_HEADER}{GOOD_LINE}"));
    let ended = books.run("import usage usage.csv --format excel");
    assert!(ended.err.contains("quittance-csv"), "the known ones are listed: {ended:#?}");
    ended.fails("file.format_unknown");
}

/// One bad file among several: those before it are in, and it is named.
#[test]
fn files_before_a_bad_one_are_kept() {
    let books = sample::lists();
    books.write("good.csv", format!("{USAGE_HEADER}{GOOD_LINE}"));
    books.write("bad.csv", PNG);
    let ended = books.run("import usage good.csv bad.csv");
    assert!(ended.err.contains("bad.csv"), "{ended:#?}");
    ended.fails("file.format_unknown");
    assert_eq!(books.json("import usage good.csv")["duplicate"], 1);
}

/// A line of 100 MB is one bad record, in bounded time and memory.
#[test]
fn a_line_of_100_mb_is_set_aside() {
    let books = sample::lists();
    let mut file = BufWriter::new(File::create(books.path("long.csv")).unwrap());
    write!(file, "{USAGE_HEADER}{GOOD_LINE}r-2,2026-10-03,").unwrap();
    for _ in 0..100 {
        file.write_all(&vec![b'7'; 1_000_000]).unwrap();
    }
    write!(file, "\n{}", GOOD_LINE.replace("r-1", "r-3")).unwrap();
    drop(file);
    let report = books.run("import usage long.csv --output json").exits(1).json();
    assert_eq!((&report["accepted"], &report["quarantined"]), (&2.into(), &1.into()), "{report:#}");
    let line = &report["quarantined_lines"][0];
    assert_eq!((&line["line"], &line["code"]), (&3.into(), &"csv.record_too_long".into()));
}
