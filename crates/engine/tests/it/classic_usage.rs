//! Usage of classic subscriptions on recurring invoices: a line for each rate.

use std::collections::BTreeMap;
use std::sync::Arc;

use billing::decimal::Decimal;
use billing::invoice::{InvoiceNumber, cancels};
use billing::ports::StoredFile;
use engine::Books;
use engine::closing::{CloseOptions, ClosingOutcome, PreviewedOutcome, close, preview_close};
use engine::crediting::credit;
use engine::explaining::explain;
use engine::invoices::{billed_days, find, lines};
use engine::restating::{Correction, correct};
use testkit::faults::{Fault, Faults, FaultyLedger, FaultyStore, Task, side_by_side};

use crate::world::{World, now};

/// Hours with tiers and an included quantity, and hours with one price.
const PRICES: &str = "meter_id,currency,unit_price,tier_from,included_quantity,unit_of_measure,effective_from\n\
    t,EUR,0.05,0,25,1 Hour,2026-01-01\n\
    t,EUR,0.03,1024,25,1 Hour,2026-01-01\n\
    h,EUR,0.085,,,1 Hour,2026-01-01\n\
    u,USD,1,,,1 Hour,2026-01-01\n";

/// Books with the plan `p` and the classic subscription `k`.
async fn world() -> World {
    let world = World::new(&["m,EUR,2,1 Hour,0,"]).await;
    world.price_list(PRICES).await;
    assert_eq!(world.subscriptions("generation", &["k,c,classic"]).await, Vec::<String>::new());
    world
}

/// Records of any subscription: (id, day, subscription, meter, quantity).
async fn used(world: &World, records: &[(&str, &str, &str, &str, &str)]) {
    let report = world.usage_of(records).await;
    assert!(report.quarantined.is_empty(), "{report:?}");
}

/// What closing a month says of each document.
async fn closed(world: &World, period: &str) -> Vec<String> {
    let closings = close(&world.books, period.parse().unwrap(), CloseOptions::default(), now(), &|_| {}).await.unwrap();
    let told = |outcome: &ClosingOutcome| match outcome {
        ClosingOutcome::Issued { number, total, .. } => format!("{number} {}", total.to_plain()),
        ClosingOutcome::AlreadyClosed(number) => format!("closed {number:?}"),
        ClosingOutcome::Nothing => "nothing".to_owned(),
        ClosingOutcome::Parked(reasons) => reasons[0].0.clone(),
    };
    closings.iter().map(|closing| told(&closing.outcome)).collect()
}

fn number(text: &str) -> InvoiceNumber {
    text.parse().unwrap()
}

/// Every line of every invoice is explained, and everything is recomputed.
async fn assert_proved(world: &World) {
    for issued in engine::invoices::list(&world.books, None).await.unwrap() {
        for line in 1..=issued.invoice.line_count {
            let explained = explain(&world.books, &issued.stored.number, line).await;
            explained.unwrap_or_else(|error| panic!("{}-{line}: {error}", issued.stored.number));
        }
    }
    world.assert_sound().await;
}

/// The records that an invoice was billed from.
async fn days(world: &World, name: &str) -> Vec<String> {
    let issued = find(&world.books, None, &number(name)).await.unwrap();
    let source = billed_days(&world.books, &issued).await.unwrap();
    let page = source.read(&world.books, 0, 100_000, &|_| true).unwrap();
    let shown = source.show(&world.books, page).await.unwrap();
    let text = |day: &engine::invoices::ShownDay| {
        let scope = &day.line.scope;
        format!("{} {} {} {}", scope.subscription, scope.meter, day.line.record.usage_date, day.line.figures.quantity)
    };
    shown.iter().map(|(_, day)| text(day)).collect()
}

