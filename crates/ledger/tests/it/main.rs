//! The public face of the crate, on real SQLite files in temporary directories.

mod budgets;
mod damage;
mod directory;
mod imports;
mod issuing;
mod killed;
mod lists;
mod opening;
mod payments;
mod rating;
mod requests;
mod world;
