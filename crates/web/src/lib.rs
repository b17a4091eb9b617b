//! The HTTP side: the invoice routes of the Partner Center billing API, and Quittance's own API.
//!
//! A request passes the layers (ids and trace, limits, panics, compression), finds its place in the
//! route table, says who calls, and only then reaches a handler. Handlers read documents through a
//! `Reader`, which asks the one authorisation question for each of them.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#![deny(clippy::as_conversions, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod access;
mod answer;
pub mod api;
mod call;
mod dispatch;
mod exports;
mod failure;
mod family;
mod health;
mod identity;
mod invoices;
mod layers;
mod line_items;
mod origin;
pub mod routes;
mod server;
mod state;
mod statement_link;
mod throttle;
mod tls;
mod usage;

pub use api::Writing;
pub use exports::Exports;
pub use layers::router;
pub use server::{serve, serve_tls};
pub use state::{AppState, Clock, Limits};
pub use tls::{Tls, TlsError};
