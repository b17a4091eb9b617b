//! Paging by token: each line once, in the order of the document, whatever the size of a page.

use serde_json::Value;

use crate::books::Books;
use crate::demo_books::demo_dir;
use crate::http::{Server, token};
use crate::server::{check_contract, invoices_of};

/// Follows the next links to their end, as a client does.
fn all_items(server: &Server, token: &str, first: &str, resource: &str) -> Vec<Value> {
    let authorization = format!("Bearer {token}");
    let (mut path, mut continuation) = (first.to_owned(), None::<String>);
    let mut items = Vec::new();
    loop {
        let mut headers = vec![("Authorization", authorization.as_str())];
        if let Some(token) = &continuation {
            headers.push(("MS-ContinuationToken", token));
        }
        let answer = server.get(&path, &headers);
        check_contract(resource, &answer);
        let page = answer.json();
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["links"]["next"]["uri"].as_str() else { return items };
        path = if next.starts_with("/v1/") { next.to_owned() } else { format!("/v1{next}") };
        continuation = page["continuationToken"].as_str().map(str::to_owned);
        assert!(items.len() < 100_000, "the pages have no end");
    }
}

#[test]
fn pages_show_each_daily_line_once() {
    let books = Books::copy_of(demo_dir());
    let server = Server::start(&books);
    let token = token(&books, "--org quillon");
    let number = invoices_of(&books, "quillon").pop().unwrap();
    let path = format!("/v1/invoices/{number}/lineitems?provider=onetime&invoicelineitemtype=usagelineitems&size=2000");
    let items = all_items(&server, &token, &path, "Collection<DailyRatedUsageLineItem>");
    let expected = books.json(&format!("invoices lines {number} --daily"));
    let expected = expected.as_array().unwrap();
    assert!(items.len() > 20_000, "{}", items.len());
    assert_eq!(items.len(), expected.len());
    assert!(items == *expected, "the pages are not the lines in their order");
}

#[test]
fn the_size_of_a_page_changes_nothing() {
    let books = Books::copy_of(demo_dir());
    let server = Server::start(&books);
    let token = token(&books, "--org quillon");
    let number = invoices_of(&books, "quillon").remove(0);
    let path = format!("/v1/invoices/{number}/lineitems?provider=onetime&invoicelineitemtype=billinglineitems");
    let expected = books.json(&format!("invoices lines {number}"));
    for size in [1, 7, 50, 2000] {
        let items = all_items(&server, &token, &format!("{path}&size={size}"), "Collection");
        assert_eq!(Value::Array(items), expected, "size {size}");
    }
}
