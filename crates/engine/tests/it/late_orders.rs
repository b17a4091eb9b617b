//! Orders of closed months: what they change of these is charged with the next document, or restated (LC-23).

use std::collections::BTreeMap;

use billing::invoice::InvoiceNumber;
use engine::crediting::credit;
use engine::invoices::find;
use engine::restating::{Correction, correct, restatement};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::world::{World, now};

const OFFERS: &str = "product_id,sku_id,term,billing_plan,unit_price,currency,effective_from,product_name,generation\n\
    P,A,P1M,monthly,30,EUR,2026-01-01,Mail,\n\
    P,Y,P1Y,monthly,11,EUR,2026-01-01,Mail,\n\
    P,S,P1Y,monthly,100,USD,2026-01-01,Drive,\n\
    O,K,P1Y,monthly,4,EUR,2026-01-01,Mailbox,classic\n";

async fn world() -> World {
    let world = World::new(&["m,EUR,2,1 Hour,0,"]).await;
    world.offers_text(OFFERS).await;
    world
}

fn number(text: &str) -> InvoiceNumber {
    text.parse().unwrap()
}

async fn explained(world: &World, name: &str) {
    for line in (1_u32..).take(world.lines(name).await.len()) {
        engine::explaining::explain(&world.books, &number(name), line).await.unwrap();
    }
}

/// The total of the note, or the code that refuses it.
async fn restated(world: &World, name: &str, how: Correction) -> String {
    match correct(&world.books, &number(name), how, "returned", now()).await {
        Ok(notes) => notes.iter().map(|note| note.invoice.totals.total.to_plain()).collect::<Vec<_>>().join(" "),
        Err(error) => error.code,
    }
}

/// Two seats bought on 20 August, billed until September, and given back on 22 August, as was heard in October.
const BOUGHT: &str = "o-1,2026-08-20T09:00:00Z,purchase,c,s,P,A,P1M,monthly,2,,";
const RETURNED: &str = "o-2,2026-08-22T09:00:00Z,cancel,c,s,,,,,,,";

#[tokio::test]
async fn a_returned_licence_is_given_back_by_the_next_document() {
    let world = world().await;
    assert_eq!(world.orders(&[BOUGHT]).await, (1, 0, vec![]));
    assert_eq!(world.close("2026-08", false).await, "issued 60.00");
    assert_eq!(world.close("2026-09", false).await, "issued 60.00");
    assert_eq!(world.orders(&[RETURNED]).await, (0, 0, vec!["order.period_closed".to_owned()]));
    assert_eq!(world.late_orders(&[RETURNED, BOUGHT]).await, (1, 1, vec![]));
    world.usage(&[("a", "2026-10-03", "m", "1")]).await;
    assert_eq!(world.close("2026-10", false).await, "issued -114.12");
    // 29 of 31 days of August's cycle come back, and September's cycle never began.
    let lines = [
        "m 2026-10 1 2.00",
        "s cancelImmediate 2026-08-22..2026-09-19 2 -56.12",
        "s renew 2026-09-20..2026-10-19 2 -60.00",
    ];
    assert_eq!(world.lines("G000000003").await, lines);
    explained(&world, "G000000003").await;
    world.assert_sound().await;
    // It is charged once: neither later documents nor a restatement say it again.
    assert_eq!(world.close("2026-11", false).await, "nothing");
    for name in ["G000000001", "G000000002", "G000000003"] {
        assert_eq!(restated(&world, name, Correction::Note).await, "restate.same", "{name}");
    }
}

