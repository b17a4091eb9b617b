use std::io::Cursor;

use super::*;

const HEAD: &str = "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt><Id>S</Id>\
                    <Acct><Id><IBAN>A</IBAN></Id></Acct>";
const END: &str = "</Stmt></BkToCstmrStmt></Document>";
const CSV: &str = "date,amount,currency,reference\n";

#[track_caller]
fn check(text: &str, limits: Limits, expected: Result<u64, &str>) {
    let found = read_within(Input::new("statement", Cursor::new(text.to_owned())), &limits);
    assert_eq!(found.as_ref().map(|parsed| parsed.record_count).map_err(|error| error.code), expected, "{text}");
}

#[test]
fn a_file_has_so_many_entries_and_no_more() {
    let limits = Limits { entries: 3, ..LIMITS };
    let too_large = Err("file.too_large");
    // Each is refused, and kept to be shown.
    check(&format!("{HEAD}{}{END}", "<Ntry/>".repeat(3)), limits, Ok(3));
    check(&format!("{HEAD}{}{END}", "<Ntry/>".repeat(4)), limits, too_large);
    // Those that are left out take no room.
    check(&format!("{HEAD}{}{END}", "<Ntry><Sts>PDNG</Sts></Ntry>".repeat(9)), limits, Ok(9));
    let batch = |count| format!("{HEAD}<Ntry><NtryDtls>{}</NtryDtls></Ntry>{END}", "<TxDtls/>".repeat(count));
    check(&batch(3), limits, Ok(1));
    check(&batch(4), limits, too_large);
    let rows = |count| CSV.to_owned() + &(0..count).map(|n| format!("2026-10-05,1,EUR,R{n}\n")).collect::<String>();
    check(&rows(3), limits, Ok(3));
    check(&rows(4), limits, too_large);
    check(&format!("{CSV}{}", "x\n".repeat(4)), limits, too_large);
}

#[test]
fn a_file_has_so_many_bytes_and_no_more() {
    let text = format!("{HEAD}<Ntry><Sts>INFO</Sts></Ntry>{END}");
    let length = text.len() as u64;
    check(&text, Limits { bytes: length, ..LIMITS }, Ok(1));
    check(&text, Limits { bytes: length - 1, ..LIMITS }, Err("file.too_large"));
    let row = format!("{CSV}2026-10-05,1,EUR,R1\n");
    check(&row, Limits { bytes: 19, ..LIMITS }, Ok(1));
    check(&row, Limits { bytes: 18, ..LIMITS }, Err("file.too_large"));
    // What is set aside is kept as well.
    check(&format!("{CSV}{}\n", "x".repeat(19)), Limits { bytes: 19, ..LIMITS }, Ok(1));
    check(&format!("{CSV}{}\n", "x".repeat(20)), Limits { bytes: 19, ..LIMITS }, Err("file.too_large"));
}
