//! Licences by example, and their laws under random orders.

use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::decimal::sum;
use crate::licence::{OfferBook, ProductCategory, TRIAL};
use crate::period::DayRange;
use crate::price::Product;

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn key(sku: &str, term: Option<Term>, plan: BillingPlan) -> OfferKey {
    OfferKey { product_id: "P".to_owned(), sku_id: sku.to_owned(), term, plan }
}

fn offer(sku: &str, term: Option<Term>, plan: BillingPlan, price: &str, from: Date) -> LicenceOffer {
    LicenceOffer {
        product: Product { product_id: "P".to_owned(), sku_id: sku.to_owned(), ..Product::default() },
        category: ProductCategory::Licence,
        term,
        plan,
        unit_price: d(price),
        currency: Currency::EUR,
        effective: DayRange { from, until: None },
        qualifiers: if sku == "TRIAL" { vec![TRIAL.to_owned()] } else { vec![] },
        refund_hours: None,
        generation: Generation::NewCommerce,
        hourly_commitment: None,
    }
}

/// A: 12 a month or 120 a year, from 2023 on 15 a month or 150 a year; B: 10.08; TRIAL: nothing; GOOD: once for good.
fn book() -> OfferBook {
    let (y2020, y2023) = (date(2020, 1, 1), date(2023, 1, 1));
    let (month, year) = (Some(Term::Month), Some(Term::Year));
    OfferBook::new([vec![
        offer("A", month, BillingPlan::Monthly, "12", y2020),
        offer("A", month, BillingPlan::Monthly, "15", y2023),
        offer("A", year, BillingPlan::Monthly, "11", y2020),
        offer("A", year, BillingPlan::Annual, "120", y2020),
        offer("A", year, BillingPlan::Annual, "150", y2023),
        offer("A", Some(Term::ThreeYears), BillingPlan::Annual, "100", y2020),
        offer("B", month, BillingPlan::Monthly, "10.08", y2020),
        offer("B", year, BillingPlan::Monthly, "9", y2020),
        offer("C", year, BillingPlan::Annual, "240", y2020),
        offer("TRIAL", month, BillingPlan::Monthly, "0", y2020),
        offer("GOOD", None, BillingPlan::OneTime, "500", y2020),
        offer("RI", year, BillingPlan::OneTime, "876", y2020),
    ]])
}

/// `2022-03-05T10 s purchase A P1M monthly 10 …` in short.
fn order(number: usize, text: &str) -> LicenceOrder {
    let mut words = text.split(' ');
    let mut next = || words.next().unwrap();
    let ordered_at = format!("{}:00:00Z", next()).parse().unwrap();
    let subscription = next().parse().unwrap();
    let action = match next() {
        "purchase" => {
            let (sku, term, plan) = (next(), Term::named(next()), BillingPlan::named(next()).unwrap());
            let seats = next().parse().unwrap();
            let mut purchase = Purchase {
                offer: key(sku, term, plan),
                seats,
                auto_renew: true,
                ends_on: None,
                discounts: vec![],
                anchor_rule: AnchorRule::Clamp,
            };
            for word in words {
                match word.split_once('=') {
                    Some(("ends", day)) => purchase.ends_on = Some(day.parse().unwrap()),
                    Some(("off", rate)) => {
                        purchase.discounts.push(Discount { rate: d(rate), name: "promotion".to_owned() });
                    }
                    _ => purchase.auto_renew = false,
                }
            }
            OrderAction::Purchase(purchase)
        }
        "seats" => OrderAction::ChangeSeats { seats: next().parse().unwrap() },
        "cancel" => OrderAction::Cancel,
        "upgrade" => {
            let (seats, target) = (next().parse().unwrap(), next().parse().unwrap());
            let to = words.next().map(|sku| UpgradeTo { product_id: "P".to_owned(), sku_id: sku.to_owned() });
            OrderAction::Upgrade { seats, target, to }
        }
        "plan" => OrderAction::ChangePlan { plan: BillingPlan::named(next()).unwrap() },
        "renew" => OrderAction::SetAutoRenew { auto_renew: next() == "on" },
        other => panic!("{other}"),
    };
    LicenceOrder { order_id: format!("o-{number}"), customer: "c".parse().unwrap(), subscription, ordered_at, action }
}

