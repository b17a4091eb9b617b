//! The manifest of usage, its compactions, and the quarantine.

use std::collections::BTreeSet;

use billing::ports::{PortError, PortResult, QuarantinedLine, StoredFile, UsageFile, UsageImport};

use super::{Tables, conflict, count};

/// A file of the manifest.
#[derive(Debug, Clone)]
pub(super) struct PlacedFile {
    pub(super) file: UsageFile,
    /// The compaction that put others in its place, from 1.
    pub(super) retired_by: Option<u64>,
}

/// A line of the quarantine; it leaves the queue by its state and is never removed (USE-3).
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    line: QuarantinedLine,
    is_waiting: bool,
}

impl Tables {
    pub(super) fn commit_import(&mut self, import: &UsageImport) -> PortResult<()> {
        let settled: BTreeSet<u64> = import.settled.iter().copied().collect();
        let waiting = self.quarantine.iter().filter(|one| one.is_waiting && settled.contains(&one.line.id)).count();
        if waiting != settled.len() {
            let message = "a quarantined line was settled or dropped before";
            return Err(PortError::new("quarantine.not_waiting", message, waiting));
        }
        self.import_count += 1;
        self.place(&import.files);
        self.introduce(&import.customers, &import.subscriptions);
        self.leave_queue(&settled);
        for line in &import.quarantined {
            let id = count(self.quarantine.len()) + 1;
            let line = QuarantinedLine { id, usage_import: self.import_count, ..line.clone() };
            self.quarantine.push(Waiting { line, is_waiting: true });
        }
        Ok(())
    }

    fn place(&mut self, files: &[(StoredFile, StoredFile)]) {
        for (rows, keys) in files {
            let place = count(self.usage_files.len()) + 1;
            let file = UsageFile { place, rows: rows.clone(), keys: keys.clone() };
            self.usage_files.push(PlacedFile { file, retired_by: None });
        }
    }

    pub(super) fn commit_compaction(&mut self, merged: &[u64], into: &[(StoredFile, StoredFile)]) -> PortResult<()> {
        let is_merged = |placed: &PlacedFile| placed.retired_by.is_none() && merged.contains(&placed.file.place);
        if self.usage_files.iter().filter(|placed| is_merged(placed)).count() != merged.len() {
            return Err(conflict("the files that were merged are no longer those of the manifest"));
        }
        self.compaction_count += 1;
        for placed in self.usage_files.iter_mut().filter(|placed| is_merged(placed)) {
            placed.retired_by = Some(self.compaction_count);
        }
        self.place(into);
        Ok(())
    }

    pub(super) fn current_files(&self) -> Vec<UsageFile> {
        self.usage_files.iter().filter(|placed| placed.retired_by.is_none()).map(|placed| placed.file.clone()).collect()
    }

    /// Retired files that some rated run was made of.
    pub(super) fn retired_files(&self) -> Vec<StoredFile> {
        let is_read = |placed: &&PlacedFile| self.runs.values().any(|run| Some(run.compaction) < placed.retired_by);
        let retired = self.usage_files.iter().filter(|placed| placed.retired_by.is_some());
        retired.filter(is_read).map(|placed| StoredFile { days: None, ..placed.file.rows.clone() }).collect()
    }

    pub(super) fn waiting_lines(&self) -> Vec<QuarantinedLine> {
        self.quarantine.iter().filter(|one| one.is_waiting).map(|one| one.line.clone()).collect()
    }

    pub(super) fn leave_queue(&mut self, ids: &BTreeSet<u64>) {
        for one in self.quarantine.iter_mut().filter(|one| ids.contains(&one.line.id)) {
            one.is_waiting = false;
        }
    }
}
