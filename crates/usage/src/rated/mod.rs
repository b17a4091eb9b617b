//! Files of rated lines, in the order of the lines.
//!
//! A line holds what rating added to its record, and names the record by file and row; what the
//! record says of itself stands there only. Figures have a column of their own; what many lines share
//! (prices, rates, names) stands in dictionaries whose places come in runs.

mod figures;
mod lines;
mod priced;
mod read;
mod schema;
mod write;

pub(crate) use lines::RatedLines;
pub(crate) use read::read_rated;
pub(crate) use write::{Compressors, RatedFile, RecordFile};
