//! Which line items a request gets.

use serde_json::{Value, json};

use crate::world::{CREDITED_DAY_COUNT, LINE_COUNT, NOVEMBER_DAY_COUNT, OCTOBER_DAY_COUNT, World};

const BILLED: &str = "/v1/invoices/G000000001/lineitems";
const UNBILLED: &str = "/v1/invoices/unbilled/lineitems";
const LINE: &str = "Collection<OneTimeInvoiceLineItem>";
const LICENCE: &str = "Collection<LicenseBasedLineItem>";
const DAY: &str = "Collection<DailyRatedUsageLineItem>";
const RATE: &str = "Collection<UsageBasedLineItem>";
const CLASSIC_DAY: &str = "Collection<DailyUsageLineItem>";

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
fn licences_of_a_recurring_invoice_in_both_forms() {
    let world = World::new();
    world.bill_licences();
    let recurring = "/v1/invoices/D000000001/lineitems";
    let page = check(&world, LICENCE, &format!("{recurring}?provider=office&invoicelineitemtype=billinglineitems"), 2);
    let [monthly, annual] = [0, 1].map(|place| &page["items"][place]);
    let members =
        ["billingCycleType", "chargeType", "chargeEndDate", "mpnId", "tier2MpnId", "offerId", "durableOfferId"];
    let told = |line: &Value| members.map(|name| line[name].to_string()).join(" ");
    let offer = "4471906 -1 \"91FD106F\" \"2F707C7C\"";
    assert_eq!(told(monthly), format!("\"MONTHLY\" \"Purchase fee\" \"2026-12-04T00:00:00Z\" {offer}"));
    assert_eq!(told(annual), format!("\"ANNUAL\" \"Purchase fee\" \"2027-11-04T00:00:00Z\" {offer}"));
    let amounts = ["unitPrice", "quantity", "amount", "totalOtherDiscount", "subtotal", "totalForCustomer"];
    assert_eq!(amounts.map(|name| monthly[name].as_f64().unwrap()), [10.5, 12.0, 126.0, 12.6, 113.4, 113.4]);
    let first = check(&world, LICENCE, "/v1/invoices/Recurring-D000000001/lineitems/Office/BillingLineItems?size=1", 1);
    assert_eq!(first["items"][0], *monthly);
    let next = first["links"]["next"]["uri"].as_str().unwrap();
    assert_eq!(next.split('?').nth(1), Some("size=1&offset=1"));
    let second = check(&world, LICENCE, &format!("/v1{next}"), 1);
    assert_eq!((&second["items"][0], second["links"].get("next")), (annual, None));
    check(&world, LICENCE, &format!("{recurring}/Office/BillingLineItems?offset=2"), 0);
    check(&world, LICENCE, &format!("{recurring}/Office/BillingLineItems?currencyCode=USD"), 0);
}

/// Each rate of a consumption is a line; of licences on the same invoice nothing is said.
#[test]
fn classic_usage_of_a_recurring_invoice() {
    let world = World::new();
    world.use_classic();
    world.bill_licences();
    let recurring = "/v1/invoices/D000000001/lineitems";
    let page = check(&world, RATE, &format!("{recurring}?provider=azure&invoicelineitemtype=billinglineitems"), 2);
    let members = [
        "detailLineItemId",
        "includedQuantity",
        "consumedQuantity",
        "overageQuantity",
        "listPrice",
        "consumptionPrice",
        "consumptionDiscount",
        "pretaxCharges",
        "taxAmount",
        "postTaxTotal",
        "pretaxEffectiveRate",
        "postTaxEffectiveRate",
    ];
    let told = |line: &Value| members.map(|name| line[name].to_string()).join(" ");
    let lines = page["items"].as_array().unwrap();
    let expected = ["1 25 65 40 0.125 5.0 0 5.0 0 5.0 0.125 0.125", "2 0 7 7 0.1 0.7 0 0.7 0 0.7 0.1 0.1"];
    assert_eq!(lines.iter().map(told).collect::<Vec<_>>(), expected);
    let words = ["invoiceNumber", "chargeType", "serviceName", "serviceType", "resourceName", "region", "unit"];
    let said = words.map(|name| lines[0][name].as_str().unwrap()).join(", ");
    let usage = "Assess usage fee for current cycle, Azure App Service, Standard Plan, S1, EU West, 1 Hour";
    assert_eq!(said, format!("D000000001, {usage}"));
    let second = check(&world, RATE, &format!("{recurring}/Azure/BillingLineItems?size=1&offset=1"), 1);
    assert_eq!((&second["items"][0], second["links"].get("next")), (&lines[1], None));
    check(&world, LICENCE, &format!("{recurring}/Office/BillingLineItems"), 2);
    let invoice = world.as_harrow().get("/v1/invoices/D000000001").json(200);
    let sets = invoice["invoiceDetails"].as_array().unwrap().iter();
    let sets: Vec<_> = sets.map(|set| format!("{} {}", set["billingProvider"], set["invoiceLineItemType"])).collect();
    let expected = [("office", "billing_line_items"), ("azure", "billing_line_items"), ("azure", "usage_line_items")];
    assert_eq!(sets, expected.map(|(provider, items)| format!("{provider:?} {items:?}")));
}

