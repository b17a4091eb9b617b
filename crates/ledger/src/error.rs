//! Why the ledger refused, and what of it a caller may read.

use std::path::PathBuf;

use billing::invoice::{InvoiceNumber, NumberError};
use billing::journal::JournalError;
use billing::money::{Amount, MoneyError};
use billing::ports::PortError;

pub(crate) type Result<T> = std::result::Result<T, LedgerError>;

/// Another process holds the file; to try again may help.
pub(crate) const BUSY: &str = "ledger.busy";

/// A failure inside the crate. `Display` is the sentence for the caller.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LedgerError {
    #[error("{}", SqlFailure::of(.0).sentence())]
    Sql(#[from] sqlx::Error),
    /// A stored value cannot be read.
    #[error("the ledger is damaged")]
    Damaged {
        /// Table and key: `invoices (org-1, G000000001)`.
        row: String,
        fault: String,
    },
    #[error("the ledger was written by a newer version of this program")]
    VersionNewer { found: i64, known: usize },
    #[error("there is no ledger here")]
    Missing(PathBuf),
    #[error("the file is not a ledger")]
    Foreign { application_id: i64 },
    #[error("no document has the number {0}")]
    InvoiceUnknown(InvoiceNumber),
    #[error("several issuers have a document with the number {0}")]
    NumberAmbiguous(InvoiceNumber),
    #[error("an adjustment of {0} has this reference already; give the new one a reference of its own")]
    AdjustmentDiffers(Amount),
    #[error("adjustment {0:?} was put on a document meanwhile; run it again")]
    AdjustmentTaken(String),
    #[error("a quarantined line was settled or dropped before")]
    NotWaiting { expected: usize, waiting: u64 },
    #[error("the files that were merged are no longer those of the manifest")]
    FilesChanged,
    #[error("a closure that names a document is written when it is issued")]
    ClosureWithDocument(InvoiceNumber),
    #[error("the number {0} is larger than the ledger can keep")]
    TooLarge(u64),
    #[error(transparent)]
    Number(#[from] NumberError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Money(#[from] MoneyError),
    #[error("a value could not be written as JSON")]
    Json(#[from] serde_json::Error),
}

impl LedgerError {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Sql(error) => SqlFailure::of(error).code(),
            Self::Damaged { .. } => "ledger.damaged",
            Self::VersionNewer { .. } => "ledger.version_newer",
            Self::Missing(_) => "ledger.missing",
            Self::Foreign { .. } => "ledger.foreign",
            Self::InvoiceUnknown(_) => "invoice.unknown",
            Self::NumberAmbiguous(_) => "invoice.number_ambiguous",
            Self::AdjustmentDiffers(_) => "adjustment.reference_used",
            Self::AdjustmentTaken(_) => "ledger.conflict",
            Self::NotWaiting { .. } => "quarantine.not_waiting",
            Self::FilesChanged => "ledger.conflict",
            Self::ClosureWithDocument(_) => "closure.with_document",
            Self::TooLarge(_) => "ledger.number_too_large",
            Self::Number(error) => error.code(),
            Self::Journal(error) => error.code(),
            Self::Money(error) => error.code(),
            Self::Json(_) => "ledger.failed",
        }
    }

    /// The sentence for the operator, with the cause.
    pub(crate) fn operator(&self) -> String {
        match self {
            Self::Sql(error) => error.to_string(),
            Self::Damaged { row, fault } => format!("{row}: {fault}"),
            Self::VersionNewer { found, known } => {
                format!("the schema has version {found}, this program knows up to {known}")
            }
            Self::Missing(path) => format!("{} does not exist", path.display()),
            Self::Foreign { application_id } => {
                format!("a SQLite database with application id {application_id} and tables in it")
            }
            Self::NotWaiting { expected, waiting } => {
                format!("{waiting} of {expected} lines are waiting in quarantine")
            }
            Self::Json(error) => error.to_string(),
            other => other.to_string(),
        }
    }
}

