//! Lists, and what became of files.

use billing::ports::{QuarantinedLine, StoredList};
use engine::import;
use formats::error::RejectedLine;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Money, page};

/// Lines that are shown; all are counted.
const LINES_SHOWN_MAX: usize = 100;

/// A list as it was imported; of one kind the later ones win.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List {
    /// From 1.
    pub(crate) position: u64,
    title: String,
    /// SHA-256 of what was read of it.
    digest: String,
    #[schema(format = "date-time")]
    imported_at: String,
}
page!(ListPage, List);

impl From<&StoredList> for List {
    fn from(list: &StoredList) -> Self {
        Self {
            position: list.position,
            title: list.title.clone(),
            digest: list.digest.to_string(),
            imported_at: list.imported_at.to_string(),
        }
    }
}

/// A line that was set aside.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefusedLine {
    line: u64,
    column: u64,
    field: String,
    code: String,
    detail: String,
}

impl From<&QuarantinedLine> for RefusedLine {
    fn from(line: &QuarantinedLine) -> Self {
        Self {
            line: line.line,
            column: line.column,
            field: line.field.clone(),
            code: line.code.clone(),
            detail: line.message.clone(),
        }
    }
}

impl From<&RejectedLine> for RefusedLine {
    fn from(line: &RejectedLine) -> Self {
        Self {
            line: line.line,
            column: line.column,
            field: line.field.clone(),
            code: line.code.to_owned(),
            detail: line.message.clone(),
        }
    }
}

/// What became of a file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportReport {
    /// Empty where there is one format only.
    format: String,
    accepted: u64,
    duplicate: u64,
    quarantined: u64,
    notes: Vec<String>,
    /// The first hundred of those that were set aside.
    refused: Vec<RefusedLine>,
}

impl From<&import::ImportReport> for ImportReport {
    fn from(report: &import::ImportReport) -> Self {
        Self {
            format: report.format.clone(),
            accepted: report.accepted,
            duplicate: report.duplicate,
            quarantined: u64::try_from(report.quarantined.len()).unwrap_or(u64::MAX),
            notes: report.notes.clone(),
            refused: report.quarantined.iter().take(LINES_SHOWN_MAX).map(RefusedLine::from).collect(),
        }
    }
}

/// A movement on a bank statement with what it seems to be for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BankEntry {
    #[schema(format = "date")]
    pub(crate) day: String,
    pub(crate) amount: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payer: Option<String>,
    /// To book it by.
    pub(crate) reference: String,
    pub(crate) remittance: String,
    /// Whose money it seems to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) organisation: Option<String>,
    pub(crate) documents: Vec<String>,
    /// `named`, `same_amount`, `several`, `other_currency`, `nothing`, `booked_before` or `outgoing`.
    pub(crate) finding: String,
    pub(crate) is_booked: bool,
    /// Why it could not be booked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BankReport {
    pub(crate) entries: Vec<BankEntry>,
    /// Entries that could not be read.
    pub(crate) refused: Vec<RefusedLine>,
}
