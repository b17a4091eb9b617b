//! Gives complete files their names.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::PathBuf;

use billing::ports::StoredFile;

use crate::directory::DataDirectory;
use crate::error::{Result, StorageError};
use crate::new_file::CompleteFile;

/// Files that belong together: one name, each with its own ending.
#[derive(Debug)]
pub(crate) struct Publication {
    pub(crate) folder: String,
    /// The digest of the first file.
    pub(crate) stem: String,
    pub(crate) files: Vec<(CompleteFile, &'static str)>,
}

/// Names that were taken here and by nobody else.
type Names = Vec<(String, PathBuf)>;

/// Gives files their names, all or none, and syncs the folders; answers them in their order.
///
/// Where a name is taken, even by the same bytes, a number is added: whoever wrote a file may
/// remove it without asking who else has written the same.
pub(crate) fn publish(directory: &DataDirectory, publications: &[Publication]) -> Result<Vec<StoredFile>> {
    let mut names = Names::new();
    let outcome = name_all(directory, publications, &mut names);
    if outcome.is_err() {
        // Nobody was told of these names yet.
        give_back(&names);
    }
    outcome
}

fn name_all(directory: &DataDirectory, publications: &[Publication], names: &mut Names) -> Result<Vec<StoredFile>> {
    let mut stored = Vec::new();
    for publication in publications {
        directory.make_folder(&publication.folder)?;
        let reserved = reserve(directory, publication)?;
        names.extend_from_slice(&reserved);
        for ((file, _), (path, target)) in publication.files.iter().zip(reserved) {
            file.rename(&target).map_err(|cause| StorageError::from_io(&path, cause))?;
            stored.push(file.stored_as(path));
        }
    }
    let folders: BTreeSet<&str> = publications.iter().map(|publication| publication.folder.as_str()).collect();
    folders.into_iter().try_for_each(|folder| directory.sync(folder))?;
    Ok(stored)
}

/// Takes the first name that is free for all files of a publication, with empty files.
fn reserve(directory: &DataDirectory, publication: &Publication) -> Result<Names> {
    let mut number: u64 = 0;
    loop {
        let suffix = if number == 0 { String::new() } else { format!("-{number}") };
        let mut names = Names::new();
        let taken = publication.files.iter().try_for_each(|(_, ending)| {
            let path = format!("{}/{}{suffix}.{ending}", publication.folder, publication.stem);
            let target = directory.absolute(&path)?;
            let file = OpenOptions::new().write(true).create_new(true).open(&target);
            file.map_err(|cause| ReserveError::of(&path, cause))?;
            names.push((path, target));
            Ok(())
        });
        match taken {
            Ok(()) => return Ok(names),
            Err(ReserveError::Taken) => give_back(&names),
            Err(ReserveError::Storage(error)) => {
                give_back(&names);
                return Err(error);
            }
        }
        number = number.saturating_add(1);
    }
}

enum ReserveError {
    Taken,
    Storage(StorageError),
}

impl ReserveError {
    fn of(path: &str, cause: io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::AlreadyExists => Self::Taken,
            _ => Self::Storage(StorageError::from_io(path, cause)),
        }
    }
}

impl From<StorageError> for ReserveError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

fn give_back(names: &Names) {
    for (_, target) in names {
        // What cannot be removed is swept later.
        let _ = fs::remove_file(target);
    }
}
