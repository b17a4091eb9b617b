use billing::ports::{Ledger, PortError, QuarantinedLine, StoredFile, UsageImport};

use crate::world::{World, at, check_refused, customer, file, subscription};

fn quarantined(line: u64) -> QuarantinedLine {
    QuarantinedLine {
        id: 0,
        usage_import: 0,
        source: "usage.csv".to_owned(),
        format: "own-csv".to_owned(),
        header: "record_id,quantity".to_owned(),
        line,
        column: 11,
        field: "quantity".to_owned(),
        code: "usage.line.quantity_malformed".to_owned(),
        message: "the quantity is not a number".to_owned(),
        raw: vec![b'r', 0xff, 0, b','],
    }
}

fn usage_import(files: &[&str], bad_lines: &[u64]) -> UsageImport {
    let pair = |name: &&str| -> (StoredFile, StoredFile) {
        let keys = StoredFile { days: None, ..file(&format!("usage/{name}.keys")) };
        (file(&format!("usage/{name}.parquet")), keys)
    };
    UsageImport {
        source: "usage.csv".to_owned(),
        source_sha256: "11".repeat(32),
        imported_at: at("2026-11-01T08:00:00Z"),
        accepted: 2,
        files: files.iter().map(pair).collect(),
        customers: vec![customer("customer-1", "party-1")],
        subscriptions: vec![subscription("plan-1", "customer-1")],
        quarantined: bad_lines.iter().map(|line| quarantined(*line)).collect(),
        ..UsageImport::default()
    }
}

#[tokio::test]
async fn places_follow_each_other() {
    let world = World::new().await;
    let (first, second) = (usage_import(&["a", "b"], &[]), usage_import(&["c"], &[]));
    world.ledger.commit_usage_import(&first).await.unwrap();
    world.ledger.commit_usage_import(&UsageImport::default()).await.unwrap();
    world.ledger.commit_usage_import(&second).await.unwrap();
    let files = world.ledger.usage_files().await.unwrap();
    assert_eq!(files.iter().map(|file| file.place).collect::<Vec<_>>(), [1, 2, 3]);
    let stored: Vec<_> = files.into_iter().map(|file| (file.rows, file.keys)).collect();
    assert_eq!(stored, [first.files, second.files].concat());
    let mut raw = world.raw().await;
    let imports: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM usage_imports").fetch_one(&mut raw).await.unwrap();
    assert_eq!(imports, 3);
    world.check_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn places_have_no_gaps_when_many_import() {
    let world = World::new().await;
    let ledgers = [world.ledger.clone(), world.second().await];
    let tasks: Vec<_> = (0..16)
        .map(|i| {
            let ledger = ledgers[i % 2].clone();
            let names = [format!("{i}-a"), format!("{i}-b")];
            let import = usage_import(&[&names[0], &names[1]], &[i as u64]);
            tokio::spawn(async move { ledger.commit_usage_import(&import).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let files = world.ledger.usage_files().await.unwrap();
    let places: Vec<_> = files.iter().map(|file| file.place).collect();
    assert_eq!(places, (1..=32).collect::<Vec<_>>());
    // The files of one import stand together.
    for pair in files.chunks(2) {
        let import = |i: usize| pair[i].rows.path.split('-').next().unwrap().to_owned();
        assert_eq!(import(0), import(1));
    }
    assert_eq!(world.ledger.quarantine().await.unwrap().len(), 16);
    world.check_sound().await;
}

/// USE-1: a part that cannot be written takes everything back.
#[tokio::test]
async fn an_import_is_seen_whole_or_not_at_all() {
    let world = World::new().await;
    world.ledger.commit_usage_import(&usage_import(&["a"], &[])).await.unwrap();
    type Spoil = fn(&mut UsageImport);
    let bad: [(&str, Spoil); 4] = [
        ("quarantine.not_waiting", |import| import.settled = vec![99]),
        ("ledger.reference_unknown", |import| import.customers = vec![customer("customer-2", "nobody")]),
        ("ledger.conflict", |import| import.files.push((file("usage/a.parquet"), file("usage/x.keys")))),
        ("ledger.number_too_large", |import| import.quarantined[0].line = u64::MAX),
    ];
    for (code, spoil) in bad {
        let mut import = usage_import(&["b"], &[5, 6]);
        spoil(&mut import);
        check_refused(world.ledger.commit_usage_import(&import).await, code);
        assert_eq!(world.ledger.usage_files().await.unwrap().len(), 1, "{code}");
        assert!(world.ledger.quarantine().await.unwrap().is_empty(), "{code}");
    }
    world.check_sound().await;
}

#[tokio::test]
async fn an_import_never_overwrites_the_directory() {
    let world = World::new().await;
    world.ledger.commit_usage_import(&usage_import(&["a"], &[])).await.unwrap();
    let mut import = usage_import(&["b"], &[]);
    import.customers[0].name = "Changed".to_owned();
    import.customers.push(customer("customer-2", "party-2"));
    import.subscriptions[0].customer = "customer-2".parse().unwrap();
    world.ledger.commit_usage_import(&import).await.unwrap();
    let kept = world.ledger.customer(&"customer-1".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(kept.name, "Name of customer-1");
    assert!(world.ledger.customer(&"customer-2".parse().unwrap()).await.unwrap().is_some());
    let subscriptions = world.ledger.subscriptions().await.unwrap();
    assert_eq!(subscriptions[0].1.as_str(), "customer-1");
}

/// USE-3: a line leaves the queue by its state only.
#[tokio::test]
async fn quarantined_lines_are_never_lost() -> Result<(), PortError> {
    let world = World::new().await;
    let bad: Vec<u64> = (1..=250).collect();
    world.ledger.commit_usage_import(&usage_import(&["a"], &bad)).await?;
    let waiting = world.ledger.quarantine().await?;
    assert_eq!(waiting.len(), 250);
    assert_eq!(waiting[6], QuarantinedLine { id: 7, usage_import: 1, ..quarantined(7) });

    let replay = UsageImport { settled: (1..=120).collect(), ..usage_import(&["b"], &[1_000]) };
    world.ledger.commit_usage_import(&replay).await?;
    world.ledger.drop_quarantined(&[121, 122, 122, 9_999]).await?;
    let waiting = world.ledger.quarantine().await?;
    assert_eq!(waiting.last(), Some(&QuarantinedLine { id: 251, usage_import: 2, ..quarantined(1_000) }));
    let waiting: Vec<u64> = waiting.iter().map(|line| line.id).collect();
    assert_eq!(waiting, (123..=251).collect::<Vec<_>>());

    // What was settled once is not settled again: its usage would count twice.
    let again = UsageImport { settled: vec![200, 120], ..UsageImport::default() };
    check_refused(world.ledger.commit_usage_import(&again).await, "quarantine.not_waiting");
    assert_eq!(world.ledger.quarantine().await?.len(), 129);
    let mut raw = world.raw().await;
    let kept: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM quarantine").fetch_one(&mut raw).await.unwrap();
    assert_eq!(kept, 251);
    world.check_sound().await;
    Ok(())
}
