//! Closed months that are computed again, and corrected by documents of their own.

use billing::invoice::{Amendment, InvoiceNumber};
use billing::settlement::{Allocate, NewPayment};
use engine::chain::Chain;
use engine::crediting::credit;
use engine::invoices::find;
use engine::paying::{Request, account_of, book};
use engine::restating::{Correction, RestatementOutcome, correct, propose};

use crate::world::{USAGE_HEADER, World, now};

/// Books with September billed: 7 hours at 2.00 and 3 seats at 12.00, with 20 % tax: 60.00.
async fn world() -> World {
    let world = World::new(&["m,EUR,2,1 Hour,0,"]).await;
    world.offers(&["P,A,P1Y,monthly,12,EUR,2026-01-01,Mail"]).await;
    world.taxes("code,rate,effective_from\nT,0.2,2020-01-01\n").await;
    let orders = ["o-1,2026-09-20T09:00:00Z,purchase,c,s,P,A,P1Y,monthly,3,,"];
    assert_eq!(world.orders(&orders).await, (1, 0, vec![]));
    world.usage(&[("a", "2026-09-03", "m", "7")]).await;
    assert_eq!(world.close("2026-09", false).await, "issued 60.00");
    world
}

fn number(text: &str) -> InvoiceNumber {
    text.parse().unwrap()
}

/// `before -> after` of each line that differs, then the totals.
async fn differences(world: &World, period: &str) -> Vec<String> {
    let restated = propose(&world.books, period.parse().unwrap(), None).await.unwrap().remove(0);
    let restatement = match restated.outcome {
        RestatementOutcome::Restated(restatement) => restatement,
        RestatementOutcome::Failed(code, _) => return vec![code],
        RestatementOutcome::NotBilled => return vec!["not billed".to_owned()],
    };
    let plain = |minor: Option<i64>| minor.map_or("-".to_owned(), |minor| minor.to_string());
    let mut found: Vec<String> = Vec::new();
    for change in &restatement.changes {
        let before = change.before.as_ref().map(|(_, line)| line.subtotal.minor);
        found.push(format!("{} -> {}", plain(before), plain(change.after.as_ref().map(|line| line.subtotal.minor))));
    }
    if !restatement.is_same() {
        found.push(format!("{} -> {}", restatement.stands.minor, restatement.would_be.minor));
    }
    found
}

/// The documents that a correction made: `number amends how total`.
async fn corrected(world: &World, name: &str, how: Correction) -> Result<Vec<String>, String> {
    let issued = correct(&world.books, &number(name), how, "mended", now()).await.map_err(|error| error.code)?;
    let text = |one: &engine::invoices::IssuedInvoice| {
        let amends = one.invoice.amends.as_ref().unwrap();
        let total = one.invoice.totals.total.to_plain();
        format!("{} {} {} {total}", one.stored.number, amends.number, amends.how.as_str())
    };
    Ok(issued.iter().map(text).collect())
}

async fn open(world: &World) -> (Vec<i64>, Vec<i64>) {
    let account = account_of(&world.books, &"partner".parse().unwrap()).await.unwrap().1.account().unwrap();
    let open = account.documents.values().map(|state| state.open().unwrap().minor).collect();
    (open, account.sources.values().map(|state| state.rest.minor).collect())
}

