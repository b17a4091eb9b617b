//! Runs the test vectors: files of inputs and expected results for the arithmetic of `billing`.
//!
//! Format and operations: crates/billing/testdata/vectors/README.md. A result is compared as text,
//! key by key: a missing and an extra key are differences, and so is a decimal too many. Whatever
//! is computed here, a public function of `billing` computes; this module reads and prints.

mod compare;
mod input;
#[cfg(test)]
mod open_data;
mod operations;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// What `schema` has to say in a file of vectors.
pub const SCHEMA: &str = "billing-vectors/1";

/// Why nothing could be run.
#[derive(Debug, thiserror::Error)]
pub enum VectorsError {
    #[error("cannot read {}: {cause}", path.display())]
    Unreadable { path: PathBuf, cause: std::io::Error },
    #[error("{file} is malformed: {reason}")]
    Malformed { file: String, reason: String },
    #[error("{} holds no case: no *.json file of schema \"{SCHEMA}\" with one was found", .0.display())]
    Empty(PathBuf),
}

/// One case of a file. Titles, origins and steps are for people.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    op: String,
    #[serde(default, rename = "title")]
    _title: String,
    #[serde(default, rename = "origin")]
    _origin: String,
    #[serde(default, rename = "steps")]
    _steps: Value,
    input: serde_json::Map<String, Value>,
    expect: Value,
}

/// Why a case counts as failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// No operation has this name.
    UnknownOperation,
    /// The input was refused, or `billing` answered with an error that the case does not expect.
    NotComputed(String),
    /// One text for each figure that differs.
    Different(Vec<String>),
}

/// A failed case; displayed as one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub file: String,
    pub id: String,
    pub op: String,
    pub reason: Reason,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match &self.reason {
            Reason::UnknownOperation => "unknown operation".to_owned(),
            Reason::NotComputed(why) => format!("not computed: {why}"),
            Reason::Different(differences) => differences.join("; "),
        };
        let line = format!("{} {}: {reason} ({})", self.id, self.op, self.file);
        f.write_str(&line.replace(['\n', '\r'], " "))
    }
}

/// The outcome of a run.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub passed: usize,
    /// In the order of files and cases.
    pub failures: Vec<Failure>,
    /// JSON files of another schema.
    pub skipped: Vec<String>,
}

impl Report {
    fn add(&mut self, file: &str, case: Case) {
        match run_case(&case) {
            Ok(()) => self.passed = self.passed.saturating_add(1),
            Err(reason) => {
                self.failures.push(Failure { file: file.to_owned(), id: case.id, op: case.op, reason });
            }
        }
    }
}

/// Runs every file of vectors in `folder`, sorted by name; folders inside it are left alone.
///
/// # Errors
/// A folder or file that cannot be read, a malformed file, or no case at all.
pub fn run_folder(folder: &Path) -> Result<Report, VectorsError> {
    let unreadable = |path: &Path, cause| VectorsError::Unreadable { path: path.to_owned(), cause };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|cause| unreadable(folder, cause))? {
        let path = entry.map_err(|cause| unreadable(folder, cause))?.path();
        if path.extension().is_some_and(|extension| extension == "json") && !path.is_dir() {
            files.push(path);
        }
    }
    files.sort();
    let mut report = Report::default();
    for path in &files {
        let text = std::fs::read_to_string(path).map_err(|cause| unreadable(path, cause))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        run_text(&name, &text, &mut report)?;
    }
    if report.passed == 0 && report.failures.is_empty() {
        return Err(VectorsError::Empty(folder.to_owned()));
    }
    Ok(report)
}

/// Runs the cases of one file's text and adds them to `report`.
///
/// # Errors
/// A text that is no JSON, or no file of vectors although its schema says so.
pub fn run_text(file: &str, text: &str, report: &mut Report) -> Result<(), VectorsError> {
    let malformed = |reason: String| VectorsError::Malformed { file: file.to_owned(), reason };
    let mut content: Value = serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
    if content.get("schema").and_then(Value::as_str) != Some(SCHEMA) {
        report.skipped.push(file.to_owned());
        return Ok(());
    }
    let Some(Value::Array(cases)) = content.get_mut("cases").map(Value::take) else {
        return Err(malformed("it has no list of cases".to_owned()));
    };
    for (i, case) in cases.into_iter().enumerate() {
        let id = case.get("id").map_or_else(|| format!("number {}", i.saturating_add(1)), Value::to_string);
        let case = serde_json::from_value(case).map_err(|error| malformed(format!("case {id}: {error}")))?;
        report.add(file, case);
    }
    Ok(())
}

fn run_case(case: &Case) -> Result<(), Reason> {
    let operation = operations::operation(&case.op).ok_or(Reason::UnknownOperation)?;
    let mut input = input::Input::new(case.input.clone());
    let result = operation(&mut input).and_then(|result| input.finish().map(|()| result));
    let result = result.map_err(|error| Reason::NotComputed(error.to_string()))?;
    let differences = compare::differences(&case.expect, &result);
    if differences.is_empty() { Ok(()) } else { Err(Reason::Different(differences)) }
}
