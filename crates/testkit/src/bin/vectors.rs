//! Runs a folder of test vectors against `billing`.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use testkit::vectors::{Report, SCHEMA, VectorsError, run_folder};

const HELP: &str = "\
Runs the test vectors of a folder against the arithmetic of billing.

Usage: vectors DIR

DIR holds files *.json of the schema \"billing-vectors/1\"; other JSON files are named and skipped.
Each failed case is printed on one line, and last the number of cases passed and failed.

Example:
  cargo run -p testkit --bin vectors -- crates/billing/testdata/vectors

Exit status: 0 all cases passed, 1 a case failed or names an unknown operation, 2 nothing was run.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
    let written = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["-h" | "--help"] => out(HELP).map(|()| ExitCode::SUCCESS),
        [folder] if !folder.starts_with('-') => run(Path::new(folder)),
        _ => err(&format!("one folder is expected\n\n{HELP}")),
    };
    // A reader that closes the pipe early has what it wanted.
    written.unwrap_or(ExitCode::from(2))
}

fn run(folder: &Path) -> std::io::Result<ExitCode> {
    match run_folder(folder) {
        Ok(report) => print(&report),
        Err(error @ VectorsError::Malformed { .. }) => err(&format!("{error}\n")),
        Err(error) => err(&format!("{error}\nGive a folder of vectors, such as crates/billing/testdata/vectors.\n")),
    }
}

fn print(report: &Report) -> std::io::Result<ExitCode> {
    for file in &report.skipped {
        err(&format!("{file} is skipped, its schema is not \"{SCHEMA}\"\n"))?;
    }
    let mut text: String = report.failures.iter().map(|failure| format!("{failure}\n")).collect();
    text.push_str(&format!("{} passed, {} failed\n", report.passed, report.failures.len()));
    out(&text)?;
    Ok(if report.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn out(text: &str) -> std::io::Result<()> {
    std::io::stdout().lock().write_all(text.as_bytes())
}

fn err(text: &str) -> std::io::Result<ExitCode> {
    std::io::stderr().lock().write_all(format!("vectors: {text}").as_bytes())?;
    Ok(ExitCode::from(2))
}
