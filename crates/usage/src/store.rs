//! The usage store of a data directory.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use billing::ids::OrganisationId;
use billing::period::BillingPeriod;
use billing::ports::{ImportSession, PortResult, StoredFile, StoredUsage, UsageFile, UsageStore};
use billing::rate::RatedLine;
use jiff::civil::Date;

use crate::directory::DataDirectory;
use crate::error::Result;
use crate::limits::Limits;
use crate::maintenance::{self, Verified};
use crate::session::Session;
use crate::{rated_file, records_file};

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
        from: Date,
        until: Date,
        take: &mut dyn FnMut(StoredUsage) -> PortResult<()>,
    ) -> PortResult<()> {
        records_file::read_usage(self, files, (from, until), take)
    }

    fn write_rated(
        &self,
        party: &OrganisationId,
        period: BillingPeriod,
        lines: &mut dyn Iterator<Item = PortResult<RatedLine>>,
    ) -> PortResult<Vec<StoredFile>> {
        rated_file::write_rated(self, party, period, lines)
    }

    fn read_rated(
        &self,
        files: &[StoredFile],
        after: u64,
        limit: usize,
        keep: &dyn Fn(&RatedLine) -> bool,
    ) -> PortResult<Vec<(u64, RatedLine)>> {
        Ok(rated_file::read_rated(self, files, after, limit, keep)?)
    }

    fn check_file(&self, file: &StoredFile) -> PortResult<Option<String>> {
        Ok(maintenance::check_file(&self.directory, file)?)
    }

    fn sweep(&self, known: &BTreeSet<String>) -> PortResult<Vec<String>> {
        Ok(maintenance::sweep(&self.directory, known)?)
    }

    fn remove(&self, files: &[StoredFile]) -> PortResult<()> {
        Ok(maintenance::remove(&self.directory, &self.verified, files)?)
    }
}
