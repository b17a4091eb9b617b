//! Replaying what was set aside counts each record once (USE-2, USE-3).

use engine::import::{UsageImportOptions, replay_quarantine, take_differences};

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

const REVISED: &str =
    "record_id,usage_date,customer_id,subscription_id,meter_id,quantity,quantity_basis,kind,revision\n";

/// September was billed; its records are restated, twice, and one of them moves to another meter.
#[tokio::test]
async fn restatements_of_billed_records_are_billed_by_their_difference() {
    let world = World::new(&["m,EUR,2,1 Hour,0,", "n,EUR,5,1 Hour,0,"]).await;
    world.usage(&[("a", "2026-09-03", "m", "7"), ("b", "2026-09-04", "m", "1"), ("c", "2026-09-05", "m", "3")]).await;
    assert_eq!(world.close("2026-09", false).await, "issued 22.00");
    let row = |id: &str, day: &str, meter: &str, quantity: &str, revision: u32| {
        format!("{id},2026-09-{day},c,p,{meter},{quantity},blocks,usage,{revision}\n")
    };
    let first = [row("a", "03", "m", "10", 2), row("b", "04", "n", "1", 1), row("c", "05", "m", "3", 1)];
    let report = world.import(format!("{REVISED}{}", first.concat())).await;
    assert_eq!((report.accepted, report.duplicate, report.quarantined.len()), (0, 0, 3));
    let taken = take_differences(&world.books, now()).await.unwrap();
    // The third says what is known.
    assert_eq!((taken.restatements, taken.records, taken.remaining.len()), (3, 3, 0));
    assert_eq!(take_differences(&world.books, now()).await.unwrap().records, 0);
    // Sent again, and once more with another quantity and with a revision that is behind.
    let again = [row("a", "03", "m", "10", 2), row("a", "03", "m", "4", 3), row("a", "03", "m", "5", 1)];
    world.import(format!("{REVISED}{}", again.concat())).await;
    let taken = take_differences(&world.books, now()).await.unwrap();
    let codes: Vec<&str> = taken.remaining.iter().map(|line| line.code.as_str()).collect();
    assert_eq!((taken.restatements, taken.records, codes), (2, 1, vec!["usage.line.record_id_conflict"]));
    // a: 7 to 10 to 4 at 2.00; b: 1 at 2.00 becomes 1 at 5.00.
    assert_eq!(world.close("2026-10", false).await, "issued -3.00");
    let mut lines = world.lines("G000000002").await;
    lines.sort();
    assert_eq!(lines, ["m 2026-09 -4 -8.00", "n 2026-09 1 5.00"]);
    world.assert_sound().await;
    // Back to what was billed first, after all.
    let back = row("a", "03", "m", "7", 4);
    assert_eq!(world.import(format!("{REVISED}{back}")).await.quarantined.len(), 1);
    assert_eq!(take_differences(&world.books, now()).await.unwrap().records, 1);
    assert_eq!(world.close("2026-11", false).await, "issued 6.00");
    world.assert_sound().await;
}

/// September was billed to one party and not yet to the other, whose record is restated as if nobody were billed.
#[tokio::test]
async fn what_is_not_billed_yet_is_restated_and_not_billed_by_its_difference() {
    let world = World::new(&["m,EUR,1,1 Hour,0,", "m,EUR,0.50,1 Hour,100,"]).await;
    world.usage(&[("a", "2026-09-03", "m", "7")]).await;
    assert_eq!(world.close("2026-09", false).await, "issued 7.00");
    world.other_party("other", "d", "q").await;
    let row = |day: &str, quantity: &str, revision: u32| {
        format!("z,2026-09-{day},d,q,m,{quantity},blocks,usage,{revision}\n")
    };
    assert_eq!(world.import(format!("{REVISED}{}", row("20", "90", 1))).await.accepted, 1);
    let report = world.import(format!("{REVISED}{}", row("01", "120", 2))).await;
    assert_eq!((report.accepted, report.quarantined[0].code.as_str()), (0, "usage.line.revision_after_issue"));
    let taken = take_differences(&world.books, now()).await.unwrap();
    assert_eq!((taken.restatements, taken.records, taken.remaining.len()), (1, 1, 0));
    assert_eq!(take_differences(&world.books, now()).await.unwrap().restatements, 0);
    assert_eq!(world.close_all("2026-09").await, ["other issued 110.00", "partner closed"]);
    // One record, on its new day.
    assert_eq!(world.lines("G000000002").await, ["m 2026-09 120 110.00"]);
    world.assert_sound().await;
}
