//! Prints results: tables for people, JSON and CSV for scripts; failures with their code.

use std::io::Write;
use std::process::ExitCode;

use billing::ports::PortError;
use billing::settlement::SettlementError;
use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use engine::EngineError;
use serde::Serialize;

use crate::cli::Output;

/// Why a command failed.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    code: String,
    message: String,
    operator: String,
}

impl Failure {
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), operator: String::new() }
    }

    pub(crate) fn with_operator(mut self, operator: impl std::fmt::Display) -> Self {
        self.operator = operator.to_string();
        self
    }

    pub(crate) fn into_engine(self) -> EngineError {
        EngineError::new(&self.code, self.message).with_operator(self.operator)
    }

    /// Names the file that it is about.
    pub(crate) fn in_file(mut self, name: &str) -> Self {
        self.message = format!("{name}: {}", self.message);
        self
    }

    /// Prints the failure to standard error, in the form that was asked for.
    pub(crate) fn report(&self, output: Output) -> ExitCode {
        if !self.operator.is_empty() {
            tracing::error!(code = self.code, operator = self.operator, "{}", self.message);
        }
        let text = match output {
            Output::Json => serde_json::json!({ "error": { "code": self.code, "message": self.message } }).to_string(),
            Output::Table | Output::Csv => format!("error: {} ({})", self.message, self.code),
        };
        // A closed standard error leaves nobody to tell.
        let _ = writeln!(std::io::stderr(), "{text}");
        ExitCode::from(3)
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self { code: error.code, message: error.message, operator: error.operator }
    }
}

impl From<SettlementError> for Failure {
    fn from(error: SettlementError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        Self { code: error.code.to_owned(), message: error.message, operator: error.operator }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new("storage.failed", format!("reading or writing failed: {error}"))
    }
}

/// One rule below the headings; the rows need none.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Rows under headings; columns named in `right` are numbers.
#[derive(Debug)]
pub(crate) struct Rows {
    headings: Vec<&'static str>,
    right: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    pub(crate) fn new(headings: &[&'static str], right: &[&'static str]) -> Self {
        Self { headings: headings.to_vec(), right: right.to_vec(), rows: vec![] }
    }

    pub(crate) fn push<const N: usize>(&mut self, row: [String; N]) {
        self.rows.push(Vec::from(row));
    }

    fn to_table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(STYLE).set_header(self.headings.clone());
        for (i, heading) in self.headings.iter().enumerate() {
            if let Some(column) = table.column_mut(i).filter(|_| self.right.contains(heading)) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.add_rows(self.rows.clone());
        table
    }
}

/// Prints a line to standard output. A closed pipe ends quietly.
pub(crate) fn say(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Prints `value` as JSON, or `rows` as a table or CSV.
///
/// # Errors
/// A value that cannot be written.
pub(crate) fn print<T: Serialize>(output: Output, value: &T, rows: &Rows) -> Result<(), Failure> {
    match output {
        Output::Json => print_json(value),
        Output::Table => {
            say(rows.to_table());
            Ok(())
        }
        Output::Csv => {
            let mut writer = csv::Writer::from_writer(std::io::stdout());
            let written = writer
                .write_record(&rows.headings)
                .and_then(|()| rows.rows.iter().try_for_each(|row| writer.write_record(row)));
            written.map_err(|error| Failure::new("storage.failed", format!("writing failed: {error}")))?;
            writer.flush().map_err(Failure::from)
        }
    }
}

/// Prints `value` as indented JSON.
///
/// # Errors
/// A value that cannot be written.
pub(crate) fn print_json<T: Serialize>(value: &T) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::new("storage.failed", format!("writing failed: {error}")))?;
    say(text);
    Ok(())
}
