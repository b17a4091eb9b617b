//! Programs with an id and a secret, and organisations that ask too often.

use engine::clients::{create, revoke};
use engine::tokens::Role;
use serde_json::Value;
use testkit::contract::check_text;
use web::Limits;

use crate::client::{Answer, Client};
use crate::world::{World, at};

const ID: &str = "0e8c5f0a-7a3b-4c55-9a49-3f1d6f0b7a11";
const FORM: &str = "application/x-www-form-urlencoded";

/// A client of the party `harrow`; its secret.
fn client(world: &World) -> String {
    let harrow = "harrow".parse().unwrap();
    let made = create(&world.books, ID, (&harrow, Role::Billing), &[9; 32], at("2026-11-01T00:00:00Z"));
    world.wait(made).unwrap().secret
}

fn ask(client: &Client, path: &str, form: &str) -> Answer {
    client.clone().with("Content-Type", FORM).send(path, form.as_bytes())
}

fn form(secret: &str) -> String {
    format!("grant_type=client_credentials&client_id={ID}&client_secret={secret}&resource=https%3A%2F%2Fgraph.example")
}

#[test]
fn a_client_gets_tokens_in_the_forms_of_both_versions() {
    let world = World::new();
    let secret = client(&world);
    let first = ask(&world.anonymous(), "/tenant/oauth2/token", &form(&secret)).json(200);
    // 12:00 and an hour.
    for (name, value) in [
        ("token_type", "Bearer"),
        ("expires_in", "3600"),
        ("not_before", "1794312000"),
        ("expires_on", "1794315600"),
        ("resource", "https://graph.example"),
    ] {
        assert_eq!(first[name], value, "{name}");
    }
    let second = ask(&world.anonymous(), "/tenant//oauth2/V2.0/TOKEN/", &form(&secret)).json(200);
    assert_eq!((second["expires_in"].as_u64(), &second["token_type"]), (Some(3600), &Value::from("Bearer")));
    for answer in [first, second] {
        let client = world.anonymous().with_token(answer["access_token"].as_str().unwrap());
        let own = world.as_harrow().get("/v1/invoices");
        assert_eq!(client.get("/v1/invoices").text(), own.text());
        assert_eq!(client.get("/api/v1/organisations/harrow").status, 200);
        assert_eq!(client.get("/api/v1/organisations/issuer").status, 404);
    }
}

#[test]
fn a_token_ends_after_an_hour_and_with_its_client() {
    let world = World::new();
    let secret = client(&world);
    let token = || ask(&world.anonymous(), "/t/oauth2/token", &form(&secret)).json(200)["access_token"].to_string();
    let bearer = |token: &str| world.anonymous().with_token(token.trim_matches('"'));
    let first = token();
    world.set_clock("2026-11-10T12:59:59Z");
    assert_eq!(bearer(&first).get("/v1/invoices").status, 200);
    world.set_clock("2026-11-10T13:00:00Z");
    assert_eq!(bearer(&first).get("/v1/invoices").error(401), 400);
    let second = token();
    world.wait(revoke(&world.books, ID, at("2026-11-10T13:00:00Z"))).unwrap();
    assert_eq!(bearer(&second).get("/v1/invoices").error(401), 400);
    assert_eq!(ask(&world.anonymous(), "/t/oauth2/token", &form(&secret)).json(401)["error"], "invalid_client");
    let again = world.wait(revoke(&world.books, ID, at("2026-11-10T13:00:00Z")));
    assert_eq!(again.unwrap_err().code, "client.unknown");
}

#[test]
fn whoever_has_no_secret_is_told_in_the_words_of_oauth() {
    let world = World::new();
    let secret = client(&world);
    let unknown = form(&secret).replace(ID, "0e8c5f0a-7a3b-4c55-9a49-3f1d6f0b7a12");
    for (form, status, error) in [
        (form("qcs_00"), 401, "invalid_client"),
        (form(""), 401, "invalid_client"),
        (unknown, 401, "invalid_client"),
        (form(&"x".repeat(2_000)), 401, "invalid_client"),
        (form(&secret).replace("grant_type", "grant"), 400, "invalid_request"),
        (form(&secret).replace("client_secret", "secret"), 400, "invalid_request"),
        (form(&secret).replace("client_credentials", "password"), 400, "unsupported_grant_type"),
        (String::new(), 400, "invalid_request"),
        ("%ff=%fe&&&==".to_owned(), 400, "invalid_request"),
    ] {
        let answer = ask(&world.anonymous(), "/t/oauth2/token", &form);
        assert_eq!(answer.json(status)["error"], error, "{form:.80}");
        assert!(!answer.text().contains("qcs_"), "{}", answer.text());
    }
    // The same by the header.
    let basic = |secret: &str| {
        use base64::Engine as _;
        let credentials = base64::engine::general_purpose::STANDARD.encode(format!("{ID}:{secret}"));
        let client = world.anonymous().with("Authorization", &format!("Basic {credentials}"));
        ask(&client, "/t/oauth2/v2.0/token", "grant_type=client_credentials").status
    };
    assert_eq!((basic(&secret), basic("qcs_00")), (200, 401));
    let json = world.anonymous().with("Content-Type", "application/json").send("/t/oauth2/token", b"{}");
    assert_eq!(json.error(415), 800_002);
    assert_eq!(world.anonymous().get("/t/oauth2/token").error(405), 900_141);
}

#[test]
fn the_token_endpoint_can_be_looked_up() {
    let world = World::new();
    let host = format!("http://{}", world.address());
    let found = world.anonymous().get("/some-tenant/v2.0/.well-known/openid-configuration").json(200);
    assert_eq!(found["token_endpoint"], format!("{host}/some-tenant/oauth2/v2.0/token"));
    assert_eq!(found["issuer"], format!("{host}/some-tenant/v2.0"));
    let evil = world.anonymous().with("Host", "a\"b/c").get("/t/v2.0/.well-known/openid-configuration");
    assert!(matches!(evil.status, 200 | 400) && !evil.text().contains("a\\\"b"), "{}", evil.text());
}

#[test]
fn whoever_asks_too_often_is_told_when_to_come_again() {
    let world = World::with_limits(Limits { requests_per_second: Some(1), ..Limits::default() });
    let harrow = world.as_harrow();
    let answers: Vec<Answer> = (0..5).map(|_| harrow.get("/v1/invoices")).collect();
    assert_eq!(answers[0].status, 200);
    let refused = answers.last().unwrap();
    assert_eq!(refused.status, 429);
    assert_eq!(check_text("Throttled", refused.text()), [], "{}", refused.text());
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=2).contains(&seconds), "{seconds}");
    // In the own API too, and nobody else waits.
    harrow.get("/api/v1/organisations").problem(429, "request.too_many");
    assert_eq!(world.as_issuer().get("/v1/invoices").status, 200);
    // Whoever has no token takes nobody's place.
    assert_eq!(world.anonymous().get("/v1/invoices").error(401), 800_001);
}

#[test]
fn what_would_wait_for_long_is_refused_at_once() {
    let limits = Limits { request_count_max: 0, waiting_count_max: 0, ..Limits::default() };
    let world = World::with_limits(limits);
    let refused = world.as_harrow().get("/v1/invoices");
    assert_eq!((refused.error(503), refused.header("retry-after")), (800_003, "1"));
    world.as_issuer().get("/api/v1/organisations").problem(503, "request.busy");
}
