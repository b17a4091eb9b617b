//! The server over a real data directory, asked through a real socket.

mod access;
mod answers;
mod client;
mod headers;
mod hostile;
mod line_items;
mod links;
mod logging;
mod paging;
mod routing;
mod world;
