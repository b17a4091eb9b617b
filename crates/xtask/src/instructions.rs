//! `cargo xtask instructions`: how many instructions rating takes, counted by Valgrind.
//!
//! A clock on a shared machine varies by a third; this number hardly does. It depends on the compiler,
//! so it is only compared where the compiler is the one that it was recorded with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::bench::{target_folder, text};

/// Rows of the month that is rated.
const ROWS: u64 = 30_000;
/// What is counted: the merging, rating and writing of ranges, and not the opening of books. The pattern
/// is the name of `usage::rating::job::Task::rate`, however a compiler writes it.
const COUNTED: &str = "--toggle-collect=*rating*job*Task*rate*";
/// Hash maps with random seeds and threads that wait make the number vary, by less than a hundredth.
const TOLERATED_PERCENT: u64 = 5;
const RECORD: &str = "crates/xtask/instructions.json";

/// What was counted once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    /// What `rustc --version` says.
    compiler: String,
    rows: u64,
    instructions: u64,
}

/// Counts, and compares with the record, or writes it anew.
pub(crate) fn count(is_recorded: bool) -> Result<(), String> {
    let found = Record { compiler: compiler()?, rows: ROWS, instructions: counted()? };
    println!("{} instructions for {ROWS} rows, {} a row", found.instructions, found.instructions / ROWS);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(RECORD);
    if is_recorded {
        let text = serde_json::to_string_pretty(&found).map_err(|error| error.to_string())?;
        return fs::write(&path, text + "\n").map_err(|error| format!("{}: {error}", path.display()));
    }
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let known: Record = serde_json::from_str(&text).map_err(|error| format!("{RECORD}: {error}"))?;
    judge(&known, &found)
}

fn judge(known: &Record, found: &Record) -> Result<(), String> {
    if (&known.compiler, known.rows) != (&found.compiler, found.rows) {
        println!("not compared: {RECORD} was recorded with {}", known.compiler);
        return Ok(());
    }
    let most = known.instructions + known.instructions * TOLERATED_PERCENT / 100;
    if found.instructions > most {
        let message = "rating takes more than it did; if that is meant, run `cargo xtask instructions --record`";
        return Err(format!("{message}: {} instructions, {} before", found.instructions, known.instructions));
    }
    println!("{} before, {TOLERATED_PERCENT} % more are tolerated", known.instructions);
    Ok(())
}

fn compiler() -> Result<String, String> {
    let output = Command::new("rustc").arg("--version").output().map_err(|error| format!("rustc: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Builds as the tests are built, makes the month and rates it below Valgrind.
fn counted() -> Result<u64, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    run(Command::new(cargo).args(["build", "--quiet", "-p", "rating-bench"]))?;
    let binary = target_folder().join("debug/rating-bench");
    let folder = target_folder().join("instructions");
    // Books of an older program may have another shape.
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let data = folder.join("data");
    run(Command::new(&binary).args(["generate", "--rows", &ROWS.to_string(), "--dir", &text(&data)]))?;
    let counts: PathBuf = folder.join("callgrind.out");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--quiet", COUNTED, &format!("--callgrind-out-file={}", text(&counts))]);
    valgrind.arg(&binary).args(["rate", "--dir", &text(&data), "--out", &text(&folder.join("totals.csv"))]);
    run(&mut valgrind)?;
    let counts = fs::read_to_string(&counts).map_err(|error| format!("{}: {error}", counts.display()))?;
    total_of(&counts).ok_or_else(|| "Valgrind wrote no total".to_owned())
}

fn total_of(counts: &str) -> Option<u64> {
    let line =
        counts.lines().find_map(|line| line.strip_prefix("totals:").or_else(|| line.strip_prefix("summary:")))?;
    line.split_whitespace().next()?.parse().ok()
}

fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.stdout(Stdio::null()).status().map_err(|error| format!("{name}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{name} ended with {status}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(compiler: &str, instructions: u64) -> Record {
        Record { compiler: compiler.to_owned(), rows: ROWS, instructions }
    }

    #[test]
    fn only_more_instructions_of_the_same_compiler_fail() {
        let known = record("rustc 1", 1_000);
        assert!(judge(&known, &record("rustc 1", 1_050)).is_ok());
        assert!(judge(&known, &record("rustc 1", 10)).is_ok());
        assert!(judge(&known, &record("rustc 2", 9_000)).is_ok());
        assert!(judge(&known, &record("rustc 1", 1_051)).unwrap_err().contains("1051 instructions, 1000 before"));
    }

    #[test]
    fn the_total_is_read() {
        assert_eq!(total_of("version: 1\nevents: Ir\nfn=(1) main\n1 5\n\ntotals: 12345\n"), Some(12_345));
        assert_eq!(total_of("events: Ir\n"), None);
    }
}
