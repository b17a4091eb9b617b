//! Usage of the open month, summed, and budgets.

use std::collections::BTreeMap;

use billing::decimal::Decimal;
use serde_json::{Value, json};

use crate::client::{Answer, Client, send_raw};
use crate::world::{CLASSIC, CREDITED_PLAN, CUSTOMER, OTHER_CUSTOMER, OTHER_PLAN, PLAN, UNKNOWN, World, meter};

const JSON: &str = "application/json";

fn number(value: &Value) -> Decimal {
    value.to_string().parse().unwrap()
}

fn sum<'v>(items: impl IntoIterator<Item = &'v Value>, member: &str) -> Decimal {
    billing::decimal::sum(items.into_iter().map(|item| number(&item[member]))).unwrap()
}

fn items(page: &Value) -> &[Value] {
    page["items"].as_array().unwrap()
}

/// The days of plans that no invoice has yet.
fn unbilled(client: &Client) -> Vec<Value> {
    let path = "/v1/invoices/unbilled/lineitems?provider=onetime&invoicelineitemtype=usagelineitems&period=current";
    items(&client.get_as("Collection<DailyRatedUsageLineItem>", path)).to_vec()
}

/// What a cost has to be: that of some line items.
#[track_caller]
fn check_cost<'v>(found: &Value, lines: impl IntoIterator<Item = &'v Value> + Clone) {
    assert_eq!(number(&found["totalCost"]), sum(lines.clone(), "billingPreTaxTotal"), "{found}");
    assert_eq!(number(&found["usdTotalCost"]), sum(lines, "pricingPreTaxTotal"), "{found}");
    assert_eq!((&found["currencyCode"], found.get("currencyLocale")), (&json!("EUR"), None));
    assert_eq!(found["lastModifiedDate"], "2026-11-10T12:00:00Z");
}

#[track_caller]
fn check_period(summary: &Value) {
    let days = [&summary["billingStartDate"], &summary["billingEndDate"]];
    assert_eq!(days, ["2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"]);
}

#[test]
fn months_of_partner_customer_and_subscription_are_the_sums_of_unbilled_line_items() {
    let world = World::new();
    let client = world.as_harrow();
    let lines = unbilled(&client);
    let partner = client.get_as("PartnerUsageSummary", "/v1/usagesummary");
    assert_eq!(number(&partner["totalCost"]), sum(&lines, "billingPreTaxTotal"));
    assert!(number(&partner["totalCost"]) > Decimal::ZERO);
    assert_eq!((&partner["resourceId"], &partner["resourceName"]), (&lines[0]["partnerId"], &lines[0]["partnerName"]));
    assert_eq!(partner["currencyLocale"], "pt-PT");
    let counts = ["customersOverBudget", "customersTrendingOver", "customersWithUsageBasedSubscription"];
    assert_eq!(counts.map(|count| partner[count].as_i64().unwrap()), [0, 0, 1]);
    assert_eq!(partner["links"]["self"]["uri"], "/usagesummary");
    check_period(&partner);

    let page = client.get_as("Collection<CustomerMonthlyUsageRecord>", "/v1/customers/usagerecords");
    let [record] = items(&page) else { panic!("{page}") };
    check_cost(record, &lines);
    assert_eq!((&record["id"], &record["name"]), (&json!(CUSTOMER), &json!("Conservas Oliveira")));
    assert_eq!((&record["isUpgraded"], &record["percentUsed"]), (&json!(true), &json!(0)));
    let summary = client.get_as("CustomerUsageSummary", &format!("/v1/customers/{CUSTOMER}/usagesummary"));
    check_cost(&summary, &lines);
    check_period(&summary);
    assert_eq!(summary["links"]["self"]["uri"], format!("/customers/{CUSTOMER}/usagesummary"));

    let path = format!("/v1/customers/{CUSTOMER}/subscriptions/usagerecords");
    let page = client.get_as("Collection<SubscriptionMonthlyUsageRecord>", &path);
    assert_eq!(items(&page).len(), 2);
    for record in items(&page) {
        let id = record["id"].as_str().unwrap();
        let own: Vec<&Value> = lines.iter().filter(|line| line["subscriptionId"] == id).collect();
        check_cost(record, own.iter().copied());
        assert_eq!((&record["status"], &record["partnerOnRecord"]), (&json!("active"), &lines[0]["mpnId"]));
        let path = format!("/v1/customers/{CUSTOMER}/subscriptions/{id}/usagesummary");
        let summary = client.get_as("SubscriptionUsageSummary", &path);
        check_cost(&summary, own.iter().copied());
        check_period(&summary);
        assert_eq!((&summary["resourceName"], &summary["name"]), (&record["name"], &own[0]["subscriptionDescription"]));
    }
}

