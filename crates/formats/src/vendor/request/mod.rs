//! Reading requests: paths, queries, filters. Pure; headers are passed in as text.
//!
//! The rule is to accept every form that a known client sends: doubled slashes and versions, any
//! case, a second `?`, names with blanks around them, a misspelt parameter.

mod filter;
mod invoice_key;
mod members;
mod page;
mod path;
mod query;

pub use filter::InvoiceFilter;
pub use invoice_key::InvoiceKey;
pub use members::Members;
pub use page::{OffsetPage, PageLimits, Seek};
pub use path::normalise_path;
pub use query::Query;

use super::error::VendorError;
use super::uri::encode_component;

/// The path and the query of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// As [`normalise_path`] writes it; what routes are matched with.
    pub path: String,
    /// As links write it: without version, in the spelling of the request.
    link_path: String,
    pub query: Query,
}

/// The parameters that decide which items a paged request gets. Only these go into a token.
const SELECTING: [&str; 10] = [
    "currencycode",
    "end_time",
    "granularity",
    "haspartnerearnedcredit",
    "invoicelineitemtype",
    "period",
    "provider",
    "show_details",
    "size",
    "start_time",
];

impl Request {
    /// Reads the target of a request: `/v1//invoices?size=2`.
    ///
    /// # Errors
    /// 400/800002 for a query that cannot be decoded.
    pub fn parse(target: &str) -> Result<Self, VendorError> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Ok(Self { path: normalise_path(path), link_path: path::link_path(path), query: Query::parse(query)? })
    }

    /// The request in one spelling, with the parameters that select items: what a token repeats.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut canonical = self.path.clone();
        let selecting = SELECTING.iter().filter_map(|name| Some((name, self.query.get(name)?)));
        for (index, (name, value)) in selecting.enumerate() {
            canonical.push(if index == 0 { '?' } else { '&' });
            canonical.push_str(name);
            canonical.push('=');
            canonical.push_str(&encode_component(value));
        }
        canonical
    }

    /// The path for links, without version: `/invoices/G1/lineitems`.
    #[must_use]
    pub fn link_path(&self) -> &str {
        &self.link_path
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn requests_that_select_the_same_have_one_canonical_form() {
        let a = Request::parse("/v1//Invoices/G1/LineItems?Size=2&provider=onetime&x=1&period=").unwrap();
        let b = Request::parse("/v1/invoices/G1/lineitems/?provider=onetime&size=2?seekOperation=Next").unwrap();
        assert_eq!(a.canonical(), "/v1/invoices/G1/lineitems?provider=onetime&size=2");
        assert_eq!(a.canonical(), b.canonical());
        assert_eq!(a.link_path(), "/Invoices/G1/LineItems");
    }

    proptest! {
        #[test]
        fn reading_a_request_never_panics_and_its_canonical_form_is_stable(target in any::<String>()) {
            if let Ok(request) = Request::parse(&target) {
                let canonical = request.canonical();
                // A path may hold anything but a `?`.
                let again = Request::parse(&canonical).unwrap().canonical();
                prop_assert_eq!(again, canonical);
            }
        }
    }
}
