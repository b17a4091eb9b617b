//! Bank statements: what is taken from them, and what is refused by name.

use std::io::Cursor;

use formats::bank::{BankEntry, BankStatement, read_bank};
use formats::error::Parsed;
use formats::source::Input;

pub(crate) const V2: &str = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.02";
pub(crate) const V8: &str = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08";

pub(crate) fn input(text: impl Into<Vec<u8>>) -> Input {
    Input::new("statement", Cursor::new(text.into()))
}

fn told(entry: &BankEntry) -> String {
    let BankEntry { booked_on, amount, reversal, payer, reference, remittance, end_to_end_id, line } = entry;
    let reversal = if *reversal { " reversal" } else { "" };
    let (payer, end_to_end_id) = (payer.as_deref().unwrap_or("-"), end_to_end_id.as_deref().unwrap_or("-"));
    format!("{line} {booked_on} {amount}{reversal} | {payer} | {reference} | {remittance} | {end_to_end_id}")
}

/// A line for the account of each statement, and one for each of its entries.
fn told_all(statements: &[BankStatement]) -> Vec<String> {
    let mut lines = Vec::new();
    for statement in statements {
        let BankStatement { account, statement_id, skipped_count, repeated_count, .. } = statement;
        lines.push(format!("{account} {statement_id} skipped {skipped_count} repeated {repeated_count}"));
        lines.extend(statement.entries.iter().map(told));
    }
    lines
}

#[track_caller]
pub(crate) fn read(text: &str) -> Parsed<Vec<BankStatement>> {
    read_bank(input(text)).unwrap_or_else(|error| panic!("{}: {error}\n{text}", error.code))
}

#[track_caller]
pub(crate) fn check(text: &str, statements: &[&str], rejected: &[&str]) {
    let parsed = read(text);
    let told = parsed.rejected.iter().map(|line| format!("{}:{} {} {}", line.line, line.column, line.field, line.code));
    assert_eq!(told.collect::<Vec<_>>(), rejected, "rejected of\n{text}\n{:?}", parsed.rejected);
    assert_eq!(told_all(&parsed.value), statements, "statements of\n{text}");
}

#[track_caller]
pub(crate) fn check_refused(text: impl Into<Vec<u8>>, code: &str, place: (u64, u64), says: &str) {
    let error = read_bank(input(text)).unwrap_err();
    let found = (error.code, error.line.unwrap_or(0), error.column.unwrap_or(0));
    assert_eq!(found, (code, place.0, place.1), "{error}");
    assert!(error.message.contains(says), "{error}");
}

/// One statement on two lines; its entries begin on the third.
pub(crate) fn statement(namespace: &str, entries: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Document xmlns=\"{namespace}\"><BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId></GrpHdr><Stmt><Id>S1</Id>\
         <Acct><Id><IBAN>XX00BANK0001</IBAN></Id></Acct>\n{entries}\n</Stmt></BkToCstmrStmt></Document>\n"
    )
}

const HEAD: &str = "XX00BANK0001 S1 skipped 0 repeated 0";

/// An entry with the parts that it needs, and `rest`.
pub(crate) fn entry(amount: &str, rest: &str) -> String {
    format!(
        "<Ntry>{amount}<CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-10-05</Dt></BookgDt>{rest}</Ntry>"
    )
}

pub(crate) fn eur(amount: &str) -> String {
    format!("<Amt Ccy=\"EUR\">{amount}</Amt>")
}

pub(crate) fn reference(reference: &str) -> String {
    format!("<AcctSvcrRef>{reference}</AcctSvcrRef>")
}

pub(crate) fn details(transactions: &[String]) -> String {
    let transactions: String = transactions.iter().map(|inner| format!("\n<TxDtls>{inner}</TxDtls>")).collect();
    format!("<NtryDtls>{transactions}</NtryDtls>")
}

/// A transaction as `.02` writes it.
pub(crate) fn part(amount: &str, own: &str) -> String {
    let refs = if own.is_empty() { String::new() } else { format!("<Refs>{}</Refs>", reference(own)) };
    format!("{refs}<AmtDtls><TxAmt>{}</TxAmt></AmtDtls>", eur(amount))
}

/// As `check`, for the entries of one statement.
#[track_caller]
pub(crate) fn check_entries(entries: &str, told: &[&str], rejected: &[&str]) {
    check(&statement(V8, entries), &[&[HEAD], told].concat(), rejected);
}

#[test]
fn an_old_version_is_read() {
    let entry = "<Ntry>
  <NtryRef>17</NtryRef>
  <Amt Ccy=\"EUR\">119.00</Amt>
  <CdtDbtInd>CRDT</CdtDbtInd>
  <Sts>BOOK</Sts>
  <BookgDt><Dt>2026-10-05</Dt></BookgDt>
  <ValDt><Dt>2026-10-06</Dt></ValDt>
  <AcctSvcrRef>B-0001</AcctSvcrRef>
  <NtryDtls><TxDtls>
    <Refs><EndToEndId>PO-9</EndToEndId></Refs>
    <RltdPties><Dbtr><Nm>Fabrikam &amp; Söhne</Nm></Dbtr><Cdtr><Nm>North Cloud</Nm></Cdtr></RltdPties>
    <RmtInf><Ustrd>Invoice G1</Ustrd><Ustrd>with
      thanks</Ustrd></RmtInf>
  </TxDtls></NtryDtls>
</Ntry>";
    let told = "3 2026-10-06 119.00 EUR | Fabrikam & Söhne | B-0001 | Invoice G1 with thanks | PO-9";
    check(&statement(V2, entry), &[HEAD, told], &[]);
}

