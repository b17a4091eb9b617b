//! What bodies and queries may not be: every problem is named with its place, and nothing is written.

use serde_json::{Value, json};

use crate::client::send_raw;
use crate::world::World;

const PAYMENTS: &str = "/api/v1/organisations/harrow/payments";

/// The places and codes of what is wrong.
fn errors(problem: &Value) -> Vec<(String, String)> {
    let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
    problem["errors"].as_array().unwrap().iter().map(|error| (text(error, "pointer"), text(error, "code"))).collect()
}

#[track_caller]
fn check(world: &World, path: &str, body: &Value, expected: &[(&str, &str)]) {
    let problem = world.as_issuer().send_json(path, body).problem(422, "request.invalid");
    let mut found = errors(&problem);
    found.sort();
    let expected: Vec<_> =
        expected.iter().map(|(pointer, code)| ((*pointer).to_owned(), format!("field.{code}"))).collect();
    assert_eq!(found, expected, "{body}");
}

#[test]
fn all_that_is_wrong_is_named_at_once() {
    let world = World::new();
    let eur = |amount: Value| json!({ "amount": amount, "currency": "EUR" });
    check(
        &world,
        PAYMENTS,
        &json!({
            "reference": 7, "amount": { "amount": 12.3, "currency": "EURO", "cents": 1 }, "allocate": "sometimes",
            "received_on": "2026-02-30", "documents": ["G000000001", "X"], "note": "",
        }),
        &[
            ("/allocate", "malformed"),
            ("/amount/amount", "malformed"),
            ("/amount/cents", "unknown"),
            ("/amount/currency", "malformed"),
            ("/documents/1", "malformed"),
            ("/note", "unknown"),
            ("/received_on", "malformed"),
            ("/reference", "malformed"),
        ],
    );
    check(&world, PAYMENTS, &json!({}), &[("/allocate", "missing"), ("/amount", "missing"), ("/reference", "missing")]);
    check(&world, PAYMENTS, &json!([]), &[("", "malformed")]);
    check(&world, PAYMENTS, &Value::Null, &[("", "malformed")]);
    for amount in [json!("1e2"), json!(""), json!("1,00"), json!("0x1"), json!(" 1"), json!(1), json!(null)] {
        let body = json!({ "reference": "t", "amount": eur(amount.clone()), "allocate": "later" });
        check(&world, PAYMENTS, &body, &[("/amount/amount", "malformed")]);
    }
    let misplaced = json!({
        "reference": "t", "amount": eur(json!("1.00")), "allocate": "later", "documents": ["G000000001"],
    });
    check(&world, PAYMENTS, &misplaced, &[("/documents", "malformed")]);
    let run = json!({ "kind": "close", "period": "2026-13", "early": "yes" });
    check(&world, "/api/v1/runs", &run, &[("/early", "malformed"), ("/period", "malformed")]);
    let pointer = json!({ "a/b~c": 1, "reason": "x" });
    check(&world, "/api/v1/documents/G000000001/credit", &pointer, &[("/a~1b~0c", "unknown")]);
}

#[test]
fn orders_say_what_their_action_needs() {
    let world = World::new();
    let order = |action: &str| {
        json!({
            "order_id": "o", "ordered_at": "2026-11-05T00:00:00Z", "action": action, "customer": "c",
            "subscription": "s",
        })
    };
    let mut purchase = order("purchase");
    purchase["seats"] = json!(0);
    let path = "/api/v1/organisations/harrow/orders";
    check(&world, path, &json!({ "orders": [order("cancel"), purchase] }), &[("/orders/1/seats", "malformed")]);
    let expected = [
        ("/orders/0/billing_plan", "missing"),
        ("/orders/0/product_id", "missing"),
        ("/orders/0/seats", "missing"),
        ("/orders/0/sku_id", "missing"),
        ("/orders/1/auto_renew", "missing"),
    ];
    check(&world, path, &json!({ "orders": [order("purchase"), order("set_auto_renew")] }), &expected);
    check(&world, path, &json!({ "orders": [] }), &[("/orders", "malformed")]);
}

