//! `POST /{tenant}/oauth2/token` and `POST /{tenant}/oauth2/v2.0/token`: client credentials, in the forms of both
//! versions.
//!
//! Clients put a tenant in front; whose books they see is decided by the client, so any tenant will do.

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::clients;
use serde::Serialize;

use super::access_token::{VALID_FOR, sign};
use crate::answer;
use crate::call::Call;
use crate::failure::Failure;

/// Which form of answer a client reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// Numbers are texts.
    First,
    Second,
}

#[derive(Serialize)]
struct FirstAnswer {
    token_type: &'static str,
    expires_in: String,
    ext_expires_in: String,
    expires_on: String,
    not_before: String,
    resource: String,
    access_token: String,
}

#[derive(Serialize)]
struct SecondAnswer {
    token_type: &'static str,
    expires_in: i64,
    ext_expires_in: i64,
    access_token: String,
}

/// As RFC 6749, section 5.2, says it.
#[derive(Serialize)]
struct OAuthError {
    error: &'static str,
    error_description: &'static str,
}

const TOKEN_TYPE: &str = "Bearer";

pub(crate) async fn answer(call: &Call, version: Version) -> Result<Response, Failure> {
    let form: Vec<(Cow<'_, str>, Cow<'_, str>)> = form_urlencoded::parse(&call.body).collect();
    let field = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref());
    match field("grant_type") {
        None => return Ok(refuse("invalid_request", "the form has no grant_type")),
        Some("client_credentials") => {}
        Some(_) => return Ok(refuse("unsupported_grant_type", "only client_credentials are served here")),
    }
    let basic = basic_credentials(&call.headers);
    let in_form = || Some((field("client_id")?.to_owned(), field("client_secret")?.to_owned()));
    let Some((id, secret)) = basic.or_else(in_form) else {
        return Ok(refuse("invalid_request", "client_id and client_secret are missing"));
    };
    let state = &call.state;
    if !clients::knows(&state.books, &id, &secret).await? {
        return Ok(refuse("invalid_client", "the client is not known, or its secret is another"));
    }
    let (now, valid_for) = (state.now(), VALID_FOR.as_secs());
    let access_token = sign(&state.link_key, &id, now)?;
    match version {
        Version::First => answer::json(&FirstAnswer {
            token_type: TOKEN_TYPE,
            expires_in: valid_for.to_string(),
            ext_expires_in: valid_for.to_string(),
            expires_on: now.as_second().saturating_add(valid_for).to_string(),
            not_before: now.as_second().to_string(),
            resource: field("resource").unwrap_or_default().to_owned(),
            access_token,
        }),
        Version::Second => answer::json(&SecondAnswer {
            token_type: TOKEN_TYPE,
            expires_in: valid_for,
            ext_expires_in: valid_for,
            access_token,
        }),
    }
}

/// Id and secret of a header `Authorization: Basic …`, each of them escaped as in a form.
fn basic_credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = text.split_once(' ')?;
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':').filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let unescaped = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().ok().map(Cow::into_owned);
    Some((unescaped(id)?, unescaped(secret)?))
}

fn refuse(error: &'static str, error_description: &'static str) -> Response {
    let status = if error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
    let mut response = answer::with_status(status, &OAuthError { error, error_description });
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"token\""));
    }
    response
}
