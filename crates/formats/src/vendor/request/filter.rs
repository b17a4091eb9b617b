//! The filter of the invoice list: JSON in a query parameter.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::vendor::datetime::WireDateTime;
use crate::vendor::error::VendorError;
use crate::vendor::words::same_word;

/// The longest filter, in bytes.
const LENGTH_MAX: usize = 8192;
/// How deep filters may stand in one another.
const DEPTH_MAX: u8 = 16;
/// The one field that can be searched.
const FIELD: &str = "invoice_date";

/// How the date of an invoice is compared with an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equals,
    NotEquals,
    GreaterThan,
    GreaterThanOrEquals,
    LessThan,
    LessThanOrEquals,
}

/// How the text of the date (`2023-10-06T00:00:00Z`) is compared with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextTest {
    Substring,
    StartsWith,
    NotStartsWith,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Date(Comparison, DateTime),
    Text(TextTest, String),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
}

const COMPARISONS: [(&str, Comparison); 6] = [
    ("equals", Comparison::Equals),
    ("not_equals", Comparison::NotEquals),
    ("greater_than", Comparison::GreaterThan),
    ("greater_than_or_equals", Comparison::GreaterThanOrEquals),
    ("less_than", Comparison::LessThan),
    ("less_than_or_equals", Comparison::LessThanOrEquals),
];
const TEXT_TESTS: [(&str, TextTest); 3] = [
    ("substring", TextTest::Substring),
    ("starts_with", TextTest::StartsWith),
    ("not_starts_with", TextTest::NotStartsWith),
];

/// A condition on the date of an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceFilter(Node);

impl InvoiceFilter {
    /// Reads both shapes, a comparison and a pair of filters, with the names of any client.
    ///
    /// Where the text is no JSON, `+` is read as a blank once more: form encoders write blanks so.
    ///
    /// # Errors
    /// 400/3000 for anything else, for a filter that is too long or too deep, and for another field
    /// than the invoice date.
    pub fn parse(text: &str) -> Result<Self, VendorError> {
        if text.len() > LENGTH_MAX {
            return Err(VendorError::invalid_property("filter is too long"));
        }
        let value: Value = serde_json::from_str(text)
            .or_else(|_| serde_json::from_str(&text.replace('+', " ")))
            .map_err(|_| VendorError::invalid_property("filter is not JSON"))?;
        node(&value, DEPTH_MAX).map(Self)
    }

    /// Whether an invoice of that day passes. Its date is midnight UTC.
    #[must_use]
    pub fn matches(&self, invoice_date: Date) -> bool {
        self.0.matches(invoice_date)
    }
}

impl Node {
    fn matches(&self, invoice_date: Date) -> bool {
        match self {
            Self::And(left, right) => left.matches(invoice_date) && right.matches(invoice_date),
            Self::Or(left, right) => left.matches(invoice_date) || right.matches(invoice_date),
            Self::Date(comparison, instant) => comparison.holds(invoice_date.at(0, 0, 0, 0), *instant),
            Self::Text(test, text) => test.holds(&WireDateTime::from(invoice_date).to_string(), text),
        }
    }
}

impl Comparison {
    fn holds(self, date: DateTime, instant: DateTime) -> bool {
        match self {
            Self::Equals => date == instant,
            Self::NotEquals => date != instant,
            Self::GreaterThan => date > instant,
            Self::GreaterThanOrEquals => date >= instant,
            Self::LessThan => date < instant,
            Self::LessThanOrEquals => date <= instant,
        }
    }
}

impl TextTest {
    fn holds(self, date: &str, text: &str) -> bool {
        match self {
            Self::Substring => date.contains(text),
            Self::StartsWith => date.starts_with(text),
            Self::NotStartsWith => !date.starts_with(text),
        }
    }
}

/// The member of that name, in any case and with any `_`.
fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.iter().find(|(key, _)| same_word(key, name)).map(|(_, value)| value)
}

fn text_member<'a>(object: &'a Map<String, Value>, name: &str) -> Result<&'a str, VendorError> {
    let text = member(object, name).and_then(Value::as_str).map(str::trim);
    text.ok_or_else(|| VendorError::invalid_property(format!("filter has no text {name}")))
}

fn named<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    table.iter().find(|(name, _)| same_word(name, word)).map(|(_, value)| *value)
}

fn node(value: &Value, depth_left: u8) -> Result<Node, VendorError> {
    let invalid = |reason: &str| VendorError::invalid_property(reason.to_owned());
    let object = value.as_object().ok_or_else(|| invalid("a filter is a JSON object"))?;
    let operator = text_member(object, "operator")?;
    let pair = (member(object, "left_filter"), member(object, "right_filter"));
    let (Some(left), Some(right)) = pair else {
        return match pair {
            (None, None) => comparison(object, operator),
            _ => Err(invalid("a compound filter has two sides")),
        };
    };
    let depth_left = depth_left.checked_sub(1).ok_or_else(|| invalid("filter is too deep"))?;
    let sides = (Box::new(node(left, depth_left)?), Box::new(node(right, depth_left)?));
    match operator {
        word if same_word(word, "and") => Ok(Node::And(sides.0, sides.1)),
        word if same_word(word, "or") => Ok(Node::Or(sides.0, sides.1)),
        _ => Err(invalid("the operator of a compound filter is and or or")),
    }
}