fn orders(texts: &[&str]) -> Vec<LicenceOrder> {
    texts.iter().enumerate().map(|(number, text)| order(number, text)).collect()
}

fn lines(orders: &[LicenceOrder], until: Date) -> Result<Vec<LicenceLine>, OrderError> {
    let book = book();
    let days = Cycle { from: date(1990, 1, 1), until };
    licence_lines(Currency::EUR, &|_, _| book.all(), orders, days).map_err(|failure| failure.error)
}

/// `s new 2022-03-05..2022-04-04 10 120.00` of each line.
#[track_caller]
fn check(texts: &[&str], until: Date, expected: &[&str]) {
    let found: Vec<String> = lines(&orders(texts), until)
        .unwrap()
        .iter()
        .map(|LicenceLine { subscription, charge, .. }| {
            let subtotal = charge.subtotal(Decimal::ONE, 2).unwrap().to_fixed(2).unwrap();
            let (from, to) = (charge.span.from, charge.span.last_day());
            format!("{subscription} {} {from}..{to} {} {subtotal}", charge.charge_type.as_str(), charge.seats)
        })
        .collect();
    assert_eq!(found, expected, "{texts:?}");
}

#[track_caller]
fn check_refused(texts: &[&str], code: &str) {
    assert_eq!(lines(&orders(texts), date(2030, 1, 1)).unwrap_err().code(), code, "{texts:?}");
}

#[test]
fn a_month_renews_at_the_price_of_its_day() {
    check(
        &["2022-11-30T10 s purchase A P1M monthly 10"],
        date(2023, 2, 1),
        &[
            "s new 2022-11-30..2022-12-29 10 120.00",
            "s renew 2022-12-30..2023-01-29 10 120.00",
            "s renew 2023-01-30..2023-02-27 10 150.00",
        ],
    );
    check(
        &["2022-11-30T10 s purchase A P1M monthly 10", "2022-12-01T10 s renew off"],
        date(2023, 2, 1),
        &["s new 2022-11-30..2022-12-29 10 120.00"],
    );
}

#[test]
fn a_year_is_charged_by_the_month_at_its_first_price() {
    let until = date(2023, 2, 1);
    let found = lines(&orders(&["2021-12-31T10 s purchase A P1Y monthly 1 off=0.1"]), until).unwrap();
    let subtotals: Vec<Decimal> = found.iter().map(|line| line.charge.subtotal(Decimal::ONE, 2).unwrap()).collect();
    // Twelve instalments, then a term at the list price.
    assert_eq!(subtotals[..12], [d("9.9"); 12]);
    assert_eq!(subtotals[12..], [d("11"), d("11")]);
    let starts: Vec<String> = found.iter().map(|line| line.ordered_on.to_string()).collect();
    assert_eq!(starts[..4], ["2021-12-31", "2022-01-31", "2022-02-28", "2022-03-31"]);
    assert_eq!((found[12].charge.charge_type, found[12].discounts.len()), (ChargeType::Renew, 0));
    assert_eq!(found[3].term, (date(2021, 12, 31), Some(date(2022, 12, 31))));
}

#[test]
fn seats_are_taken_back_and_charged_anew() {
    check(
        &[
            "2022-03-05T08 s purchase A P1M monthly 10 once",
            "2022-03-07T08 s seats 15",
            "2022-03-10T08 s seats 25",
            "2022-03-12T08 s seats 23",
            "2022-03-14T08 s seats 20",
            "2022-03-25T08 s seats 30",
        ],
        date(2022, 5, 1),
        &[
            "s new 2022-03-05..2022-04-04 10 120.00",
            "s addQuantity 2022-03-07..2022-04-04 10 -112.25",
            "s addQuantity 2022-03-07..2022-04-04 15 168.38",
            "s addQuantity 2022-03-10..2022-04-04 15 -150.96",
            "s addQuantity 2022-03-10..2022-04-04 25 251.61",
            "s removeQuantity 2022-03-12..2022-04-04 25 -232.25",
            "s removeQuantity 2022-03-12..2022-04-04 23 213.67",
            "s removeQuantity 2022-03-14..2022-04-04 23 -195.87",
            "s removeQuantity 2022-03-14..2022-04-04 20 170.32",
            "s addQuantity 2022-03-25..2022-04-04 20 -85.16",
            "s addQuantity 2022-03-25..2022-04-04 30 127.74",
        ],
    );
}

