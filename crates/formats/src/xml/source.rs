//! What the parser reads from: counts lines, keeps limits and the text of the last record.

use std::io::{self, BufRead, Read};

use super::LENGTH_MAX;
use super::elements::Place;
use crate::error::{FileError, RAW_LENGTH_MAX};
use crate::source::{Input, position_behind};

pub(super) struct Source {
    input: Input,
    /// Where the next byte stands.
    place: Place,
    /// Where the current tag or text begins, and what it may still have, in bytes.
    begun: Place,
    left: usize,
    file_length_max: u64,
    file_length: u64,
    at_end: bool,
    /// Why reading ended; the parser only learns that it did.
    failure: Option<FileError>,
    kept: Vec<u8>,
    kept_cut: bool,
}

impl Source {
    /// One byte more, so that the end of the longest text is seen.
    const LEFT: usize = LENGTH_MAX.saturating_add(1);

    pub(super) fn new(input: Input, file_length_max: u64) -> Self {
        let start = Place { line: 1, column: 1 };
        Self {
            input,
            place: start,
            begun: start,
            left: Self::LEFT,
            file_length_max,
            file_length: 0,
            at_end: false,
            failure: None,
            kept: Vec::new(),
            kept_cut: false,
        }
    }

    /// A new tag or text begins here.
    pub(super) fn begin(&mut self) -> Place {
        self.begun = self.place;
        self.left = Self::LEFT;
        self.place
    }

    /// Keeps the text from here on, up to [`RAW_LENGTH_MAX`] bytes of it.
    pub(super) fn keep_from_here(&mut self) {
        self.kept.clear();
        self.kept_cut = false;
    }

    /// What was kept, and whether that is only the beginning.
    pub(super) fn kept(&self) -> (&[u8], bool) {
        (&self.kept, self.kept_cut)
    }

    /// Where the file ended, if more was asked for than it has.
    pub(super) fn end(&self) -> Option<Place> {
        self.at_end.then_some(self.place)
    }

    pub(super) fn take_failure(&mut self) -> Option<FileError> {
        self.failure.take()
    }

    fn refused_for_length(&self) -> Option<FileError> {
        if self.left == 0 {
            let message = format!("a tag or a text is longer than {LENGTH_MAX} bytes");
            return Some(FileError::new("xml.too_long", message).at(self.begun.line, self.begun.column));
        }
        (self.file_length >= self.file_length_max).then(|| {
            let message = format!("the file is longer than {} bytes; split it by day", self.file_length_max);
            FileError::new("file.too_large", message).at_line(self.place.line)
        })
    }
}

impl BufRead for Source {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let refused = self.refused_for_length();
        let bytes = match self.input.fill() {
            Ok(bytes) => bytes,
            Err(error) => {
                self.failure = Some(error);
                return Err(io::Error::other("the file could not be read"));
            }
        };
        self.at_end = bytes.is_empty();
        if let Some(error) = refused.filter(|_| !bytes.is_empty()) {
            self.failure = Some(error);
            return Err(io::Error::other("the file is refused for its length"));
        }
        let file_left = self.file_length_max.saturating_sub(self.file_length);
        let left = self.left.min(usize::try_from(file_left).unwrap_or(usize::MAX));
        Ok(bytes.get(..left).unwrap_or(bytes))
    }

    fn consume(&mut self, count: usize) {
        if count == 0 {
            return;
        }
        if let Ok(bytes) = self.input.fill() {
            let piece = bytes.get(..count).unwrap_or(bytes);
            let (line, column) = position_behind(self.place.line, self.place.column, piece);
            self.place = Place { line, column };
            let free = RAW_LENGTH_MAX.saturating_sub(self.kept.len());
            self.kept.extend_from_slice(piece.get(..free).unwrap_or(piece));
            self.kept_cut |= piece.len() > free;
        }
        self.input.consume(count);
        self.left = self.left.saturating_sub(count);
        self.file_length = self.file_length.saturating_add(count as u64);
    }
}

/// The parser asks for [`BufRead`], which includes it.
impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?;
        let count = bytes.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), bytes.get(..count)) {
            to.copy_from_slice(from);
        }
        self.consume(count);
        Ok(count)
    }
}
