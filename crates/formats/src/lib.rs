//! Outside bytes to typed records, with positions: every problem names its line, its column and
//! a stable code. This crate opens no path and no socket and knows no organisation.

pub mod bank;
pub mod csv;
pub mod directory;
pub mod error;
pub mod fx;
pub mod journal;
pub mod json;
pub mod licence;
pub mod number;
pub mod price;
pub mod source;
pub mod tax;
pub mod usage;
pub mod vendor;
pub mod xml;

pub use error::error_codes;
