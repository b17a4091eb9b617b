//! Rating from files, from outside: what the ports promise, against records rated one at a time.

mod determinism;
mod limits;
mod lines;
mod model;
mod months;
mod naive;
mod party;
mod plans;
mod selection;
mod taken_over;
mod world;
