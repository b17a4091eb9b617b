//! What a file is packed in, found by its first bytes.

use std::io::{BufReader, Cursor, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use super::Counted;
use crate::error::FileError;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// The longest mark that is looked for: four bytes of zstd or of UTF-32.
const MARK_LENGTH: usize = 4;
const RAW_BUFFER_LENGTH: usize = 64 * 1024;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    fn of(beginning: &[u8]) -> Self {
        if beginning.starts_with(GZIP) {
            Self::Gzip
        } else if beginning.starts_with(ZSTD) {
            Self::Zstd
        } else {
            Self::Plain
        }
    }
}

/// Unpacks one file and tells a broken packing from a broken disk.
pub(super) struct Decoder {
    stream: Box<dyn Read + Send>,
    packing: Packing,
    source_failed: Arc<AtomicBool>,
}

impl Decoder {
    pub(super) fn open(reader: Box<dyn Read + Send>, count: Arc<AtomicU64>) -> Result<Self, FileError> {
        let source_failed = Arc::new(AtomicBool::new(false));
        let mut source = Watched { inner: Counted { inner: reader, count }, failed: Arc::clone(&source_failed) };
        let mut decoder = Self { stream: Box::new(std::io::empty()), packing: Packing::Plain, source_failed };

        let beginning = decoder.beginning(&mut source)?;
        decoder.packing = Packing::of(&beginning);
        let raw = BufReader::with_capacity(RAW_BUFFER_LENGTH, Cursor::new(beginning).chain(source));
        let mut unpacked: Box<dyn Read + Send> = match decoder.packing {
            Packing::Plain => Box::new(raw),
            Packing::Gzip => Box::new(MultiGzDecoder::new(raw)),
            Packing::Zstd => match zstd::stream::read::Decoder::with_buffer(raw) {
                Ok(stream) => Box::new(stream),
                Err(error) => return Err(decoder.failure(&error)),
            },
        };

        let content = decoder.beginning(&mut unpacked)?;
        if decoder.is_compressed() && Packing::of(&content) != Packing::Plain {
            let message = "the compressed file holds another compressed file";
            return Err(FileError::new("file.compressed_twice", message));
        }
        let content = without_byte_order_mark(content)?;
        decoder.stream = Box::new(Cursor::new(content).chain(unpacked));
        Ok(decoder)
    }

    pub(super) fn is_compressed(&self) -> bool {
        self.packing != Packing::Plain
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, FileError> {
        loop {
            match self.stream.read(buffer) {
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failure(&error)),
            }
        }
    }

    fn beginning(&self, reader: &mut dyn Read) -> Result<Vec<u8>, FileError> {
        let mut beginning = Vec::with_capacity(MARK_LENGTH);
        reader.take(MARK_LENGTH as u64).read_to_end(&mut beginning).map_err(|error| self.failure(&error))?;
        Ok(beginning)
    }

    fn failure(&self, error: &std::io::Error) -> FileError {
        let failure = if self.source_failed.load(Ordering::Relaxed) || !self.is_compressed() {
            FileError::new("file.unreadable", "the file could not be read to its end")
        } else if error.kind() == ErrorKind::UnexpectedEof {
            FileError::new("file.truncated", "the compressed file ends too early, a part of it is missing")
        } else {
            FileError::new("file.corrupt", "the compressed file is damaged and cannot be unpacked")
        };
        failure.caused_by(error)
    }
}

/// The UTF-8 mark is taken off; the marks of other encodings refuse the file.
fn without_byte_order_mark(mut beginning: Vec<u8>) -> Result<Vec<u8>, FileError> {
    let encoding = match beginning.as_slice() {
        [0xef, 0xbb, 0xbf, ..] => {
            beginning.drain(..3);
            return Ok(beginning);
        }
        [0xff, 0xfe, 0, 0] | [0, 0, 0xfe, 0xff] => "UTF-32",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "UTF-16",
        _ => return Ok(beginning),
    };
    Err(FileError::new("file.encoding", format!("the file is written in {encoding}; save it as UTF-8")).at_line(1))
}

/// Remembers that the file itself, not its packing, could not be read.
struct Watched<R> {
    inner: R,
    failed: Arc<AtomicBool>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let result = self.inner.read(buffer);
        if matches!(&result, Err(error) if error.kind() != ErrorKind::Interrupted) {
            self.failed.store(true, Ordering::Relaxed);
        }
        result
    }
}
