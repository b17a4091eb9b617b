//! Licences from their offers and orders to invoices.

use crate::world::World;

const OFFERS: [&str; 4] = [
    "P,A,P1M,monthly,12,EUR,2026-01-01,Mail",
    "P,A,P1Y,monthly,11,EUR,2026-01-01,Mail",
    "P,A,P1Y,annual,120,EUR,2026-01-01,Mail",
    "P,B,P1M,monthly,7.50,EUR,2026-01-01,Drive",
];

async fn world() -> World {
    let world = World::new(&["m,EUR,2,1 Hour,0,"]).await;
    world.offers(&OFFERS).await;
    world
}

#[tokio::test]
async fn a_month_bills_what_was_ordered_and_what_goes_on() {
    let world = world().await;
    let orders = [
        "o-1,2026-08-20T09:00:00Z,purchase,c,s,P,A,P1Y,monthly,10,,",
        "o-2,2026-09-22T09:00:00Z,change_seats,c,s,,,,,12,,",
        "o-3,2026-09-30T23:59:59Z,purchase,c,t,P,B,P1M,monthly,3,false,",
    ];
    assert_eq!(world.orders(&orders).await, (3, 0, vec![]));
    world.usage(&[("a", "2026-09-03", "m", "1")]).await;
    assert_eq!(world.close("2026-09", false).await, "close.earlier_period_open");
    assert_eq!(world.close("2026-08", false).await, "issued 110.00");
    assert_eq!(world.close("2026-09", false).await, "issued 155.04");
    assert_eq!(world.close("2026-10", false).await, "issued 132.00");
    assert_eq!(world.lines("G000000001").await, ["s new 2026-08-20..2026-09-19 10 110.00"]);
    let september = [
        "m 2026-09 1 2.00",
        "s cycleCharge 2026-09-20..2026-10-19 10 110.00",
        "s addQuantity 2026-09-22..2026-10-19 10 -102.66",
        "s addQuantity 2026-09-22..2026-10-19 12 123.20",
        "t new 2026-09-30..2026-10-29 3 22.50",
    ];
    // 110 x 28 / 30 is cut to 102.66, 132 x 28 / 30 is 123.20.
    assert_eq!(world.lines("G000000002").await, september);
    assert_eq!(world.lines("G000000003").await, ["s cycleCharge 2026-10-20..2026-11-19 12 132.00"]);
    world.assert_sound().await;
    for line in 1..=5 {
        engine::explaining::explain(&world.books, &"G000000002".parse().unwrap(), line).await.unwrap();
    }
}

#[tokio::test]
async fn a_price_that_changes_is_paid_from_the_renewal_on() {
    let world = world().await;
    let orders = [
        "o-1,2026-08-20T09:00:00Z,purchase,c,s,P,A,P1M,monthly,1,,",
        "o-2,2026-08-20T09:00:00Z,purchase,c,y,P,A,P1Y,monthly,1,,",
    ];
    assert_eq!(world.orders(&orders).await, (2, 0, vec![]));
    assert_eq!(world.close("2026-08", false).await, "issued 23.00");
    // As if it had been so all the time: the year keeps the price that it was bought at.
    world.offers(&["P,A,P1M,monthly,15,EUR,2026-01-01,Mail", "P,A,P1Y,monthly,14,EUR,2026-01-01,Mail"]).await;
    assert_eq!(world.close("2026-09", false).await, "issued 26.00");
    assert_eq!(
        world.lines("G000000002").await,
        ["s renew 2026-09-20..2026-10-19 1 15.00", "y cycleCharge 2026-09-20..2026-10-19 1 11.00"]
    );
    world.assert_sound().await;
}

