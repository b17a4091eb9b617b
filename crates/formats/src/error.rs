//! What can be wrong with a file, and with one record of it.
//!
//! A [`FileError`] refuses the whole file; a [`RejectedLine`] sets one record aside so that it can
//! be mended and replayed (design D7). Codes never change once released; each has a folder in
//! `docs/errors/` with an input that causes it.

use std::fmt;

/// How much of a record's text is kept for its replay, in bytes.
pub const RAW_LENGTH_MAX: usize = 64 * 1024;

/// Refuses a whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    pub code: &'static str,
    /// For the one who sent the file: lower case, no full stop, nothing internal.
    pub message: String,
    /// Physical line of the decompressed text, from 1.
    pub line: Option<u64>,
    /// Column number of a CSV field, or byte position in a line of JSON or XML; from 1.
    pub column: Option<u64>,
    /// For the one who runs the program: the cause as the library below worded it. May be empty.
    pub operator: String,
}

impl FileError {
    #[must_use]
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), line: None, column: None, operator: String::new() }
    }

    #[must_use]
    pub fn at_line(self, line: u64) -> Self {
        Self { line: Some(line), ..self }
    }

    #[must_use]
    pub fn at(self, line: u64, column: u64) -> Self {
        Self { line: Some(line), column: Some(column), ..self }
    }

    /// Keeps the cause for the operator.
    #[must_use]
    pub fn caused_by(self, cause: &dyn fmt::Display) -> Self {
        Self { operator: cause.to_string(), ..self }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(f, " (line {line}, column {column})"),
            (Some(line), None) => write!(f, " (line {line})"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for FileError {}

/// One record that was set aside; the others of its file are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedLine {
    /// The physical line, from 1: of a CSV record the one that it starts on, of a JSON element the one
    /// that the bad member stands on, of an XML element its own.
    pub line: u64,
    /// As [`FileError::column`]; 0 where a CSV record as a whole is meant.
    pub column: u64,
    /// The header name, JSON member or XML element; empty where the record as a whole is meant.
    pub field: String,
    pub code: &'static str,
    pub message: String,
    /// The record's own text, at most [`RAW_LENGTH_MAX`] bytes of it.
    pub raw: Vec<u8>,
    /// True when `raw` is only the beginning, so that it cannot be replayed.
    pub raw_cut: bool,
}

impl fmt::Display for RejectedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        write!(f, "{} (line {}", self.message, self.line)?;
        if self.column > 0 {
            write!(f, ", column {}", self.column)?;
        }
        f.write_str(")")
    }
}

/// At most [`RAW_LENGTH_MAX`] bytes of `text`, and whether that cut something off.
#[must_use]
pub fn raw_excerpt(text: &[u8]) -> (Vec<u8>, bool) {
    let kept = text.get(..RAW_LENGTH_MAX).unwrap_or(text);
    (kept.to_vec(), kept.len() < text.len())
}

/// A file that was read as a whole: what it says, and what had to be set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed<T> {
    pub value: T,
    pub rejected: Vec<RejectedLine>,
    /// Records read, rejected ones included.
    pub record_count: u64,
}

/// What is wrong with one field; the reader adds the position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub code: &'static str,
    pub message: String,
}

impl Fault {
    #[must_use]
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// Every code that this crate can raise, sorted.
#[must_use]
pub fn error_codes() -> Vec<&'static str> {
    let modules: &[&[&'static str]] = &[
        crate::bank::CODES,
        crate::csv::CODES,
        crate::directory::CODES,
        crate::fx::CODES,
        crate::json::CODES,
        crate::licence::CODES,
        crate::number::CODES,
        crate::price::CODES,
        crate::source::CODES,
        crate::tax::CODES,
        crate::usage::CODES,
        crate::xml::CODES,
    ];
    let mut codes: Vec<&'static str> = modules.concat();
    codes.sort_unstable();
    codes.dedup();
    codes
}
