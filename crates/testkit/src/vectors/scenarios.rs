//! Computes the published billing scenarios again, where their files are at hand
//! (crates/testkit/testdata/README.md).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use billing::decimal::{Decimal, Rounding};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::input::Input;
use super::operations::operation;

const PUBLISHED: &str = "data/recon/scenarios";

/// How the text of a cell is read.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reading {
    Date,
    Money,
    Decimal,
    Cut2,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Comparison {
    /// JSON pointer.
    result: String,
    column: String,
    r#as: Reading,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contradiction {
    #[serde(rename = "reason")]
    _reason: String,
    ours: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    file: String,
    table: usize,
    row_in_table: usize,
    op: Option<String>,
    input: Map<String, Value>,
    compare: Vec<Comparison>,
    contradicts: Option<Contradiction>,
    #[serde(default, rename = "note")]
    _note: String,
}

#[derive(Debug, Deserialize)]
struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Tables {
    tables: Vec<Table>,
}

/// In the folder that `QUITTANCE_SHARED` names, or in one beside the workspace.
fn published() -> Option<PathBuf> {
    let found = |folder: PathBuf| Some(folder.join(PUBLISHED)).filter(|path| path.is_dir());
    if let Some(folder) = std::env::var_os("QUITTANCE_SHARED") {
        return found(folder.into());
    }
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    std::fs::read_dir(beside).ok()?.flatten().find_map(|entry| found(entry.path()))
}

fn number(text: &str) -> Decimal {
    text.replace(['$', ','], "").parse().unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn day(text: &str) -> Date {
    let formats = ["%B %d, %Y", "%m/%d/%Y", "%Y-%m-%d"];
    let read = formats.iter().find_map(|format| Date::strptime(format, text).ok());
    read.unwrap_or_else(|| panic!("{text:?} is no day"))
}

/// Whether a figure of ours is what the cell says.
fn agrees(ours: &str, cell: &str, reading: Reading) -> bool {
    match reading {
        Reading::Date => day(ours) == day(cell),
        Reading::Money | Reading::Decimal => number(ours) == number(cell),
        Reading::Cut2 => number(ours).rounded(2, Rounding::TowardZero) == Ok(number(cell)),
    }
}

/// Compares an entry with its row; the columns that it contradicts.
fn check(entry: &Entry, tables: &Tables) -> BTreeMap<String, String> {
    let table = &tables.tables[entry.table];
    let row = &table.rows[entry.row_in_table];
    let Some(op) = &entry.op else { return BTreeMap::new() };
    let mut input = Input::new(entry.input.clone());
    let result = operation(op).unwrap()(&mut input).unwrap_or_else(|error| panic!("{entry:?}: {error}"));
    input.finish().unwrap();
    let mut contradicted = BTreeMap::new();
    for Comparison { result: pointer, column, r#as } in &entry.compare {
        let place = table.columns.iter().position(|known| known == column).unwrap_or_else(|| panic!("{column}"));
        let ours = result.pointer(pointer).unwrap_or_else(|| panic!("{pointer} of {result}"));
        let ours = ours.as_str().map_or_else(|| ours.to_string(), str::to_owned);
        if !agrees(&ours, &row[place], *r#as) {
            contradicted.insert(column.clone(), ours);
        }
    }
    contradicted
}

#[test]
#[allow(clippy::print_stderr, reason = "says what was compared, or that nothing was")]
fn the_published_scenarios_are_reproduced() {
    let entries: Vec<Entry> = serde_json::from_str(include_str!("../../testdata/scenarios.json")).unwrap();
    assert_eq!(entries.len(), 77);
    let Some(folder) = published() else {
        eprintln!("skipped: no {PUBLISHED} beside the workspace or in QUITTANCE_SHARED");
        return;
    };
    let mut files: BTreeMap<String, Tables> = BTreeMap::new();
    let (mut cells, mut contradictions) = (0, 0);
    for entry in &entries {
        let tables = files.entry(entry.file.clone()).or_insert_with(|| {
            serde_json::from_str(&std::fs::read_to_string(folder.join(&entry.file)).unwrap()).unwrap()
        });
        let expected = entry.contradicts.as_ref().map(|known| known.ours.clone()).unwrap_or_default();
        assert_eq!(check(entry, tables), expected, "{entry:?}");
        cells += entry.compare.len();
        contradictions += usize::from(entry.contradicts.is_some());
    }
    let rows: usize = files.values().flat_map(|file| &file.tables).map(|table| table.rows.len()).sum();
    eprintln!("{rows} published rows, {cells} cells compared, {contradictions} rows contradict their neighbours");
    assert_eq!((rows, contradictions), (entries.len(), 5));
}
