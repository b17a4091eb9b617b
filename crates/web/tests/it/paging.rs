//! Pages by token: every line once, in the same order, and an end.

use serde_json::Value;

use crate::client::Client;
use crate::world::{CREDITED_DAY_COUNT, LINE_COUNT, NOVEMBER_DAY_COUNT, OCTOBER_DAY_COUNT, World};

/// Reads as the published samples do: as long as there is a token, follow the next link with the
/// headers that stand in it.
fn read_all(client: &Client, resource: &str, path: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut page = client.get_as(resource, path);
    let own = page["links"]["self"]["uri"].clone();
    for _ in 0..1000 {
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(token) = page["continuationToken"].as_str() else {
            assert_eq!(page["links"].get("next"), None);
            return items;
        };
        let next = &page["links"]["next"];
        assert_eq!(next["headers"][0]["value"], token);
        let uri = format!("/v1/{}", next["uri"].as_str().unwrap());
        let client = client.clone().with("MS-ContinuationToken", token);
        page = client.get_as(resource, &uri);
        assert_eq!(page["links"]["self"]["uri"], own, "{uri}");
    }
    panic!("{path} does not end");
}

#[track_caller]
fn check(client: &Client, kind: &str, path: &str, sizes: &[usize], count: usize) {
    let resource = format!("Collection<{kind}>");
    let whole = read_all(client, &resource, path);
    assert_eq!(whole.len(), count, "{path}");
    let joint = if path.contains('?') { '&' } else { '?' };
    for size in sizes {
        let parts = read_all(client, &resource, &format!("{path}{joint}size={size}"));
        assert_eq!(parts, whole, "{path} by {size}");
    }
}

#[test]
fn lines_by_pages_are_the_lines_of_the_invoice() {
    let world = World::new();
    let client = world.as_harrow();
    let kind = "OneTimeInvoiceLineItem";
    check(&client, kind, "/v1/invoices/G000000001/lineitems/OneTime/BillingLineItems", &[1, 4, 5, 6, 7], LINE_COUNT);
    let query = "/v1//invoices/onetime-g000000001/LineItems?provider=all&nvoicelineitemtype=BILLINGLINEITEMS";
    check(&client, kind, query, &[2, 3], LINE_COUNT);
}

#[test]
fn days_by_pages_are_the_days_of_the_month() {
    let world = World::new();
    let client = world.as_harrow();
    let kind = "DailyRatedUsageLineItem";
    let billed = "/v1/invoices/G000000001/lineitems?provider=onetime&invoicelineitemtype=usagelineitems";
    check(&client, kind, billed, &[50, 155, 156, 157, 2001], OCTOBER_DAY_COUNT);
    check(&client, kind, &format!("{billed}&hasPartnerEarnedCredit=true"), &[1, 3, 10], CREDITED_DAY_COUNT);
    let unbilled = "/v1/invoices/unbilled/lineitems?provider=onetime&invoicelineitemtype=usagelineitems&period=current";
    check(&client, kind, unbilled, &[7, 45], NOVEMBER_DAY_COUNT);
}

#[test]
fn a_month_that_was_begun_is_read_to_its_end_when_the_clock_passes_it() {
    let world = World::new();
    let path =
        "/v1/invoices/unbilled/lineitems?provider=onetime&invoicelineitemtype=usagelineitems&period=current&size=40";
    let first = world.as_harrow().get_as("Collection", path);
    world.set_clock("2026-12-01T00:00:00Z");
    let client = world.as_harrow().with("MS-ContinuationToken", first["continuationToken"].as_str().unwrap());
    let second = client.get_as("Collection", path);
    assert_eq!(second["totalCount"], NOVEMBER_DAY_COUNT - 40);
}

#[test]
fn a_token_is_enough_and_the_same_token_is_the_same_page() {
    let world = World::new();
    let path = "/v1/invoices/G000000001/lineitems";
    let first = world
        .as_harrow()
        .get_as("Collection", &format!("{path}?provider=onetime&invoicelineitemtype=billinglineitems&size=4"));
    let client = world.as_harrow().with("MS-ContinuationToken", first["continuationToken"].as_str().unwrap());
    let second = client.get_as("Collection", &format!("{path}?seek_operation=NEXT"));
    assert_eq!(second["totalCount"], 2);
    assert_eq!(client.get_as("Collection", &format!("{path}?seek_operation=next"))["items"], second["items"]);
    // The token wins over a query that says something else.
    let other_query = format!("{path}?provider=onetime&invoicelineitemtype=usagelineitems&size=1");
    assert_eq!(client.get_as("Collection", &other_query)["items"], second["items"]);
}

#[test]
fn tokens_that_are_not_ours_are_refused() {
    let world = World::new();
    let path = "/v1/invoices/G000000001/lineitems?provider=onetime&invoicelineitemtype=billinglineitems&size=4";
    let first = world.as_harrow().get_as("Collection", path);
    let token = first["continuationToken"].as_str().unwrap();
    let changed = format!("{}{}", if token.starts_with('A') { 'B' } else { 'A' }, &token[1..]);
    let long = "A".repeat(8000);
    for bad in [changed.as_str(), &token[1..], "nonsense", "eyJwIjoyfQ==", "' or 1=1", &long] {
        let client = world.as_harrow().with("MS-ContinuationToken", bad);
        assert_eq!(client.get(&format!("{path}&seekOperation=Next")).error(400), 800_002, "{bad}");
        assert_eq!(client.get(path).error(400), 800_002, "{bad}");
    }
    let client = world.as_harrow().with("MS-ContinuationToken", token);
    let elsewhere = "/v1/invoices/G000000001/lineitems/OneTime/BillingLineItems?seekOperation=Next";
    assert_eq!(client.get(elsewhere).error(400), 800_002);
    assert_eq!(client.get(&format!("{path}&seekOperation=Last")).error(400), 900_141);
    assert_eq!(world.as_harrow().get(&format!("{path}&seekOperation=Next")).error(400), 800_002);
    // Another's token opens nothing.
    let other = world.anonymous().with_token(&world.tokens.other).with("MS-ContinuationToken", token);
    assert_eq!(other.get(path).error(404), 1000);
}
