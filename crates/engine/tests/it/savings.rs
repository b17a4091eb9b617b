//! Savings plans from their offers, lists and orders to covered lines and what was left unused.

use billing::decimal::Decimal;
use billing::invoice::InvoiceNumber;
use billing::licence::Generation;
use billing::period::BillingPeriod;
use engine::crediting::credit;
use engine::explaining::explain;
use engine::invoices::{billed_days, find, unbilled_days};
use engine::rating::{RatingOutcome, preview, rate};
use engine::restating::{Correction, correct};
use engine::savings::{PartyUtilisation, PlanUtilisation, utilisation};

use crate::world::{World, now};

const OFFER: &str = "product_id,sku_id,term,billing_plan,unit_price,currency,effective_from,category,hourly_commitment\n\
                     SP,S,P1Y,monthly,700,EUR,2026-01-01,savings_plan,1\n";
const PURCHASE: &str = "o-1,2026-09-05T10:00:00Z,purchase,c,s,SP,S,P1Y,monthly,1,,";

/// A machine at 4.00 an hour, half of it off with the plan: 1.00 an hour pays for half an hour of it.
async fn world() -> World {
    let world = World::new(&["m,EUR,4,1 Hour,0,", "n,EUR,1,1 Hour,0,"]).await;
    world.offers_text(OFFER).await;
    world.savings_plans(&["SP,S,m,0.5,2026-01-01"]).await;
    assert_eq!(world.orders(&[PURCHASE]).await, (1, 0, vec![]));
    let records = [
        ("a", "2026-09-04", "m", "24"),
        ("b", "2026-09-06", "m", "24"),
        ("c", "2026-09-07", "m", "6"),
        ("d", "2026-09-07", "n", "24"),
    ];
    world.usage(&records).await;
    world
}

fn number(text: &str) -> InvoiceNumber {
    text.parse().unwrap()
}

fn september() -> BillingPeriod {
    "2026-09".parse().unwrap()
}

/// Order, days held, commitment, used, unused of each plan, or the code for its party.
async fn plans(world: &World, period: &str) -> Vec<String> {
    let text = |plan: &PlanUtilisation| {
        let total = plan.total().unwrap();
        let unused = total.unused().unwrap();
        format!("{} {} {} {} {unused} {}", plan.order_id, plan.days.len(), total.commitment, total.used, plan.currency)
    };
    let mut found = Vec::new();
    for PartyUtilisation { party, plans } in utilisation(&world.books, period.parse().unwrap(), None).await.unwrap() {
        match plans {
            Ok(plans) => found.extend(plans.iter().map(text)),
            Err((code, _)) => found.push(format!("{party}: {code}")),
        }
    }
    found
}

/// Day, meter, quantity, amount and order of each daily line.
async fn days(world: &World, is_billed: bool) -> Vec<String> {
    let source = match is_billed {
        true => billed_days(&world.books, &find(&world.books, None, &number("G000000001")).await.unwrap()).await,
        false => unbilled_days(&world.books, &"partner".parse().unwrap(), september(), Generation::NewCommerce).await,
    };
    let source = source.unwrap();
    let page = source.read(&world.books, 0, 100, &|_| true).unwrap();
    let text = |day: &engine::invoices::ShownDay| {
        let (line, order) = (&day.line, day.line.scope.covered_by.as_deref().unwrap_or("-"));
        let (date, meter) = (line.record.usage_date, &line.scope.meter);
        format!("{date} {meter} {} {} {order}", line.figures.quantity, day.billing_total)
    };
    source.show(&world.books, page).await.unwrap().iter().map(|(_, day)| text(day)).collect()
}

const DAYS: [&str; 5] = [
    "2026-09-04 m 24 96 -",
    "2026-09-06 m 12 0 o-1",
    "2026-09-06 m 12 48 -",
    "2026-09-07 m 6 0 o-1",
    "2026-09-07 n 24 24 -",
];

