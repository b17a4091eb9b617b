//! The one record that a reader holds, and what is wrong with it.

use csv_core::ReadRecordResult;

use super::header::Header;
use super::record::{Place, Record};
use super::{COLUMN_COUNT_MAX, RECORD_LENGTH_MAX};
use crate::error::{FileError, RAW_LENGTH_MAX, RejectedLine};

/// The record that is being read.
pub(super) struct Buffers {
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
pub(super) enum End {
    Record,
    QuoteUnclosed,
    /// There was no further record.
    Input,
}

impl Buffers {
    #[cfg(test)]
    pub(super) fn memory_bytes(&self) -> usize {
        let words = self.ends.capacity().saturating_mul(size_of::<usize>());
        self.fields.capacity().saturating_add(self.raw.capacity()).saturating_add(words)
    }

    pub(super) fn new() -> Self {
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

    pub(super) fn clear(&mut self, line: u64) {
        self.field_length = 0;
        self.field_count = 0;
        self.line = line;
        self.raw.clear();
        self.raw_cut = false;
        self.refused = None;
    }

    pub(super) fn feed(&mut self, core: &mut csv_core::Reader, bytes: &[u8]) -> (ReadRecordResult, usize) {
        let (result, consumed) = self.feed_quietly(core, bytes);
        let room = RAW_LENGTH_MAX.saturating_sub(self.raw.len());
        self.raw_cut |= consumed > room;
        self.raw.extend_from_slice(bytes.get(..consumed.min(room)).unwrap_or_default());
        (result, consumed)
    }

    /// Feeds without keeping the raw text. Past a limit the record is read on into the same
    /// buffers over and over, so that its length does not matter.
    pub(super) fn feed_quietly(&mut self, core: &mut csv_core::Reader, bytes: &[u8]) -> (ReadRecordResult, usize) {
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

    pub(super) fn place(&self) -> Place<'_> {
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

    pub(super) fn header(&self, end: End) -> Result<Header, FileError> {
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

    pub(super) fn record<'r>(&'r self, end: End, header: &'r Header) -> Result<Record<'r>, RejectedLine> {
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
