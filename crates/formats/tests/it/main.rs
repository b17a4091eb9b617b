//! The crate's public face: bytes in, typed records and refusals out.

#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

mod directory;
mod fx;
mod list_error_examples;
mod price;
mod shared;
