//! Whether the server answers at all, for load balancers and scripts.

use axum::response::Response;
use serde::Serialize;

use crate::answer;
use crate::failure::Failure;

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

pub(crate) fn answer() -> Result<Response, Failure> {
    answer::json(&Health { status: "ok" })
}
