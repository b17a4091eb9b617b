//! Checking, sweeping and removing files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use billing::ports::{StoredFile, hex};
use sha2::{Digest, Sha256};

use crate::directory::{DataDirectory, USAGE};
use crate::error::{Result, StorageError};

/// One read.
const PIECE_BYTES: usize = 256 * 1024;

/// What a file looked like when its digest was right.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seal {
    sha256: String,
    byte_count: u64,
    changed_at: Option<SystemTime>,
}

/// The files whose digest this process has checked. A decoder is given whole files only: it may
/// stop the program on others.
#[derive(Debug, Default)]
pub(crate) struct Verified {
    seals: Mutex<BTreeMap<String, Seal>>,
}

impl Verified {
    /// # Errors
    /// A file that is missing, or not what the manifest says.
    pub(crate) fn verify(&self, directory: &DataDirectory, stored: &StoredFile) -> Result<()> {
        let io_error = |cause| StorageError::from_io(&stored.path, cause);
        let file = File::open(directory.absolute(&stored.path)?).map_err(io_error)?;
        let metadata = file.metadata().map_err(io_error)?;
        let seal =
            Seal { sha256: stored.sha256.clone(), byte_count: metadata.len(), changed_at: metadata.modified().ok() };
        let seals = || self.seals.lock().unwrap_or_else(PoisonError::into_inner);
        if seal.changed_at.is_some() && seals().get(&stored.path) == Some(&seal) {
            return Ok(());
        }
        if let Some(what) = difference(file, stored).map_err(io_error)? {
            return Err(StorageError::damaged(&stored.path, what));
        }
        seals().insert(stored.path.clone(), seal);
        Ok(())
    }

    fn forget(&self, path: &str) {
        self.seals.lock().unwrap_or_else(PoisonError::into_inner).remove(path);
    }
}

/// How the bytes differ from what the manifest says.
fn difference(mut file: File, stored: &StoredFile) -> io::Result<Option<String>> {
    let mut hasher = Sha256::new();
    let mut byte_count: u64 = 0;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let count = match file.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
            Err(cause) => return Err(cause),
        };
        hasher.update(piece.get(..count).unwrap_or_default());
        byte_count = byte_count.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
    }
    if byte_count != stored.byte_count {
        return Ok(Some(format!("it has {byte_count} bytes instead of {}", stored.byte_count)));
    }
    let matches = hex(&hasher.finalize()) == stored.sha256;
    Ok((!matches).then(|| "its digest is not the one that was stored".to_owned()))
}

/// A sentence about what is wrong with a file, read anew from the disk.
pub(crate) fn check_file(directory: &DataDirectory, stored: &StoredFile) -> Result<Option<String>> {
    let io_error = |cause| StorageError::from_io(&stored.path, cause);
    let file = match File::open(directory.absolute(&stored.path)?) {
        Ok(file) => file,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            return Ok(Some(format!("the file {} is missing", stored.path)));
        }
        Err(cause) => return Err(io_error(cause)),
    };
    let what = difference(file, stored).map_err(io_error)?;
    Ok(what.map(|what| format!("the file {} is damaged: {what}", stored.path)))
}

/// Every file of the usage store that is not in `known`, with its bytes, by path.
pub(crate) fn unknown_files(directory: &DataDirectory, known: &BTreeSet<String>) -> Result<Vec<(String, u64)>> {
    let mut found = Vec::new();
    list(directory, USAGE, &mut found)?;
    found.retain(|(path, _)| !known.contains(path));
    found.sort_unstable();
    Ok(found)
}

/// Removes every file of the usage store that is not in `known`; answers their paths in order.
pub(crate) fn sweep(directory: &DataDirectory, known: &BTreeSet<String>) -> Result<Vec<String>> {
    let found: Vec<String> = unknown_files(directory, known)?.into_iter().map(|(path, _)| path).collect();
    found.iter().try_for_each(|path| remove_path(directory, path))?;
    Ok(found)
}

/// Files below `folder`. Links are left alone: nothing here makes any.
fn list(directory: &DataDirectory, folder: &str, found: &mut Vec<(String, u64)>) -> Result<()> {
    let io_error = |cause| StorageError::from_io(folder, cause);
    for entry in fs::read_dir(directory.absolute(folder)?).map_err(io_error)? {
        let entry = entry.map_err(io_error)?;
        let kind = entry.file_type().map_err(io_error)?;
        // A name that is no text is none that a manifest could hold, and none of ours.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = format!("{folder}/{name}");
        if kind.is_dir() {
            list(directory, &path, found)?;
        } else if kind.is_file() {
            found.push((path, entry.metadata().map_err(io_error)?.len()));
        }
    }
    Ok(())
}

/// Removes files; those that are gone already are no error.
pub(crate) fn remove(directory: &DataDirectory, verified: &Verified, files: &[StoredFile]) -> Result<()> {
    let mut folders = BTreeSet::new();
    for file in files {
        remove_path(directory, &file.path)?;
        verified.forget(&file.path);
        folders.extend(Path::new(&file.path).parent().and_then(Path::to_str));
    }
    for folder in folders {
        match directory.sync(folder) {
            Err(StorageError::Missing { .. }) | Ok(()) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn remove_path(directory: &DataDirectory, path: &str) -> Result<()> {
    match fs::remove_file(directory.absolute(path)?) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(StorageError::from_io(path, cause)),
        _ => Ok(()),
    }
}