#[test]
fn a_licence_comes_back_within_its_window() {
    let bought = "2021-07-15T08 s purchase B P1M monthly 10";
    let new = "s new 2021-07-15..2021-08-14 10 100.80";
    check(
        &[bought, "2021-07-17T10 s cancel"],
        date(2022, 1, 1),
        &[new, "s cancelImmediate 2021-07-17..2021-08-14 10 -94.20"],
    );
    check(
        &[bought, "2021-07-16T08 s cancel"],
        date(2022, 1, 1),
        &[new, "s cancelImmediate 2021-07-15..2021-08-14 10 -100.80"],
    );
    check_refused(&[bought, "2021-07-22T09 s cancel"], "order.window_closed");
    check_refused(&[bought, "2021-07-22T09 s seats 9"], "order.window_closed");
    check_refused(&[bought, "2021-07-17T10 s cancel", "2021-07-17T10 s seats 3"], "order.subscription_ended");
    // Only the seats that were added lately can go.
    check_refused(&[bought, "2021-07-30T09 s seats 12", "2021-07-31T09 s seats 9"], "order.window_closed");
    assert!(
        lines(&orders(&[bought, "2021-07-30T09 s seats 12", "2021-07-31T09 s seats 10"]), date(2022, 1, 1)).is_ok()
    );
    // A renewal opens the window again.
    assert!(lines(&orders(&[bought, "2021-08-16T09 s cancel"]), date(2022, 1, 1)).is_ok());
}

#[test]
fn a_full_refund_takes_back_all_that_the_cycle_was_charged() {
    let found = lines(
        &orders(&["2021-07-15T08 s purchase B P1M monthly 10", "2021-07-16T07 s seats 13", "2021-07-16T08 s cancel"]),
        date(2022, 1, 1),
    );
    let subtotals =
        found.unwrap().iter().map(|line| line.charge.subtotal(Decimal::ONE, 2).unwrap()).collect::<Vec<_>>();
    assert_eq!(subtotals.len(), 6);
    assert_eq!(sum(subtotals), Ok(Decimal::ZERO));
}

#[test]
fn seats_become_those_of_another_product() {
    check(
        &["2021-06-18T08 s purchase A P1M monthly 300 once", "2021-06-25T09 s upgrade 100 t B"],
        date(2021, 8, 1),
        &[
            "s new 2021-06-18..2021-07-17 300 3600.00",
            "s convert 2021-06-25..2021-07-17 100 -920.00",
            "t convert 2021-06-25..2021-07-17 100 772.00",
        ],
    );
    check(
        &["2021-06-18T08 s purchase TRIAL P1M monthly 25", "2021-07-01T09 s upgrade 25 t A"],
        date(2021, 8, 2),
        &[
            "s new 2021-06-18..2021-07-17 25 0.00",
            "s convert 2021-07-01..2021-07-17 25 0.00",
            "t convert 2021-07-01..2021-07-31 25 300.00",
            "t renew 2021-08-01..2021-08-31 25 300.00",
        ],
    );
    let two = ["2021-06-18T08 s purchase A P1M monthly 3 once", "2021-06-20T08 t purchase B P1M monthly 1 once"];
    check(
        &[two[0], two[1], "2021-06-25T09 s upgrade 3 t"],
        date(2021, 8, 1),
        &[
            "s new 2021-06-18..2021-07-17 3 36.00",
            "s moveQuantity 2021-06-25..2021-07-17 3 -27.60",
            "t new 2021-06-20..2021-07-19 1 10.08",
            "t moveQuantity 2021-06-25..2021-07-19 3 25.20",
        ],
    );
    check_refused(&[two[0], "2021-06-25T09 s upgrade 4 t B"], "order.too_few_seats");
    check_refused(&[two[0], "2021-06-25T09 s upgrade 1 s"], "licence.seats_unchanged");
    check_refused(&[two[0], "2021-06-25T09 s upgrade 1 s B"], "licence.seats_unchanged");
    check_refused(&[two[0], "2021-06-25T09 s upgrade 1 t"], "order.subscription_unknown");
    check_refused(&[two[0], two[1], "2021-06-25T09 s upgrade 1 t B"], "order.subscription_exists");
}

