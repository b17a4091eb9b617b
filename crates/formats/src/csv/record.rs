//! One record: its fields, where it stands, and how it is set aside.

use super::header::{Column, Header};
use crate::error::{Fault, RAW_LENGTH_MAX, RejectedLine};

/// What stands where a record is expected.
#[derive(Debug)]
pub enum Row<'r> {
    Record(Record<'r>),
    Rejected(RejectedLine),
}

/// The text of a record as far as it was kept, and where it starts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'r> {
    pub(super) line: u64,
    pub(super) raw: &'r [u8],
    pub(super) raw_cut: bool,
}

impl Place<'_> {
    pub(super) fn reject(&self, code: &'static str, message: impl Into<String>) -> RejectedLine {
        RejectedLine {
            line: self.line,
            column: 0,
            field: String::new(),
            code,
            message: message.into(),
            raw: self.raw.get(..RAW_LENGTH_MAX).unwrap_or(self.raw).to_vec(),
            raw_cut: self.raw_cut,
        }
    }
}

/// One record of a CSV file, with as many fields as the header.
#[derive(Debug, Clone, Copy)]
pub struct Record<'r> {
    pub(super) header: &'r Header,
    pub(super) text: &'r str,
    /// Where each field ends in `text`.
    pub(super) ends: &'r [usize],
    pub(super) place: Place<'r>,
}

impl<'r> Record<'r> {
    /// The physical line that the record starts on, from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.place.line
    }

    #[must_use]
    pub fn header(&self) -> &'r Header {
        self.header
    }

    /// The field as it stands, without its quotes.
    #[must_use]
    pub fn field(&self, column: Column) -> &'r str {
        self.get(column.index())
    }

    /// The field at `index`, from 0.
    #[must_use]
    pub fn get(&self, index: usize) -> &'r str {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.ends.get(index).and_then(|end| self.text.get(start..*end)).unwrap_or("")
    }

    pub fn fields(&self) -> impl Iterator<Item = &'r str> + '_ {
        (0..self.ends.len()).map(|index| self.get(index))
    }

    /// The record's own text, without its line end; at most [`RAW_LENGTH_MAX`] bytes.
    #[must_use]
    pub fn raw(&self) -> &'r [u8] {
        self.place.raw
    }

    /// Sets this record aside because of one field.
    #[must_use]
    pub fn reject(&self, column: Column, code: &'static str, message: impl Into<String>) -> RejectedLine {
        let mut rejected = self.place.reject(code, message);
        rejected.column = column.number();
        rejected.field = self.header.name(column).to_owned();
        rejected
    }

    /// As [`Record::reject`].
    #[must_use]
    pub fn reject_fault(&self, column: Column, fault: Fault) -> RejectedLine {
        self.reject(column, fault.code, fault.message)
    }

    /// Sets this record aside as a whole.
    #[must_use]
    pub fn reject_whole(&self, code: &'static str, message: impl Into<String>) -> RejectedLine {
        self.place.reject(code, message)
    }
}
