//! Classic licences on recurring invoices, beside the one-time invoice of the same month.

use billing::invoice::{Adjustment, InvoiceNumber, InvoiceType};
use billing::money::{Amount, Currency};
use engine::closing::{CloseOptions, ClosingOutcome, PreviewedOutcome, close, preview_close};
use engine::invoices::{find, lines, party_balances};
use engine::paying::adjust;
use engine::restating::{Correction, correct};

use crate::world::{World, now};

const OFFERS: &str = "product_id,sku_id,term,billing_plan,unit_price,currency,effective_from,product_name,generation\n\
    O,K,P1Y,monthly,4,EUR,2026-01-01,Mailbox,classic\n\
    O,K,P1Y,annual,48,EUR,2026-01-01,Mailbox,classic\n\
    O,U,P1Y,monthly,4,USD,2026-01-01,Mailbox,classic\n\
    P,A,P1M,monthly,12,EUR,2026-01-01,Mail,new_commerce\n\
    P,Y,P1Y,monthly,11,EUR,2026-01-01,Mail,\n";

async fn world() -> World {
    let world = World::new(&["m,EUR,2,1 Hour,0,"]).await;
    world.offers_text(OFFERS).await;
    world
}

const BOUGHT: &str = "o-1,2026-08-13T09:00:00Z,purchase,c,k,O,K,P1Y,monthly,1,,";
const MORE: &str = "o-2,2026-09-01T09:00:00Z,change_seats,c,k,,,,,2,,";
const OTHER: &str = "o-3,2026-09-20T09:00:00Z,purchase,c,s,P,A,P1M,monthly,1,,";

/// What closing a month says of each document.
async fn closed(world: &World, period: &str) -> Vec<String> {
    let closings = close(&world.books, period.parse().unwrap(), CloseOptions::default(), now(), &|_| {}).await.unwrap();
    let told = |outcome: &ClosingOutcome| match outcome {
        ClosingOutcome::Issued { number, total, line_count } => format!("{number} {} {line_count}", total.to_plain()),
        ClosingOutcome::AlreadyClosed(number) => format!("closed {number:?}"),
        ClosingOutcome::Nothing => "nothing".to_owned(),
        ClosingOutcome::Parked(reasons) => reasons[0].0.clone(),
    };
    closings.iter().map(|closing| told(&closing.outcome)).collect()
}

#[tokio::test]
async fn a_month_has_a_document_of_each_family() {
    let world = world().await;
    assert_eq!(world.orders(&[BOUGHT, MORE, OTHER]).await, (3, 0, vec![]));
    world.usage(&[("a", "2026-09-03", "m", "1")]).await;
    assert_eq!(closed(&world, "2026-08").await, ["D000000001 4.00 1"]);
    assert_eq!(closed(&world, "2026-09").await, ["G000000001 14.00 2", "D000000002 9.55 4"]);
    assert_eq!(closed(&world, "2026-09").await, ["closed Some(G000000001)", "closed Some(D000000002)"]);
    assert_eq!(world.lines("G000000001").await, ["m 2026-09 1 2.00", "s new 2026-09-20..2026-10-19 1 12.00"]);
    let settled = [
        "k Cycle instance prorate 2026-08-13..2026-09-12 1 -4.00",
        "k Cycle instance prorate 2026-08-13..2026-08-31 1 2.45",
        "k Cycle instance prorate 2026-09-01..2026-09-12 2 3.10",
        "k Cycle instance prorate 2026-09-13..2026-10-12 2 8.00",
    ];
    assert_eq!(world.lines("D000000002").await, settled);
    // Only classic licences are left, and then nothing.
    let off = ["o-4,2026-10-01T09:00:00Z,cancel,c,k,,,,,,,", "o-5,2026-10-01T09:00:00Z,set_auto_renew,c,s,,,,,,false,"];
    assert_eq!(world.orders(&off).await, (2, 0, vec![]));
    assert_eq!(closed(&world, "2026-10").await, ["D000000003 -3.20 1"]);
    assert_eq!(world.lines("D000000003").await, ["k Cancel fee 2026-10-01..2026-10-12 2 -3.20"]);
    assert_eq!(closed(&world, "2026-11").await, ["nothing"]);
    world.assert_sound().await;
    for (number, count) in [("G000000001", 2), ("D000000001", 1), ("D000000002", 4), ("D000000003", 1)] {
        for line in 1..=count {
            engine::explaining::explain(&world.books, &number.parse().unwrap(), line).await.unwrap();
        }
    }
    let balances = party_balances(&world.books, &"partner".parse().unwrap()).await.unwrap();
    let by_type = &balances[&"EUR".parse().unwrap()].by_type;
    let amounts = [InvoiceType::OneTime, InvoiceType::Recurring].map(|one| by_type[&one].amount.to_plain());
    assert_eq!(amounts, ["14.00", "13.55"]);
}

