//! The usage store from outside.

mod damage;
mod disk_full;
mod identity;
mod model;
mod reading;
mod samples;
mod sweeping;
