//! Imports: files become records, lists and directory rows. An import is seen whole or not at all
//! (USE-1); bad lines are set aside and never lost (USE-3).

mod differences;
mod directory;
mod lists;
mod orders;
mod own_cost;
mod placement;
mod quarantine;
mod usage;

pub use differences::{TakenDifferences, take_differences};
pub use directory::{add_customer, import_customers, import_subscriptions};
pub use lists::{import_fx, import_prices, import_savings_plans, import_tax_rates, read_price_list};
pub use orders::{OrderOptions, OrdersOutcome, RefusedOrder, accept_orders, import_offers, import_orders};
pub use quarantine::{QuarantineReplay, replay_quarantine};
pub use usage::{UsageImportOptions, import_usage};

use billing::ports::{QuarantinedLine, UsageImport};
use formats::error::RejectedLine;
use jiff::Timestamp;

use crate::books::Books;
use crate::error::EngineResult;

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
        usage_import: 0,
        source: source.to_owned(),
        // A line that was cut cannot be read again; it is kept to be looked at.
        format: if rejected.raw_cut { "cut".to_owned() } else { format.to_owned() },
        header: header.to_owned(),
        line: rejected.line,
        column: rejected.column,
        field: rejected.field,
        code: rejected.code.to_owned(),
        message: rejected.message,
        raw: rejected.raw,
    }
}

/// Keeps the bad lines of a list that is no usage, to be looked at: such lines are mended in their
/// file, which is then imported again.
async fn keep_quarantined(books: &Books, file_sha256: &str, report: &ImportReport, now: Timestamp) -> EngineResult<()> {
    if report.quarantined.is_empty() {
        return Ok(());
    }
    books
        .ledger
        .commit_usage_import(&UsageImport {
            source: report.source.clone(),
            source_sha256: file_sha256.to_owned(),
            imported_at: now,
            accepted: report.accepted,
            duplicate: report.duplicate,
            quarantined: report.quarantined.clone(),
            ..UsageImport::default()
        })
        .await?;
    Ok(())
}
