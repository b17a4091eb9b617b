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
            let blanks = self.text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            if excess.is_none() && blanks == self.text.len() {
                continue;
            }
            let bytes = self.text.get(blanks..).unwrap_or_default().trim_ascii_end();
            let element = Element { bytes, line: self.line, column: (blanks as u64).saturating_add(1) };
            let excess = excess.or_else(|| is_too_deep(bytes).then_some(Excess::Depth));
            return Ok(Some(element.checked(excess)));
        }
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
