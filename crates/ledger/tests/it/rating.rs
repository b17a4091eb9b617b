use billing::invoice::KnownLists;
use billing::ports::{Closure, Ledger, StepOutcome, StoredFile};

use crate::world::{World, id, period, request, run};

fn paths(files: &[StoredFile]) -> Vec<&str> {
    files.iter().map(|file| file.path.as_str()).collect()
}

#[tokio::test]
async fn a_later_run_replaces_an_earlier_one() {
    let world = World::new().await;
    let (party, month) = (id("party-1"), period("2026-10"));
    let first = run("party-1", "2026-10", &["a", "b"]);
    let second = run("party-1", "2026-10", &["b", "c"]);
    assert!(world.ledger.commit_rating(&first, &[]).await.unwrap().is_empty());
    assert_eq!(world.ledger.rated_run(&party, month).await.unwrap(), Some(first));
    let unnamed = world.ledger.commit_rating(&second, &[]).await.unwrap();
    assert_eq!(paths(&unnamed), ["a"]);
    assert_eq!(world.ledger.rated_run(&party, month).await.unwrap(), Some(second));
    assert_eq!(world.ledger.rated_run(&party, period("2026-09")).await.unwrap(), None);
    assert_eq!(paths(&world.ledger.rated_files().await.unwrap()), ["b", "c"]);
}

#[tokio::test]
async fn the_files_of_a_closed_period_are_the_invoices() {
    let world = World::new().await;
    let (party, month) = (id("party-1"), period("2026-10"));
    let mut request = request("party-1", "2026-10");
    request.rated = run("party-1", "2026-10", &["a", "b"]);
    world.ledger.commit_rating(&request.rated, &[]).await.unwrap();
    world.ledger.commit_rating(&run("party-2", "2026-10", &["z"]), &[]).await.unwrap();
    world.issue(request).await;
    assert_eq!(world.ledger.rated_run(&party, month).await.unwrap(), None);
    assert_eq!(paths(&world.ledger.rated_files().await.unwrap()), ["a", "b", "z"]);

    // The period is closed: the new files are not wanted, but one that the invoice names stays.
    let late = run("party-1", "2026-10", &["b", "c"]);
    let unnamed = world.ledger.commit_rating(&late, &[]).await.unwrap();
    assert_eq!(paths(&unnamed), ["c"]);
    assert_eq!(world.ledger.rated_run(&party, month).await.unwrap(), None);
    world.check_sound().await;
}

#[tokio::test]
async fn a_period_closed_without_a_document_has_no_run() {
    let world = World::new().await;
    let open = run("party-1", "2026-10", &["a"]);
    world.ledger.commit_rating(&open, &[]).await.unwrap();
    let closure = Closure {
        party: open.party.clone(),
        period: open.period,
        usage_through: open.usage_through,
        invoice: None,
        carried: Vec::new(),
        lists: KnownLists::default(),
    };
    assert_eq!(world.close_empty(&closure).await, Ok(StepOutcome::Empty));
    assert_eq!(world.ledger.rated_run(&open.party, open.period).await.unwrap(), None);
    assert!(world.ledger.rated_files().await.unwrap().is_empty());
    let unnamed = world.ledger.commit_rating(&open, &[]).await.unwrap();
    assert_eq!(paths(&unnamed), ["a"]);
}
