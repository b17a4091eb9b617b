//! The query of a request.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::vendor::error::VendorError;
use crate::vendor::uri::{decode, repair};

/// A misspelling that stands in published examples and is copied from there.
const MISSPELT: &str = "nvoicelineitemtype";
const LINE_ITEM_TYPE: &str = "invoicelineitemtype";
/// Both spellings of the parameter that goes on to another page.
pub(super) const SEEK_OPERATION: [&str; 2] = ["seekoperation", "seek_operation"];

#[derive(Debug, Clone, PartialEq, Eq)]
struct Parameter {
    /// Decoded, trimmed, in lower case, spelt right.
    name: String,
    value: String,
    /// As links repeat it: the client's spelling, made legal.
    echo: String,
}

/// The parameters of a request, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    parameters: Vec<Parameter>,
}

impl Query {
    /// Reads what stands behind the first `?`. A second `?` counts as `&`: published links have it.
    ///
    /// # Errors
    /// 400/800002 for a broken escape or bytes that are no UTF-8.
    pub fn parse(raw: &str) -> Result<Self, VendorError> {
        let pieces = raw.split(['&', '?']).filter(|piece| !piece.is_empty());
        let parameters = pieces.map(Parameter::parse).collect::<Result<_, _>>()?;
        Ok(Self { parameters })
    }

    /// The value of a parameter. An empty value is an absent parameter, and of several the first
    /// that has a value counts.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let named = self.parameters.iter().filter(|parameter| parameter.name.eq_ignore_ascii_case(name));
        named.map(|parameter| parameter.value.as_str()).find(|value| !value.is_empty())
    }

    /// # Errors
    /// 400/800002 for anything but `true` and `false` in any case.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, VendorError> {
        match self.get(name) {
            None => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(VendorError::invalid_input(format!("{name} is neither true nor false"))),
        }
    }

    /// An instant; one without a zone is one of UTC. The `+` of an offset may have become a blank on its way.
    ///
    /// # Errors
    /// 400/800002 for anything else, also for nothing.
    pub fn instant(&self, name: &str) -> Result<Timestamp, VendorError> {
        let text = self.get(name).ok_or_else(|| VendorError::invalid_input(format!("{name} is missing")))?;
        let text = text.trim().replace(' ', "+");
        let in_utc = || text.parse::<DateTime>().ok().and_then(|civil| TimeZone::UTC.to_timestamp(civil).ok());
        let instant = text.parse().ok().or_else(in_utc);
        instant.ok_or_else(|| VendorError::invalid_input(format!("{name} is not a date and time")))
    }

    /// The query as links repeat it, without the parameters called `without`.
    pub(in crate::vendor) fn echo(&self, without: &[&str]) -> String {
        let kept = self.parameters.iter().filter(|p| !without.contains(&p.name.as_str()));
        kept.map(|parameter| parameter.echo.as_str()).collect::<Vec<_>>().join("&")
    }

    /// The same with another `offset`, in the place where the request has it.
    pub(in crate::vendor) fn echo_with_offset(&self, offset: u64) -> String {
        let mut pieces = Vec::with_capacity(self.parameters.len());
        let mut placed = false;
        for parameter in self.parameters.iter().filter(|p| !SEEK_OPERATION.contains(&p.name.as_str())) {
            if parameter.name != "offset" {
                pieces.push(parameter.echo.clone());
            } else if !placed {
                placed = true;
                pieces.push(format!("offset={offset}"));
            }
        }
        if !placed {
            pieces.push(format!("offset={offset}"));
        }
        pieces.join("&")
    }
}

