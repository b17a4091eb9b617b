//! A party whose month cannot be rated is told so; nothing of the attempt stays.

use billing::period::BillingPeriod;
use engine::rating::{PartyRating, RatingOutcome, preview, rate};
use engine::storing::stats;

use crate::world::World;

fn failure(ratings: &[PartyRating]) -> (&str, &str) {
    match &ratings[0].outcome {
        RatingOutcome::Failed(code, message) => (code, message),
        outcome => panic!("{outcome:?}"),
    }
}

#[tokio::test]
async fn a_month_whose_total_does_not_fit_fails_and_keeps_the_lines_of_before() {
    let world = World::new(&["m,EUR,1000000000,1 Hour,0,", "n,EUR,1000000000,1 Hour,0,"]).await;
    let period: BillingPeriod = "2026-09".parse().unwrap();
    let party = "partner".parse().unwrap();
    // Each scope fits 64 bits of cents, both together do not.
    world.usage(&[("a", "2026-09-03", "m", "60000000")]).await;
    rate(&world.books, period, &|_| {}).await.unwrap();
    let before = world.books.ledger.rated_run(&party, period).await.unwrap();
    assert!(before.as_ref().is_some_and(|run| run.files.len() == 1), "{before:?}");

    world.usage(&[("b", "2026-09-03", "n", "60000000")]).await;
    let expected = (
        "number.out_of_range",
        "the total of the month cannot be written: the number has more digits than can be kept exactly",
    );
    assert_eq!(failure(&preview(&world.books, period, &|_| {}).await.unwrap()), expected);
    assert_eq!(failure(&rate(&world.books, period, &|_| {}).await.unwrap()), expected);
    assert_eq!(world.books.ledger.rated_run(&party, period).await.unwrap(), before);
    assert_eq!(stats(&world.books).await.unwrap().unknown_file_count, 0);
    world.assert_sound().await;
    assert_eq!(world.close("2026-09", false).await, "number.out_of_range");
}
