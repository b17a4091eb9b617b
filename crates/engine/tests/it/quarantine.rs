//! Replaying what was set aside counts each record once (USE-2, USE-3).

use engine::import::{UsageImportOptions, replay_quarantine};

use crate::world::{World, now};

const EXPORT: &str = "SubscriptionGuid,ResourceGroup,ResourceLocation,UsageDateTime,MeterCategory,MeterId,MeterName,\
                      UsageQuantity,ResourceRate,PreTaxCost,ConsumedService,ResourceType,InstanceId,Currency,UnitOfMeasure\n\
                      s-1,rg,US East,2026-09-02,Compute,m,B1,24,0.1,2.4,Microsoft.Compute,vm,/vm/1,EUR,1 Hour\n\
                      s-1,rg,US East,2026-09-02,Compute,m,B1,24,0.1,2.4,Microsoft.Compute,vm,/vm/1,EUR,1 Hour\n";

#[tokio::test]
async fn rows_of_a_file_that_was_sent_twice_count_once_after_replay() {
    let world = World::empty().await;
    for _ in 0..2 {
        let report = world.import(EXPORT.to_owned()).await;
        assert_eq!((report.accepted, report.quarantined.len()), (0, 2));
    }
    world.customers("c").await;
    let options = UsageImportOptions { assign_to: Some("c".parse().unwrap()), ..UsageImportOptions::default() };
    let replay = replay_quarantine(&world.books, &options, now()).await.unwrap();
    // The two equal rows of one file are twins; those of its copy are the same two again.
    assert_eq!((replay.accepted, replay.duplicate, replay.remaining.len()), (2, 2, 0));
    let again = replay_quarantine(&world.books, &options, now()).await.unwrap();
    assert_eq!((again.accepted, again.duplicate), (0, 0));
}

#[tokio::test]
async fn a_line_that_is_still_bad_stays() {
    let world = World::empty().await;
    world.import(EXPORT.to_owned()).await;
    let replay = replay_quarantine(&world.books, &UsageImportOptions::default(), now()).await.unwrap();
    assert_eq!((replay.accepted, replay.remaining.len()), (0, 2));
    assert_eq!(world.books.ledger.quarantine().await.unwrap().len(), 2);
}
