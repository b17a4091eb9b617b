//! What is only shown leaves nothing behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use engine::closing::{CloseOptions, PreviewedOutcome, preview_close};
use engine::rating::{PartyRating, preview, rate};

use crate::world::{World, now};

/// Every file below `root` with its bytes, but for what SQLite shares between its readers.
fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(root).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_none_or(|ending| ending != "db-shm") {
            found.insert(path.clone(), std::fs::read(path).unwrap());
        }
    }
    found
}

#[tokio::test]
async fn a_dry_run_says_what_rating_says_and_writes_nothing() {
    let world = World::new(&["m,EUR,1,1 Hour,0,", "m,EUR,0.80,1 Hour,100,"]).await;
    world.usage(&[("a", "2026-08-03", "m", "99")]).await;
    assert_eq!(world.close("2026-08", false).await, "issued 99.00");
    world
        .usage(&[("b", "2026-08-20", "m", "2"), ("c", "2026-09-01", "m", "10"), ("d", "2026-09-02", "nowhere", "1")])
        .await;
    let period = "2026-09".parse().unwrap();
    let before = files(world.root());
    let shown: Vec<PartyRating> = preview(&world.books, period, &|_| {}).await.unwrap();
    assert_eq!(files(world.root()), before);
    assert!(world.books.ledger.rated_run(&"partner".parse().unwrap(), period).await.unwrap().is_none());
    let rated = rate(&world.books, period, &|_| {}).await.unwrap();
    assert_eq!(format!("{shown:?}"), format!("{rated:?}"));
    assert!(format!("{shown:?}").contains("daily_line_count: 2, late_count: 1"), "{shown:?}");
    assert!(world.books.ledger.rated_run(&"partner".parse().unwrap(), period).await.unwrap().is_some());
}

#[tokio::test]
async fn a_closed_month_has_nothing_to_show() {
    let world = World::new(&["m,EUR,1,1 Hour,0,"]).await;
    world.usage(&[("a", "2026-08-03", "m", "99")]).await;
    assert_eq!(world.close("2026-08", false).await, "issued 99.00");
    let shown = preview(&world.books, "2026-08".parse().unwrap(), &|_| {}).await.unwrap();
    assert!(format!("{shown:?}").contains("outcome: Closed"), "{shown:?}");
}

/// What is shown is issued, to the byte; and showing it writes nothing.
#[tokio::test]
async fn a_previewed_document_is_the_one_that_is_issued() {
    let world = World::new(&["m,EUR,2,1 Hour,0,"]).await;
    world.offers(&["P,A,P1M,monthly,12,EUR,2026-01-01,Mail"]).await;
    world.taxes("code,rate,effective_from\nT,0.2,2020-01-01\n").await;
    assert_eq!(world.orders(&["o-1,2026-09-20T09:00:00Z,purchase,c,s,P,A,P1M,monthly,1,,"]).await, (1, 0, vec![]));
    world.usage(&[("a", "2026-09-03", "m", "7")]).await;
    let (period, options) = ("2026-09".parse().unwrap(), CloseOptions::default());
    let before = files(world.root());
    let previews = preview_close(&world.books, period, options, now(), &|_| {}).await.unwrap();
    assert_eq!(files(world.root()), before);
    let PreviewedOutcome::Document(document) = &previews[0].outcome else { panic!("{previews:?}") };
    assert_eq!(world.books.ledger.invoices(None).await.unwrap(), []);
    assert_eq!(world.close("2026-09", false).await, "issued 31.20");
    let issued = world.books.ledger.invoice(&document.invoice.number).await.unwrap().unwrap();
    assert_eq!((issued.digest, issued.line_count), (document.digest.clone(), 2));
    let previews = preview_close(&world.books, period, options, now(), &|_| {}).await.unwrap();
    assert!(matches!(&previews[0].outcome, PreviewedOutcome::AlreadyClosed(Some(_))), "{previews:?}");
}

#[tokio::test]
async fn a_preview_says_why_a_party_would_be_parked() {
    let world = World::new(&["m,EUR,2,1 Hour,0,"]).await;
    world.usage(&[("a", "2026-09-03", "unknown", "7")]).await;
    let period = "2026-09".parse().unwrap();
    let previews = preview_close(&world.books, period, CloseOptions::default(), now(), &|_| {}).await.unwrap();
    let PreviewedOutcome::Parked(reasons) = &previews[0].outcome else { panic!("{previews:?}") };
    assert_eq!(reasons[0].0, "close.unpriced");
    assert_eq!(world.books.ledger.parkings(None).await.unwrap(), []);
}
