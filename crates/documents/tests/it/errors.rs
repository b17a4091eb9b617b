//! What is refused, and how.

use documents::{InvoicePaper, render};

use crate::samples::small;

#[track_caller]
fn check(spoil: impl FnOnce(&mut InvoicePaper), code: &str, caller: &str) {
    let mut paper = small();
    spoil(&mut paper);
    let error = render(&paper).unwrap_err();
    assert_eq!(error.code(), code);
    assert_eq!(error.to_string(), caller);
}

#[test]
fn malformed_amounts_name_their_field() {
    let code = "document.amount.malformed";
    check(|paper| paper.totals.due = "1e5".to_owned(), code, "totals.due is not a plain decimal number");
    check(
        |paper| paper.customers[1].lines[2].amount = "12,50".to_owned(),
        code,
        "customers[1].lines[2].amount is not a plain decimal number",
    );
    check(
        |paper| paper.customers[0].subtotal = "0.005".to_owned(),
        code,
        "customers[0].subtotal has more than 2 decimals",
    );
    check(
        |paper| paper.customers[0].lines[0].quantity = "9".repeat(41),
        code,
        "customers[0].lines[0].quantity has more than 40 digits",
    );
    check(
        |paper| paper.exchange_rates[0].rate = String::new(),
        code,
        "exchange_rates[0].rate is not a plain decimal number",
    );
    check(|paper| paper.tax_lines[0].base = "NaN".to_owned(), code, "tax_lines[0].base is not a plain decimal number");
}

#[test]
fn unknown_locales_are_refused() {
    check(
        |paper| paper.locale = "en-GB".to_owned(),
        "document.locale.unknown",
        "invoices are printed in en, de, fr, not in \"en-GB\"",
    );
}