#[tokio::test]
async fn a_returned_licence_is_restated_and_then_stands_on_no_other_document() {
    for how in [Correction::Note, Correction::NextDocument, Correction::Rebill] {
        let world = world().await;
        assert_eq!(world.orders(&[BOUGHT]).await, (1, 0, vec![]));
        assert_eq!(world.close("2026-08", false).await, "issued 60.00");
        assert_eq!(world.close("2026-09", false).await, "issued 60.00");
        assert_eq!(world.late_orders(&[RETURNED]).await, (1, 0, vec![]));
        let would_be = restatement(&world.books, &number("G000000001")).await.unwrap().would_be;
        assert_eq!(would_be.to_plain(), "3.88");
        let (notes, october) = match how {
            Correction::Note => ("-56.12", "issued -58.00"),
            Correction::NextDocument => ("0.00", "issued -114.12"),
            Correction::Rebill => ("-60.00 3.88", "issued -58.00"),
        };
        assert_eq!(restated(&world, "G000000001", how).await, notes);
        assert_eq!(restated(&world, "G000000001", how).await, "restate.same");
        world.assert_sound().await;
        // September is not restated: what it charged too much goes on the next document.
        world.usage(&[("a", "2026-10-03", "m", "1")]).await;
        assert_eq!(world.close("2026-10", false).await, october);
        assert_eq!(restated(&world, "G000000002", how).await, "restate.same");
        world.assert_sound().await;
    }
}

/// A month of which nothing is left was not taken back on purpose.
#[tokio::test]
async fn a_month_that_is_restated_to_nothing_can_be_charged_again() {
    let world = world().await;
    assert_eq!(world.orders(&[BOUGHT]).await, (1, 0, vec![]));
    assert_eq!(world.close("2026-08", false).await, "issued 60.00");
    assert_eq!(world.close("2026-09", false).await, "issued 60.00");
    assert_eq!(world.late_orders(&[RETURNED]).await, (1, 0, vec![]));
    assert_eq!(restated(&world, "G000000001", Correction::Note).await, "-56.12");
    assert_eq!(restated(&world, "G000000002", Correction::Rebill).await, "restate.nothing_left");
    assert_eq!(restated(&world, "G000000002", Correction::NextDocument).await, "0.00");
    assert_eq!(restated(&world, "G000000002", Correction::Note).await, "restate.same");
    let bought = "o-3,2026-09-10T09:00:00Z,purchase,c,t,P,A,P1M,monthly,1,,";
    assert_eq!(world.late_orders(&[bought]).await, (1, 0, vec![]));
    assert_eq!(restated(&world, "G000000002", Correction::Rebill).await, "30.00");
    world.assert_sound().await;
    // What the note left for it, and the renewal of the other licence.
    assert_eq!(world.close("2026-10", false).await, "issued -30.00");
    world.assert_sound().await;
}

/// A month without a document has nothing to restate: what it lacks goes on the next document, with its own rates.
#[tokio::test]
async fn a_late_purchase_has_the_rates_of_its_month() {
    let world = world().await;
    world.taxes("code,rate,effective_from\nT,0.2,2020-01-01\nU,0.1,2026-10-01\n").await;
    world.fx("CurrencyCode,USDPerUnit,Month\nEUR,1.25,202608\nEUR,1.6,202609\nEUR,2,202610\n").await;
    assert_eq!(world.close("2026-08", false).await, "nothing");
    world.usage(&[("a", "2026-09-03", "m", "1")]).await;
    assert_eq!(world.close("2026-09", false).await, "issued 2.40");
    let bought = "o-1,2026-08-20T09:00:00Z,purchase,c,s,P,S,P1Y,monthly,1,,";
    assert_eq!(world.late_orders(&[bought]).await, (1, 0, vec![]));
    assert_eq!(world.close("2026-10", false).await, "issued 219.75");
    let lines = [
        "s new 2026-08-20..2026-09-19 1 80.00",
        "s cycleCharge 2026-09-20..2026-10-19 1 62.50",
        "s cycleCharge 2026-10-20..2026-11-19 1 50.00",
    ];
    assert_eq!(world.lines("G000000002").await, lines);
    let taxes = find(&world.books, None, &number("G000000002")).await.unwrap().invoice.taxes;
    let taxes: Vec<String> =
        taxes.iter().map(|tax| format!("{} {} {}", tax.code, tax.taxable.minor, tax.tax.minor)).collect();
    // The last day that a line charges decides.
    assert_eq!(taxes, ["T 8000 1600", "U 11250 1125"]);
    world.assert_sound().await;
    explained(&world, "G000000002").await;
}

