//! Bank statements that are not what they should be, and the own CSV.

use std::fmt::Write;

use formats::bank::read_bank;
use formats::directory::read_customers;

use crate::bank::{check, check_entries, check_refused, entry, input, read, statement};

pub(crate) const V4: &str = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.04";

pub(crate) fn amount(currency: &str, text: &str) -> String {
    entry(&format!("<Amt Ccy=\"{currency}\">{text}</Amt>"), "<AcctSvcrRef>R1</AcctSvcrRef>")
}

#[test]
fn amounts_fit_the_minor_unit_of_their_currency() {
    let check = |currency: &str, text: &str, told: &str| {
        check_entries(&amount(currency, text), &[&format!("3 2026-10-05 {told} | - | R1 |  | -")], &[]);
    };
    check("EUR", "0.01", "0.01 EUR");
    check("EUR", "10.0000", "10.00 EUR");
    check("EUR", "\n 10 \n", "10.00 EUR");
    check("JPY", "1190", "1190 JPY");
    check("JPY", "1190.00", "1190 JPY");
    check("KWD", "1.125", "1.125 KWD");
    check("EUR", "92233720368547758.07", "92233720368547758.07 EUR");
}

#[test]
fn other_amounts_are_refused() {
    let check = |currency: &str, text: &str, code: &str| {
        check_entries(&amount(currency, text), &[], &[&format!("3:7 Amt {code}")]);
    };
    check("EUR", "0.001", "bank.entry.amount_decimals");
    check("JPY", "0.5", "bank.entry.amount_decimals");
    check("KWD", "1.1255", "bank.entry.amount_decimals");
    check("EUR", "92233720368547758.08", "number.out_of_range");
    check("EUR", "1,50", "number.malformed");
    check("EUR", "", "number.malformed");
    check("EUR", "1<b>0</b>0", "currency.unknown");
    check("EUR", "-1", "bank.entry.amount_negative");
    check("XXQ", "1", "currency.unknown");
    check("", "1", "currency.unknown");
    check_entries(&entry("<Amt>1</Amt>", "<AcctSvcrRef>R1</AcctSvcrRef>"), &[], &["3:7 Amt currency.unknown"]);
    let parsed = read(&statement(V4, &amount("JPY", "0.5")));
    assert_eq!(parsed.rejected[0].message, "0.5 has more decimals than the 0 of JPY; ask for the exact amount");
}

#[test]
fn an_entry_needs_its_parts_once() {
    let good = amount("EUR", "1");
    let check = |from: &str, to: &str, rejected: &str| check_entries(&good.replace(from, to), &[], &[rejected]);
    check("<Amt Ccy=\"EUR\">1</Amt>", "", "3:1 Amt bank.entry.field_missing");
    check("<CdtDbtInd>CRDT</CdtDbtInd>", "", "3:1 CdtDbtInd bank.entry.field_missing");
    check("CRDT", "PLUS", "3:29 CdtDbtInd bank.entry.word_unknown");
    check("<Sts>", "<RvslInd>no</RvslInd><Sts>", "3:56 RvslInd bank.entry.word_unknown");
    check("<BookgDt><Dt>2026-10-05</Dt></BookgDt>", "", "3:1 BookgDt bank.entry.field_missing");
    check("2026-10-05", "5.10.2026", "3:80 BookgDt/Dt date.malformed");
    check("2026-10-05", "2026-02-30", "3:80 BookgDt/Dt date.out_of_range");
    let twice = "<Amt Ccy=\"EUR\">1</Amt><Amt Ccy=\"EUR\">9</Amt>";
    check("<Amt Ccy=\"EUR\">1</Amt>", twice, "3:29 Amt bank.entry.field_repeated");
    let reference = "<AcctSvcrRef>R1</AcctSvcrRef>";
    check(reference, &reference.repeat(2), "3:138 AcctSvcrRef bank.entry.field_repeated");
    // The first fault counts, and the others of the file are kept.
    let bad = good.replace("CRDT", "PLUS").replace("2026-10-05", "soon");
    check_entries(
        &format!("{bad}\n{good}"),
        &["4 2026-10-05 1.00 EUR | - | R1 |  | -"],
        &["3:29 CdtDbtInd bank.entry.word_unknown"],
    );
}

#[test]
fn other_namespaces_are_not_looked_at() {
    let good = amount("EUR", "1");
    let told = ["3 2026-10-05 1.00 EUR | - | R1 |  | -"];
    let foreign = "<x:Amt xmlns:x=\"urn:x\" Ccy=\"EUR\">9<Sts>PDNG</Sts></x:Amt><Sts xmlns=\"urn:y\">PDNG</Sts>";
    check_entries(&good.replace("<Sts>", &format!("{foreign}<Sts>")), &told, &[]);
    let more = format!("{good}<SplmtryData><Envlp>{good}</Envlp></SplmtryData><x xmlns=\"\">{good}</x>");
    check_entries(&more, &told, &[]);
}

