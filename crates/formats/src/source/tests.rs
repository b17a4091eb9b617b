use std::io::Write;

use super::*;

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 1).unwrap()
}

fn read_all(mut input: Input) -> Result<Vec<u8>, FileError> {
    let mut content = Vec::new();
    input.peek()?;
    loop {
        let piece = input.fill()?;
        if piece.is_empty() {
            return Ok(content);
        }
        content.extend_from_slice(piece);
        let count = piece.len();
        input.consume(count);
    }
}

/// Hands out one byte at a time.
struct Drip(Vec<u8>, usize);

impl Read for Drip {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let Some(byte) = self.0.get(self.1) else { return Ok(0) };
        buffer[0] = *byte;
        self.1 += 1;
        Ok(1)
    }
}

#[track_caller]
fn check(bytes: &[u8], expected: Result<&[u8], &str>) {
    for input in
        [Input::new("whole", std::io::Cursor::new(bytes.to_vec())), Input::new("drip", Drip(bytes.to_vec(), 0))]
    {
        let found = read_all(input);
        assert_eq!(found.as_deref().map_err(|error| error.code), expected);
    }
}

#[test]
fn packing_is_found_by_content() {
    check(b"a,b\n1,2\n", Ok(b"a,b\n1,2\n"));
    check(b"\xef\xbb\xbfa,b\n", Ok(b"a,b\n"));
    check(&gzip(b"\xef\xbb\xbfa,b\n"), Ok(b"a,b\n"));
    check(&zstd(b"a,b\n"), Ok(b"a,b\n"));
    check(&[gzip(b"a,b\n"), gzip(b"1,2\n")].concat(), Ok(b"a,b\n1,2\n"));
    check(&[zstd(b"a,b\n"), zstd(b"1,2\n")].concat(), Ok(b"a,b\n1,2\n"));
    check(b"x", Ok(b"x"));
}

#[test]
fn what_is_not_a_text_file_is_refused() {
    check(b"", Err("file.empty"));
    check(b"\xef\xbb\xbf", Err("file.empty"));
    check(b" \r\n\n", Err("file.empty"));
    check(&gzip(b""), Err("file.empty"));
    check(b"\xff\xfea\0,\0", Err("file.encoding"));
    check(b"\xfe\xff\0a\0,", Err("file.encoding"));
    check(b"\0\0\xfe\xff\0\0\0a", Err("file.encoding"));
    check(&gzip(b"\xff\xfea\0,\0"), Err("file.encoding"));
    check(&gzip(&gzip(b"a,b\n")), Err("file.compressed_twice"));
    check(&gzip(&zstd(b"a,b\n")), Err("file.compressed_twice"));
    check(&[0x1f, 0x8b], Err("file.truncated"));
    check(b"\x1f\x8bno gzip at all", Err("file.corrupt"));
}

#[test]
fn damage_is_told_with_the_line_that_was_reached() {
    let lines: String = (0..50_000).map(|n| format!("{n},{}\n", n * 7919 % 104_729)).collect();
    let packed = gzip(lines.as_bytes());
    let cut = read_all(Input::new("cut", std::io::Cursor::new(packed[..packed.len() / 2].to_vec()))).unwrap_err();
    assert_eq!(cut.code, "file.truncated");
    assert!((20_000..30_000).contains(&cut.line.unwrap()), "{cut}");

    let packed = zstd(lines.as_bytes());
    let cut = read_all(Input::new("cut", std::io::Cursor::new(packed[..packed.len() / 2].to_vec()))).unwrap_err();
    assert_eq!(cut.code, "file.truncated");

    let mut packed = gzip(lines.as_bytes());
    let checksum = packed.len() - 8;
    packed[checksum] ^= 1;
    let error = read_all(Input::new("damaged", std::io::Cursor::new(packed))).unwrap_err();
    assert_eq!((error.code, error.line), ("file.corrupt", Some(50_001)));
    assert!(!error.operator.is_empty());
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let bomb = gzip(&vec![b'\n'; 8 << 20]);
    let error = read_all(Input::new("bomb", std::io::Cursor::new(bomb)).with_limit(1 << 20)).unwrap_err();
    assert_eq!(error.code, "file.too_large");
}

#[test]
fn a_broken_disk_is_not_a_broken_file() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("sector 7"))
        }
    }
    let gzipped = gzip(&[b'x'; 1000]);
    for content in [b"a,b\n".to_vec(), gzipped[..gzipped.len() - 9].to_vec()] {
        let reader = std::io::Cursor::new(content).chain(Broken);
        let error = read_all(Input::new("broken", reader)).unwrap_err();
        assert_eq!((error.code, error.operator.as_str()), ("file.unreadable", "sector 7"));
    }
}

#[test]
fn raw_bytes_are_counted() {
    let packed = gzip(&[b'x'; 300_000]);
    let length = packed.len() as u64;
    let input = Input::new("counted", std::io::Cursor::new(packed));
    let count = input.bytes_consumed();
    read_all(input).unwrap();
    assert_eq!(count.load(Ordering::Relaxed), length);
}