#[tokio::test]
async fn a_plan_pays_for_its_hours_and_shows_what_it_left() {
    let world = world().await;
    // 26 days of 24 hours; 12 + 6 hours at 2.00 are used.
    let expected = ["o-1 26 624 36 588 EUR"];
    assert_eq!(plans(&world, "2026-09").await, expected);
    assert_eq!(plans(&world, "2026-08").await, Vec::<String>::new());
    for _ in 0..2 {
        rate(&world.books, september(), &|_| {}).await.unwrap();
        assert_eq!(days(&world, false).await, DAYS);
    }
    match &preview(&world.books, september(), &|_| {}).await.unwrap()[0].outcome {
        RatingOutcome::Rated { daily_line_count, subtotal, .. } => {
            assert_eq!((*daily_line_count, subtotal.to_plain()), (5, "168.00".to_owned()));
        }
        outcome => panic!("{outcome:?}"),
    }
    assert_eq!(world.close("2026-09", false).await, "issued 868.00");
    let lines =
        ["m 2026-09 36 144.00", "m 2026-09 18 0.00", "n 2026-09 24 24.00", "s new 2026-09-05..2026-10-04 1 700.00"];
    assert_eq!(world.lines("G000000001").await, lines);
    assert_eq!(days(&world, true).await, DAYS);
    assert_eq!(plans(&world, "2026-09").await, expected);
    world.assert_sound().await;
    for line in 1..=4 {
        let explained = explain(&world.books, &number("G000000001"), line).await.unwrap();
        let of_plan = explained.explanation.steps.iter().find(|step| step.what == "paid by a savings plan");
        assert_eq!(of_plan.map(|step| step.value), (line == 2).then_some(Decimal::ZERO), "line {line}");
    }
}

#[tokio::test]
async fn late_usage_is_not_covered_and_later_months_are_by_themselves() {
    let world = world().await;
    assert_eq!(world.close("2026-09", false).await, "issued 868.00");
    world.usage(&[("late", "2026-09-08", "m", "10"), ("e", "2026-10-01", "m", "2")]).await;
    let orders = ["o-2,2026-10-08T10:00:00Z,change_seats,c,s,,,,,3,,"];
    assert_eq!(world.orders(&orders).await, (1, 0, vec![]));
    assert_eq!(plans(&world, "2026-10").await, ["o-1 31 1896 4 1892 EUR"]);
    // 40.00 of September, nothing of October's usage, and what the plan costs.
    let issued = world.close("2026-10", false).await;
    let lines = world.lines("G000000002").await;
    assert_eq!(lines[..2], ["m 2026-09 10 40.00", "m 2026-10 2 0.00"]);
    assert!(issued.starts_with("issued "), "{issued}");
    assert_eq!(plans(&world, "2026-09").await, ["o-1 26 624 36 588 EUR"]);
    world.assert_sound().await;
}

#[tokio::test]
async fn a_list_that_was_wrong_is_corrected_and_a_covered_month_can_be_credited() {
    let world = world().await;
    assert_eq!(world.close("2026-09", false).await, "issued 868.00");
    world.savings_plans(&["SP,S,m,0.75,2026-01-01"]).await;
    // An hour costs 1.00 now: all 30 hours from the 5th on are covered.
    correct(&world.books, &number("G000000001"), Correction::Note, "mended", now()).await.unwrap();
    let note = ["m 2026-09 -36 -144.00", "m 2026-09 24 96.00", "m 2026-09 -18 0.00", "m 2026-09 30 0.00"];
    assert_eq!(world.lines("G000000002").await, note);
    world.assert_sound().await;
    for line in 1..=4 {
        explain(&world.books, &number("G000000002"), line).await.unwrap();
    }
    credit(&world.books, &number("G000000001"), None, "all of it", now()).await.unwrap();
    world.assert_sound().await;
}

