//! What classic subscriptions used.

use serde_json::{Value, json};

use crate::client::Client;
use crate::world::{CLASSIC, CUSTOMER, PLAN, World, meter};

const MONTH: &str = "start_time=2026-11-01T00:00:00Z&end_time=2026-12-01T00:00:00Z";

fn path() -> String {
    format!("/v1/customers/{CUSTOMER}/subscriptions/{CLASSIC}/utilizations/azure")
}

#[track_caller]
fn check(client: &Client, query: &str, days: &[&str]) -> Value {
    let page = client.get_as("Collection<AzureUtilizationRecord>", &format!("{}?{query}", path()));
    let found: Vec<&str> =
        page["items"].as_array().unwrap().iter().map(|one| one["usageStartTime"].as_str().unwrap()).collect();
    assert_eq!(found, days.iter().map(|day| format!("2026-11-{day}T00:00:00Z")).collect::<Vec<_>>(), "{query}");
    page
}

fn world() -> World {
    let world = World::new();
    world.use_classic();
    world
}

#[test]
fn a_record_tells_what_was_used_by_whom() {
    let world = world();
    let page = check(&world.as_harrow(), MONTH, &["01", "02", "03"]);
    let record = &page["items"][0];
    assert_eq!(
        *record,
        json!({
            "usageStartTime": "2026-11-01T00:00:00Z",
            "usageEndTime": "2026-11-02T00:00:00Z",
            "resource": {
                "id": meter(9),
                "name": "S1",
                "category": "Azure App Service",
                "subcategory": "Standard Plan",
                "region": "EU West",
            },
            "quantity": 24,
            "unit": "1 Hour",
            "infoFields": {},
            "instanceData": {
                "resourceUri": "/subscriptions/x/vm-9",
                "location": "WESTEUROPE",
                "partNumber": "",
                "orderNumber": "",
                "tags": { "env": "prod" },
            },
            "attributes": { "objectType": "AzureUtilizationRecord" },
        })
    );
    let summed = check(&world.as_harrow(), &format!("{MONTH}&show_details=False"), &["01", "02", "03"]);
    assert_eq!((&summed["items"][0]["quantity"], summed["items"][0].get("instanceData")), (&json!(24), None));
}

#[test]
fn days_are_those_that_begin_between_two_times() {
    let world = world();
    let client = world.as_harrow();
    for (times, days) in [
        ("start_time=2026-11-02T00:00:00Z&end_time=2026-11-03T00:00:00Z", &["02"][..]),
        ("START_TIME=2026-11-01T00:00:01Z&End_Time=2026-11-03T00:00:01Z", &["02", "03"]),
        ("start_time=2026-11-02T00:00:00+02:00&end_time=2026-11-03T00:00:00%2002:00", &["02"]),
        ("start_time=2026-10-01T00:00:00Z&end_time=2026-11-01T00:00:00Z", &[]),
        ("start_time=2027-01-01T00:00:00Z&end_time=2027-02-01T00:00:00Z", &[]),
    ] {
        check(&client, times, days);
        check(&client, &format!("{times}&granularity=DAILY&show_details=false"), days);
    }
}

/// A next page is asked for with its token and nothing else.
#[test]
fn pages_go_on_by_their_tokens_alone() {
    let world = world();
    for details in ["", "&show_details=false"] {
        let query = format!("{MONTH}&granularity=Daily&size=2{details}");
        let first = check(&world.as_harrow(), &query, &["01", "02"]);
        assert_eq!(first["links"]["self"]["uri"], format!("{}?{query}", path().trim_start_matches("/v1")));
        let next = &first["links"]["next"];
        assert_eq!(next["uri"], format!("{}?seek_operation=Next", path().trim_start_matches("/v1")));
        assert_eq!(next["headers"], json!([{ "key": "MS-ContinuationToken", "value": first["continuationToken"] }]));
        let client = world.as_harrow().with("MS-ContinuationToken", first["continuationToken"].as_str().unwrap());
        for query in ["seek_operation=Next", "seekOperation=next&size=1", ""] {
            let second = check(&client, query, &["03"]);
            assert_eq!(second["links"].get("next"), None);
            assert!(second["items"][0].get("instanceData").is_some() == details.is_empty());
        }
        // Whoever it is handed to still has to be who may read it.
        let others = world.anonymous().with_token(&world.tokens.other);
        let token = first["continuationToken"].as_str().unwrap();
        others.with("MS-ContinuationToken", token).get(&format!("{}?seek_operation=Next", path())).error(404);
    }
    check(&world.as_harrow(), &format!("{MONTH}&size=100000"), &["01", "02", "03"]);
}

#[test]
fn what_is_not_served_and_what_cannot_be_read_is_refused() {
    let world = world();
    let client = world.as_harrow();
    for (query, code) in [
        (format!("{MONTH}&granularity=Hourly"), 900_141),
        (format!("{MONTH}&granularity=weekly"), 900_126),
        (format!("{MONTH}&show_details=maybe"), 800_002),
        (format!("{MONTH}&size=0"), 800_002),
        (format!("{MONTH}&size=-1"), 800_002),
        (format!("{MONTH}&seek_operation=Next"), 800_002),
        (format!("{MONTH}&seek_operation=Last"), 900_141),
        (String::new(), 800_002),
        ("start_time=2026-11-01T00:00:00Z".to_owned(), 800_002),
        ("start_time=2026-11-01T00:00:00Z&end_time=soon".to_owned(), 800_002),
        ("start_time=2026-11-02T00:00:00Z&end_time=2026-11-01T00:00:00Z".to_owned(), 800_002),
        ("start_time=2026-11-31T00:00:00Z&end_time=2026-12-01T00:00:00Z".to_owned(), 800_002),
    ] {
        assert_eq!(client.get(&format!("{}?{query}", path())).error(400), code, "{query}");
    }
    let plan = format!("/v1/customers/{CUSTOMER}/subscriptions/{PLAN}/utilizations/azure?{MONTH}");
    assert_eq!(client.get(&plan).error(400), 900_141);
    let token =
        check(&client, &format!("{MONTH}&size=2"), &["01", "02"])["continuationToken"].as_str().unwrap().to_owned();
    let swapped: String = token.chars().rev().collect();
    for bad in ["x", &token[1..], &format!("{token}A"), &swapped] {
        let client = world.as_harrow().with("MS-ContinuationToken", bad);
        assert_eq!(client.get(&format!("{}?seek_operation=Next", path())).error(400), 800_002, "{bad}");
    }
}
