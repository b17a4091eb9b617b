//! The bytes of a file: decompressed, without a byte order mark, with limits.
//!
//! Compression is found by content, never by name. A compressed file inside a compressed one is
//! refused, and so is text in another encoding than UTF-8.

mod decode;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::FileError;
use decode::Decoder;

pub const CODES: &[&str] = &[
    "file.compressed_twice",
    "file.corrupt",
    "file.empty",
    "file.encoding",
    "file.too_large",
    "file.truncated",
    "file.unreadable",
];

/// How many bytes [`Input::peek`] shows, unless the file is shorter.
pub const PEEK_LENGTH: usize = 64 * 1024;
/// What a compressed file may unpack to unless [`Input::with_limit`] says otherwise: 64 GiB.
pub const DECOMPRESSED_LENGTH_MAX: u64 = 64 << 30;
const BUFFER_LENGTH: usize = 2 * PEEK_LENGTH;

/// One file's content, read once from its beginning to its end.
pub struct Input {
    name: String,
    state: State,
    limit: u64,
    raw_bytes: Arc<AtomicU64>,
    file: Option<File>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
    /// Decompressed bytes and line ends that came out of the decoder so far.
    unpacked_bytes: u64,
    lines: u64,
}

enum State {
    Unopened(Box<dyn Read + Send>),
    Open(Decoder),
    /// Opening failed; the error was handed out.
    Failed,
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input").field("name", &self.name).field("lines", &self.lines).finish_non_exhaustive()
    }
}

impl Input {
    /// `name` is for messages only.
    pub fn new(name: impl Into<String>, reader: impl Read + Send + 'static) -> Self {
        Self {
            name: name.into(),
            state: State::Unopened(Box::new(reader)),
            limit: DECOMPRESSED_LENGTH_MAX,
            raw_bytes: Arc::default(),
            file: None,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            at_end: false,
            unpacked_bytes: 0,
            lines: 0,
        }
    }

    /// An open file; Parquet is read from its end and therefore needs one.
    #[must_use]
    pub fn file(name: impl Into<String>, file: File) -> Self {
        let second = file.try_clone().ok();
        Self { file: second, ..Self::new(name, file) }
    }

    /// What a compressed file may unpack to, in bytes.
    #[must_use]
    pub fn with_limit(self, decompressed_bytes_max: u64) -> Self {
        Self { limit: decompressed_bytes_max, ..self }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes of the file itself were read so far; compare with its size for a progress bar.
    #[must_use]
    pub fn bytes_consumed(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.raw_bytes)
    }

    /// The beginning of the content: at least [`PEEK_LENGTH`] bytes, or all of it. To be called
    /// before anything is consumed.
    ///
    /// # Errors
    /// Whatever is wrong with the file as such (`file.*`).
    pub fn peek(&mut self) -> Result<&[u8], FileError> {
        while self.end.saturating_sub(self.start) < PEEK_LENGTH && self.more()? {}
        let content = self.buffer.get(self.start..self.end).unwrap_or_default();
        if self.at_end && self.unpacked_bytes <= BUFFER_LENGTH as u64 && content.iter().all(u8::is_ascii_whitespace) {
            return Err(FileError::new("file.empty", "the file is empty"));
        }
        Ok(content)
    }

    /// Bytes that were not consumed yet; empty only at the end of the file.
    ///
    /// # Errors
    /// As [`Input::peek`].
    pub fn fill(&mut self) -> Result<&[u8], FileError> {
        if self.start == self.end {
            self.more()?;
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    /// Marks bytes of [`Input::fill`] as read.
    pub fn consume(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.end);
    }

    /// The file itself, for formats that are read from their end; `None` when it is compressed, and
    /// for a pipe or a stream.
    #[must_use]
    pub fn into_plain_file(self) -> Option<File> {
        let compressed = matches!(&self.state, State::Open(decoder) if decoder.is_compressed());
        self.file.filter(|_| !compressed)
    }

    /// Decodes one more piece into the buffer; false at the end of the file.
    fn more(&mut self) -> Result<bool, FileError> {
        if self.at_end {
            return Ok(false);
        }
        if self.buffer.is_empty() {
            self.buffer.resize(BUFFER_LENGTH, 0);
        }
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end.saturating_sub(self.start));
        }
        let first = self.unpacked_bytes == 0;
        let count = self.decode()?;
        self.at_end = count == 0;
        if first && self.at_end {
            return Err(FileError::new("file.empty", "the file is empty"));
        }
        let piece = self.buffer.get(self.end..self.end.saturating_add(count)).unwrap_or_default();
        self.lines = self.lines.saturating_add(line_ends(piece));
        self.end = self.end.saturating_add(piece.len());
        Ok(count > 0)
    }

    fn decode(&mut self) -> Result<usize, FileError> {
        let decoder = self.open()?;
        let compressed = decoder.is_compressed();
        let (lines, end) = (self.lines, self.end);
        let State::Open(decoder) = &mut self.state else { return Ok(0) };
        let free = self.buffer.get_mut(end..).unwrap_or_default();
        let count = decoder.read(free).map_err(|error| error.at_line(lines.saturating_add(1)))?;
        self.unpacked_bytes = self.unpacked_bytes.saturating_add(count as u64);
        if compressed && self.unpacked_bytes > self.limit {
            let message = format!("the file unpacks to more than {} bytes", self.limit);
            return Err(FileError::new("file.too_large", message).at_line(lines.saturating_add(1)));
        }
        Ok(count)
    }

    fn open(&mut self) -> Result<&Decoder, FileError> {
        if matches!(self.state, State::Unopened(_))
            && let State::Unopened(reader) = std::mem::replace(&mut self.state, State::Failed)
        {
            self.state = State::Open(Decoder::open(reader, Arc::clone(&self.raw_bytes))?);
        }
        match &self.state {
            State::Open(decoder) => Ok(decoder),
            _ => Err(FileError::new("file.unreadable", "the file could not be read")),
        }
    }
}

/// Shared by all readers: how many line feeds `bytes` holds.
pub(crate) fn line_ends(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// The position behind `piece`, which starts at `line` and `column`.
pub(crate) fn position_behind(line: u64, column: u64, piece: &[u8]) -> (u64, u64) {
    let tail = piece.iter().rev().take_while(|byte| **byte != b'\n').count() as u64;
    if tail == piece.len() as u64 {
        (line, column.saturating_add(tail))
    } else {
        (line.saturating_add(line_ends(piece)), tail.saturating_add(1))
    }
}

/// Counts what passes.
struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
