//! Strings with a promise.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// A free text: a name, a description, an identifier of someone else's making.
///
/// The guard: a client reads line items through a generic JSON tree that turns each string whose
/// *whole* value is an ISO date-time (or `/Date(…)/`) into a date and writes it back in another
/// form. Such a value is made unlike a date when it comes in here: the `T` becomes a blank
/// (`2023-10-01 09:00:00Z`), a `/Date(` gets a blank in front. Nobody's name looks like that; where
/// it happens, the reader still sees the same digits. Real dates are
/// [`WireDateTime`](super::WireDateTime) and pass no guard.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Text(String);

impl Text {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Text {
    fn from(mut text: String) -> Self {
        if is_iso_date_time(&text) {
            text.replace_range(10..11, " ");
        } else if text.starts_with("/Date(") && text.ends_with(")/") {
            text.insert(0, ' ');
        }
        Self(text)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

/// Whether a client would take the whole of `text` for a date-time: `YYYY-MM-DDTHH:MM:SS` and
/// nothing but a fraction and a zone behind it. Days that no month has count as well; being too
/// careful costs a blank.
fn is_iso_date_time(text: &str) -> bool {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00";
    let Some((head, tail)) = text.as_bytes().split_at_checked(SHAPE.len()) else { return false };
    let fits = |(byte, shape): (&u8, &u8)| if *shape == b'0' { byte.is_ascii_digit() } else { byte == shape };
    head.iter().zip(SHAPE).all(fits) && tail.iter().all(|b| b.is_ascii_digit() || b".,:+-Zz".contains(b))
}

/// A GUID, kept in lower case; whether it is one is not checked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Guid(String);

impl Guid {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Guid {
    fn from(text: &str) -> Self {
        Self(text.to_ascii_lowercase())
    }
}

/// The text is neither blank nor a JSON object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("tags are neither empty nor a JSON object")]
pub struct NotAJsonObject;

/// Tags of a usage line: `""` or the text of a JSON object, nothing else. One client parses the
/// text and loses the whole page when it is anything else.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Tags(String);

impl Tags {
    /// Takes a text that is blank or holds a JSON object; the object is kept letter by letter.
    ///
    /// # Errors
    /// [`NotAJsonObject`] for any other text, also for other JSON.
    pub fn from_text(text: &str) -> Result<Self, NotAJsonObject> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_str::<Map<String, Value>>(text).map_err(|_| NotAJsonObject)?;
        Ok(Self(text.to_owned()))
    }

    /// Writes the object of the pairs, in their order; no pairs make `""`. Of pairs with the same
    /// name the last one counts.
    #[must_use]
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let object: Map<String, Value> =
            pairs.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
        if object.is_empty() { Self::default() } else { Self(Value::Object(object).to_string()) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a price differs from the list, as the API has it: a string that holds a JSON array of
/// strings, or `""`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceAdjustments(pub Vec<String>);

impl Serialize for PriceAdjustments {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_empty() {
            return serializer.serialize_str("");
        }
        let text = serde_json::to_string(&self.0).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(Text::from(text).as_str(), expected);
    }

    #[test]
    fn a_text_that_a_client_would_take_for_a_date_is_made_unlike_one() {
        check("2023-10-01T09:00:00", "2023-10-01 09:00:00");
        check("2023-10-01T09:00:00.5+02:00", "2023-10-01 09:00:00.5+02:00");
        check("2023-10-01T09:00:00Z", "2023-10-01 09:00:00Z");
        check("/Date(1696150800000)/", " /Date(1696150800000)/");
    }

    #[test]
    fn other_texts_stay_as_they_are() {
        for text in [
            "",
            "Été",
            "2023-10-01",
            "2023-10-01T09:00",
            "backup 2023-10-01T09:00:00Z",
            "2023-10-01T09:00:00 nightly",
            "é023-10-01T09:00:00",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn tags_are_empty_or_an_object() {
        for text in ["", "  ", "{}", r#"{"env":"prod","n":1.50}"#] {
            assert_eq!(Tags::from_text(text).unwrap().as_str(), text.trim());
        }
        for text in ["null", "[]", "\"env\": \"prod\"", "env=prod", "{", "{} {}", "{'a':1}"] {
            assert_eq!(Tags::from_text(text), Err(NotAJsonObject), "{text}");
        }
        assert_eq!(Tags::from_pairs([("env", "a\"b")]).as_str(), r#"{"env":"a\"b"}"#);
        assert_eq!(Tags::from_pairs([]).as_str(), "");
    }

    #[test]
    fn price_adjustments_are_an_array_inside_a_string() {
        let adjustments = PriceAdjustments(vec!["5.0% volume \"A\"".to_owned()]);
        assert_eq!(serde_json::to_string(&adjustments).unwrap(), r#""[\"5.0% volume \\\"A\\\"\"]""#);
        assert_eq!(serde_json::to_string(&PriceAdjustments::default()).unwrap(), "\"\"");
        assert_eq!(Guid::from("7D0B6C1E-52F4").as_str(), "7d0b6c1e-52f4");
    }
}
