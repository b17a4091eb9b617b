//! The program from outside: command lines, files, exit codes and the served API.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says where")]

mod api_guide;
mod api_kill;
mod api_month;
mod bad_directory;
mod bad_files;
mod bad_usage;
mod books;
mod chance;
mod codes;
mod correcting;
mod damage;
mod damage_ledger;
mod demo;
mod demo_books;
mod disk_full;
mod exporting;
mod gallery;
mod gallery_calls;
mod gallery_requests;
mod http;
mod kill;
mod options;
mod paying;
mod real_month;
mod recurring;
mod restating;
mod sample;
mod server;
mod server_pages;
mod shared;
mod writers;
