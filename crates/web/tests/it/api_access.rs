//! Who may do what: every route of the own API with every kind of token.

use billing::party::Organisation;
use engine::tokens::{self, Role};
use serde_json::{Value, json};
use web::api::{Access, ApiRoute, Verb, routes};

use crate::client::{Answer, Client};
use crate::world::{CUSTOMER, OTHER_CUSTOMER, PLAN, World, at};

/// What a request of each route looks like, for the party `harrow` and its document.
pub(crate) fn target(path: &str) -> String {
    path.replace("{organisation}", "harrow")
        .replace("{customer}", CUSTOMER)
        .replace("{subscription}", PLAN)
        .replace("{number}", "G000000001")
        .replace("{run}", "no-run")
}

/// The same of a party that does not exist.
fn unknown(path: &str) -> String {
    path.replace("{organisation}", "nobody")
        .replace("{customer}", CUSTOMER)
        .replace("{subscription}", PLAN)
        .replace("{number}", "G000999999")
        .replace("{run}", "no-run-either")
}

/// A good body of each route that takes JSON.
pub(crate) fn body(path: &str) -> Value {
    let eur = |amount: &str| json!({ "amount": amount, "currency": "EUR" });
    match path {
        "/api/v1/organisations" => json!({ "id": "new", "name": "New", "currency": "EUR", "country": "PT" }),
        "/api/v1/organisations/{organisation}/customers" => json!({ "id": "alder", "name": "Alder Mills" }),
        "/api/v1/organisations/{organisation}/orders" => json!({ "orders": [{
            "order_id": "o-1", "ordered_at": "2026-11-05T09:30:00Z", "action": "cancel",
            "customer": CUSTOMER, "subscription": "s-1",
        }]}),
        "/api/v1/organisations/{organisation}/adjustments" => {
            json!({ "reference": "credit 7", "amount": eur("-2.50"), "reason": "Offer" })
        }
        "/api/v1/organisations/{organisation}/payments" => {
            json!({ "reference": "transfer 2", "amount": eur("1.00"), "allocate": "later" })
        }
        "/api/v1/organisations/{organisation}/payments/allocate" => {
            json!({ "source": "transfer 2", "documents": ["G000000001"] })
        }
        "/api/v1/organisations/{organisation}/payments/take-back" => {
            json!({ "source": "transfer 2", "document": "G000000001" })
        }
        "/api/v1/organisations/{organisation}/payments/refund" => {
            json!({ "source": "transfer 2", "reference": "back 1", "amount": eur("0.50") })
        }
        "/api/v1/documents/{number}/write-off" => json!({ "reference": "insolvency 1", "amount": eur("0.10") }),
        // Written off, it cannot be credited any more.
        "/api/v1/documents/{number}/credit" => json!({ "reason": "wrong address" }),
        // What was taken back is charged again.
        "/api/v1/documents/{number}/restate" => json!({ "as": "rebill", "reason": "taken back by mistake" }),
        "/api/v1/runs" => json!({ "kind": "rate", "period": "2026-11", "preview": true }),
        _ => json!({}),
    }
}

pub(crate) fn takes_file(path: &str) -> bool {
    body(path) == json!({})
}

#[track_caller]
fn ask(client: &Client, route: &ApiRoute, target: &str) -> Answer {
    match (route.verb, takes_file(route.path)) {
        (Verb::Get, _) => client.get(target),
        (Verb::Post, true) => client.send(target, b"a,b\n1,2\n"),
        (Verb::Post, false) => client.send_json(target, &body(route.path)),
    }
}

/// Whether a route is about what one party has.
fn is_of_party(path: &str) -> bool {
    path.contains("{organisation}") || path.contains("{number}")
}