#[tokio::test]
async fn classic_licences_come_late_too() {
    let world = world().await;
    assert_eq!(world.orders(&["o-1,2026-08-13T09:00:00Z,purchase,c,k,O,K,P1Y,monthly,1,,"]).await, (1, 0, vec![]));
    assert_eq!(world.close("2026-08", false).await, "issued 4.00");
    assert_eq!(world.close("2026-09", false).await, "issued 4.00");
    assert_eq!(world.late_orders(&["o-2,2026-09-01T09:00:00Z,change_seats,c,k,,,,,2,,"]).await, (1, 0, vec![]));
    assert_eq!(world.close("2026-10", false).await, "issued 13.55");
    let lines = [
        "k Cycle fee 2026-09-13..2026-10-12 1 -4.00",
        "k Cycle instance prorate 2026-08-13..2026-09-12 1 -4.00",
        "k Cycle instance prorate 2026-08-13..2026-08-31 1 2.45",
        "k Cycle instance prorate 2026-09-01..2026-09-12 2 3.10",
        "k Cycle instance prorate 2026-09-13..2026-10-12 2 8.00",
        "k Cycle fee 2026-10-13..2026-11-12 2 8.00",
    ];
    assert_eq!(world.lines("D000000003").await, lines);
    world.assert_sound().await;
    explained(&world, "D000000003").await;
    // What was taken back of a month in full is not given back a second time.
    credit(&world.books, &number("D000000003"), None, "all", now()).await.unwrap();
    assert_eq!(world.late_orders(&["o-3,2026-10-20T09:00:00Z,change_seats,c,k,,,,,1,,"]).await, (1, 0, vec![]));
    assert_eq!(world.close("2026-11", false).await, "close.credited_month");
    assert_eq!(restated(&world, "D000000003", Correction::Rebill).await, "13.55");
    assert_eq!(world.close("2026-11", false).await, "issued 0.90");
    world.assert_sound().await;
}

#[tokio::test]
async fn orders_that_cannot_come_late_say_why() {
    let world = world().await;
    let plan = "product_id,sku_id,term,billing_plan,unit_price,currency,effective_from,hourly_commitment,category\n\
                V,C,P1Y,monthly,73,EUR,2026-01-01,0.1,savings_plan\n";
    world.offers_text(plan).await;
    world.savings_plans(&["V,C,m,0.5,2026-01-01"]).await;
    let held = "o-8,2026-09-20T09:00:00Z,purchase,c,v,V,C,P1Y,monthly,1,,";
    assert_eq!(world.orders(&[BOUGHT, held]).await, (2, 0, vec![]));
    assert_eq!(world.close("2026-08", false).await, "issued 60.00");
    assert!(world.close("2026-09", false).await.starts_with("issued"));
    let rows = [
        // Before the first month that was closed here.
        "o-3,2026-07-20T09:00:00Z,purchase,c,t,P,A,P1M,monthly,1,,",
        // Savings plans pay for usage of their own days.
        "o-4,2026-09-20T09:00:00Z,purchase,c,t,V,C,P1Y,monthly,1,,",
        "o-5,2026-09-21T09:00:00Z,cancel,c,v,,,,,,,",
        // As any order.
        "o-6,2026-08-20T08:00:00Z,change_seats,c,s,,,,,3,,",
        "o-7,2026-08-29T09:00:01Z,cancel,c,s,,,,,,,",
    ];
    let codes = [
        "order.period_closed",
        "order.period_closed",
        "order.period_closed",
        "order.subscription_unknown",
        "order.window_closed",
    ];
    assert_eq!(world.late_orders(&rows).await, (0, 0, codes.map(str::to_owned).to_vec()));
    assert_eq!(world.close("2026-10", false).await, "issued 133.00");
    world.assert_sound().await;
}

