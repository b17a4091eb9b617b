//! The server over a real data directory, asked through a real socket.

#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

mod access;
mod answers;
mod api_access;
mod api_bodies;
mod api_document;
mod api_keys;
mod api_runs;
mod client;
mod export_access;
mod export_files;
mod export_shelf;
mod exports;
mod headers;
mod hostile;
mod identity;
mod line_items;
mod links;
mod logging;
mod paging;
mod routing;
mod unbilled_lines;
mod usage;
mod utilization;
mod world;
