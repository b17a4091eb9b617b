//! Errors in the body that clients of the API read.

use jiff::Timestamp;
use serde::Serialize;

use super::datetime::WireDateTime;

/// The longest description, in characters.
pub const DESCRIPTION_LENGTH_MAX: usize = 1024;
/// Who answers, as the body names it.
const SOURCE: &str = "Quittance";

/// An error with its status, the code that people's scripts look at, and a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{http_status}/{code}: {description}")]
pub struct VendorError {
    pub http_status: u16,
    pub code: u32,
    pub description: String,
}

/// One constructor per row of the error table.
macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident = $status:literal / $code:literal;)*) => {
        impl VendorError {
            $($(#[$doc])*
            #[must_use]
            pub fn $name(description: impl Into<String>) -> Self {
                Self { http_status: $status, code: $code, description: description.into() }
            })*
        }
    };
}

rows! {
    /// An identifier that must be a GUID and is not.
    bad_identifier = 400 / 2000;
    /// A member or a filter that says something else than it may.
    invalid_property = 400 / 3000;
    /// A query parameter, a header or a token that cannot be read.
    invalid_input = 400 / 800_002;
    /// A subscription that is not one of usage.
    not_usage_based = 400 / 800_011;
    /// A market or a currency that is not served.
    not_supported = 400 / 800_042;
    invalid_customer = 400 / 900_118;
    /// A word that its list does not hold.
    unknown_value = 400 / 900_126;
    /// A known word that is not served.
    unsupported_operation = 400 / 900_141;
    /// A token that does not open anything.
    token_refused = 401 / 400;
    token_missing = 401 / 800_001;
    access_denied = 403 / 2032;
    no_customer_relationship = 403 / 20_002;
    role_lacks_right = 403 / 900_150;
    not_found = 404 / 1000;
    subscription_not_found = 404 / 20_003;
    customer_not_found = 404 / 60_003;
    conflict = 409 / 1000;
    unexpected = 500 / 800_003;
    not_implemented = 501 / 0;
}

impl VendorError {
    /// [`VendorError::unknown_value`] for the word of one parameter.
    #[must_use]
    pub fn unknown_word(parameter: &str, text: &str) -> Self {
        let shown: String = text.chars().take(40).collect();
        Self::unknown_value(format!("{parameter} {shown:?} is not known"))
    }

    #[must_use]
    pub fn body(&self) -> ErrorBody {
        let description = self.description.trim();
        let description = if description.is_empty() { "error" } else { description };
        ErrorBody {
            code: self.code,
            description: description.chars().take(DESCRIPTION_LENGTH_MAX).collect(),
            data: [],
            source: SOURCE,
        }
    }
}

/// The body of an error. `code` is a number and `data` an array: clients lose the whole error over
/// anything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorBody {
    pub code: u32,
    pub description: String,
    data: [&'static str; 0],
    pub source: &'static str,
}

/// The body of an error of the sales and export routes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GraphErrorBody {
    error: GraphError,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct GraphError {
    code: &'static str,
    message: String,
    inner_error: GraphInnerError,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
struct GraphInnerError {
    date: WireDateTime,
    request_id: String,
    client_request_id: String,
}

impl GraphErrorBody {
    /// With the ids of the request, the second one as its client gave it.
    #[must_use]
    pub fn of(error: &VendorError, date: Timestamp, (request_id, client_request_id): (String, String)) -> Self {
        let code = match error.http_status {
            401 => "unauthenticated",
            403 => "accessDenied",
            404 | 410 => "itemNotFound",
            409 => "resourceModified",
            412 => "preconditionFailed",
            429 => "tooManyRequests",
            503 | 504 => "serviceNotAvailable",
            500.. => "generalException",
            _ => "invalidRequest",
        };
        let inner_error = GraphInnerError { date: date.into(), request_id, client_request_id };
        Self { error: GraphError { code, message: error.body().description, inner_error } }
    }
}

/// The body of a 429, the one error of another shape. The answer needs `Retry-After` in seconds
/// beside it: a client reads it without looking whether it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ThrottledBody {
    status_code: u16,
    pub message: String,
}

impl ThrottledBody {
    #[must_use]
    pub fn retry_after(seconds: u32) -> Self {
        let unit = if seconds == 1 { "second" } else { "seconds" };
        Self { status_code: 429, message: format!("Rate limit is exceeded. Try again in {seconds} {unit}.") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_the_shape_that_clients_read() {
        let error = VendorError::not_found("no invoice G1");
        let body = serde_json::to_string(&error.body()).unwrap();
        assert_eq!(body, r#"{"code":1000,"description":"no invoice G1","data":[],"source":"Quittance"}"#);
        let body = serde_json::to_string(&ThrottledBody::retry_after(57)).unwrap();
        assert_eq!(body, r#"{"statusCode":429,"message":"Rate limit is exceeded. Try again in 57 seconds."}"#);
    }

    #[test]
    fn a_description_is_never_empty_and_never_too_long() {
        assert_eq!(VendorError::unexpected(" ").body().description, "error");
        let long = VendorError::unexpected("é".repeat(2000));
        assert_eq!(long.body().description.chars().count(), DESCRIPTION_LENGTH_MAX);
    }
}
