//! Use cases on a real SQLite ledger and real Parquet files.

mod months;
mod quarantine;
mod world;