#[tokio::test]
async fn a_price_that_was_wrong_is_corrected_once() {
    let world = world().await;
    assert_eq!(differences(&world, "2026-09").await, Vec::<String>::new());
    assert_eq!(corrected(&world, "G000000001", Correction::Note).await, Err("restate.same".to_owned()));
    let before = world.books.ledger.invoice(&number("G000000001")).await.unwrap().unwrap();
    world.prices(&["m,EUR,3,1 Hour,0,"]).await;
    assert_eq!(differences(&world, "2026-09").await, ["1400 -> 2100", "6000 -> 6840"]);
    let note = corrected(&world, "G000000001", Correction::Note).await;
    assert_eq!(note, Ok(vec!["G000000002 G000000001 difference 8.40".to_owned()]));
    assert_eq!(world.lines("G000000002").await, ["m 2026-09 -7 -14.00", "m 2026-09 7 21.00"]);
    assert_eq!(differences(&world, "2026-09").await, Vec::<String>::new());
    assert_eq!(corrected(&world, "G000000001", Correction::Note).await, Err("restate.same".to_owned()));
    let after = world.books.ledger.invoice(&number("G000000001")).await.unwrap().unwrap();
    assert_eq!((before.header, before.digest), (after.header, after.digest));
    for line in 1..=2 {
        engine::explaining::explain(&world.books, &number("G000000002"), line).await.unwrap();
    }
    assert_eq!(open(&world).await, (vec![6_000, 840], vec![]));
    world.assert_sound().await;
    // A second mistake: what stands now is taken back, not what was billed first.
    world.prices(&["m,EUR,1,1 Hour,0,"]).await;
    assert_eq!(differences(&world, "2026-09").await, ["2100 -> 700", "6840 -> 5160"]);
    let note = corrected(&world, "G000000001", Correction::Note).await;
    assert_eq!(note, Ok(vec!["G000000003 G000000001 difference -16.80".to_owned()]));
    assert_eq!(open(&world).await, (vec![4_320, 840, 0], vec![0]));
    // All of it can still be taken back.
    credit(&world.books, &number("G000000001"), None, "all", now()).await.unwrap();
    assert_eq!(world.lines("G000000004").await.len(), 2);
    assert_eq!(open(&world).await, (vec![0, 0, 0, 0], vec![0, 0]));
    assert!(Chain::load(&world.books, &number("G000000001")).await.unwrap().standing.is_nothing());
    world.assert_sound().await;
}

#[tokio::test]
async fn a_paid_invoice_is_billed_anew_and_paid_with_what_was_paid() {
    let world = world().await;
    let name = account_of(&world.books, &"partner".parse().unwrap()).await.unwrap().0;
    let amount = find(&world.books, None, &number("G000000001")).await.unwrap().invoice.totals.total;
    let payment = NewPayment { reference: "p".to_owned(), amount, received_on: jiff::civil::date(2026, 10, 20) };
    book(&world.books, &name, &Request::Receive { payment, allocate: Allocate::OldestFirst }, now()).await.unwrap();
    let mut organisations = world.books.ledger.organisations().await.unwrap();
    organisations.iter_mut().for_each(|one| one.address_lines = vec!["1 New Street".to_owned()]);
    world.books.ledger.save_organisations(&organisations).await.unwrap();
    assert_eq!(differences(&world, "2026-09").await, ["6000 -> 6000"]);
    assert_eq!(corrected(&world, "G000000001", Correction::Note).await, Err("restate.same".to_owned()));
    let documents = ["G000000002 G000000001 credit -60.00", "G000000003 G000000001 rebill 60.00"].map(str::to_owned);
    assert_eq!(corrected(&world, "G000000001", Correction::Rebill).await, Ok(documents.to_vec()));
    let rebilled = find(&world.books, None, &number("G000000003")).await.unwrap().invoice;
    assert_eq!(rebilled.billed_party.address_lines, ["1 New Street"]);
    assert_eq!(open(&world).await, (vec![0, 0, 0], vec![0, 0]));
    world.assert_sound().await;
    assert_eq!(corrected(&world, "G000000001", Correction::Rebill).await, Err("restate.same".to_owned()));
    world.taxes("code,rate,effective_from\nU,0.1,2020-01-01\n").await;
    let note = corrected(&world, "G000000001", Correction::Note).await;
    assert_eq!(note, Ok(vec!["G000000004 G000000001 difference -5.00".to_owned()]));
    let taxes = find(&world.books, None, &number("G000000004")).await.unwrap().invoice.taxes;
    let taxes: Vec<String> =
        taxes.iter().map(|tax| format!("{} {} {}", tax.code, tax.taxable.minor, tax.tax.minor)).collect();
    assert_eq!(taxes, ["T -5000 -1000", "U 5000 500"]);
    // What was paid too much waits.
    assert_eq!(open(&world).await, (vec![0, 0, 0, 0], vec![0, 0, 500]));
    let chain = find(&world.books, None, &number("G000000001")).await.unwrap();
    assert!(chain.was_taken_back() && chain.amendments.len() == 3);
    world.assert_sound().await;
    // What is taken back now was charged to the new address.
    let all = credit(&world.books, &number("G000000001"), None, "all", now()).await.unwrap();
    assert_eq!(all.invoice.billed_party.address_lines, ["1 New Street"]);
    world.assert_sound().await;
}