/// Records of a plan, each compared with the line items of its key.
#[track_caller]
fn check_records(
    client: &Client,
    (object, path): (&str, &str),
    key: fn(&Value) -> String,
    of_line: fn(&Value) -> String,
) {
    for plan in [PLAN, CREDITED_PLAN] {
        let mut by_key: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for line in unbilled(client).into_iter().filter(|line| line["subscriptionId"] == plan) {
            by_key.entry(of_line(&line)).or_default().push(line);
        }
        let path = format!("/v1/customers/{CUSTOMER}/subscriptions/{plan}/{path}");
        let page = client.get_as(&format!("Collection<{object}>"), &path);
        assert_eq!(items(&page).iter().map(key).collect::<Vec<_>>(), by_key.keys().cloned().collect::<Vec<_>>());
        for record in items(&page) {
            let own = &by_key[&key(record)];
            check_cost(record, own);
            if let Some(quantity) = record.get("quantityUsed") {
                assert_eq!(number(quantity), sum(own, "quantity"), "{record}");
            }
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn months_by_meter_resource_and_day_are_the_sums_of_unbilled_line_items() {
    let world = World::new();
    let client = world.as_harrow();
    check_records(
        &client,
        ("MeterUsageRecord", "meterusagerecords"),
        |record| [&record["meterId"], &record["meterName"], &record["category"], &record["unit"]].map(text).join(" "),
        |line| {
            [&line["meterId"], &line["meterName"], &line["meterCategory"], &line["unitOfMeasure"]].map(text).join(" ")
        },
    );
    check_records(
        &client,
        ("ResourceUsageRecord", "resourceusagerecords"),
        |record| {
            let names = ["resourceUri", "entitlementId", "entitlementName", "resourceGroupName", "resourceType"];
            names.map(|name| text(&record[name])).join(" ")
        },
        |line| {
            let names = ["resourceUri", "entitlementId", "entitlementDescription", "resourceGroup", "consumedService"];
            names.map(|name| text(&line[name])).join(" ")
        },
    );
    check_records(
        &client,
        ("AzureResourceMonthlyUsageRecord", "usagerecords/resources"),
        |record| [&record["id"], &record["resourceName"], &record["subcategory"]].map(text).join(" "),
        |line| [&line["meterId"], &line["meterName"], &line["meterSubCategory"]].map(text).join(" "),
    );
    check_records(
        &client,
        ("SubscriptionDailyUsageRecord", "usagerecords/daily"),
        |record| [&record["dateUsed"], &record["resourceId"], &record["name"]].map(text).join(" "),
        |line| [&line["usageDate"], &line["meterId"], &line["meterName"]].map(text).join(" "),
    );
}

/// 25 hours are included; 40 above them cost 0.125, 7 behind those 0.1.
#[test]
fn classic_subscriptions_name_their_currency_by_a_culture() {
    let world = World::new();
    let modern = number(&world.as_harrow().get("/v1/usagesummary").json(200)["totalCost"]);
    world.use_classic();
    let client = world.as_harrow();
    let of = format!("/v1/customers/{CUSTOMER}/subscriptions/{CLASSIC}");
    #[track_caller]
    fn check(found: &Value, cost: &str) {
        assert_eq!(number(&found["totalCost"]), cost.parse().unwrap(), "{found}");
        let currency = ["currencyLocale", "currencyCode", "usdTotalCost"].map(|name| found.get(name));
        assert_eq!(currency, [Some(&json!("pt-PT")), None, None]);
    }
    check(&client.get_as("SubscriptionUsageSummary", &format!("{of}/usagesummary")), "5.7");
    for (object, path) in [
        ("MeterUsageRecord", "meterusagerecords"),
        ("ResourceUsageRecord", "resourceusagerecords"),
        ("AzureResourceMonthlyUsageRecord", "usagerecords/resources"),
    ] {
        let page = client.get_as(&format!("Collection<{object}>"), &format!("{of}/{path}"));
        let [record] = items(&page) else { panic!("{page}") };
        check(record, "5.7");
        let quantity = record.get("quantityUsed").map(number);
        assert_eq!(quantity, (object != "ResourceUsageRecord").then(|| Decimal::from_integer(72)));
    }
    let days = client.get_as("Collection<SubscriptionDailyUsageRecord>", &format!("{of}/usagerecords/daily"));
    for (day, cost) in items(&days).iter().zip(["0", "2.875", "2.825"]) {
        check(day, cost);
    }
    // With a plan beside it, the customer's month is told as that of a plan; not all of it is priced in dollars.
    let summary = client.get_as("CustomerUsageSummary", &format!("/v1/customers/{CUSTOMER}/usagesummary"));
    let total = modern.checked_add("5.7".parse().unwrap()).unwrap();
    assert_eq!((number(&summary["totalCost"]), summary.get("usdTotalCost")), (total, None));
    assert_eq!(summary["currencyCode"], "EUR");
}

#[test]
fn a_month_follows_the_clock_and_the_last_rating() {
    let world = World::new();
    let client = world.as_harrow();
    let before = number(&client.get("/v1/usagesummary").json(200)["totalCost"]);
    world.use_classic();
    let after = number(&client.get("/v1/usagesummary").json(200)["totalCost"]);
    assert_eq!(after.checked_sub(before), "5.7".parse());
    world.set_clock("2026-12-01T00:00:00Z");
    let summary = client.get_as("PartnerUsageSummary", "/v1/usagesummary");
    assert_eq!((&summary["totalCost"], &summary["billingStartDate"]), (&json!(0), &json!("2026-12-01T00:00:00Z")));
    // Whoever is billed by nobody has no customers that anything is told of.
    let provider = world.anonymous().with_token(&world.tokens.provider);
    assert_eq!(provider.get_as("PartnerUsageSummary", "/v1/usagesummary")["totalCost"], 0);
    let page = provider.get_as("Collection<CustomerMonthlyUsageRecord>", "/v1/customers/usagerecords");
    assert_eq!(page["totalCount"], 0);
}

#[test]
fn licences_are_not_based_on_usage() {
    let world = World::new();
    world.bill_licences();
    let client = world.as_harrow();
    let page = client.get(&format!("/v1/customers/{CUSTOMER}/subscriptions/usagerecords")).json(200);
    assert_eq!(page["totalCount"], 2);
    let of = format!("/v1/customers/{CUSTOMER}/subscriptions/q7RZbQEA");
    for path in ["usagesummary", "meterusagerecords", "usagerecords/daily"] {
        assert_eq!(client.get(&format!("{of}/{path}")).error(400), 800_011, "{path}");
    }
    let times = "start_time=2026-11-01T00:00:00Z&end_time=2026-12-01T00:00:00Z";
    assert_eq!(client.get(&format!("{of}/utilizations/azure?{times}")).error(400), 800_011);
}

/// What follows a customer's path, what follows that of its subscription.
const OF_CUSTOMER: [&str; 3] = ["usagesummary", "usagebudget", "subscriptions/usagerecords"];
const OF_SUBSCRIPTION: [&str; 6] = [
    "usagesummary",
    "meterusagerecords",
    "resourceusagerecords",
    "usagerecords/resources",
    "usagerecords/daily",
    "utilizations/azure?start_time=2026-11-01T00:00:00Z&end_time=2026-12-01T00:00:00Z",
];

#[test]
fn anothers_ids_are_as_unknown_as_unknown_ones() {
    let world = World::new();
    let client = world.as_harrow();
    #[track_caller]
    fn check(client: &Client, [anothers, unknown, malformed]: [String; 3], codes: [u64; 2]) {
        let answer = client.get(&anothers);
        assert_eq!(answer.error(404), codes[0], "{anothers}");
        assert_eq!(answer.text(), client.get(&unknown).text(), "{anothers}");
        assert_eq!(client.get(&malformed).error(400), codes[1], "{malformed}");
    }
    for path in OF_CUSTOMER {
        let of = |customer| format!("/v1/customers/{customer}/{path}");
        check(&client, [OTHER_CUSTOMER, UNKNOWN, "nobody"].map(of), [60_003, 900_118]);
    }
    for path in OF_SUBSCRIPTION {
        let of = |customer| format!("/v1/customers/{customer}/subscriptions/{PLAN}/{path}");
        check(&client, [OTHER_CUSTOMER, UNKNOWN, "nobody"].map(of), [60_003, 900_118]);
        let of = |subscription| format!("/v1/customers/{CUSTOMER}/subscriptions/{subscription}/{path}");
        check(&client, [OTHER_PLAN, UNKNOWN, "nothing"].map(of), [20_003, 2000]);
    }
}

fn budget_path(customer: &str) -> String {
    format!("/v1/customers/{customer}/usagebudget")
}

#[test]
fn a_budget_is_set_changed_and_removed() {
    let world = World::new();
    let client = world.anonymous().with_token(&world.tokens.harrow_admin);
    let path = budget_path(CUSTOMER);
    #[track_caller]
    fn check(world: &World, answer: &Answer, amount: Option<&str>) {
        let set = answer.ok("SpendingBudget");
        let expected = amount.map(|amount| amount.parse::<Decimal>().unwrap());
        assert_eq!(["amount", "usageSpendingBudget"].map(|name| set.get(name).map(number)), [expected; 2]);
        assert_eq!(set["links"]["self"]["uri"], format!("/customers/{CUSTOMER}/usagebudget"));
        assert_eq!(world.as_harrow().get(&budget_path(CUSTOMER)).text(), answer.text());
        let page = world.as_harrow().get_as("Collection<CustomerMonthlyUsageRecord>", "/v1/customers/usagerecords");
        assert_eq!(page["items"][0]["budget"].get("amount").map(number), expected);
    }
    check(&world, &client.get(&path), None);
    for (content_type, body, amount) in [
        (JSON, r#"{"Amount":100.0,"Attributes":{"ObjectType":"SpendingBudget"}}"#, Some("100")),
        (
            "application/json; charset=utf-8",
            r#"{"amount":250.75,"attributes":{"objectType":"SpendingBudget"}}"#,
            Some("250.75"),
        ),
        ("application/json;charset=utf-8", r#"{"amount":250.75,"links":null}"#, Some("250.75")),
        (JSON, r#"{"Amount":null,"Attributes":{"ObjectType":"SpendingBudget"}}"#, None),
        (JSON, r#"{"amount":7}"#, Some("7")),
        (JSON, r#"{"attributes":{"objectType":"SpendingBudget"}}"#, None),
        (JSON, "{}", None),
    ] {
        check(&world, &client.patch(&path, content_type, body), amount);
    }
}

#[test]
fn budgets_that_are_used_up_are_counted() {
    let world = World::new();
    let client = world.anonymous().with_token(&world.tokens.harrow_admin);
    let lines = unbilled(&client);
    let cost = sum(&lines, "billingPreTaxTotal");
    let third = cost.checked_mul(Decimal::from_integer(3)).unwrap();
    let cent: Decimal = "0.01".parse().unwrap();
    // The tenth of thirty days.
    for (budget, expected, percent) in [
        (cost.checked_sub(cent).unwrap(), [1, 0], "100"),
        (cost, [0, 1], "100"),
        (third.checked_sub(cent).unwrap(), [0, 1], "33.33"),
        (third, [0, 0], "33.33"),
    ] {
        client.patch(&budget_path(CUSTOMER), JSON, &format!(r#"{{"amount":{budget}}}"#)).ok("SpendingBudget");
        let summary = client.get_as("PartnerUsageSummary", "/v1/usagesummary");
        let counts = ["customersOverBudget", "customersTrendingOver"].map(|name| summary[name].as_i64().unwrap());
        assert_eq!(counts, expected, "{budget}");
        let page = client.get("/v1/customers/usagerecords").json(200);
        let used = number(&page["items"][0]["percentUsed"]).rounded(2, billing::decimal::Rounding::TowardZero).unwrap();
        let least: Decimal = percent.parse().unwrap();
        assert!(used >= least && used < least.checked_add(Decimal::ONE).unwrap(), "{used} {percent}");
        let summary = client.get_as("CustomerUsageSummary", &format!("/v1/customers/{CUSTOMER}/usagesummary"));
        assert_eq!(number(&summary["budget"]["amount"]), budget);
    }
}

#[test]
fn bodies_that_are_no_budget_and_callers_who_may_not_write_change_nothing() {
    let world = World::new();
    let admin = world.anonymous().with_token(&world.tokens.harrow_admin);
    let path = budget_path(CUSTOMER);
    admin.patch(&path, JSON, r#"{"amount":5}"#).ok("SpendingBudget");
    for body in
        [r#"{"amount":-1}"#, r#"{"amount":"9"}"#, r#"{"amount":[9]}"#, "", "9", r#"{"amount":9"#, r#"{"a":1,"A":2}"#]
    {
        assert_eq!(admin.patch(&path, JSON, body).error(400), 3000, "{body}");
    }
    assert_eq!(admin.patch(&path, "text/plain", r#"{"amount":9}"#).error(415), 800_002);
    let token = &world.tokens.harrow_admin;
    let head = format!("PATCH {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n");
    // Announced, and in pieces that nobody has counted before.
    let pieces = format!("{head}Transfer-Encoding: chunked\r\n\r\n100001\r\n{}", " ".repeat(0x10_0001));
    for request in [format!("{head}Content-Length: 99999999\r\n\r\n"), pieces] {
        let answer = send_raw(world.address(), request.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer:.200}");
    }
    assert_eq!(admin.patch("/v1/usagesummary", JSON, "{}").error(405), 900_141);
    assert_eq!(admin.post(&path).header("allow"), "GET, HEAD, PATCH");
    let unknown = admin.patch(&budget_path(UNKNOWN), JSON, r#"{"amount":9}"#);
    let anothers = admin.patch(&budget_path(OTHER_CUSTOMER), JSON, r#"{"amount":9}"#);
    assert_eq!((anothers.error(404), anothers.text()), (60_003, unknown.text()));
    assert_eq!(world.anonymous().patch(&path, JSON, r#"{"amount":9}"#).error(401), 800_001);
    for token in [&world.tokens.harrow, &world.tokens.wrong_role] {
        let reader = world.anonymous().with_token(token);
        assert_eq!(reader.patch(&path, JSON, r#"{"amount":9}"#).error(403), 900_150);
    }
    let others = world.anonymous().with_token(&world.tokens.other);
    assert_eq!(others.patch(&path, JSON, r#"{"amount":9}"#).error(404), 60_003);
    assert_eq!(world.as_harrow().get(&path).json(200)["amount"], 5);
    let own = others.get(&budget_path(OTHER_CUSTOMER)).ok("SpendingBudget");
    assert_eq!(own.get("amount"), None);
}

#[test]
fn estimates_are_found_by_their_links() {
    let world = World::new();
    let client = world.as_harrow();
    let path = "/v1/invoices/estimates/links";
    let page = client.get_as("Collection<EstimateLink>", path);
    let told =
        |page: &Value, member: &str| -> Vec<String> { items(page).iter().map(|item| text(&item[member])).collect() };
    assert_eq!(told(&page, "type"), ["daily_rated_usage", "daily_rated_usage", "non_consumption", "non_consumption"]);
    assert_eq!(told(&page, "period"), ["Current", "Previous", "Current", "Previous"]);
    assert_eq!((page.get("links"), items(&page)[0].get("attributes")), (None, None));
    for (item, count) in items(&page).iter().zip([unbilled(&client).len(), 0]) {
        let uri = item["link"]["uri"].as_str().unwrap();
        assert!(uri.contains("currencycode=EUR"), "{uri}");
        assert_eq!(client.get(&format!("/v1{uri}")).json(200)["totalCount"], count, "{uri}");
    }
    let dollars = client.get_as("Collection<EstimateLink>", "/v1/Invoices/Estimates/Links?CurrencyCode=usd");
    assert!(items(&dollars).iter().all(|item| text(&item["link"]["uri"]).contains("currencycode=USD")));
    assert_eq!(client.get(&format!("{path}?currencyCode=")).text(), client.get(path).text());
    assert_eq!(client.get(&format!("{path}?currencyCode=EURO")).error(400), 800_002);
}

#[test]
fn a_meter_is_told_by_the_words_of_its_price_list() {
    let world = World::new();
    let path = format!("/v1/customers/{CUSTOMER}/subscriptions/{PLAN}/meterusagerecords");
    let page = world.as_harrow().get_as("Collection<MeterUsageRecord>", &path);
    let first = &items(&page)[0];
    let told = ["meterId", "meterName", "category", "subcategory", "unit"].map(|name| text(&first[name])).join(", ");
    assert_eq!(told, format!("{}, D2 v5, Virtual Machines, Dv5 Series, 1 Hour", meter(1)));
}
