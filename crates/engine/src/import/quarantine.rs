//! Replays lines that were set aside, after what was wrong has been mended.

use std::collections::BTreeMap;

use billing::ports::{QuarantinedLine, UsageImport};
use billing::usage::UsageRecord;
use formats::usage::{UsageFormat, UsageItem, replay};
use jiff::Timestamp;

use crate::books::Books;
use crate::error::EngineResult;
use crate::import::placement::Placement;
use crate::import::usage::{UsageImportOptions, closed_months};

/// What a replay came to.
#[derive(Debug, Clone, Default)]
pub struct QuarantineReplay {
    pub accepted: u64,
    pub duplicate: u64,
    /// Lines that are still bad, with today's reason.
    pub remaining: Vec<QuarantinedLine>,
}

/// Reads every quarantined line of usage again; those that are good now are imported and settled.
/// Lines of one import are replayed together and apart from those of others: equal provider rows
/// are counted within one file (RI-2).
///
/// # Errors
/// Storage failures; the imports that were replayed before stay replayed.
pub async fn replay_quarantine(
    books: &Books,
    options: &UsageImportOptions,
    now: Timestamp,
) -> EngineResult<QuarantineReplay> {
    let lines = books.ledger.quarantine().await?;
    let mut outcome = QuarantineReplay::default();
    for import in lines.chunk_by(|a, b| a.usage_import == b.usage_import) {
        replay_import(books, import, options, now, &mut outcome).await?;
    }
    Ok(outcome)
}

async fn replay_import(
    books: &Books,
    lines: &[QuarantinedLine],
    options: &UsageImportOptions,
    now: Timestamp,
    outcome: &mut QuarantineReplay,
) -> EngineResult<()> {
    let mut placement = Placement::load(books, options, now).await?;
    let mut pushed: BTreeMap<u64, &QuarantinedLine> = BTreeMap::new();
    let known = books.ledger.usage_files().await?;
    let closed_months = closed_months(books).await?;
    let imported = {
        let mut session = books.usage.begin_import(&known, &closed_months)?;
        for line in lines {
            match read_again(line) {
                Ok(record) => match placement.place(&record) {
                    Ok(()) => {
                        session.push(line.id, record)?;
                        pushed.insert(line.id, line);
                    }
                    Err(refusal) => {
                        outcome.remaining.push(still_bad(line, refusal.code.to_owned(), refusal.message));
                    }
                },
                Err((code, message)) => outcome.remaining.push(still_bad(line, code, message)),
            }
        }
        session.finish()?
    };
    for refused in &imported.refused {
        if let Some(line) = pushed.remove(&refused.line) {
            outcome.remaining.push(still_bad(line, refused.code.to_owned(), refused.message.clone()));
        }
    }
    outcome.accepted += imported.accepted;
    outcome.duplicate += imported.duplicate;
    if pushed.is_empty() {
        return Ok(());
    }
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
            settled: pushed.into_keys().collect(),
        })
        .await?;
    Ok(())
}

fn still_bad(line: &QuarantinedLine, code: String, message: String) -> QuarantinedLine {
    QuarantinedLine { code, message, ..line.clone() }
}

/// The record of a quarantined line, or today's reason (code, sentence) against it.
fn read_again(line: &QuarantinedLine) -> Result<UsageRecord, (String, String)> {
    if line.format == "record" {
        return serde_json::from_slice(&line.raw).map_err(|error| ("storage.damaged".to_owned(), error.to_string()));
    }
    let unchanged = || (line.code.clone(), line.message.clone());
    // Lines of price lists and directories, and lines too long to be kept whole, wait to be seen only.
    let format = line.format.parse::<UsageFormat>().map_err(|_| unchanged())?;
    match replay(format, line.header.as_bytes(), std::slice::from_ref(&line.raw)).next() {
        Some(Ok(UsageItem::Record { record, .. })) => Ok(record),
        Some(Ok(UsageItem::Rejected(rejected))) => Err((rejected.code.to_owned(), rejected.message)),
        Some(Err(error)) => Err((error.code.to_owned(), error.to_string())),
        None => Err(unchanged()),
    }
}
