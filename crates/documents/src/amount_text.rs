//! Checks that a text is a plain decimal number and groups its digits for a reader.
//!
//! Nothing here computes: the digits that arrive are the digits that are printed. Zeros at the
//! end of a fraction are the only thing added or cut, and only in amounts of money, so that all
//! of them show the minor digits of their currency.

use serde::{Deserialize, Serialize};

/// More digits than any amount has; a longer text is a mistake and would not fit its column.
const DIGITS_MAX: usize = 40;

/// The minus sign of typography. It is as wide as a digit, a hyphen is not.
const MINUS: char = '\u{2212}';

/// What is wrong with a text that should be a plain decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AmountDefect {
    /// Not of the form `-?(0|[1-9][0-9]*)(.[0-9]+)?`.
    #[error("is not a plain decimal number")]
    NotDecimal,
    /// More than 40 digits.
    #[error("has more than {DIGITS_MAX} digits")]
    TooLong,
    /// An amount of money that only rounding could bring to its minor digits.
    #[error("has more than {minor_digits} decimals")]
    TooFine { minor_digits: u8 },
}

/// The signs a language writes numbers with.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NumberStyle {
    pub(crate) decimal_separator: String,
    pub(crate) group_separator: String,
}

/// A number cut into its parts; all digits are ASCII.
struct Decimal<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
}

/// Prints a quantity, price or rate with exactly the digits it arrived with.
///
/// # Errors
/// [`AmountDefect`] when `text` is not a plain decimal of at most 40 digits.
pub(crate) fn print_number(text: &str, style: &NumberStyle) -> Result<String, AmountDefect> {
    let Decimal { negative, whole, fraction } = parse(text)?;
    Ok(group(negative, whole, fraction, style))
}

/// Prints an amount of money with `minor_digits` decimals, for example 2 for EUR, 0 for JPY.
///
/// Missing zeros are added and superfluous ones cut; there is no rounding.
///
/// # Errors
/// [`AmountDefect`] when `text` is not a plain decimal or is finer than the minor digits.
pub(crate) fn print_amount(text: &str, minor_digits: u8, style: &NumberStyle) -> Result<String, AmountDefect> {
    let Decimal { negative, whole, fraction } = parse(text)?;
    let kept = fraction.trim_end_matches('0');
    let width = usize::from(minor_digits);
    if kept.len() > width {
        return Err(AmountDefect::TooFine { minor_digits });
    }
    Ok(group(negative, whole, &format!("{kept:0<width$}"), style))
}

fn parse(text: &str) -> Result<Decimal<'_>, AmountDefect> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((_, "")) => return Err(AmountDefect::NotDecimal),
        Some(parts) => parts,
        None => (digits, ""),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || leading_zero || !all_digits(whole) || !all_digits(fraction) {
        return Err(AmountDefect::NotDecimal);
    }
    if whole.len() + fraction.len() > DIGITS_MAX {
        return Err(AmountDefect::TooLong);
    }
    Ok(Decimal { negative, whole, fraction })
}

fn group(negative: bool, whole: &str, fraction: &str, style: &NumberStyle) -> String {
    let mut printed = String::new();
    let is_zero = whole.bytes().chain(fraction.bytes()).all(|byte| byte == b'0');
    if negative && !is_zero {
        printed.push(MINUS);
    }
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position).is_multiple_of(3) {
            printed.push_str(&style.group_separator);
        }
        printed.push(digit);
    }
    if !fraction.is_empty() {
        printed.push_str(&style.decimal_separator);
        printed.push_str(fraction);
    }
    printed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translation::Translation;

    #[track_caller]
    fn check_number(text: &str, expected: [&str; 3]) {
        for (locale, expected) in ["en", "de", "fr"].into_iter().zip(expected) {
            let style = Translation::load(locale).unwrap().numbers;
            assert_eq!(print_number(text, &style).as_deref(), Ok(expected), "{locale}");
        }
    }

    #[track_caller]
    fn check_amount(text: &str, minor_digits: u8, expected: Result<&str, AmountDefect>) {
        let style = Translation::load("en").unwrap().numbers;
        let printed = print_amount(text, minor_digits, &style);
        assert_eq!(printed.as_deref().map_err(|defect| *defect), expected);
    }

    #[track_caller]
    fn check_refused(text: &str, expected: AmountDefect) {
        let style = Translation::load("en").unwrap().numbers;
        assert_eq!(print_number(text, &style), Err(expected), "{text:?}");
        assert_eq!(print_amount(text, 2, &style), Err(expected), "{text:?}");
    }

    #[test]
    fn digits_are_grouped_for_the_reader() {
        check_number("0", ["0", "0", "0"]);
        check_number("-7", ["−7", "−7", "−7"]);
        check_number("999.9", ["999.9", "999,9", "999,9"]);
        check_number("1234.50", ["1,234.50", "1.234,50", "1\u{202f}234,50"]);
        check_number("-1234567.5", ["−1,234,567.5", "−1.234.567,5", "−1\u{202f}234\u{202f}567,5"]);
        check_number("0.0817769814151179", ["0.0817769814151179", "0,0817769814151179", "0,0817769814151179"]);
        check_number("-0.00", ["0.00", "0,00", "0,00"]);
    }

    #[test]
    fn amounts_show_the_minor_digits_without_rounding() {
        check_amount("1234.5", 2, Ok("1,234.50"));
        check_amount("1234", 2, Ok("1,234.00"));
        check_amount("1234.500000", 2, Ok("1,234.50"));
        check_amount("1234.000", 0, Ok("1,234"));
        check_amount("-94.08", 2, Ok("−94.08"));
        check_amount("0.001", 3, Ok("0.001"));
        check_amount("0.005", 2, Err(AmountDefect::TooFine { minor_digits: 2 }));
        check_amount("1.5", 0, Err(AmountDefect::TooFine { minor_digits: 0 }));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "", "-", ".", "1.", ".5", "+1", "--1", "1e5", "1,5", "1 000", " 1", "1\n", "007", "1.2.3", "NaN", "inf",
            "0x10", "١٢", "1_000", "#1", "−5",
        ] {
            check_refused(text, AmountDefect::NotDecimal);
        }
        check_refused(&"9".repeat(41), AmountDefect::TooLong);
        check_refused(&format!("0.{}", "1".repeat(40)), AmountDefect::TooLong);
    }
}
