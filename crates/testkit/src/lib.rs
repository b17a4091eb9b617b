//! stub

pub mod contract;
pub mod vectors;
