//! Many processes issue at once and are killed at any moment: numbers have neither gaps nor twins (INV-1).
//!
//! A process is this test's own program, told by its environment to issue instead of to test.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use billing::ports::{ClosingStep, Ledger, StepOutcome};
use ledger::SqliteLedger;

use crate::world::{ISSUER, World, id, request, try_issue};

const ISSUERS: u64 = 50;
const KILLED: u64 = 30;
const MONTHS: i8 = 12;
/// Names the ledger and the party of a process that issues.
const ORDERS: &str = "QUITTANCE_TEST_ISSUE";

fn issuer(path: &Path, party: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["killed::issues_when_told_to", "--exact", "--nocapture"])
        .env(ORDERS, format!("{party} {}", path.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The work of one process: a year, some months alone and some in one batch. As a test it does nothing.
#[tokio::test]
async fn issues_when_told_to() {
    let Ok(orders) = std::env::var(ORDERS) else { return };
    let (party, path) = orders.split_once(' ').unwrap();
    let ledger = SqliteLedger::open_existing(Path::new(path)).await.unwrap();
    let party = format!("party-{party}");
    for month in 1..=MONTHS / 2 {
        try_issue(&ledger, request(&party, &format!("2026-{month:02}"))).await.unwrap();
    }
    let step = |month: i8| ClosingStep::Issue(Box::new(request(&party, &format!("2026-{month:02}"))));
    let steps: Vec<ClosingStep<'_>> = (MONTHS / 2 + 1..=MONTHS).map(step).collect();
    ledger.close_parties(&steps).await.unwrap();
}

#[tokio::test]
async fn fifty_processes_issue_and_thirty_are_killed() {
    let world = World::with_parties(ISSUERS).await;
    let mut processes: Vec<Child> = (1..=ISSUERS).map(|party| issuer(&world.path(), party)).collect();
    let mut killed = BTreeSet::new();
    for (turn, process) in (0_u64..).zip(processes.iter_mut().take(usize::try_from(KILLED).unwrap())) {
        // At moments that have nothing to do with what the process is at.
        std::thread::sleep(Duration::from_millis(turn * 7 % 40));
        process.kill().unwrap();
        killed.insert(turn + 1);
    }
    for (party, process) in (1_u64..).zip(&mut processes) {
        let status = process.wait().unwrap();
        assert!(status.success() || killed.contains(&party), "party {party}: {status}");
    }
    // Tasks that are dropped in the middle leave nothing either.
    for party in &killed {
        let dropped = try_issue(&world.ledger, request(&format!("party-{party}"), "2027-01"));
        let _ = tokio::time::timeout(Duration::from_micros(party * 150), dropped).await;
    }
    // Whoever was killed starts anew: what was issued is not issued again.
    for party in 1..=ISSUERS {
        for month in 1..=MONTHS {
            let outcome =
                try_issue(&world.ledger, request(&format!("party-{party}"), &format!("2026-{month:02}"))).await;
            let again = matches!(outcome, Ok(StepOutcome::AlreadyClosed(Some(_))));
            assert!(again || killed.contains(&party), "party {party} {month}: {outcome:?}");
        }
    }
    let invoices = world.ledger.invoices(None).await.unwrap();
    let numbers: BTreeSet<String> = invoices.iter().map(|invoice| invoice.number.to_string()).collect();
    let year = usize::try_from(ISSUERS).unwrap() * usize::try_from(MONTHS).unwrap();
    let dropped_but_written = invoices.iter().filter(|invoice| invoice.period.to_string() == "2027-01").count();
    assert_eq!((invoices.len(), numbers.len()), (year + dropped_but_written, invoices.len()));
    let expected: BTreeSet<String> = (1..=invoices.len()).map(|counter| format!("G{counter:09}")).collect();
    assert_eq!(numbers, expected);
    assert_eq!(world.ledger.journal(&id(ISSUER), 0, 10_000).await.unwrap().len(), invoices.len());
    world.check_sound().await;
}