/// More digits than the currency has are the engine's refusal, in its words.
#[test]
fn amounts_are_exact_or_refused() {
    let world = World::new();
    let body = |amount: &str, currency: &str| json!({ "reference": "t", "amount": { "amount": amount, "currency": currency }, "allocate": "later" });
    for (amount, currency) in [("1.005", "EUR"), ("1.5", "JPY"), ("99999999999999999999", "EUR")] {
        world.as_issuer().send_json(PAYMENTS, &body(amount, currency)).problem(422, "payment.amount");
    }
    world.as_issuer().send_json(PAYMENTS, &body("0", "EUR")).problem(422, "payment.not_positive");
    let booked = world.as_issuer().send_json(PAYMENTS, &body("1.500", "KWD")).json(201);
    assert_eq!(booked["payment"]["unallocated"], json!({ "amount": "1.500", "currency": "KWD" }));
}

#[test]
fn bodies_that_are_none() {
    let world = World::new();
    let json_client = world.as_issuer().with("Content-Type", "application/json; charset=utf-8");
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for body in ["", "{", "nonsense", r#"{"reference":"a","reference":"b"}"#, "{}{}", "\u{feff}{}", deep.as_str()] {
        json_client.send(PAYMENTS, body.as_bytes()).problem(400, "request.body_malformed");
    }
    json_client.send(PAYMENTS, b"\xff\xfe").problem(400, "request.body_malformed");
    world.as_issuer().send(PAYMENTS, b"{}").problem(415, "request.content_type");
    world.as_issuer().with("Content-Type", "text/csv").send(PAYMENTS, b"{}").problem(415, "request.content_type");
    let head = format!(
        "POST {PAYMENTS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Idempotency-Key: k\r\nConnection: close\r\n",
        world.tokens.issuer
    );
    let announced = send_raw(world.address(), format!("{head}Content-Length: 1048577\r\n\r\n").as_bytes());
    assert!(announced.contains(" 413 ") && announced.contains("request.body_too_large"), "{announced:.300}");
    // Without a length, it is counted.
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 16, "x".repeat(1 << 16));
    let answer = send_raw(
        world.address(),
        format!("{head}Transfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n", chunk.repeat(17)).as_bytes(),
    );
    assert!(answer.contains(" 413 ") && answer.contains("request.body_too_large"), "{answer:.300}");
}

#[test]
fn queries_that_are_none() {
    let world = World::new();
    let rows = [
        ("?limits=1", "?limits", "unknown"),
        ("?limit=0", "?limit", "malformed"),
        ("?limit=-1", "?limit", "malformed"),
        ("?limit=1&limit=2", "?limit", "malformed"),
        ("?overdue=yes", "?overdue", "malformed"),
        ("?period=2026", "?period", "malformed"),
        ("?type=bill", "?type", "malformed"),
        ("?type=%ff", "?type", "malformed"),
    ];
    for (query, pointer, code) in rows {
        let problem = world.as_issuer().get(&format!("/api/v1/documents{query}")).problem(422, "request.invalid");
        assert_eq!(errors(&problem), [(pointer.to_owned(), format!("field.{code}"))], "{query}");
    }
    let long = format!("/api/v1/documents?type={}", "x".repeat(40_000));
    world.as_issuer().get(&long).problem(414, "request.too_long");
}

#[test]
fn lists_come_in_pages() {
    let world = World::new();
    let issuer = world.as_issuer();
    let (mut seen, mut after) = (Vec::new(), "0".to_owned());
    loop {
        let page = issuer.get(&format!("/api/v1/documents/G000000001/lines?limit=4&after={after}")).json(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|line| line["line_number"].as_u64().unwrap()));
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, (1..=u64::try_from(crate::world::LINE_COUNT).unwrap()).collect::<Vec<_>>());
    let first = issuer.get("/api/v1/organisations?limit=2").json(200);
    assert_eq!((first["items"].as_array().unwrap().len(), &first["next"]), (2, &json!("other")));
    let rest = issuer.get("/api/v1/organisations?limit=2&after=other").json(200);
    assert_eq!((rest["items"][0]["id"].as_str(), rest.get("next")), (Some("provider"), None));
    let due = issuer.get("/api/v1/documents?organisation=harrow&period=2026-10&type=invoice").json(200);
    assert_eq!(due["items"].as_array().unwrap().len(), 1);
    assert_eq!(issuer.get("/api/v1/documents?overdue=true").json(200)["items"], json!([]));
    world.set_clock("2027-03-01T00:00:00Z");
    assert_eq!(issuer.get("/api/v1/documents?overdue=true").json(200)["items"].as_array().unwrap().len(), 2);
}