#[tokio::test]
async fn a_preview_is_both_documents_to_the_byte() {
    let world = world().await;
    assert_eq!(world.orders(&[BOUGHT, MORE, OTHER]).await, (3, 0, vec![]));
    closed(&world, "2026-08").await;
    let period = "2026-09".parse().unwrap();
    let previews = preview_close(&world.books, period, CloseOptions::default(), now(), &|_| {}).await.unwrap();
    closed(&world, "2026-09").await;
    let mut numbers = Vec::new();
    for preview in previews {
        let PreviewedOutcome::Document(document) = preview.outcome else { panic!("{preview:?}") };
        let issued = find(&world.books, None, &document.invoice.number).await.unwrap();
        assert_eq!(document.digest, issued.stored.digest);
        numbers.push(document.invoice.number.to_string());
    }
    assert_eq!(numbers, ["G000000001", "D000000002"]);
}

#[tokio::test]
async fn what_one_document_cannot_say_stops_the_other() {
    let world = world().await;
    assert_eq!(world.orders(&[BOUGHT]).await, (1, 0, vec![]));
    world.usage(&[("a", "2026-08-03", "unknown", "1")]).await;
    assert_eq!(closed(&world, "2026-08").await, ["close.unpriced"]);
    assert!(engine::invoices::list(&world.books, None).await.unwrap().is_empty());
}

/// Usage without a price waits beside a recurring document too, and beside both.
#[tokio::test]
async fn usage_without_a_price_is_carried_whatever_was_issued() {
    let world = world().await;
    assert_eq!(world.orders(&[BOUGHT, OTHER]).await, (2, 0, vec![]));
    world.usage(&[("a", "2026-08-03", "n", "1"), ("b", "2026-09-03", "n", "10")]).await;
    assert_eq!(world.close("2026-08", true).await, "issued 4.00");
    assert_eq!(world.close("2026-09", true).await, "issued 12.00");
    world.prices(&["n,EUR,3,1 Hour,0,"]).await;
    assert_eq!(closed(&world, "2026-10").await, ["G000000002 45.00 3", "D000000003 4.00 1"]);
    let carried = ["n 2026-08 1 3.00", "n 2026-09 10 30.00", "s renew 2026-10-20..2026-11-19 1 12.00"];
    assert_eq!(world.lines("G000000002").await, carried);
    world.assert_sound().await;
}

#[tokio::test]
async fn late_usage_finds_its_month_behind_two_documents() {
    let world = world().await;
    world.prices(&["t,EUR,1,1 Hour,0,", "t,EUR,0.80,1 Hour,100,"]).await;
    assert_eq!(world.orders(&[BOUGHT]).await, (1, 0, vec![]));
    world.usage(&[("a", "2026-08-03", "t", "95")]).await;
    assert_eq!(closed(&world, "2026-08").await, ["G000000001 95.00 1", "D000000001 4.00 1"]);
    world.usage(&[("b", "2026-08-28", "t", "10")]).await;
    assert_eq!(closed(&world, "2026-09").await, ["G000000002 9.00 1", "D000000002 4.00 1"]);
    world.assert_sound().await;
}

#[tokio::test]
async fn adjustments_stand_on_one_document() {
    for (usage, expected) in
        [(true, ["G000000001 1.50 1", "D000000001 4.00 1"].as_slice()), (false, &["D000000001 3.50 1"])]
    {
        let world = world().await;
        assert_eq!(world.orders(&[BOUGHT]).await, (1, 0, vec![]));
        if usage {
            world.usage(&[("a", "2026-08-03", "m", "1")]).await;
        }
        let amount = Amount { minor: -50, currency: Currency::EUR };
        let waiting = Adjustment { reference: "a-1".to_owned(), amount, reason: "Offer".to_owned() };
        let party = world.books.ledger.organisation(&"partner".parse().unwrap()).await.unwrap().unwrap();
        adjust(&world.books, &party, &waiting, now()).await.unwrap();
        assert_eq!(closed(&world, "2026-08").await, expected);
        assert_eq!(closed(&world, "2026-09").await, ["D000000002 4.00 1"]);
        world.assert_sound().await;
    }
}

#[tokio::test]
async fn what_is_taken_back_has_the_tax_that_it_was_billed_with() {
    let world = world().await;
    let rates = |code: &str, rate: &str| {
        format!(
            "code,rate,effective_from,effective_until,country,treatment,product,legal_note\n{code},{rate},2020-01-01,,FR,standard,,\n"
        )
    };
    world.taxes(&rates("FR-20", "0.20")).await;
    assert_eq!(world.orders(&[BOUGHT, MORE]).await, (2, 0, vec![]));
    assert_eq!(closed(&world, "2026-08").await, ["D000000001 4.80 1"]);
    world.taxes(&rates("FR-25", "0.25")).await;
    closed(&world, "2026-09").await;
    let number: InvoiceNumber = "D000000002".parse().unwrap();
    let taxed = lines(&world.books, &number, 0, u32::MAX).await.unwrap();
    let taxed: Vec<String> = taxed.iter().map(|line| format!("{} {}", line.tax_code, line.tax.to_plain())).collect();
    assert_eq!(taxed, ["FR-20 -0.80", "FR-25 0.61", "FR-25 0.78", "FR-25 2.00"]);
    world.assert_sound().await;
}

