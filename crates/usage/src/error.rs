//! What can go wrong with files.

use std::error::Error;
use std::io;

use arrow::error::ArrowError;
use billing::ids::MeterId;
use billing::ports::PortError;
use parquet::errors::ParquetError;

pub(crate) type Result<T, E = StorageError> = std::result::Result<T, E>;

/// A failure of the files. Paths are relative to the data directory.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StorageError {
    #[error("the disk is full")]
    Full { path: String, cause: io::Error },
    #[error("the file {path} is missing")]
    Missing { path: String },
    #[error("the file {path} is damaged")]
    Damaged { path: String, cause: Box<dyn Error + Send + Sync> },
    #[error("the usage store cannot be read or written")]
    Failed { path: String, cause: Box<dyn Error + Send + Sync> },
    #[error("a figure of meter {meter} has more than 38 digits and cannot be stored")]
    OutOfRange { meter: MeterId },
}

impl StorageError {
    pub(crate) fn damaged(path: impl Into<String>, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Damaged { path: path.into(), cause: cause.into() }
    }

    pub(crate) fn failed(path: impl Into<String>, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed { path: path.into(), cause: cause.into() }
    }

    /// An error of the operating system while `path` was read or written.
    pub(crate) fn from_io(path: impl Into<String>, cause: io::Error) -> Self {
        let path = path.into();
        match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path, cause },
            io::ErrorKind::NotFound => Self::Missing { path },
            io::ErrorKind::UnexpectedEof => Self::damaged(path, "it ends too early"),
            _ => Self::failed(path, cause),
        }
    }

    /// An error while a Parquet file was read: the operating system's own inside, or bad bytes.
    pub(crate) fn from_reading(path: impl Into<String>, cause: ParquetError) -> Self {
        match cause {
            ParquetError::External(inner) => match inner.downcast::<io::Error>() {
                Ok(cause) => Self::from_io(path, *cause),
                Err(other) => Self::damaged(path, other),
            },
            other => Self::damaged(path, other),
        }
    }

    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Full { .. } => "storage.full",
            Self::Missing { .. } => "storage.file_missing",
            Self::Damaged { .. } => "storage.file_damaged",
            Self::Failed { .. } => "storage.failed",
            Self::OutOfRange { .. } => "number.out_of_range",
        }
    }

    fn for_operator(&self) -> String {
        match self {
            Self::Full { path, cause } => format!("{path}: {cause}"),
            Self::Failed { path, cause } | Self::Damaged { path, cause } => format!("{path}: {cause}"),
            Self::Missing { .. } | Self::OutOfRange { .. } => self.to_string(),
        }
    }
}

impl From<StorageError> for PortError {
    fn from(error: StorageError) -> Self {
        Self::new(error.code(), error.to_string(), error.for_operator())
    }
}

/// Columns that do not fit together are a mistake of this crate, not of a file.
impl From<ArrowError> for StorageError {
    fn from(cause: ArrowError) -> Self {
        Self::failed("columns in memory", cause)
    }
}

impl From<StorageError> for billing::ports::RatingFailure {
    fn from(error: StorageError) -> Self {
        PortError::from(error).into()
    }
}