#[tokio::test]
async fn a_consumption_at_two_rates_has_two_lines() {
    let world = world().await;
    let records = [
        ("a", "2026-09-03", "k", "t", "900"),
        ("b", "2026-09-20", "k", "t", "463"),
        ("c", "2026-09-04", "p", "m", "7"),
        ("d", "2026-09-05", "p", "t", "26"),
    ];
    used(&world, &records).await;
    let period = "2026-09".parse().unwrap();
    let previews = preview_close(&world.books, period, CloseOptions::default(), now(), &|_| {}).await.unwrap();
    let expected = ["G000000001 14.05", "D000000001 60.62"];
    assert_eq!(closed(&world, "2026-09").await, expected);
    assert_eq!(world.lines("G000000001").await, ["m 2026-09 7 14.00", "t 2026-09 26 0.05"]);
    let rates = ["t 2026-09 #1 1049 (25) 0.05 51.20", "t 2026-09 #2 314 (0) 0.03 9.42"];
    assert_eq!(world.lines("D000000001").await, rates);
    assert_eq!(days(&world, "G000000001").await, ["p m 2026-09-04 7", "p t 2026-09-05 26"]);
    assert_eq!(days(&world, "D000000001").await, ["k t 2026-09-03 900", "k t 2026-09-20 463"]);
    for (preview, expected) in previews.into_iter().zip(expected) {
        let PreviewedOutcome::Document(document) = preview.outcome else { panic!("{preview:?}") };
        let issued = find(&world.books, None, &document.invoice.number).await.unwrap();
        assert_eq!(document.digest, issued.stored.digest, "{expected}");
    }
    assert_eq!(closed(&world, "2026-09").await, ["closed Some(G000000001)", "closed Some(D000000001)"]);
    assert_proved(&world).await;
}

/// Half a cent is charged, for corrections as for use; what is below it is not (CU-1).
#[tokio::test]
async fn a_charge_is_rounded_to_the_nearest_cent() {
    for (quantity, expected) in [("745", "63.33"), ("-745", "-63.33"), ("0.05", "0.00"), ("0.06", "0.01")] {
        let world = world().await;
        used(&world, &[("a", "2026-09-03", "k", "h", quantity)]).await;
        assert_eq!(closed(&world, "2026-09").await, [format!("D000000001 {expected}")]);
        assert_proved(&world).await;
    }
}

/// The counter goes on where a new price begins (RT-10).
#[tokio::test]
async fn a_price_that_changes_makes_a_rate_of_its_own() {
    let world = World::new(&["v,EUR,0.10,1 Hour,0,2026-01-01", "v,EUR,0.08,1 Hour,100,2026-01-01"]).await;
    world.prices(&["v,EUR,0.12,1 Hour,0,2026-09-15", "v,EUR,0.09,1 Hour,100,2026-09-15"]).await;
    world.subscriptions("generation", &["k,c,Classic"]).await;
    used(&world, &[("a", "2026-09-03", "k", "v", "90"), ("b", "2026-09-15", "k", "v", "20")]).await;
    assert_eq!(closed(&world, "2026-09").await, ["D000000001 11.10"]);
    let rates = ["v 2026-09 #1 90 (0) 0.1 9.00", "v 2026-09 #2 10 (0) 0.12 1.20", "v 2026-09 #3 10 (0) 0.09 0.90"];
    assert_eq!(world.lines("D000000001").await, rates);
    assert_proved(&world).await;
}

#[tokio::test]
async fn an_offer_term_is_a_discount_beside_the_price() {
    let world = World::new(&["m,EUR,2,1 Hour,0,"]).await;
    let card = r#"{"Currency":"EUR","IsTaxIncluded":false,"OfferTerms":[{"Name":"Overage Discount","Discount":0.15,
        "ExcludedMeterIds":[],"EffectiveDate":"2026-09-15T00:00:00Z"}],"Meters":[{"MeterId":"r","MeterName":"S1",
        "MeterRates":{"0":0.125},"IncludedQuantity":5.0,"Unit":"1 Hour","EffectiveDate":"2026-01-01T00:00:00Z"}]}"#;
    world.price_list(card).await;
    world.subscriptions("generation", &["k,c,classic"]).await;
    used(&world, &[("a", "2026-09-14", "k", "r", "12"), ("b", "2026-09-15", "k", "r", "33")]).await;
    // 7 x 0.125 = 0.875, and 33 x 0.125 = 4.125 less 15 % = 3.50625.
    assert_eq!(closed(&world, "2026-09").await, ["D000000001 4.39"]);
    let rates = ["r 2026-09 #1 12 (5) 0.125 0.88", "r 2026-09 #2 33 (0) 0.125 3.51"];
    assert_eq!(world.lines("D000000001").await, rates);
    let lines = lines(&world.books, &number("D000000001"), 0, 9).await.unwrap();
    let told = lines.iter().filter_map(|line| {
        let usage = line.classic_usage()?;
        Some(format!("{} {} {}", usage.amount.to_plain(), usage.discount.to_plain(), line.effective_unit_price))
    });
    assert_eq!(told.collect::<Vec<_>>(), ["0.88 0.00 0.12571428", "4.13 0.62 0.10636363"]);
    assert_proved(&world).await;
}

