//! Reads the input of a case key by key, so that no key stays unread.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// What an operation can run into; only its text is shown.
pub(super) type OperationError = Box<dyn std::error::Error>;

/// The input of a case.
#[derive(Debug)]
pub(super) struct Input {
    values: Map<String, Value>,
}

impl Input {
    pub(super) fn new(values: Map<String, Value>) -> Self {
        Self { values }
    }

    pub(super) fn required<T: DeserializeOwned>(&mut self, key: &str) -> Result<T, OperationError> {
        self.optional(key)?.ok_or_else(|| format!("the input has no {key}").into())
    }

    pub(super) fn optional<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, OperationError> {
        let Some(value) = self.values.remove(key) else { return Ok(None) };
        serde_json::from_value(value).map(Some).map_err(|error| format!("input {key}: {error}").into())
    }

    /// A list of objects, each of them an input again.
    pub(super) fn list(&mut self, key: &str) -> Result<Vec<Input>, OperationError> {
        let items: Vec<Map<String, Value>> = self.required(key)?;
        Ok(items.into_iter().map(Self::new).collect())
    }

    /// A key that nobody reads is a condition that nobody tests.
    pub(super) fn finish(self) -> Result<(), OperationError> {
        match self.values.keys().next() {
            None => Ok(()),
            Some(key) => Err(format!("the operation knows no input {key}").into()),
        }
    }
}
