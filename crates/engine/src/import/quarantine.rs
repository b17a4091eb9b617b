//! Replays lines that were set aside, after what was wrong has been mended.

use billing::ports::{QuarantinedLine, UsageImport};
use billing::usage::UsageRecord;
use formats::usage::{UsageFormat, UsageItem, replay};
use jiff::Timestamp;

use crate::books::Books;
use crate::error::EngineResult;
use crate::import::usage::{Placement, UsageImportOptions, closed_months};

/// What a replay came to.
#[derive(Debug, Clone, Default)]
pub struct QuarantineReplay {
    pub accepted: u64,
    pub duplicate: u64,
    /// Lines that are still bad, with today's reason.
    pub remaining: Vec<QuarantinedLine>,
}

/// Reads every quarantined line of usage again; those that are good now are imported and settled.
///
/// # Errors
/// Storage failures: then nothing was replayed.
pub async fn replay_quarantine(
    books: &Books,
    options: &UsageImportOptions,
    now: Timestamp,
) -> EngineResult<QuarantineReplay> {
    let lines = books.ledger.quarantine().await?;
    let mut placement = Placement::load(books, options, now).await?;
    let mut outcome = QuarantineReplay::default();
    let mut pushed: Vec<u64> = Vec::new();
    let known = books.ledger.usage_files().await?;
    let closed_months = closed_months(books).await?;
    let imported = {
        let mut session = books.usage.begin_import(&known, &closed_months)?;
        for line in &lines {
            match read_again(line) {
                Ok(record) => match placement.push(session.as_mut(), &line.source, line.id, record)? {
                    None => pushed.push(line.id),
                    Some(refused) => outcome.remaining.push(QuarantinedLine { id: line.id, line: line.line, ..refused }),
                },
                Err(reason) => outcome.remaining.push(*reason),
            }
        }
        session.finish()?
    };
    for refused in &imported.refused {
        pushed.retain(|id| *id != refused.line);
        if let Some(line) = lines.iter().find(|line| line.id == refused.line) {
            let (code, message) = (refused.code.to_owned(), refused.message.clone());
            outcome.remaining.push(QuarantinedLine { code, message, ..line.clone() });
        }
    }
    outcome.accepted = imported.accepted;
    outcome.duplicate = imported.duplicate;
    books
        .ledger
        .commit_usage_import(&UsageImport {
            source: "quarantine".to_owned(),
            source_sha256: String::new(),
            imported_at: now,
            accepted: imported.accepted,
            duplicate: imported.duplicate,
            files: imported.files,
            customers: placement.introduced_customers,
            subscriptions: placement.introduced_subscriptions,
            quarantined: vec![],
            settled: pushed,
        })
        .await?;
    Ok(outcome)
}

/// The record of a quarantined line, or the line with today's reason.
fn read_again(line: &QuarantinedLine) -> Result<UsageRecord, Box<QuarantinedLine>> {
    let because = |code: &str, message: String| {
        Box::new(QuarantinedLine { code: code.to_owned(), message, ..line.clone() })
    };
    if line.format == "record" {
        return serde_json::from_slice(&line.raw).map_err(|error| because("storage.damaged", error.to_string()));
    }
    let Ok(format) = line.format.parse::<UsageFormat>() else {
        return Err(Box::new(line.clone()));
    };
    match replay(format, line.header.as_bytes(), &[line.raw.clone()]).next() {
        Some(Ok(UsageItem::Record { record, .. })) => Ok(record),
        Some(Ok(UsageItem::Rejected(rejected))) => Err(because(rejected.code, rejected.message)),
        Some(Err(error)) => Err(because(error.code, error.to_string())),
        None => Err(Box::new(line.clone())),
    }
}
