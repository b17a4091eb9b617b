//! The data directory: where files lie in it, and how a folder is made to last.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use billing::ids::OrganisationId;
use billing::period::BillingPeriod;
use billing::ports::hex;
use sha2::{Digest, Sha256};

use crate::error::{Result, StorageError};

/// Everything of this crate lies below it.
pub(crate) const USAGE: &str = "usage";
/// Files that are not complete.
pub(crate) const TEMPORARY: &str = "usage/tmp";

pub(crate) fn records_folder(month: BillingPeriod) -> String {
    format!("{USAGE}/records/{month}")
}

/// A party's id is free text of up to 512 bytes, so its digest stands in the path: no id can leave
/// the directory, and ids that differ in case only do not meet on a file system that ignores it.
pub(crate) fn rated_folder(party: &OrganisationId, period: BillingPeriod) -> String {
    let digest = hex(&Sha256::digest(party.as_str().as_bytes()));
    let short: String = digest.chars().take(32).collect();
    format!("{USAGE}/rated/{short}/{period}")
}

/// A name below [`TEMPORARY`] that this process has not given out before, for whatever store.
pub(crate) fn next_partial() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{TEMPORARY}/{}-{}.partial", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The root of all paths.
#[derive(Debug)]
pub(crate) struct DataDirectory {
    root: PathBuf,
    /// What a test lets be written.
    disk_bytes: Option<AtomicU64>,
}

impl DataDirectory {
    pub(crate) fn open(root: &Path, disk_bytes: Option<u64>) -> Result<Self> {
        let directory = Self { root: root.to_owned(), disk_bytes: disk_bytes.map(AtomicU64::new) };
        directory.make_folder(TEMPORARY)?;
        Ok(directory)
    }

    /// Where a path of the manifest lies.
    pub(crate) fn absolute(&self, relative: &str) -> Result<PathBuf> {
        let path = Path::new(relative);
        let inside = path.starts_with(USAGE) && path.components().all(|part| matches!(part, Component::Normal(_)));
        if !inside {
            return Err(StorageError::failed(relative, "a path of the manifest leads out of the usage store"));
        }
        Ok(self.root.join(path))
    }

    /// Makes a folder with its parents; each new name is synced.
    pub(crate) fn make_folder(&self, relative: &str) -> Result<()> {
        let mut parent = self.root.clone();
        for part in Path::new(relative).components() {
            let folder = parent.join(part);
            match fs::create_dir(&folder) {
                Ok(()) => sync_folder(&parent).map_err(|cause| StorageError::from_io(relative, cause))?,
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
                Err(cause) => return Err(StorageError::from_io(relative, cause)),
            }
            parent = folder;
        }
        Ok(())
    }

    pub(crate) fn sync(&self, relative: &str) -> Result<()> {
        sync_folder(&self.root.join(relative)).map_err(|cause| StorageError::from_io(relative, cause))
    }

    /// Takes `byte_count` from what may be written.
    pub(crate) fn take_space(&self, byte_count: usize) -> io::Result<()> {
        let Some(left) = &self.disk_bytes else { return Ok(()) };
        let wanted = u64::try_from(byte_count).unwrap_or(u64::MAX);
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(wanted))
            .map(|_| ())
            .map_err(|_| io::Error::from(io::ErrorKind::StorageFull))
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        let root = tempfile::tempdir().unwrap();
        let directory = DataDirectory::open(root.path(), None).unwrap();
        assert!(directory.absolute("usage/records/2026-09/a.parquet").is_ok());
        for path in ["/etc/passwd", "usage/../ledger.db", "ledger.db", "", "usage/./../../x", "usagex/a"] {
            assert_eq!(directory.absolute(path).unwrap_err().code(), "storage.failed", "{path}");
        }
    }

    #[test]
    fn no_party_id_can_lead_out() {
        let period: BillingPeriod = "2026-09".parse().unwrap();
        let folder = |id: &str| rated_folder(&id.parse().unwrap(), period);
        let evil = folder("../../etc");
        assert_eq!(evil.matches('/').count(), 3);
        assert!(evil.starts_with("usage/rated/") && evil.ends_with("/2026-09") && !evil.contains('.'));
        assert_ne!(folder("a"), folder("b"));
    }
}
