//! Quittance's own API under `/api/v1`: the books of an issuer, to read and to write.
//!
//! Every operation is a row of [`operations`]; the document of the API, the checks of bodies and the
//! test of who may see what are made from the same rows. What writes runs in a thread of its own to
//! its end, whether the caller still waits or not, and its answer is kept under the request's key
//! (ADR 0012).

mod access;
mod account;
mod adjustments;
mod bank;
mod body;
mod call;
mod customers;
mod dispatch;
mod documents;
mod idempotency;
pub(crate) mod json;
mod lists;
mod openapi;
mod operations;
mod orders;
mod organisations;
mod page;
mod payments;
mod problem;
mod query;
mod runs;
mod savings_plans;
mod schema;
mod shapes;
mod writing;

pub use openapi::document;
pub use operations::{Access, ApiRoute, Verb, routes};

pub(crate) use dispatch::{allowance, dispatch, is_api};
pub(crate) use problem::Problem;
pub use writing::Writing;