#[test]
fn files_that_are_malformed_give_nothing() {
    let good = statement(V4, &amount("EUR", "1"));
    let check = |from: &str, to: &str, code: &str, place: (u64, u64), says: &str| {
        assert!(good.contains(from), "{from}");
        check_refused(good.replacen(from, to, 1), code, place, says);
    };
    let malformed = "xml.malformed";
    check("</Ntry>", "</Entry>", malformed, (3, 138), "\"Entry\" ends where \"Ntry\" is open");
    check("</Document>", "</Document><Document/>", malformed, (4, 35), "second document");
    check("</Document>", "</Document>more", malformed, (4, 35), "outside");
    check("<Document", "x<Document", malformed, (1, 39), "outside");
    check("<Ntry>", "<Ntry a='1' a='2'>", malformed, (3, 1), "twice");
    check("<Ntry>", "<Ntry a=1>", malformed, (3, 1), "attribute");
    check("<Ntry>", "<Ntry a='&b;'>", malformed, (3, 1), "attribute");
    check("<Ntry>", "< Ntry>", malformed, (3, 1), "no name");
    check("<Ntry>", "<y:Ntry>", malformed, (3, 1), "\"y\"");
    check("R1", "R&b;", malformed, (3, 123), "\"&b;\"");
    check("R1", "R&#0;", malformed, (3, 123), "\"&#0;\"");
    check("R1", "R&#27;", malformed, (3, 123), "U+001B");
    check("R1", "R\u{1b}", malformed, (3, 122), "U+001B");
    check("R1", "R & S", malformed, (3, 124), "well-formed");
    check("R1", "<?xml version='1.0'?>", malformed, (3, 122), "second document");
    check("UTF-8", "ISO-8859-1", "file.encoding", (1, 1), "ISO-8859-1");
    let mut bytes = good.clone().into_bytes();
    bytes[good.find("R1").unwrap()] = 0xe4;
    check_refused(bytes, "file.encoding", (3, 122), "UTF-8");
}

#[test]
fn nothing_is_expanded() {
    let mut bomb = String::from("<!DOCTYPE Document [<!ENTITY a0 \"ha\">");
    for n in 1..30 {
        write!(bomb, "<!ENTITY a{n} \"&a{};&a{};\">", n - 1, n - 1).unwrap();
    }
    let good = statement(V4, &amount("EUR", "1"));
    let text = good.replace("<Document", &format!("{bomb}]><Document")).replace("R1", "&a29;");
    check_refused(text, "xml.doctype", (2, 1), "DOCTYPE");
    check_refused("<!DOCTYPE html><html></html>", "xml.doctype", (1, 1), "DOCTYPE");
    let outside = "<!DOCTYPE d SYSTEM \"file:///etc/passwd\"><d/>";
    check_refused(outside, "xml.doctype", (1, 1), "DOCTYPE");
}

#[test]
fn depth_and_length_have_limits() {
    let deep = |count: usize| entry(&format!("{}{}", "<a>".repeat(count), "</a>".repeat(count)), "");
    check_entries(&deep(60), &[], &["3:1 Amt bank.entry.field_missing"]);
    check_refused(statement(V4, &deep(61)), "xml.too_deep", (3, 187), "64 levels");
    check_refused(statement(V4, &"<a>".repeat(1_000_000)), "xml.too_deep", (3, 184), "64 levels");
    // Elements of other namespaces count as well.
    check_refused(statement(V4, &"<x xmlns=\"\">".repeat(70)), "xml.too_deep", (3, 733), "64 levels");
    let long = "x".repeat(1 << 20);
    check_refused(statement(V4, &format!("<{long}/>")), "xml.too_long", (3, 1), "1048576");
    check_refused(statement(V4, &format!("<a>{long}y</a>")), "xml.too_long", (3, 4), "1048576");
    check_refused(statement(V4, &format!("<a>{long}&amp;</a>")), "xml.too_long", (3, 1), "1048576");
    check_refused(statement(V4, &format!("<!--{long}-->")), "xml.too_long", (3, 1), "1048576");
    check_entries(&format!("<a>{long}</a>"), &[], &[]);
    let attributes: String = (0..65).map(|n| format!(" a{n}=\"\"")).collect();
    check_refused(statement(V4, &format!("<a{attributes}/>")), "xml.too_long", (3, 1), "64 attributes");
    let line = format!("<Ustrd>{}</Ustrd>", "x".repeat(1 << 19));
    let endless = format!("<NtryDtls><TxDtls><RmtInf>{line}\n{line}</RmtInf></TxDtls></NtryDtls>");
    check_entries(
        &amount("EUR", "1").replace("</Ntry>", &format!("{endless}</Ntry>")),
        &[],
        &["4:1 NtryDtls/TxDtls/RmtInf/Ustrd xml.too_long"],
    );
}

#[test]
fn a_file_that_is_cut_off_gives_nothing() {
    let good = statement(V4, &amount("EUR", "1"));
    let end = good.trim_end().len();
    read(&good[..end]);
    for length in 1..end {
        let Err(error) = read_bank(input(&good[..length])) else { panic!("{length} of {end} bytes are enough") };
        assert_eq!((error.code, error.line.is_some()), ("xml.unclosed", true), "{length}: {error}");
    }
    check_refused(&good[..200], "xml.unclosed", (2, 162), "transfer");
}