/// An order and the month before whose closing it is heard of, counted from the first.
type Heard = (String, usize);

const MONTHS: [&str; 5] = ["2026-08", "2026-09", "2026-10", "2026-11", "2026-12"];

/// Orders of two licences of the new commerce and a classic one, many of which are refused.
fn random_orders(below: &mut dyn FnMut(usize) -> usize) -> Vec<Heard> {
    let mut orders = Vec::new();
    for (id, offer) in [("s", "P,A,P1M"), ("t", "P,Y,P1Y"), ("k", "O,K,P1Y")] {
        let (month, day) = (below(2), 1 + below(28));
        let mut add = |month: usize, day: usize, hour: usize, what: String, later: usize| {
            let (number, heard) = (orders.len(), (month + later).min(3));
            let at = format!("{}-{day:02}T{hour:02}:{number:02}:00Z", MONTHS[month]);
            orders.push((format!("{id}{number},{at},{what}"), heard));
        };
        add(month, day, 9, format!("purchase,c,{id},{offer},monthly,{},,", 1 + below(4)), below(2) * below(3));
        for _ in 0..below(4) {
            let what = match below(6) {
                0 => format!("cancel,c,{id},,,,,,,"),
                1 => format!("set_auto_renew,c,{id},,,,,,false,"),
                _ => format!("change_seats,c,{id},,,,,{},,", 1 + below(6)),
            };
            // Often within the window of the purchase, where seats can be given back.
            let (month, day) =
                if below(2) == 0 { (month, (day + below(6)).min(28)) } else { (below(4), 1 + below(28)) };
            add(month, day, 10 + below(10), what, below(3));
        }
    }
    orders
}

/// What all documents charge, by what it is for; what comes to nothing is left out. Then their total.
async fn charged(world: &World) -> (BTreeMap<String, i64>, i64) {
    let (mut lines, mut total) = (BTreeMap::new(), 0);
    for issued in engine::invoices::list(&world.books, None).await.unwrap() {
        total += issued.invoice.totals.total.minor;
        for line in engine::invoices::lines(&world.books, &issued.stored.number, 0, u32::MAX).await.unwrap() {
            let what = format!("{} {} {:?}", line.subscription.as_str(), line.charge_type.as_str(), line.days);
            *lines.entry(what).or_insert(0) += line.subtotal.minor;
        }
    }
    lines.retain(|_, minor| *minor != 0);
    (lines, total)
}

/// Restates any document in any way.
async fn restate_any(world: &World, below: &mut dyn FnMut(usize) -> usize) {
    let invoices = engine::invoices::list(&world.books, None).await.unwrap();
    let first: Vec<_> = invoices.iter().filter(|issued| issued.invoice.amends.is_none()).collect();
    if first.is_empty() {
        return;
    }
    let how = [Correction::Note, Correction::NextDocument, Correction::Rebill][below(3)];
    let name = first[below(first.len())].stored.number.to_string();
    let outcome = restated(world, &name, how).await;
    let is_refused = ["restate.same", "restate.nothing_left"].contains(&outcome.as_str());
    assert!(is_refused || !outcome.contains("restate") && !outcome.contains("close"), "{outcome}");
}

#[tokio::test]
async fn orders_that_come_late_bill_the_same_in_the_end() {
    for seed in 0..40 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut below = |bound: usize| usize::try_from(random.next_u32()).unwrap() % bound;
        let orders = random_orders(&mut below);
        let (late, timely) = (world().await, world().await);
        let mut accepted = Vec::new();
        for (index, month) in MONTHS.iter().enumerate() {
            for (row, _) in orders.iter().filter(|(_, heard)| *heard == index) {
                if late.late_orders(&[row]).await.0 == 1 {
                    accepted.push(row.as_str());
                }
            }
            for _ in 0..below(3) {
                restate_any(&late, &mut below).await;
            }
            late.close(month, false).await;
        }
        late.assert_sound().await;
        for month in MONTHS {
            let of_month: Vec<&str> = accepted.iter().filter(|row| row.contains(month)).copied().collect();
            if !of_month.is_empty() {
                assert_eq!(timely.orders(&of_month).await.0, u64::try_from(of_month.len()).unwrap(), "seed {seed}");
            }
            timely.close(month, false).await;
        }
        let (of_late, of_timely) = (charged(&late).await, charged(&timely).await);
        assert_eq!(of_late, of_timely, "seed {seed}: {orders:#?}");
    }
}

