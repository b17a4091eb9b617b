//! Which line items a request gets.

use super::error::VendorError;
use super::words::{BillingProvider, InvoiceLineItemType};

/// How a list is read in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// With `offset` and `size`.
    Offset,
    /// With a continuation token.
    Seek,
}

/// What stands in each item of the answer, and how the answer is paged.
///
/// Clients choose the type of an item by the two words in it and lose the page over a pair that
/// they do not know, so the words of the request are not echoed: `all` is answered with `one_time`,
/// and usage of the modern commerce always says `marketplace`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineItemSelection {
    pub provider: BillingProvider,
    pub line_item_type: InvoiceLineItemType,
    pub paging: Paging,
}

impl LineItemSelection {
    /// # Errors
    /// 400/900126 for a pair that no line items belong to.
    pub fn dispatch(provider: BillingProvider, line_item_type: InvoiceLineItemType) -> Result<Self, VendorError> {
        use BillingProvider as P;
        use InvoiceLineItemType as T;
        let (wire_provider, paging) = match (provider, line_item_type) {
            (P::Office, T::BillingLineItems) => (P::Office, Paging::Offset),
            (P::Azure, T::BillingLineItems | T::UsageLineItems) => (P::Azure, Paging::Offset),
            (P::OneTime | P::All, T::BillingLineItems) => (P::OneTime, Paging::Seek),
            (P::OneTime | P::Marketplace | P::All, T::UsageLineItems) => (P::Marketplace, Paging::Seek),
            _ => {
                return Err(VendorError::unknown_value(format!(
                    "provider {} has no line items of type {}",
                    provider.path_name(),
                    line_item_type.path_name()
                )));
            }
        };
        Ok(Self { provider: wire_provider, line_item_type, paging })
    }

    /// As [`LineItemSelection::dispatch`], from the words of a query or a path.
    ///
    /// # Errors
    /// 400/900126 for a word that is unknown and for a pair that no line items belong to.
    pub fn parse(provider: &str, line_item_type: &str) -> Result<Self, VendorError> {
        let provider =
            BillingProvider::parse(provider).ok_or_else(|| VendorError::unknown_word("provider", provider))?;
        let line_item_type = InvoiceLineItemType::parse(line_item_type)
            .ok_or_else(|| VendorError::unknown_word("invoiceLineItemType", line_item_type))?;
        Self::dispatch(provider, line_item_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(provider: &str, line_item_type: &str, expected: Option<(&str, Paging)>) {
        let selection = LineItemSelection::parse(provider, line_item_type);
        let found = selection.as_ref().ok().map(|s| (s.provider.wire(), s.paging));
        assert_eq!(found, expected, "{provider} {line_item_type}");
        if let Err(error) = selection {
            assert_eq!((error.http_status, error.code), (400, 900_126));
        }
    }

    #[test]
    fn every_pair_of_the_dispatch_table() {
        check("Office", "BillingLineItems", Some(("office", Paging::Offset)));
        check("azure", "billinglineitems", Some(("azure", Paging::Offset)));
        check("azure", "usagelineitems", Some(("azure", Paging::Offset)));
        check("onetime", "BILLINGLINEITEMS", Some(("one_time", Paging::Seek)));
        check("all", "billing_line_items", Some(("one_time", Paging::Seek)));
        check("one_time", "usagelineitems", Some(("marketplace", Paging::Seek)));
        check("marketplace", "usagelineitems", Some(("marketplace", Paging::Seek)));
        check("all", "usagelineitems", Some(("marketplace", Paging::Seek)));
        check("office", "usagelineitems", None);
        check("marketplace", "billinglineitems", None);
        check("none", "billinglineitems", None);
        check("onetime", "none", None);
        check("external", "billinglineitems", None);
        check("onetime", "", None);
    }
}
