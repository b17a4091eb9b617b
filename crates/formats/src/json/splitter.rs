//! The elements of one array inside a JSON document.

use super::ELEMENT_LENGTH_MAX;
use super::element::{Element, Excess, Item};
use super::scan::{Scanner, Step};
use crate::error::FileError;
use crate::source::{Input, position_behind};

/// The longest scalar member beside the array that is kept, in bytes.
const SCALAR_LENGTH_MAX: usize = 16 * 1024;
/// The most scalar members that are kept.
const SCALAR_COUNT_MAX: usize = 1_000;

/// Reads the elements of an array; what stands around it is checked and its scalars are kept.
pub struct ArrayReader {
    input: Input,
    line: u64,
    column: u64,
    /// Objects around the array that are still open.
    open_objects: usize,
    /// No element was read yet, so no comma is due.
    first: bool,
    done: bool,
    value: Vec<u8>,
    /// Line and column at which the element in `value` starts.
    value_start: (u64, u64),
    scalars: Vec<(String, String)>,
}

/// A value that was scanned into `value`, and where it starts.
struct Scanned {
    line: u64,
    column: u64,
    excess: Option<Excess>,
}

impl std::fmt::Debug for ArrayReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArrayReader").field("input", &self.input).field("line", &self.line).finish_non_exhaustive()
    }
}

impl ArrayReader {
    /// Goes to the array: `&["value"]` for `{"value": […]}`, `&[]` for a document that is one.
    ///
    /// # Errors
    /// `json.array_missing`, `json.malformed`, `json.unclosed`, `file.*`.
    pub fn open(input: Input, path: &[&str]) -> Result<Self, FileError> {
        let mut reader = Self {
            input,
            line: 1,
            column: 1,
            open_objects: 0,
            first: true,
            done: false,
            value: Vec::new(),
            value_start: (1, 1),
            scalars: Vec::new(),
        };
        for name in path {
            reader.expect(b'{', || missing(path))?;
            reader.open_objects = reader.open_objects.saturating_add(1);
            if !reader.seek_member(name)? {
                return Err(missing(path).at(reader.line, reader.column));
            }
        }
        reader.expect(b'[', || missing(path))?;
        Ok(reader)
    }

    /// Names and JSON texts of the small scalar members around the array (`nextLink`, `Currency`):
    /// at first those before it, after the last element all of them.
    #[must_use]
    pub fn scalars(&self) -> &[(String, String)] {
        &self.scalars
    }

    /// The text of one scalar member: of a string its content, of a number its digits.
    #[must_use]
    pub fn scalar(&self, name: &str) -> Option<String> {
        let (_, text) = self.scalars.iter().find(|(key, _)| key == name)?;
        Some(serde_json::from_str(text).unwrap_or_else(|_| text.clone()))
    }

