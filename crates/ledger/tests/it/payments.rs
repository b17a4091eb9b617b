use billing::balance::balances;
use billing::invoice::InvoiceNumber;
use billing::journal::{Account, Posting, payment_postings};
use billing::money::{Amount, Currency};
use billing::ports::{Ledger, Payment, StoredDocument};

use crate::world::{World, at, check_refused, eur, id, number, payment, request};

#[tokio::test]
async fn a_payment_is_booked_once() {
    let world = World::new().await;
    let number = world.issue(request("party-1", "2026-10")).await;
    let transfer = payment(&number, 10_000, "transfer 1");
    assert!(world.ledger.book_payment(&transfer).await.unwrap());
    assert!(!world.ledger.book_payment(&transfer).await.unwrap());
    // The same words for another amount are a mistake, not a repetition.
    let other = world.ledger.book_payment(&payment(&number, 203, "transfer 1")).await;
    check_refused(other, "payment.reference_used");
    assert!(world.ledger.book_payment(&payment(&number, 203, "transfer 2")).await.unwrap());
    let received = world.ledger.invoice(&number).await.unwrap().unwrap().received;
    assert_eq!(received, eur(10_203));
    assert_eq!(world.ledger.journal(&id("issuer"), 0, 10).await.unwrap().len(), 3);
    world.check_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_equal_payments_is_booked() {
    let world = World::new().await;
    let number = world.issue(request("party-1", "2026-10")).await;
    let ledgers = [world.ledger.clone(), world.second().await];
    let tasks: Vec<_> = (0..8)
        .map(|i| {
            let (ledger, transfer) = (ledgers[i % 2].clone(), payment(&number, 10_000, "transfer"));
            tokio::spawn(async move { ledger.book_payment(&transfer).await.unwrap() })
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
async fn a_payment_that_does_not_fit_is_refused() {
    let world = World::new().await;
    let number = world.issue(request("party-1", "2026-10")).await;
    check(&world, "invoice.unknown", |payment| payment.number = unknown()).await;
    check(&world, "invoice.unknown", |payment| payment.issuer = id("another-issuer")).await;
    check(&world, "payment.not_positive", |payment| payment.received = eur(0)).await;
    check(&world, "payment.not_positive", |payment| payment.received = eur(-1)).await;
    let dollars = Amount { minor: 100, currency: Currency::USD };
    check(&world, "payment.currency", |payment| payment.received = dollars).await;
    let one_sided = vec![Posting { account: Account::Cash, amount: eur(1) }; 2];
    check(&world, "journal.unbalanced", |payment| payment.postings.clone_from(&one_sided)).await;
    assert_eq!(world.ledger.invoice(&number).await.unwrap().unwrap().received, eur(0));
    assert_eq!(world.ledger.journal(&id("issuer"), 0, 10).await.unwrap().len(), 1);
    world.check_sound().await;
}

fn unknown() -> InvoiceNumber {
    number("G000000009")
}

async fn check(world: &World, code: &str, change: impl Fn(&mut Payment)) {
    let mut changed = payment(&number("G000000001"), 100, "transfer");
    change(&mut changed);
    check_refused(world.ledger.book_payment(&changed).await, code);
}

#[tokio::test]
async fn balances_name_the_last_payment() {
    let world = World::new().await;
    let first = world.issue(request("party-1", "2026-10")).await;
    world.issue(request("party-1", "2026-11")).await;
    world.issue(request("party-2", "2026-10")).await;
    // The value date counts, not the order of booking; of two on one day the later booking.
    for (day, minor) in [(20, 300), (25, 500), (25, 700), (22, 900)] {
        let mut transfer = payment(&first, minor, &format!("transfer {minor}"));
        transfer.received_at = at(&format!("2026-11-{day}T00:00:00Z"));
        transfer.postings = payment_postings(eur(minor)).unwrap();
        world.ledger.book_payment(&transfer).await.unwrap();
    }
    let documents = world.ledger.document_balances(&id("party-1")).await.unwrap();
    assert_eq!(documents.len(), 2);
    assert_eq!(documents[0].total, eur(14_203));
    assert_eq!(documents[0].received, eur(2_400));
    assert_eq!(documents[0].last_payment, Some((at("2026-11-25T00:00:00Z"), eur(700))));
    assert_eq!((documents[1].received, documents[1].last_payment), (eur(0), None));
    let sums = balances(documents).unwrap();
    assert_eq!(sums[&Currency::EUR].whole.amount, eur(2 * 14_203 - 2_400));
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