#[test]
fn a_new_version_is_read() {
    let entry = "<c:Ntry><c:Amt Ccy=\"EUR\">119.00</c:Amt><c:CdtDbtInd>CRDT</c:CdtDbtInd><c:RvslInd>false</c:RvslInd>
<c:Sts>
  <c:Cd>BOOK</c:Cd>
</c:Sts><c:BookgDt><c:DtTm>2026-10-05T00:30:00+02:00</c:DtTm></c:BookgDt>
<c:NtryDtls><c:TxDtls><c:Refs><c:AcctSvcrRef>T-1</c:AcctSvcrRef><c:EndToEndId>NOTPROVIDED</c:EndToEndId></c:Refs>
<c:Amt Ccy=\"EUR\">119.00</c:Amt><c:CdtDbtInd>CRDT</c:CdtDbtInd>
<c:RltdPties><c:Dbtr><c:Pty><c:Nm>Contoso<!-- Ltd --> &#65;G</c:Nm></c:Pty></c:Dbtr></c:RltdPties>
<c:RmtInf><c:Ustrd><![CDATA[<G2>]]></c:Ustrd><c:Strd><c:CdtrRefInf><c:Ref>RF18539007547034</c:Ref></c:CdtrRefInf></c:Strd></c:RmtInf>
</c:TxDtls></c:NtryDtls></c:Ntry>";
    let text = format!(
        "\n <c:Document xmlns:c='{V8}'><c:BkToCstmrStmt><c:Stmt><c:Id>S8</c:Id>\
         <c:Acct><c:Id><c:Othr><c:Id>4711</c:Id></c:Othr></c:Id></c:Acct>\n{entry}</c:Stmt></c:BkToCstmrStmt></c:Document>"
    );
    check(
        &text,
        &["4711 S8 skipped 0 repeated 0", "3 2026-10-05 119.00 EUR | Contoso AG | T-1 | <G2> RF18539007547034 | -"],
        &[],
    );
}

#[test]
fn several_statements_are_kept_apart() {
    let of = |id: &str, account: &str, entries: &str| {
        format!("<Stmt><Id>{id}</Id><Acct><Id><IBAN>{account}</IBAN></Id></Acct>{entries}</Stmt>\n")
    };
    let first = entry(&eur("1"), &reference("R1"));
    let text = format!(
        "<Document xmlns=\"{V8}\"><BkToCstmrStmt>\n{}{}{}</BkToCstmrStmt></Document>",
        of("S1", "A", &first),
        of("S2", "A", ""),
        of("S1", "B", &first)
    );
    check(
        &text,
        &[
            "A S1 skipped 0 repeated 0",
            "2 2026-10-05 1.00 EUR | - | R1 |  | -",
            "A S2 skipped 0 repeated 0",
            "B S1 skipped 0 repeated 0",
            "4 2026-10-05 1.00 EUR | - | R1 |  | -",
        ],
        &[],
    );
}

#[test]
fn a_batch_is_one_entry_for_each_transaction() {
    let transactions = [part("10.50", "T1"), part("20", "T2"), part("0.01", "")];
    check_entries(
        &entry(&eur("30.51"), &(reference("B1") + &details(&transactions))),
        &[
            "4 2026-10-05 10.50 EUR | - | T1 |  | -",
            "5 2026-10-05 20.00 EUR | - | T2 |  | -",
            "6 2026-10-05 0.01 EUR | - | B1/3 |  | -",
        ],
        &[],
    );
    // The later versions state the part that was booked, and a sign of its own.
    let returned = format!("{}<CdtDbtInd>DBIT</CdtDbtInd>", eur("5"));
    check_entries(
        &entry(&eur("10"), &(reference("B1") + &details(&[eur("15"), returned]))),
        &["4 2026-10-05 15.00 EUR | - | B1/1 |  | -", "5 2026-10-05 -5.00 EUR | - | B1/2 |  | -"],
        &[],
    );
    // Of an amount that was ordered in another currency, the one in the account's counts.
    let foreign = format!("<Amt Ccy=\"USD\">11</Amt><AmtDtls><TxAmt>{}</TxAmt></AmtDtls>", eur("10"));
    check_entries(
        &entry(&eur("20"), &(reference("B1") + &details(&[foreign.clone(), foreign]))),
        &["4 2026-10-05 10.00 EUR | - | B1/1 |  | -", "5 2026-10-05 10.00 EUR | - | B1/2 |  | -"],
        &[],
    );
}