impl Parameter {
    fn parse(piece: &str) -> Result<Self, VendorError> {
        let unreadable = || VendorError::invalid_input("the query cannot be decoded");
        let (raw_name, raw_value) = piece.split_once('=').unwrap_or((piece, ""));
        let name = decode(raw_name).ok_or_else(unreadable)?.trim().to_ascii_lowercase();
        let value = decode(raw_value).ok_or_else(unreadable)?;
        if name == MISSPELT {
            let echo = format!("{LINE_ITEM_TYPE}={}", repair(raw_value));
            return Ok(Self { name: LINE_ITEM_TYPE.to_owned(), value, echo });
        }
        Ok(Self { name, value, echo: repair(piece) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(raw: &str, name: &str, expected: Option<&str>) {
        assert_eq!(Query::parse(raw).unwrap().get(name), expected, "{raw}");
    }

    #[test]
    fn instants_have_an_offset_or_are_those_of_utc() {
        let read = |text: &str| {
            let query = Query::parse(&format!("start_time={text}")).unwrap();
            query.instant("Start_Time").map(|instant| instant.to_string()).map_err(|error| error.code)
        };
        for (text, expected) in [
            ("2023-09-05T00:00:00Z", "2023-09-05T00:00:00Z"),
            ("2017-07-02T00:00:00-08:00", "2017-07-02T08:00:00Z"),
            ("2017-07-02T00:00:00+02:00", "2017-07-01T22:00:00Z"),
            ("2017-07-02T00:00:00%2B02:00", "2017-07-01T22:00:00Z"),
            ("2017-07-02T00:00:00%2002:00", "2017-07-01T22:00:00Z"),
            ("2017-07-02T10:00:00", "2017-07-02T10:00:00Z"),
            ("2017-07-02", "2017-07-02T00:00:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
        for text in ["", "yesterday", "2017-02-30T00:00:00Z", "1", "2017-07-02T00:00:00-99:00"] {
            assert_eq!(read(text), Err(800_002), "{text}");
        }
    }

    #[test]
    fn queries_of_all_clients_are_read() {
        check("CurrencyCode=EUR", "currencycode", Some("EUR"));
        check("currencycode=EUR", "currencyCode", Some("EUR"));
        check("Fragment%20=Full", "fragment", Some("Full"));
        check("size=2?seekOperation=Next", "seekoperation", Some("Next"));
        check("size=2?seekOperation=Next", "size", Some("2"));
        check("nvoicelineitemtype=UsageLineItems", "invoicelineitemtype", Some("UsageLineItems"));
        check("currencyCode=&period=", "currencycode", None);
        check("size=&size=3&size=4", "size", Some("3"));
        check("period", "period", None);
        check("?size=1&&", "size", Some("1"));
        check("filter={\"a\":\"b=c\"}", "filter", Some("{\"a\":\"b=c\"}"));
        check("filter=2023-09-30T00:00:00+02:00", "filter", Some("2023-09-30T00:00:00+02:00"));
        check("a=%C3%A9", "a", Some("é"));
    }

    #[test]
    fn what_cannot_be_decoded_is_refused() {
        for raw in ["a=%ff", "%C3=1", "a=%2", "size=1&b=%zz"] {
            assert_eq!(Query::parse(raw).unwrap_err().code, 800_002, "{raw}");
        }
    }

    #[test]
    fn flags_are_true_or_false_in_any_case() {
        let query = Query::parse("a=True&b=FALSE&c=1&d=").unwrap();
        assert_eq!(query.flag("a"), Ok(Some(true)));
        assert_eq!(query.flag("b"), Ok(Some(false)));
        assert_eq!(query.flag("c").unwrap_err().code, 800_002);
        assert_eq!(query.flag("d"), Ok(None));
    }

    #[test]
    fn links_repeat_the_spelling_but_no_misspelling_and_no_second_question_mark() {
        let query = Query::parse("Provider=onetime&nvoicelineitemtype=a|b?Size=2&seekOperation=Next").unwrap();
        assert_eq!(query.echo(&SEEK_OPERATION), "Provider=onetime&invoicelineitemtype=a%7Cb&Size=2");
        let query = Query::parse("Offset=4&size=2&offset=9").unwrap();
        assert_eq!(query.echo_with_offset(6), "offset=6&size=2");
        assert_eq!(Query::default().echo_with_offset(6), "offset=6");
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_what_links_repeat_is_read_alike(raw in "([a-z]{0,3}|[&?=%+ {}é]|%[0-9a-fA-F]{2}|size|offset){0,16}") {
            if let Ok(query) = Query::parse(&raw) {
                let echo = query.echo(&[]);
                let is_legal = !echo.contains(['?', ' ', '{', 'é']);
                prop_assert!(is_legal);
                let again = Query::parse(&echo).unwrap();
                for parameter in &query.parameters {
                    prop_assert_eq!(query.get(&parameter.name), again.get(&parameter.name));
                }
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(raw in any::<String>()) {
            let _ = Query::parse(&raw);
        }
    }
}
