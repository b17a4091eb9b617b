//! Imports: files become records, lists and directory rows. An import is seen whole or not at all
//! (USE-1); bad lines are set aside and never lost (USE-3).

mod directory;
mod lists;
mod own_cost;
mod quarantine;
mod usage;

pub use directory::{import_customers, import_subscriptions};
pub use lists::{import_fx, import_prices};
pub use quarantine::{QuarantineReplay, replay_quarantine};
pub use usage::{UsageImportOptions, import_usage};

use billing::ports::QuarantinedLine;
use formats::error::RejectedLine;

/// A file that is imported, with the digest of its bytes.
#[derive(Debug)]
pub struct ImportFile {
    pub input: formats::source::Input,
    pub name: String,
    /// SHA-256 of the file as it was given, in hexadecimal.
    pub sha256: String,
}

/// What an import came to.
#[derive(Debug, Clone, Default)]
pub struct ImportReport {
    pub source: String,
    pub format: String,
    pub accepted: u64,
    pub duplicate: u64,
    pub quarantined: Vec<QuarantinedLine>,
    /// What the caller should know besides, such as a customer that was introduced.
    pub notes: Vec<String>,
}

fn set_aside(source: &str, format: &str, header: &str, rejected: RejectedLine) -> QuarantinedLine {
    QuarantinedLine {
        id: 0,
        source: source.to_owned(),
        format: format.to_owned(),
        header: header.to_owned(),
        line: rejected.line,
        column: rejected.column,
        field: rejected.field,
        code: rejected.code.to_owned(),
        message: rejected.message,
        raw: rejected.raw,
    }
}
