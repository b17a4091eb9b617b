//! What tests share: vectors and their runner, the wire contract as data, the ports in memory, and faults
//! at any ports.

pub mod contract;
pub mod faults;
pub mod memory;
pub mod vectors;