#[test]
fn other_files_are_refused_by_name() {
    let unknown = "file.format_unknown";
    let good = statement(V4, "");
    check_refused(good.replace("053", "054"), unknown, (2, 1), "\"camt.054.001.04\"");
    check_refused("<html xmlns=\"http://www.w3.org/1999/xhtml\"></html>", unknown, (1, 1), "\"html\"");
    check_refused("<Document/>", unknown, (1, 1), "camt.053");
    check_refused(format!("<x xmlns=\"{V4}\"/>"), unknown, (1, 1), "\"x\"");
    check_refused(format!("<Document xmlns=\"{V4}\"/>"), "bank.file.no_statements", (1, 1), "Stmt");
    check_refused("{\"Stmt\":[]}", "file.wrong_kind", (0, 0), "JSON");
    check_refused("customer_id,name\n", "file.wrong_kind", (1, 0), "customers");
    check_refused("name,age\n", unknown, (1, 0), "bank statements: name, age");
    check_refused(" \n", "file.empty", (0, 0), "empty");
    let error = read_customers(input("date,amount,currency,reference\n")).unwrap_err();
    assert_eq!(error.message, "the file holds bank statements; this import reads customers");
    let unidentified = "bank.statement.unidentified";
    check_refused(good.replace("<Id>S1</Id>", ""), unidentified, (2, 115), "no id");
    check_refused(good.replace("XX00BANK0001", ""), unidentified, (2, 115), "no account");
    check_refused(good.replace("<Id>S1</Id>", "<Id>S1</Id><Id>S2</Id>"), unidentified, (2, 132), "two ids");
    let late = good.replace("<Id>S1</Id>", "").replace("</Stmt>", "<Ntry/><Id>S1</Id></Stmt>");
    check_refused(late, unidentified, (2, 115), "no id");
    check_refused(good.replace("S1", &"7".repeat(513)), "id.too_long", (2, 121), "512");
}

#[track_caller]
fn check_csv(text: &str, told: &[&str], rejected: &[&str]) {
    check(text, &[&["  skipped 0 repeated 0"], told].concat(), rejected);
}

pub(crate) const HEADER: &str = "date,amount,currency,payer,reference,remittance\n";

#[test]
fn the_own_csv_is_read() {
    check_csv(
        &format!("{HEADER}2026-10-05,119.00,EUR,\"Fabrikam, Inc.\",R1,\"Invoice\nG1\"\n2026-10-06,-5,JPY,,R2,\n"),
        &["2 2026-10-05 119.00 EUR | Fabrikam, Inc. | R1 | Invoice G1 | -", "4 2026-10-06 -5 JPY | - | R2 |  | -"],
        &[],
    );
    check_csv(
        "\u{feff}Reference;Balance;Currency;Amount;Date\n R1 ;7;eur; 1.5 ;2026-10-05T10:00:00Z\n",
        &["2 2026-10-05 1.50 EUR | - | R1 |  | -"],
        &[],
    );
    check_csv(HEADER, &[], &[]);
}

#[test]
fn lines_of_the_own_csv_are_checked() {
    let check = |line: &str, rejected: &str| check_csv(&format!("{HEADER}{line}\n"), &[], &[rejected]);
    check("5.10.2026,1,EUR,,R1,", "2:1 date date.malformed");
    check("10/5/2026,1,EUR,,R1,", "2:1 date date.malformed");
    check("2026-10-05T10:00:00+02:00,1,EUR,,R1,", "2:1 date date.not_utc");
    check("2026-10-05,0.001,EUR,,R1,", "2:2 amount bank.entry.amount_decimals");
    check("2026-10-05,\"1,50\",EUR,,R1,", "2:2 amount number.malformed");
    check("2026-10-05,1,EURO,,R1,", "2:3 currency currency.unknown");
    check("2026-10-05,1,EUR,,,", "2:5 reference bank.entry.reference_missing");
    check("2026-10-05,1,EUR,,NOTPROVIDED,", "2:5 reference bank.entry.reference_missing");
    check(&format!("2026-10-05,1,EUR,,{},", "7".repeat(513)), "2:5 reference id.too_long");
    check("2026-10-05,1,EUR", "2:0  csv.field_count");
    let line = "2026-10-05,1,EUR,,R1,\n";
    check_csv(
        &format!("{HEADER}{line}2026-10-05,2,EUR,,R2,\n{line}"),
        &["3 2026-10-05 2.00 EUR | - | R2 |  | -"],
        &["2:5 reference bank.entry.reference_repeated", "4:5 reference bank.entry.reference_repeated"],
    );
    check_refused("date,amount\n", "csv.column_missing", (1, 0), "currency");
    check_refused("date,amount,currency,date,reference\n", "csv.column_duplicate", (1, 4), "date");
}
