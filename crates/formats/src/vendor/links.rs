//! Links of a page to itself and to its neighbours.
//!
//! `self` repeats the query of the request in its own spelling, so a second page shows the same
//! `self` as the first; what no known client could read in a link is repaired on the way.

use super::continuation::ContinuationToken;
use super::envelope::{CONTINUATION_HEADER, Link, LinkHeader, Links};
use super::request::{OffsetPage, Request};

/// The parameter in both of its spellings; it is no part of `self`.
const SEEK_OPERATION: [&str; 2] = ["seekoperation", "seek_operation"];

fn with_query(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

fn own_uri(request: &Request) -> String {
    with_query(request.link_path(), &request.query.echo(&SEEK_OPERATION))
}

/// Only `self`, for a resource or a list that is not paged.
#[must_use]
pub fn resource_links(request: &Request) -> Links {
    Links::own(own_uri(request))
}

/// The links of a page by position; `has_more` where an item follows it.
#[must_use]
pub fn offset_page_links(request: &Request, page: OffsetPage, has_more: bool) -> Links {
    let at = |offset: u64| Link::get(with_query(request.link_path(), &request.query.echo_with_offset(offset)));
    let size = u64::from(page.size);
    let mut links = resource_links(request);
    links.next = has_more.then(|| at(page.offset.saturating_add(size)));
    links.previous = (page.offset > 0).then(|| at(page.offset.saturating_sub(size)));
    links
}

/// The links of a page by token; `next` where an item follows it.
#[must_use]
pub fn seek_page_links(request: &Request, next: Option<&ContinuationToken>) -> Links {
    let own = own_uri(request);
    let following = next.map(|token| {
        let joint = if own.contains('?') { '&' } else { '?' };
        let header = LinkHeader { key: CONTINUATION_HEADER, value: token.to_string() };
        Link { headers: vec![header], ..Link::get(format!("{own}{joint}seekOperation=Next")) }
    });
    Links { next: following, ..Links::own(own) }
}

/// The links of a page of recorded use: its next page is asked for with the token and nothing else. `selecting` is
/// the request that the token goes on with.
#[must_use]
pub fn utilization_page_links(request: &Request, selecting: &Request, next: Option<&ContinuationToken>) -> Links {
    let following = next.map(|token| {
        let header = LinkHeader { key: CONTINUATION_HEADER, value: token.to_string() };
        Link { headers: vec![header], ..Link::get(with_query(request.link_path(), "seek_operation=Next")) }
    });
    let own = with_query(request.link_path(), &selecting.query.echo(&SEEK_OPERATION));
    Links { next: following, ..Links::own(own) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendor::request::PageLimits;

    fn uri(link: Option<&Link>) -> Option<&str> {
        link.map(|link| link.uri.as_str())
    }

    #[track_caller]
    fn check_offset(target: &str, has_more: bool, expected: [Option<&str>; 3]) {
        let request = Request::parse(target).unwrap();
        let page = request.query.offset_page(PageLimits::INVOICES).unwrap();
        let links = offset_page_links(&request, page, has_more);
        assert_eq!([uri(links.own.as_ref()), uri(links.next.as_ref()), uri(links.previous.as_ref())], expected);
    }

    #[test]
    fn pages_by_position() {
        check_offset("/v1/invoices", false, [Some("/invoices"), None, None]);
        check_offset("/v1/invoices", true, [Some("/invoices"), Some("/invoices?offset=200"), None]);
        check_offset(
            "/v1//invoices?Size=2&Offset=1",
            true,
            [Some("/invoices?Size=2&Offset=1"), Some("/invoices?Size=2&offset=3"), Some("/invoices?Size=2&offset=0")],
        );
        check_offset(
            "/v1/invoices?offset=18446744073709551615&filter={\"a b\"}",
            false,
            [
                Some("/invoices?offset=18446744073709551615&filter=%7B%22a%20b%22%7D"),
                None,
                Some("/invoices?offset=18446744073709551415&filter=%7B%22a%20b%22%7D"),
            ],
        );
    }

    #[test]
    fn pages_by_token() {
        let target = "/v1/v1/invoices/G1/lineitems?provider=onetime&nvoicelineitemtype=billinglineitems&size=1";
        let request = Request::parse(target).unwrap();
        let token = ContinuationToken::new(&request, "1");
        let links = seek_page_links(&request, Some(&token));
        let own = "/invoices/G1/lineitems?provider=onetime&invoicelineitemtype=billinglineitems&size=1";
        assert_eq!(uri(links.own.as_ref()), Some(own));
        let next = links.next.unwrap();
        assert_eq!(next.uri, format!("{own}&seekOperation=Next"));
        assert_eq!(next.headers, [LinkHeader { key: "MS-ContinuationToken", value: token.to_string() }]);

        let second = Request::parse(&format!("/v1{}", next.uri)).unwrap();
        assert_eq!(seek_page_links(&second, None), Links::own(own));
        let bare = Request::parse("/v1/invoices/OneTime-G1/lineitems/OneTime/BillingLineItems").unwrap();
        let next = seek_page_links(&bare, Some(&token)).next.unwrap();
        assert_eq!(next.uri, "/invoices/OneTime-G1/lineitems/OneTime/BillingLineItems?seekOperation=Next");
    }
}