#[test]
fn a_batch_without_transactions_is_one_entry() {
    let batch = "<NtryDtls><Btch><NbOfTxs>3</NbOfTxs></Btch></NtryDtls>";
    check_entries(&entry(&eur("30"), &(reference("B1") + batch)), &["3 2026-10-05 30.00 EUR | - | B1 |  | -"], &[]);
}

#[test]
fn sums_that_differ_refuse_the_entry() {
    let check = |transactions: &[String], rejected: &str| {
        check_entries(&entry(&eur("30"), &(reference("B1") + &details(transactions))), &[], &[rejected]);
    };
    check(&[part("10", "T1"), part("19.99", "T2")], "3:1 Amt bank.entry.sums_differ");
    check(&[part("10", "T1")], "3:1 Amt bank.entry.sums_differ");
    check(&[eur("30") + "<CdtDbtInd>DBIT</CdtDbtInd>"], "3:1 Amt bank.entry.sums_differ");
    let most = "92233720368547758.07";
    check(&[part(most, "T1"), part(most, "T2")], "3:1 Amt bank.entry.sums_differ");
    check(&[part("10", "T1"), String::new()], "5:1 NtryDtls/TxDtls/Amt bank.entry.field_missing");
    let dollars = "<Amt Ccy=\"USD\">20</Amt>".to_owned();
    check(&[part("10", "T1"), dollars], "5:1 NtryDtls/TxDtls/Amt bank.entry.currency_differs");
    let text = statement(V2, &entry(&eur("30"), &(reference("B1") + &details(&[part("10", "T1"), part("10", "T2")]))));
    let rejected = &read(&text).rejected[0];
    assert_eq!(rejected.message, "the entry is 30.00 EUR, its transactions come to 20.00 EUR; book it by hand");
    let raw = String::from_utf8(rejected.raw.clone()).unwrap();
    assert!(raw.starts_with("<Ntry><Amt") && raw.ends_with("</Ntry>") && !rejected.raw_cut, "{raw}");
}

#[test]
fn one_of_several_transactions_is_not_the_whole_entry() {
    let one = |count: &str| format!("<NtryDtls><Btch><NbOfTxs>{count}</NbOfTxs></Btch><TxDtls></TxDtls></NtryDtls>");
    check_entries(
        &entry(&eur("30"), &(reference("B1") + &one("0001"))),
        &["3 2026-10-05 30.00 EUR | - | B1 |  | -"],
        &[],
    );
    check_entries(
        &entry(&eur("30"), &(reference("B1") + &one("3"))),
        &[],
        &["3:182 NtryDtls/TxDtls/Amt bank.entry.field_missing"],
    );
}

#[test]
fn money_that_was_paid_out_is_negative() {
    let debtor = details(&["<RltdPties><Dbtr><Nm>North Cloud</Nm></Dbtr></RltdPties>".to_owned()]);
    let out = |more: &str| entry(&eur("12.30"), &(reference("R1") + more + &debtor)).replace("CRDT", "DBIT");
    check_entries(&out(""), &["3 2026-10-05 -12.30 EUR | - | R1 |  | -"], &[]);
    // The direction has taken the reversal into account already.
    let taken_back = out("<RvslInd>true</RvslInd>");
    check_entries(&taken_back, &["3 2026-10-05 -12.30 EUR reversal | - | R1 |  | -"], &[]);
    check_entries(
        &taken_back.replace("DBIT", "CRDT"),
        &["3 2026-10-05 12.30 EUR reversal | North Cloud | R1 |  | -"],
        &[],
    );
}

#[test]
fn what_is_not_booked_is_counted_and_left_out() {
    let good = entry(&eur("1"), &reference("R1"));
    let with = |status: &str| good.replace("BOOK", status);
    // Whatever else is wrong with them.
    let bare = "<Ntry><Sts><Cd>INFO</Cd></Sts><Amt>x</Amt></Ntry>";
    let entries = format!("{}\n{}\n{}\n{bare}\n{good}", with("PDNG"), with("INFO"), with("<Cd>FUTR</Cd>"));
    check(
        &statement(V8, &entries),
        &["XX00BANK0001 S1 skipped 4 repeated 0", "7 2026-10-05 1.00 EUR | - | R1 |  | -"],
        &[],
    );
    check_entries(&with("Book"), &[], &["3:56 Sts bank.entry.word_unknown"]);
    check_entries(&with("<Prtry>DONE</Prtry>"), &[], &["3:61 Sts/Prtry bank.entry.word_unknown"]);
    check_entries(&with(""), &[], &["3:1 Sts bank.entry.field_missing"]);
    // One that says both is not left out in silence.
    check_entries(&with("PDNG</Sts><Sts>BOOK"), &[], &["3:71 Sts bank.entry.field_repeated"]);
    check_entries(&with("PDNG</Sts><Sts>MAYBE"), &[], &["3:71 Sts bank.entry.word_unknown"]);
    assert_eq!(read(&statement(V8, &entries)).record_count, 5);
}
