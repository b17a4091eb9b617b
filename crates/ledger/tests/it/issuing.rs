use std::collections::BTreeSet;

use billing::invoice::{CarriedDay, InvoiceType, KnownLists};
use billing::journal::{Account, EntryHash, Posting};
use billing::money::{Amount, Currency};
use billing::ports::{ClosingStep, Closure, IssueRequest, Ledger, ListKind, Parking, StepOutcome, document_digest};
use ledger::SqliteLedger;

use crate::world::{ISSUER, World, at, check_refused, eur, id, new_line, number, one_step, period, request, try_issue};

#[tokio::test]
async fn a_document_is_stored_as_it_was_issued() {
    let world = World::new().await;
    let number = world.issue(request("party-1", "2026-10")).await;
    let stored = world.ledger.invoice(&number).await.unwrap().unwrap();
    assert_eq!(stored.number.as_str(), "G000000001");
    assert_eq!((stored.issuer, stored.party), (id(ISSUER), id("party-1")));
    assert_eq!((stored.period, stored.invoice_type), (period("2026-10"), InvoiceType::OneTime));
    assert_eq!(stored.issued_at, at("2026-11-03T00:00:00.25Z"));
    assert_eq!(stored.header, b"header of G000000001 for party-1");
    assert_eq!((stored.line_count, stored.received), (3, eur(0)));
    assert_eq!(stored.rated_files, request("party-1", "2026-10").rated.files);

    let lines = world.ledger.invoice_lines(&number, 0, 10).await.unwrap();
    assert_eq!(lines, [b"line 1", b"line 2", b"line 3"]);
    assert_eq!(world.ledger.invoice_lines(&number, 1, 1).await.unwrap(), [b"line 2"]);
    assert_eq!(stored.digest, document_digest(&stored.header, lines.iter().map(Vec::as_slice)));
}

#[tokio::test]
async fn documents_stand_in_the_order_of_their_issue() {
    let world = World::new().await;
    // As text, a second without a fraction would come after the same one with a fraction.
    for (party, time) in [("party-1", "00:00:00.25Z"), ("party-2", "00:00:00Z"), ("party-3", "00:00:01Z")] {
        let issued_at = at(&format!("2026-11-03T{time}"));
        world.issue(IssueRequest { issued_at, ..request(party, "2026-10") }).await;
    }
    let parties: Vec<_> = world.ledger.invoices(None).await.unwrap().into_iter().map(|found| found.party).collect();
    assert_eq!(parties, [id("party-2"), id("party-1"), id("party-3")]);
}

/// INV-1, with eight issuers in two ledgers on one file.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn numbers_have_no_gaps() {
    let world = World::new().await;
    let ledgers = [world.ledger.clone(), world.second().await];
    let tasks: Vec<_> =
        (1..=8).map(|i| tokio::spawn(issue_year(ledgers[i % 2].clone(), format!("party-{i}")))).collect();
    let mut numbers = BTreeSet::new();
    for task in tasks {
        numbers.extend(task.await.unwrap());
    }
    let expected: BTreeSet<String> = (1..=96).map(|counter| format!("G{counter:09}")).collect();
    assert_eq!(numbers, expected);
    assert_eq!(world.ledger.journal(&id(ISSUER), 0, 1_000).await.unwrap().len(), 96);
    world.check_sound().await;
}

async fn issue_year(ledger: SqliteLedger, party: String) -> Vec<String> {
    let mut numbers = Vec::new();
    for month in 1..=12 {
        match try_issue(&ledger, request(&party, &format!("2026-{month:02}"))).await.unwrap() {
            StepOutcome::Issued(number) => numbers.push(number.to_string()),
            outcome => panic!("{outcome:?}"),
        }
    }
    numbers
}

#[tokio::test]
async fn series_and_issuers_count_for_themselves() {
    let world = World::new().await;
    let recurring = IssueRequest { invoice_type: InvoiceType::Recurring, ..request("party-1", "2026-10") };
    let foreign = IssueRequest { issuer: id("another-issuer"), ..request("party-2", "2026-10") };
    let numbers =
        [world.issue(request("party-1", "2026-10")).await, world.issue(recurring).await, world.issue(foreign).await];
    assert_eq!(numbers.map(|n| n.to_string()), ["G000000001", "D000000001", "G000000001"]);
    // A number alone does not say whose it is.
    check_refused(world.ledger.invoice(&number("G000000001")).await, "invoice.number_ambiguous");
    assert_eq!(world.ledger.invoices(Some(&id("party-1"))).await.unwrap().len(), 2);
    assert_eq!(world.ledger.invoices(None).await.unwrap().len(), 3);
    world.check_sound().await;
}

