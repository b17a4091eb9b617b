//! Prints an issued invoice as a PDF.
//!
//! The crate knows paper and nothing else. It must not know SQL, HTTP, prices or how an amount
//! came about: every amount arrives as exact decimal text, is checked, grouped for its reader
//! and printed, never computed with. It reads no clock, no file and no network, so the same
//! [`InvoicePaper`] gives the same bytes on every run and every machine.
//!
//! The way of one document: [`paper`] (what the caller says) becomes a sheet (what is printed,
//! word for word), the sheet goes to `templates/invoice.typ` as data, and [`render`] returns
//! the PDF.
//!
//! Translations and the template are data files; a new language needs no new code.

mod amount_text;
mod error;
pub mod paper;
mod printable;
mod render;
mod scribe;
mod sheet;
mod translation;
mod world;

pub use amount_text::AmountDefect;
pub use error::RenderError;
pub use paper::InvoicePaper;
pub use render::{RenderedPaper, render, render_counted};
pub use translation::LOCALES;
