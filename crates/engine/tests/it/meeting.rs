//! Corrections beside others: whoever came between, each is issued once and settled.

use std::sync::Arc;

use engine::Books;
use engine::crediting::credit;
use engine::invoices::find;
use engine::restating::{Correction, correct};
use testkit::faults::{Faults, FaultyLedger, Task, side_by_side};

use crate::world::{World, now};

/// September and October billed with 7 hours at 2.00 each; today an hour is 3.00.
async fn world() -> World {
    let world = World::new(&["m,EUR,2,1 Hour,0,"]).await;
    for (id, day, period) in [("a", "2026-09-03", "2026-09"), ("b", "2026-10-03", "2026-10")] {
        world.usage(&[(id, day, "m", "7")]).await;
        assert_eq!(world.close(period, false).await, "issued 14.00");
    }
    world.prices(&["m,EUR,3,1 Hour,0,"]).await;
    world
}

/// A note of September that another one, for all of October, comes before at its call `at`; false when it has none
/// so late.
async fn check(at: usize) -> bool {
    let world = world().await;
    let faults = Arc::new(Faults::default());
    let ledger = FaultyLedger { ledger: Arc::clone(&world.books.ledger), faults: Arc::clone(&faults) };
    let books = Books::new(Arc::new(ledger), Arc::clone(&world.books.usage), Arc::clone(&world.books.documents));
    let (september, october) = ("G000000001".parse().unwrap(), "G000000002".parse().unwrap());
    let note: Task<'_, _> =
        Box::pin(async { correct(&books, &september, Correction::Note, "mended", now()).await.map(|_| ()) });
    let other: Task<'_, _> = Box::pin(async { credit(&books, &october, None, "agreed", now()).await.map(|_| ()) });
    let (mut call, mut came_between) = (0, false);
    let answers = side_by_side(&faults, vec![note, other], |running| {
        call += 1;
        came_between |= running == 2 && call > at;
        usize::from(running == 2 && call > at)
    });
    for answer in answers.await {
        answer.unwrap().unwrap_or_else(|error| panic!("before call {at}: {error:?}"));
    }
    for number in [&september, &october] {
        assert_eq!(find(&world.books, None, number).await.unwrap().amendments.len(), 1, "before call {at}");
    }
    world.assert_sound().await;
    came_between
}

#[tokio::test]
async fn a_correction_looks_again_where_another_one_came_before() {
    let mut at = 0;
    while check(at).await {
        at += 1;
    }
    assert!(at > 10, "a correction has more calls");
}
