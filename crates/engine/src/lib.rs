//! Use cases of Quittance: import, rate, close, pay, explain, verify.
//!
//! Each reads what it needs through the ports of `billing`, decides in pure code and then writes
//! in one transaction. It knows no SQL, no HTTP, no Parquet and no clock: the time is an argument.

pub mod banking;
pub mod books;
pub mod budgeting;
pub mod chain;
pub mod clients;
pub mod closing;
pub mod crediting;
pub mod error;
pub mod estimating;
pub mod explaining;
pub mod exporting;
pub mod import;
pub mod invoices;
pub mod open_usage;
pub mod organisations;
pub mod paying;
pub mod present;
pub mod rating;
pub mod restating;
pub mod savings;
pub mod simulating;
pub mod storing;
pub mod tokens;
pub mod uses;
pub mod verifying;
pub mod writing;

mod amending;
mod by_generation;
mod inputs;
mod licences;
mod memory;
mod selection;

pub use books::{Books, DocumentShelf};
pub use error::{EngineError, EngineResult};