    /// The next element; `None` after the document's end was checked.
    ///
    /// # Errors
    /// `json.malformed`, `json.unclosed`, `file.*`. An error ends the file.
    pub fn next_element(&mut self) -> Result<Option<Item<'_>>, FileError> {
        if self.done {
            return Ok(None);
        }
        // An error below leaves nothing that could be read on.
        self.done = true;
        if !self.goto_element()? {
            self.finish()?;
            return Ok(None);
        }
        let Scanned { line, column, excess } = self.scan_value()?;
        self.done = false;
        self.value_start = (line, column);
        Ok(Some(self.last_element().checked(excess)))
    }

    /// The element that was handed out last.
    #[must_use]
    pub fn last_element(&self) -> Element<'_> {
        let (line, column) = self.value_start;
        Element { bytes: &self.value, line, column }
    }

    /// Stands on the first byte of the next element, or behind the array.
    fn goto_element(&mut self) -> Result<bool, FileError> {
        let first = std::mem::replace(&mut self.first, false);
        match self.peek_token()? {
            b']' => {
                self.bump();
                Ok(false)
            }
            b',' if !first => {
                self.bump();
                match self.peek_token()? {
                    b']' | b',' => Err(self.malformed("an element is missing")),
                    _ => Ok(true),
                }
            }
            b',' => Err(self.malformed("an element is missing")),
            _ if first => Ok(true),
            _ => Err(self.malformed("a comma is missing between two elements")),
        }
    }

    /// Reads the members behind the array and checks that the document ends there.
    fn finish(&mut self) -> Result<(), FileError> {
        while self.open_objects > 0 {
            match self.peek_token()? {
                b'}' => {
                    self.bump();
                    self.open_objects = self.open_objects.saturating_sub(1);
                }
                b',' => {
                    self.bump();
                    let name = self.member_name()?;
                    self.keep_member(name)?;
                }
                _ => return Err(self.malformed("a comma is missing between two members")),
            }
        }
        match self.skip_blanks()? {
            None => Ok(()),
            Some(_) => Err(self.malformed("something follows the end of the document")),
        }
    }

    /// Stands on the value of the member `name` of the object that was just opened.
    fn seek_member(&mut self, name: &str) -> Result<bool, FileError> {
        if self.peek_token()? == b'}' {
            return Ok(false);
        }
        loop {
            let found = self.member_name()?;
            if found == name {
                return Ok(true);
            }
            self.keep_member(found)?;
            match self.peek_token()? {
                b',' => self.bump(),
                b'}' => return Ok(false),
                _ => return Err(self.malformed("a comma is missing between two members")),
            }
        }
    }

    fn member_name(&mut self) -> Result<String, FileError> {
        if self.peek_token()? != b'"' {
            return Err(self.malformed("the name of a member is missing"));
        }
        self.scan_value()?;
        let name = serde_json::from_slice(&self.value).map_err(|_| self.malformed("a member's name is malformed"))?;
        if self.peek_token()? != b':' {
            return Err(self.malformed("a colon is missing behind the name of a member"));
        }
        self.bump();
        Ok(name)
    }

    /// Reads the value of a member beside the array; scalars are kept, others only have to be JSON.
    fn keep_member(&mut self, name: String) -> Result<(), FileError> {
        self.peek_token()?;
        let Scanned { line, column, excess } = self.scan_value()?;
        let malformed = |_| FileError::new("json.malformed", "the value of a member is malformed").at(line, column);
        if excess.is_none() {
            serde_json::from_slice::<serde::de::IgnoredAny>(&self.value).map_err(malformed)?;
        }
        let scalar = !matches!(self.value.first(), Some(b'{' | b'['));
        if scalar && self.value.len() <= SCALAR_LENGTH_MAX && self.scalars.len() < SCALAR_COUNT_MAX {
            self.scalars.push((name, String::from_utf8_lossy(&self.value).into_owned()));
        }
        Ok(())
    }

    /// Scans the value that starts here into `value`, as far as it is not too long.
    fn scan_value(&mut self) -> Result<Scanned, FileError> {
        let (line, column) = (self.line, self.column);
        let mut scanner = Scanner::default();
        let mut excess = None;
        self.value.clear();
        loop {
            let bytes = self.input.fill()?;
            if bytes.is_empty() {
                if scanner.may_end_here() {
                    break;
                }
                return Err(self.unclosed());
            }
            let (count, last) = scan_piece(&mut scanner, bytes);
            let piece = bytes.get(..count).unwrap_or_default();
            if self.value.len().saturating_add(count) > ELEMENT_LENGTH_MAX {
                excess = Some(Excess::Length);
            } else if excess.is_none() {
                self.value.extend_from_slice(piece);
            }
            (self.line, self.column) = position_behind(self.line, self.column, piece);
            self.input.consume(count);
            match last {
                Step::Inside => {}
                Step::Mismatch => return Err(self.malformed("a bracket closes what it did not open")),
                Step::Last | Step::Before => break,
            }
        }
        let excess = excess.or(scanner.too_deep.then_some(Excess::Depth));
        Ok(Scanned { line, column, excess })
    }

    fn expect(&mut self, wanted: u8, error: impl Fn() -> FileError) -> Result<(), FileError> {
        match self.peek_token()? {
            byte if byte == wanted => {
                self.bump();
                Ok(())
            }
            _ => Err(error().at(self.line, self.column)),
        }
    }

    /// The next byte that is no blank; it is not consumed.
    fn peek_token(&mut self) -> Result<u8, FileError> {
        self.skip_blanks()?.ok_or_else(|| self.unclosed())
    }

    fn skip_blanks(&mut self) -> Result<Option<u8>, FileError> {
        loop {
            match self.input.fill()?.first().copied() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.bump(),
                other => return Ok(other),
            }
        }
    }

    /// Goes one byte on; [`Self::peek_token`] has filled the buffer.
    fn bump(&mut self) {
        if let Ok([byte, ..]) = self.input.fill() {
            (self.line, self.column) = position_behind(self.line, self.column, &[*byte]);
            self.input.consume(1);
        }
    }

    fn malformed(&self, message: &str) -> FileError {
        FileError::new("json.malformed", message).at(self.line, self.column)
    }

    fn unclosed(&self) -> FileError {
        FileError::new("json.unclosed", "the document ends before it is complete").at(self.line, self.column)
    }
}

fn missing(path: &[&str]) -> FileError {
    let place =
        if path.is_empty() { "at the top of the document".to_owned() } else { format!("at {}", path.join(".")) };
    FileError::new("json.array_missing", format!("there is no array {place}"))
}

/// How many bytes belong to the value, and what the last scanned byte was.
fn scan_piece(scanner: &mut Scanner, bytes: &[u8]) -> (usize, Step) {
    for (index, byte) in bytes.iter().enumerate() {
        match scanner.step(*byte) {
            Step::Inside => {}
            Step::Last => return (index.saturating_add(1), Step::Last),
            step => return (index, step),
        }
    }
    (bytes.len(), Step::Inside)
}
