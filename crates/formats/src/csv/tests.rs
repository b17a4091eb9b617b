use std::io::{Cursor, Read};

use super::*;
use crate::source::Input;

fn open(content: &[u8]) -> CsvReader {
    CsvReader::open(Input::new("test.csv", Cursor::new(content.to_vec()))).unwrap()
}

fn open_error(content: &[u8]) -> crate::error::FileError {
    CsvReader::open(Input::new("test.csv", Cursor::new(content.to_vec()))).unwrap_err()
}

/// Every row as `line:field|field` or `line:column:code`.
fn rows(mut reader: CsvReader) -> Vec<String> {
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row().unwrap() {
        rows.push(match row {
            Row::Record(record) => format!("{}:{}", record.line(), record.fields().collect::<Vec<_>>().join("|")),
            Row::Rejected(rejected) => format!("{}:{}:{}", rejected.line, rejected.column, rejected.code),
        });
    }
    rows
}

#[track_caller]
fn check(content: &[u8], expected: &[&str]) {
    assert_eq!(rows(open(content)), expected);
}

#[test]
fn records_and_their_lines() {
    check(b"a,b\n1,2\n3,4\n", &["2:1|2", "3:3|4"]);
    check(b"a,b\r\n1,2\r\n\r\n3,4", &["2:1|2", "4:3|4"]);
    check(b"a,b\r1,2\r3,4\r", &["2:1|2", "3:3|4"]);
    check(b"a;b\n1,5;2\n", &["2:1,5|2"]);
    check(b"a\tb\n1\t2\n", &["2:1|2"]);
    check(b"\n\na,b\n\"x\ny\",2\n3,\"say \"\"hi\"\"\"\n", &["4:x\ny|2", "6:3|say \"hi\""]);
    check(b"\"a,x;y;z\",b\n1,2\n", &["2:1|2"]);
    check(b"a,b\n,\n", &["2:|"]);
    check("a,b\nä,€\n".as_bytes(), &["2:ä|€"]);
    check(b"a,b\n", &[]);
    check(b"a,b", &[]);
}

#[test]
fn one_bad_record_does_not_stop_the_others() {
    check(b"a,b\n1\n3,4\n", &["2:0:csv.field_count", "3:3|4"]);
    check(b"a,b\n1,2,3\n3,4\n", &["2:0:csv.field_count", "3:3|4"]);
    check(b"a,b\n1,\0\n3,4\n", &["2:2:csv.nul_byte", "3:3|4"]);
    check(b"a,b\n1,M\xfcll\n3,4\n", &["2:2:csv.encoding", "3:3|4"]);
    // The halves of a character in two fields.
    check(b"a,b\n\xc3,\xbc\n3,4\n", &["2:1:csv.encoding", "3:3|4"]);
    check(b"a,b\n1,2\n3,\"4\n5,6\n", &["2:1|2", "3:0:csv.quote_unclosed"]);
    check(b"a,b\n1,\"2\"", &["2:1|2"]);
    check(b"a,b\n1,2\"", &["2:1|2\""]);
    let wide = ["a,b\n", &"x,".repeat(9_999), "x\n3,4\n"].concat();
    check(wide.as_bytes(), &["2:0:csv.too_many_columns", "3:3|4"]);
    let widest = ["a,b\n", &"x,".repeat(COLUMN_COUNT_MAX), "x\n3,4\n"].concat();
    check(widest.as_bytes(), &["2:0:csv.too_many_columns", "3:3|4"]);
}

#[test]
fn a_header_that_cannot_be_read_refuses_the_file() {
    let wide = ["x,".repeat(9_999), "x\n".to_owned()].concat();
    assert_eq!(open_error(wide.as_bytes()).code, "csv.too_many_columns");
    assert_eq!(open_error(b"a,\"b\n1,2\n").code, "csv.quote_unclosed");
    assert_eq!(open_error(b"a,\0\n1,2\n").code, "csv.nul_byte");
    assert_eq!(open_error(b"a,\xfc\n1,2\n").code, "csv.encoding");
    assert_eq!(open_error(&vec![b'x'; RECORD_LENGTH_MAX + 1]).code, "csv.record_too_long");
    assert_eq!(open_error(b"\n\n\n").code, "file.empty");
}

#[test]
fn a_rejected_record_carries_its_own_text() {
    let mut reader = open(b"a,b\r\n1,\"x\ny\"\r\n3\r\n");
    let Some(Row::Record(record)) = reader.next_row().unwrap() else { panic!("a record") };
    let column = record.header().require(&["b"]).unwrap();
    let rejected = record.reject(column, "number.malformed", "no number");
    assert_eq!((rejected.line, rejected.column, rejected.field.as_str()), (2, 2, "b"));
    assert_eq!(rejected.raw, b"1,\"x\ny\"");
    assert_eq!(rejected.to_string(), "b: no number (line 2, column 2)");
    let Some(Row::Rejected(rejected)) = reader.next_row().unwrap() else { panic!("a rejection") };
    assert_eq!((rejected.line, rejected.raw.as_slice()), (4, &b"3"[..]));
    assert_eq!(reader.header_text(), b"a,b");
}

#[test]
fn columns_are_found_by_name() {
    let reader = open("Abonnement-GUID (SubscriptionGuid),Meter ID,usage_date,x,X \n".as_bytes());
    let header = reader.header();
    let number = |names: &[&str]| header.find(names).unwrap().map(Column::number);
    assert_eq!(number(&["subscriptionGuid"]), Some(1));
    assert_eq!(number(&["abonnementguid(subscriptionguid)"]), Some(1));
    assert_eq!(number(&["MeterId"]), Some(2));
    assert_eq!(number(&["nothing", "UsageDate"]), Some(3));
    assert_eq!(number(&["nothing"]), None);
    let duplicate = header.require(&["X"]).unwrap_err();
    assert_eq!((duplicate.code, duplicate.line, duplicate.column), ("csv.column_duplicate", Some(1), Some(5)));
    let missing = header.require(&["quantity", "UsageQuantity"]).unwrap_err();
    assert_eq!(missing.code, "csv.column_missing");
    assert!(missing.message.contains("quantity or UsageQuantity") && missing.message.contains("Meter ID"), "{missing}");
}

/// One record of 100 MB, made while it is read.
struct LongLine(u64);

impl Read for LongLine {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = buffer.len().min(usize::try_from(self.0).unwrap());
        buffer[..count].fill(b'x');
        self.0 -= count as u64;
        Ok(count)
    }
}

#[test]
fn a_line_of_100_mb_is_skipped_without_being_held() {
    let content =
        Cursor::new(b"a,b\n1,2\n".to_vec()).chain(LongLine(100_000_000)).chain(Cursor::new(b"\n3,4\n".to_vec()));
    let mut reader = CsvReader::open(Input::new("long.csv", content)).unwrap();
    let mut codes = Vec::new();
    while let Some(row) = reader.next_row().unwrap() {
        match row {
            Row::Record(record) => codes.push(record.line().to_string()),
            Row::Rejected(rejected) => {
                assert!(rejected.raw_cut && rejected.raw.len() == crate::error::RAW_LENGTH_MAX);
                codes.push(rejected.code.to_owned());
            }
        }
    }
    assert_eq!(codes, ["2", "csv.record_too_long", "4"]);
    assert!(reader.memory_bytes() < 4 << 20, "{}", reader.memory_bytes());
}