#[tokio::test]
async fn orders_that_cannot_be_are_set_aside_and_the_others_are_accepted() {
    let world = world().await;
    let purchase = "o-1,2026-09-20T09:00:00Z,purchase,c,s,P,A,P1M,monthly,10,,";
    let rows = [
        purchase,
        "o-2,2026-09-19T09:00:00Z,change_seats,c,s,,,,,12,,",
        "o-3,2026-09-21T09:00:00Z,change_seats,c,s,,,,,0,,",
        "o-4,2026-09-21T09:00:00Z,purchase,c,s,P,A,P1M,monthly,10,,",
        "o-5,2026-09-21T09:00:00Z,purchase,c,p,P,A,P1M,monthly,10,,",
        "o-6,2026-09-21T09:00:00Z,purchase,c,u,P,X,P1M,monthly,10,,",
        "o-7,2026-09-21T09:00:00Z,purchase,nobody,u,P,A,P1M,monthly,10,,",
        "o-8,2031-09-21T09:00:00Z,purchase,c,u,P,A,P1M,monthly,10,,",
        "o-9,2026-09-22T09:00:00Z,change_seats,c,s,,,,,12,,",
        "o-10,2026-09-22T09:00:00Z,change_seats,c,s,,,,,many,,",
    ];
    let codes = [
        "order.subscription_unknown",
        "licence.seats_not_positive",
        "order.subscription_exists",
        "order.subscription_exists",
        "order.price_missing",
        "customer.unknown",
        "order.in_future",
        "licence.line.whole_number",
    ];
    assert_eq!(world.orders(&rows).await, (2, 0, codes.map(str::to_owned).to_vec()));
    assert_eq!(world.orders(&[purchase]).await, (0, 1, vec![]));
    // Refused, mended, said again: all in one file.
    let seats = |seats: &str| format!("o-20,2026-09-23T09:00:00Z,change_seats,c,s,,,,,{seats},,");
    let (refused, mended, other) = (seats("0"), seats("14"), seats("15"));
    let codes = ["licence.seats_not_positive", "order.id_conflict"].map(str::to_owned).to_vec();
    assert_eq!(world.orders(&[&refused, &mended, &mended, &other]).await, (1, 1, codes));
    let back = "o-21,2026-09-23T10:00:00Z,change_seats,c,s,,,,,12,,";
    assert_eq!(world.orders(&[back]).await, (1, 0, vec![]));
    let other = purchase.replace(",10,", ",11,");
    assert_eq!(world.orders(&[&other]).await, (0, 0, vec!["order.id_conflict".to_owned()]));
    assert_eq!(world.close("2026-09", false).await, "issued 142.40");
    let late = "o-11,2026-09-30T09:00:00Z,change_seats,c,s,,,,,13,,";
    assert_eq!(world.orders(&[late]).await, (0, 0, vec!["order.period_closed".to_owned()]));
    world.assert_sound().await;
}

#[tokio::test]
async fn orders_of_a_file_need_no_order_and_ids_are_the_partys() {
    let world = world().await;
    world.customers("d").await;
    let rows = [
        "o-2,2026-09-21T09:00:00Z,change_seats,c,s,,,,,12,,",
        "o-1,2026-09-20T09:00:00Z,purchase,c,s,P,A,P1M,monthly,10,,",
        "o-3,2026-09-21T10:00:00Z,change_seats,c,s,,,,,0,,",
        "o-1,2026-09-20T09:00:00Z,purchase,d,t,P,A,P1M,monthly,10,,",
    ];
    let codes = ["licence.seats_not_positive", "order.id_conflict"].map(str::to_owned).to_vec();
    assert_eq!(world.orders(&rows).await, (2, 0, codes));
    assert_eq!(world.close("2026-09", false).await, "issued 143.20");
}

#[tokio::test]
async fn an_order_that_no_invoice_could_hold_is_refused() {
    let world = world().await;
    world
        .offers(&[
            "P,D,P1M,monthly,9999999999999,EUR,2026-01-01,Dear",
            "P,L,P1M,monthly,1.00000000000000000000001,EUR,2026-01-01,Long",
        ])
        .await;
    let order = |id: &str, action: &str| format!("{id},2026-09-20T09:00:00Z,{action}");
    let seats = format!("{}", u32::MAX);
    let rows = [
        order("o-1", &format!("purchase,c,d,P,D,P1M,monthly,{seats},,")),
        order("o-2", &format!("purchase,c,l,P,L,P1M,monthly,{seats},,")),
        order("o-3", "purchase,c,s,P,A,P1M,monthly,1,,"),
        order("o-4", "upgrade,c,s,P,D,,,1,,t"),
        order("o-5", "change_seats,c,l,,,,,1,,"),
    ];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    assert_eq!(world.orders(&rows).await, (4, 0, vec!["order.amount_too_large".to_owned()]));
    assert_eq!(
        world.orders(&["o-6,2026-09-20T10:00:00Z,change_seats,c,t,,,,,101,,"]).await.2,
        ["order.amount_too_large"]
    );
    // 23 decimals and all the seats that there can be, of which one stays.
    assert_eq!(world.close("2026-09", false).await, "issued 10000000000000.00");
    assert_eq!(world.lines("G000000001").await[0], "l new 2026-09-20..2026-10-19 4294967295 4294967295.00");
    world.assert_sound().await;
}

#[tokio::test]
async fn a_renewal_without_a_price_parks_its_party() {
    let world = World::new(&["m,EUR,2,1 Hour,0,"]).await;
    let report = "product_id,sku_id,term,billing_plan,unit_price,currency,effective_from,effective_until\n\
                  P,A,P1M,monthly,12,EUR,2026-01-01,2026-09-01\n";
    world.offers_text(report).await;
    assert_eq!(world.orders(&["o-1,2026-08-20T09:00:00Z,purchase,c,s,P,A,P1M,monthly,1,,"]).await, (1, 0, vec![]));
    assert_eq!(world.close("2026-08", false).await, "issued 12.00");
    assert_eq!(world.close("2026-09", false).await, "order.price_missing");
    world.offers(&["P,A,P1M,monthly,13,EUR,2026-09-01,Mail"]).await;
    assert_eq!(world.close("2026-09", false).await, "issued 13.00");
    world.assert_sound().await;
}
