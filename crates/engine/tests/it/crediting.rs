//! Invoices that are taken back in full.

use std::sync::Arc;

use billing::invoice::{Invoice, InvoiceLine, InvoiceNumber, cancels};
use billing::settlement::{Allocate, NewPayment, Source};
use engine::crediting::credit;
use engine::invoices::{find, list};
use engine::paying::{Request, account_of, book};
use engine::{Books, EngineError};

use testkit::faults::{Faults, FaultyLedger, Task, side_by_side};

use crate::world::{World, now};

/// Books with one invoice of 31.20: usage, a licence, tax; and an adjustment on it.
async fn world() -> World {
    let world = World::new(&["m,EUR,2,1 Hour,0,"]).await;
    world.offers(&["P,A,P1M,monthly,12,EUR,2026-01-01,Mail"]).await;
    world.taxes("code,rate,effective_from\nT,0.2,2020-01-01\n").await;
    let orders = [
        "o-1,2026-09-20T09:00:00Z,purchase,c,s,P,A,P1M,monthly,1,,",
        "o-2,2026-09-22T09:00:00Z,change_seats,c,s,,,,,3,,",
    ];
    assert_eq!(world.orders(&orders).await, (2, 0, vec![]));
    world.usage(&[("a", "2026-09-03", "m", "7")]).await;
    assert_eq!(world.close("2026-09", false).await, "issued 58.08");
    world
}

fn number(text: &str) -> InvoiceNumber {
    text.parse().unwrap()
}

async fn document(world: &World, name: &str) -> (Invoice, Vec<InvoiceLine>) {
    let lines = engine::invoices::lines(&world.books, &number(name), 0, u32::MAX).await.unwrap();
    (find(&world.books, None, &number(name)).await.unwrap().invoice, lines)
}

/// What is open on each document, then what waits.
async fn open(world: &World) -> (Vec<i64>, Vec<i64>) {
    let account = account_of(&world.books, &"partner".parse().unwrap()).await.unwrap().1.account().unwrap();
    let open = account.documents.values().map(|state| state.open().unwrap().minor).collect();
    (open, account.sources.values().map(|state| state.rest.minor).collect())
}

#[tokio::test]
async fn a_credit_note_takes_every_line_and_tax_back() {
    let world = world().await;
    let before = world.books.ledger.invoice(&number("G000000001")).await.unwrap().unwrap();
    let note = credit(&world.books, &number("G000000001"), None, "wrong address", now()).await.unwrap();
    assert_eq!(note.stored.number, number("G000000002"));
    let (original, lines) = document(&world, "G000000001").await;
    let (credited, back) = document(&world, "G000000002").await;
    assert!(cancels((&original, &lines), (&credited, &back)).unwrap());
    assert_eq!(
        (lines.len(), credited.amends.map(|amends| amends.number), credited.reason.as_str()),
        (4, Some(number("G000000001")), "wrong address")
    );
    // The original stays as it was, but for what it received.
    let after = world.books.ledger.invoice(&number("G000000001")).await.unwrap().unwrap();
    assert_eq!((before.header, before.digest), (after.header, after.digest));
    assert_eq!(open(&world).await, (vec![0, 0], vec![0]));
    assert_eq!(list(&world.books, None).await.unwrap()[0].amendments.len(), 1);
    for line in 1..=4 {
        engine::explaining::explain(&world.books, &number("G000000002"), line).await.unwrap();
    }
    world.assert_sound().await;
    // The next month is billed as if nothing had happened.
    assert_eq!(world.close("2026-10", false).await, "issued 43.20");
    world.assert_sound().await;
}

#[tokio::test]
async fn what_was_paid_waits_for_other_invoices() {
    let world = world().await;
    let name = account_of(&world.books, &"partner".parse().unwrap()).await.unwrap().0;
    let amount = find(&world.books, None, &number("G000000001")).await.unwrap().invoice.totals.total;
    let payment = NewPayment { reference: "p".to_owned(), amount, received_on: jiff::civil::date(2026, 10, 20) };
    let request = Request::Receive { payment, allocate: Allocate::OldestFirst };
    book(&world.books, &name, &request, now()).await.unwrap();
    credit(&world.books, &number("G000000001"), None, "returned", now()).await.unwrap();
    assert_eq!(open(&world).await, (vec![0, 0], vec![0, 5_808]));
    assert_eq!(world.close("2026-10", false).await, "issued 43.20");
    let source = Source::CreditNote(number("G000000002"));
    let request = Request::Allocate { source, amount: None, allocate: Allocate::OldestFirst };
    book(&world.books, &name, &request, now()).await.unwrap();
    assert_eq!(open(&world).await, (vec![0, 0, 0], vec![0, 1_488]));
    world.assert_sound().await;
}

#[tokio::test]
async fn what_was_written_off_is_not_given_back() {
    let world = world().await;
    let name = account_of(&world.books, &"partner".parse().unwrap()).await.unwrap().0;
    let request = Request::WriteOff { document: number("G000000001"), amount: None, reference: "lost".to_owned() };
    book(&world.books, &name, &request, now()).await.unwrap();
    let refused = credit(&world.books, &number("G000000001"), None, "why", now()).await.map(|_| ()).unwrap_err();
    assert_eq!(refused.code, "credit.written_off");
    assert_eq!(open(&world).await, (vec![0], vec![]));
    world.assert_sound().await;
    let request = Request::TakeBackWriteOff { document: number("G000000001"), reference: "lost".to_owned() };
    book(&world.books, &name, &request, now()).await.unwrap();
    assert_eq!(open(&world).await, (vec![5_808], vec![]));
    credit(&world.books, &number("G000000001"), None, "why", now()).await.unwrap();
    assert_eq!(open(&world).await, (vec![0, 0], vec![0]));
    world.assert_sound().await;
}

