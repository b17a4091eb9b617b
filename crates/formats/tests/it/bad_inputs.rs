//! Inputs that are not what they should be are refused by name; nothing is guessed.

use std::io::{Cursor, Read, Write};

use formats::source::Input;
use formats::usage::{UsageItem, UsageOptions, usage_reader};

use crate::usage_files::{read, split, text};

const HEADER: &str = "record_id,usage_date,subscription_id,meter_id,quantity,quantity_basis\n";

#[track_caller]
fn check_refused(content: &[u8], code: &str, says: &str) {
    let error = read(text(content)).unwrap_err();
    assert_eq!(error.code, code, "{error}");
    assert!(error.message.contains(says), "{error}");
}

#[test]
fn files_that_are_not_what_they_claim() {
    check_refused(b"PK\x03\x04\x14\0\x06\0", "file.format_unknown", "Excel");
    check_refused(b"%PDF-1.7\n", "file.format_unknown", "PDF");
    check_refused(b"<html><body>Sign in</body></html>", "file.format_unknown", "HTML");
    check_refused(b"{\"error\":{\"code\":\"401\"}}", "file.format_unknown", "\"error\"");
    check_refused(b"name,age\nAda,36\n", "file.format_unknown", "name, age");
    check_refused(b"name,age\nAda,36\n", "file.format_unknown", "quittance-csv");
    check_refused(b"PAR1", "usage.file.parquet_stream", "plain file");
    check_refused(b"", "file.empty", "empty");
    check_refused(b"r\0e\0c\0o\0r\0d\0", "csv.nul_byte", "header");
    check_refused(b"\xff\xfer\0e\0c\0", "file.encoding", "UTF-16");
    check_refused(
        "Zähler\n".encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>().as_slice(),
        "csv.nul_byte",
        "",
    );
    check_refused(b"M\xe4rz,record_id\n", "csv.encoding", "UTF-8");
}

#[test]
fn a_truncated_gzip_hands_out_what_came_before() {
    let lines: String =
        (0..20_000).map(|n| format!("r-{n},2026-09-14,sub-{},meter-1,{n}.5,units\n", n * 7919 % 104_729)).collect();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(HEADER.as_bytes()).unwrap();
    encoder.write_all(lines.as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    let mut records = 0;
    let mut failure = None;
    for item in read(text(&packed[..packed.len() - 2000])).unwrap() {
        match item {
            Ok(UsageItem::Record { .. }) => records += 1,
            Ok(UsageItem::Rejected(rejected)) => panic!("{rejected}"),
            Err(error) => assert!(failure.replace(error).is_none(), "an error is the last item"),
        }
    }
    let failure = failure.unwrap();
    assert_eq!(failure.code, "file.truncated");
    assert!(records > 10_000 && failure.line.unwrap() > records, "{records} records, {failure}");
}

/// A field of 100 MB, made while it is read.
struct LongField(u64);

impl Read for LongField {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = buffer.len().min(usize::try_from(self.0).unwrap());
        buffer[..count].fill(b'7');
        self.0 -= count as u64;
        Ok(count)
    }
}

#[test]
fn a_line_of_100_mb_costs_one_record() {
    let before = format!("{HEADER}r-1,2026-09-14,s,m,1,units\nr-2,2026-09-14,s,m,");
    let content =
        Cursor::new(before).chain(LongField(100_000_000)).chain(Cursor::new(",units\nr-3,2026-09-14,s,m,1,units\n"));
    let (records, rejected) = split(read(Input::new("long", content)).unwrap());
    assert_eq!(records.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 4]);
    assert_eq!((rejected[0].line, rejected[0].code, rejected[0].raw_cut), (3, "csv.record_too_long", true));
    assert_eq!(rejected[0].raw.len(), formats::error::RAW_LENGTH_MAX);
}

#[test]
fn ten_thousand_columns() {
    check_refused("x,".repeat(10_000).as_bytes(), "csv.too_many_columns", "2000");
    let content = format!("{HEADER}{}\nr-3,2026-09-14,s,m,1,units\n", "x,".repeat(10_000));
    let (records, rejected) = split(read(text(content)).unwrap());
    assert_eq!((records.len(), rejected[0].code), (1, "csv.too_many_columns"));
}

#[test]
fn a_header_alone_is_a_month_without_usage() {
    let (records, rejected) = split(read(text(HEADER)).unwrap());
    assert_eq!((records.len(), rejected.len()), (0, 0));
    let (records, _) = split(read(text("{\n \"value\": [], \"nextLink\": null\n}")).unwrap());
    assert_eq!(records.len(), 0);
}

#[test]
fn a_broken_document_ends_after_its_good_elements() {
    let element = "{\"properties\":{\"usageStart\":\"2017-10-01T00:00:00Z\",\"meterId\":\"m\",\"usageQuantity\":1,\"subscriptionGuid\":\"s\"}}";
    let content = format!("{{\"value\":[{element},\n{element}");
    let items: Vec<_> = usage_reader(text(content), &UsageOptions::default()).unwrap().collect();
    assert_eq!(items.len(), 3);
    let error = items[2].as_ref().unwrap_err();
    assert_eq!((error.code, error.line), ("json.unclosed", Some(2)));
}