#[test]
fn a_plan_changes_at_the_end_of_a_cycle() {
    check(
        &["2022-01-10T08 s purchase A P1Y monthly 10 once", "2022-01-20T08 s plan annual"],
        date(2023, 3, 1),
        &["s new 2022-01-10..2022-02-09 10 110.00", "s changeBillingPlan 2022-02-10..2023-01-09 10 1100.00"],
    );
    check_refused(
        &["2022-01-10T08 s purchase A P1Y monthly 10", "2022-01-20T08 s plan triennial"],
        "order.price_missing",
    );
    // The list of the term's first day counts, not that of the change.
    check(
        &["2022-11-10T08 s purchase A P1Y monthly 1 once", "2022-12-20T08 s plan annual"],
        date(2023, 3, 1),
        &[
            "s new 2022-11-10..2022-12-09 1 11.00",
            "s cycleCharge 2022-12-10..2023-01-09 1 11.00",
            "s changeBillingPlan 2023-01-10..2023-11-09 1 100.00",
        ],
    );
    // An upgrade pays the same ten months of the new price, also where the old one was free.
    let free = "2022-11-10T08 s purchase A P1Y monthly 1 once off=1";
    let found =
        lines(&orders(&[free, "2022-12-20T08 s plan annual", "2023-01-10T09 s upgrade 1 t C"]), date(2023, 3, 1));
    let last = found.unwrap().pop().unwrap();
    assert_eq!((last.charge.charge_type, last.charge.subtotal(Decimal::ONE, 2)), (ChargeType::Convert, Ok(d("200"))));
    // Ten months of the year were charged, so that is what a change divides.
    check(
        &["2022-11-10T08 s purchase A P1Y monthly 1 once", "2022-12-20T08 s plan annual", "2023-01-10T09 s seats 2"],
        date(2023, 3, 1),
        &[
            "s new 2022-11-10..2022-12-09 1 11.00",
            "s cycleCharge 2022-12-10..2023-01-09 1 11.00",
            "s changeBillingPlan 2023-01-10..2023-11-09 1 100.00",
            "s addQuantity 2023-01-10..2023-11-09 1 -100.00",
            "s addQuantity 2023-01-10..2023-11-09 2 200.00",
        ],
    );
}

