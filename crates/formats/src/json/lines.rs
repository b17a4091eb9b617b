//! JSON Lines: one element per line.

use super::ELEMENT_LENGTH_MAX;
use super::element::{Element, Excess, Item};
use super::scan::is_too_deep;
use crate::error::FileError;
use crate::source::Input;

/// Reads JSON Lines; blank lines are no elements.
#[derive(Debug)]
pub struct LineReader {
    input: Input,
    text: Vec<u8>,
    line: u64,
}

impl LineReader {
    #[must_use]
    pub fn new(input: Input) -> Self {
        Self { input, text: Vec::new(), line: 0 }
    }

    /// The next line; `None` at the end of the file.
    ///
    /// # Errors
    /// `file.*` only.
    pub fn next_element(&mut self) -> Result<Option<Item<'_>>, FileError> {
        loop {
            let Some(excess) = self.read_line()? else { return Ok(None) };
            if excess.is_none() && self.text.trim_ascii_start().is_empty() {
                continue;
            }
            let element = self.last_element();
            let excess = excess.or_else(|| is_too_deep(element.bytes).then_some(Excess::Depth));
            return Ok(Some(element.checked(excess)));
        }
    }

    /// The element that was handed out last.
    #[must_use]
    pub fn last_element(&self) -> Element<'_> {
        let bytes = self.text.trim_ascii_start();
        let blanks = self.text.len().saturating_sub(bytes.len()) as u64;
        Element { bytes: bytes.trim_ascii_end(), line: self.line, column: blanks.saturating_add(1) }
    }

    /// One line into `text`; what is too long is read but not kept.
    fn read_line(&mut self) -> Result<Option<Option<Excess>>, FileError> {
        self.text.clear();
        let mut excess = None;
        let mut any = false;
        loop {
            let bytes = self.input.fill()?;
            if bytes.is_empty() {
                self.line = self.line.saturating_add(u64::from(any));
                return Ok(any.then_some(excess));
            }
            any = true;
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let piece = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
            if self.text.len().saturating_add(piece.len()) > ELEMENT_LENGTH_MAX {
                excess = Some(Excess::Length);
            } else if excess.is_none() {
                self.text.extend_from_slice(piece);
            }
            let consumed = piece.len().saturating_add(usize::from(end.is_some()));
            self.input.consume(consumed);
            if end.is_some() {
                self.line = self.line.saturating_add(1);
                return Ok(Some(excess));
            }
        }
    }
}
