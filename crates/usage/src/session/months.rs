//! Writes the accepted rows of a chunk, a file for each usage month, in the order of rating.

use std::collections::BTreeMap;

use billing::period::BillingPeriod;

use super::chunk::ChunkRow;
use super::identity::Verdict;
use crate::columns::Frame;
use crate::day::{from_days, month_of};
use crate::directory::{DataDirectory, records_folder};
use crate::error::{Result, StorageError};
use crate::keys::{KeyEntry, sort, write_keys};
use crate::new_file::{CompleteFile, NewFile};
use crate::order::{RowFacts, sorted_places};
use crate::parquet_file;
use crate::publishing::Publication;
use crate::records_file::with_identities;

/// The accepted rows of one month, in order of arrival.
#[derive(Debug)]
pub(super) struct Month {
    month: BillingPeriod,
    places: Vec<u32>,
}

pub(super) fn by_month(rows: &[ChunkRow], verdicts: &[Verdict]) -> Vec<Month> {
    let mut months: BTreeMap<BillingPeriod, Vec<u32>> = BTreeMap::new();
    let mut last: Option<(i32, BillingPeriod)> = None;
    for ((row, verdict), place) in rows.iter().zip(verdicts).zip(0..) {
        if !verdict.is_kept() {
            continue;
        }
        if last.is_none_or(|(day, _)| day != row.day) {
            // Days outside of all months were refused before.
            last = month_of(row.day).map(|month| (row.day, month));
        }
        if let Some((_, month)) = last {
            months.entry(month).or_default().push(place);
        }
    }
    months.into_iter().map(|(month, places)| Month { month, places }).collect()
}

impl Month {
    pub(super) fn write(
        &self,
        directory: &DataDirectory,
        rows: &[ChunkRow],
        verdicts: &[Verdict],
        frame: &Frame,
    ) -> Result<MonthFiles> {
        let facts = self.places.iter().filter_map(|place| {
            let row = rows.get(usize::try_from(*place).ok()?)?;
            Some(RowFacts { place: *place, day: row.day, key: row.key, revision: row.revision })
        });
        let places = sorted_places(frame, facts).map_err(|column| StorageError::failed("columns in memory", column))?;
        let accepted = places.iter().filter_map(|place| {
            let place = usize::try_from(*place).ok()?;
            Some((rows.get(place)?, verdicts.get(place)?))
        });
        let mut entries: Vec<KeyEntry> = accepted.clone().map(|(row, _)| row.entry()).collect();
        let keys: Vec<_> = entries.iter().map(|entry| entry.key).collect();
        let is_restatement = |verdict: &Verdict| matches!(verdict, Verdict::Restatement | Verdict::Confirmation);
        let restates = accepted.map(|(_, verdict)| is_restatement(verdict)).collect();
        let batch = with_identities(&frame.batch(Some(&places))?, &keys, restates)?;

        let first = entries.iter().map(|entry| entry.day).min().and_then(from_days);
        let last = entries.iter().map(|entry| entry.day).max().and_then(from_days);
        let Some(days) = first.zip(last) else {
            return Err(StorageError::failed("columns in memory", "a month without days"));
        };
        let rows = parquet_file::write(directory, &batch, days)?;
        sort(&mut entries);
        let mut file = NewFile::create(directory)?;
        let count = write_keys(&entries, &mut file)?;
        Ok(MonthFiles { month: self.month, rows, keys: file.complete(count, Some(days))? })
    }
}

/// A month's rows and their keys, complete but without a name.
#[derive(Debug)]
pub(super) struct MonthFiles {
    month: BillingPeriod,
    rows: CompleteFile,
    pub(super) keys: CompleteFile,
}

impl MonthFiles {
    /// Both files get the name of the rows' digest.
    pub(super) fn named(self) -> Publication {
        let stem = self.rows.sha256().to_owned();
        let files = vec![(self.rows, "parquet"), (self.keys, "keys")];
        Publication { folder: records_folder(self.month), stem, files }
    }
}
