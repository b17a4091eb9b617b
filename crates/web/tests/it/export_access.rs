//! Who may export what, and requests that are refused.

use serde_json::Value;
use web::routes::{Access, ROUTES, Resource};

use crate::client::{Answer, Client, send_raw};
use crate::exports::{BASE, BILLED, UNBILLED, behind_root, export, post};
use crate::world::World;

const UNKNOWN: &str = "b7c1d9e4-3a52-4f08-9d6e-2c81f5a07b34";

/// Whether the routes of exports have the cases of this file, and not those of the others.
pub(crate) fn is_of_exports(resource: Resource) -> bool {
    use Resource as R;
    matches!(
        resource,
        R::Export
            | R::ExportOperation
            | R::ExportManifest
            | R::EarlyBilledExport
            | R::EarlyUnbilledExport
            | R::EarlyOperation
            | R::EarlyManifest
            | R::ExportBlob
    )
}

/// A request for each pattern; `id` is of an export of the party `harrow`.
fn request(pattern: &str, id: &str) -> String {
    let path = pattern.replace("{subject}/{state}", "usage/billed").replace("{invoice}", "G000000001");
    let path = path.replace("{operation}", id).replace("{manifest}", id);
    if pattern == "/v1/unbilledusage" { format!("{path}?period=current&currencyCode=EUR") } else { path }
}

/// The body of a 404, without the ids of its request.
#[track_caller]
fn said(answer: &Answer) -> Value {
    let mut body = answer.json(404);
    if let Some(error) = body.get_mut("error") {
        error["innerError"].take();
    }
    body
}

#[test]
fn every_route_of_exports_asks_who_calls() {
    let world = World::new();
    let harrow = world.as_harrow();
    let operation = export(&harrow, &format!("{BASE}/usage/billed/export"), BILLED);
    let id = operation["id"].as_str().unwrap();
    for route in ROUTES.iter().filter(|route| is_of_exports(route.resource)) {
        if route.access == Access::Signature {
            continue;
        }
        let method = if route.verb.allowed() == "POST" { "POST" } else { "GET" };
        let path = request(route.pattern, id);
        let ask = |client: &Client, path: &str| {
            client.clone().with("Content-Type", "application/json").call(method, path, BILLED)
        };
        let is_graph = !path.starts_with("/v1/");
        let anonymous = world.anonymous();
        let nobody = ask(&anonymous, &path);
        assert_eq!((nobody.status, nobody.header("www-authenticate").starts_with("Bearer")), (401, is_graph), "{path}");
        for token in [&world.tokens.expired, "qtc_0000"] {
            assert_eq!(ask(&anonymous.clone().with_token(token), &path).status, 401, "{path}");
        }
        assert_eq!(ask(&anonymous.clone().with_token(&world.tokens.wrong_role), &path).status, 403, "{path}");
        assert!(matches!(ask(&harrow, &path).status, 200 | 202), "{path}");
        for token in [&world.tokens.other, &world.tokens.provider] {
            let other = anonymous.clone().with_token(token);
            if route.resource == Resource::EarlyUnbilledExport {
                // Of its own month, whatever it is; or of nobody that is billed.
                let own = ask(&other, &path);
                assert!(matches!(own.status, 202 | 404), "{path}");
                continue;
            }
            let unknown = path.replace("G000000001", "G000999999").replace(id, UNKNOWN);
            let body = BILLED.replace("G000000001", "G000999999");
            let nothing = other.clone().with("Content-Type", "application/json").call(method, &unknown, &body);
            assert_eq!(said(&ask(&other, &path)), said(&nothing), "{path}");
        }
    }
}

#[test]
fn names_that_are_no_ids_are_as_unknown_as_unknown_ids() {
    let world = World::new();
    let client = world.as_harrow();
    let unknown = client.get(&format!("/v1/billingoperations/{UNKNOWN}")).text().to_owned();
    for name in [UNKNOWN, "x", "..%2F..%2Fledger.db", "%00", "%F0%9F%98%80"] {
        let answer = client.get(&format!("/v1/billingoperations/{name}"));
        assert_eq!((answer.error(404), answer.text()), (1000, unknown.as_str()), "{name}");
        assert_eq!(client.get(&format!("{BASE}/operations/{name}")).graph_error(404), "itemNotFound", "{name}");
        assert_eq!(client.get(&format!("{BASE}/manifests/{name}")).graph_error(404), "itemNotFound", "{name}");
        assert_eq!(client.get(&format!("/v1/billingmanifests/{name}")).error(404), 1000, "{name}");
    }
}

