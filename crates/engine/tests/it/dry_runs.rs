//! What is only shown leaves nothing behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use engine::rating::{PartyRating, preview, rate};

use crate::world::World;

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
