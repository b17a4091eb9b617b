//! Every kind of damage is found, and named by table and key.

use billing::ports::{Ledger, ListKind, UsageImport};
use sqlx::Row;

use crate::world::{World, at, customer, file, request, run};

/// A ledger with something in every table.
async fn full_world() -> World {
    let world = World::new().await;
    let number = world.issue(request("party-1", "2026-10")).await;
    world.issue(request("party-2", "2026-10")).await;
    world.issue(request("party-3", "2026-10")).await;
    world.pay(&number, 10_000, "transfer 1").await;
    world.ledger.commit_rating(&run("party-1", "2026-11", &["rated/open.parquet"]), &[]).await.unwrap();
    let sheet = world.ledger.put_blob(b"a price sheet").await.unwrap();
    world.ledger.add_list(ListKind::PriceSheet, &sheet, "sheet.csv", at("2026-11-01T00:00:00Z")).await.unwrap();
    for name in ["a", "b", "c"] {
        let import = UsageImport {
            files: vec![(file(&format!("{name}.parquet")), file(&format!("{name}.keys")))],
            customers: vec![customer("customer-1", "party-1")],
            ..UsageImport::default()
        };
        world.ledger.commit_usage_import(&import).await.unwrap();
    }
    world.check_sound().await;
    world
}

/// Damages a ledger without its triggers: one finding, and it begins with `row`.
async fn check(sql: &'static str, row: &str) {
    check_all(sql, &[row]).await;
}

async fn check_all(sql: &'static str, rows: &[&str]) {
    let world = full_world().await;
    let mut raw = world.raw().await;
    let triggers = sqlx::query("SELECT name FROM sqlite_schema WHERE type = 'trigger'");
    for trigger in triggers.fetch_all(&mut raw).await.unwrap() {
        let drop = format!("DROP TRIGGER {}", trigger.get::<String, _>(0));
        sqlx::raw_sql(sqlx::AssertSqlSafe(drop)).execute(&mut raw).await.unwrap();
    }
    sqlx::raw_sql(sql).execute(&mut raw).await.unwrap();
    let findings = world.ledger.integrity().await.unwrap();
    assert_eq!(findings.len(), rows.len(), "{sql}\n{findings:#?}");
    for row in rows {
        assert!(findings.iter().any(|found| found.starts_with(&format!("{row}: "))), "{sql}\n{findings:#?}");
    }
}

#[tokio::test]
async fn changed_documents_are_found() {
    let one = "invoices (issuer, G000000001)";
    check(
        "UPDATE invoices SET header = CAST('Header of G000000001 for party-1' AS BLOB) WHERE number = 'G000000001'",
        one,
    )
    .await;
    check("UPDATE invoice_lines SET body = x'6c696e652033' WHERE number = 'G000000001' AND line_number = 2", one).await;
    check("UPDATE invoices SET total_minor = 14204 WHERE number = 'G000000001'", one).await;
    check("UPDATE invoices SET received_minor = 10001 WHERE number = 'G000000001'", one).await;
    check("UPDATE invoices SET issued_at = '2026-11-03T00:00:00.150000000Z' WHERE number = 'G000000001'", one).await;
    check("UPDATE invoices SET line_count = 4 WHERE number = 'G000000001'", one).await;
    check("UPDATE invoices SET digest = upper(digest) WHERE number = 'G000000001'", one).await;
    // Neither the document nor its account can be read.
    check_all("UPDATE invoices SET currency = 'E' WHERE number = 'G000000001'", &[one, one]).await;
    check("UPDATE invoices SET rated_files = '[' WHERE number = 'G000000001'", one).await;
    let closure = "closures (party-1, 2026-10, OneTime)";
    check_all("UPDATE invoices SET period = '2026-09' WHERE number = 'G000000001'", &[one, closure]).await;
    check_all("UPDATE closures SET number = 'G000000002' WHERE party = 'party-1'", &[one, closure]).await;
}

#[tokio::test]
async fn missing_documents_and_lines_are_found() {
    let lines = "DELETE FROM invoice_lines WHERE number = 'G000000002' AND line_number = 2";
    let two = "invoices (issuer, G000000002)";
    // The line behind the gap, the count, and the digest.
    check_all(lines, &["invoice_lines (issuer, G000000002, 3)", two, two]).await;
    check_all(
        "DELETE FROM invoice_lines WHERE number = 'G000000002'; DELETE FROM invoices WHERE number = 'G000000002'",
        // The closure's reference, the gap, and the closure itself.
        &["closures (row 2)", "invoices (issuer, G000000003)", "closures (party-2, 2026-10, OneTime)"],
    )
    .await;
    check("UPDATE number_series SET last_counter = 9", "number_series (issuer, G)").await;
    check("DELETE FROM number_series", "number_series (issuer, G)").await;
}

