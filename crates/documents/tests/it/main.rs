//! The public face of the crate: a paper goes in, a PDF comes out.

mod errors;
mod pdf;
mod samples;
