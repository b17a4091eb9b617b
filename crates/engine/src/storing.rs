//! Looks after the files of usage: what there is, merging many into few, sweeping what nothing names.

use std::collections::{BTreeMap, BTreeSet};

use billing::period::BillingPeriod;
use billing::ports::UsageFile;
use jiff::Timestamp;

use crate::books::Books;
use crate::error::EngineResult;

/// The records of one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthOfRecords {
    pub month: BillingPeriod,
    pub file_count: u64,
    pub record_count: u64,
    /// Of the records, and of the files of their keys.
    pub byte_count: u64,
    pub key_byte_count: u64,
    /// Files that no invoice was computed from yet.
    pub open_file_count: u64,
}

/// What the store of usage holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreStats {
    pub months: Vec<MonthOfRecords>,
    pub rated_file_count: u64,
    pub rated_line_count: u64,
    pub rated_byte_count: u64,
    /// Merged into others, and kept for rated runs that still read them.
    pub retired_file_count: u64,
    pub retired_byte_count: u64,
    /// What nothing names; the next command that writes removes it.
    pub unknown_file_count: u64,
    pub unknown_byte_count: u64,
}

/// A month whose files were merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompactedMonth {
    pub month: BillingPeriod,
    pub files_before: usize,
    pub files_after: usize,
    pub record_count: u64,
    pub bytes_before: u64,
    pub bytes_after: u64,
}

/// Counts what there is. It reads no file.
///
/// # Errors
/// Storage failures.
pub async fn stats(books: &Books) -> EngineResult<StoreStats> {
    let closed_through = closed_through(books).await?;
    let mut stats = StoreStats::default();
    for (month, files) in by_month(books.ledger.usage_files().await?) {
        stats.months.push(MonthOfRecords {
            month,
            file_count: count(files.len()),
            record_count: files.iter().map(|file| file.rows.row_count).sum(),
            byte_count: files.iter().map(|file| file.rows.byte_count).sum(),
            key_byte_count: files.iter().map(|file| file.keys.byte_count).sum(),
            open_file_count: count(files.iter().filter(|file| file.place > closed_through).count()),
        });
    }
    let rated = books.ledger.rated_files().await?;
    stats.rated_file_count = count(rated.len());
    stats.rated_line_count = rated.iter().map(|file| file.row_count).sum();
    stats.rated_byte_count = rated.iter().map(|file| file.byte_count).sum();
    let retired = books.ledger.retired_usage_files().await?;
    stats.retired_file_count = count(retired.len());
    stats.retired_byte_count = retired.iter().map(|file| file.byte_count).sum();
    let unknown = books.usage.unknown_files(&known_paths(books).await?)?;
    stats.unknown_file_count = count(unknown.len());
    stats.unknown_byte_count = unknown.iter().map(|(_, bytes)| bytes).sum();
    Ok(stats)
}

/// Merges the files of each month, but for those that an invoice was computed from: these stay as they
/// are for ever. `tick` hears of rows that were written.
///
/// # Errors
/// Storage failures; months that were merged before stay merged.
pub async fn compact(books: &Books, now: Timestamp, tick: &(dyn Fn(u64) + Sync)) -> EngineResult<Vec<CompactedMonth>> {
    let closed_through = closed_through(books).await?;
    let mut files = books.ledger.usage_files().await?;
    files.retain(|file| file.place > closed_through);
    let mut compacted = Vec::new();
    for (month, files) in by_month(files) {
        let into = books.usage.compact(&files, tick)?;
        if into.is_empty() {
            continue;
        }
        let places: Vec<u64> = files.iter().map(|file| file.place).collect();
        books.ledger.commit_compaction(&places, &into, now).await?;
        compacted.push(CompactedMonth {
            month,
            files_before: files.len(),
            files_after: into.len(),
            record_count: files.iter().map(|file| file.rows.row_count).sum(),
            bytes_before: files.iter().map(|file| file.rows.byte_count + file.keys.byte_count).sum(),
            bytes_after: into.iter().map(|(rows, keys)| rows.byte_count + keys.byte_count).sum(),
        });
    }
    if !compacted.is_empty() {
        sweep(books).await?;
    }
    Ok(compacted)
}

/// Removes what nothing names; answers the paths. Only while nobody else writes.
///
/// # Errors
/// Storage failures.
pub async fn sweep(books: &Books) -> EngineResult<Vec<String>> {
    Ok(books.usage.sweep(&known_paths(books).await?)?)
}

async fn known_paths(books: &Books) -> EngineResult<BTreeSet<String>> {
    let ledger = &books.ledger;
    let mut known: BTreeSet<String> = ledger.rated_files().await?.into_iter().map(|file| file.path).collect();
    known.extend(ledger.retired_usage_files().await?.into_iter().map(|file| file.path));
    for file in ledger.usage_files().await? {
        known.extend([file.rows.path, file.keys.path]);
    }
    Ok(known)
}

/// The last place of the manifest that any closed period looked at.
async fn closed_through(books: &Books) -> EngineResult<u64> {
    let mut last = 0;
    for party in books.billed_parties().await? {
        let closures = books.ledger.closures(&party.id).await?;
        last = closures.iter().map(|closure| closure.usage_through).fold(last, u64::max);
    }
    Ok(last)
}

fn by_month(files: Vec<UsageFile>) -> BTreeMap<BillingPeriod, Vec<UsageFile>> {
    let mut months: BTreeMap<BillingPeriod, Vec<UsageFile>> = BTreeMap::new();
    for file in files {
        if let Some(month) = file.rows.days.and_then(|(first, _)| BillingPeriod::containing(first).ok()) {
            months.entry(month).or_default().push(file);
        }
    }
    months
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
