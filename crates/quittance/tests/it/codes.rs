//! Every error code that the program can raise, read from the source of its crates.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::books::files_below;

/// Crates that are not part of the program.
const DEVELOPMENT: [&str; 3] = ["rating-bench", "testkit", "xtask"];
/// Dotted words in quotes that are no codes: names of files, of columns, of segments of a path, and of figures on paper.
const FILE_KINDS: [&str; 6] = [".csv", ".db", ".json", ".lock", ".rs", ".toml"];
const FIGURES: &str = "totals.";
const COLUMNS: [&str; 1] = ["usage.amount_in_pricing_units"];
const SEGMENTS: [&str; 1] = ["microsoft.graph.partners.billing.export"];

pub(crate) fn raised_codes() -> BTreeSet<String> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut codes: BTreeSet<String> = formats::error_codes().into_iter().map(str::to_owned).collect();
    for member in fs::read_dir(crates).unwrap().map(Result::unwrap) {
        if DEVELOPMENT.iter().any(|name| member.file_name() == *name) {
            continue;
        }
        for path in files_below(&member.path().join("src")) {
            if path.extension().is_some_and(|kind| kind == "rs") && !is_test(&path) {
                codes.extend(codes_of(&fs::read_to_string(path).unwrap()));
            }
        }
    }
    codes
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str().to_string_lossy().trim_end_matches(".rs").ends_with("tests"))
}

/// Dotted words in quotes, outside of a file's tests.
fn codes_of(source: &str) -> BTreeSet<String> {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    source
        .lines()
        .flat_map(|line| line.split('"').skip(1).step_by(2))
        .filter(|text| is_code(text))
        .map(str::to_owned)
        .collect()
}

fn is_code(text: &str) -> bool {
    let is_word = |word: &str| {
        let mut bytes = word.bytes();
        bytes.next().is_some_and(|byte| byte.is_ascii_lowercase())
            && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    text.contains('.')
        && text.split('.').all(is_word)
        && !FILE_KINDS.iter().any(|kind| text.ends_with(kind))
        && !text.starts_with(FIGURES)
        && !COLUMNS.contains(&text)
        && !SEGMENTS.contains(&text)
}

#[test]
fn codes_are_found_in_source() {
    let source = "Self::A => \"close.too_early\",\nFailure::new(\"data_dir.missing\", format!(\"{x}.y\"));\nopen(\"list.csv\")\n\
                  #[cfg(test)]\nmod tests {\n \"a.b\"";
    assert_eq!(codes_of(source).into_iter().collect::<Vec<_>>(), ["close.too_early", "data_dir.missing"]);
    let codes = raised_codes();
    for code in ["usage.line.record_id_conflict", "storage.full", "ledger.damaged", "close.unpriced", "csv.encoding"] {
        assert!(codes.contains(code), "{code} is not found");
    }
}
