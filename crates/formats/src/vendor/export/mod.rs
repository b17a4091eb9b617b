//! Asynchronous exports: operations, manifests, and the lines of the files.
//!
//! A row is made of the line item that the routes answer, so a file cannot differ from a page.

mod line_file;
mod operation;
mod reconciliation_row;
mod row;
mod usage_row;

pub use line_file::{LineFile, WrittenLines};
pub use operation::{
    EarlyManifest, EarlyOperation, ExportBlob, ExportTimes, GraphManifest, GraphOperation, OperationError,
};
pub use reconciliation_row::write_reconciliation_row;
pub use usage_row::write_usage_row;

use super::words::same_word;

/// Which members the rows of a file have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeSet {
    Full,
    Basic,
    /// `basic` of the early exports, which differs in three members.
    EarlyBasic,
}

impl AttributeSet {
    /// Reads the word of a Graph export.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [("full", Self::Full), ("basic", Self::Basic)]
            .into_iter()
            .find_map(|(known, set)| same_word(known, word.trim()).then_some(set))
    }

    /// Reads the fragment of an early export.
    #[must_use]
    pub fn parse_fragment(word: &str) -> Option<Self> {
        Self::parse(word).map(|set| if set == Self::Basic { Self::EarlyBasic } else { set })
    }
}

/// The two months that may be exported before they are billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportMonth {
    Current,
    Last,
}

impl ExportMonth {
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [("current", Self::Current), ("last", Self::Last)]
            .into_iter()
            .find_map(|(known, month)| same_word(known, word.trim()).then_some(month))
    }
}
