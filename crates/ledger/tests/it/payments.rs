use billing::invoice::InvoiceNumber;
use billing::money::Amount;
use billing::ports::{Ledger, StoredDocument};
use billing::settlement::{AccountEvent, Source};

use crate::world::{World, check_refused, eur, id, number, request};

async fn received(world: &World, number: &InvoiceNumber) -> Amount {
    world.ledger.invoice(number).await.unwrap().unwrap().received
}

#[tokio::test]
async fn events_are_booked_with_their_entries_and_documents() {
    let world = World::new().await;
    let number = world.issue(request("party-1", "2026-10")).await;
    world.pay(&number, 10_000, "transfer 1").await;
    world.pay(&number, 9_000, "transfer 2").await;
    assert_eq!(received(&world, &number).await, eur(14_203));
    let history = world.ledger.account(&id("issuer"), &id("party-1")).await.unwrap();
    let positions: Vec<_> = history.events.iter().map(|event| (event.position, event.journal_position)).collect();
    assert_eq!(positions, [(1, 2), (2, 3), (3, 4), (4, 5)]);
    let account = history.account().unwrap();
    assert_eq!(account.sources[&Source::Payment("transfer 2".to_owned())].rest, eur(4_797));
    // Another's account is another one.
    let other = world.ledger.account(&id("issuer"), &id("party-2")).await.unwrap();
    assert!(other.events.is_empty() && other.documents.is_empty());
    world.check_sound().await;
}

#[tokio::test]
async fn a_decision_on_an_older_account_is_not_booked() {
    let world = World::new().await;
    let number = world.issue(request("party-1", "2026-10")).await;
    let (first, second) =
        (world.payment(&number, 10_000, "transfer 1").await, world.payment(&number, 10_000, "transfer 2").await);
    assert!(world.ledger.book_account_events(&first).await.unwrap());
    assert!(!world.ledger.book_account_events(&first).await.unwrap());
    assert!(!world.ledger.book_account_events(&second).await.unwrap());
    assert_eq!(received(&world, &number).await, eur(10_000));
    assert_eq!(world.ledger.journal(&id("issuer"), 0, 10).await.unwrap().len(), 3);
    world.check_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_equal_bookings_is_booked() {
    let world = World::new().await;
    let number = world.issue(request("party-1", "2026-10")).await;
    let ledgers = [world.ledger.clone(), world.second().await];
    let booking = world.payment(&number, 10_000, "transfer").await;
    let tasks: Vec<_> = (0..8)
        .map(|i| {
            let (ledger, booking) = (ledgers[i % 2].clone(), booking.clone());
            tokio::spawn(async move { ledger.book_account_events(&booking).await.unwrap() })
        })
        .collect();
    let mut booked = 0;
    for task in tasks {
        booked += i32::from(task.await.unwrap());
    }
    assert_eq!(booked, 1);
    world.check_sound().await;
}

#[tokio::test]
async fn an_event_of_no_document_is_not_booked() {
    let world = World::new().await;
    let number = world.issue(request("party-1", "2026-10")).await;
    let mut booking = world.payment(&number, 100, "transfer").await;
    let source = Source::Payment("transfer".to_owned());
    booking.events[1] = AccountEvent::Allocation { source, document: unknown(), amount: eur(100) };
    check_refused(world.ledger.book_account_events(&booking).await, "ledger.reference_unknown");
    assert!(world.ledger.account(&id("issuer"), &id("party-1")).await.unwrap().events.is_empty());
    assert_eq!(world.ledger.journal(&id("issuer"), 0, 10).await.unwrap().len(), 1);
    world.check_sound().await;
}

fn unknown() -> InvoiceNumber {
    number("G000000009")
}

#[tokio::test]
async fn the_first_rendering_of_a_document_stays() {
    let world = World::new().await;
    let number = world.issue(request("party-1", "2026-10")).await;
    let rendering = |path: &str| StoredDocument {
        number: number.clone(),
        kind: "pdf".to_owned(),
        sha256: "00".repeat(32),
        path: path.to_owned(),
    };
    assert_eq!(world.ledger.document(&number, "pdf").await.unwrap(), None);
    world.ledger.add_document(&rendering("documents/1.pdf")).await.unwrap();
    world.ledger.add_document(&rendering("documents/2.pdf")).await.unwrap();
    let kept = rendering("documents/1.pdf");
    assert_eq!(world.ledger.document(&number, "pdf").await.unwrap().as_ref(), Some(&kept));
    assert_eq!(world.ledger.documents().await.unwrap(), std::slice::from_ref(&kept));
    let astray = StoredDocument { number: unknown(), ..kept };
    check_refused(world.ledger.add_document(&astray).await, "invoice.unknown");
}
