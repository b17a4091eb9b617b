//! The meaning of Quittance: words, laws and ports of billing.
//!
//! Everything here is pure: no I/O, no clock, no SQL, no HTTP, no binary floats. Time, exchange
//! rates and configuration are arguments. Rules have pages in `docs/rules/`, laws have names in
//! `docs/invariants.md`.

#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test that goes wrong has to stop, and its own figures are small"
    )
)]

pub mod accuracy;
pub mod balance;
pub mod decimal;
pub mod explain;
pub mod fx;
pub mod ids;
pub mod invoice;
pub mod journal;
pub mod legacy_usage;
pub mod licence;
pub mod markup;
pub mod money;
pub mod party;
pub mod period;
pub mod ports;
pub mod price;
#[cfg(test)]
mod properties;
pub mod rate;
pub mod savings_plan;
pub mod settlement;
pub mod split;
pub mod tax;
pub mod uom;
pub mod usage;
