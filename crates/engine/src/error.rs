//! Errors of use cases: a stable code, a sentence for the caller, one for the operator.

use billing::ports::PortError;
use formats::error::FileError;

pub type EngineResult<T> = Result<T, EngineError>;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EngineError {
    pub code: String,
    /// What is wrong, where, and what to do.
    pub message: String,
    /// Facts for whoever runs the installation; never shown to callers of an API.
    pub operator: String,
}

impl EngineError {
    #[must_use]
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), operator: String::new() }
    }

    #[must_use]
    pub fn with_operator(mut self, operator: impl std::fmt::Display) -> Self {
        self.operator = operator.to_string();
        self
    }

    /// Not one party's trouble: nothing goes on.
    pub(crate) fn is_of_storage(&self) -> bool {
        self.code.starts_with("storage.") || self.code.starts_with("ledger.")
    }

    /// Stored bytes that cannot be read again.
    pub(crate) fn damaged(what: &str, cause: impl std::fmt::Display) -> Self {
        Self::new("storage.damaged", format!("{what} cannot be read back; run `quittance verify`")).with_operator(cause)
    }
}

impl From<PortError> for EngineError {
    fn from(error: PortError) -> Self {
        Self { code: error.code.to_owned(), message: error.message, operator: error.operator }
    }
}

impl From<FileError> for EngineError {
    fn from(error: FileError) -> Self {
        Self { code: error.code.to_owned(), message: error.to_string(), operator: error.operator }
    }
}

impl From<billing::settlement::SettlementError> for EngineError {
    fn from(error: billing::settlement::SettlementError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<billing::invoice::CreditError> for EngineError {
    fn from(error: billing::invoice::CreditError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}