/// What a document charged that was credited in full is not given back a second time, on whatever document it stood
/// and however late that is heard; other credits are in nobody's way.
#[tokio::test]
async fn what_was_credited_in_full_is_given_back_by_no_late_order() {
    let bought = "o-1,2026-08-20T09:00:00Z,purchase,c,s,P,A,P1M,monthly,2,false,";
    let back = "o-2,2026-08-20T10:00:00Z,cancel,c,s,,,,,,,";
    // The late purchase stands on September's document.
    for (credited, october) in [("G000000002", "close.credited_month"), ("G000000001", "issued -60.00")] {
        let world = world().await;
        world.usage(&[("a", "2026-08-03", "m", "1")]).await;
        assert_eq!(world.close("2026-08", false).await, "issued 2.00");
        assert_eq!(world.late_orders(&[bought]).await, (1, 0, vec![]));
        assert_eq!(world.close("2026-09", false).await, "issued 60.00");
        credit(&world.books, &number(credited), None, "all", now()).await.unwrap();
        assert_eq!(world.late_orders(&[back]).await, (1, 0, vec![]));
        assert_eq!(world.close("2026-10", false).await, october, "{credited}");
        world.assert_sound().await;
    }
    // The rest of a cycle that July charged is given back in August, which is heard in September.
    for order in ["o-2,2026-08-02T09:00:00Z,cancel,c,s,,,,,,,", "o-2,2026-08-02T09:00:00Z,change_seats,c,s,,,,,1,,"] {
        let world = world().await;
        let bought = "o-1,2026-07-30T09:00:00Z,purchase,c,s,P,A,P1M,monthly,2,false,";
        assert_eq!(world.orders(&[bought]).await, (1, 0, vec![]));
        assert_eq!(world.close("2026-07", false).await, "issued 60.00");
        credit(&world.books, &number("G000000001"), None, "all", now()).await.unwrap();
        assert_eq!(world.close("2026-08", false).await, "nothing");
        assert_eq!(world.late_orders(&[order]).await, (1, 0, vec![]));
        assert_eq!(world.close("2026-09", false).await, "close.credited_month", "{order}");
    }
}

/// A credit stops only what gives the same days back: neither the other document of the month, nor later cycles.
#[tokio::test]
async fn a_credit_of_classic_seats_is_in_the_way_of_nothing_else() {
    let world = world().await;
    let orders = [
        "o-1,2026-08-13T09:00:00Z,purchase,c,k,O,K,P1Y,monthly,1,,",
        "o-2,2026-09-01T09:00:00Z,change_seats,c,k,,,,,2,,",
    ];
    assert_eq!(world.orders(&orders).await, (2, 0, vec![]));
    assert_eq!(world.close("2026-08", false).await, "issued 4.00");
    world.usage(&[("a", "2026-09-03", "m", "1")]).await;
    world.close("2026-09", false).await;
    credit(&world.books, &number("D000000001"), None, "all", now()).await.unwrap();
    world.prices(&["m,EUR,3,1 Hour,0,"]).await;
    assert_eq!(restated(&world, "G000000001", Correction::Note).await, "1.00");
    // October's cycle is given back, not August's.
    assert_eq!(world.orders(&["o-3,2026-10-20T09:00:00Z,cancel,c,k,,,,,,,"]).await, (1, 0, vec![]));
    assert!(world.close("2026-10", false).await.starts_with("issued"));
    world.assert_sound().await;
}
