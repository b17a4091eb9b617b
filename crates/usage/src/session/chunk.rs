//! Records that are collected until they are written.

use billing::usage::{ContentDigest, RecordKey, UsageRecord};

use crate::columns::{BadColumn, Frame};
use crate::day::DayMemory;
use crate::error::{Result, StorageError};
use crate::keys::{KeyEntry, SubscriptionMark};
use crate::record_columns::{RecordColumns, RecordReader};

/// What decides about a record; its content is in the columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChunkRow {
    pub(super) line: u64,
    pub(super) key: RecordKey,
    pub(super) content: ContentDigest,
    pub(super) subscription: SubscriptionMark,
    pub(super) revision: u32,
    /// Days since 1970-01-01.
    pub(super) day: i32,
    pub(super) is_provider_row: bool,
}

impl ChunkRow {
    pub(super) fn entry(&self) -> KeyEntry {
        KeyEntry {
            key: self.key,
            revision: self.revision,
            content: self.content,
            subscription: self.subscription,
            day: self.day,
        }
    }
}

/// Rows in order of arrival, and their columns.
#[derive(Default)]
pub(super) struct Chunk {
    pub(super) rows: Vec<ChunkRow>,
    pub(super) columns: RecordColumns,
}

impl Chunk {
    /// What was collected; this chunk is empty afterwards.
    pub(super) fn finish(&mut self) -> Result<(Vec<ChunkRow>, Frame)> {
        let mut frame = Frame::default();
        self.columns.finish(&mut frame)?;
        Ok((std::mem::take(&mut self.rows), frame))
    }
}

/// The records at `places` of `frame`, put together again.
pub(super) fn records(frame: &Frame, places: &[u32]) -> Result<Vec<UsageRecord>> {
    let bad = |column: BadColumn| StorageError::failed("columns in memory", column);
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let batch = frame.batch(Some(places))?;
    let mut reader = RecordReader::new(&batch).map_err(bad)?;
    let mut days = DayMemory::default();
    (0..batch.num_rows()).map(|row| reader.record(row, &mut days).map_err(bad)).collect()
}