#[test]
fn classic_days_before_and_after_they_are_billed() {
    let world = World::new();
    world.use_classic();
    let unbilled = format!("{UNBILLED}?provider=azure&invoicelineitemtype=usagelineitems&period=current");
    let open = check(&world, CLASSIC_DAY, &unbilled, 3);
    assert_eq!((&open["items"][0]["invoiceNumber"], &open["items"][0]["project"]), (&json!(""), &json!("vm-9")));
    check(&world, CLASSIC_DAY, &format!("{unbilled}&currencycode=USD"), 0);
    // Days of plans are where they were, and no classic one is among them.
    let modern = format!("{UNBILLED}?provider=onetime&invoicelineitemtype=usagelineitems&period=current");
    check(&world, DAY, &modern, NOVEMBER_DAY_COUNT);
    world.bill_licences();
    check(&world, CLASSIC_DAY, &unbilled, 0);
    let billed = "/v1/invoices/D000000001/lineitems/Azure/UsageLineItems";
    let first = check(&world, CLASSIC_DAY, &format!("{billed}?size=2"), 2);
    let next = first["links"]["next"]["uri"].as_str().unwrap();
    let second = check(&world, CLASSIC_DAY, &format!("/v1{next}"), 1);
    assert_eq!(second["links"].get("next"), None);
    let days = [&first["items"][0], &first["items"][1], &second["items"][0]];
    let told = days.map(|day| format!("{} {} {}", day["usageDate"], day["consumedQuantity"], day["invoiceNumber"]));
    assert_eq!(told, [1, 2, 3].map(|day| format!("\"2026-11-0{day}T00:00:00Z\" 24 \"D000000001\"")));
    check(&world, DAY, "/v1/invoices/G000000003/lineitems/OneTime/UsageLineItems", NOVEMBER_DAY_COUNT);
    check(&world, CLASSIC_DAY, &format!("{billed}?currencyCode=USD"), 0);
}

#[test]
fn each_family_has_the_lines_of_its_own_provider() {
    let world = World::new();
    world.bill_licences();
    let [one_time, recurring] = ["G000000003", "D000000001"].map(|number| format!("/v1/invoices/{number}/lineitems"));
    for pair in ["OneTime/BillingLineItems", "All/BillingLineItems", "OneTime/UsageLineItems", "Azure/BillingLineItems"]
    {
        check(&world, "Collection", &format!("{recurring}/{pair}"), 0);
    }
    check(&world, "Collection", &format!("{one_time}/Office/BillingLineItems"), 0);
    check(&world, LINE, &format!("{one_time}/OneTime/BillingLineItems"), LINE_COUNT - 1);
    let invoice = world.as_harrow().get_as("Invoice", "/v1/invoices/D000000001");
    let details = invoice["invoiceDetails"].as_array().unwrap();
    let words = |name: &str| details[0][name].as_str().unwrap().to_owned();
    assert_eq!(
        (details.len(), words("billingProvider"), words("invoiceLineItemType")),
        (1, "office".into(), "billing_line_items".into())
    );
    let summary = world.as_harrow().get_as("InvoiceSummary", "/v1/invoices/summary");
    let types: Vec<_> = summary["details"].as_array().unwrap().iter().map(|one| one["invoiceType"].clone()).collect();
    assert_eq!(types, ["OneTime", "Recurring"]);
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
    let reconciliation = format!("{UNBILLED}?provider=all&invoicelineitemtype=billinglineitems");
    assert_eq!(client.get(&reconciliation).error(400), 800_002);
    assert_eq!(client.get("/v1/invoices/unbilled/lineitems/OneTime/UsageLineItems").error(404), 1000);
}
