//! An import: takes records in, tells new ones from known ones and writes them.
//!
//! Records are collected to chunks. The keys of a chunk are looked up in the key files of earlier
//! imports and of this import's earlier chunks, so memory does not grow with the file. All files
//! keep temporary names until the end; what is dropped before leaves nothing behind.

mod chunk;
mod identity;
mod months;
mod occurrences;

use std::sync::Arc;
use std::thread::JoinHandle;

use billing::period::BillingPeriod;
use billing::ports::{ImportSession, ImportedUsage, PortError, PortResult, RefusedRecord, UsageFile};
use billing::usage::{RecordKey, RecordOrigin, UsageRecord, is_storable};

use crate::error::{Result, StorageError};
use crate::keys::{KeyFile, SubscriptionMark};
use crate::new_file::CompleteFile;
use crate::publishing::publish;
use crate::store::DirectoryStore;

use chunk::{Chunk, ChunkRow};
use identity::{Refusal, Verdict};
use months::MonthFiles;

/// What the filters of earlier imports may take, and those of this one; beyond, they are read
/// again for each chunk. It is enough for 30 million keys.
const FILTER_MEMORY_BYTES: u64 = 64 * 1024 * 1024;

pub(crate) struct Session<'a> {
    store: &'a DirectoryStore,
    closed_months: &'a [BillingPeriod],
    /// Keys of earlier imports.
    known: Vec<KeyFile>,
    /// Keys of this import's earlier chunks.
    seen: Vec<KeyFile>,
    /// Key files in `seen` that are not part of what is imported.
    notes: Vec<CompleteFile>,
    filter_memory: u64,
    chunk: Chunk,
    /// Any provider's row: what names its occurrences is asked of a record.
    provider_row: Option<UsageRecord>,
    written: Vec<MonthFiles>,
    /// The last chunk, while another core writes it and the next one is collected.
    writing: Option<JoinHandle<Result<Vec<MonthFiles>>>>,
    accepted: u64,
    duplicate: u64,
    refused: Vec<RefusedRecord>,
    /// After a failure nothing goes on.
    failure: Option<PortError>,
}

impl<'a> Session<'a> {
    pub(crate) fn begin(
        store: &'a DirectoryStore,
        known: &[UsageFile],
        closed_months: &'a [BillingPeriod],
    ) -> Result<Self> {
        let mut filter_memory = FILTER_MEMORY_BYTES;
        let known = known
            .iter()
            .map(|file| KeyFile::open(store.directory(), &file.keys, &mut filter_memory))
            .collect::<Result<_>>()?;
        Ok(Self {
            store,
            closed_months,
            known,
            seen: Vec::new(),
            notes: Vec::new(),
            filter_memory: FILTER_MEMORY_BYTES,
            chunk: Chunk::default(),
            provider_row: None,
            written: Vec::new(),
            writing: None,
            accepted: 0,
            duplicate: 0,
            refused: Vec::new(),
            failure: None,
        })
    }

    fn take_in(&mut self, line: u64, record: UsageRecord) -> Result<()> {
        if let Some((code, message)) = unstorable(&record) {
            self.refused.push(RefusedRecord { line, record, code, message });
            return Ok(());
        }
        let content = record.content_digest();
        let is_provider_row = matches!(record.origin, RecordOrigin::ProviderRow);
        // A provider's row gets its key when its equals in the chunk are counted.
        let key = if is_provider_row { RecordKey([0; 16]) } else { record.key(content, 0) };
        let revision = record.revision();
        let day = self.chunk.columns.push(&record)?;
        let subscription = SubscriptionMark::of(&record.subscription_id);
        self.chunk.rows.push(ChunkRow { line, key, content, subscription, revision, day, is_provider_row });
        if is_provider_row {
            self.provider_row = Some(record);
        }
        let limits = self.store.limits();
        let is_full = self.chunk.rows.len() >= limits.rows_per_chunk
            || self.chunk.columns.text_bytes() >= limits.text_bytes_per_chunk;
        if is_full { self.write_chunk() } else { Ok(()) }
    }

    /// Judges the chunk by all that came before it, and has it written.
    fn write_chunk(&mut self) -> Result<()> {
        self.await_writing()?;
        let (mut rows, frame) = self.chunk.finish()?;
        if let Some(any_row) = &self.provider_row {
            occurrences::name_provider_rows(&mut rows, any_row, &self.seen)?;
        }
        let verdicts = identity::judge(&rows, self.known.iter().chain(&self.seen), self.closed_months)?;
        self.count(&verdicts);
        self.refuse(&rows, &frame, &verdicts)?;
        self.note_duplicates(&rows, &verdicts)?;
        let directory = Arc::clone(self.store.shared_directory());
        self.writing = Some(std::thread::spawn(move || {
            let months = months::by_month(&rows, &verdicts);
            months.iter().map(|month| month.write(&directory, &rows, &verdicts, &frame)).collect()
        }));
        Ok(())
    }

