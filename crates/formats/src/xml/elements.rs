//! The elements that are open, the text of the last one, and what XML demands of both.

use quick_xml::XmlVersion;
use quick_xml::events::BytesStart;
use quick_xml::name::ResolveResult;

use super::{ATTRIBUTE_COUNT_MAX, DEPTH_MAX, LENGTH_MAX};
use crate::error::{Fault, FileError};
use crate::number::excerpt;

/// A position in the file, both from 1; the column counts bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u64,
    pub(crate) column: u64,
}

impl Place {
    pub(crate) fn error(self, code: &'static str, message: impl Into<String>) -> FileError {
        FileError::new(code, message).at(self.line, self.column)
    }
}

/// One element that is open.
#[derive(Debug)]
struct Open {
    place: Place,
    /// How long the path is without it.
    path_length: usize,
}

#[derive(Debug, Default)]
pub(super) struct Elements {
    /// The namespace of the root; empty where it has none.
    namespace: String,
    path: String,
    open: Vec<Open>,
    /// How many elements of other namespaces are open below the last one of ours.
    foreign: usize,
    attributes: Vec<(String, String)>,
    text: String,
    /// No element stands in the last one that was opened.
    is_leaf: bool,
    /// The last element of ours was closed; it is left on the way to the next one.
    is_closing: bool,
    root_seen: bool,
}

impl Elements {
    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    pub(super) fn place(&self) -> Place {
        self.open.last().map_or(Place { line: 1, column: 1 }, |open| open.place)
    }

    /// Of an element with others inside, the text between them says nothing.
    pub(super) fn text(&self) -> &str {
        if self.is_leaf { &self.text } else { "" }
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| self.is_leaf && key == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn is_complete(&self) -> bool {
        self.root_seen && self.open.is_empty()
    }

    pub(super) fn has_begun(&self) -> bool {
        self.root_seen
    }

    /// Leaves the element that was closed last.
    pub(super) fn leave(&mut self) {
        if std::mem::take(&mut self.is_closing)
            && let Some(left) = self.open.pop()
        {
            self.path.truncate(left.path_length);
            self.is_leaf = false;
        }
    }

    /// Opens an element; false where it is not of the root's namespace, or inside of such a one.
    pub(super) fn open(
        &mut self,
        element: &BytesStart<'_>,
        namespace: &ResolveResult<'_>,
        place: Place,
    ) -> Result<bool, FileError> {
        if self.is_complete() {
            return Err(place.error("xml.malformed", "a second document begins behind the first"));
        }
        if self.open.len().saturating_add(self.foreign) >= DEPTH_MAX {
            let message = format!("elements are nested more than {DEPTH_MAX} levels deep");
            return Err(place.error("xml.too_deep", message));
        }
        check_name(element.name().as_ref()).map_err(|fault| place.error(fault.code, fault.message))?;
        let attributes = attributes(element).map_err(|fault| place.error(fault.code, fault.message))?;
        let namespace = match namespace {
            ResolveResult::Bound(namespace) => namespace.as_ref(),
            ResolveResult::Unbound => "",
            ResolveResult::Unknown(prefix) => {
                let message = format!("the prefix {:?} is declared nowhere", excerpt(prefix));
                return Err(place.error("xml.malformed", message));
            }
        };
        if !self.root_seen {
            self.root_seen = true;
            namespace.clone_into(&mut self.namespace);
        }
        if self.foreign > 0 || namespace != self.namespace {
            self.foreign = self.foreign.saturating_add(1);
            self.is_leaf = false;
            return Ok(false);
        }
        self.open.push(Open { place, path_length: self.path.len() });
        if !self.path.is_empty() {
            self.path.push('/');
        }
        self.path.push_str(element.local_name().as_ref());
        self.attributes = attributes;
        self.text.clear();
        self.is_leaf = true;
        Ok(true)
    }

    /// Closes an element; false where [`Elements::open`] said so.
    pub(super) fn close(&mut self) -> bool {
        if self.foreign > 0 {
            self.foreign = self.foreign.saturating_sub(1);
            return false;
        }
        self.is_closing = true;
        true
    }

    pub(super) fn push_text(&mut self, text: &str, place: Place) -> Result<(), FileError> {
        if self.open.is_empty() && self.foreign == 0 && !text.trim_ascii().is_empty() {
            return Err(place.error("xml.malformed", "there is text outside of the document"));
        }
        if let Some(character) = text.chars().find(|c| !is_allowed(*c)) {
            let message = format!("the character U+{:04X} may not stand in XML", u32::from(character));
            return Err(place.error("xml.malformed", message));
        }
        if self.is_leaf && self.foreign == 0 {
            if self.text.len().saturating_add(text.len()) > LENGTH_MAX {
                let message = format!("the text of this element is longer than {LENGTH_MAX} bytes");
                return Err(self.place().error("xml.too_long", message));
            }
            self.text.push_str(text);
        }
        Ok(())
    }
}

/// XML 1.0, section 2.2. Surrogates are no characters in Rust.
fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// Not every character of XML 1.0, section 2.3, but nothing that could be taken for something else.
fn check_name(name: &str) -> Result<(), Fault> {
    let starts = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    if starts && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')) {
        return Ok(());
    }
    Err(Fault::new("xml.malformed", format!("{:?} is no name of an element", excerpt(name))))
}

fn attributes(element: &BytesStart<'_>) -> Result<Vec<(String, String)>, Fault> {
    let mut attributes = Vec::new();
    for (index, attribute) in element.attributes().enumerate() {
        if index >= ATTRIBUTE_COUNT_MAX {
            let message = format!("an element has more than {ATTRIBUTE_COUNT_MAX} attributes");
            return Err(Fault::new("xml.too_long", message));
        }
        let malformed = |_| Fault::new("xml.malformed", "an attribute of this element is malformed or stands twice");
        let attribute = attribute.map_err(|_| malformed(()))?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| malformed(()))?;
        attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    Ok(attributes)
}