#[test]
fn every_route_asks_who_calls() {
    let world = World::new();
    let client = |token: &str| world.anonymous().with_token(token);
    let tokens = &world.tokens;
    for route in routes() {
        let (path, access) = (target(route.path), route.access);
        let Some(access) = access else {
            assert_eq!(world.anonymous().get(&path).status, 200, "{path}");
            continue;
        };
        ask(&world.anonymous(), &route, &path).problem(401, "access.token_missing");
        for refused in ["qtc_0000", tokens.expired.as_str()] {
            let answer = ask(&client(refused), &route, &path);
            answer.problem(401, "access.token_refused");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
        ask(&client(&tokens.wrong_role), &route, &path).problem(403, "access.role");
        let writes = matches!(access, Access::Write | Access::IssuerWrite);
        let for_issuer = matches!(access, Access::Issuer | Access::IssuerWrite);

        // The party's own reader, the issuer's reader, another party's admin, the issuer's admin.
        let own = ask(&client(&tokens.harrow), &route, &path);
        let reader = ask(&client(&tokens.provider), &route, &path);
        let other = ask(&client(&tokens.other), &route, &path);
        if writes || for_issuer {
            own.problem(403, "access.role");
        } else {
            assert_eq!(own.status, 200, "{path}: {}", own.text());
        }
        if writes {
            reader.problem(403, "access.role");
        } else {
            assert!(matches!(reader.status, 200) || path.ends_with("/no-run"), "{path}: {}", reader.text());
        }
        if for_issuer {
            other.problem(403, "access.role");
        } else if is_of_party(route.path) {
            check_same_404(&other, &ask(&client(&tokens.other), &route, &unknown(route.path)));
        } else {
            for secret in ["G000000001", CUSTOMER, "harrow", "Harrow Lane Cloud"] {
                assert!(!other.text().contains(secret), "{path} tells {secret}");
            }
        }
        let admin = ask(&client(&tokens.issuer), &route, &path);
        assert!(!matches!(admin.status, 401 | 403), "{path}: {}", admin.text());
        if is_of_party(route.path) {
            assert_eq!(ask(&client(&tokens.issuer), &route, &unknown(route.path)).status, 404, "{path}");
        }
    }
}

/// ORG-1: another's and an unknown one are answered alike, but for the id of the request.
#[track_caller]
fn check_same_404(hidden: &Answer, nobodys: &Answer) {
    let without_id = |answer: &Answer| {
        let mut body = answer.json(404);
        body["instance"] = Value::Null;
        body
    };
    assert_eq!(without_id(hidden), without_id(nobodys));
}

/// A billed party's admin has everything of its organisation, and no word in its issuer's books.
#[test]
fn a_billed_partys_admin_does_not_write_its_own_account() {
    let world = World::new();
    let other = world.anonymous().with_token(&world.tokens.other);
    assert_eq!(other.get("/api/v1/organisations/other/balances").status, 200);
    let payment = body("/api/v1/organisations/{organisation}/payments");
    other.send_json("/api/v1/organisations/other/payments", &payment).problem(403, "access.role");
    let balances = other.get("/api/v1/organisations/other/payments").json(200);
    assert_eq!(balances["items"], json!([]));
}

/// A reseller is billed and bills: it writes the books of those below it, and of nobody else.
#[test]
fn an_issuer_in_the_middle_writes_below_itself_only() {
    let world = World::new();
    let organisation = |id: &str| world.wait(world.books.organisation(&id.parse().unwrap())).unwrap();
    let below = Organisation {
        id: "below".parse().unwrap(),
        billed_by: Some("harrow".parse().unwrap()),
        ..organisation("harrow")
    };
    world.wait(world.books.ledger.save_organisations(&[below])).unwrap();
    let (harrow, made_at) = ("harrow".parse().unwrap(), at("2026-11-01T00:00:00Z"));
    let created = tokens::create(&world.books, &harrow, Role::Admin, &[99; 32], made_at, None);
    let reseller = world.anonymous().with_token(&world.wait(created).unwrap());
    let seen = reseller.get("/api/v1/organisations").json(200);
    let ids: Vec<&str> = seen["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["below", "harrow"]);

    let customers = |party: &str| format!("/api/v1/organisations/{party}/customers");
    let elm = json!({ "id": "elm", "name": "Elm Press" });
    assert_eq!(reseller.send_json(&customers("below"), &elm).status, 201);
    reseller.send_json(&customers("harrow"), &elm).problem(403, "access.role");
    reseller.send_json(&customers("other"), &elm).problem(404, "organisation.unknown");
    reseller.get("/api/v1/price-sheets").problem(403, "access.role");
    // Of another's customer it learns that the id is taken, and not by whom.
    let taken = json!({ "id": OTHER_CUSTOMER, "name": "Mine now" });
    let refused = reseller.send_json(&customers("below"), &taken).problem(409, "customer.party_differs");
    assert_eq!(refused["detail"], "this id belongs to another customer; choose another");
    let own = json!({ "id": CUSTOMER, "name": "Moved" });
    let told = reseller.send_json(&customers("below"), &own).problem(409, "customer.party_differs");
    assert!(told["detail"].as_str().unwrap().contains("harrow"), "{told}");
}

#[test]
fn paths_and_methods_that_are_none() {
    let world = World::new();
    let issuer = world.as_issuer();
    for path in ["/api", "/api/", "/api/v1", "/api/v1/nothing", "/api/v2/documents", "/api/v1/documents/"] {
        let expected = if path.ends_with("documents/") { "invoice.unknown" } else { "request.route_unknown" };
        issuer.get(path).problem(404, expected);
    }
    issuer.send("/api/v1/documents", b"").problem(405, "request.method");
    issuer.get("/api/v1/usage").problem(405, "request.method");
    for name in ["x", "G00000001", "%20", "..%2F", "G000000001%00"] {
        issuer.get(&format!("/api/v1/documents/{name}")).problem(404, "invoice.unknown");
    }
    issuer.get("/api/v1/documents/%ff").problem(404, "request.route_unknown");
}
