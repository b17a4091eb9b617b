//! References of bank entries: one movement has one for ever.

use crate::bank::{V2, V8, check, check_entries, details, entry, eur, part, read, reference, statement};

#[test]
fn without_a_reference_an_entry_is_refused() {
    let missing = ["3:1 AcctSvcrRef bank.entry.reference_missing"];
    check_entries(&entry(&eur("1"), ""), &[], &missing);
    check_entries(&entry(&eur("1"), &reference(" ")), &[], &missing);
    check_entries(&entry(&eur("1"), &reference("NONREF")), &[], &missing);
    check_entries(
        &entry(&eur("3"), &details(&[part("1", "T1"), part("2", "")])),
        &[],
        &["5:1 AcctSvcrRef bank.entry.reference_missing"],
    );
    check_entries(&entry(&eur("1"), &reference(&"7".repeat(513))), &[], &["3:109 AcctSvcrRef id.too_long"]);
    let long = entry(&eur("3"), &(reference(&"7".repeat(511)) + &details(&[part("1", ""), part("2", "")])));
    check_entries(&long, &[], &["4:1 AcctSvcrRef id.too_long"]);
    let numbered = entry(&eur("1"), &format!("<NtryRef>{}</NtryRef>", "7".repeat(510)));
    check_entries(&numbered, &[], &["3:1 AcctSvcrRef id.too_long"]);
}

#[test]
fn the_entrys_own_number_is_the_last_resort() {
    // Such numbers start again in each statement, and some banks put the same one on all entries.
    let numbered = |amount: &str, more: &str| entry(&eur(amount), &format!("<NtryRef>01</NtryRef>{more}"));
    let batch = details(&[part("1", ""), part("2", "")]);
    let entries = [
        numbered("1", ""),
        numbered("1", "").replace("BOOK", "PDNG"),
        numbered("x", ""),
        numbered("1", ""),
        numbered("3", &batch),
    ];
    check(
        &statement(V2, &entries.join("\n")),
        &[
            "XX00BANK0001 S1 skipped 1 repeated 0",
            "3 2026-10-05 1.00 EUR | - | S1/01/1 |  | -",
            "6 2026-10-05 1.00 EUR | - | S1/01/4 |  | -",
            "8 2026-10-05 1.00 EUR | - | S1/01/5/1 |  | -",
            "9 2026-10-05 2.00 EUR | - | S1/01/5/2 |  | -",
        ],
        &["5:7 Amt number.malformed"],
    );
}

#[test]
fn a_statement_that_is_read_again_gives_the_same_references() {
    let numbered = |amount: &str, more: &str| entry(&eur(amount), &format!("<NtryRef>01</NtryRef>{more}"));
    let batch = details(&[part("1", "T1"), part("2", ""), part("3", "T1")]);
    let entries =
        [numbered("1", ""), numbered("x", ""), entry(&eur("6"), &(reference("B1") + &batch)), numbered("4", "")];
    let references = |text: &str| {
        let entries = read(text).value.remove(0).entries;
        entries.into_iter().map(|entry| entry.reference).collect::<Vec<_>>()
    };
    let text = statement(V2, &entries.join("\n"));
    let expected = ["S1/01/1", "T1/1", "B1/2", "T1/3", "S1/01/3"];
    assert_eq!(references(&text), expected);
    assert_eq!(references(&text), expected);
    // What was refused and is mended now moves no other.
    let mended = text.replace(">x<", ">2<");
    assert_eq!(references(&mended), ["S1/01/1", "S1/01/2", "T1/1", "B1/2", "T1/3", "S1/01/3"]);
}

#[test]
fn transactions_that_share_a_reference_are_counted_through() {
    let transactions = [part("1", "T1"), part("1", "T2"), part("1", "T1")];
    check_entries(
        &entry(&eur("3"), &details(&transactions)),
        &[
            "4 2026-10-05 1.00 EUR | - | T1/1 |  | -",
            "5 2026-10-05 1.00 EUR | - | T2 |  | -",
            "6 2026-10-05 1.00 EUR | - | T1/3 |  | -",
        ],
        &[],
    );
}

#[test]
fn of_two_movements_with_one_reference_none_is_taken() {
    let repeated = |line: u64| format!("{line}:1 reference bank.entry.reference_repeated");
    let [one, two] = ["1", "2"].map(|amount| entry(&eur(amount), &reference("R1")));
    check_entries(&format!("{one}\n{two}"), &[], &[&repeated(3), &repeated(4)]);
    // In one statement the bank books nothing twice, however alike two entries are.
    check_entries(&format!("{one}\n{one}"), &[], &[&repeated(3), &repeated(4)]);
    // A payment and its return are told apart by their signs.
    let returned = one.replace("CRDT", "DBIT");
    check_entries(
        &format!("{one}\n{returned}"),
        &["3 2026-10-05 1.00 EUR | - | R1 |  | -", "4 2026-10-05 -1.00 EUR | - | R1 |  | -"],
        &[],
    );
    let message = &read(&statement(V8, &format!("{one}\n{two}"))).rejected[1].message;
    assert_eq!(message, "the reference \"R1\" stands on line 3 as well; book both by hand");
}

#[test]
fn statements_that_overlap_count_once() {
    let of = |id: &str, entries: &[&str]| {
        let head = format!("<Stmt><Id>{id}</Id><Acct><Id><IBAN>A</IBAN></Id></Acct>");
        format!("{head}\n{}</Stmt>", entries.join("\n"))
    };
    let file = |statements: &[String]| {
        format!("<Document xmlns=\"{V8}\"><BkToCstmrStmt>{}</BkToCstmrStmt></Document>", statements.concat())
    };
    let entries = ["R1", "R2", "R3"].map(|own| entry(&eur("1"), &reference(own)));
    let [first, second, third] = entries.each_ref().map(String::as_str);
    check(
        &file(&[of("S1", &[first, second]), of("S2", &[second, third])]),
        &[
            "A S1 skipped 0 repeated 0",
            "2 2026-10-05 1.00 EUR | - | R1 |  | -",
            "3 2026-10-05 1.00 EUR | - | R2 |  | -",
            "A S2 skipped 0 repeated 1",
            "5 2026-10-05 1.00 EUR | - | R3 |  | -",
        ],
        &[],
    );
    let other = second.replace(">1<", ">2<");
    check(
        &file(&[of("S1", &[second]), of("S2", &[&other])]),
        &["A S1 skipped 0 repeated 0", "A S2 skipped 0 repeated 0"],
        &["2:1 reference bank.entry.reference_repeated", "3:1 reference bank.entry.reference_repeated"],
    );
}
