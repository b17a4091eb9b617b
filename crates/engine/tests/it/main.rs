//! Use cases on a real SQLite ledger and real Parquet files.

mod century;
mod classic_usage;
mod crediting;
mod dry_runs;
mod late_orders;
mod licences;
mod meeting;
mod months;
mod quarantine;
mod rating;
mod recurring;
mod restating;
mod savings;
mod simulating;
mod storing;
mod taxing;
mod world;
