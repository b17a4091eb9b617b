//! Elements of a JSON document or of JSON Lines, one at a time, with positions.
//!
//! serde_json reads a document as a whole or not at all. Here the boundaries of the elements are
//! found first, so that one bad element is set aside and the others are kept, and a document of
//! any length needs the memory of one element.
//!
//! Numbers must not pass through a binary float: declare them as `&RawValue` and read their text
//! with [`crate::number::decimal`].

mod element;
mod lines;
mod scan;
mod splitter;

pub use element::{Element, Item};
pub use lines::LineReader;
pub use splitter::ArrayReader;

pub const CODES: &[&str] = &[
    "json.array_missing",
    "json.element_malformed",
    "json.element_too_deep",
    "json.element_too_long",
    "json.malformed",
    "json.unclosed",
];

/// The longest element, in bytes.
pub const ELEMENT_LENGTH_MAX: usize = 1 << 20;
/// The deepest nesting of an element.
pub const DEPTH_MAX: usize = 64;

#[cfg(test)]
mod tests;