#[tokio::test]
async fn changed_entries_are_found() {
    let two = "journal_entries (issuer, 2)";
    check_all(
        "UPDATE journal_entries SET postings = replace(postings, '14203', '14204') WHERE position = 2",
        &[two, "invoices (issuer, G000000002)"],
    )
    .await;
    check_all(
        "UPDATE journal_entries SET booked_at = '2026-11-03T00:00:00.250000001Z' WHERE position = 2",
        &[two, "invoices (issuer, G000000002)"],
    )
    .await;
    check("UPDATE journal_entries SET kind = 'invoice_issueD' WHERE position = 2", two).await;
    check("UPDATE journal_entries SET postings = '[{' WHERE position = 2", two).await;
    check_all(
        "UPDATE journal_entries SET hash = zeroblob(32) WHERE position = 2",
        &[two, "journal_entries (issuer, 3)"],
    )
    .await;
    check("UPDATE journal_entries SET previous_hash = zeroblob(32) WHERE position = 2", two).await;
    // An entry that is gone leaves its document without one, and the next without its forerunner.
    check_all(
        "DELETE FROM journal_entries WHERE position = 2",
        &["journal_entries (issuer, 3)", "invoices (row 2)", "invoices (issuer, G000000002)"],
    )
    .await;
    check_all("DELETE FROM journal_entries WHERE position = 5", &["account_events (row 2)"]).await;
}

#[tokio::test]
async fn changed_account_events_are_found() {
    let (first, second) = ("account_events (issuer, party-1, 1)", "account_events (issuer, party-1, 2)");
    let document = "invoices (issuer, G000000001)";
    check("UPDATE account_events SET booked_at = '2026-11-21T00:00:00.000000000Z' WHERE position = 1", first).await;
    check_all(
        "UPDATE account_events SET event = replace(event, '10000', '9999') WHERE position = 2",
        &[second, document],
    )
    .await;
    check_all(
        "UPDATE account_events SET event = replace(event, '10000', '9999') WHERE position = 1",
        // The allocation is more than the payment then.
        &[first, "account_events (issuer, party-1)"],
    )
    .await;
    check("UPDATE account_events SET event = '{' WHERE position = 2", second).await;
    check("DELETE FROM account_events WHERE position = 1", second).await;
    check("DELETE FROM account_events WHERE position = 2", document).await;
    check("UPDATE invoices SET received_minor = 5 WHERE number = 'G000000002'", "invoices (issuer, G000000002)").await;
    check("UPDATE invoices SET written_off_minor = 5 WHERE number = 'G000000001'", document).await;
}

#[tokio::test]
async fn damage_elsewhere_is_found() {
    check_all("DELETE FROM usage_files WHERE place = 2", &["usage_files (3)"]).await;
    check("UPDATE usage_files SET rows_first_day = '2026-10-32' WHERE place = 2", "usage_files (2)").await;
    check("UPDATE usage_imports SET quarantined_count = 1 WHERE id = 2", "usage_imports (2)").await;
    check("UPDATE organisations SET body = '{}' WHERE id = 'party-9'", "organisations (party-9)").await;
    check("UPDATE rated_runs SET files = 'x'", "rated_runs (party-1, 2026-11)").await;
    check("UPDATE customers SET billed_party = 'nobody'", "customers (row 1)").await;
}

#[tokio::test]
async fn a_changed_blob_is_found() {
    let world = full_world().await;
    let digest = world.ledger.put_blob(b"a price sheet").await.unwrap();
    let changed = "UPDATE blobs SET body = CAST('A price sheet' AS BLOB) WHERE CAST(body AS TEXT) = 'a price sheet'";
    world.run("DROP TRIGGER blobs_update").await.unwrap();
    world.run(changed).await.unwrap();
    let findings = world.ledger.integrity().await.unwrap();
    assert_eq!(findings, [format!("blobs ({digest}): its bytes have another digest")]);
}

#[tokio::test]
async fn a_value_that_cannot_be_read_is_named_to_the_operator_only() {
    let world = full_world().await;
    world.run("DROP TRIGGER invoices_update; UPDATE invoices SET period = '2026-1x'").await.unwrap();
    let error = world.ledger.invoices(None).await.unwrap_err();
    assert_eq!((error.code, error.message.as_str()), ("ledger.damaged", "the ledger is damaged"));
    assert!(error.operator.starts_with("invoices (issuer, G000000001): period cannot be read"), "{}", error.operator);
}

/// A byte in the middle of the file, below everything that SQL can see.
#[tokio::test]
async fn torn_pages_are_found() {
    let world = full_world().await;
    world.ledger.close().await;
    let mut bytes = std::fs::read(world.path()).unwrap();
    let line = b"header of G000000001";
    let place = bytes.windows(line.len()).position(|window| window == line).unwrap();
    bytes[place] ^= 1;
    std::fs::write(world.path(), &bytes).unwrap();
    let findings = world.second().await.integrity().await.unwrap();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].starts_with("invoices (issuer, G000000001): "));

    // A whole page of zeros.
    let page = place / 4096 * 4096;
    bytes[page..page + 4096].fill(0);
    std::fs::write(world.path(), &bytes).unwrap();
    let findings = world.second().await.integrity().await.unwrap();
    assert!(!findings.is_empty());
}