/// Usage of the 5th was billed at nothing, so that day's commitment is charged, also within the full window.
#[tokio::test]
async fn a_plan_that_is_given_back_is_charged_for_the_days_it_was_held() {
    let world = world().await;
    world.usage(&[("e", "2026-09-05", "m", "24")]).await;
    assert_eq!(plans(&world, "2026-09").await, ["o-1 26 624 60 564 EUR"]);
    let cancel = ["o-2,2026-09-06T09:00:00Z,cancel,c,s,,,,,,,"];
    assert_eq!(world.orders(&cancel).await, (1, 0, vec![]));
    assert_eq!(plans(&world, "2026-09").await, ["o-1 1 24 24 0 EUR"]);
    // 66 hours at 4.00, 24 at 1.00, and a thirtieth of 700.00.
    assert_eq!(world.close("2026-09", false).await, "issued 311.34");
    world.assert_sound().await;
    let again =
        ["o-3,2026-10-06T08:00:00Z,purchase,c,t,SP,S,P1Y,monthly,1,,", "o-4,2026-10-06T09:00:00Z,cancel,c,t,,,,,,,"];
    assert_eq!(world.orders(&again).await, (2, 0, vec![]));
    world.usage(&[("f", "2026-10-06", "m", "24")]).await;
    // On the day of its purchase all of it comes back, and nothing is paid for.
    assert_eq!(plans(&world, "2026-10").await, Vec::<String>::new());
    assert_eq!(world.close("2026-10", false).await, "issued 96.00");
    world.assert_sound().await;
}

#[tokio::test]
async fn a_plan_that_is_given_back_in_the_next_month_has_been_paid_for_what_it_covered() {
    let world = World::new(&["m,EUR,4,1 Hour,0,"]).await;
    world.offers_text(OFFER).await;
    world.savings_plans(&["SP,S,m,0.5,2026-01-01"]).await;
    let last_day = PURCHASE.replace("2026-09-05", "2026-09-30");
    assert_eq!(world.orders(&[&last_day]).await, (1, 0, vec![]));
    world.usage(&[("a", "2026-09-30", "m", "12")]).await;
    assert_eq!(world.close("2026-09", false).await, "issued 700.00");
    let cancel = ["o-2,2026-10-01T09:00:00Z,cancel,c,s,,,,,,,"];
    assert_eq!(world.orders(&cancel).await, (1, 0, vec![]));
    world.close("2026-10", false).await;
    // A day of the plan stays charged, for a day that it has paid for.
    assert_eq!(world.lines("G000000002").await, ["s cancelImmediate 2026-10-01..2026-10-29 1 -676.66"]);
    world.assert_sound().await;
}

/// 36 hours were billed and 18 were paid for by the plan.
async fn check_late(late: &[(&str, &str, &str, &str)], expected: &[&str]) {
    let world = world().await;
    assert_eq!(world.close("2026-09", false).await, "issued 868.00");
    world.usage(late).await;
    // The plan's own charge is of no interest here.
    world.close("2026-10", false).await;
    let mut lines = world.lines("G000000002").await;
    lines.retain(|line| line.starts_with("m "));
    assert_eq!(lines, expected);
    world.assert_sound().await;
    for line in 1..=expected.len() {
        explain(&world.books, &number("G000000002"), line.try_into().unwrap()).await.unwrap();
    }
    // All that is left of the closed month is taken back, and what was taken back twice is paid out.
    world.usage(&[("z", "2026-09-08", "m", "-54")]).await;
    world.close("2026-11", false).await;
    let mut total = Decimal::ZERO;
    for document in 1..=3 {
        for line in
            engine::invoices::lines(&world.books, &number(&format!("G00000000{document}")), 0, 99).await.unwrap()
        {
            if line.usage().is_some_and(|usage| usage.scope.meter.as_str() == "m") {
                total = total.checked_add(line.subtotal.to_decimal()).unwrap();
            }
        }
    }
    let used: i64 = late.iter().map(|(_, _, _, quantity)| quantity.parse::<i64>().unwrap()).sum();
    assert_eq!(total, Decimal::from_integer(4 * used.min(0)));
    world.assert_sound().await;
}