/// The difference is proved by a note that comes to nothing, and the next invoice asks for its amount.
#[tokio::test]
async fn a_difference_is_asked_for_by_the_next_invoice() {
    let world = world().await;
    world.prices(&["m,EUR,3,1 Hour,0,"]).await;
    let note = corrected(&world, "G000000001", Correction::NextDocument).await;
    assert_eq!(note, Ok(vec!["G000000002 G000000001 deferred_difference 0.00".to_owned()]));
    assert_eq!(world.lines("G000000002").await, ["m 2026-09 -7 -14.00", "m 2026-09 7 21.00"]);
    let tax = find(&world.books, None, &number("G000000002")).await.unwrap().invoice.totals.tax;
    assert_eq!((tax.to_plain().as_str(), open(&world).await), ("1.40", (vec![6_000, 0], vec![])));
    // Restating twice is restating once, before it is asked for and after.
    assert_eq!(differences(&world, "2026-09").await, Vec::<String>::new());
    assert_eq!(corrected(&world, "G000000001", Correction::NextDocument).await, Err("restate.same".to_owned()));
    world.assert_sound().await;
    // Seats of October: 43.20, and what was left of September.
    assert_eq!(world.close("2026-10", false).await, "issued 51.60");
    let next = find(&world.books, None, &number("G000000003")).await.unwrap().invoice;
    let asked: Vec<_> = next.adjustments.iter().map(|one| (one.reference.as_str(), one.reason.as_str())).collect();
    assert_eq!(asked, [("G000000001/1", "G000000001: mended")]);
    assert_eq!(differences(&world, "2026-10").await, Vec::<String>::new());
    world.assert_sound().await;
    // Less than it was: the next invoice gives it back.
    world.prices(&["m,EUR,1,1 Hour,0,"]).await;
    assert_eq!(differences(&world, "2026-09").await, ["2100 -> 700", "6840 -> 5160"]);
    corrected(&world, "G000000001", Correction::NextDocument).await.unwrap();
    assert_eq!(world.close("2026-11", false).await, "issued 26.40");
    world.assert_sound().await;
    // October, billed anew, keeps what it asked for.
    world.offers(&["P,A,P1Y,monthly,10,EUR,2026-01-01,Mail"]).await;
    corrected(&world, "G000000001", Correction::Note).await.unwrap();
    let documents = ["G000000007 G000000003 credit -51.60", "G000000008 G000000003 rebill 44.40"].map(str::to_owned);
    assert_eq!(corrected(&world, "G000000003", Correction::Rebill).await, Ok(documents.to_vec()));
    world.assert_sound().await;
    // All of September is taken back: 60.00 of its invoice and 8.40 less 16.80 of others, less 7.20 of a note.
    let all = credit(&world.books, &number("G000000001"), None, "all", now()).await.unwrap();
    assert_eq!(all.invoice.totals.total.to_plain(), "-44.40");
    assert!(Chain::load(&world.books, &number("G000000001")).await.unwrap().standing.is_nothing());
    world.assert_sound().await;
}

/// What is taken back has the exchange rate that it was charged with last, and says so.
#[tokio::test]
async fn a_credit_behind_a_rebill_names_the_rates_of_the_rebill() {
    let world = World::new(&["m,USD,2,1 Hour,0,"]).await;
    world.fx("CurrencyCode,USDPerUnit,Month\nEUR,1.25,202609\n").await;
    world.usage(&[("a", "2026-09-03", "m", "100")]).await;
    assert_eq!(world.close("2026-09", false).await, "issued 160.00");
    world.fx("CurrencyCode,USDPerUnit,Month\nEUR,1.6,202609\n").await;
    let documents = ["G000000002 G000000001 credit -160.00", "G000000003 G000000001 rebill 125.00"].map(str::to_owned);
    assert_eq!(corrected(&world, "G000000001", Correction::Rebill).await, Ok(documents.to_vec()));
    let all = credit(&world.books, &number("G000000001"), None, "all", now()).await.unwrap();
    let rates: Vec<String> = all.invoice.exchange_rates.iter().map(|rate| rate.rate.to_string()).collect();
    assert_eq!((rates, all.invoice.totals.total.to_plain()), (vec!["0.625".to_owned()], "-125.00".to_owned()));
    world.assert_sound().await;
}

