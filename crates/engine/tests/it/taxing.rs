//! Taxes and adjustments on invoices.

use billing::invoice::{Adjustment, InvoiceNumber};
use billing::money::Amount;
use billing::party::TaxProfile;
use billing::tax::{TaxRounding, TaxTreatment};
use engine::invoices::find;
use engine::paying::adjust;

use crate::world::{World, now};

const RATES: &str = "code,rate,effective_from,effective_until,country,treatment,product,legal_note
FR-20,0.2,2020-01-01,,FR,standard,,
FR-RC,0,2026-10-01,,FR,reverse_charge,,Tax owed by the recipient
";

/// Books with two meters at 0.99 and 1.99, and a party that is taxed so.
async fn world(profile: TaxProfile) -> World {
    let world = World::new(&["m,EUR,0.99,1 Hour,0,", "n,EUR,1.99,1 Hour,0,"]).await;
    let mut organisations = world.books.ledger.organisations().await.unwrap();
    for organisation in &mut organisations {
        organisation.country = "FR".to_owned();
        organisation.tax = profile;
    }
    world.books.ledger.save_organisations(&organisations).await.unwrap();
    world.taxes(RATES).await;
    world
}

fn profile(treatment: TaxTreatment, rounding: TaxRounding) -> TaxProfile {
    TaxProfile { treatment, rounding }
}

/// Taxes of the lines, and `code taxable tax note` of the document.
async fn taxes(world: &World, number: &str) -> (Vec<String>, Vec<String>) {
    let number: InvoiceNumber = number.parse().unwrap();
    let lines = engine::invoices::lines(&world.books, &number, 0, u32::MAX).await.unwrap();
    let invoice = find(&world.books, None, &number).await.unwrap().invoice;
    let of_codes = invoice.taxes.iter().map(|tax| {
        format!("{} {} {} {}", tax.code, tax.taxable.to_plain(), tax.tax.to_plain(), tax.legal_note).trim().to_owned()
    });
    (lines.iter().map(|line| format!("{} {}", line.tax_code, line.tax.to_plain())).collect(), of_codes.collect())
}

async fn check(world: &World, number: &str, lines: &[&str], codes: &[&str]) {
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    assert_eq!(taxes(world, number).await, (owned(lines), owned(codes)), "{number}");
}

#[tokio::test]
async fn tax_is_rounded_as_the_issuer_does() {
    for (rounding, total, lines, codes) in [
        (TaxRounding::DocumentHalfUp, "issued 3.58", ["FR-20 0.20", "FR-20 0.40"], ["FR-20 2.98 0.60"]),
        (TaxRounding::LineTruncate, "issued 3.56", ["FR-20 0.19", "FR-20 0.39"], ["FR-20 2.98 0.58"]),
    ] {
        let world = world(profile(TaxTreatment::Standard, rounding)).await;
        world.usage(&[("a", "2026-09-03", "m", "1"), ("b", "2026-09-03", "n", "1")]).await;
        assert_eq!(world.close("2026-09", false).await, total, "{rounding:?}");
        check(&world, "G000000001", &lines, &codes).await;
        world.assert_sound().await;
    }
}

#[tokio::test]
async fn the_recipient_owes_the_tax_with_a_note_and_a_day_without_a_rate_parks() {
    let world = world(profile(TaxTreatment::ReverseCharge, TaxRounding::default())).await;
    world.usage(&[("a", "2026-09-03", "m", "1"), ("b", "2026-10-03", "m", "1")]).await;
    assert_eq!(world.close("2026-09", false).await, "tax.rate_missing");
    // The rate is mended in a later list, and only then is the month closed.
    world.taxes("code,rate,effective_from,country,treatment\nFR-RC-OLD,0,2026-01-01,FR,reverse_charge\n").await;
    assert_eq!(world.close("2026-09", false).await, "issued 0.99");
    assert_eq!(world.close("2026-10", false).await, "issued 0.99");
    check(&world, "G000000001", &["FR-RC-OLD 0.00"], &["FR-RC-OLD 0.99 0.00"]).await;
    check(&world, "G000000002", &["FR-RC 0.00"], &["FR-RC 0.99 0.00 Tax owed by the recipient"]).await;
    world.assert_sound().await;
}

#[tokio::test]
async fn a_rate_that_changes_later_changes_nothing_issued() {
    let world = world(profile(TaxTreatment::Standard, TaxRounding::default())).await;
    world.usage(&[("a", "2026-09-03", "m", "1")]).await;
    assert_eq!(world.close("2026-09", false).await, "issued 1.19");
    world.taxes("code,rate,effective_from,country\nFR-30,0.3,2020-01-01,FR\n").await;
    world.assert_sound().await;
    check(&world, "G000000001", &["FR-20 0.20"], &["FR-20 0.99 0.20"]).await;
}