#[tokio::test]
async fn what_was_covered_is_taken_back_at_nothing() {
    check_late(&[("x", "2026-09-09", "m", "-30")], &["m 2026-09 -30 -120.00"]).await;
    check_late(&[("x", "2026-09-09", "m", "-40")], &["m 2026-09 -36 -144.00", "m 2026-09 -4 0.00"]).await;
    let more = [("x", "2026-09-09", "m", "-40"), ("y", "2026-09-09", "m", "-14")];
    check_late(&more, &["m 2026-09 -36 -144.00", "m 2026-09 -18 0.00"]).await;
    check_late(&[("x", "2026-09-09", "m", "10")], &["m 2026-09 10 40.00"]).await;
}

#[tokio::test]
async fn a_correction_on_another_day_of_the_month_takes_back_what_would_be_billed() {
    let world = world().await;
    world.usage(&[("x", "2026-09-20", "m", "-30")]).await;
    // 24 hours are left: those of the 4th, on which the plan was not held yet.
    assert_eq!(world.close("2026-09", false).await, "issued 820.00");
    assert_eq!(world.lines("G000000001").await[..2], ["m 2026-09 24 96.00", "n 2026-09 24 24.00"]);
    world.assert_sound().await;
}

#[tokio::test]
async fn what_was_used_is_shown_as_the_last_restatement_has_it() {
    let world = world().await;
    let bought_once = PURCHASE.replace("P1Y,monthly", "P1Y,annual").replace(",s,SP", ",t,SY").replace("o-1", "o-2");
    let sold = OFFER.replace("P1Y,monthly,700", "P1Y,annual,8000").replace("SP,", "SY,");
    world.offers_text(&sold).await;
    world.savings_plans(&["SY,S,other,0.5,2026-01-01"]).await;
    assert_eq!(world.orders(&[&bought_once, "o-3,2026-09-05T11:00:00Z,cancel,c,s,,,,,,,"]).await, (2, 0, vec![]));
    assert_eq!(world.close("2026-09", false).await, "issued 8240.00");
    assert_eq!(plans(&world, "2026-09").await, ["o-2 26 624 0 624 EUR"]);
    world.savings_plans(&["SY,S,m,0.5,2026-01-01"]).await;
    correct(&world.books, &number("G000000001"), Correction::Note, "mended", now()).await.unwrap();
    assert_eq!(plans(&world, "2026-09").await, ["o-2 26 624 36 588 EUR"]);
    // A month without any charge or usage has no document.
    assert_eq!(world.close("2026-10", false).await, "nothing");
    assert_eq!(plans(&world, "2026-10").await, ["o-2 31 744 0 744 EUR"]);
    world.assert_sound().await;
}

#[tokio::test]
async fn a_plan_that_was_given_back_in_part_covers_up_to_that_day() {
    let world = world().await;
    let cancel = ["o-2,2026-09-07T11:00:00Z,cancel,c,s,,,,,,,"];
    assert_eq!(world.orders(&cancel).await, (1, 0, vec![]));
    assert_eq!(plans(&world, "2026-09").await, ["o-1 2 48 24 24 EUR"]);
    world.close("2026-09", false).await;
    assert_eq!(world.lines("G000000001").await[..2], ["m 2026-09 42 168.00", "m 2026-09 12 0.00"]);
    world.assert_sound().await;
}