#[test]
fn terms_end_together() {
    check(
        &["2024-05-20T08 s purchase A P1M monthly 7 once ends=2024-05-31"],
        date(2025, 1, 1),
        &["s new 2024-05-20..2024-05-31 7 40.60"],
    );
    let found = lines(&orders(&["2024-05-20T08 s purchase A P1Y monthly 1 once ends=2024-08-14"]), date(2025, 1, 1));
    let spans: Vec<String> = found
        .unwrap()
        .iter()
        .map(|line| format!("{}..{}", line.charge.span.from, line.charge.span.last_day()))
        .collect();
    assert_eq!(spans, ["2024-05-20..2024-06-14", "2024-06-15..2024-07-14", "2024-07-15..2024-08-14"]);
    // A change takes back and charges what the short cycle was charged at: 15 for 31 days.
    let short = "2024-05-20T08 s purchase A P1M monthly 7 once ends=2024-05-31";
    let new = "s new 2024-05-20..2024-05-31 7 40.60";
    check(
        &[short, "2024-05-22T09 s cancel"],
        date(2025, 1, 1),
        &[new, "s cancelImmediate 2024-05-22..2024-05-31 7 -33.81"],
    );
    check(
        &[short, "2024-05-20T09 s seats 8"],
        date(2025, 1, 1),
        &[new, "s addQuantity 2024-05-20..2024-05-31 7 -40.64", "s addQuantity 2024-05-20..2024-05-31 8 46.45"],
    );
    // A common end that shorter months lack moves no other cycle.
    let found = lines(&orders(&["2024-06-05T08 s purchase A P1Y monthly 1 once ends=2024-08-30"]), date(2025, 1, 1));
    let spans: Vec<String> = found
        .unwrap()
        .iter()
        .map(|line| format!("{}..{}", line.charge.span.from, line.charge.span.last_day()))
        .collect();
    assert_eq!(spans, ["2024-06-05..2024-06-29", "2024-06-30..2024-07-30", "2024-07-31..2024-08-30"]);
    check_refused(&["2024-05-20T08 s purchase A P1M monthly 7 ends=2024-05-19"], "licence.outside_cycle");
    check_refused(&["2024-05-20T08 s purchase A P1M monthly 7 ends=2024-06-20"], "licence.outside_cycle");
}

#[test]
fn what_is_bought_once_neither_renews_nor_changes() {
    check(
        &["2022-01-10T08 g purchase GOOD - one_time 2", "2022-01-10T08 r purchase RI P1Y one_time 3"],
        date(2025, 1, 1),
        &["g new 2022-01-10..2022-01-10 2 1000.00", "r new 2022-01-10..2023-01-09 3 2628.00"],
    );
    let good = "2022-01-10T08 g purchase GOOD - one_time 2";
    check_refused(&[good, "2022-01-10T09 g seats 3"], "order.one_time");
    check_refused(&[good, "2022-01-10T09 g plan monthly"], "order.one_time");
    check_refused(&[good, "2022-01-10T09 g renew on"], "order.one_time");
    check_refused(&[good, "2022-01-10T09 g upgrade 1 t A"], "order.one_time");
    assert_eq!(lines(&orders(&[good, "2022-01-12T09 g cancel"]), date(2025, 1, 1)).unwrap().len(), 2);
    check(
        &[good, "2022-01-10T09 g cancel"],
        date(2025, 1, 1),
        &["g new 2022-01-10..2022-01-10 2 1000.00", "g cancelImmediate 2022-01-10..2022-01-10 2 -1000.00"],
    );
}

#[test]
fn orders_that_cannot_be_are_named() {
    let bought = "2022-03-05T08 s purchase A P1M monthly 10";
    check_refused(&["2022-03-04T08 s seats 5"], "order.subscription_unknown");
    check_refused(&["2022-03-04T08 s seats 5", bought], "order.subscription_unknown");
    check_refused(&[bought, bought], "order.subscription_exists");
    check_refused(&[bought, "2022-03-06T08 s seats 0"], "licence.seats_not_positive");
    check_refused(&[bought, "2022-03-06T08 s seats 10"], "licence.seats_unchanged");
    check_refused(&["2022-03-05T08 s purchase A P1M monthly 0"], "licence.seats_not_positive");
    check_refused(&["2022-03-05T08 s purchase X P1M monthly 1"], "order.price_missing");
    check_refused(&["2019-03-05T08 s purchase A P1M monthly 1"], "order.price_missing");
    check_refused(&["2022-03-05T08 s purchase A P1M monthly 1 off=1.1"], "order.discount_out_of_range");
    check_refused(
        &["2022-03-05T08 s purchase A P1M monthly 1 once", "2022-04-05T08 s seats 2"],
        "order.subscription_ended",
    );
}