/// Late usage continues the positions of its month, and what was left of the included quantity (CL-2, CU-4).
#[tokio::test]
async fn late_usage_goes_on_the_next_recurring_document() {
    let world = world().await;
    used(&world, &[("a", "2026-08-03", "k", "t", "20"), ("x", "2026-08-03", "k", "h", "10")]).await;
    assert_eq!(closed(&world, "2026-08").await, ["D000000001 0.85"]);
    assert_eq!(world.lines("D000000001").await, ["h 2026-08 #1 10 (0) 0.085 0.85", "t 2026-08 #1 20 (20) 0.05 0.00"]);
    let late = [("b", "2026-08-28", "k", "t", "1031"), ("c", "2026-08-29", "k", "h", "-4")];
    used(&world, &late).await;
    used(&world, &[("d", "2026-09-01", "k", "t", "26"), ("e", "2026-09-01", "p", "m", "1")]).await;
    assert_eq!(closed(&world, "2026-09").await, ["G000000001 2.00", "D000000002 50.97"]);
    let expected = [
        "h 2026-08 #1 -4 (0) 0.085 -0.34",
        "t 2026-08 #1 1029 (5) 0.05 51.20",
        "t 2026-08 #2 2 (0) 0.03 0.06",
        "t 2026-09 #1 26 (25) 0.05 0.05",
    ];
    assert_eq!(world.lines("D000000002").await, expected);
    // More late usage of August goes on from the second document.
    used(&world, &[("f", "2026-08-30", "k", "t", "100")]).await;
    assert_eq!(closed(&world, "2026-10").await, ["D000000003 3.00"]);
    assert_eq!(world.lines("D000000003").await, ["t 2026-08 #1 100 (0) 0.03 3.00"]);
    assert_proved(&world).await;
}

/// A month that comes to nothing is on a document too, and late usage finds where it stood.
#[tokio::test]
async fn use_that_was_taken_back_leaves_a_line() {
    let world = world().await;
    let records =
        [("a", "2026-09-03", "k", "h", "10"), ("b", "2026-09-04", "k", "h", "-15"), ("c", "2026-09-05", "k", "h", "5")];
    used(&world, &records).await;
    assert_eq!(closed(&world, "2026-09").await, ["D000000001 0.00"]);
    assert_eq!(world.lines("D000000001").await, ["h 2026-09 #1 0 (0) 0.085 0.00"]);
    let line = lines(&world.books, &number("D000000001"), 0, 1).await.unwrap().remove(0);
    assert_eq!(line.classic_usage().unwrap().consumed_after, Decimal::from_integer(5));
    assert_proved(&world).await;
}

