//! One request on its way to an operation, and what comes back.

use std::pin::Pin;
use std::sync::Arc;

use axum::http::StatusCode;
use billing::invoice::InvoiceNumber;
use billing::ports::hex;
use engine::Books;
use engine::writing::Attempt;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::access::Caller;
use super::body::ReceivedFile;
use super::problem::Problem;
use super::query::Query;
use super::schema::field_problem;
use crate::routes::Parameters;
use crate::state::AppState;

#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) state: Arc<AppState>,
    pub(crate) caller: Caller,
    pub(crate) parameters: Parameters,
    pub(crate) query: Query,
}

impl Call {
    pub(crate) fn books(&self) -> &Books {
        &self.state.books
    }

    pub(crate) fn path(&self, name: &str) -> &str {
        self.parameters.get(name)
    }

    pub(crate) fn today(&self) -> Date {
        TimeZone::UTC.to_datetime(self.state.now()).date()
    }
}

/// What a body holds.
pub(crate) enum Received {
    /// As its schema asks for.
    Json(Value),
    File(ReceivedFile),
}

/// A request that writes. It has its turn: nobody else writes meanwhile.
pub(crate) struct WriteCall {
    pub(crate) call: Call,
    pub(crate) attempt: Attempt,
    pub(crate) digest: String,
    pub(crate) key: String,
    pub(crate) body: Received,
}

impl WriteCall {
    pub(crate) fn now(&self) -> Timestamp {
        self.attempt.at
    }

    pub(crate) fn today(&self) -> Date {
        TimeZone::UTC.to_datetime(self.attempt.at).date()
    }

    /// The same for every attempt of this request and for no other.
    pub(crate) fn id(&self) -> String {
        let text = format!("{}\n{}\n{}", self.digest, self.key, self.attempt.at);
        hex(Sha256::digest(text.as_bytes()).get(..16).unwrap_or_default())
    }

    /// # Errors
    /// `request.invalid` for what the schema of `T` lets through and `T` does not.
    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Result<T, Problem> {
        match std::mem::replace(&mut self.body, Received::Json(Value::Null)) {
            Received::Json(value) => serde_json::from_value(value)
                .map_err(|error| Problem::invalid(vec![field_problem("", "field.malformed", error.to_string())])),
            Received::File(_) => Err(Problem::unexpected("a file where JSON was read")),
        }
    }

    /// # Errors
    /// None for an operation that takes a file.
    pub(crate) fn file(&mut self) -> Result<ReceivedFile, Problem> {
        match std::mem::replace(&mut self.body, Received::Json(Value::Null)) {
            Received::File(file) => Ok(file),
            Received::Json(_) => Err(Problem::unexpected("JSON where a file was read")),
        }
    }
}

pub(crate) type Later = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send>;
pub(crate) type Reading = Pin<Box<dyn Future<Output = Result<Reply, Problem>> + Send>>;
/// Imports hold what must stay on its thread.
pub(crate) type Written = Pin<Box<dyn Future<Output = Result<Reply, Problem>>>>;

pub(crate) enum Content {
    Json(Vec<u8>),
    Pdf(InvoiceNumber, Vec<u8>),
}

/// A good answer.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content: Content,
    /// What is done after the answer, before anybody else writes.
    pub(crate) later: Option<Later>,
}

impl Reply {
    /// # Errors
    /// None for the shapes of this API.
    pub(crate) fn json<T: Serialize>(status: StatusCode, body: &T) -> Result<Self, Problem> {
        let bytes = serde_json::to_vec(body).map_err(|error| Problem::unexpected(format!("answer: {error}")))?;
        Ok(Self { status, content: Content::Json(bytes), later: None })
    }

    /// # Errors
    /// As [`Reply::json`].
    pub(crate) fn ok<T: Serialize>(body: &T) -> Result<Self, Problem> {
        Self::json(StatusCode::OK, body)
    }

    /// # Errors
    /// As [`Reply::json`].
    pub(crate) fn created<T: Serialize>(body: &T) -> Result<Self, Problem> {
        Self::json(StatusCode::CREATED, body)
    }
}
