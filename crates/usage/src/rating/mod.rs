//! Rates a party's month straight from files of records to files of rated lines (docs/adr/0011).
//!
//! A survey looks at subscriptions and meters of all files once. A party's subscriptions are cut into
//! ranges of about as many rows each. A worker takes a range at a time: it merges what the files hold
//! of it, in the order of rating, gives each row to [`billing::rate::BulkRater`] and writes files of
//! rated lines. So memory does not grow with the month, and the result is the same whatever the number
//! of workers, the files, and the order in which they arrived.

mod cursor;
mod fingerprint;
mod job;
mod merge;
mod plan_usage;
mod ranges;
mod survey;
mod worker;

pub(crate) use survey::Survey;
