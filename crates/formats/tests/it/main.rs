//! The crate's public face: bytes in, typed records and refusals out.

#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

mod bad_inputs;
mod bank;
mod bank_properties;
mod bank_references;
mod bank_refused;
mod directory;
mod fx;
mod gallery;
mod licence;
mod list_error_examples;
mod price;
mod properties;
mod real_usage;
mod savings_plans;
mod shared;
mod tax;
mod usage_files;