    /// Waits until the last chunk is written: its keys have to be known before the next is judged.
    fn await_writing(&mut self) -> Result<()> {
        let Some(writing) = self.writing.take() else { return Ok(()) };
        let written =
            writing.join().map_err(|_| StorageError::failed("the usage store", "the writing thread ended"))?;
        for files in written? {
            self.remember(&files.keys)?;
            self.written.push(files);
        }
        Ok(())
    }

    fn count(&mut self, verdicts: &[Verdict]) {
        for verdict in verdicts {
            match verdict {
                Verdict::New | Verdict::Restatement => self.accepted = self.accepted.saturating_add(1),
                Verdict::Confirmation | Verdict::Duplicate => {
                    self.duplicate = self.duplicate.saturating_add(1);
                }
                Verdict::Refused(_) => {}
            }
        }
    }

    fn refuse(&mut self, rows: &[ChunkRow], frame: &crate::columns::Frame, verdicts: &[Verdict]) -> Result<()> {
        let refusals: Vec<(&ChunkRow, Refusal, u32)> = rows
            .iter()
            .zip(verdicts)
            .zip(0..)
            .filter_map(|((row, verdict), place)| match verdict {
                Verdict::Refused(refusal) => Some((row, *refusal, place)),
                _ => None,
            })
            .collect();
        let places: Vec<u32> = refusals.iter().map(|(_, _, place)| *place).collect();
        let records = chunk::records(frame, &places)?;
        for ((row, refusal, _), record) in refusals.into_iter().zip(records) {
            let message = refusal.sentence(&record);
            self.refused.push(RefusedRecord { line: row.line, record, code: refusal.code(), message });
        }
        Ok(())
    }

    /// Provider rows that were known already are part of this file all the same: an equal row in a
    /// later chunk is one occurrence further on.
    fn note_duplicates(&mut self, rows: &[ChunkRow], verdicts: &[Verdict]) -> Result<()> {
        let duplicates = rows.iter().zip(verdicts);
        let duplicates = duplicates.filter(|(row, verdict)| row.is_provider_row && **verdict == Verdict::Duplicate);
        let mut entries: Vec<_> = duplicates.map(|(row, _)| row.entry()).collect();
        if entries.is_empty() {
            return Ok(());
        }
        crate::keys::sort(&mut entries);
        let mut file = crate::new_file::NewFile::create(self.store.directory())?;
        let count = crate::keys::write_keys(&entries, &mut file)?;
        let file = file.complete_for_now(count);
        self.remember(&file)?;
        self.notes.push(file);
        Ok(())
    }

    fn remember(&mut self, keys: &CompleteFile) -> Result<()> {
        self.seen.push(KeyFile::open(self.store.directory(), &keys.as_stored(), &mut self.filter_memory)?);
        Ok(())
    }

    fn complete(&mut self) -> Result<ImportedUsage> {
        self.write_chunk()?;
        self.await_writing()?;
        let publications: Vec<_> = std::mem::take(&mut self.written).into_iter().map(MonthFiles::named).collect();
        let mut stored = publish(self.store.directory(), &publications)?.into_iter();
        let mut files = Vec::with_capacity(publications.len());
        while let (Some(rows), Some(keys)) = (stored.next(), stored.next()) {
            files.push((rows, keys));
        }
        let mut refused = std::mem::take(&mut self.refused);
        refused.sort_by_key(|refusal| refusal.line);
        Ok(ImportedUsage { accepted: self.accepted, duplicate: self.duplicate, refused, files })
    }
}

impl Drop for Session<'_> {
    /// What is still being written belongs to nobody: its files go with the answer.
    fn drop(&mut self) {
        if let Some(writing) = self.writing.take() {
            drop(writing.join());
        }
    }
}

impl ImportSession for Session<'_> {
    fn push(&mut self, line: u64, record: UsageRecord) -> PortResult<()> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        self.take_in(line, record).map_err(|error| {
            let error = PortError::from(error);
            self.failure = Some(error.clone());
            error
        })
    }

    fn finish(mut self: Box<Self>) -> PortResult<ImportedUsage> {
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => Ok(self.complete()?),
        }
    }
}

/// What keeps a record out of every file. Whoever reads sources refuses such lines; this is the
/// last gate, and one line must not end an import.
fn unstorable(record: &UsageRecord) -> Option<(&'static str, String)> {
    if !is_storable(record.quantity) {
        let message = "the quantity has more than 12 digits before the point or 26 after it";
        return Some(("usage.line.quantity_out_of_range", message.to_owned()));
    }
    if record.provider_cost.is_some_and(|cost| !is_storable(cost.amount)) {
        let message = "the cost has more than 12 digits before the point or 26 after it";
        return Some(("usage.line.cost_out_of_range", message.to_owned()));
    }
    let period = BillingPeriod::containing(record.usage_date);
    period.err().map(|error| (error.code(), format!("no month is billed that holds {}", record.usage_date)))
}
