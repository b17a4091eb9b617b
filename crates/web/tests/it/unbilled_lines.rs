//! What an open month would be billed as.

use serde_json::{Value, json};

use crate::world::{LINE_COUNT, World};

const PATH: &str = "/v1/invoices/unbilled/lineitems?provider=onetime&invoicelineitemtype=billinglineitems";
const LINE: &str = "Collection<OneTimeInvoiceLineItem>";
/// November has no correction.
const NOVEMBER_LINE_COUNT: usize = LINE_COUNT - 1;

#[track_caller]
fn check(world: &World, query: &str, count: usize) -> Vec<Value> {
    let path = format!("{PATH}&{query}");
    let page = world.as_harrow().get_as(LINE, &path);
    assert_eq!(page["totalCount"], count, "{path}");
    page["items"].as_array().unwrap().clone()
}

/// A line without what only an invoice says.
fn bare(line: &Value) -> Value {
    let mut bare = line.clone();
    for name in ["invoiceNumber", "taxTotal", "totalForCustomer", "billingFrequency"] {
        bare.as_object_mut().unwrap().remove(name);
    }
    bare
}

#[test]
fn what_an_open_month_shows_is_what_it_is_billed_as() {
    let world = World::new();
    let open = check(&world, "currencycode=eur&period=current", NOVEMBER_LINE_COUNT);
    for line in &open {
        let said = ["invoiceNumber", "taxTotal", "totalForCustomer", "billingFrequency"].map(|name| line[name].clone());
        assert_eq!(said, [json!(""), json!(0), json!(0), json!("")]);
        assert_ne!(line["subtotal"], 0);
    }
    check(&world, "currencycode=usd&period=current", 0);
    check(&world, "currencycode=&period=previous", 0);
    world.close_november();
    check(&world, "period=current", 0);
    let billed = world.as_harrow().get_as(LINE, "/v1/invoices/G000000003/lineitems/OneTime/BillingLineItems");
    let billed = billed["items"].as_array().unwrap();
    assert_eq!(open.iter().map(bare).collect::<Vec<_>>(), billed.iter().map(bare).collect::<Vec<_>>());
}

#[test]
fn a_month_is_open_as_the_previous_one_until_it_is_closed() {
    let world = World::new();
    world.set_clock("2026-12-01T00:00:00Z");
    check(&world, "period=previous", NOVEMBER_LINE_COUNT);
    check(&world, "period=current", 0);
    world.close_november();
    check(&world, "period=previous", 0);
}

#[test]
fn pages_are_of_one_computation() {
    let world = World::new();
    let all = check(&world, "period=current", NOVEMBER_LINE_COUNT);
    let path = format!("{PATH}&period=current&size=2");
    let (mut found, mut token) = (Vec::new(), None::<String>);
    loop {
        let client = match &token {
            Some(token) => world.as_harrow().with("MS-ContinuationToken", token),
            None => world.as_harrow(),
        };
        let target = if token.is_some() { format!("{path}&seekOperation=Next") } else { path.clone() };
        let page = client.get_as(LINE, &target);
        found.extend(page["items"].as_array().unwrap().clone());
        // What was begun as November goes on as November.
        world.set_clock("2026-12-01T00:00:00Z");
        token = page["continuationToken"].as_str().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    assert_eq!(found, all);
}

#[test]
fn a_token_of_lines_that_have_changed_is_refused() {
    let world = World::new();
    let first = world.as_harrow().get_as(LINE, &format!("{PATH}&period=current&size=2"));
    let token = first["continuationToken"].as_str().unwrap();
    let next = world.as_harrow().with("MS-ContinuationToken", token);
    let path = format!("{PATH}&period=current&size=2&seekOperation=Next");
    let second = next.get_as(LINE, &path);
    assert_eq!(next.get_as(LINE, &path), second);
    world.use_more();
    let refused = next.get(&path);
    assert_eq!(refused.error(400), 800_002);
    assert!(refused.text().contains("begin again"), "{}", refused.text());
    check(&world, "period=current", NOVEMBER_LINE_COUNT + 1);
}

#[test]
fn classic_licences_and_usage_of_an_open_month() {
    let world = World::new();
    world.use_classic();
    let path = |provider: &str, rest: &str| {
        format!("/v1/invoices/unbilled/lineitems?provider={provider}&invoicelineitemtype=billinglineitems{rest}")
    };
    let rates = "Collection<UsageBasedLineItem>";
    let page = world.as_harrow().get_as(rates, &path("azure", "&period=current&size=1"));
    assert_eq!((&page["totalCount"], &page["items"][0]["invoiceNumber"]), (&json!(1), &json!("")));
    let next = page["links"]["next"]["uri"].as_str().unwrap();
    let second = world.as_harrow().get_as(rates, &format!("/v1{next}"));
    assert_eq!((&second["totalCount"], second["links"].get("next")), (&json!(1), None));
    let licences = world.as_harrow().get_as("Collection<LicenseBasedLineItem>", &path("office", "&period=current"));
    assert_eq!(licences["totalCount"], 0);
    assert_eq!(world.as_harrow().get(&path("office", "")).error(400), 800_002);
}