/// Late usage goes on from where its month ended when it was billed, not from where a later restatement put it.
#[tokio::test]
async fn a_month_that_is_restated_leaves_the_late_usage_that_was_billed_before() {
    let world = World::new(&["m,EUR,1,1 Hour,0,", "m,EUR,0.50,1 Hour,100,"]).await;
    let units = |row: &str| format!("{USAGE_HEADER}\n{row},units\n");
    world.import(units("a,2026-09-03,c,p,m,99")).await;
    assert_eq!(world.close("2026-09", false).await, "issued 99.00");
    world.import(units("b,2026-09-04,c,p,m,2")).await;
    assert_eq!(world.close("2026-10", false).await, "issued 1.50");
    world.prices(&["m,EUR,10,10 Hours,0,", "m,EUR,4,10 Hours,5,"]).await;
    corrected(&world, "G000000001", Correction::Note).await.unwrap();
    world.assert_sound().await;
    engine::explaining::explain(&world.books, &number("G000000002"), 1).await.unwrap();
}

#[tokio::test]
async fn a_corrected_price_of_a_term_holds_for_its_next_months() {
    let world = world().await;
    assert_eq!(world.close("2026-10", false).await, "issued 43.20");
    world.offers(&["P,A,P1Y,monthly,10,EUR,2026-01-01,Mail"]).await;
    // October took the price that September knew, and still does.
    assert_eq!(differences(&world, "2026-10").await, Vec::<String>::new());
    assert_eq!(differences(&world, "2026-09").await, ["3600 -> 3000", "6000 -> 5280"]);
    corrected(&world, "G000000001", Correction::Note).await.unwrap();
    assert_eq!(differences(&world, "2026-10").await, ["3600 -> 3000", "4320 -> 3600"]);
    corrected(&world, "G000000002", Correction::Note).await.unwrap();
    for period in ["2026-09", "2026-10"] {
        assert_eq!(differences(&world, period).await, Vec::<String>::new(), "{period}");
    }
    assert_eq!(world.close("2026-11", false).await, "issued 36.00");
    assert_eq!(world.lines("G000000005").await, ["s cycleCharge 2026-11-20..2026-12-19 3 30.00"]);
    world.assert_sound().await;
}

#[tokio::test]
async fn an_amount_is_given_back_and_no_more_than_stands() {
    let world = world().await;
    let eur = |minor: i64| Some(billing::money::Amount { minor, currency: "EUR".parse().unwrap() });
    let give =
        async |amount| credit(&world.books, &number("G000000001"), amount, "outage", now()).await.map_err(|e| e.code);
    let usd = Some(billing::money::Amount { minor: 1, currency: "USD".parse().unwrap() });
    for (amount, code) in [
        (eur(6_001), "credit.too_large"),
        (eur(0), "credit.not_positive"),
        (eur(-5), "credit.not_positive"),
        (usd, "credit.currency"),
    ] {
        assert_eq!(give(amount).await.map(|_| ()), Err(code.to_owned()), "{amount:?}");
    }
    assert_eq!(open(&world).await, (vec![6_000], vec![]));
    let note = give(eur(2_000)).await.unwrap();
    assert_eq!(note.invoice.amends.as_ref().unwrap().how, Amendment::PartialCredit);
    assert_eq!(open(&world).await, (vec![4_000, 0], vec![0]));
    assert_eq!(give(eur(4_001)).await.map(|_| ()), Err("credit.too_large".to_owned()));
    world.assert_sound().await;
    // A new document keeps what was given back.
    world.prices(&["m,EUR,3,1 Hour,0,"]).await;
    assert_eq!(differences(&world, "2026-09").await, ["1400 -> 2100", "4000 -> 4840"]);
    let documents = ["G000000003 G000000001 credit -40.00", "G000000004 G000000001 rebill 48.40"].map(str::to_owned);
    assert_eq!(corrected(&world, "G000000001", Correction::Rebill).await, Ok(documents.to_vec()));
    assert_eq!(open(&world).await, (vec![0, 0, 0, 4_840], vec![0, 0]));
    world.assert_sound().await;
}

