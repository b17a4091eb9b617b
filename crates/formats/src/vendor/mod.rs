//! The JSON shapes of the Partner Center billing API.
//!
//! Routes and exports write the same structs, so an answer cannot differ from a file. Names,
//! member order and spellings are those that unmodified clients of that API read; what one of them
//! cannot read cannot be built here: numbers are exact and plain, a missing value is left out, the
//! discriminators of a line item follow from its type, the token in a page's body is the one in its
//! link.
//!
//! Reading requests is in [`request`]; it is pure, the HTTP part lives with the routes.

mod budget;
mod classic_usage;
mod continuation;
mod culture;
mod daily_rated;
mod datetime;
mod dispatch;
mod envelope;
mod error;
mod estimate_link;
pub mod export;
mod invoice;
mod license_based;
mod links;
mod number;
mod one_time;
pub mod request;
mod text;
mod uri;
mod usage;
mod utilization;
mod words;

#[cfg(test)]
mod golden_tests;

pub use budget::{SpendingBudget, budget_amount};
pub use classic_usage::{ClassicUsage, DailyUsageKind, DailyUsageLineItem, UsageBasedKind, UsageBasedLineItem};
pub use continuation::ContinuationToken;
pub use culture::Culture;
pub use daily_rated::{Benefit, DailyRatedKind, DailyRatedUsageLineItem};
pub use datetime::{SummaryDate, WireDateTime};
pub use dispatch::{LineItemSelection, Paging};
pub use envelope::{CONTINUATION_HEADER, Collection, Link, LinkHeader, Links, ResourceAttributes};
pub use error::{DESCRIPTION_LENGTH_MAX, ErrorBody, GraphErrorBody, ThrottledBody, VendorError};
pub use estimate_link::{EstimateLink, estimate_links};
pub use invoice::{Invoice, InvoiceDetail, InvoiceSummary, InvoiceSummaryDetail, TaxReceipt};
pub use invoice::{invoice_uri, line_items_uri, statement_uri, tax_receipt_uri};
pub use license_based::{LicenseBasedKind, LicenseBasedLineItem};
pub use links::{offset_page_links, resource_links, seek_page_links, utilization_page_links};
pub use number::JsonNumber;
pub use one_time::{OneTimeInvoiceLineItem, OneTimeKind};
pub use text::{Guid, NotAJsonObject, PriceAdjustments, Tags, Text};
pub use usage::{
    AzureResourceMonthlyUsage, CustomerMonthlyUsage, CustomerUsage, MeterUsage, Metered, PartnerUsage, ResourceUsage,
    SubscriptionDailyUsage, SubscriptionMonthlyUsage, SubscriptionStatus, SubscriptionUsage, UsageCost, UsageOf,
    UsageRecord, UsageResource, UsageSummary,
};
pub use utilization::{AzureUtilizationRecord, InstanceData, StringMap, UriReference, UtilizedMeter};
pub use words::{
    BillingProvider, ChargeType, CreditType, DocumentType, Granularity, InvoiceLineItemType, InvoiceType, QueryPeriod,
    SeekOperation,
};