/// Random orders on two subscriptions, in the order of their times.
fn random_orders() -> impl Strategy<Value = Vec<LicenceOrder>> {
    let one = (0_i64..500, 0_usize..2, 0_usize..8, 1_u32..20);
    prop::collection::vec(one, 1..12).prop_map(|mut picked| {
        picked.sort_by_key(|(hours, ..)| *hours);
        let text = |(days, of, action, seats): &(i64, usize, usize, u32)| {
            let day = date(2022, 1, 25).saturating_add(days.days());
            let subscription = ["s", "t"][*of];
            let what = match action {
                0 => format!("purchase A P1Y monthly {seats}"),
                1 => format!("purchase A P1M monthly {seats} once"),
                2 => format!("purchase A P1Y annual {seats}"),
                3 | 4 => format!("seats {seats}"),
                5 => "cancel".to_owned(),
                6 => "plan annual".to_owned(),
                _ => format!("upgrade 1 u{days} B"),
            };
            format!("{day}T08 {subscription} {what}")
        };
        picked.iter().enumerate().map(|(number, one)| order(number, &text(one))).collect()
    })
}

/// The orders that can be accepted one after another.
fn accepted(candidates: Vec<LicenceOrder>) -> Vec<LicenceOrder> {
    let mut kept: Vec<LicenceOrder> = Vec::new();
    for candidate in candidates {
        let until = candidate.ordered_on().tomorrow().unwrap();
        kept.push(candidate);
        if lines(&kept, until).is_err() {
            kept.pop();
        }
    }
    kept
}

proptest! {
    #![proptest_config(crate::properties::cases(2_000))]

    /// What was charged before a day is not changed by what is ordered from that day on, nor by how far
    /// one looks: closed months stay as they were billed.
    #[test]
    fn the_past_stays(candidates in random_orders(), cut in 0_i64..600) {
        let orders = accepted(candidates);
        let (cut, end) = (date(2022, 1, 25).saturating_add(cut.days()), date(2024, 6, 1));
        let before: Vec<LicenceOrder> = orders.iter().filter(|order| order.ordered_on() < cut).cloned().collect();
        let billed = lines(&before, cut).unwrap();
        let mut later = lines(&orders, end).unwrap();
        let book = book();
        let rest = licence_lines(Currency::EUR, &|_, _| book.all(), &orders, Cycle { from: cut, until: end }).unwrap();
        let (before_cut, from_cut): (Vec<_>, Vec<_>) = later.drain(..).partition(|line| line.ordered_on < cut);
        prop_assert_eq!((billed, rest), (before_cut, from_cut));
    }

    /// Every day of a subscription costs its seats at the day's price: charges come to that exactly.
    #[test]
    fn charges_come_to_the_seats_of_each_day(changes in prop::collection::vec((0_i64..90, 1_u32..30), 0..8)) {
        let mut changes = changes;
        changes.sort_by_key(|(day, _)| *day);
        let from = date(2022, 1, 31);
        let mut candidates = vec![order(0, "2022-01-31T08 s purchase A P1Y monthly 5")];
        for (number, (day, seats)) in changes.iter().enumerate() {
            let on = from.saturating_add(day.days());
            candidates.push(order(number + 1, &format!("{on}T09 s seats {seats}")));
        }
        let orders = accepted(candidates);
        let found = lines(&orders, date(2022, 4, 30)).unwrap();
        // Three cycles of 28, 31 and 30 days.
        let seats_on = |day: Date| {
            let last = orders.iter().rev().find(|order| order.ordered_on() <= day).unwrap();
            match &last.action {
                OrderAction::ChangeSeats { seats } => *seats,
                _ => 5,
            }
        };
        for (start, days) in [(from, 28_i64), (date(2022, 2, 28), 31), (date(2022, 3, 31), 30)] {
            let of_cycle = found.iter().filter(|line| line.charge.span.until == start.saturating_add(days.days()));
            let billed = sum(of_cycle.map(|line| {
                let days = Decimal::from_integer(days);
                let exact = line.charge.effective_price.times(days).unwrap();
                exact.checked_mul(line.charge.seats).unwrap()
            })).unwrap();
            let seat_days: i64 = (0..days).map(|day| i64::from(seats_on(start.saturating_add(day.days())))).sum();
            prop_assert_eq!(billed, d("11").checked_mul(Decimal::from_integer(seat_days)).unwrap());
        }
    }
}
