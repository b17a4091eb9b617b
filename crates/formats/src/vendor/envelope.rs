//! What surrounds every resource: links, attributes, pages.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// The header that carries a continuation token.
pub const CONTINUATION_HEADER: &str = "MS-ContinuationToken";

/// A header that a client sends along when it follows a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LinkHeader {
    pub key: &'static str,
    pub value: String,
}

/// A link: relative, with a leading `/`, without host and version, because clients put both in
/// front themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    pub uri: String,
    pub method: &'static str,
    pub headers: Vec<LinkHeader>,
}

impl Link {
    #[must_use]
    pub fn get(uri: impl Into<String>) -> Self {
        Self { uri: uri.into(), method: "GET", headers: Vec::new() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Links {
    #[serde(rename = "self", skip_serializing_if = "Option::is_none")]
    pub own: Option<Link>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Link>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<Link>,
}

impl Links {
    /// Only `self`.
    #[must_use]
    pub fn own(uri: impl Into<String>) -> Self {
        Self { own: Some(Link::get(uri)), next: None, previous: None }
    }

    fn continuation_token(&self) -> Option<&str> {
        let headers = &self.next.as_ref()?.headers;
        headers.iter().find(|header| header.key == CONTINUATION_HEADER).map(|header| header.value.as_str())
    }
}

/// What a resource says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceAttributes {
    /// Only on resources that are written back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    pub object_type: &'static str,
}

impl ResourceAttributes {
    pub const COLLECTION: Self = Self::of("Collection");
    pub const INVOICE: Self = Self::of("Invoice");
    pub const INVOICE_DETAIL: Self = Self::of("InvoiceDetail");
    pub const INVOICE_SUMMARY: Self = Self::of("InvoiceSummary");
    pub const ONE_TIME_LINE_ITEM: Self = Self::of("OneTimeInvoiceLineItem");
    pub const LICENSE_BASED_LINE_ITEM: Self = Self::of("LicenseBasedLineItem");
    pub const USAGE_BASED_LINE_ITEM: Self = Self::of("UsageBasedLineItem");
    pub const DAILY_USAGE_LINE_ITEM: Self = Self::of("DailyUsageLineItem");
    pub const DAILY_RATED_LINE_ITEM: Self = Self::of("DailyRatedUsageLineItem");
    pub const UTILIZATION_RECORD: Self = Self::of("AzureUtilizationRecord");

    #[must_use]
    pub const fn of(object_type: &'static str) -> Self {
        Self { etag: None, object_type }
    }
}

/// One page of a list.
///
/// `totalCount` is the number of items in this page. `continuationToken` is taken from the header
/// of the `next` link, so the two cannot disagree: clients loop as long as the one is there and go
/// on with the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection<T> {
    pub items: Vec<T>,
    /// Left out by the one list that has none.
    pub links: Option<Links>,
}

impl<T> Collection<T> {
    #[must_use]
    pub fn new(items: Vec<T>, links: Links) -> Self {
        Self { items, links: Some(links) }
    }
}

impl<T: Serialize> Serialize for Collection<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let token = self.links.as_ref().and_then(Links::continuation_token);
        let mut page = serializer.serialize_struct("Collection", 5)?;
        match token {
            Some(token) => page.serialize_field("continuationToken", token)?,
            None => page.skip_field("continuationToken")?,
        }
        page.serialize_field("totalCount", &self.items.len())?;
        page.serialize_field("items", &self.items)?;
        match &self.links {
            Some(links) => page.serialize_field("links", links)?,
            None => page.skip_field("links")?,
        }
        page.serialize_field("attributes", &ResourceAttributes::COLLECTION)?;
        page.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_page_still_has_items() {
        let page: Collection<u8> = Collection::new(Vec::new(), Links::own("/invoices"));
        let expected = r#"{"totalCount":0,"items":[],"links":{"self":{"uri":"/invoices","method":"GET","headers":[]}},"attributes":{"objectType":"Collection"}}"#;
        assert_eq!(serde_json::to_string(&page).unwrap(), expected);
        let bare = Collection { items: vec![1_u8], links: None };
        assert_eq!(
            serde_json::to_string(&bare).unwrap(),
            r#"{"totalCount":1,"items":[1],"attributes":{"objectType":"Collection"}}"#
        );
    }

    #[test]
    fn the_token_of_the_body_is_the_one_of_the_link() {
        let mut links = Links::own("/a");
        let header = LinkHeader { key: CONTINUATION_HEADER, value: "t1".to_owned() };
        links.next = Some(Link { headers: vec![header], ..Link::get("/a?seekOperation=Next") });
        let text = serde_json::to_string(&Collection::<u8>::new(Vec::new(), links)).unwrap();
        assert!(text.starts_with(r#"{"continuationToken":"t1","totalCount":0"#), "{text}");
    }
}
