//! Compares our table of units with the published one, where that file is at hand.

use std::path::{Path, PathBuf};

use billing::decimal::Decimal;
use billing::uom::UnitOfMeasure;

const PUBLISHED: &str = "data/focus/open-data/PricingUnits.csv";

/// In the folder that `QUITTANCE_SHARED` names, or in one beside the workspace.
fn published() -> Option<PathBuf> {
    let found = |folder: PathBuf| Some(folder.join(PUBLISHED)).filter(|path| path.is_file());
    if let Some(folder) = std::env::var_os("QUITTANCE_SHARED") {
        return found(folder.into());
    }
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    std::fs::read_dir(beside).ok()?.flatten().find_map(|entry| found(entry.path()))
}

/// Unit of measure, block size and distinct unit of a row such as `"1 Hour","MCA, EA",1,Hours`.
fn row(line: &str) -> Option<(&str, Decimal, &str)> {
    let mut columns = line.rsplitn(3, ',');
    let (unit, size) = (columns.next()?, columns.next()?);
    let text = columns.next()?.strip_prefix('"')?.split_once('"')?.0;
    Some((text, size.parse().ok()?, unit))
}

#[test]
#[allow(clippy::print_stderr, reason = "says what was compared, or that nothing was")]
fn the_published_units_agree() {
    let Some(path) = published() else {
        eprintln!("skipped: no {PUBLISHED} beside the workspace or in QUITTANCE_SHARED");
        return;
    };
    let text = std::fs::read_to_string(path).unwrap();
    let (mut rows, mut sizes, mut units) = (0_u32, 0, 0);
    let (mut unknown, mut contradicted) = (Vec::new(), Vec::new());
    for line in text.lines().skip(1) {
        let (spelling, block_size, distinct_unit) = row(line).unwrap_or_else(|| panic!("{line}"));
        let unit = UnitOfMeasure::parse(spelling);
        rows += 1;
        match unit {
            UnitOfMeasure { known: false, .. } => unknown.push(spelling),
            UnitOfMeasure { block_size: ours, .. } if ours != block_size => contradicted.push(line),
            UnitOfMeasure { distinct_unit: ours, .. } => {
                sizes += 1;
                units += u32::from(ours == distinct_unit);
            }
        }
    }
    eprintln!("{sizes} of {rows} published units are known with the same block size, {units} with the same name");
    eprintln!("unknown: {unknown:?}");
    assert_eq!(contradicted, Vec::<&str>::new());
    assert!(rows > 300 && sizes * 5 >= rows * 4, "{sizes} of {rows}");
}
