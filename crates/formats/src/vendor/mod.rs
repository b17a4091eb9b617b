//! The JSON shapes of the Partner Center billing API.
//!
//! Routes and exports write the same structs, so an answer cannot differ from a file. Names,
//! member order and spellings are those that unmodified clients of that API read; what one of them
//! cannot read cannot be built here: numbers are exact and plain, a missing value is left out, the
//! discriminators of a line item follow from its type, the token in a page's body is the one in its
//! link.
//!
//! Reading requests is in [`request`]; it is pure, the HTTP part lives with the routes.

mod classic_usage;
mod continuation;
mod daily_rated;
mod datetime;
mod dispatch;
mod envelope;
mod error;
pub mod export;
mod invoice;
mod license_based;
mod links;
mod number;
mod one_time;
pub mod request;
mod text;
mod uri;
mod words;

#[cfg(test)]
mod golden_tests;

pub use classic_usage::{ClassicUsage, DailyUsageKind, DailyUsageLineItem, UsageBasedKind, UsageBasedLineItem};
pub use continuation::ContinuationToken;
pub use daily_rated::{Benefit, DailyRatedKind, DailyRatedUsageLineItem};
pub use datetime::{SummaryDate, WireDateTime};
pub use dispatch::{LineItemSelection, Paging};
pub use envelope::{CONTINUATION_HEADER, Collection, Link, LinkHeader, Links, ResourceAttributes};
pub use error::{DESCRIPTION_LENGTH_MAX, ErrorBody, GraphErrorBody, ThrottledBody, VendorError};
pub use invoice::{Invoice, InvoiceDetail, InvoiceSummary, InvoiceSummaryDetail, TaxReceipt};
pub use invoice::{invoice_uri, line_items_uri, statement_uri, tax_receipt_uri};
pub use license_based::{LicenseBasedKind, LicenseBasedLineItem};
pub use links::{offset_page_links, resource_links, seek_page_links};
pub use number::JsonNumber;
pub use one_time::{OneTimeInvoiceLineItem, OneTimeKind};
pub use text::{Guid, NotAJsonObject, PriceAdjustments, Tags, Text};
pub use words::{
    BillingProvider, ChargeType, CreditType, DocumentType, InvoiceLineItemType, InvoiceType, QueryPeriod, SeekOperation,
};