/// INV-3, INV-4: the second request writes nothing, whatever it asks for.
#[tokio::test]
async fn one_document_per_party_type_currency_and_period() {
    let world = World::new().await;
    let number = world.issue(request("party-1", "2026-10")).await;
    let before = world.ledger.invoices(None).await.unwrap();
    let mut again = request("party-1", "2026-10");
    again.lines.clear();
    let outcome = try_issue(&world.ledger, again).await.unwrap();
    assert_eq!(outcome, StepOutcome::AlreadyClosed(Some(number)));
    assert_eq!(world.ledger.invoices(None).await.unwrap(), before);
    assert_eq!(world.issue(request("party-1", "2026-11")).await.as_str(), "G000000002");
    world.check_sound().await;
}

#[tokio::test]
async fn a_period_without_a_document_is_closed_once() {
    let world = World::new().await;
    let closure = Closure {
        party: id("party-1"),
        period: period("2026-10"),
        usage_through: 3,
        invoice: None,
        carried: vec![CarriedDay {
            subscription: "plan-1".parse().unwrap(),
            meter: "meter-1".parse().unwrap(),
            usage_date: jiff::civil::date(2026, 10, 5),
            usage_after: 2,
            usage_through: 3,
        }],
        lists: KnownLists::default(),
    };
    assert_eq!(world.close_empty(&closure).await, Ok(StepOutcome::Empty));
    assert_eq!(world.close_empty(&closure).await, Ok(StepOutcome::AlreadyClosed(None)));
    let outcome = try_issue(&world.ledger, request("party-1", "2026-10")).await.unwrap();
    assert_eq!(outcome, StepOutcome::AlreadyClosed(None));
    assert_eq!(world.ledger.closures(&id("party-1")).await.unwrap(), std::slice::from_ref(&closure));
    let named = Closure { invoice: Some(number("G000000001")), ..closure };
    check_refused(world.close_empty(&named).await, "closure.with_document");
    world.check_sound().await;
}

#[tokio::test]
async fn issuing_closes_the_period_and_takes_the_party_out_of_the_parked() {
    let world = World::new().await;
    let reasons = vec![("close.unpriced".to_owned(), "usage without a price".to_owned())];
    for party in ["party-1", "party-2"] {
        let parking = Parking { party: id(party), period: period("2026-10"), reasons: reasons.clone() };
        one_step(&world.ledger, ClosingStep::Park(parking)).await.unwrap();
    }
    let mut request = request("party-1", "2026-10");
    for day in [9, 3] {
        request.carried.push(CarriedDay {
            subscription: "plan-1".parse().unwrap(),
            meter: "meter-1".parse().unwrap(),
            usage_date: jiff::civil::date(2026, 10, day),
            usage_after: 2,
            usage_through: 7,
        });
    }
    let carried = request.carried.clone();
    let number = world.issue(request).await;
    let closure = Closure {
        party: id("party-1"),
        period: period("2026-10"),
        usage_through: 7,
        invoice: Some(number),
        carried,
        lists: KnownLists::default(),
    };
    assert_eq!(world.ledger.closures(&id("party-1")).await.unwrap(), [closure]);
    let parked = world.ledger.parkings(Some(period("2026-10"))).await.unwrap();
    assert_eq!(parked.iter().map(|p| p.party.as_str()).collect::<Vec<_>>(), ["party-2"]);
    assert_eq!(world.ledger.parkings(None).await.unwrap(), parked);
    assert!(world.ledger.parkings(Some(period("2026-09"))).await.unwrap().is_empty());
}

/// JRN-1. Nothing of what failed is visible, and its number is drawn again.
#[tokio::test]
async fn every_entry_adds_up_to_zero() {
    let world = World::new().await;
    let one_sided = [
        vec![],
        vec![Posting { account: Account::Receivable, amount: eur(1) }; 2],
        vec![
            Posting { account: Account::Receivable, amount: eur(1) },
            Posting { account: Account::Revenue, amount: Amount { minor: -1, currency: Currency::USD } },
        ],
    ];
    let codes = ["journal.too_few_postings", "journal.unbalanced", "journal.unbalanced"];
    for (postings, code) in one_sided.into_iter().zip(codes) {
        let request = IssueRequest { postings, ..request("party-1", "2026-10") };
        check_refused(try_issue(&world.ledger, request).await, code);
        check_nothing_issued(&world).await;
    }
    assert_eq!(world.issue(request("party-1", "2026-10")).await.as_str(), "G000000001");
}

#[tokio::test]
async fn a_failing_header_writer_leaves_nothing() {
    let world = World::new().await;
    let ledger = world.ledger.clone();
    let failed = tokio::spawn(async move {
        let header = Box::new(|_: &_| panic!("the header cannot be written"));
        try_issue(&ledger, IssueRequest { header, ..request("party-1", "2026-10") }).await
    });
    assert!(failed.await.unwrap_err().is_panic());
    check_nothing_issued(&world).await;
    assert_eq!(world.issue(request("party-1", "2026-10")).await.as_str(), "G000000001");
    world.check_sound().await;
}

#[tokio::test]
async fn an_unknown_party_leaves_nothing() {
    let world = World::new().await;
    check_refused(try_issue(&world.ledger, request("nobody", "2026-10")).await, "ledger.reference_unknown");
    check_nothing_issued(&world).await;
}