impl From<LedgerError> for PortError {
    fn from(error: LedgerError) -> Self {
        Self::new(error.code(), error.to_string(), error.operator())
    }
}

/// What a database error means to a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SqlFailure {
    Busy,
    Full,
    Damaged,
    ReadOnly,
    Conflict,
    ReferenceUnknown,
    Other,
}

/// Result codes of SQLite (sqlite.org/rescode.html): primary ones, and extended ones where they
/// mean something else than their primary one.
const SQLITE_CODES: [(u32, SqlFailure); 12] = [
    (5, SqlFailure::Busy),
    (6, SqlFailure::Busy),
    (8, SqlFailure::ReadOnly),
    (11, SqlFailure::Damaged),
    (13, SqlFailure::Full),
    (26, SqlFailure::Damaged),
    // The index of the write-ahead log could not grow: on a full disk it is the first to fail.
    (4_874, SqlFailure::Full),
    // The file ends too early, or the file system itself is corrupt.
    (522, SqlFailure::Damaged),
    (8_458, SqlFailure::Damaged),
    (787, SqlFailure::ReferenceUnknown),
    (1_555, SqlFailure::Conflict),
    (2_067, SqlFailure::Conflict),
];

impl SqlFailure {
    fn of(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(database) => Self::of_code(database.code().and_then(|code| code.parse().ok())),
            sqlx::Error::PoolTimedOut => Self::Busy,
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Damaged,
            _ => Self::Other,
        }
    }

    fn of_code(code: Option<u32>) -> Self {
        let meaning = |wanted| SQLITE_CODES.iter().find(|(code, _)| *code == wanted);
        let found = code.and_then(|code| meaning(code).or_else(|| meaning(code & 0xff)));
        found.map_or(Self::Other, |(_, failure)| *failure)
    }

    fn code(self) -> &'static str {
        match self {
            Self::Busy => BUSY,
            Self::Full => "storage.full",
            Self::Damaged => "ledger.damaged",
            Self::ReadOnly => "ledger.read_only",
            Self::Conflict => "ledger.conflict",
            Self::ReferenceUnknown => "ledger.reference_unknown",
            Self::Other => "ledger.failed",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Busy => "the ledger is busy; try again",
            Self::Full => "the disk is full; nothing was written",
            Self::Damaged => "the ledger is damaged",
            Self::ReadOnly => "the ledger can only be read",
            Self::Conflict => "the ledger has this already",
            Self::ReferenceUnknown => "this refers to something that the ledger does not have",
            Self::Other => "the ledger failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: u32, failure: SqlFailure) {
        assert_eq!(SqlFailure::of_code(Some(code)), failure, "{code}");
    }

    #[test]
    fn codes_of_sqlite_have_a_meaning() {
        check(5, SqlFailure::Busy);
        check(517, SqlFailure::Busy); // SQLITE_BUSY_SNAPSHOT
        check(13, SqlFailure::Full);
        check(4_874, SqlFailure::Full); // SQLITE_IOERR_SHMSIZE
        check(778, SqlFailure::Other); // SQLITE_IOERR_WRITE
        check(522, SqlFailure::Damaged); // SQLITE_IOERR_SHORT_READ
        check(267, SqlFailure::Damaged); // SQLITE_CORRUPT_VTAB
        check(1_032, SqlFailure::ReadOnly); // SQLITE_READONLY_DBMOVED
        check(2_067, SqlFailure::Conflict); // SQLITE_CONSTRAINT_UNIQUE
        check(1_811, SqlFailure::Other); // SQLITE_CONSTRAINT_TRIGGER
        assert_eq!(SqlFailure::of_code(None), SqlFailure::Other);
    }

    #[test]
    fn callers_read_nothing_internal() {
        let damaged = LedgerError::Damaged { row: "tokens (x)".into(), fault: "role".into() };
        let error = PortError::from(damaged);
        assert_eq!((error.code, error.message.as_str()), ("ledger.damaged", "the ledger is damaged"));
        assert_eq!(error.operator, "tokens (x): role");
    }
}