#[test]
fn bodies_and_words_that_say_nothing_are_refused() {
    let world = World::new();
    let client = world.as_harrow();
    let billed = format!("{BASE}/usage/billed/export");
    for body in [
        "",
        "[]",
        "null",
        "{",
        "{}",
        r#"{"invoiceId":7}"#,
        r#"{"invoiceId":" "}"#,
        r#"{"invoiceId":"G000000001","InvoiceId":"G000000001"}"#,
        r#"{"invoiceId":"G000000001","attributeSet":"unknownFutureValue"}"#,
        r#"{"invoiceId":"G000000001","attributeSet":["full"]}"#,
    ] {
        assert_eq!(post(&client, &billed, body).graph_error(400), "invalidRequest", "{body}");
    }
    let unbilled = format!("{BASE}/usage/unbilled/export");
    for body in [
        r#"{"currencyCode":"EUR"}"#,
        r#"{"billingPeriod":"current"}"#,
        r#"{"currencyCode":"EURO","billingPeriod":"current"}"#,
        r#"{"currencyCode":"EUR","billingPeriod":"previous"}"#,
    ] {
        assert_eq!(post(&client, &unbilled, body).graph_error(400), "invalidRequest", "{body}");
    }
    let unknown = post(&client, &billed, r#"{"invoiceId":"G000999999"}"#);
    assert_eq!(unknown.graph_error(404), "itemNotFound");
    let text = client.clone().with("Content-Type", "text/plain").call("POST", &billed, BILLED);
    assert_eq!(text.graph_error(415), "invalidRequest");
    for path in [format!("{BASE}/usage/lost/export"), format!("{BASE}/x/unbilled/export")] {
        assert_eq!(post(&client, &path, UNBILLED).graph_error(404), "itemNotFound", "{path}");
    }
    assert_eq!(client.get(&billed).graph_error(405), "invalidRequest");
    for (query, code) in [
        ("", 800_002),
        ("?period=current", 800_002),
        ("?period=last&currencyCode=EURO", 800_002),
        ("?period=previous&currencyCode=EUR", 900_126),
        ("?period=current&currencyCode=EUR&fragment=some", 900_126),
    ] {
        assert_eq!(client.call("POST", &format!("/v1/unbilledusage{query}"), "").error(400), code, "{query}");
    }
    assert_eq!(world.exports.count(), 0);
}

#[test]
fn an_export_that_has_expired_is_gone() {
    let world = World::new();
    let client = world.as_harrow();
    let first = export(&client, &format!("{BASE}/usage/billed/export"), BILLED);
    let id = first["id"].as_str().unwrap();
    let paths = ["billingoperations", "billingmanifests"].map(|name| format!("/v1/{name}/{id}"));
    world.set_clock("2026-11-11T00:00:00Z");
    for path in &paths {
        assert_eq!(client.get(path).error(410), 1000, "{path}");
        assert_eq!(world.anonymous().with_token(&world.tokens.other).get(path).error(404), 1000, "{path}");
    }
    assert_eq!(client.get(&format!("{BASE}/operations/{id}")).graph_error(404), "itemNotFound");
    let again = export(&client, &format!("{BASE}/usage/billed/export"), BILLED);
    assert_eq!(again["createdDateTime"], "2026-11-11T00:00:00Z");
    // Exports that nobody can know of any more are removed with the next one.
    world.set_clock("2026-11-13T12:00:00Z");
    export(&client, &format!("{BASE}/reconciliation/billed/export"), BILLED);
    assert_eq!(world.exports.count(), 1);
}

#[test]
fn links_name_the_host_that_the_client_asked() {
    let world = World::new();
    let ask = |host: &str| {
        let request = format!(
            "POST {BASE}/usage/billed/export HTTP/1.1\r\n{host}Authorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{BILLED}",
            world.tokens.harrow,
            BILLED.len()
        );
        send_raw(world.address(), request.as_bytes())
    };
    let named = ask("Host: billing.example.net:8443\r\n");
    assert!(named.contains(&format!("location: http://billing.example.net:8443{BASE}/operations/")), "{named}");
    for host in ["", "Host: a@b\r\n", "Host: a/b\r\n", "Host: \r\n", "Host: a b\r\n"] {
        let answer = ask(host);
        assert!(answer.starts_with("HTTP/1.1 400"), "{host:?}: {answer}");
    }
    let client = world.as_harrow();
    let accepted = post(&client, &format!("/beta{}/usage/billed/export", &BASE[5..]), BILLED);
    assert!(
        behind_root(&client, accepted.header("location")).starts_with("/beta/reports/partners/billing/operations/")
    );
}
