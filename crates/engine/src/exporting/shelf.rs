//! Where exports are kept.

use std::fmt;
use std::io::{Read, Seek, Write};

use billing::ports::PortResult;

use super::ExportId;

/// Keeps exports and their files until they are removed.
pub trait ExportShelf: Send + Sync + fmt::Debug {
    /// What was saved last under an id.
    ///
    /// # Errors
    /// Storage failures.
    fn load(&self, id: &ExportId) -> PortResult<Option<Vec<u8>>>;

    /// Replaces what was saved, whole or not at all.
    ///
    /// # Errors
    /// Storage failures.
    fn save(&self, id: &ExportId, bytes: &[u8]) -> PortResult<()>;

    /// Begins a file; one of that name is replaced when it is finished.
    ///
    /// # Errors
    /// Storage failures.
    fn begin_part(&self, id: &ExportId, name: &str) -> PortResult<Box<dyn PartWriter>>;

    /// Reads a finished file.
    ///
    /// # Errors
    /// Storage failures.
    fn open_part(&self, id: &ExportId, name: &str) -> PortResult<Option<Box<dyn PartReader>>>;

    /// All that there are.
    ///
    /// # Errors
    /// Storage failures.
    fn ids(&self) -> PortResult<Vec<ExportId>>;

    /// Removes an export with its files.
    ///
    /// # Errors
    /// Storage failures.
    fn remove(&self, id: &ExportId) -> PortResult<()>;
}

/// A file that is being written; nobody sees it before it is finished.
pub trait PartWriter: Write + Send {
    /// # Errors
    /// Storage failures.
    fn finish(self: Box<Self>) -> PortResult<()>;
}

pub trait PartReader: Read + Seek + Send {}

impl<R: Read + Seek + Send> PartReader for R {}
