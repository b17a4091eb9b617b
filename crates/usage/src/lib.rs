//! Usage records and rated lines in Parquet files below the data directory.
//!
//! A file is written under a temporary name, synced, and given its name only when it is complete;
//! what makes it count is the ledger's manifest (docs/adr/0002). Beside each file of records lies
//! one with their sorted keys, so that a record counts once (docs/rules/record-identity.md).
//!
//! ```text
//! usage/records/2026-09/<digest>.parquet          records of one usage month, in the order of rating
//! usage/records/2026-09/<digest>.keys             their keys, sorted, with a filter in front
//! usage/rated/<party digest>/2026-09/<digest>.parquet   rated lines in their order
//! …/<digest>-1.parquet                            where the same bytes were written before
//! usage/tmp/<process>-<number>.partial            not yet complete
//! ```
//!
//! The folders are plain: other programs read them, DuckDB with `union_by_name = true`
//! (docs/adr/0011 says why). What counts is the manifest, so a folder may hold more than that, and
//! superseded versions of restated records besides.

mod bit_packing;
mod column_chunk;
mod columns;
mod compaction;
mod day;
mod decimals;
mod delta;
mod directory;
mod error;
mod keys;
mod limits;
mod maintenance;
mod new_file;
mod order;
mod parallel;
mod parquet_file;
mod publishing;
mod rated;
mod rating;
mod record_columns;
mod records_file;
mod session;
mod store;
mod text;
mod text_chunk;

pub use limits::Limits;
pub use store::DirectoryStore;
