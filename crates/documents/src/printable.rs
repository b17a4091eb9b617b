//! Text of strangers, made fit for paper.
//!
//! A customer may call a resource anything. The template inserts every text as a value, so it
//! cannot become markup; what is left to prevent is text that misleads or spoils the page:
//! control characters, direction overrides (they can make `100` read `001`), marks piled over
//! the neighbouring line, words wider than their column, and texts without an end.

use serde::Serialize;

/// The longest text in characters; a legal note has some hundred.
const CHARS_MAX: usize = 2_000;
/// The longest text in a table row, in lines of its column.
const CELL_LINES_MAX: usize = 12;
/// Vietnamese needs two marks on one letter; more than that is decoration.
const MARKS_MAX: usize = 2;
const BREAK_HERE: char = '\u{200b}';

/// A place by the longest word it takes, in units of a narrow letter.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub(crate) enum Column {
    /// 65 mm of text: descriptions, addresses, notes. A UUID (36 units) stays whole.
    Wide = 38,
    /// 42 mm of text or 65 mm of a heading: names, numbers of documents, references.
    Name = 24,
    /// 28 mm of digits; 16 decimals stay whole.
    Number = 18,
    /// 28 mm of small print: units of measure, currencies.
    Narrow = 14,
}

/// Text that may be printed: one line, no controls, no word wider than its column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Printable(String);

impl Printable {
    /// Cleans `text` for a column of the given width.
    pub(crate) fn new(text: &str, column: Column) -> Self {
        Self(break_long_words(&clean(text), column as usize))
    }

    /// Cleans `text` for a heading that is repeated on each page: short enough for two lines.
    pub(crate) fn headline(text: &str) -> Self {
        let Self(short) = Self::shortened(text, 120);
        Self(break_long_words(&short, Column::Name as usize))
    }

    /// Cleans `text` for a table row, which has to fit on one page.
    pub(crate) fn cell(text: &str, column: Column) -> Self {
        let Self(short) = Self::shortened(text, column as usize * CELL_LINES_MAX);
        Self(break_long_words(&short, column as usize))
    }

    /// Cleans `text` for places that cannot wrap anyway, such as the title in the metadata.
    pub(crate) fn unbroken(text: &str) -> Self {
        Self(clean(text))
    }

    /// Cleans `text` for a place that holds one line of `units_max` and no more.
    pub(crate) fn shortened(text: &str, units_max: usize) -> Self {
        let text = clean(text);
        let mut units = 0;
        let too_wide = |(_, character): &(usize, char)| {
            units += width_units(*character);
            units > units_max
        };
        match text.char_indices().find(too_wide) {
            Some((end, _)) => Self(format!("{}…", &text[..end])),
            None => Self(text),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// One line: runs of white space and control characters become one space. No-break spaces
/// stay, they hold the groups of a number together.
fn clean(text: &str) -> String {
    let mut cleaned = String::new();
    let mut marks_count = 0;
    let mut space_pending = false;
    for (chars_count, character) in text.chars().filter(|c| !is_unprintable(*c)).enumerate() {
        if chars_count == CHARS_MAX {
            cleaned.push('…');
            break;
        }
        if is_space(character) || character.is_control() {
            space_pending = !cleaned.is_empty();
            continue;
        }
        marks_count = if is_mark(character) { marks_count + 1 } else { 0 };
        if marks_count > MARKS_MAX {
            continue;
        }
        if std::mem::take(&mut space_pending) {
            cleaned.push(' ');
        }
        cleaned.push(character);
    }
    cleaned
}

/// Characters that print nothing and can only mislead: direction overrides and isolates,
/// annotation anchors, tags, byte order marks and invisible spaces.
fn is_unprintable(character: char) -> bool {
    matches!(
        character,
        '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

fn is_space(character: char) -> bool {
    character.is_whitespace() && !matches!(character, '\u{a0}' | '\u{2007}' | '\u{202f}')
}

fn is_mark(character: char) -> bool {
    matches!(
        character,
        '\u{0300}'..='\u{036f}' | '\u{0483}'..='\u{0489}' | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}'
    )
}

/// Puts invisible break opportunities into words too wide for `units_max`.
///
/// Only too wide words get them: they would turn up in text copied from the PDF.
fn break_long_words(text: &str, units_max: usize) -> String {
    let broken = text.split(' ').map(|word| {
        let units: usize = word.chars().map(width_units).sum();
        if units > units_max { break_word(word, units_max / 4) } else { word.to_owned() }
    });
    broken.collect::<Vec<_>>().join(" ")
}

fn break_word(word: &str, units_between: usize) -> String {
    let mut broken = String::new();
    let mut units = 0;
    for character in word.chars() {
        // Never before a mark or joiner: it belongs to the letter before it.
        if units >= units_between && character.is_alphanumeric() {
            broken.push(BREAK_HERE);
            units = 0;
        }
        units += width_units(character);
        broken.push(character);
    }
    broken
}

/// Estimated width: most small letters and digits are half as wide as the widest capital.
fn width_units(character: char) -> usize {
    match character {
        'm' | 'w' | '@' | '%' => 2,
        ' '..='@' | '['..='~' | '\u{a0}' | '\u{202f}' => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(Printable::new(text, Column::Wide).as_str(), expected);
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        for text in [
            "Müller & Söhne AG",
            "#panic() $x$ *bold* _it_ `raw` @ref <label> \\ // [x]",
            "3f2a1c9e-77d0-4b1e-9a52-0f6b8c1d2e3f",
            "שלום עולם",
            "👩‍👩‍👧 family",
            "Việt Nam",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn what_misleads_is_taken_out() {
        check("a\u{0}b\r\n\tc\u{1b}[31m", "a b c [31m");
        check("  padded \u{2028} out  ", "padded out");
        check("pay \u{202e}001\u{202c} now", "pay 001 now");
        check("z\u{0301}\u{0302}\u{0303}\u{0304}o", "z\u{0301}\u{0302}o");
        check("in\u{200b}vis\u{feff}ible", "invisible");
    }

    #[test]
    fn long_words_may_break() {
        check(&"a".repeat(38), &"a".repeat(38));
        let broken = Printable::new(&"a".repeat(100), Column::Wide);
        assert!(broken.as_str().split(BREAK_HERE).all(|part| part.len() <= 9));
        assert_eq!(broken.as_str().replace(BREAK_HERE, ""), "a".repeat(100));
    }

    #[test]
    fn running_text_is_shortened() {
        assert_eq!(Printable::shortened("Halden GmbH", 40).as_str(), "Halden GmbH");
        assert_eq!(Printable::shortened("字字字字", 5).as_str(), "字字…");
    }

    #[test]
    fn endless_text_ends() {
        let printed = Printable::unbroken(&"ab ".repeat(10_000));
        assert_eq!(printed.as_str().chars().last(), Some('…'));
        assert!(printed.as_str().chars().count() <= CHARS_MAX + 1);
    }
}