async fn check_nothing_issued(world: &World) {
    assert!(world.ledger.invoices(None).await.unwrap().is_empty());
    assert!(world.ledger.journal(&id(ISSUER), 0, 10).await.unwrap().is_empty());
    assert!(world.ledger.closures(&id("party-1")).await.unwrap().is_empty());
    world.check_sound().await;
}

/// JRN-2.
#[tokio::test]
async fn the_chain_is_unbroken() {
    let world = World::new().await;
    let number = world.issue(request("party-1", "2026-10")).await;
    world.issue(request("party-2", "2026-10")).await;
    world.pay(&number, 10_000, "transfer 1").await;
    let entries = world.ledger.journal(&id(ISSUER), 0, 10).await.unwrap();
    let mut previous = EntryHash::START;
    for (position, stored) in (1..).zip(&entries) {
        assert_eq!(stored.entry.position, position);
        assert_eq!(stored.entry.hash(previous), stored.hash);
        previous = stored.hash;
    }
    let references: Vec<_> = entries.iter().map(|stored| stored.entry.reference.as_str()).collect();
    assert_eq!(references, ["G000000001", "G000000002", "transfer 1", "G000000001"]);
    assert_eq!(world.ledger.journal(&id(ISSUER), 1, 1).await.unwrap(), entries[1..2]);
    assert!(world.ledger.journal(&id("another-issuer"), 0, 10).await.unwrap().is_empty());
}

/// INV-2: the database itself refuses, also to other programs.
#[tokio::test]
async fn issued_documents_never_change() {
    let world = World::new().await;
    let number = world.issue(request("party-1", "2026-10")).await;
    world.pay(&number, 10_000, "transfer 1").await;
    let sheet = world.ledger.put_blob(b"a price sheet").await.unwrap();
    world.ledger.add_list(ListKind::PriceSheet, &sheet, "prices", at("2026-11-01T00:00:00Z")).await.unwrap();
    let refused = [
        "UPDATE invoices SET header = x'00'",
        "UPDATE invoices SET total_minor = total_minor + 1",
        "UPDATE invoices SET issued_at = '2026-01-01T00:00:00Z'",
        "UPDATE invoices SET digest = '', received_minor = 0",
        "DELETE FROM invoices",
        "REPLACE INTO invoices SELECT * FROM invoices",
        "REPLACE INTO invoices SELECT issuer, 'G000000009', party, period, invoice_type, currency, \
         0, 0, 0, issued_at, due_on, header, digest, line_count, rated_files, journal_position, amends, \
         amendment_place, amendment FROM invoices",
        "UPDATE invoices SET amends = number, amendment = 'credit', amendment_place = 1",
        "UPDATE invoice_lines SET body = x'00' WHERE line_number = 2",
        "DELETE FROM invoice_lines WHERE line_number = 3",
        "REPLACE INTO invoice_lines SELECT issuer, number, line_number, subscription, x'00' FROM invoice_lines",
        "INSERT INTO invoice_lines SELECT issuer, number, 4, subscription, body FROM invoice_lines LIMIT 1",
        "UPDATE journal_entries SET postings = '[]'",
        "DELETE FROM journal_entries WHERE position = 2",
        "REPLACE INTO journal_entries SELECT * FROM journal_entries",
        "INSERT INTO journal_entries SELECT organisation, 9, kind, reference, booked_at, postings, \
         previous_hash, hash FROM journal_entries LIMIT 1",
        "UPDATE account_events SET document = NULL",
        "DELETE FROM account_events",
        "REPLACE INTO account_events SELECT * FROM account_events",
        "INSERT INTO account_events SELECT issuer, party, 9, document, event, booked_at, journal_position \
         FROM account_events LIMIT 1",
        "UPDATE blobs SET body = x'00'",
        "DELETE FROM blobs",
        "UPDATE lists SET position = position + 1",
        "DELETE FROM lists",
        "INSERT INTO lists SELECT kind, 9, sha256, title, imported_at FROM lists LIMIT 1",
    ];
    for sql in refused {
        let error = world.run(sql).await.expect_err(sql).to_string();
        assert!(
            error.contains("never changes") || error.contains("never change") || error.contains("behind"),
            "{error}"
        );
    }
    world.check_sound().await;
}

#[tokio::test]
async fn a_document_of_many_lines_is_written_whole() {
    let world = World::new().await;
    let mut request = request("party-1", "2026-10");
    let lines: Vec<Vec<u8>> = (1..=2_345).map(|line| vec![b'x'; line % 3_000]).collect();
    request.lines = lines.iter().cloned().map(new_line).collect();
    let number = world.issue(request).await;
    let stored = world.ledger.invoice(&number).await.unwrap().unwrap();
    assert_eq!(stored.line_count, 2_345);
    assert_eq!(world.ledger.invoice_lines(&number, 0, u32::MAX).await.unwrap(), lines);
    assert_eq!(world.ledger.invoice_lines(&number, 2_300, 1_000).await.unwrap(), lines[2_300..]);
    world.check_sound().await;
}
