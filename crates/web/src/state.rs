//! What all requests share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use engine::Books;
use jiff::Timestamp;

use crate::api::Writing;
use crate::exports::Exports;

/// Tells the time; tests and demonstrations stop it or move it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How much one server takes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Path and query. A filter of the greatest length fits, escaped three bytes to one.
    pub target_bytes_max: usize,
    /// All header lines of one request.
    pub header_bytes_max: usize,
    pub body_bytes_max: u64,
    /// Of a file that is imported.
    pub import_bytes_max: u64,
    /// Requests that are answered at the same time; others wait.
    pub request_count_max: usize,
    /// Requests that may wait; more are refused at once.
    pub waiting_count_max: usize,
    pub connection_count_max: usize,
    /// Of one organisation, together; without it there is no such limit.
    pub requests_per_second: Option<u32>,
    /// From the last header line to the last byte of the answer's head, waiting included.
    pub request_timeout: Duration,
    /// As `request_timeout`, where a file is sent.
    pub import_timeout: Duration,
    /// How long a request waits for others that write.
    pub write_wait: Duration,
    /// For the header lines of one request.
    pub header_timeout: Duration,
    /// How long requests that are under way may go on after a shutdown was asked for.
    pub shutdown_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            target_bytes_max: 32 * 1024,
            header_bytes_max: 64 * 1024,
            body_bytes_max: 1024 * 1024,
            import_bytes_max: 1024 * 1024 * 1024,
            request_count_max: 64,
            waiting_count_max: 512,
            connection_count_max: 1024,
            requests_per_second: None,
            request_timeout: Duration::from_secs(60),
            import_timeout: Duration::from_secs(15 * 60),
            write_wait: Duration::from_secs(10),
            header_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(30),
        }
    }
}

/// The stores, the clock and the key of one server.
#[derive(Clone)]
pub struct AppState {
    pub books: Books,
    pub clock: Clock,
    pub writing: Writing,
    pub exports: Exports,
    /// Signs links to statements and to files of exports; servers over the same stores share it.
    pub link_key: [u8; 32],
    pub limits: Limits,
}

impl fmt::Debug for AppState {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppState").field("books", &self.books).field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl AppState {
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }
}
