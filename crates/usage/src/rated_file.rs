//! Files of rated lines, in the order of the lines.

use arrow::datatypes::Schema;
use billing::ids::OrganisationId;
use billing::period::BillingPeriod;
use billing::ports::{PortResult, StoredFile};
use billing::rate::RatedLine;
use jiff::civil::Date;

use crate::day::DayMemory;
use crate::directory::{DataDirectory, rated_folder};
use crate::error::{Result, StorageError};
use crate::limits::Limits;
use crate::new_file::CompleteFile;
use crate::parquet_file::{self, ROWS_PER_BATCH};
use crate::publishing::{Publication, publish};
use crate::rated_columns::{Extents, RatedColumns, RatedReader};
use crate::store::DirectoryStore;

/// Collects lines and writes a file whenever there are enough.
struct RatedWriter<'s> {
    directory: &'s DataDirectory,
    limits: Limits,
    columns: RatedColumns,
    extents: Extents,
    days: Option<(Date, Date)>,
    files: Vec<CompleteFile>,
}

impl RatedWriter<'_> {
    /// A line whose figures have no room beside those of the lines before it begins a new file.
    fn push(&mut self, line: &RatedLine) -> Result<()> {
        let mut extents = self.extents.with(line);
        if !extents.fit() {
            self.write_file()?;
            extents = Extents::default().with(line);
            if !extents.fit() {
                return Err(StorageError::OutOfRange { meter: line.scope.meter.clone() });
            }
        }
        self.extents = extents;
        self.columns.push(line)?;
        let day = line.record.usage_date;
        self.days = Some(self.days.map_or((day, day), |(first, last)| (first.min(day), last.max(day))));
        let is_full = self.columns.len() >= self.limits.rows_per_chunk
            || self.columns.text_bytes() >= self.limits.text_bytes_per_chunk;
        if is_full { self.write_file() } else { Ok(()) }
    }

    fn write_file(&mut self) -> Result<()> {
        let batch = self.columns.finish()?;
        if let Some(days) = self.days.take() {
            self.files.push(parquet_file::write(self.directory, &batch, days)?);
        }
        self.extents = Extents::default();
        Ok(())
    }
}

pub(crate) fn write_rated(
    store: &DirectoryStore,
    party: &OrganisationId,
    period: BillingPeriod,
    lines: &mut dyn Iterator<Item = PortResult<RatedLine>>,
) -> PortResult<Vec<StoredFile>> {
    let mut writer = RatedWriter {
        directory: store.directory(),
        limits: store.limits(),
        columns: RatedColumns::new(),
        extents: Extents::default(),
        days: None,
        files: Vec::new(),
    };
    for line in lines {
        writer.push(&line?)?;
    }
    writer.write_file()?;
    let folder = rated_folder(party, period);
    let alone = |file: CompleteFile| {
        let stem = file.sha256().to_owned();
        Publication { folder: folder.clone(), stem, files: vec![(file, "parquet")] }
    };
    let publications: Vec<Publication> = writer.files.into_iter().map(alone).collect();
    Ok(publish(store.directory(), &publications)?)
}

/// Lines after place `after`, at most `limit` that `keep` accepts.
pub(crate) fn read_rated(
    store: &DirectoryStore,
    files: &[StoredFile],
    after: u64,
    limit: usize,
    keep: &dyn Fn(&RatedLine) -> bool,
) -> Result<Vec<(u64, RatedLine)>> {
    let schema = RatedColumns::new().finish()?.schema();
    let mut page = Page { limit, keep, lines: Vec::new() };
    // Lines of the files before this one.
    let mut before: u64 = 0;
    for file in files {
        if page.is_full() {
            break;
        }
        let skipped = after.saturating_sub(before);
        if skipped < file.row_count {
            read_file(store, file, &schema, (before, skipped), &mut page)?;
        }
        before = before.saturating_add(file.row_count);
    }
    Ok(page.lines)
}

/// What a reader is being handed.
struct Page<'k> {
    limit: usize,
    keep: &'k dyn Fn(&RatedLine) -> bool,
    lines: Vec<(u64, RatedLine)>,
}

impl Page<'_> {
    fn is_full(&self) -> bool {
        self.lines.len() >= self.limit
    }
}

fn read_file(
    store: &DirectoryStore,
    file: &StoredFile,
    schema: &Schema,
    (before, skipped): (u64, u64),
    page: &mut Page<'_>,
) -> Result<()> {
    store.verify(file)?;
    let wanted = page.limit.saturating_sub(page.lines.len());
    let reader = parquet_file::open(store.directory(), file, schema)?
        .with_batch_size(wanted.clamp(64, ROWS_PER_BATCH))
        .with_offset(usize::try_from(skipped).unwrap_or(usize::MAX))
        .build()
        .map_err(|cause| StorageError::from_reading(&file.path, cause))?;
    let mut days = DayMemory::default();
    let mut place = before.saturating_add(skipped);
    for batch in reader {
        let batch = batch.map_err(|cause| StorageError::damaged(&file.path, cause))?;
        let bad = |column| StorageError::damaged(&file.path, column);
        let mut lines = RatedReader::new(&batch).map_err(bad)?;
        for row in 0..batch.num_rows() {
            if page.is_full() {
                return Ok(());
            }
            place = place.saturating_add(1);
            let line = lines.line(row, &mut days).map_err(bad)?;
            if (page.keep)(&line) {
                page.lines.push((place, line));
            }
        }
    }
    Ok(())
}
