use billing::ports::{KeptAnswer, KeyedRequest, Ledger, RunState, StoredRun};
use jiff::Timestamp;

use crate::world::{ISSUER, World, id, request};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn keyed(key: &str, digest: &str, started_at: &str) -> KeyedRequest {
    KeyedRequest {
        organisation: id(ISSUER),
        key: key.to_owned(),
        digest: digest.to_owned(),
        started_at: at(started_at),
    }
}

const LONG_AGO: &str = "2026-01-01T00:00:00Z";

#[tokio::test]
async fn a_key_keeps_its_first_request_and_its_answer() {
    let world = World::new().await;
    world.issue(request("party-1", "2026-10")).await;
    let first = keyed("k", "d1", "2026-11-10T12:00:00Z");
    assert_eq!(world.ledger.begin_request(&first, at(LONG_AGO)).await.unwrap(), None);

    let again = keyed("k", "d2", "2026-11-10T12:00:01Z");
    let kept = world.ledger.begin_request(&again, at(LONG_AGO)).await.unwrap().unwrap();
    assert_eq!((kept.digest.as_str(), kept.started_at), ("d1", first.started_at));
    assert_eq!((kept.journal_position, kept.answer), (1, None));

    let answer = KeptAnswer { status: 201, body: b"{}".to_vec() };
    world.ledger.answer_request(&id(ISSUER), "k", &answer).await.unwrap();
    // What was answered is not forgotten by the one who would begin anew.
    world.ledger.forget_request(&id(ISSUER), "k").await.unwrap();
    let kept = world.second().await.kept_request(&id(ISSUER), "k").await.unwrap().unwrap();
    assert_eq!(kept.answer, Some(answer));
    assert_eq!(world.ledger.kept_request(&id("party-1"), "k").await.unwrap(), None, "another's key is another one");
}

#[tokio::test]
async fn old_keys_and_those_without_an_answer_are_forgotten() {
    let world = World::new().await;
    let begin = async |key: &str, at_text: &str, before: &str| {
        world.ledger.begin_request(&keyed(key, "d", at_text), at(before)).await.unwrap()
    };
    begin("old", "2026-11-08T11:59:59Z", LONG_AGO).await;
    begin("kept", "2026-11-08T12:00:00Z", LONG_AGO).await;
    begin("new", "2026-11-10T12:00:00Z", "2026-11-08T12:00:00Z").await;
    let known = async |key: &str| world.ledger.kept_request(&id(ISSUER), key).await.unwrap().is_some();
    assert_eq!((known("old").await, known("kept").await, known("new").await), (false, true, true));
    world.ledger.forget_request(&id(ISSUER), "new").await.unwrap();
    assert!(!known("new").await);
}

#[tokio::test]
async fn a_run_ends_once() {
    let world = World::new().await;
    let run = |id_text: &str, started_at: &str| StoredRun {
        id: id_text.to_owned(),
        organisation: id(ISSUER),
        period: "2026-10".parse().unwrap(),
        request: "{}".to_owned(),
        state: RunState::Running,
        started_at: at(started_at),
        ended_at: None,
        outcome: String::new(),
    };
    let (first, second) = (run("r1", "2026-11-10T12:00:00Z"), run("r2", "2026-11-10T13:00:00Z"));
    assert!(world.ledger.add_run(&first).await.unwrap());
    assert!(!world.ledger.add_run(&first).await.unwrap());
    assert!(world.ledger.add_run(&second).await.unwrap());
    let end = at("2026-11-10T14:00:00Z");
    world.ledger.end_run("r1", RunState::Done, "[1]", end).await.unwrap();
    world.ledger.interrupt_runs(end).await.unwrap();
    world.ledger.end_run("r2", RunState::Done, "[2]", end).await.unwrap();
    let runs = world.ledger.runs(&id(ISSUER)).await.unwrap();
    let states: Vec<_> = runs.iter().map(|run| (run.id.as_str(), run.state, run.outcome.as_str())).collect();
    assert_eq!(states, [("r2", RunState::Interrupted, ""), ("r1", RunState::Done, "[1]")]);
    assert!(world.ledger.runs(&id("party-1")).await.unwrap().is_empty());
}
