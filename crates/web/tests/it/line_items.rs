//! Which line items a request gets.

use serde_json::Value;

use crate::world::{CREDITED_DAY_COUNT, LINE_COUNT, NOVEMBER_DAY_COUNT, OCTOBER_DAY_COUNT, World};

const BILLED: &str = "/v1/invoices/G000000001/lineitems";
const UNBILLED: &str = "/v1/invoices/unbilled/lineitems";
const LINE: &str = "Collection<OneTimeInvoiceLineItem>";
const DAY: &str = "Collection<DailyRatedUsageLineItem>";

#[track_caller]
fn check(world: &World, resource: &str, path: &str, count: usize) -> Value {
    let page = world.as_harrow().get_as(resource, path);
    assert_eq!(page["totalCount"], count, "{path}");
    page
}

#[test]
fn lines_and_days_of_an_invoice_in_both_forms() {
    let world = World::new();
    check(&world, LINE, &format!("{BILLED}?provider=onetime&invoicelineitemtype=billinglineitems"), LINE_COUNT);
    check(&world, LINE, &format!("{BILLED}?provider=ALL&nvoicelineitemtype=Billing_Line_Items&period="), LINE_COUNT);
    check(&world, LINE, &format!("{BILLED}/one_time/billinglineitems?size=2000&offset=1"), LINE_COUNT - 1);
    check(&world, DAY, &format!("{BILLED}?provider=marketplace&invoicelineitemtype=usagelineitems"), OCTOBER_DAY_COUNT);
    check(&world, DAY, &format!("{BILLED}/OneTime/UsageLineItems?offset=150"), OCTOBER_DAY_COUNT - 150);
    check(&world, DAY, &format!("{BILLED}/OneTime/UsageLineItems?offset=99999999999"), 0);
}

#[test]
fn days_can_be_chosen_by_their_credit() {
    let world = World::new();
    let path = format!("{BILLED}?provider=onetime&invoicelineitemtype=usagelineitems&hasPartnerEarnedCredit");
    let with = check(&world, DAY, &format!("{path}=True"), CREDITED_DAY_COUNT);
    let credited = with["items"].as_array().unwrap().iter();
    assert!(credited.clone().all(|day| day["hasPartnerEarnedCredit"] == true));
    check(&world, DAY, &format!("{path}=false"), OCTOBER_DAY_COUNT - CREDITED_DAY_COUNT);
    check(&world, DAY, &format!("{path}=true&offset=4&size=3"), 3);
    check(&world, DAY, &format!("{path}=true&offset=9"), 1);
    assert_eq!(world.as_harrow().get(&format!("{path}=maybe")).error(400), 800_002);
}

#[test]
fn billed_days_carry_the_price_of_their_month() {
    let world = World::new();
    let days = check(&world, DAY, &format!("{BILLED}/OneTime/UsageLineItems"), OCTOBER_DAY_COUNT);
    let lines = check(&world, LINE, &format!("{BILLED}/OneTime/BillingLineItems"), LINE_COUNT);
    for day in days["items"].as_array().unwrap() {
        assert_eq!(day["invoiceNumber"], "G000000001");
        assert_eq!(day["partnerName"], "Harrow Lane Cloud");
        let is_same = |line: &&Value| {
            line["subscriptionId"] == day["subscriptionId"]
                && (line["unitPrice"] == day["unitPrice"] || line["effectiveUnitPrice"] == day["effectiveUnitPrice"])
        };
        let line = lines["items"].as_array().unwrap().iter().find(is_same).unwrap();
        assert_eq!(line["effectiveUnitPrice"], day["effectiveUnitPrice"]);
    }
}

#[test]
fn unbilled_days_are_those_of_the_open_month_by_the_clock() {
    let world = World::new();
    let path = format!("{UNBILLED}?provider=onetime&invoicelineitemtype=usagelineitems&currencycode=eur");
    let page = check(&world, DAY, &format!("{path}&period=current"), NOVEMBER_DAY_COUNT);
    let first = &page["items"][0];
    assert_eq!(first["invoiceNumber"], "");
    assert_eq!(first["chargeEndDate"], "2026-11-30T00:00:00Z");
    check(&world, DAY, &format!("{path}&period=previous"), 0);
    world.set_clock("2026-12-01T00:00:00Z");
    check(&world, DAY, &format!("{path}&period=current"), 0);
    check(&world, DAY, &format!("{path}&period=Previous"), NOVEMBER_DAY_COUNT);
}

#[test]
fn a_currency_that_is_not_used_has_no_items() {
    let world = World::new();
    check(&world, LINE, &format!("{BILLED}/OneTime/BillingLineItems?currencyCode=USD"), 0);
    check(&world, DAY, &format!("{BILLED}/OneTime/UsageLineItems?currencyCode=usd"), 0);
    check(
        &world,
        DAY,
        &format!("{UNBILLED}?provider=all&invoicelineitemtype=usagelineitems&period=current&currencycode=CHF"),
        0,
    );
    check(&world, LINE, &format!("{BILLED}/OneTime/BillingLineItems?currencyCode="), LINE_COUNT);
    assert_eq!(
        world.as_harrow().get(&format!("{BILLED}/OneTime/BillingLineItems?currencyCode=EURO")).error(400),
        800_002
    );
}

#[test]
fn lines_of_the_older_commerce_are_none() {
    let world = World::new();
    for pair in ["Office/BillingLineItems", "azure/BILLINGLINEITEMS", "Azure/UsageLineItems"] {
        let page = check(&world, "Collection", &format!("{BILLED}/{pair}?size=5&offset=5"), 0);
        assert_eq!(page["links"]["previous"]["uri"].as_str().unwrap().split('?').nth(1), Some("size=5&offset=0"));
        assert_eq!(page.get("continuationToken"), None);
    }
}

#[test]
fn pairs_and_words_that_nothing_belongs_to_are_refused() {
    let world = World::new();
    let client = world.as_harrow();
    for path in [
        format!("{BILLED}/Office/UsageLineItems"),
        format!("{BILLED}/Marketplace/BillingLineItems"),
        format!("{BILLED}/External/BillingLineItems"),
        format!("{BILLED}/OneTime/None"),
        BILLED.to_owned(),
        format!("{BILLED}?provider=onetime"),
        format!("{UNBILLED}?provider=onetime&invoicelineitemtype=usagelineitems&period=last"),
    ] {
        assert_eq!(client.get(&path).error(400), 900_126, "{path}");
    }
    let unbilled = format!("{UNBILLED}?provider=onetime&invoicelineitemtype=usagelineitems");
    assert_eq!(client.get(&unbilled).error(400), 800_002);
    let reconciliation = format!("{UNBILLED}?provider=all&invoicelineitemtype=billinglineitems&period=current");
    assert_eq!(client.get(&reconciliation).error(400), 900_141);
    assert_eq!(client.get("/v1/invoices/unbilled/lineitems/OneTime/UsageLineItems").error(404), 1000);
}
