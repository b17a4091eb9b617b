//! The server is killed at random moments of a month by the API; what got no answer is sent again with
//! its key: the books end as if nothing had happened.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::books::Books;
use crate::chance::Chance;
use crate::http::{Answer, Server, token};
use crate::sample;

const ROUNDS: u64 = 12;

/// What is sent, one after another.
fn requests() -> Vec<(&'static str, Vec<u8>)> {
    let usd = |amount: &str| json!({ "amount": amount, "currency": "USD" });
    let told = |body: Value| body.to_string().into_bytes();
    let pay = json!({ "reference": "t-1", "amount": usd("100.00"), "allocate": "later" });
    let part = json!({ "source": "t-1", "documents": ["G000000003"], "amount": usd("20.00") });
    vec![
        ("/api/v1/usage", sample::usage("2026-10", 9, 600).into_bytes()),
        (
            "/api/v1/organisations/partner/adjustments",
            told(json!({ "reference": "a-1", "amount": usd("-1.00"), "reason": "Offer" })),
        ),
        ("/api/v1/runs", told(json!({ "kind": "close", "period": "2026-10" }))),
        ("/api/v1/organisations/partner/payments", told(pay)),
        // The same twice over: each puts its part, whatever is killed.
        ("/api/v1/organisations/partner/payments/allocate", told(part.clone())),
        ("/api/v1/organisations/partner/payments/allocate", told(part)),
        (
            "/api/v1/organisations/partner/payments/take-back",
            told(json!({ "source": "t-1", "document": "G000000003" })),
        ),
        (
            "/api/v1/organisations/partner/payments/allocate",
            told(json!({ "source": "t-1", "documents": ["G000000003"], "amount": usd("5.00") })),
        ),
        ("/api/v1/documents/G000000001/credit", told(json!({ "reason": "wrong address" }))),
    ]
}

/// The one server there is at a time, killed and started again.
struct Served<'b> {
    books: &'b Books,
    token: String,
    server: Option<Server>,
    kills: u64,
}

impl Served<'_> {
    fn server(&mut self) -> &Server {
        let books = self.books;
        self.server.get_or_insert_with(|| Server::start(books))
    }

    /// Sends a request and kills the server after `moment`; the answer, if it came before.
    fn disturbed(&mut self, path: &str, key: &str, body: &[u8], moment: Duration) -> Option<Answer> {
        let token = self.token.clone();
        self.server();
        let server = self.server.take()?;
        let pid = server.id().to_string();
        let answer = thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(moment);
                std::process::Command::new("kill").args(["-KILL", &pid]).status().unwrap();
            });
            server.try_post(path, &token, key, body)
        });
        server.kill();
        self.kills += u64::from(answer.is_none());
        answer
    }

    fn send(&mut self, path: &str, key: &str, body: &[u8]) -> Answer {
        let token = self.token.clone();
        self.server().post(path, &token, key, body)
    }

    /// Whether a run came to its end; one that was interrupted is to be started again.
    fn is_done(&mut self, id: &str) -> bool {
        let token = self.token.clone();
        loop {
            let run = self.server().read(&format!("/api/v1/runs/{id}"), &token).ok().json();
            match run["state"].as_str().unwrap() {
                "done" => return true,
                "interrupted" => return false,
                "running" => thread::sleep(Duration::from_millis(5)),
                other => panic!("{other}: {run:#}"),
            }
        }
    }
}

/// All accounts, as the API shows them, but for the times.
fn accounts(served: &mut Served<'_>) -> Value {
    let token = served.token.clone();
    let read =
        |server: &Server, what: &str| server.read(&format!("/api/v1/organisations/partner/{what}"), &token).ok().json();
    let server = served.server();
    json!([read(server, "balances"), read(server, "payments"), read(server, "events")])
}

/// The month with a kill somewhere in each request; the books' texts and how many kills hit.
fn month(chance: Option<&mut Chance>) -> (String, Value, u64) {
    let books = sample::lists();
    let token = token(&books, "--org issuer --role admin");
    let mut served = Served { books: &books, token, server: None, kills: 0 };
    let mut chance = chance;
    for (place, (path, body)) in requests().into_iter().enumerate() {
        let mut round = 0;
        loop {
            let key = format!("k-{place}-{round}");
            let moment = chance.as_mut().map(|chance| Duration::from_micros(chance.below(60_000) as u64));
            let first = moment.and_then(|moment| served.disturbed(path, &key, &body, moment));
            let answer = served.send(path, &key, &body);
            assert!((200..300).contains(&answer.status), "{path}: {}", answer.text());
            if let Some(first) = first.filter(|first| first.status < 300) {
                assert_eq!(first.text(), answer.text(), "{path}: an answer that was given is given again");
            }
            if path != "/api/v1/runs" || served.is_done(answer.json()["id"].as_str().unwrap()) {
                break;
            }
            // A new run is a new request.
            round += 1;
        }
    }
    let accounts = accounts(&mut served);
    served.server.take().unwrap().kill();
    books.verify_sound();
    (books.billed(), accounts, served.kills)
}

#[test]
fn a_killed_server_and_repeated_requests_make_the_same_books() {
    let expected = month(None);
    let mut hits = 0;
    for seed in 0..ROUNDS {
        let found = month(Some(&mut Chance::new(seed)));
        assert_eq!(found.0, expected.0, "seed {seed}");
        assert_eq!(found.1, expected.1, "seed {seed}");
        hits += found.2;
    }
    assert!(hits > ROUNDS, "only {hits} kills came before an answer");
}