/// A purchase on 30 September is given back whole on 1 October, when rates and treatment are others.
#[tokio::test]
async fn what_is_taken_back_whole_takes_back_its_own_rates() {
    let world = world(profile(TaxTreatment::Standard, TaxRounding::default())).await;
    world.offers(&["P,A,P1M,monthly,10,USD,2026-01-01,Mail"]).await;
    world.fx("CurrencyCode,USDPerUnit,Month\nEUR,1.25,202609\nEUR,1.25,202610\n").await;
    let orders = [
        "o-1,2026-09-30T20:00:00Z,purchase,c,s,P,A,P1M,monthly,1,,",
        "o-2,2026-10-01T09:00:00Z,cancel,c,s,,,,,,,",
        "o-3,2026-10-01T09:00:00Z,purchase,c,t,P,A,P1M,monthly,1,,",
    ];
    assert_eq!(world.orders(&orders).await, (3, 0, vec![]));
    assert_eq!(world.close("2026-09", false).await, "issued 9.60");
    world.fx("CurrencyCode,USDPerUnit,Month\nEUR,2,202609\nEUR,2,202610\n").await;
    world.taxes("code,rate,effective_from,country,treatment\nFR-30,0.3,2020-01-01,FR,standard\nFR-RC,0,2020-01-01,FR,reverse_charge\n").await;
    let mut organisations = world.books.ledger.organisations().await.unwrap();
    organisations.iter_mut().for_each(|one| one.tax.treatment = TaxTreatment::ReverseCharge);
    world.books.ledger.save_organisations(&organisations).await.unwrap();
    assert_eq!(world.close("2026-10", false).await, "issued -4.60");
    check(&world, "G000000001", &["FR-20 1.60"], &["FR-20 8.00 1.60"]).await;
    let codes = ["FR-20 -8.00 -1.60", "FR-RC 5.00 0.00 Tax owed by the recipient"];
    check(&world, "G000000002", &["FR-20 -1.60", "FR-RC 0.00"], &codes).await;
    world.assert_sound().await;
}

fn adjustment(reference: &str, minor: i64) -> Adjustment {
    let amount = Amount { minor, currency: "EUR".parse().unwrap() };
    Adjustment { reference: reference.to_owned(), amount, reason: format!("reason of {reference}") }
}

#[tokio::test]
async fn an_adjustment_goes_on_the_next_invoice_and_no_other() {
    let world = World::new(&["m,EUR,2,1 Hour,0,"]).await;
    let party = world.books.chosen_party(None).await.unwrap();
    let add = async |one: &Adjustment| adjust(&world.books, &party, one, now()).await.map_err(|error| error.code);
    assert_eq!(add(&adjustment("offer", -150)).await, Ok(true));
    assert_eq!(add(&adjustment("offer", -150)).await, Ok(false));
    assert_eq!(add(&adjustment("offer", -151)).await, Err("adjustment.reference_used".to_owned()));
    assert_eq!(add(&adjustment("nothing", 0)).await, Err("adjustment.zero".to_owned()));
    assert_eq!(add(&adjustment("all", i64::MIN)).await, Err("adjustment.too_large".to_owned()));
    assert_eq!(add(&adjustment("", 1)).await, Err("payment.reference_malformed".to_owned()));
    let mut dollars = adjustment("dollars", 1);
    dollars.amount.currency = "USD".parse().unwrap();
    assert_eq!(add(&dollars).await, Err("payment.currency".to_owned()));
    // A month without lines has no document to carry it.
    assert_eq!(world.close("2026-08", false).await, "nothing");
    world.usage(&[("a", "2026-09-03", "m", "1"), ("b", "2026-10-03", "m", "1")]).await;
    assert_eq!(world.close("2026-09", false).await, "issued 0.50");
    assert_eq!(world.close("2026-10", false).await, "issued 2.00");
    let invoice = find(&world.books, None, &"G000000001".parse().unwrap()).await.unwrap().invoice;
    assert_eq!(invoice.adjustments, [adjustment("offer", -150)]);
    assert_eq!(world.books.ledger.adjustments(&party.id, None).await.unwrap(), []);
    // Taken is taken: neither again nor with other figures.
    assert_eq!(add(&adjustment("offer", -150)).await, Ok(false));
    world.assert_sound().await;
}