#[tokio::test]
async fn a_recurring_invoice_is_taken_back_under_its_own_letter() {
    let world = world().await;
    assert_eq!(world.orders(&[BOUGHT]).await, (1, 0, vec![]));
    world.usage(&[("a", "2026-08-03", "m", "1")]).await;
    closed(&world, "2026-08").await;
    let number = "D000000001".parse().unwrap();
    let credit = engine::crediting::credit(&world.books, &number, None, "A mistake", now()).await.unwrap();
    assert_eq!(
        (credit.invoice.number.as_str(), credit.invoice.totals.total.to_plain()),
        ("D000000002", "-4.00".into())
    );
    let taken_back = lines(&world.books, &credit.invoice.number, 0, 10).await.unwrap().remove(0);
    assert_eq!(
        (taken_back.effective_unit_price.to_string(), taken_back.quantity.to_string()),
        ("-4".into(), "1".into())
    );
    engine::explaining::explain(&world.books, &credit.invoice.number, 1).await.unwrap();
    assert_eq!(closed(&world, "2026-09").await, ["D000000003 4.00 1"]);
    world.assert_sound().await;
}

#[tokio::test]
async fn what_classic_licences_do_not_know_is_set_aside() {
    let world = world().await;
    let rows = [
        BOUGHT,
        "o-2,2026-08-14T09:00:00Z,upgrade,c,k,P,A,,,1,,t",
        "o-3,2026-08-14T09:00:00Z,change_plan,c,k,,,,annual,,,",
        "o-4,2026-08-14T09:00:00Z,purchase,c,u,O,U,P1Y,monthly,1,,",
        "o-5,2026-08-14T09:00:00Z,purchase,c,k,P,A,P1M,monthly,1,,",
        "o-6,2026-08-14T09:00:00Z,change_seats,c,k,,,,,0,,",
        "o-7,2026-08-15T09:00:00Z,change_seats,c,k,,,,,3,,",
    ];
    let codes = [
        "order.not_classic",
        "order.not_classic",
        "order.not_classic",
        "order.subscription_exists",
        "licence.seats_not_positive",
    ];
    assert_eq!(world.orders(&rows).await, (2, 0, codes.map(str::to_owned).to_vec()));
    assert_eq!(closed(&world, "2026-08").await, ["D000000001 4.00 1"]);
}

/// A term keeps the price that was known when its first month was closed.
#[tokio::test]
async fn a_term_keeps_the_price_that_it_was_billed_at() {
    let world = world().await;
    assert_eq!(world.orders(&[BOUGHT]).await, (1, 0, vec![]));
    assert_eq!(closed(&world, "2026-08").await, ["D000000001 4.00 1"]);
    world.offers_text(&OFFERS.replace("monthly,4,EUR", "monthly,5,EUR")).await;
    assert_eq!(closed(&world, "2026-09").await, ["D000000002 4.00 1"]);
    world.assert_sound().await;
}

/// Of two documents of a month each is restated by itself: terms of the other one keep their price.
#[tokio::test]
async fn one_document_of_a_month_is_restated() {
    let world = world().await;
    let year = "o-9,2026-08-20T09:00:00Z,purchase,c,y,P,Y,P1Y,monthly,1,,";
    assert_eq!(world.orders(&[BOUGHT, year]).await, (2, 0, vec![]));
    assert_eq!(closed(&world, "2026-08").await, ["G000000001 11.00 1", "D000000001 4.00 1"]);
    world.offers_text(&OFFERS.replace("monthly,4,EUR", "monthly,5,EUR").replace("monthly,11,", "monthly,14,")).await;
    let number = "D000000001".parse().unwrap();
    let notes = correct(&world.books, &number, Correction::Note, "The price was wrong", now()).await.unwrap();
    let numbers: Vec<String> = notes.iter().map(|note| note.invoice.number.to_string()).collect();
    assert_eq!(numbers, ["D000000002"]);
    let differences = ["k Purchase fee 2026-08-13..2026-09-12 1 -4.00", "k Purchase fee 2026-08-13..2026-09-12 1 5.00"];
    assert_eq!(world.lines("D000000002").await, differences);
    assert_eq!(closed(&world, "2026-09").await, ["G000000002 11.00 1", "D000000003 5.00 1"]);
    world.assert_sound().await;
}
