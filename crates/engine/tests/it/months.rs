//! Which month bills what: late usage, usage without a price, months in their order (USE-2, CL-1).

use crate::world::World;

const TIERED: [&str; 3] = ["m,EUR,1,1 Hour,0,", "m,EUR,0.80,1 Hour,100,", "n,EUR,2,1 Hour,0,"];

#[tokio::test]
async fn late_usage_is_billed_once_at_its_own_months_position() {
    let world = World::new(&TIERED).await;
    world.usage(&[("a1", "2026-08-03", "m", "99")]).await;
    assert_eq!(world.close("2026-08", false).await, "issued 99.00");
    // Two late units: one below the threshold, one above; and the month's own use starts at zero.
    world.usage(&[("a2", "2026-08-20", "m", "2"), ("s1", "2026-09-01", "m", "10")]).await;
    assert_eq!(world.close("2026-09", false).await, "issued 11.80");
    assert_eq!(world.lines("G000000002").await, ["m 2026-08 2 1.80", "m 2026-09 10 10.00"]);
    world.usage(&[("a3", "2026-08-21", "m", "1")]).await;
    assert_eq!(world.close("2026-10", false).await, "issued 0.80");
    assert_eq!(world.close("2026-11", false).await, "nothing");
    world.assert_sound().await;
}

#[tokio::test]
async fn a_late_correction_goes_on_from_the_counter_and_not_from_the_sum() {
    let world = World::new(&TIERED).await;
    // The counter stops at zero in between: it ends at 105, the quantities add up to 45.
    world.usage(&[("1", "2026-08-01", "m", "90"), ("3", "2026-08-03", "m", "105")]).await;
    let correction = "record_id,kind,usage_date,customer_id,subscription_id,meter_id,quantity,quantity_basis\n\
                      2,correction,2026-08-02,c,p,m,-150,blocks\n";
    world.import(correction.to_owned()).await;
    assert_eq!(world.close("2026-08", false).await, "issued 44.00");
    world.usage(&[("4", "2026-08-30", "m", "10")]).await;
    assert_eq!(world.close("2026-09", false).await, "issued 8.00");
    world.assert_sound().await;
}

#[tokio::test]
async fn a_month_is_not_closed_before_the_one_before_it() {
    let world = World::new(&TIERED).await;
    world
        .usage(&[("a", "2026-08-01", "m", "1"), ("s", "2026-09-01", "nowhere", "1"), ("o", "2026-10-01", "m", "1")])
        .await;
    assert_eq!(world.close("2026-10", false).await, "close.earlier_period_open");
    assert_eq!(world.close("2026-08", false).await, "issued 1.00");
    assert_eq!(world.close("2026-09", false).await, "close.unpriced");
    assert_eq!(world.close("2026-10", false).await, "close.earlier_period_open");
    world.prices(&["nowhere,EUR,5,1 Hour,0,"]).await;
    assert_eq!(world.close("2026-09", false).await, "issued 5.00");
    assert_eq!(world.close("2026-10", false).await, "issued 1.00");
    assert_eq!(world.close("2026-09", false).await, "closed");
    world.assert_sound().await;
}

#[tokio::test]
async fn an_empty_month_closes_and_keeps_the_chain() {
    let world = World::new(&TIERED).await;
    world.usage(&[("a", "2026-08-01", "m", "1")]).await;
    assert_eq!(world.close("2026-08", false).await, "issued 1.00");
    world.usage(&[("late", "2026-08-02", "m", "1"), ("o", "2026-10-01", "m", "1")]).await;
    assert_eq!(world.close("2026-10", false).await, "close.earlier_period_open");
    assert_eq!(world.close("2026-09", false).await, "issued 1.00");
    assert_eq!(world.close("2026-10", false).await, "issued 1.00");
    world.assert_sound().await;
}

#[tokio::test]
async fn usage_without_a_price_is_carried_until_it_has_one_and_never_doubled() {
    let world = World::new(&TIERED).await;
    world.usage(&[("a", "2026-08-15", "m", "100"), ("x", "2026-08-15", "x", "7")]).await;
    assert_eq!(world.close("2026-08", true).await, "issued 100.00");
    // Still without a price in September, and one more unit of the same day comes late.
    world.usage(&[("x2", "2026-08-15", "x", "3"), ("a2", "2026-08-15", "m", "5")]).await;
    assert_eq!(world.close("2026-09", true).await, "issued 4.00");
    assert_eq!(world.close("2026-10", true).await, "nothing");
    world.prices(&["x,EUR,1,1 Hour,0,"]).await;
    assert_eq!(world.close("2026-11", false).await, "issued 10.00");
    assert_eq!(world.lines("G000000003").await, ["x 2026-08 10 10.00"]);
    assert_eq!(world.close("2026-12", false).await, "nothing");
    world.assert_sound().await;
}

#[tokio::test]
async fn a_day_that_loses_its_price_carries_its_late_record_only() {
    let world = World::new(&["m,USD,1,1 Hour,0,", "n,EUR,2,1 Hour,0,"]).await;
    let fx = "CurrencyCode,USDPerUnit,Month\nEUR,1,202608\n";
    let file = engine::import::ImportFile {
        input: formats::source::Input::new("fx.csv", std::io::Cursor::new(fx.as_bytes().to_vec())),
        name: "fx.csv".to_owned(),
        sha256: String::new(),
    };
    let options = formats::fx::FxOptions::default();
    engine::import::import_fx(&world.books, file, &options, crate::world::now()).await.unwrap();
    world.usage(&[("a", "2026-08-15", "m", "100")]).await;
    assert_eq!(world.close("2026-08", false).await, "issued 100.00");
    // A second currency makes the meter's price ambiguous; the late record has to wait.
    world.prices(&["m,GBP,1,1 Hour,0,2026-08-01"]).await;
    world.usage(&[("b", "2026-08-15", "m", "5")]).await;
    assert_eq!(world.close("2026-09", true).await, "nothing");
    world.prices(&["m,EUR,1,1 Hour,0,2026-08-01"]).await;
    assert_eq!(world.close("2026-10", false).await, "issued 5.00");
    world.assert_sound().await;
}

#[tokio::test]
async fn a_restatement_of_an_issued_month_is_set_aside() {
    let world = World::new(&TIERED).await;
    world.usage(&[("o", "2026-10-01", "m", "1")]).await;
    assert_eq!(world.close("2026-10", false).await, "issued 1.00");
    world.usage(&[("a", "2026-08-01", "m", "10")]).await;
    assert_eq!(world.close("2026-11", false).await, "issued 10.00");
    let restated = "record_id,revision,usage_date,customer_id,subscription_id,meter_id,quantity,quantity_basis\n\
                    a,2,2026-08-01,c,p,m,8,blocks\n";
    let report = world.import(restated.to_owned()).await;
    let codes: Vec<&str> = report.quarantined.iter().map(|line| line.code.as_str()).collect();
    assert_eq!(codes, ["usage.line.revision_after_issue"]);
    assert_eq!(world.close("2026-12", false).await, "nothing");
    world.assert_sound().await;
}
