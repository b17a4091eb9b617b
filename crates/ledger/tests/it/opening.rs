use billing::ports::Ledger;
use ledger::SqliteLedger;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Row};

use crate::world::{World, check_refused, request};

#[tokio::test]
async fn a_ledger_opened_again_holds_the_same() {
    let world = World::new().await;
    world.issue(request("party-1", "2026-10")).await;
    world.issue(request("party-2", "2026-10")).await;
    world.ledger.set_setting("currency", "EUR").await.unwrap();
    let before = world.ledger.invoices(None).await.unwrap();
    world.ledger.close().await;

    let again = world.second().await;
    assert_eq!(again.invoices(None).await.unwrap(), before);
    assert_eq!(again.setting("currency").await.unwrap().as_deref(), Some("EUR"));
    assert_eq!(again.organisations().await.unwrap().len(), 11);
    assert!(again.integrity().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_no_ledger_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    check_refused(SqliteLedger::open_existing(&path("none.db")).await, "ledger.missing");
    assert!(!path("none.db").exists());

    let text = b"not a database, but long enough to be taken for one".repeat(100);
    std::fs::write(path("text.db"), &text).unwrap();
    check_refused(SqliteLedger::open(&path("text.db")).await, "ledger.damaged");
    assert_eq!(std::fs::read(path("text.db")).unwrap(), text);

    let options = SqliteConnectOptions::new().filename(path("other.db")).create_if_missing(true);
    let mut other = options.connect().await.unwrap();
    sqlx::raw_sql("CREATE TABLE bookmarks (url TEXT)").execute(&mut other).await.unwrap();
    check_refused(SqliteLedger::open(&path("other.db")).await, "ledger.foreign");
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let world = World::new().await;
    world.ledger.close().await;
    world.run("PRAGMA user_version = 2").await.unwrap();
    check_refused(SqliteLedger::open(&world.path()).await, "ledger.version_newer");
    check_refused(SqliteLedger::open_existing(&world.path()).await, "ledger.version_newer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_may_make_the_same_ledger_at_once() {
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let opened: Vec<_> = (0..8)
            .map(|i| {
                let path = path.clone();
                tokio::spawn(async move {
                    let ledger = SqliteLedger::open(&path).await?;
                    ledger.set_setting(&format!("opened by {i}"), "yes").await
                })
            })
            .collect();
        for task in opened {
            task.await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn the_file_is_as_safe_as_sqlite_makes_it() {
    let world = World::new().await;
    let mut raw = world.raw().await;
    let mode = sqlx::query("PRAGMA journal_mode").fetch_one(&mut raw).await.unwrap();
    assert_eq!(mode.get::<String, _>(0), "wal");
    let tables = sqlx::query("PRAGMA table_list").fetch_all(&mut raw).await.unwrap();
    for table in tables.iter().filter(|table| table.get::<String, _>("schema") == "main") {
        let name: String = table.get("name");
        assert!(name.starts_with("sqlite_") || table.get::<bool, _>("strict"), "{name}");
    }
}