#[tokio::test]
async fn a_document_is_taxed_taken_back_and_restated() {
    let world = world().await;
    world.taxes("code,rate,effective_from\nT,0.2,2020-01-01\n").await;
    used(&world, &[("a", "2026-09-03", "k", "t", "1363"), ("b", "2026-09-03", "p", "m", "1")]).await;
    assert_eq!(closed(&world, "2026-09").await, ["G000000001 2.40", "D000000001 72.74"]);
    let second = "t,EUR,0.04,1024,25,1 Hour,2026-01-01\n";
    world.price_list(&PRICES.replace("t,EUR,0.03,1024,25,1 Hour,2026-01-01\n", second)).await;
    let note = correct(&world.books, &number("D000000001"), Correction::Note, "wrong", now()).await.unwrap();
    assert_eq!(note[0].stored.number, number("D000000002"));
    let changed = ["t 2026-09 #2 -314 (0) 0.03 -9.42", "t 2026-09 #2 314 (0) 0.04 12.56"];
    assert_eq!(world.lines("D000000002").await, changed);
    let again = correct(&world.books, &number("D000000001"), Correction::Note, "wrong", now()).await;
    assert_eq!(again.unwrap_err().code, "restate.same");
    assert_proved(&world).await;
    let back = credit(&world.books, &number("D000000001"), None, "all", now()).await.unwrap();
    assert_eq!(back.invoice.totals.total.to_plain(), "-76.51");
    let taken = ["t 2026-09 #1 -1049 (-25) 0.05 -51.20", "t 2026-09 #2 -314 (0) 0.04 -12.56"];
    assert_eq!(world.lines("D000000003").await, taken);
    let rebilled = correct(&world.books, &number("D000000001"), Correction::Rebill, "anew", now()).await.unwrap();
    assert_eq!(rebilled.last().unwrap().invoice.totals.total.to_plain(), "76.51");
    assert_proved(&world).await;
    // What the one-time document says is not touched by any of it.
    assert!(engine::crediting::credit(&world.books, &number("G000000001"), None, "x", now()).await.is_ok());
    assert_proved(&world).await;
}

/// Of two documents of a month each is taken back by itself: late usage below zero waits for the one that charged it.
#[tokio::test]
async fn what_was_credited_is_not_given_back_once_more() {
    for (credited, expected) in [("D000000001", ["close.credited_month"]), ("G000000001", ["D000000002 -0.85"])] {
        let world = world().await;
        used(&world, &[("a", "2026-09-03", "k", "h", "20"), ("b", "2026-09-03", "p", "m", "1")]).await;
        assert_eq!(closed(&world, "2026-09").await, ["G000000001 2.00", "D000000001 1.70"]);
        credit(&world.books, &number(credited), None, "all", now()).await.unwrap();
        used(&world, &[("c", "2026-09-03", "k", "h", "-10")]).await;
        assert_eq!(closed(&world, "2026-10").await, expected);
        assert_proved(&world).await;
    }
}

#[tokio::test]
async fn a_credit_note_and_its_invoice_come_to_zero() {
    let world = world().await;
    world.taxes("code,rate,effective_from\nT,0.077,2020-01-01\n").await;
    used(&world, &[("a", "2026-09-03", "k", "t", "1363.337"), ("b", "2026-09-03", "k", "h", "11.1")]).await;
    closed(&world, "2026-09").await;
    credit(&world.books, &number("D000000001"), None, "all", now()).await.unwrap();
    let mut documents = Vec::new();
    for name in ["D000000001", "D000000002"] {
        let issued = find(&world.books, None, &number(name)).await.unwrap().invoice;
        documents.push((issued, lines(&world.books, &number(name), 0, u32::MAX).await.unwrap()));
    }
    let [(original, charged), (note, back)] = documents.as_slice() else { panic!() };
    assert!(cancels((original, charged), (note, back)).unwrap());
    assert_proved(&world).await;
}

/// A classic line has one currency: another one parks the party, and nothing is issued (CU-5).
#[tokio::test]
async fn a_price_in_another_currency_parks_the_party() {
    let world = world().await;
    world.fx("CurrencyCode,USDPerUnit,Month\nEUR,1.25,202609\n").await;
    used(&world, &[("a", "2026-09-03", "k", "u", "1"), ("b", "2026-09-03", "p", "u", "1")]).await;
    assert_eq!(closed(&world, "2026-09").await, ["rating.classic_currency"]);
    assert!(engine::invoices::list(&world.books, None).await.unwrap().is_empty());
    world.price_list("meter_id,currency,unit_price,effective_from\nu,EUR,1,2026-01-01\n").await;
    assert_eq!(closed(&world, "2026-09").await, ["G000000001 1.00", "D000000001 1.00"]);
    assert_proved(&world).await;
}

