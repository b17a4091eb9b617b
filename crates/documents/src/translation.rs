//! The words and signs of one language, read from `translations/`.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::amount_text::NumberStyle;
use crate::error::RenderError;

/// The languages invoices are printed in.
pub const LOCALES: [&str; 3] = ["en", "de", "fr"];

/// One translation file; a file with a missing or an unknown part does not load.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Translation {
    pub(crate) numbers: NumberStyle,
    dates: DateStyle,
    /// Every printed word by its key.
    pub(crate) labels: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DateStyle {
    /// `{day}`, `{month}` and `{year}` are filled in.
    pattern: String,
    /// How the first of a month is written: `1`, in French `1er`.
    first_day: String,
    months: [String; 12],
}

impl Translation {
    /// Loads the translation of exactly this locale.
    ///
    /// # Errors
    /// [`RenderError::LocaleUnknown`] when it is none of [`LOCALES`].
    pub(crate) fn load(locale: &str) -> Result<Self, RenderError> {
        let file = match locale {
            "en" => include_str!("../translations/en.json"),
            "de" => include_str!("../translations/de.json"),
            "fr" => include_str!("../translations/fr.json"),
            _ => {
                return Err(RenderError::LocaleUnknown { locale: locale.to_owned() });
            }
        };
        serde_json::from_str(file).map_err(|cause| RenderError::failed("translation", &cause))
    }

    /// The word for `key`.
    ///
    /// # Errors
    /// [`RenderError::Failed`] when the file lacks it, which a test rules out.
    pub(crate) fn label(&self, key: &str) -> Result<&str, RenderError> {
        let label = self.labels.get(key).map(String::as_str);
        label.ok_or_else(|| RenderError::failed("translation", &format!("no label {key:?}")))
    }

    /// A month as it is written in a letter, for example `September 2026`.
    pub(crate) fn month(&self, date: Date) -> String {
        let month = usize::from(date.month().unsigned_abs()).saturating_sub(1);
        let month = self.dates.months.get(month).map_or("", String::as_str);
        format!("{month} {}", date.year())
    }

    /// A day as it is written in a letter, for example `30 September 2026`.
    pub(crate) fn date(&self, date: Date) -> String {
        let day = if date.day() == 1 { self.dates.first_day.clone() } else { date.day().to_string() };
        let month = usize::from(date.month().unsigned_abs()).saturating_sub(1);
        let month = self.dates.months.get(month).map_or("", String::as_str);
        fill(&self.dates.pattern, &[("day", &day), ("month", month), ("year", &date.year().to_string())])
    }
}

/// Replaces each `{name}` of `pattern` by its value.
///
/// One pass, so a value that holds braces itself is printed as it is.
pub(crate) fn fill(pattern: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (name, tail) = after.split_once('}').unwrap_or((after, ""));
        let value = values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        filled.push_str(value.unwrap_or(name));
        rest = tail;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::civil::date;

    use super::*;

    fn keys_of(locale: &str) -> BTreeSet<String> {
        Translation::load(locale).unwrap().labels.into_keys().collect()
    }

    /// The words that follow `opening` in `source`, up to the first character not in a key.
    fn words_after(source: &str, opening: &str) -> BTreeSet<String> {
        let starts = source.match_indices(opening).map(|(at, _)| &source[at + opening.len()..]);
        starts.map(|rest| rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect()).collect()
    }

    #[test]
    fn all_files_have_the_same_keys_and_all_of_them_are_used() {
        let mut used = words_after(include_str!("../templates/invoice.typ"), "label.");
        used.append(&mut words_after(include_str!("scribe.rs"), "label(\""));
        for locale in LOCALES {
            assert_eq!(keys_of(locale), used, "{locale}");
        }
    }

    #[test]
    fn placeholders_are_the_same_in_all_languages() {
        let placeholders = |label: &str| words_after(label, "{");
        let english = Translation::load("en").unwrap().labels;
        for locale in LOCALES {
            for (key, label) in Translation::load(locale).unwrap().labels {
                assert!(!label.trim().is_empty(), "{locale} {key}");
                assert_eq!(placeholders(&label), placeholders(&english[&key]), "{locale} {key}");
            }
        }
    }

    #[track_caller]
    fn check_date(locale: &str, date: Date, expected: &str) {
        assert_eq!(Translation::load(locale).unwrap().date(date), expected);
    }

    #[test]
    fn days_are_written_out() {
        check_date("en", date(2026, 9, 30), "30 September 2026");
        check_date("en", date(2026, 10, 1), "1 October 2026");
        check_date("de", date(2026, 3, 1), "1. März 2026");
        check_date("fr", date(2026, 8, 1), "1er août 2026");
        check_date("fr", date(2026, 12, 31), "31 décembre 2026");
    }

    #[test]
    fn values_are_filled_in_once() {
        assert_eq!(fill("1 {a} = {b}", &[("a", "{b}"), ("b", "2")]), "1 {b} = 2");
        assert_eq!(fill("open {a", &[]), "open a");
    }

    #[test]
    fn other_locales_are_refused() {
        for locale in ["", "EN", "en-GB", "xx", "../en"] {
            assert_eq!(Translation::load(locale).unwrap_err().code(), "document.locale.unknown");
        }
    }
}
