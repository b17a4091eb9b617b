//! Runs go on behind their answer.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Client, KEY};
use crate::world::World;

const RUNS: &str = "/api/v1/runs";

/// Starts a run and reads it until it has ended.
#[track_caller]
pub(crate) fn run_to_end(client: &Client, request: &Value) -> Value {
    let started = client.send_json(RUNS, request).json(202);
    assert_eq!(started["state"], "running");
    await_end(client, started["id"].as_str().unwrap())
}

#[track_caller]
fn await_end(client: &Client, id: &str) -> Value {
    loop {
        let run = client.get(&format!("{RUNS}/{id}")).json(200);
        if run["state"] != "running" {
            return run;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_month_is_closed_once_and_early_when_told() {
    let world = World::new();
    let issuer = world.as_issuer();
    let early = run_to_end(&issuer, &json!({ "kind": "close", "period": "2026-11" }));
    assert_eq!((&early["state"], &early["failure"]["code"]), (&json!("failed"), &json!("close.too_early")));

    let close = |preview| json!({ "kind": "close", "period": "2026-11", "early": true, "preview": preview });
    let outcomes = |run: Value| {
        let outcomes = run["outcomes"].as_array().unwrap().clone();
        outcomes.into_iter().map(|one| (one["outcome"].clone(), one["document"].clone())).collect::<Vec<_>>()
    };
    let named = |outcome: &str| [(json!(outcome), json!("G000000003")), (json!(outcome), json!("G000000004"))];
    assert_eq!(outcomes(run_to_end(&issuer, &close(true))), named("would_be_issued"));
    assert_eq!(issuer.get("/api/v1/documents/G000000003").status, 404);
    assert_eq!(outcomes(run_to_end(&issuer, &close(false))), named("issued"));
    assert_eq!(outcomes(run_to_end(&issuer, &close(false))), named("already_closed"));
    let runs = issuer.get(RUNS).json(200);
    assert_eq!(runs["items"].as_array().unwrap().len(), 4);
}

#[test]
fn a_run_is_found_again_under_its_key() {
    let world = World::new();
    let issuer = world.as_issuer().with(KEY, "close-november");
    let request = json!({ "kind": "rate", "period": "2026-11" });
    let first = issuer.send_json(RUNS, &request).json(202);
    let again = issuer.send_json(RUNS, &request);
    assert_eq!((again.header("idempotency-replayed"), &again.json(202)["id"]), ("true", &first["id"]));
    let run = await_end(&issuer, first["id"].as_str().unwrap());
    assert_eq!((&run["state"], &run["outcomes"][0]["outcome"]), (&json!("done"), &json!("rated")));
}

/// Usage without a price parks its organisation, and the API says so.
#[test]
fn parked_organisations_are_listed_with_their_reasons() {
    let world = World::new();
    let issuer = world.as_issuer();
    let usage = format!(
        "record_id,usage_date,subscription_id,meter_id,quantity,quantity_basis,unit_of_measure\n\
         odd,2026-11-03,{},no-such-meter,1,blocks,1 Hour\n",
        crate::world::PLAN
    );
    let report = issuer.send("/api/v1/usage", usage.as_bytes()).json(200);
    assert_eq!((&report["accepted"], &report["quarantined"]), (&json!(1), &json!(0)), "{report}");
    let run = run_to_end(&issuer, &json!({ "kind": "close", "period": "2026-11", "early": true }));
    let harrow = &run["outcomes"][0];
    assert_eq!((&harrow["organisation"], &harrow["outcome"]), (&json!("harrow"), &json!("parked")));
    assert_eq!(harrow["unpriced"][0]["meter"], "no-such-meter");
    let parked = issuer.get("/api/v1/parked?period=2026-11").json(200);
    assert_eq!(parked["items"][0]["reasons"][0]["code"], "close.unpriced");
    assert_eq!(issuer.get("/api/v1/parked?period=2026-10").json(200)["items"], json!([]));
}
