//! Elements of an XML document, one at a time, with positions.
//!
//! For documents from outside: nothing is expanded (a DOCTYPE refuses the file), every length has a
//! limit, and a document of any length needs the memory of one tag or text. What quick-xml leaves
//! to its callers is checked here: one root, nothing around it, names and characters that XML has.

mod elements;
mod reader;
mod source;

pub(crate) use elements::Place;
pub(crate) use reader::{Step, XmlReader};

pub const CODES: &[&str] =
    &["file.encoding", "xml.doctype", "xml.malformed", "xml.too_deep", "xml.too_long", "xml.unclosed"];

/// The longest tag, text or comment, in bytes.
pub const LENGTH_MAX: usize = 1 << 20;
/// The deepest nesting of elements.
pub const DEPTH_MAX: usize = 64;
/// The most attributes of an element: to find one that stands twice, each is compared with all.
pub const ATTRIBUTE_COUNT_MAX: usize = 64;

#[cfg(test)]
mod tests;
