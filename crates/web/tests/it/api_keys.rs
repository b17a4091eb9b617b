//! A request with a key acts once.

use std::fs::File;
use std::time::Duration;

use billing::ports::{KeyedRequest, StoredAccountEvent};
use engine::crediting::credit;
use engine::paying::account_of;
use serde_json::{Value, json};
use web::Limits;

use crate::client::{Answer, Client, KEY};
use crate::world::{World, at};

const PAYMENTS: &str = "/api/v1/organisations/harrow/payments";

fn payment(reference: &str, amount: &str) -> Value {
    json!({ "reference": reference, "amount": { "amount": amount, "currency": "EUR" }, "allocate": "oldest_first" })
}

fn with_key(world: &World, key: &str) -> Client {
    world.as_issuer().with(KEY, key)
}

fn events(world: &World) -> Vec<StoredAccountEvent> {
    world.wait(account_of(&world.books, &"harrow".parse().unwrap())).unwrap().1.events
}

#[test]
fn a_repeated_request_gets_the_stored_answer() {
    let world = World::new();
    let before = events(&world).len();
    let first = with_key(&world, "k-1").send_json(PAYMENTS, &payment("t-2", "5.00"));
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, ""), "{}", first.text());
    world.set_clock("2026-11-11T11:59:00Z");
    let again = with_key(&world, "k-1").send_json(PAYMENTS, &payment("t-2", "5.00"));
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    assert_eq!(again.bytes, first.bytes);
    assert_eq!(again.header("content-type"), first.header("content-type"));
    assert_eq!(events(&world).len(), before + 2);

    // A refusal is an answer as well.
    let refused = with_key(&world, "k-2").send_json(PAYMENTS, &payment("t-2", "6.00"));
    refused.problem(409, "payment.reference_used");
    let again = with_key(&world, "k-2").send_json(PAYMENTS, &payment("t-2", "6.00"));
    assert_eq!((again.text(), again.header("idempotency-replayed")), (refused.text(), "true"));
    assert_eq!(again.header("content-type"), "application/problem+json");
}

#[test]
fn a_key_belongs_to_one_request() {
    let world = World::new();
    let client = with_key(&world, "k-1");
    assert_eq!(client.send_json(PAYMENTS, &payment("t-2", "5.00")).status, 201);
    client.send_json(PAYMENTS, &payment("t-2", "5.01")).problem(422, "idempotency.key_reused");
    let other = PAYMENTS.replace("harrow", "other");
    client.send_json(&other, &payment("t-2", "5.00")).problem(422, "idempotency.key_reused");
    client.send_json(&format!("{PAYMENTS}?"), &payment("t-2", "5.00")).problem(422, "idempotency.key_reused");
}

#[test]
fn keys_that_are_none() {
    let world = World::new();
    let send = |key: &str| with_key(&world, key).send_json(PAYMENTS, &payment("t-2", "5.00"));
    assert_eq!(send(&"x".repeat(255)).status, 201);
    for key in ["", " ", "a b", "\u{e9}", &"x".repeat(256)] {
        send(key).problem(400, "idempotency.key_malformed");
    }
    let body = payment("t-3", "5.00").to_string();
    let request = format!(
        "POST {PAYMENTS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Connection: close\r\nContent-Length: {}\r\n",
        world.tokens.issuer,
        body.len()
    );
    let missing = crate::client::send_raw(world.address(), format!("{request}\r\n{body}").as_bytes());
    assert!(missing.contains(" 400 ") && missing.contains("idempotency.key_missing"), "{missing}");
    let twice = format!("{request}{KEY}: a\r\n{KEY}: b\r\n\r\n{body}");
    let twice = crate::client::send_raw(world.address(), twice.as_bytes());
    assert!(twice.contains(" 400 ") && twice.contains("idempotency.key_malformed"), "{twice}");
}

#[test]
fn keys_are_kept_for_a_day_and_dropped_later() {
    let world = World::new();
    let send = |at: &str| {
        world.set_clock(at);
        with_key(&world, "k-1").send_json(PAYMENTS, &payment("t-2", "5.00"))
    };
    assert_eq!(send("2026-11-10T12:00:00Z").header("idempotency-replayed"), "");
    assert_eq!(send("2026-11-11T12:00:01Z").header("idempotency-replayed"), "true");
    // Somebody else's request drops what is old.
    world.set_clock("2026-11-13T12:00:01Z");
    assert_eq!(with_key(&world, "k-2").send_json(PAYMENTS, &payment("t-9", "1.00")).status, 201);
    let late = send("2026-11-13T12:00:02Z");
    assert_eq!((late.status, late.header("idempotency-replayed")), (201, ""));
    assert_eq!(late.json(201)["events"], json!([]), "the payment itself is known for ever");
}

/// Requests that come at once: one acts, each gets its answer or is told to come again.
#[test]
fn the_same_request_at_the_same_time_acts_once() {
    let world = World::new();
    let before = events(&world).len();
    let send = || loop {
        let answer = with_key(&world, "k-1").send_json(PAYMENTS, &payment("t-2", "5.00"));
        if answer.status == 201 {
            return answer.text().to_owned();
        }
        answer.problem(409, "idempotency.in_progress");
        assert_eq!(answer.header("retry-after"), "1");
    };
    let answers: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    assert_eq!(events(&world).len(), before + 2);
}

fn impatient() -> World {
    World::with_limits(Limits { write_wait: Duration::from_millis(100), ..Limits::default() })
}

