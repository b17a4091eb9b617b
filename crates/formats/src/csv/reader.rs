//! Cuts a CSV file into records; never holds more than one of them.

use csv_core::ReadRecordResult;

use super::buffers::{Buffers, End};
use super::header::Header;
use super::record::Row;
use crate::error::FileError;
use crate::source::{Input, line_ends};

const DELIMITERS: &[u8] = b",;\t";

/// Reads a CSV file record by record.
pub struct CsvReader {
    input: Input,
    core: csv_core::Reader,
    header: Header,
    header_text: Vec<u8>,
    current: Buffers,
    /// The line that the next byte stands on.
    line: u64,
    /// The last record ended with a carriage return; its line feed may follow.
    after_carriage_return: bool,
}

impl std::fmt::Debug for CsvReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CsvReader").field("input", &self.input).field("line", &self.line).finish_non_exhaustive()
    }
}

impl CsvReader {
    /// Reads the header; the delimiter is the one that occurs most in it.
    ///
    /// # Errors
    /// `file.*`, and the `csv.*` codes for a header that cannot be read.
    pub fn open(mut input: Input) -> Result<Self, FileError> {
        let delimiter = delimiter_of(input.peek()?);
        let mut reader = Self {
            input,
            core: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            header: Header::default(),
            header_text: Vec::new(),
            current: Buffers::new(),
            line: 1,
            after_carriage_return: false,
        };
        let end = reader.read_record()?;
        reader.header = reader.current.header(end)?;
        reader.header_text = reader.current.place().raw.to_vec();
        Ok(reader)
    }

    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The header line as it stands in the file, without its line end.
    #[must_use]
    pub fn header_text(&self) -> &[u8] {
        &self.header_text
    }

    /// The next record, or what had to be set aside in its place; `None` at the end of the file.
    /// Blank lines are no records.
    ///
    /// # Errors
    /// `file.*` only: what is wrong with one record is a [`Row::Rejected`].
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>, FileError> {
        match self.read_record()? {
            End::Input => Ok(None),
            end => Ok(Some(match self.current.record(end, &self.header) {
                Ok(record) => Row::Record(record),
                Err(rejected) => Row::Rejected(rejected),
            })),
        }
    }

    /// What the reader holds at most one record in, in bytes.
    #[cfg(test)]
    pub(super) fn memory_bytes(&self) -> usize {
        self.current.memory_bytes()
    }

    fn read_record(&mut self) -> Result<End, FileError> {
        if !self.skip_line_ends()? {
            return Ok(End::Input);
        }
        self.current.clear(self.line);
        loop {
            let bytes = self.input.fill()?;
            if bytes.is_empty() {
                return Ok(self.finish());
            }
            let (result, consumed) = self.current.feed(&mut self.core, bytes);
            let piece = bytes.get(..consumed).unwrap_or_default();
            self.line = self.line.saturating_add(line_ends(piece));
            let last = piece.last().copied();
            self.input.consume(consumed);
            if result == ReadRecordResult::Record {
                self.after_carriage_return = last == Some(b'\r');
                return Ok(End::Record);
            }
        }
    }

    /// The file ended without a line end: one is added, and if that is taken as a character of a
    /// field, a quote is open.
    fn finish(&mut self) -> End {
        loop {
            let (result, consumed) = self.current.feed_quietly(&mut self.core, b"\n");
            if result == ReadRecordResult::Record {
                return End::Record;
            }
            if consumed > 0 {
                self.core.reset();
                return End::QuoteUnclosed;
            }
        }
    }

    /// Goes to the first byte of the next record; false at the end of the file.
    fn skip_line_ends(&mut self) -> Result<bool, FileError> {
        loop {
            let Some(byte) = self.input.fill()?.first().copied() else { return Ok(false) };
            let ends_line = match byte {
                b'\n' => true,
                b'\r' => self.after_carriage_return,
                _ if self.after_carriage_return => {
                    // Only a carriage return ended the line.
                    self.after_carriage_return = false;
                    self.line = self.line.saturating_add(1);
                    return Ok(true);
                }
                _ => return Ok(true),
            };
            self.after_carriage_return = byte == b'\r';
            self.line = self.line.saturating_add(u64::from(ends_line));
            self.input.consume(1);
        }
    }
}

/// The delimiter that the first line holds most of, outside of quotes; a comma where none.
fn delimiter_of(beginning: &[u8]) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut quoted = false;
    for byte in beginning.iter().skip_while(|byte| matches!(byte, b'\r' | b'\n')) {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted => break,
            _ if quoted => {}
            _ => {
                if let Some(count) = DELIMITERS.iter().position(|d| d == byte).and_then(|i| counts.get_mut(i)) {
                    *count = count.saturating_add(1);
                }
            }
        }
    }
    // Of equal counts the first delimiter wins.
    let best = counts.iter().enumerate().rev().max_by_key(|(_, count)| **count);
    best.and_then(|(index, _)| DELIMITERS.get(index)).copied().unwrap_or(b',')
}