#[tokio::test]
async fn what_a_plan_cannot_pay_for_parks_the_party_by_name() {
    let world = World::new(&["m,USD,4,1 Hour,0,"]).await;
    world.fx("CurrencyCode,USDPerUnit,Month\nEUR,1.25,202609\n").await;
    world.offers_text(OFFER).await;
    assert_eq!(world.orders(&[PURCHASE]).await, (1, 0, vec![]));
    world.usage(&[("b", "2026-09-06", "m", "24")]).await;
    assert_eq!(world.close("2026-09", false).await, "savings_plan.list_missing");
    world.savings_plans(&["SP,S,m,0.5,2026-01-01"]).await;
    assert_eq!(world.close("2026-09", false).await, "savings_plan.currency");
    world.savings_plans(&["SP,S,other,0.5,2026-01-02", "SP,S,m,0.5,2030-01-02"]).await;
    assert_eq!(plans(&world, "2026-09").await, ["partner: savings_plan.currency"]);
    // Another party's plans are shown all the same.
    world.other_party("other", "x", "x-1").await;
    let sold = "SQ,S,P1Y,monthly,700,EUR,2026-01-01,savings_plan,1";
    world.offers_text(&format!("{}{sold}\n", OFFER.split_inclusive('\n').next().unwrap())).await;
    let purchase = "o-9,2026-09-29T10:00:00Z,purchase,x,s-9,SQ,S,P1Y,monthly,1,,";
    assert_eq!(world.orders(&[purchase]).await, (1, 0, vec![]));
    world.savings_plans(&["SQ,S,other,0.5,2026-01-02"]).await;
    assert_eq!(plans(&world, "2026-09").await, ["o-9 2 48 0 48 EUR", "partner: savings_plan.currency"]);
}

/// Without a commitment in its offer a plan covers nothing, and the books have the bytes that they had.
#[tokio::test]
async fn a_plan_without_a_commitment_is_bought_as_before() {
    let world = World::new(&["m,EUR,4,1 Hour,0,"]).await;
    world.offers_text(&OFFER.replace(",hourly_commitment", "").replace("savings_plan,1", "savings_plan")).await;
    assert_eq!(world.orders(&[PURCHASE]).await, (1, 0, vec![]));
    world.usage(&[("b", "2026-09-06", "m", "24")]).await;
    assert_eq!(world.close("2026-09", false).await, "issued 796.00");
    let stored = world.books.ledger.invoice(&number("G000000001")).await.unwrap().unwrap();
    let lines = world.books.ledger.invoice_lines(&stored.number, 0, u32::MAX).await.unwrap().concat();
    for bytes in [stored.header, lines] {
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains("covered_by") && !text.contains("savings_plans"), "{text}");
    }
    assert_eq!(plans(&world, "2026-09").await, Vec::<String>::new());
    world.assert_sound().await;
}

/// What all lines of the machine come to, on so many documents.
async fn billed(world: &World, documents: usize) -> String {
    let mut total = Decimal::ZERO;
    for document in 1..=documents {
        let lines =
            engine::invoices::lines(&world.books, &number(&format!("G00000000{document}")), 0, 99).await.unwrap();
        for line in lines.iter().filter(|line| line.usage().is_some_and(|usage| usage.scope.meter.as_str() == "m")) {
            total = total.checked_add(line.subtotal.to_decimal()).unwrap();
        }
    }
    world.assert_sound().await;
    total.to_string()
}

/// Corrections of September by the month that bills them, the first within September: nothing is left of its 54 hours.
async fn check_nothing_left(months: &[&[(&str, &str)]]) {
    let world = world().await;
    for (month, corrections) in months.iter().enumerate() {
        for (place, (day, quantity)) in corrections.iter().enumerate() {
            world.usage(&[(&format!("x-{month}-{place}"), day, "m", quantity)]).await;
        }
        world.close(&format!("2026-{:02}", month + 9), false).await;
    }
    assert_eq!(billed(&world, months.len()).await, "0", "{months:?}");
}

/// What was billed is the sum of the lines: the counter of the tiers stops at zero.
#[tokio::test]
async fn no_more_is_paid_out_than_was_billed() {
    check_nothing_left(&[&[], &[("2026-09-09", "-54")]]).await;
    check_nothing_left(&[&[], &[("2026-09-09", "-60"), ("2026-09-09", "60")], &[("2026-09-09", "-54")]]).await;
    check_nothing_left(&[&[], &[("2026-09-09", "-50"), ("2026-09-10", "40")], &[("2026-09-09", "-44")]]).await;
    check_nothing_left(&[&[("2026-09-02", "-10")], &[("2026-09-09", "-44")]]).await;
    check_nothing_left(&[&[("2026-09-29", "-40")], &[("2026-09-02", "-10")], &[("2026-09-09", "-4")]]).await;
}