/// While another process writes, writers are sent away and readers are not.
#[test]
fn another_writer_is_waited_for_and_then_named() {
    let world = impatient();
    let lock = File::create(world.lock()).unwrap();
    lock.lock().unwrap();
    let refused = with_key(&world, "k-1").send_json(PAYMENTS, &payment("t-2", "5.00"));
    refused.problem(503, "data_dir.locked");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(world.as_issuer().get(PAYMENTS).status, 200);

    // What another server has begun is in progress.
    begin(&world, "k-2", &payment("t-2", "5.00"), PAYMENTS);
    with_key(&world, "k-2").send_json(PAYMENTS, &payment("t-2", "5.00")).problem(409, "idempotency.in_progress");
    lock.unlock().unwrap();
    // An answer of 5xx is not kept.
    let done = with_key(&world, "k-1").send_json(PAYMENTS, &payment("t-2", "5.00"));
    assert_eq!((done.status, done.header("idempotency-replayed")), (201, ""));
}

/// Keeps a request as a server does that dies before it answers.
fn begin(world: &World, key: &str, body: &Value, path: &str) {
    use sha2::{Digest, Sha256};
    let hex = |text: &str| billing::ports::hex(&Sha256::digest(text.as_bytes()));
    let digest = hex(&format!("POST\n{path}\nprovider\n{}", hex(&body.to_string())));
    let request = KeyedRequest {
        organisation: "provider".parse().unwrap(),
        key: key.to_owned(),
        digest,
        started_at: at("2026-11-10T12:00:00Z"),
    };
    let kept = world.wait(world.books.ledger.begin_request(&request, at("2026-01-01T00:00:00Z"))).unwrap();
    assert_eq!(kept, None);
}

/// The server dies between the work and the keeping of its answer, and the client sends it again: as if
/// the first had been answered. What the first try does is done here by another key at that instant.
#[track_caller]
fn check_retry(path: &str, body: &Value, status: u16, prepare: impl Fn(&World)) -> (Answer, Answer) {
    let undisturbed = World::new();
    prepare(&undisturbed);
    let expected = with_key(&undisturbed, "k").send_json(path, body);
    assert_eq!(expected.status, status, "{}", expected.text());

    let world = World::new();
    prepare(&world);
    begin(&world, "k", body, path);
    let first = with_key(&world, "first-try").send_json(path, body);
    assert_eq!(first.status, status, "{}", first.text());
    let booked = events(&world).len();
    world.set_clock("2026-11-10T12:07:00Z");
    let retried = with_key(&world, "k").send_json(path, body);
    assert_eq!(retried.text(), expected.text(), "{path}");
    assert_eq!((retried.status, events(&world).len()), (status, booked), "{path}");
    (first, retried)
}

fn paid(world: &World) {
    world.set_clock("2026-11-10T11:00:00Z");
    let later = json!({
        "reference": "t-2", "amount": { "amount": "50.00", "currency": "EUR" }, "allocate": "later",
    });
    assert_eq!(world.as_issuer().send_json(PAYMENTS, &later).status, 201);
    world.set_clock("2026-11-10T12:00:00Z");
}

#[test]
fn work_that_was_done_before_a_crash_is_answered_and_not_done_again() {
    let eur = |amount: &str| json!({ "amount": amount, "currency": "EUR" });
    check_retry(PAYMENTS, &payment("t-2", "5.00"), 201, |_| {});
    let part = json!({ "source": "t-2", "documents": ["G000000001"], "amount": eur("1.00") });
    check_retry(&format!("{PAYMENTS}/allocate"), &part, 200, paid);
    let back = json!({ "source": "transfer 1", "document": "G000000001" });
    check_retry(&format!("{PAYMENTS}/take-back"), &back, 200, |_| {});
    let refund = json!({ "source": "t-2", "reference": "r-1", "amount": eur("2.00") });
    check_retry(&format!("{PAYMENTS}/refund"), &refund, 201, paid);
    let write_off = json!({ "reference": "w-1", "amount": eur("0.10") });
    check_retry("/api/v1/documents/G000000001/write-off", &write_off, 201, |_| {});
    let adjustment = json!({ "reference": "a-1", "amount": eur("-1.00"), "reason": "Offer" });
    check_retry("/api/v1/organisations/harrow/adjustments", &adjustment, 201, |_| {});
    let organisation = json!({ "id": "new", "name": "New", "currency": "EUR", "country": "PT" });
    check_retry("/api/v1/organisations", &organisation, 201, |_| {});
    let reason = json!({ "reason": "wrong address" });
    check_retry("/api/v1/documents/G000000001/credit", &reason, 201, |_| {});
    // An amount may be taken back again and again: nothing but the attempt tells the first try.
    let part = json!({ "reason": "goodwill", "amount": eur("1.00") });
    check_retry("/api/v1/documents/G000000001/credit", &part, 201, |_| {});
    let again = json!({ "as": "rebill", "reason": "taken back by mistake" });
    check_retry("/api/v1/documents/G000000001/restate", &again, 201, |world| {
        let path = "/api/v1/documents/G000000001/credit";
        world.set_clock("2026-11-10T11:00:00Z");
        assert_eq!(world.as_issuer().send_json(path, &json!({ "reason": "wrong address" })).status, 201);
        world.set_clock("2026-11-10T12:00:00Z");
    });
}

/// Somebody else's credit note is not the answer to a request that was cut off.
#[test]
fn a_credit_note_of_somebody_else_is_not_taken_for_the_first_tries() {
    let world = World::new();
    let (path, reason) = ("/api/v1/documents/G000000001/credit", json!({ "reason": "wrong address" }));
    begin(&world, "k", &reason, path);
    let number = "G000000001".parse().unwrap();
    world.wait(credit(&world.books, &number, None, "by hand", at("2026-11-10T12:03:00Z"))).unwrap();
    with_key(&world, "k").send_json(path, &reason).problem(409, "credit.already");
}
