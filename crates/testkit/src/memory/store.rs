//! Usage and rated lines in memory. A file is there once it was written; whether it counts, the ledger says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use billing::period::BillingPeriod;
use billing::ports::{
    ImportSession, PortError, PortResult, StoredFile, StoredUsage, UsageFile, UsageFilter, UsageStore, UsageSurvey, hex,
};
use billing::rate::{LineFigures, RatedLine};
use billing::usage::{RecordKey, UsageRecord};
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::count;
use super::session::MemorySession;
use super::survey::MemorySurvey;

/// A record with the key that it is known by.
pub(super) type Row = (RecordKey, UsageRecord);

#[derive(Debug, Clone)]
enum Content {
    Records(Arc<Vec<Row>>),
    /// Beside records; looking one up reads the records themselves.
    Keys,
    Rated(Arc<Vec<RatedLine>>),
}

#[derive(Debug, Default)]
struct Files {
    by_path: BTreeMap<String, Content>,
    /// Names are given once.
    written_count: u64,
}

/// A store of usage that forgets with its process.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Files>);

impl MemoryStore {
    fn files(&self) -> MutexGuard<'_, Files> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, folder: &str, content: Content, row_count: usize, days: Option<(Date, Date)>) -> StoredFile {
        let mut files = self.files();
        files.written_count += 1;
        let path = format!("usage/{folder}/{:06}", files.written_count);
        files.by_path.insert(path.clone(), content);
        // Bytes in memory do not decay: a name stands for its content.
        let sha256 = hex(&Sha256::digest(path.as_bytes()));
        StoredFile { path, sha256, byte_count: count(row_count), row_count: count(row_count), days }
    }

    /// Writes records of one month with their keys.
    pub(super) fn write_records(&self, rows: Vec<Row>) -> PortResult<(StoredFile, StoredFile)> {
        let days = rows.iter().map(|(_, record)| record.usage_date);
        let days = days.clone().min().zip(days.max());
        let month = days.and_then(|(first, _)| BillingPeriod::containing(first).ok());
        let month = month.ok_or_else(|| PortError::new("storage.failed", "there is no month of these records", ""))?;
        let (folder, count) = (format!("records/{month}"), rows.len());
        let records = self.write(&folder, Content::Records(Arc::new(rows)), count, days);
        Ok((records, self.write(&folder, Content::Keys, count, days)))
    }

    pub(super) fn write_rated(&self, lines: Vec<RatedLine>) -> StoredFile {
        let count = lines.len();
        self.write("rated", Content::Rated(Arc::new(lines)), count, None)
    }

    fn content(&self, file: &StoredFile) -> PortResult<Content> {
        let found = self.files().by_path.get(&file.path).cloned();
        found.ok_or_else(|| PortError::new("storage.file_missing", format!("the file {} is missing", file.path), ""))
    }

    pub(super) fn records(&self, file: &StoredFile) -> PortResult<Arc<Vec<Row>>> {
        match self.content(file)? {
            Content::Records(rows) => Ok(rows),
            _ => Err(PortError::new("storage.damaged", format!("{} holds no records", file.path), "")),
        }
    }

    fn rated(&self, file: &StoredFile) -> PortResult<Arc<Vec<RatedLine>>> {
        match self.content(file)? {
            Content::Rated(lines) => Ok(lines),
            _ => Err(PortError::new("storage.damaged", format!("{} holds no rated lines", file.path), "")),
        }
    }
}

/// So many files of a month are left as they are if they follow one another.
const FEW_FILES: usize = 3;

/// Whether no file has rows between those of another, by subscription, meter and day.
fn follow_one_another(files: &[Arc<Vec<Row>>]) -> bool {
    let place = |(_, record): &Row| (record.subscription_id.clone(), record.meter_id.clone(), record.usage_date);
    let ends = |rows: &Arc<Vec<Row>>| rows.iter().map(place).min().zip(rows.iter().map(place).max());
    let mut ends: Vec<_> = files.iter().filter_map(ends).collect();
    ends.sort_unstable();
    ends.iter().zip(ends.iter().skip(1)).all(|((_, last), (first, _))| last < first)
}

