//! The compressed file.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

/// JSON Lines on their way into a gzip file. No time and no name stand in its header, so the same lines give the same
/// bytes.
#[derive(Debug)]
pub struct LineFile<W: Write> {
    encoder: GzEncoder<Counted<W>>,
    line_count: u64,
}

/// What a file came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenLines {
    pub line_count: u64,
    /// Compressed.
    pub byte_count: u64,
}

#[derive(Debug)]
struct Counted<W> {
    inner: W,
    byte_count: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.byte_count = self.byte_count.saturating_add(u64::try_from(written).unwrap_or(u64::MAX));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<W: Write> LineFile<W> {
    pub fn new(inner: W) -> Self {
        let counted = Counted { inner, byte_count: 0 };
        Self { encoder: GzEncoder::new(counted, Compression::fast()), line_count: 0 }
    }

    /// Appends complete lines.
    ///
    /// # Errors
    /// The writer's.
    pub fn append(&mut self, lines: &[u8], line_count: u64) -> io::Result<()> {
        self.line_count = self.line_count.saturating_add(line_count);
        self.encoder.write_all(lines)
    }

    /// # Errors
    /// The writer's.
    pub fn finish(self) -> io::Result<(W, WrittenLines)> {
        let counted = self.encoder.finish()?;
        Ok((counted.inner, WrittenLines { line_count: self.line_count, byte_count: counted.byte_count }))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn the_same_lines_are_the_same_bytes() {
        let write = || {
            let mut file = LineFile::new(Vec::new());
            file.append(b"{\"A\":1}\n{\"A\":2}\n", 2).unwrap();
            file.append(b"{\"A\":3}\n", 1).unwrap();
            file.finish().unwrap()
        };
        let (bytes, written) = write();
        assert_eq!(write().0, bytes);
        assert_eq!((written.line_count, written.byte_count), (3, u64::try_from(bytes.len()).unwrap()));
        let mut text = String::new();
        GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
        assert_eq!(text, "{\"A\":1}\n{\"A\":2}\n{\"A\":3}\n");
    }
}
