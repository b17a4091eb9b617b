//! Cuts a CSV file into records; never holds more than one of them.

use csv_core::ReadRecordResult;

use super::header::Header;
use super::record::{Place, Record, Row};
use super::{COLUMN_COUNT_MAX, RECORD_LENGTH_MAX};
use crate::error::{FileError, RAW_LENGTH_MAX, RejectedLine};
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

/// The record that is being read.
struct Buffers {
    fields: Vec<u8>,
    ends: Vec<usize>,
    field_length: usize,
    field_count: usize,
    line: u64,
    raw: Vec<u8>,
    raw_cut: bool,
    /// The record cannot be kept, and why.
    refused: Option<&'static str>,
}

/// How the last record ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Record,
    QuoteUnclosed,
    /// There was no further record.
    Input,
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
        let words = self.current.ends.capacity().saturating_mul(size_of::<usize>());
        self.current.fields.capacity().saturating_add(self.current.raw.capacity()).saturating_add(words)
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

impl Buffers {
    fn new() -> Self {
        Self {
            fields: vec![0; 4096],
            ends: vec![0; 64],
            field_length: 0,
            field_count: 0,
            line: 1,
            raw: Vec::new(),
            raw_cut: false,
            refused: None,
        }
    }

    fn clear(&mut self, line: u64) {
        self.field_length = 0;
        self.field_count = 0;
        self.line = line;
        self.raw.clear();
        self.raw_cut = false;
        self.refused = None;
    }

    fn feed(&mut self, core: &mut csv_core::Reader, bytes: &[u8]) -> (ReadRecordResult, usize) {
        let (result, consumed) = self.feed_quietly(core, bytes);
        let room = RAW_LENGTH_MAX.saturating_sub(self.raw.len());
        self.raw_cut |= consumed > room;
        self.raw.extend_from_slice(bytes.get(..consumed.min(room)).unwrap_or_default());
        (result, consumed)
    }

    /// Feeds without keeping the raw text. Past a limit the record is read on into the same
    /// buffers over and over, so that its length does not matter.
    fn feed_quietly(&mut self, core: &mut csv_core::Reader, bytes: &[u8]) -> (ReadRecordResult, usize) {
        let fields = self.fields.get_mut(self.field_length..).unwrap_or_default();
        let ends = self.ends.get_mut(self.field_count..).unwrap_or_default();
        let (result, consumed, written, ended) = core.read_record(bytes, fields, ends);
        self.field_length = self.field_length.saturating_add(written);
        self.field_count = self.field_count.saturating_add(ended);
        match result {
            ReadRecordResult::OutputFull if self.fields.len() < RECORD_LENGTH_MAX => {
                self.fields.resize(self.fields.len().saturating_mul(4).min(RECORD_LENGTH_MAX), 0);
            }
            ReadRecordResult::OutputFull => {
                self.refused.get_or_insert("csv.record_too_long");
                self.field_length = 0;
            }
            ReadRecordResult::OutputEndsFull if self.ends.len() <= COLUMN_COUNT_MAX => {
                self.ends.resize(self.ends.len().saturating_mul(4).min(COLUMN_COUNT_MAX.saturating_add(1)), 0);
            }
            ReadRecordResult::OutputEndsFull => {
                self.refused.get_or_insert("csv.too_many_columns");
                self.field_count = 0;
            }
            _ => {}
        }
        if self.field_count > COLUMN_COUNT_MAX {
            self.refused.get_or_insert("csv.too_many_columns");
        }
        (result, consumed)
    }

    fn place(&self) -> Place<'_> {
        let mut raw = self.raw.as_slice();
        while let Some((b'\r' | b'\n', rest)) = raw.split_last() {
            raw = rest;
        }
        Place { line: self.line, raw, raw_cut: self.raw_cut }
    }

    fn ends(&self) -> &[usize] {
        self.ends.get(..self.field_count).unwrap_or_default()
    }

    /// The fields as text, or why they are none.
    fn text(&self, end: End) -> Result<&str, (&'static str, String)> {
        if end == End::QuoteUnclosed {
            return Err(("csv.quote_unclosed", "a quote is opened and never closed".to_owned()));
        }
        match self.refused {
            Some("csv.too_many_columns") => {
                let message = format!("the record has more than {COLUMN_COUNT_MAX} columns");
                return Err(("csv.too_many_columns", message));
            }
            Some(code) => return Err((code, format!("the record is longer than {RECORD_LENGTH_MAX} bytes"))),
            None => {}
        }
        let bytes = self.fields.get(..self.field_length).unwrap_or_default();
        if bytes.contains(&0) {
            return Err(("csv.nul_byte", "the record contains a NUL byte".to_owned()));
        }
        std::str::from_utf8(bytes)
            .ok()
            // Two halves of a character may meet where two fields do.
            .filter(|text| self.ends().iter().all(|end| text.is_char_boundary(*end)))
            .ok_or_else(|| ("csv.encoding", "the record is not valid UTF-8".to_owned()))
    }

    fn header(&self, end: End) -> Result<Header, FileError> {
        let text = match end {
            End::Input => return Err(FileError::new("file.empty", "the file is empty")),
            end => self.text(end).map_err(|(code, message)| {
                FileError::new(code, message.replace("the record", "the header")).at_line(self.line)
            })?,
        };
        let mut start = 0;
        let mut names = Vec::with_capacity(self.field_count);
        for end in self.ends() {
            names.push(text.get(start..*end).unwrap_or("").trim().to_owned());
            start = *end;
        }
        Ok(Header::new(names, self.line))
    }

    fn record<'r>(&'r self, end: End, header: &'r Header) -> Result<Record<'r>, RejectedLine> {
        let place = self.place();
        let text = match self.text(end) {
            Ok(text) => text,
            Err((code, message)) => return Err(self.located(place.reject(code, message), header)),
        };
        let expected = header.names().len();
        if self.field_count != expected {
            let message = format!("the record has {} fields where the header has {expected}", self.field_count);
            return Err(place.reject("csv.field_count", message));
        }
        Ok(Record { header, text, ends: self.ends(), place })
    }

    /// Names the field that the NUL or the broken character stands in.
    fn located(&self, mut rejected: RejectedLine, header: &Header) -> RejectedLine {
        let mut start = 0;
        if !matches!(rejected.code, "csv.nul_byte" | "csv.encoding") {
            return rejected;
        }
        for (index, end) in self.ends().iter().enumerate() {
            let field = self.fields.get(start..*end).unwrap_or_default();
            if field.contains(&0) || std::str::from_utf8(field).is_err() {
                rejected.column = (index as u64).saturating_add(1);
                rejected.field = header.names().get(index).cloned().unwrap_or_default();
                return rejected;
            }
            start = *end;
        }
        rejected
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
