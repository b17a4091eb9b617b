//! `GET /{tenant}/v2.0/.well-known/openid-configuration`: where the token endpoint is, for clients that look it up.
//!
//! They read an authorisation endpoint too and never call it with client credentials; nobody signs in here.

use axum::response::Response;
use serde::Serialize;

use crate::answer;
use crate::call::Call;
use crate::failure::Failure;
use crate::origin;

#[derive(Serialize)]
struct Configuration {
    issuer: String,
    token_endpoint: String,
    authorization_endpoint: String,
    response_types_supported: [&'static str; 1],
    grant_types_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: [&'static str; 2],
}

pub(crate) fn answer(call: &Call) -> Result<Response, Failure> {
    let root = format!("{}/{}", origin::of(call)?, call.parameters.get("tenant"));
    answer::json(&Configuration {
        issuer: format!("{root}/v2.0"),
        token_endpoint: format!("{root}/oauth2/v2.0/token"),
        authorization_endpoint: format!("{root}/oauth2/v2.0/authorize"),
        response_types_supported: ["token"],
        grant_types_supported: ["client_credentials"],
        token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
    })
}
