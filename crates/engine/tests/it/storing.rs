//! Compaction changes where records lie, and nothing else.

use billing::licence::Generation;
use billing::period::BillingPeriod;
use engine::invoices::unbilled_days;
use engine::rating::rate;
use engine::storing::{compact, stats};

use crate::world::{World, now};

const PARTNER: &str = "partner";

/// The unbilled lines of September: record, quantity, total.
async fn unbilled(world: &World) -> Vec<String> {
    let period: BillingPeriod = "2026-09".parse().unwrap();
    let source = unbilled_days(&world.books, &PARTNER.parse().unwrap(), period, Generation::NewCommerce).await.unwrap();
    let page = source.read(&world.books, 0, 100, &|_| true).unwrap();
    let shown = source.show(&world.books, page).await.unwrap();
    shown
        .iter()
        .map(|(place, day)| format!("{place} {:?} {} {}", day.line.key, day.line.record.quantity, day.billing_total))
        .collect()
}

/// Files of September's records, and those kept for rated runs.
async fn counts(world: &World) -> (u64, u64, u64) {
    let stats = stats(&world.books).await.unwrap();
    let month = stats.months.iter().find(|month| month.month.to_string() == "2026-09").unwrap();
    (month.file_count, month.open_file_count, stats.retired_file_count)
}

#[tokio::test]
async fn merged_records_are_rated_and_billed_alike() {
    let world = World::new(&["m,EUR,1,1 Hour,0,", "m,EUR,0.50,1 Hour,10,", "n,EUR,2,1 Hour,0,"]).await;
    let period = "2026-09".parse().unwrap();
    world.usage(&[("a", "2026-09-03", "m", "9"), ("b", "2026-09-01", "n", "1")]).await;
    world.usage(&[("c", "2026-09-02", "m", "4")]).await;
    world.usage(&[("d", "2026-09-03", "m", "2"), ("e", "2026-09-03", "n", "3")]).await;
    rate(&world.books, period, &|_| {}).await.unwrap();
    let before = unbilled(&world).await;
    assert_eq!((before.len(), counts(&world).await), (5, (3, 3, 0)));

    let compacted = compact(&world.books, now(), &|_| {}).await.unwrap();
    assert_eq!(compacted.iter().map(|month| (month.files_before, month.files_after)).collect::<Vec<_>>(), [(3, 1)]);
    // The run of before still reads the merged files; the next one lets them go.
    assert_eq!(counts(&world).await, (1, 1, 3));
    assert_eq!(unbilled(&world).await, before);
    rate(&world.books, period, &|_| {}).await.unwrap();
    assert_eq!(unbilled(&world).await, before);
    assert_eq!(counts(&world).await, (1, 1, 0));
    assert_eq!(compact(&world.books, now(), &|_| {}).await.unwrap(), []);

    // A record that is known stays known, and the month is billed as it was shown.
    assert_eq!(world.usage(&[("a", "2026-09-03", "m", "9")]).await.duplicate, 1);
    assert_eq!(world.close("2026-09", false).await, "issued 20.50");
    world.assert_sound().await;
}

#[tokio::test]
async fn files_that_were_billed_are_left_alone() {
    let world = World::new(&["m,EUR,1,1 Hour,0,"]).await;
    world.usage(&[("a", "2026-09-03", "m", "9")]).await;
    world.usage(&[("b", "2026-09-03", "m", "1"), ("x", "2026-10-01", "m", "5")]).await;
    assert_eq!(world.close("2026-09", false).await, "issued 10.00");
    let late = [("c", "2026-09-03", "m", "1"), ("e", "2026-09-06", "m", "1"), ("y", "2026-10-01", "m", "6")];
    world.usage(&late).await;
    world.usage(&[("d", "2026-09-04", "m", "3"), ("z", "2026-10-01", "m", "7")]).await;
    let compacted = compact(&world.books, now(), &|_| {}).await.unwrap();
    let months: Vec<_> =
        compacted.iter().map(|month| (month.month.to_string(), month.files_before, month.files_after)).collect();
    assert_eq!(months, [("2026-09".to_owned(), 2, 1), ("2026-10".to_owned(), 2, 1)]);
    assert_eq!(counts(&world).await, (3, 1, 0));
    world.assert_sound().await;
    // October with what came late for September: 5 + 6 + 7 and 2 + 3.
    assert_eq!(world.close("2026-10", false).await, "issued 23.00");
    world.assert_sound().await;
}

#[tokio::test]
async fn damage_to_merged_records_is_found_while_rated_lines_read_them() {
    let world = World::new(&["m,EUR,1,1 Hour,0,"]).await;
    let period = "2026-09".parse().unwrap();
    world.usage(&[("a", "2026-09-01", "m", "9"), ("c", "2026-09-03", "m", "2")]).await;
    world.usage(&[("b", "2026-09-02", "m", "4")]).await;
    rate(&world.books, period, &|_| {}).await.unwrap();
    compact(&world.books, now(), &|_| {}).await.unwrap();
    world.assert_sound().await;
    let retired = world.books.ledger.retired_usage_files().await.unwrap();
    let path = world.root().join(&retired[0].path);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let verification = engine::verifying::verify(&world.books, &|_| {}).await.unwrap();
    let subjects: Vec<_> = verification.findings.into_iter().map(|finding| finding.subject).collect();
    assert_eq!(subjects, [retired[0].path.clone()]);
}
