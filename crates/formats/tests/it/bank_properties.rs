//! Laws that hold for any bank statement.

use billing::money::Amount;
use formats::bank::{BankEntry, read_bank};
use jiff::civil::{Date, date};
use proptest::prelude::*;

use crate::bank::{input, read, statement};
use crate::bank_refused::{HEADER, V4, amount};

/// Pieces of statements in any order get further than random bytes.
fn fragments() -> impl Strategy<Value = Vec<u8>> {
    const ODD: [&str; 28] = [
        "<",
        ">",
        "</",
        "/>",
        "&",
        "&amp;",
        "&#x41;",
        "&#xD800;",
        "<!",
        "<!-",
        "<!-->",
        "<!--->",
        "<!---->",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?",
        "?>",
        "<!DOCTYPE",
        "\"",
        "'",
        "\0",
        "\n",
        "<NtryDtls>",
        "<TxDtls>",
        "</TxDtls>",
        "</NtryDtls>",
        " Ccy=\"EUR\"",
    ];
    let good = statement(V4, &amount("EUR", "1"));
    let (head, rest) = good.split_at(good.find("<Ntry>").unwrap());
    let mut pieces: Vec<Vec<u8>> = [head, rest, HEADER, "2026-10-05,1,EUR,,R1,\n"].map(Into::into).to_vec();
    pieces.extend(rest.split_inclusive('>').chain(ODD).map(Into::into));
    pieces.push(vec![0xff]);
    prop::collection::vec(prop::sample::select(pieces), 0..40).prop_map(|pieces| pieces.concat())
}

/// One line, words with one blank between them.
fn line() -> impl Strategy<Value = String> {
    "([!-~äé]{1,8}( [!-~äé]{1,8}){0,3})?"
}

/// An entry as a CSV can say it; the first stands on line 2.
fn entries() -> impl Strategy<Value = Vec<BankEntry>> {
    let currency = prop::sample::select(vec!["EUR", "JPY", "KWD", "CLF"]);
    let entry = (-i64::MAX..=i64::MAX, currency, 0_i64..30_000, line(), line()).prop_map(
        |(minor, currency, day, payer, remittance)| BankEntry {
            booked_on: day_after(day),
            amount: Amount { minor, currency: currency.parse().unwrap() },
            reversal: false,
            payer: Some(payer).filter(|payer| !payer.is_empty()),
            reference: String::new(),
            remittance,
            end_to_end_id: None,
            line: 0,
        },
    );
    prop::collection::vec(entry, 1..20).prop_map(|mut entries| {
        for (line, entry) in (2..).zip(&mut entries) {
            entry.line = line;
            entry.reference = format!("R{line}");
        }
        entries
    })
}

fn day_after(days: i64) -> Date {
    date(1990, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap()
}

fn csv_of(entry: &BankEntry) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let BankEntry { booked_on, amount, reference, .. } = entry;
    let (payer, remittance) = (quoted(entry.payer.as_deref().unwrap_or("")), quoted(&entry.remittance));
    format!("{booked_on},{},{},{payer},{reference},{remittance}\r\n", amount.to_plain(), amount.currency)
}

fn xml_of(entry: &BankEntry) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let BankEntry { booked_on, amount, reference, .. } = entry;
    let (payer, remittance) = (escaped(entry.payer.as_deref().unwrap_or("")), escaped(&entry.remittance));
    let plain = amount.to_plain();
    let (direction, plain) = plain.strip_prefix('-').map_or(("CRDT", &*plain), |plain| ("DBIT", plain));
    format!(
        "<Ntry><Amt Ccy=\"{}\">{plain}</Amt><CdtDbtInd>{direction}</CdtDbtInd><Sts>BOOK</Sts>\
         <ValDt><Dt>{booked_on}</Dt></ValDt><NtryDtls><TxDtls><Refs><AcctSvcrRef>{reference}</AcctSvcrRef></Refs>\
         <RltdPties><Dbtr><Nm>{payer}</Nm></Dbtr></RltdPties><RmtInf><Ustrd>{remittance}</Ustrd></RmtInf>\
         </TxDtls></NtryDtls></Ntry>\n",
        amount.currency
    )
}

proptest! {
    #[test]
    fn no_bytes_are_too_much(mut content in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_bank(input(content.clone()));
        content.insert(0, b'<');
        let _ = read_bank(input(content));
    }

    #[test]
    fn no_fragments_are_too_much(content in fragments()) {
        // What is read is read the same again.
        prop_assert_eq!(read_bank(input(content.clone())), read_bank(input(content)));
    }

    #[test]
    fn one_byte_that_changes_is_no_harm(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut content = statement(V4, &amount("EUR", "1")).into_bytes();
        let at = at.index(content.len());
        content[at] = byte;
        let _ = read_bank(input(content));
    }

    #[test]
    fn the_size_of_the_reads_does_not_matter(content in fragments(), sizes in prop::collection::vec(1_usize..17, 1..6)) {
        let pieces = crate::properties::pieces(content.clone(), sizes);
        prop_assert_eq!(read_bank(formats::source::Input::new("statement", pieces)), read_bank(input(content)));
    }

    #[test]
    fn what_is_written_is_read_back(entries in entries()) {
        let csv = read(&entries.iter().fold(HEADER.to_owned(), |csv, entry| csv + &csv_of(entry)));
        prop_assert_eq!((&csv.value[0].entries, csv.rejected.len()), (&entries, 0));
        let xml = read(&statement(V4, &entries.iter().map(xml_of).collect::<String>()));
        let as_xml = |entry: &BankEntry| {
            // One line more stands before them, and who was paid is not who has paid.
            let payer = entry.payer.clone().filter(|_| entry.amount.minor >= 0);
            BankEntry { line: entry.line + 1, payer, ..entry.clone() }
        };
        prop_assert_eq!(&xml.value[0].entries, &entries.iter().map(as_xml).collect::<Vec<_>>());
    }
}