/// The digits are those of the currency of the invoice (CU-3, RT-15).
#[tokio::test]
async fn charges_have_the_digits_of_their_currency() {
    for (currency, expected) in [("JPY", "63"), ("KWD", "63.325"), ("EUR", "63.33")] {
        let world = World::new(&["m,EUR,2,1 Hour,0,"]).await;
        world.price_list(&PRICES.replace("EUR", currency)).await;
        let mut party = world.books.ledger.organisation(&"partner".parse().unwrap()).await.unwrap().unwrap();
        party.currency = currency.parse().unwrap();
        world.books.ledger.save_organisations(&[party]).await.unwrap();
        world.subscriptions("generation", &["k,c,classic"]).await;
        used(&world, &[("a", "2026-09-03", "k", "h", "745")]).await;
        assert_eq!(closed(&world, "2026-09").await, [format!("D000000001 {expected}")]);
        assert_proved(&world).await;
    }
}

#[tokio::test]
async fn billed_usage_stays_on_documents_of_its_type() {
    let world = world().await;
    let header = "generation,earned_credit";
    let refused = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<String>>();
    assert_eq!(
        world.subscriptions(header, &["k,c,,2026-01-01/", "p,c,classic,2026-01-01/"]).await,
        refused(&["subscription.classic_earned_credit", "subscription.classic_earned_credit"])
    );
    used(&world, &[("a", "2026-09-03", "k", "h", "1"), ("b", "2026-09-03", "p", "h", "1")]).await;
    // Nothing is billed yet: there and back again.
    for (to, expected) in [("new_commerce", ["G000000001 0.16"]), ("classic", ["D000000001 0.18"])] {
        let rows = [format!("k,c,{to},"), format!("p,c,{to},")];
        assert_eq!(world.subscriptions(header, &[&rows[0], &rows[1]]).await, refused(&[]));
        let period = "2026-09".parse().unwrap();
        let previews = preview_close(&world.books, period, CloseOptions::default(), now(), &|_| {}).await.unwrap();
        let told = previews.iter().map(|preview| match &preview.outcome {
            PreviewedOutcome::Document(one) => {
                format!("{} {}", one.invoice.number, one.invoice.totals.total.to_plain())
            }
            other => panic!("{other:?}"),
        });
        assert_eq!(told.collect::<Vec<_>>(), expected);
    }
    assert_eq!(world.subscriptions(header, &["p,c,new_commerce,"]).await, refused(&[]));
    closed(&world, "2026-09").await;
    let both = refused(&["subscription.generation_billed", "subscription.generation_billed"]);
    assert_eq!(world.subscriptions(header, &["k,c,new_commerce,", "p,c,classic,"]).await, both);
    // A file that does not say it leaves it as it is.
    assert_eq!(world.subscriptions("name", &["k,c,Old", "p,c,New"]).await, refused(&[]));
    used(&world, &[("c", "2026-10-03", "k", "h", "100"), ("d", "2026-10-03", "p", "h", "100")]).await;
    assert_eq!(closed(&world, "2026-10").await, ["G000000002 8.50", "D000000002 8.50"]);
    assert_proved(&world).await;
}

/// Rating an open month keeps the files of both generations, and a second run takes them over.
#[tokio::test]
async fn an_open_month_is_rated_as_it_is_billed() {
    use billing::licence::Generation;
    let world = world().await;
    used(&world, &[("a", "2026-09-03", "k", "t", "1363"), ("b", "2026-09-04", "p", "m", "7")]).await;
    let (period, party) = ("2026-09".parse().unwrap(), "partner".parse().unwrap());
    let mut kept: Vec<Vec<StoredFile>> = Vec::new();
    for _ in 0..2 {
        let rated = engine::rating::rate(&world.books, period, &|_| {}).await.unwrap();
        assert!(format!("{rated:?}").contains("subtotal: Amount { minor: 7462,"), "{rated:?}");
        kept.push(world.books.ledger.rated_run(&party, period).await.unwrap().unwrap().files);
    }
    assert_eq!(kept[0], kept[1]);
    for (generation, expected) in [(Generation::NewCommerce, "p"), (Generation::Classic, "k")] {
        let source = engine::invoices::unbilled_days(&world.books, &party, period, generation).await.unwrap();
        let page = source.read(&world.books, 0, 10, &|_| true).unwrap();
        let found: Vec<&str> = page.iter().map(|(_, line)| line.scope.subscription.as_str()).collect();
        assert_eq!(found, [expected]);
    }
    assert_eq!(closed(&world, "2026-09").await, ["G000000001 14.00", "D000000001 60.62"]);
    assert_eq!(world.books.ledger.rated_files().await.unwrap().len(), 2);
    assert_proved(&world).await;
}

