//! Turns issued documents and rated days into the JSON shapes of the Partner Center billing API.
//!
//! The server and the command line write the same values, so an export equals an answer. Nothing is
//! computed here that a document does not say: amounts are exact, and what we do not have is left
//! empty or out, as the shapes allow. Ids are written as they are stored, GUID or not.

mod classic_usage;
mod daily_rated;
mod invoice;
mod license_based;
mod line_item;
mod one_time;
mod summary;
mod usage;
mod utilization;
mod words;

#[cfg(test)]
mod tests;

pub use classic_usage::daily_usage;
pub use daily_rated::daily_rated;
pub use invoice::{PdfLink, invoice};
pub use line_item::{LineItem, line_item, unbilled_line_item};
pub use summary::{empty_summary, summaries, summary};
pub use usage::UsageView;
pub use utilization::utilization_record;