/// An invoice that takes more back than it charges is money, until it is taken back itself.
#[tokio::test]
async fn an_invoice_below_zero_is_money() {
    let world = World::new(&["m,EUR,2,1 Hour,0,"]).await;
    world.offers(&["P,A,P1M,monthly,30,EUR,2026-01-01,Mail"]).await;
    let orders =
        ["o-1,2026-09-30T09:00:00Z,purchase,c,s,P,A,P1M,monthly,10,,", "o-2,2026-10-03T09:00:00Z,cancel,c,s,,,,,,,"];
    assert_eq!(world.orders(&orders).await, (2, 0, vec![]));
    assert_eq!(world.close("2026-09", false).await, "issued 300.00");
    world.usage(&[("a", "2026-11-03", "m", "50")]).await;
    assert_eq!(world.close("2026-10", false).await, "issued -270.00");
    assert_eq!(open(&world).await, (vec![30_000, 0], vec![27_000]));
    world.assert_sound().await;
    let name = account_of(&world.books, &"partner".parse().unwrap()).await.unwrap().0;
    let source = Source::CreditNote(number("G000000002"));
    assert_eq!(world.close("2026-11", false).await, "issued 100.00");
    let allocate = Allocate::Documents(vec![number("G000000003")]);
    book(&world.books, &name, &Request::Allocate { source, amount: None, allocate }, now()).await.unwrap();
    assert_eq!(open(&world).await, (vec![30_000, 0, 0], vec![17_000]));
    // 270.00 are asked for again, of which 170.00 are still there.
    credit(&world.books, &number("G000000002"), None, "why", now()).await.unwrap();
    assert_eq!(open(&world).await, (vec![30_000, 0, 0, 10_000], vec![0]));
    world.assert_sound().await;
}

#[tokio::test]
async fn a_credit_that_cannot_be_is_refused_and_writes_nothing() {
    let world = world().await;
    let refused = async |name: &str, reason: &str| {
        credit(&world.books, &number(name), None, reason, now()).await.map(|_| ()).unwrap_err().code
    };
    assert_eq!(refused("G000000009", "why").await, "invoice.unknown");
    assert_eq!(refused("G000000001", " ").await, "credit.reason_malformed");
    assert_eq!(refused("G000000001", "a\nb").await, "credit.reason_malformed");
    assert_eq!(list(&world.books, None).await.unwrap().len(), 1);
    credit(&world.books, &number("G000000001"), None, "why", now()).await.unwrap();
    assert_eq!(refused("G000000001", "why").await, "credit.already");
    assert_eq!(refused("G000000002", "why").await, "credit.of_amendment");
    assert_eq!(list(&world.books, None).await.unwrap().len(), 2);
    assert_eq!(world.books.ledger.journal(&"issuer".parse().unwrap(), 0, 99).await.unwrap().len(), 4);
    world.assert_sound().await;
}

/// Takes the invoice back while somebody else does something with it, who comes after `turns` calls of the
/// ledger; the codes of both.
async fn beside(
    world: &World,
    turns: usize,
    other: impl AsyncFn(Books) -> Result<(), EngineError>,
) -> [Option<String>; 2] {
    let faults = Arc::<Faults>::default();
    let ledger = Arc::new(FaultyLedger { ledger: Arc::clone(&world.books.ledger), faults: Arc::clone(&faults) });
    let books = Books::new(ledger, Arc::clone(&world.books.usage), Arc::clone(&world.books.documents));
    let invoice = number("G000000001");
    let first = async { credit(&books, &invoice, None, "why", now()).await.map(|_| ()) };
    let tasks: Vec<Task<'_, _>> = vec![Box::pin(first), Box::pin(other(books.clone()))];
    let mut taken = 0;
    let choose = |running: usize| {
        taken += 1;
        usize::from(running == 2 && taken > turns)
    };
    let answers = side_by_side(&faults, tasks, choose).await;
    let code =
        |answer: &Option<Result<(), EngineError>>| answer.as_ref()?.as_ref().err().map(|error| error.code.clone());
    [code(&answers[0]), code(&answers[1])]
}

/// Of two who take an invoice back at the same time one is told that it was done; and what was written off
/// meanwhile is not given back.
#[tokio::test]
async fn a_credit_looks_again_when_others_were_faster() {
    let already = Some("credit.already".to_owned());
    for turns in 1..9 {
        let world = world().await;
        let again = async |books: Books| credit(&books, &number("G000000001"), None, "why", now()).await.map(|_| ());
        let told = beside(&world, turns, again).await;
        assert!(told == [already.clone(), None] || told == [None, already.clone()], "{turns}: {told:?}");
        assert_eq!(list(&world.books, None).await.unwrap().len(), 2);
        world.assert_sound().await;
    }
    for turns in 1..9 {
        let world = world().await;
        let name = account_of(&world.books, &"partner".parse().unwrap()).await.unwrap().0;
        let lost = Request::WriteOff { document: number("G000000001"), amount: None, reference: "lost".to_owned() };
        let write_off = async |books: Books| book(&books, &name, &lost, now()).await.map(|_| ());
        let told = beside(&world, turns, write_off).await;
        let either = [Some("credit.written_off".to_owned()), None];
        let or = [None, Some("invoice.nothing_open".to_owned())];
        assert!(told == either || told == or, "{turns}: {told:?}");
        world.assert_sound().await;
    }
}