fn comparison(object: &Map<String, Value>, operator: &str) -> Result<Node, VendorError> {
    if !same_word(text_member(object, "field")?, FIELD) {
        return Err(VendorError::invalid_property("only the invoice date can be searched"));
    }
    let value = text_member(object, "value")?;
    if let Some(test) = named(&TEXT_TESTS, operator) {
        return Ok(Node::Text(test, value.to_owned()));
    }
    let comparison = named(&COMPARISONS, operator)
        .ok_or_else(|| VendorError::invalid_property("the operator of the filter is not known"))?;
    let instant = instant(value).ok_or_else(|| VendorError::invalid_property("the value of the filter is no date"))?;
    Ok(Node::Date(comparison, instant))
}

/// A date, or a date-time with or without zone; without one it is UTC.
fn instant(text: &str) -> Option<DateTime> {
    // With a zone first: the other reader would pass over it.
    let zoned = text.parse::<Timestamp>().map(|instant| TimeZone::UTC.to_datetime(instant));
    zoned.or_else(|_| text.parse::<DateTime>()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[track_caller]
    fn check(filter: &str, passing: &[i8]) {
        let filter = InvoiceFilter::parse(filter).unwrap();
        let passed: Vec<i8> = (1..=5).filter(|day| filter.matches(date(2023, 10, *day))).collect();
        assert_eq!(passed, passing);
    }

    fn simple(operator: &str, value: &str) -> String {
        format!(r#"{{"Field":"InvoiceDate","Value":"{value}","Operator":"{operator}"}}"#)
    }

    #[test]
    fn every_operator() {
        check(&simple("equals", "2023-10-03"), &[3]);
        check(&simple("not_equals", "2023-10-03"), &[1, 2, 4, 5]);
        check(&simple("greater_than", "2023-10-03"), &[4, 5]);
        check(&simple("GreaterThanOrEquals", "2023-10-03T00:00:00Z"), &[3, 4, 5]);
        check(&simple("LESS_THAN", "2023-10-03T00:00:01"), &[1, 2, 3]);
        check(&simple("less_than_or_equals", "2023-10-03T01:00:00+02:00"), &[1, 2]);
        check(&simple("substring", "-03T"), &[3]);
        check(&simple("starts_with", "2023-10-0"), &[1, 2, 3, 4, 5]);
        check(&simple("not_starts_with", "2023-10-03"), &[1, 2, 4, 5]);
    }

    #[test]
    fn the_shapes_of_all_clients() {
        check(r#"{"operator":"GreaterThan","fieldType":"String","field":"invoice_date","value":"2023-10-04"}"#, &[5]);
        let (left, right) = (simple("greater_than", "2023-10-01"), simple("less_than", "2023-10-04"));
        check(&format!(r#"{{"LeftFilter":{left},"RightFilter":{right},"Operator":"and"}}"#), &[2, 3]);
        check(&format!(r#"{{"left_filter":{left},"right_filter":{right},"operator":"Or"}}"#), &[1, 2, 3, 4, 5]);
        check(&simple("equals", "2023-10-03").replace(',', ",+"), &[3]);
    }

    #[test]
    fn everything_else_is_refused() {
        let deep = (0..20).fold(simple("equals", "2023-10-03"), |inner, _| {
            format!(r#"{{"LeftFilter":{inner},"RightFilter":{},"Operator":"and"}}"#, simple("equals", "2023-10-03"))
        });
        let one_sided = format!(r#"{{"LeftFilter":{},"Operator":"and"}}"#, simple("equals", "2023-10-03"));
        let bad = [
            "",
            "null",
            "[]",
            "{}",
            &simple("equals", "yesterday"),
            &simple("equals", ""),
            &simple("like", "2023-10-03"),
            &simple("equals", "2023-10-03").replace("InvoiceDate", "Id"),
            &simple("equals", "2023-10-03").replace("\"2023-10-03\"", "3"),
            &one_sided,
            &deep,
            &" ".repeat(9000),
            &"[".repeat(5000),
        ];
        for text in bad {
            let error = InvoiceFilter::parse(text).unwrap_err();
            assert_eq!((error.http_status, error.code), (400, 3000), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_filter_panic(text in any::<String>(), value in "[0-9TZ:+.-]{0,25}") {
            let _ = InvoiceFilter::parse(&text);
            let _ = InvoiceFilter::parse(&simple("equals", &value)).map(|f| f.matches(date(2023, 10, 3)));
        }
    }
}
