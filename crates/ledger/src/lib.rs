//! The SQL store: documents, numbers, journal, manifest and directory of one data directory.
//!
//! [`SqliteLedger`] implements [`billing::ports::Ledger`]. One call is one transaction or one
//! query; whatever was issued never changes, which triggers of the database enforce as well
//! (INV-2). Nothing here decides: amounts, postings and bytes arrive decided.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#![deny(clippy::as_conversions, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod accounts;
mod adjustments;
mod billed_parties;
mod blobs;
mod budgets;
mod clients;
mod closing;
mod compactions;
mod directory;
mod documents;
mod error;
mod imports;
mod integrity;
mod invoices;
mod issue;
mod journal;
mod ledger;
mod migrations;
mod open;
mod orders;
mod rating;
mod requests;
mod restatements;
mod row;
mod runs;
mod tokens;

pub use open::SqliteLedger;
