//! Thousands of steps on stores in memory: use cases one after another and side by side, calls that fail,
//! processes that die. After each step the stores are compared with a model that computes everything a
//! second time in the plainest way. The same seed makes the same run.

mod chance;
mod corrections;
mod generate;
mod lists;
mod model;
mod orders;
mod payments;
mod run;
mod scene;
mod step;
mod stores;
mod witness;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use run::{Trace, run};
use stores::Stores;
use testkit::faults::at_once;
use witness::MET;

const SEEDS: std::ops::Range<u64> = 0..1_000;
const STEP_COUNT: usize = 300;
/// Run once more on SQLite and Parquet.
const REAL_SEEDS: std::ops::Range<u64> = 0..3;
const REAL_STEP_COUNT: usize = 120;

/// How often each thing of [`MET`] happens at least, over all seeds.
const MET_MIN: u64 = 100;

/// Runs one seed; where it fails, how to run it again is said, and what was done if `is_told`. Answers what
/// happened.
#[allow(clippy::print_stderr, reason = "a failure has to be found again")]
fn check(seed: u64, is_told: bool) -> BTreeMap<&'static str, u64> {
    let trace = Trace::default();
    let stores = Stores::in_memory();
    let result = catch_unwind(AssertUnwindSafe(|| at_once(run(&stores, seed, STEP_COUNT, &trace))));
    result.map(|witness| witness.met).unwrap_or_else(|failure| {
        if is_told {
            eprintln!("{}", trace.text());
        }
        eprintln!("again: QUITTANCE_SEED={seed} cargo test -p engine --test simulation -- --nocapture");
        resume_unwind(failure)
    })
}

#[test]
fn whatever_happens_the_books_are_right() {
    if let Ok(seed) = std::env::var("QUITTANCE_SEED") {
        check(seed.parse().expect("QUITTANCE_SEED is a number"), true);
        return;
    }
    let met = Mutex::new(BTreeMap::<&str, u64>::new());
    let next = AtomicU64::new(SEEDS.start);
    let work = || {
        while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| SEEDS.contains(seed)) {
            for (what, count) in check(seed, false) {
                *met.lock().unwrap().entry(what).or_default() += count;
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, std::num::NonZero::get) {
            scope.spawn(work);
        }
    });
    let met = met.into_inner().unwrap();
    let rare: Vec<&str> = MET.into_iter().filter(|what| met.get(what).is_none_or(|count| *count < MET_MIN)).collect();
    assert!(rare.is_empty(), "{rare:?} of {met:?}");
}

/// The stores in memory are the real ones, as far as anybody can see: the same steps make the same bytes.
#[tokio::test]
async fn the_real_stores_make_the_same_documents() {
    for seed in REAL_SEEDS {
        let (memory, trace) = (Stores::in_memory(), Trace::default());
        let expected = at_once(run(&memory, seed, REAL_STEP_COUNT, &trace)).digests();
        let folder = tempfile::tempdir().unwrap();
        let ledger = ledger::SqliteLedger::open(&folder.path().join("ledger.db")).await.unwrap();
        let usage = usage::DirectoryStore::open(folder.path()).unwrap();
        let real = Stores::of(std::sync::Arc::new(ledger), std::sync::Arc::new(usage));
        let found = run(&real, seed, REAL_STEP_COUNT, &trace).await.digests();
        assert_eq!(found, expected, "seed {seed}");
    }
}
