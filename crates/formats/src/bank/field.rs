//! Texts of a statement to checked values.

use billing::decimal::DecimalError;
use billing::ids::{ID_LENGTH_MAX, IdError};
use billing::money::{Amount, Currency, MoneyError};
use jiff::civil::Date;

use crate::error::Fault;
use crate::number::{self, excerpt};

/// What banks write where a reference has to stand and there is none: the first is of the SEPA
/// rulebooks, the second of the older MT940.
const NO_REFERENCE: [&str; 2] = ["NOTPROVIDED", "NONREF"];

/// Whether money was received or paid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Received,
    PaidOut,
}

/// The text in one line: statements are wrapped and indented, and a control character could steer
/// the terminal that shows it.
pub(super) fn text(raw: &str) -> String {
    let is_gap = |c: char| c.is_whitespace() || c.is_control();
    raw.split(is_gap).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// As [`text`]; `None` if nothing is left.
pub(super) fn optional_text(raw: &str) -> Option<String> {
    Some(text(raw)).filter(|text| !text.is_empty())
}

/// A reference or another id; `None` where the bank has none.
pub(super) fn identifier(raw: &str) -> Result<Option<String>, Fault> {
    let text = text(raw);
    if text.is_empty() || NO_REFERENCE.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return Ok(None);
    }
    checked_length(text).map(Some)
}

pub(super) fn checked_length(id: String) -> Result<String, Fault> {
    if id.len() > ID_LENGTH_MAX {
        return Err(Fault::new(IdError::TooLong.code(), IdError::TooLong.to_string()));
    }
    Ok(id)
}

pub(super) fn currency(text: &str) -> Result<Currency, Fault> {
    text.trim().parse().map_err(|error: MoneyError| Fault::new(error.code(), error.to_string()))
}

/// With its sign, in whole minor units; nothing is rounded.
pub(super) fn amount(text: &str, currency: Currency) -> Result<Amount, Fault> {
    let value = number::decimal(text.trim())?;
    Amount::exact(value, currency).map_err(|error| match error {
        MoneyError::Number(DecimalError::Inexact) => {
            let digits = currency.minor_digits();
            let message =
                format!("{value} has more decimals than the {digits} of {currency}; ask for the exact amount");
            Fault::new("bank.entry.amount_decimals", message)
        }
        other => Fault::new(other.code(), format!("{value} {currency} is more than can be kept")),
    })
}

/// As [`amount`]. In CAMT the sign is a word beside the amount, so a second one would be a riddle.
pub(super) fn unsigned_amount(text: &str, currency: Currency) -> Result<Amount, Fault> {
    let amount = amount(text, currency)?;
    if amount.minor < 0 {
        let message =
            format!("{amount} is negative, and CdtDbtInd is to say the direction; ask the bank which is meant");
        return Err(Fault::new("bank.entry.amount_negative", message));
    }
    Ok(amount)
}

/// A day of an own CSV: as everywhere, in UTC if there is a time.
pub(super) fn day(text: &str) -> Result<Date, Fault> {
    number::iso_date(text.trim()).map_err(|fault| match fault.code {
        "date.malformed" => {
            Fault::new(fault.code, format!("{:?} is not a day such as 2026-10-05", excerpt(text.trim())))
        }
        _ => fault,
    })
}

/// A day of the bank, which books by its own calendar: `2026-10-05+02:00` is the fifth wherever it is
/// read, so the offset is no reason to refuse it, and none to move it.
pub(super) fn bank_day(text: &str) -> Result<Date, Fault> {
    let text = text.trim();
    let (head, tail) = text.len().checked_sub(6).and_then(|at| text.split_at_checked(at)).unwrap_or((text, ""));
    day(if is_offset(tail) { head } else { text.strip_suffix('Z').unwrap_or(text) })
}

/// `+02:00`.
fn is_offset(text: &str) -> bool {
    match text.as_bytes() {
        [b'+' | b'-', hours @ .., b':', a, b] => hours.iter().chain([a, b]).all(u8::is_ascii_digit),
        _ => false,
    }
}

pub(super) fn direction(text: &str) -> Result<Direction, Fault> {
    match text.trim() {
        "CRDT" => Ok(Direction::Received),
        "DBIT" => Ok(Direction::PaidOut),
        other => Err(unknown_word(other, "CRDT or DBIT")),
    }
}

pub(super) fn truth(text: &str) -> Result<bool, Fault> {
    match text.trim() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        other => Err(unknown_word(other, "true or false")),
    }
}

pub(super) fn unknown_word(found: &str, known: &str) -> Fault {
    let message = format!("{:?} stands where {known} is known; ask the bank what is meant", excerpt(found));
    Fault::new("bank.entry.word_unknown", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_day(text: &str, expected: Result<&str, &str>) {
        let found = bank_day(text).map(|day| day.to_string());
        assert_eq!(found.as_deref().map_err(|fault| fault.code), expected, "{text:?}");
    }

    #[test]
    fn the_banks_day_is_not_moved() {
        check_day("2026-10-05", Ok("2026-10-05"));
        check_day(" 2026-10-05Z\n", Ok("2026-10-05"));
        check_day("2026-10-05+02:00", Ok("2026-10-05"));
        check_day("2026-10-05T23:30:00-05:00", Ok("2026-10-05"));
        check_day("2026-10-05T00:15:00.000+02:00", Ok("2026-10-05"));
        check_day("2026-10-05T00:15:00", Ok("2026-10-05"));
        check_day("2026-10-05T25:15:00", Err("date.malformed"));
        check_day("2026-10-05+2:00", Err("date.malformed"));
        check_day("05.10.2026", Err("date.malformed"));
        check_day("10/5/2026", Err("date.malformed"));
        check_day("2026-02-30", Err("date.out_of_range"));
        check_day("é+02:00", Err("date.malformed"));
        check_day("+02:00", Err("date.malformed"));
        check_day("", Err("date.malformed"));
    }

    #[test]
    fn texts_are_one_line() {
        assert_eq!(text("  Invoice\n\t G1 \u{1b}[2J\u{85} paid "), "Invoice G1 [2J paid");
        assert_eq!(optional_text(" \r\n "), None);
        assert_eq!(identifier("notprovided"), Ok(None));
        assert_eq!(identifier(" NONREF "), Ok(None));
        assert_eq!(identifier("NOTPROVIDED-1"), Ok(Some("NOTPROVIDED-1".to_owned())));
        assert_eq!(identifier(&"7".repeat(513)).map_err(|fault| fault.code), Err("id.too_long"));
    }
}