/// The highest revision of each record that has several.
pub(super) fn highest_revisions<'r>(rows: impl IntoIterator<Item = &'r Row>) -> BTreeMap<RecordKey, u32> {
    let mut highest: BTreeMap<RecordKey, u32> = BTreeMap::new();
    for (key, record) in rows {
        let known = highest.entry(*key).or_default();
        *known = (*known).max(record.revision());
    }
    highest
}

impl UsageStore for MemoryStore {
    fn begin_import<'a>(
        &'a self,
        known: &'a [UsageFile],
        closed_months: &'a [BillingPeriod],
    ) -> PortResult<Box<dyn ImportSession + 'a>> {
        Ok(Box::new(MemorySession::begin(self, known, closed_months)?))
    }

    fn read_usage(
        &self,
        files: &[UsageFile],
        filter: &UsageFilter,
        take: &mut dyn FnMut(StoredUsage) -> PortResult<()>,
    ) -> PortResult<()> {
        let rows = files.iter().map(|file| Ok((file.place, self.records(&file.rows)?)));
        let rows = rows.collect::<PortResult<Vec<_>>>()?;
        let highest = highest_revisions(rows.iter().flat_map(|(_, rows)| rows.iter()));
        for (place, rows) in &rows {
            for (key, record) in rows.iter() {
                let of_subscription = filter.subscription.as_ref().is_none_or(|id| record.subscription_id == *id);
                let in_scope = of_subscription && filter.meter.as_ref().is_none_or(|id| record.meter_id == *id);
                let in_days = filter.from <= record.usage_date && record.usage_date < filter.until;
                if in_scope && in_days && highest.get(key) == Some(&record.revision()) {
                    take(StoredUsage { place: *place, key: *key, record: record.clone() })?;
                }
            }
        }
        Ok(())
    }

    fn survey<'a>(&'a self, files: &[UsageFile]) -> PortResult<Box<dyn UsageSurvey + 'a>> {
        Ok(Box::new(MemorySurvey::of(self, files)?))
    }

    fn compact(&self, files: &[UsageFile], tick: &(dyn Fn(u64) + Sync)) -> PortResult<Vec<(StoredFile, StoredFile)>> {
        let contents = files.iter().map(|file| self.records(&file.rows)).collect::<PortResult<Vec<_>>>()?;
        if files.len() <= FEW_FILES && follow_one_another(&contents) {
            return Ok(Vec::new());
        }
        let rows: Vec<Row> = contents.iter().flat_map(|rows| rows.iter().cloned()).collect();
        tick(count(rows.len()));
        Ok(vec![self.write_records(rows)?])
    }

    fn read_rated(
        &self,
        files: &[StoredFile],
        after: u64,
        limit: usize,
        keep: &dyn Fn(&LineFigures) -> bool,
    ) -> PortResult<Vec<(u64, RatedLine)>> {
        let mut lines = Vec::new();
        for file in files {
            lines.extend(self.rated(file)?.iter().cloned());
        }
        let placed = (1_u64..).zip(lines).filter(|(place, line)| *place > after && keep(&line.figures));
        Ok(placed.take(limit).collect())
    }

    fn check_file(&self, file: &StoredFile) -> PortResult<Option<String>> {
        Ok(self.content(file).err().map(|missing| missing.message))
    }

    fn unknown_files(&self, known: &BTreeSet<String>) -> PortResult<Vec<(String, u64)>> {
        let files = self.files();
        Ok(files.by_path.keys().filter(|path| !known.contains(*path)).map(|path| (path.clone(), 0)).collect())
    }

    fn sweep(&self, known: &BTreeSet<String>) -> PortResult<Vec<String>> {
        let unknown: Vec<String> = self.unknown_files(known)?.into_iter().map(|(path, _)| path).collect();
        self.files().by_path.retain(|path, _| known.contains(path));
        Ok(unknown)
    }

    fn remove(&self, files: &[StoredFile]) -> PortResult<()> {
        self.files().by_path.retain(|path, _| files.iter().all(|file| file.path != *path));
        Ok(())
    }
}