/// Whatever call fails, or wherever the process dies: closing again ends with the same two documents, each with its days.
#[tokio::test]
async fn a_close_that_was_cut_off_is_done_again() {
    let records = [("a", "2026-09-03", "k", "t", "1363"), ("b", "2026-09-04", "p", "m", "7")];
    let mut expected: Option<Vec<String>> = None;
    for at_call in 1.. {
        let faults = [Fault::Fails { at_call }, Fault::DiesBefore { at_call }, Fault::DiesAfter { at_call }];
        let mut has_struck = false;
        for fault in faults {
            let world = world().await;
            used(&world, &records).await;
            has_struck |= close_with(&world, fault).await;
            closed(&world, "2026-09").await;
            assert_eq!(days(&world, "G000000001").await, ["p m 2026-09-04 7"], "{fault:?}");
            assert_eq!(days(&world, "D000000001").await, ["k t 2026-09-03 1363"], "{fault:?}");
            let issued = engine::invoices::list(&world.books, None).await.unwrap();
            let digests: Vec<String> = issued.iter().map(|one| one.stored.digest.clone()).collect();
            assert_eq!(*expected.get_or_insert_with(|| digests.clone()), digests, "{fault:?}");
            assert_proved(&world).await;
        }
        if !has_struck {
            assert!(at_call > 10, "{at_call}");
            return;
        }
    }
}

/// Closes September with a fault; whether it struck.
async fn close_with(world: &World, fault: Fault) -> bool {
    let faults = Arc::<Faults>::default();
    let ledger = Arc::new(FaultyLedger { ledger: Arc::clone(&world.books.ledger), faults: Arc::clone(&faults) });
    let store = Arc::new(FaultyStore { store: Arc::clone(&world.books.usage), faults: Arc::clone(&faults) });
    let books = Books::new(ledger, store, Arc::clone(&world.books.documents));
    faults.plan(Some(fault));
    let closing = async { close(&books, "2026-09".parse().unwrap(), CloseOptions::default(), now(), &|_| {}).await };
    let tasks: Vec<Task<'_, _>> = vec![Box::pin(closing)];
    side_by_side(&faults, tasks, |_| 0).await;
    faults.has_struck()
}