#[tokio::test]
async fn what_was_restated_and_what_was_credited_counts() {
    let world = world().await;
    world.close("2026-09", false).await;
    world.usage(&[("x", "2026-09-08", "m", "-10")]).await;
    world.close("2026-10", false).await;
    world.savings_plans(&["SP,S,m,0.75,2026-01-01"]).await;
    correct(&world.books, &number("G000000001"), Correction::Note, "mended", now()).await.unwrap();
    world.usage(&[("y", "2026-09-08", "m", "-44")]).await;
    world.close("2026-11", false).await;
    assert_eq!(billed(&world, 4).await, "0");

    let world = self::world().await;
    world.close("2026-09", false).await;
    world.usage(&[("x", "2026-09-09", "m", "-40")]).await;
    world.close("2026-10", false).await;
    credit(&world.books, &number("G000000002"), None, "all of it", now()).await.unwrap();
    // 36 hours are billed again.
    world.usage(&[("y", "2026-09-09", "m", "-10")]).await;
    world.close("2026-11", false).await;
    assert_eq!(billed(&world, 4).await, "104");
}

/// 12 hours at 4.00 were paid for, 12 of 60 at 1.00 were billed: what is taken back of the first is worth nothing.
#[tokio::test]
async fn of_two_prices_of_a_month_what_was_paid_for_is_taken_back_first() {
    let world = World::new(&["m,EUR,4,1 Hour,0,2026-09-01", "m,EUR,1,1 Hour,0,2026-09-15"]).await;
    world.offers_text(OFFER).await;
    world.savings_plans(&["SP,S,m,0.5,2026-01-01"]).await;
    assert_eq!(world.orders(&[PURCHASE]).await, (1, 0, vec![]));
    world.usage(&[("a", "2026-09-06", "m", "12"), ("b", "2026-09-20", "m", "60")]).await;
    world.close("2026-09", false).await;
    world.usage(&[("c", "2026-09-06", "m", "-12")]).await;
    world.close("2026-10", false).await;
    assert_eq!(billed(&world, 2).await, "12");
}

#[tokio::test]
async fn covered_lines_have_the_exchange_rate_of_their_month() {
    let world = World::new(&["m,USD,4,1 Hour,0,"]).await;
    world.fx("CurrencyCode,USDPerUnit,Month\nEUR,1.25,202609\nEUR,1.5625,202610\n").await;
    world.offers_text(&OFFER.replace("EUR", "USD")).await;
    world.savings_plans(&["SP,S,m,0.5,2026-01-01"]).await;
    assert_eq!(world.orders(&[PURCHASE]).await, (1, 0, vec![]));
    world.usage(&[("a", "2026-09-06", "m", "12")]).await;
    world.close("2026-09", false).await;
    world.usage(&[("b", "2026-09-06", "m", "-5"), ("c", "2026-10-07", "m", "7")]).await;
    let october: BillingPeriod = "2026-10".parse().unwrap();
    rate(&world.books, october, &|_| {}).await.unwrap();
    world.close("2026-10", false).await;
    let source =
        billed_days(&world.books, &find(&world.books, None, &number("G000000002")).await.unwrap()).await.unwrap();
    let page = source.read(&world.books, 0, 100, &|_| true).unwrap();
    let rates: Vec<String> = source
        .show(&world.books, page)
        .await
        .unwrap()
        .iter()
        .map(|(_, day)| {
            let line = &day.line;
            format!("{} {} {}", line.record.usage_date, line.figures.exchange_rate, line.exchange_rate_dated)
        })
        .collect();
    assert_eq!(rates, ["2026-09-06 0.8 2026-09-30", "2026-10-07 0.64 2026-10-31"]);
    world.assert_sound().await;
}
