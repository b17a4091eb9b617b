//! The formats of the contract.

use billing::decimal::Decimal;
use billing::money::Currency;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::json::{Json, member};
use super::table::{Property, Sign};

/// What a summary writes for "never".
const NEVER: &str = "0001-01-01T00:00:00";

/// The formats that a table may name for a string.
#[cfg(test)]
pub(super) const STRING_FORMATS: [&str; 16] = [
    "text",
    "non-blank",
    "header-text",
    "date-time",
    "date-time-or-never",
    "guid",
    "iso4217",
    "iso3166",
    "digits",
    "digits-or-empty",
    "enum",
    "json-object-text",
    "json-string-list-text",
    "link-uri",
    "uri-reference",
    "culture",
];

/// Checks a text or a number against the format of its property; `Err` says what is wrong.
pub(super) fn check(property: &Property, value: &Json, siblings: &[(String, Json)]) -> Result<(), String> {
    match value {
        Json::Text(text) => {
            if property.length_max.is_some_and(|max| text.chars().count() > max) {
                return Err("too long".to_owned());
            }
            check_string(property, text).then_some(()).ok_or_else(|| {
                let format = property.format.as_deref().unwrap_or_default();
                format!("{text:?} is not {format} {}", property.values.join(" | "))
            })
        }
        Json::Number(token) => check_number(property, token, siblings),
        _ => Ok(()),
    }
}

fn check_string(property: &Property, text: &str) -> bool {
    let all = |fits: fn(&char) -> bool| !text.is_empty() && text.chars().all(|c| fits(&c));
    match property.format.as_deref().unwrap_or_default() {
        "text" => !looks_like_date_time(text),
        "non-blank" => !text.trim().is_empty() && !looks_like_date_time(text),
        "header-text" => all(|c| c.is_ascii_graphic()),
        "date-time" => is_date_time(text),
        "date-time-or-never" => text == NEVER || is_date_time(text),
        "guid" => is_guid(text),
        "iso4217" => text.parse::<Currency>().is_ok_and(|currency| currency.code() == text),
        "iso3166" => text.len() == 2 && all(char::is_ascii_uppercase),
        "digits" => all(char::is_ascii_digit),
        "digits-or-empty" => text.is_empty() || all(char::is_ascii_digit),
        "enum" => property.values.iter().any(|value| value == text),
        "json-object-text" => text.is_empty() || serde_json::from_str::<Map<String, Value>>(text).is_ok(),
        "json-string-list-text" => text.is_empty() || serde_json::from_str::<Vec<String>>(text).is_ok(),
        "link-uri" => is_link_uri(text),
        "uri-reference" => is_uri_text(text),
        "culture" => is_culture(text),
        _ => false,
    }
}

fn check_number(property: &Property, token: &str, siblings: &[(String, Json)]) -> Result<(), String> {
    let number: Decimal = token.parse().map_err(|error| format!("{token}: {error}"))?;
    match property.sign {
        Some(Sign::ZeroOrNegative) if number > Decimal::ZERO => return Err(format!("{token} is positive")),
        Some(Sign::ZeroOrPositive) if number < Decimal::ZERO => return Err(format!("{token} is negative")),
        _ => {}
    }
    match property.format.as_deref().unwrap_or_default() {
        "int32" => token.parse::<i32>().map(|_| ()).map_err(|error| format!("{token}: {error}")),
        "decimal" => Ok(()),
        "money" => {
            let name = property.currency.as_deref().unwrap_or_default();
            // A currency that is missing or wrong is told where it stands.
            let Some(Json::Text(code)) = member(siblings, name) else { return Ok(()) };
            let Ok(currency) = code.parse::<Currency>() else { return Ok(()) };
            if number.scale() > currency.minor_digits() {
                return Err(format!("{token} has more decimals than {currency}"));
            }
            Ok(())
        }
        other => Err(format!("{other:?} is not a format of numbers")),
    }
}

/// `YYYY-MM-DDTHH:MM:SS[.fffffff]Z`, a real instant; a fraction has one to seven digits and ends in
/// no zero.
fn is_date_time(text: &str) -> bool {
    let Some(local) = text.strip_suffix('Z') else { return false };
    let (seconds, fraction) = local.split_once('.').unwrap_or((local, "1"));
    let shape = "0000-00-00T00:00:00";
    let fits = |(byte, shape): (u8, u8)| if shape == b'0' { byte.is_ascii_digit() } else { byte == shape };
    seconds.len() == shape.len()
        && seconds.bytes().zip(shape.bytes()).all(fits)
        && (1..=7).contains(&fraction.len())
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
        && !fraction.ends_with('0')
        && text.parse::<Timestamp>().is_ok()
}

/// Whether a client would take a text for a date and write it back in another form.
fn looks_like_date_time(text: &str) -> bool {
    let iso = text.len() >= 19
        && text.as_bytes().get(10) == Some(&b'T')
        && (text.parse::<Timestamp>().is_ok() || text.parse::<jiff::civil::DateTime>().is_ok());
    iso || text.starts_with("/Date(") && text.ends_with(")/")
}

/// Lower case, with hyphens.
fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        })
}

/// Relative, without host and version, one `?` at most, and nothing that RFC 2396 does not allow.
fn is_link_uri(text: &str) -> bool {
    let path = text.split('?').next().unwrap_or_default();
    let first_segment = path.split('/').nth(1).unwrap_or_default();
    text.starts_with('/')
        && !path.contains("//")
        && !first_segment.eq_ignore_ascii_case("v1")
        && text.matches('?').count() <= 1
        && is_uri_text(text)
}

/// Nothing that RFC 2396 does not allow.
fn is_uri_text(text: &str) -> bool {
    let mut escapes = text.split('%').skip(1);
    let is_escape = |tail: &str| tail.len() >= 2 && tail.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    escapes.all(is_escape) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.!~*'();/?:@&=+$,%".contains(&b))
}

/// A language in lower case and a country in upper case, such as `fr-FR`.
fn is_culture(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let letters = |part: &str, fits: fn(&u8) -> bool| part.len() == 2 && part.as_bytes().iter().all(fits);
    matches!(parts[..], [language, country]
        if letters(language, u8::is_ascii_lowercase) && letters(country, u8::is_ascii_uppercase))
}
