//! The published document: the same as in the repository, and every answer keeps to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::{Value, json};
use web::api::{Verb, routes};

use crate::api_access::{body, takes_file, target};
use crate::client::Answer;
use crate::world::World;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json")
}

/// `QUITTANCE_BLESS=1` writes the file anew.
#[test]
fn the_document_is_the_one_in_the_repository() {
    let document = web::api::document().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("QUITTANCE_BLESS").is_some() {
        std::fs::write(golden(), &document).unwrap();
    }
    let kept = std::fs::read_to_string(golden()).unwrap_or_default();
    assert!(document == kept, "crates/web/openapi.json is not what is served; QUITTANCE_BLESS=1 writes it");
    let world = World::new();
    let served = world.anonymous().get("/api/v1/openapi.json").json(200);
    assert_eq!(served, serde_json::from_str::<Value>(&kept).unwrap());
    assert_eq!(served["openapi"], "3.1.0");
}

/// A program that knows OpenAPI, of the tools that `.ci/run` installs.
#[test]
fn the_document_is_openapi() {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    let validator = cache.unwrap_or_default().join("quittance-tools/bin/openapi-spec-validator");
    if !validator.is_file() {
        assert!(std::env::var_os("QUITTANCE_CI").is_none(), "{} is absent", validator.display());
        eprintln!("skipped: openapi-spec-validator is absent");
        return;
    }
    let ended = std::process::Command::new(validator).arg(golden()).output().unwrap();
    assert!(
        ended.status.success(),
        "{}{}",
        String::from_utf8_lossy(&ended.stdout),
        String::from_utf8_lossy(&ended.stderr)
    );
}

/// The schemas of answers, by operation.
struct Contract {
    document: Value,
    validators: BTreeMap<String, Validator>,
}

impl Contract {
    fn load() -> Self {
        let document = serde_json::to_value(web::api::document()).unwrap();
        Self { document, validators: BTreeMap::new() }
    }

    /// Checks an answer against what is published for its route and status; answers the status.
    #[track_caller]
    fn check(&mut self, path: &str, verb: Verb, answer: &Answer) -> u16 {
        let method = if verb == Verb::Get { "get" } else { "post" };
        let responses = &self.document["paths"][path][method]["responses"];
        let status = answer.status.to_string();
        let response = responses.get(&status).unwrap_or(&responses["default"]);
        let content = response["content"].as_object().unwrap();
        let media_type = answer.header("content-type").split(';').next().unwrap().to_owned();
        let content = content.get(&media_type).unwrap_or_else(|| panic!("{path} {status}: {media_type}"));
        if let Some(schema) = content.get("schema") {
            let name = schema["$ref"].as_str().unwrap().to_owned();
            let validator = self.validators.entry(name.clone()).or_insert_with(|| {
                let schema = json!({ "$ref": name, "components": self.document["components"] });
                jsonschema::draft202012::options().build(&schema).unwrap()
            });
            let body: Value = serde_json::from_str(answer.text()).unwrap();
            let errors: Vec<String> =
                validator.iter_errors(&body).map(|error| format!("{} at {}", error, error.instance_path())).collect();
            assert!(errors.is_empty(), "{path} {status}: {errors:#?}\n{body:#}");
        }
        answer.status
    }
}

fn file(path: &str) -> &'static str {
    match path.rsplit('/').next().unwrap() {
        "products" => {
            "product_id,sku_id,term,billing_plan,unit_price,currency,effective_from\np,s,P1Y,monthly,12.5,EUR,2026-01-01\n"
        }
        "price-sheets" => "meter_id,currency,unit_of_measure,unit_price\nm-1,USD,1 Hour,2\n",
        "exchange-rates" => "CurrencyCode,USDPerUnit,Month\nEUR,1.2,202612\n",
        "tax-rates" => "code,rate,effective_from,country\nPT-23,0.23,2020-01-01,PT\n",
        "savings-plans" => "product_id,sku_id,meter_id,discount,effective_from\np,s,m-1,0.3,2026-01-01\n",
        "subscriptions" => "subscription_id,customer_id,name,earned_credit\ns-9,nobody,Plan,\n",
        "usage" => {
            "record_id,usage_date,subscription_id,meter_id,quantity,quantity_basis,unit_of_measure\n\
             r-1,2026-11-03,s-nowhere,m-1,24,blocks,1 Hour\n"
        }
        "bank-statements" => {
            "date,amount,currency,reference,payer,remittance\n2026-11-09,7.00,EUR,b-1,Harrow,G000000001\n"
        }
        other => panic!("no file for {other}"),
    }
}

/// Every operation once as the issuer, good and refused: what is answered keeps to the document.
#[test]
fn every_answer_keeps_to_the_document() {
    let world = World::new();
    let issuer = world.as_issuer();
    let mut contract = Contract::load();
    let documented: usize =
        contract.document["paths"].as_object().unwrap().values().map(|item| item.as_object().unwrap().len()).sum();
    assert_eq!(documented, routes().count());

    // Reading comes after writing, so that there is something to be read; a credit comes last of all.
    let mut all: Vec<_> = routes().collect();
    all.sort_by_key(|route| (route.verb == Verb::Get, route.path.ends_with("/write-off")));
    let mut run = String::new();
    for route in all {
        let path = target(route.path).replace("no-run", &run);
        let answer = match (route.verb, takes_file(route.path)) {
            (Verb::Get, _) => issuer.get(&path),
            (Verb::Post, true) => issuer.send(&path, file(route.path).as_bytes()),
            (Verb::Post, false) => issuer.send_json(&path, &body(route.path)),
        };
        let status = contract.check(route.path, route.verb, &answer);
        if route.path == "/api/v1/runs" && route.verb == Verb::Post {
            run = answer.json(202)["id"].as_str().unwrap().to_owned();
        }
        // A credited document has nothing open, and nothing of this payment was left to be put to it.
        let may_refuse = ["write-off", "take-back", "refund", "allocate"].iter().any(|end| route.path.ends_with(end));
        assert!((200..300).contains(&status) || may_refuse, "{path}: {}", answer.text());
        if route.access.is_some() {
            let refused = match route.verb {
                Verb::Get => world.anonymous().get(&path),
                Verb::Post => world.anonymous().send(&path, b"{}"),
            };
            assert_eq!(contract.check(route.path, route.verb, &refused), 401);
        }
    }
}
