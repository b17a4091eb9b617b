//! The usage store from outside.

mod compacting;
mod damage;
mod disk_full;
mod identity;
mod model;
mod rating;
mod reading;
mod samples;
mod sweeping;
