//! Writing a file so that it is either complete and durable or not there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use billing::ports::{StoredFile, hex};
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::directory::{DataDirectory, next_partial};
use crate::error::{Result, StorageError};

/// A file under a temporary name; it goes when this goes.
#[derive(Debug)]
struct Partial {
    path: PathBuf,
    relative: String,
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Gone already where it was renamed; what cannot be removed is swept later.
        let _ = fs::remove_file(&self.path);
    }
}

/// A file that is being written.
#[derive(Debug)]
pub(crate) struct NewFile<'d> {
    directory: &'d DataDirectory,
    file: File,
    partial: Partial,
    hasher: Sha256,
    byte_count: u64,
    /// The first write that failed.
    failure: Option<io::Error>,
}

impl<'d> NewFile<'d> {
    pub(crate) fn create(directory: &'d DataDirectory) -> Result<Self> {
        loop {
            let relative = next_partial();
            let path = directory.absolute(&relative)?;
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => {
                    let partial = Partial { path, relative };
                    return Ok(Self { directory, file, partial, hasher: Sha256::new(), byte_count: 0, failure: None });
                }
                // Left over from a process that had the same number.
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
                Err(cause) => return Err(StorageError::from_io(relative, cause)),
            }
        }
    }

    pub(crate) fn path(&self) -> &str {
        &self.partial.relative
    }

    /// What a write failed with, for writers in between that do not pass it on as it was.
    pub(crate) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Syncs the bytes. The file keeps its temporary name until it is published.
    pub(crate) fn complete(self, row_count: u64, days: Option<(Date, Date)>) -> Result<CompleteFile> {
        self.written(row_count, days).synced()
    }

    /// Without the sync, for files that never outlive an import.
    pub(crate) fn complete_for_now(self, row_count: u64) -> CompleteFile {
        self.written(row_count, None).complete
    }

    /// All bytes are written. Another thread may wait for the disk.
    pub(crate) fn written(self, row_count: u64, days: Option<(Date, Date)>) -> WrittenFile {
        let sha256 = hex(&self.hasher.finalize());
        let complete = CompleteFile { partial: self.partial, sha256, byte_count: self.byte_count, row_count, days };
        WrittenFile { file: self.file, complete }
    }
}

impl Write for NewFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Err(cause) = self.directory.take_space(bytes.len()).and_then(|()| self.file.write_all(bytes)) {
            let kind = cause.kind();
            self.failure = Some(cause);
            return Err(kind.into());
        }
        self.hasher.update(bytes);
        self.byte_count = self.byte_count.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A file that may not have reached the disk yet.
#[derive(Debug)]
pub(crate) struct WrittenFile {
    file: File,
    complete: CompleteFile,
}

impl WrittenFile {
    pub(crate) fn row_count(&self) -> u64 {
        self.complete.row_count
    }

    pub(crate) fn synced(self) -> Result<CompleteFile> {
        self.file.sync_all().map_err(|cause| StorageError::from_io(&self.complete.partial.relative, cause))?;
        Ok(self.complete)
    }
}

/// A file whose bytes are all written, under its temporary name.
#[derive(Debug)]
pub(crate) struct CompleteFile {
    partial: Partial,
    sha256: String,
    byte_count: u64,
    row_count: u64,
    days: Option<(Date, Date)>,
}

impl CompleteFile {
    pub(crate) fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The file as it would be stored under its present, temporary name.
    pub(crate) fn as_stored(&self) -> StoredFile {
        self.stored_as(self.partial.relative.clone())
    }

    /// Gives the file a name that this process holds. Its temporary one is gone then.
    pub(crate) fn rename(&self, target: &Path) -> io::Result<()> {
        fs::rename(&self.partial.path, target)
    }

    pub(crate) fn stored_as(&self, path: String) -> StoredFile {
        StoredFile {
            path,
            sha256: self.sha256.clone(),
            byte_count: self.byte_count,
            row_count: self.row_count,
            days: self.days,
        }
    }
}
