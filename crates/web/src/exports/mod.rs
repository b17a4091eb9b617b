//! Asynchronous exports: both generations of clients, and the files.

pub(crate) mod blob;
mod blob_body;
mod blob_link;
pub(crate) mod early;
pub(crate) mod graph;
mod operation;
mod range;
mod work;

pub use work::Exports;
