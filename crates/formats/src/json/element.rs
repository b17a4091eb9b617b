//! One element of an array, or one line of JSON Lines.

use serde::Deserialize;

use super::{DEPTH_MAX, ELEMENT_LENGTH_MAX};
use crate::error::{Fault, RejectedLine, raw_excerpt};
use crate::source::position_behind;

/// What stands where an element is expected.
#[derive(Debug)]
pub enum Item<'e> {
    Element(Element<'e>),
    Rejected(RejectedLine),
}

/// The text of one element and where it starts.
#[derive(Debug, Clone, Copy)]
pub struct Element<'e> {
    pub bytes: &'e [u8],
    /// Physical line, from 1.
    pub line: u64,
    /// Byte position in that line, from 1.
    pub column: u64,
}

impl<'e> Element<'e> {
    /// Reads the element; declare numbers as `&RawValue`.
    ///
    /// # Errors
    /// `json.element_malformed`, at the file's line and column.
    pub fn parse<T: Deserialize<'e>>(&self) -> Result<T, Box<RejectedLine>> {
        serde_json::from_slice(self.bytes).map_err(|error| {
            let message = without_position(&error);
            let mut rejected = self.reject("", "json.element_malformed", message);
            let (line, column) = (error.line() as u64, error.column() as u64);
            if line > 1 {
                rejected.line = self.line.saturating_add(line).saturating_sub(1);
                rejected.column = column.max(1);
            } else {
                rejected.column = self.column.saturating_add(column.max(1)).saturating_sub(1);
            }
            Box::new(rejected)
        })
    }

    /// Sets the element aside because of one member.
    #[must_use]
    pub fn reject(&self, field: &str, code: &'static str, message: impl Into<String>) -> RejectedLine {
        let (raw, raw_cut) = raw_excerpt(self.bytes);
        let (line, column) = (self.line, self.column);
        RejectedLine { line, column, field: field.to_owned(), code, message: message.into(), raw, raw_cut }
    }

    /// As [`Element::reject`], at the position of `part`, which lies inside this element (a `RawValue`
    /// that was borrowed from it, say); elsewhere it is the element's own.
    #[must_use]
    pub fn reject_at(&self, part: &str, field: &str, fault: Fault) -> RejectedLine {
        let (line, column) = self.position_of(part);
        RejectedLine { line, column, ..self.reject_fault(field, fault) }
    }

    /// Line and column of `part`, as for [`Element::reject_at`].
    #[must_use]
    pub fn position_of(&self, part: &str) -> (u64, u64) {
        let offset = part.as_ptr().addr().checked_sub(self.bytes.as_ptr().addr());
        let before = offset.and_then(|offset| self.bytes.get(..offset)).unwrap_or_default();
        position_behind(self.line, self.column, before)
    }

    /// As [`Element::reject`].
    #[must_use]
    pub fn reject_fault(&self, field: &str, fault: Fault) -> RejectedLine {
        self.reject(field, fault.code, fault.message)
    }

    pub(super) fn checked(self, excess: Option<Excess>) -> Item<'e> {
        match excess {
            None => Item::Element(self),
            Some(Excess::Length) => {
                let message = format!("the element is longer than {ELEMENT_LENGTH_MAX} bytes");
                let mut rejected = self.reject("", "json.element_too_long", message);
                rejected.raw_cut = true;
                Item::Rejected(rejected)
            }
            Some(Excess::Depth) => {
                let message = format!("the element is nested more than {DEPTH_MAX} levels deep");
                Item::Rejected(self.reject("", "json.element_too_deep", message))
            }
        }
    }
}

/// Why an element is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Excess {
    Length,
    Depth,
}

/// serde_json ends its sentence with a position inside the element, which would mislead here.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text.get(..end).unwrap_or(&text).to_owned()
}