/// Numbers from a seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Whatever is mixed, each record is on one document, and lines come to what their records do.
#[tokio::test]
async fn every_record_is_on_one_document() {
    for seed in 1..=25 {
        let (world, mut chance) = (world().await, Chance(seed));
        let rows: Vec<String> =
            (0..4).map(|i| format!("s{i},c,{}", ["classic", "new_commerce"][chance.below(2) as usize])).collect();
        world.subscriptions("generation", &rows.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let mut expected: Vec<String> = Vec::new();
        for period in ["2026-08", "2026-09"] {
            let mut text =
                "record_id,usage_date,customer_id,subscription_id,meter_id,quantity,quantity_basis,kind\n".to_owned();
            for record in 0..chance.below(40) {
                let (day, of) = (1 + chance.below(28), ["s0", "s1", "s2", "s3", "k", "p"][chance.below(6) as usize]);
                let month = if period == "2026-09" && chance.below(4) == 0 { "2026-08" } else { period };
                let (meter, tenths) = (["t", "h", "m"][chance.below(3) as usize], chance.below(6000));
                let sign = if chance.below(5) == 0 { "-" } else { "" };
                let quantity: Decimal = format!("{sign}{}.{}", tenths / 10, tenths % 10 + 1).parse().unwrap();
                let kind = if sign.is_empty() { "usage" } else { "correction" };
                text += &format!("{period}-{record},{month}-{day:02},c,{of},{meter},{quantity},blocks,{kind}\n");
                expected.push(format!("{of} {meter} {month}-{day:02} {quantity}"));
            }
            if text.lines().count() > 1 {
                assert!(world.import(text).await.quarantined.is_empty());
            }
            closed(&world, period).await;
        }
        let mut found = Vec::new();
        for issued in engine::invoices::list(&world.books, None).await.unwrap() {
            let name = issued.stored.number.as_str();
            let of_document = days(&world, name).await;
            let classic: Vec<String> =
                rows.iter().filter(|row| row.ends_with("classic")).map(|row| row[..2].to_owned()).collect();
            for day in &of_document {
                let subscription = day.split(' ').next().unwrap();
                let is_classic = subscription == "k" || classic.iter().any(|id| id == subscription);
                assert_eq!(is_classic, name.starts_with('D'), "{day} on {name}");
            }
            let mut sums: BTreeMap<String, (Decimal, Decimal)> = BTreeMap::new();
            for line in lines(&world.books, &issued.stored.number, 0, u32::MAX).await.unwrap() {
                let (scope, ..) = line.metered().unwrap();
                let sum =
                    sums.entry(format!("{} {} {}", scope.subscription, scope.meter, scope.usage_month)).or_default();
                sum.0 = sum.0.checked_add(line.quantity).unwrap();
            }
            for day in &of_document {
                let parts: Vec<&str> = day.split(' ').collect();
                let sum = sums.get_mut(&format!("{} {} {}", parts[0], parts[1], &parts[2][..7])).unwrap();
                sum.1 = sum.1.checked_add(parts[3].parse().unwrap()).unwrap();
            }
            assert!(sums.values().all(|(line, records)| line == records), "{name}: {sums:?}");
            found.extend(of_document);
        }
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "seed {seed}");
        assert_proved(&world).await;
    }
}

/// Usage that was moved on is billed by the next month, and not by a correction of its own month as well.
#[tokio::test]
async fn classic_usage_that_was_moved_on_is_not_billed_by_a_correction() {
    let world = world().await;
    let records =
        [("a", "2026-09-03", "p", "m", "5"), ("b", "2026-09-03", "k", "h", "100"), ("c", "2026-09-03", "k", "x", "7")];
    used(&world, &records).await;
    assert_eq!(world.close("2026-09", true).await, "issued 10.00");
    assert_eq!(closed(&world, "2026-09").await, ["closed Some(G000000001)", "closed Some(D000000001)"]);
    world.prices(&["x,EUR,1,1 Hour,0,", "m,EUR,3,1 Hour,0,"]).await;
    let corrected = correct(&world.books, &number("D000000001"), Correction::Note, "mended", now()).await;
    assert_eq!(corrected.unwrap_err().code, "restate.carried");
    // The other document moved nothing of its own.
    correct(&world.books, &number("G000000001"), Correction::Note, "mended", now()).await.unwrap();
    assert_eq!(closed(&world, "2026-10").await, ["D000000002 7.00"]);
    assert_proved(&world).await;
}

/// A corrected list with other units, and a rate that is no more: late usage goes on from where the new lines ended.
#[tokio::test]
async fn late_usage_goes_on_behind_a_correction_with_fewer_rates() {
    let world = world().await;
    let units = "record_id,usage_date,customer_id,subscription_id,meter_id,quantity,quantity_basis\n";
    world.import(format!("{units}a,2026-09-03,c,k,t,1363,units\n")).await;
    assert_eq!(closed(&world, "2026-09").await, ["D000000001 60.62"]);
    let list = "meter_id,currency,unit_price,tier_from,included_quantity,unit_of_measure,effective_from\n\
        t,EUR,4,0,20,100 Hours,2026-01-01\n";
    world.price_list(list).await;
    correct(&world.books, &number("D000000001"), Correction::Note, "mended", now()).await.unwrap();
    // 13.63 of 20 included blocks are used up: five more cost nothing.
    world.import(format!("{units}b,2026-09-04,c,k,t,500,units\n")).await;
    assert_eq!(closed(&world, "2026-10").await, ["D000000003 0.00"]);
    assert_proved(&world).await;
}