#[tokio::test]
async fn months_that_cannot_be_restated_say_why() {
    let world = world().await;
    assert_eq!(differences(&world, "2026-08").await, ["not billed"]);
    world.usage(&[("b", "2026-10-03", "x", "7")]).await;
    assert_eq!(world.close("2026-10", true).await, "issued 43.20");
    assert_eq!(differences(&world, "2026-10").await, ["restate.carried"]);
    let mut organisations = world.books.ledger.organisations().await.unwrap();
    organisations.iter_mut().for_each(|one| one.currency = "USD".parse().unwrap());
    world.books.ledger.save_organisations(&organisations).await.unwrap();
    assert_eq!(differences(&world, "2026-09").await, ["restate.currency"]);
    assert_eq!(corrected(&world, "G000000001", Correction::Note).await, Err("restate.currency".to_owned()));
    world.assert_sound().await;
}

/// What was credited is not charged again by the way, and not given back a second time.
#[tokio::test]
async fn what_was_taken_back_is_billed_anew_only_when_it_is_meant() {
    let world = World::new(&["m,EUR,2,1 Hour,0,"]).await;
    world.offers(&["P,A,P1M,monthly,8,EUR,2026-01-01,Mail"]).await;
    let orders =
        ["o-1,2026-09-30T20:00:00Z,purchase,c,s,P,A,P1M,monthly,1,,", "o-2,2026-10-01T09:00:00Z,cancel,c,s,,,,,,,"];
    assert_eq!(world.orders(&orders).await, (2, 0, vec![]));
    assert_eq!(world.close("2026-09", false).await, "issued 8.00");
    let eur = |minor: i64| Some(billing::money::Amount { minor, currency: "EUR".parse().unwrap() });
    credit(&world.books, &number("G000000001"), eur(300), "outage", now()).await.unwrap();
    credit(&world.books, &number("G000000001"), None, "returned", now()).await.unwrap();
    assert_eq!(corrected(&world, "G000000001", Correction::Note).await, Err("restate.taken_back".to_owned()));
    assert_eq!(world.close("2026-10", false).await, "close.credited_month");
    // What was given back before stays given back.
    let rebilled = corrected(&world, "G000000001", Correction::Rebill).await;
    assert_eq!(rebilled, Ok(vec!["G000000004 G000000001 rebill 5.00".to_owned()]));
    assert_eq!(world.close("2026-10", false).await, "issued -8.00");
    world.assert_sound().await;
}

/// Usage that is taken back late is not given back a second time.
#[tokio::test]
async fn late_usage_below_zero_of_a_month_that_was_taken_back_waits_until_it_is_billed_anew() {
    let world = World::new(&["m,EUR,2,1 Hour,0,"]).await;
    world.usage(&[("a", "2026-09-03", "m", "7")]).await;
    assert_eq!(world.close("2026-09", false).await, "issued 14.00");
    credit(&world.books, &number("G000000001"), None, "outage", now()).await.unwrap();
    let correction = "record_id,kind,usage_date,customer_id,subscription_id,meter_id,quantity,quantity_basis\n\
                      b,correction,2026-09-04,c,p,m,-5,blocks\n";
    world.import(correction.to_owned()).await;
    assert_eq!(world.close("2026-10", false).await, "close.credited_month");
    corrected(&world, "G000000001", Correction::Rebill).await.unwrap();
    assert_eq!(world.close("2026-10", false).await, "issued -10.00");
    world.assert_sound().await;
}

/// Usage that lost its price would be neither billed nor moved on.
#[tokio::test]
async fn usage_without_a_price_today_is_not_taken_back() {
    let world = World::new(&["m,USD,2,1 Hour,0,", "n,EUR,1,1 Hour,0,"]).await;
    world.fx("CurrencyCode,USDPerUnit,Month\nEUR,1,202609\n").await;
    world.usage(&[("a", "2026-09-03", "m", "7"), ("b", "2026-09-03", "n", "1")]).await;
    assert_eq!(world.close("2026-09", true).await, "issued 15.00");
    world.prices(&["m,GBP,2,1 Hour,0,"]).await;
    assert_eq!(differences(&world, "2026-09").await, ["close.unpriced"]);
    world.assert_sound().await;
}
