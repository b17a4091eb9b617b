//! The usage store of a data directory.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use billing::period::BillingPeriod;
use billing::ports::{
    ImportSession, PortResult, StoredFile, StoredUsage, UsageFile, UsageFilter, UsageStore, UsageSurvey,
};
use billing::rate::{LineFigures, RatedLine};

use crate::directory::DataDirectory;
use crate::error::Result;
use crate::limits::Limits;
use crate::maintenance::{self, Verified};
use crate::rating::Survey;
use crate::session::Session;
use crate::{compaction, rated, records_file};

/// Usage and rated lines in the folder `usage` of a data directory.
///
/// Several imports may be written at the same time, but each knows only what was committed when it
/// began: the caller lets them take turns, and sweeps while none is under way.
#[derive(Debug)]
pub struct DirectoryStore {
    directory: Arc<DataDirectory>,
    limits: Limits,
    verified: Verified,
}

impl DirectoryStore {
    /// Opens the data directory `root`, which exists; makes its folder for usage where needed.
    ///
    /// # Errors
    /// Storage failures.
    pub fn open(root: &Path) -> PortResult<Self> {
        Self::with_limits(root, Limits::default())
    }

    /// As [`DirectoryStore::open`], with other sizes.
    ///
    /// # Errors
    /// Storage failures.
    pub fn with_limits(root: &Path, limits: Limits) -> PortResult<Self> {
        let directory = Arc::new(DataDirectory::open(root, limits.disk_bytes)?);
        Ok(Self { directory, limits, verified: Verified::default() })
    }

    pub(crate) fn directory(&self) -> &DataDirectory {
        &self.directory
    }

    /// For a thread that writes while the caller goes on.
    pub(crate) fn shared_directory(&self) -> &Arc<DataDirectory> {
        &self.directory
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Has to come before a file is given to a decoder.
    pub(crate) fn verify(&self, file: &StoredFile) -> Result<()> {
        self.verified.verify(&self.directory, file)
    }
}

impl UsageStore for DirectoryStore {
    fn begin_import<'a>(
        &'a self,
        known: &'a [UsageFile],
        closed_months: &'a [BillingPeriod],
    ) -> PortResult<Box<dyn ImportSession + 'a>> {
        Ok(Box::new(Session::begin(self, known, closed_months)?))
    }

    fn read_usage(
        &self,
        files: &[UsageFile],
        filter: &UsageFilter,
        take: &mut dyn FnMut(StoredUsage) -> PortResult<()>,
    ) -> PortResult<()> {
        records_file::read_usage(self, files, filter, take)
    }

    fn survey<'a>(&'a self, files: &[UsageFile]) -> PortResult<Box<dyn UsageSurvey + 'a>> {
        Ok(Box::new(Survey::of(self, files)?))
    }

    fn read_rated(
        &self,
        files: &[StoredFile],
        after: u64,
        limit: usize,
        keep: &dyn Fn(&LineFigures) -> bool,
    ) -> PortResult<Vec<(u64, RatedLine)>> {
        Ok(rated::read_rated(self, files, after, limit, keep)?)
    }

    fn compact(&self, files: &[UsageFile], tick: &(dyn Fn(u64) + Sync)) -> PortResult<Vec<(StoredFile, StoredFile)>> {
        compaction::compact(self, files, tick)
    }

    fn check_file(&self, file: &StoredFile) -> PortResult<Option<String>> {
        Ok(maintenance::check_file(&self.directory, file)?)
    }

    fn unknown_files(&self, known: &BTreeSet<String>) -> PortResult<Vec<(String, u64)>> {
        Ok(maintenance::unknown_files(&self.directory, known)?)
    }

    fn sweep(&self, known: &BTreeSet<String>) -> PortResult<Vec<String>> {
        Ok(maintenance::sweep(&self.directory, known)?)
    }

    fn remove(&self, files: &[StoredFile]) -> PortResult<()> {
        Ok(maintenance::remove(&self.directory, &self.verified, files)?)
    }
}
