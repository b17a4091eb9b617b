//! Classic licences by example, and their laws under random orders.

use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::decimal::sum;
use crate::licence::{LicenceCharges, OfferBook, ProductCategory, UpgradeTo, licence_charges};
use crate::period::DayRange;
use crate::price::Product;

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn offer(sku: &str, plan: BillingPlan, price: &str, from: Date) -> LicenceOffer {
    LicenceOffer {
        product: Product { product_id: "P".to_owned(), sku_id: sku.to_owned(), ..Product::default() },
        category: ProductCategory::Licence,
        term: Some(Term::Year),
        plan,
        unit_price: d(price),
        currency: if sku == "USD" { Currency::USD } else { Currency::EUR },
        effective: DayRange { from, until: None },
        qualifiers: vec![],
        refund_hours: None,
        generation: if sku == "NEW" { Generation::NewCommerce } else { Generation::Classic },
        hourly_commitment: None,
    }
}

/// A: 4 a month or 48 a year, from 2019 on 5 or 60; USD: in another currency; NEW: of the new commerce.
fn book() -> OfferBook {
    let (y2010, y2019) = (date(2010, 1, 1), date(2019, 1, 1));
    OfferBook::new([vec![
        offer("A", BillingPlan::Monthly, "4", y2010),
        offer("A", BillingPlan::Annual, "48", y2010),
        offer("A", BillingPlan::Monthly, "5", y2019),
        offer("A", BillingPlan::Annual, "60", y2019),
        offer("B", BillingPlan::Annual, "211.20", y2010),
        offer("USD", BillingPlan::Monthly, "4", y2010),
        offer("NEW", BillingPlan::Monthly, "4", y2010),
    ]])
}

/// `2018-01-13T10 s purchase A monthly 1 …` in short.
fn order(number: usize, text: &str) -> LicenceOrder {
    let mut words = text.split(' ');
    let mut next = || words.next().unwrap();
    let ordered_at = format!("{}:00:00Z", next()).parse().unwrap();
    let subscription = next().parse().unwrap();
    let action = match next() {
        "purchase" => {
            let (sku, plan, seats) = (next().to_owned(), BillingPlan::named(next()).unwrap(), next().parse().unwrap());
            let mut purchase = Purchase {
                offer: OfferKey { product_id: "P".to_owned(), sku_id: sku, term: Some(Term::Year), plan },
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
            let target = next().parse().unwrap();
            let to = words.next().map(|sku| UpgradeTo { product_id: "P".to_owned(), sku_id: sku.to_owned() });
            OrderAction::Upgrade { seats: 1, target, to }
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

fn charges(orders: &[LicenceOrder], days: Cycle) -> Result<LicenceCharges, OrderError> {
    let book = book();
    licence_charges(Currency::EUR, &|_, _| book.all(), orders, days).map_err(|failure| failure.error)
}

fn lines(orders: &[LicenceOrder], until: Date) -> Vec<ClassicLine> {
    charges(orders, Cycle { from: date(1990, 1, 1), until }).unwrap().classic
}

/// `2018-01-13 Purchase fee 2018-01-13..2018-02-12 1 x 4.00 = 4.00` of each line, discounts behind it.
#[track_caller]
fn check(texts: &[&str], until: Date, expected: &[&str]) {
    let found: Vec<String> = lines(&orders(texts), until)
        .iter()
        .map(|ClassicLine { billed_on, charge, .. }| {
            let (from, to) = (charge.span.from, charge.span.last_day());
            let [price, amount, discount] =
                [charge.unit_price, charge.amount, charge.discount].map(|amount| amount.to_fixed(2).unwrap());
            let off = if charge.discount.is_zero() { String::new() } else { format!(" less {discount}") };
            format!("{billed_on} {} {from}..{to} {} x {price} = {amount}{off}", charge.fee.as_str(), charge.seats)
        })
        .collect();
    assert_eq!(found, expected, "{texts:?}");
}

#[track_caller]
fn check_refused(texts: &[&str], code: &str) {
    let days = Cycle { from: date(1990, 1, 1), until: date(2030, 1, 1) };
    assert_eq!(charges(&orders(texts), days).unwrap_err().code(), code, "{texts:?}");
}

#[test]
fn a_change_of_seats_is_settled_with_the_next_cycle() {
    check(
        &["2018-01-13T10 s purchase A monthly 1", "2018-02-01T10 s seats 2"],
        date(2018, 4, 1),
        &[
            "2018-01-13 Purchase fee 2018-01-13..2018-02-12 1 x 4.00 = 4.00",
            "2018-02-13 Cycle instance prorate 2018-01-13..2018-02-12 1 x -4.00 = -4.00",
            "2018-02-13 Cycle instance prorate 2018-01-13..2018-01-31 1 x 2.45 = 2.45",
            "2018-02-13 Cycle instance prorate 2018-02-01..2018-02-12 2 x 1.55 = 3.10",
            "2018-02-13 Cycle instance prorate 2018-02-13..2018-03-12 2 x 4.00 = 8.00",
            "2018-03-13 Cycle fee 2018-03-13..2018-04-12 2 x 4.00 = 8.00",
        ],
    );
}

#[test]
fn of_a_year_each_change_divides_the_charge_that_holds_its_day() {
    check(
        &["2018-01-13T10 s purchase B annual 1", "2018-12-17T10 s seats 2"],
        date(2019, 1, 13),
        &["2018-01-13 Purchase fee 2018-01-13..2019-01-12 1 x 211.20 = 211.20"],
    );
    check(
        &[
            "2018-01-13T10 s purchase A annual 1 once",
            "2018-02-01T10 s seats 2",
            "2018-05-01T10 s seats 5",
            "2018-05-03T10 s seats 3",
        ],
        date(2020, 1, 1),
        &[
            "2018-01-13 Purchase fee 2018-01-13..2019-01-12 1 x 48.00 = 48.00",
            "2018-02-13 Cycle instance prorate 2018-01-13..2019-01-12 1 x -48.00 = -48.00",
            "2018-02-13 Cycle instance prorate 2018-01-13..2018-01-31 1 x 2.50 = 2.50",
            "2018-02-13 Cycle instance prorate 2018-02-01..2019-01-12 2 x 45.50 = 91.00",
            "2018-05-13 Cycle instance prorate 2018-02-01..2019-01-12 2 x -45.50 = -91.00",
            "2018-05-13 Cycle instance prorate 2018-02-01..2018-04-30 2 x 11.70 = 23.40",
            "2018-05-13 Cycle instance prorate 2018-05-01..2018-05-02 5 x 0.26 = 1.30",
            "2018-05-13 Cycle instance prorate 2018-05-03..2019-01-12 3 x 33.53 = 100.59",
        ],
    );
}

#[test]
fn a_change_on_a_billing_date_belongs_to_the_cycle_that_begins() {
    check(
        &["2018-01-31T10 s purchase A monthly 1", "2018-02-28T10 s seats 3"],
        date(2018, 4, 1),
        &[
            "2018-01-31 Purchase fee 2018-01-31..2018-02-27 1 x 4.00 = 4.00",
            "2018-02-28 Cycle fee 2018-02-28..2018-03-30 1 x 4.00 = 4.00",
            "2018-03-31 Cycle instance prorate 2018-02-28..2018-03-30 1 x -4.00 = -4.00",
            "2018-03-31 Cycle instance prorate 2018-02-28..2018-03-30 3 x 4.00 = 12.00",
            "2018-03-31 Cycle instance prorate 2018-03-31..2018-04-29 3 x 4.00 = 12.00",
        ],
    );
}

#[test]
fn seats_that_are_what_they_were_change_nothing() {
    check(
        &["2018-01-13T10 s purchase A monthly 2", "2018-02-01T10 s seats 5", "2018-02-01T11 s seats 2"],
        date(2018, 3, 1),
        &[
            "2018-01-13 Purchase fee 2018-01-13..2018-02-12 2 x 4.00 = 8.00",
            "2018-02-13 Cycle fee 2018-02-13..2018-03-12 2 x 4.00 = 8.00",
        ],
    );
}

#[test]
fn a_term_renews_at_the_price_of_its_day_and_settles_before() {
    check(
        &["2018-01-13T10 s purchase A annual 1 off=0.1", "2019-01-10T10 s seats 2"],
        date(2020, 1, 1),
        &[
            "2018-01-13 Purchase fee 2018-01-13..2019-01-12 1 x 48.00 = 48.00 less 4.80",
            "2019-01-13 Cycle instance prorate 2018-01-13..2019-01-12 1 x -48.00 = -48.00 less -4.80",
            "2019-01-13 Cycle instance prorate 2018-01-13..2019-01-09 1 x 47.61 = 47.61 less 4.76",
            "2019-01-13 Cycle instance prorate 2019-01-10..2019-01-12 2 x 0.39 = 0.78 less 0.08",
            "2019-01-13 Renew fee 2019-01-13..2020-01-12 2 x 60.00 = 120.00",
        ],
    );
    check(
        &["2018-01-13T10 s purchase A annual 1", "2018-06-01T10 s renew off"],
        date(2020, 1, 1),
        &["2018-01-13 Purchase fee 2018-01-13..2019-01-12 1 x 48.00 = 48.00"],
    );
    check_refused(&["2018-01-13T10 s purchase A annual 1 once", "2019-01-13T00 s seats 2"], "order.subscription_ended");
}

#[test]
fn what_is_given_back_within_thirty_days_comes_back_whole() {
    check(
        &["2018-01-13T10 s purchase A monthly 1", "2018-02-01T10 s cancel"],
        date(2020, 1, 1),
        &[
            "2018-01-13 Purchase fee 2018-01-13..2018-02-12 1 x 4.00 = 4.00",
            "2018-02-01 Cancel fee 2018-01-13..2018-02-12 1 x -4.00 = -4.00",
        ],
    );
    // The second cycle began meanwhile; seats that were added and not charged are not given back either.
    check(
        &["2018-01-31T10 s purchase A monthly 2", "2018-02-28T12 s seats 9", "2018-03-01T10 s cancel"],
        date(2020, 1, 1),
        &[
            "2018-01-31 Purchase fee 2018-01-31..2018-02-27 2 x 4.00 = 8.00",
            "2018-02-28 Cycle fee 2018-02-28..2018-03-30 2 x 4.00 = 8.00",
            "2018-03-01 Cancel fee 2018-01-31..2018-02-27 2 x -4.00 = -8.00",
            "2018-03-01 Cancel fee 2018-02-28..2018-03-30 2 x -4.00 = -8.00",
        ],
    );
}

#[test]
fn later_the_unused_days_come_back() {
    check(
        &["2018-01-13T10 s purchase A annual 1", "2018-03-01T10 s cancel"],
        date(2020, 1, 1),
        &[
            "2018-01-13 Purchase fee 2018-01-13..2019-01-12 1 x 48.00 = 48.00",
            "2018-03-01 Cancel fee 2018-03-01..2019-01-12 1 x -41.82 = -41.82",
        ],
    );
    check(
        &["2018-01-13T10 s purchase A monthly 1 off=0.25", "2018-03-16T10 s seats 2", "2018-03-20T10 s cancel"],
        date(2020, 1, 1),
        &[
            "2018-01-13 Purchase fee 2018-01-13..2018-02-12 1 x 4.00 = 4.00 less 1.00",
            "2018-02-13 Cycle fee 2018-02-13..2018-03-12 1 x 4.00 = 4.00 less 1.00",
            "2018-03-13 Cycle fee 2018-03-13..2018-04-12 1 x 4.00 = 4.00 less 1.00",
            "2018-03-20 Cycle instance prorate 2018-03-13..2018-04-12 1 x -4.00 = -4.00 less -1.00",
            "2018-03-20 Cycle instance prorate 2018-03-13..2018-03-15 1 x 0.39 = 0.39 less 0.10",
            "2018-03-20 Cycle instance prorate 2018-03-16..2018-04-12 2 x 3.61 = 7.22 less 1.81",
            "2018-03-20 Cancel fee 2018-03-20..2018-04-12 2 x -3.10 = -6.20 less -1.55",
        ],
    );
}

#[test]
fn what_is_taken_back_is_taxed_as_it_was_billed() {
    let found = lines(&orders(&["2018-01-13T10 s purchase A monthly 1", "2018-02-01T10 s seats 2"]), date(2018, 3, 1));
    let rated: Vec<Date> = found.iter().map(|line| line.rated_on).collect();
    let (first, second) = (date(2018, 1, 13), date(2018, 2, 13));
    assert_eq!(rated, [first, first, second, second, second]);
    let order_ids: Vec<&str> = found.iter().map(|line| line.order_id.as_str()).collect();
    assert_eq!(order_ids, ["o-0", "o-1", "o-1", "o-1", "o-0"]);
}

#[test]
fn what_classic_licences_do_not_know_is_refused() {
    let bought = "2018-01-13T10 s purchase A monthly 2";
    let check = |text: &str, code: &str| check_refused(&[bought, text], code);
    check("2018-01-14T10 s upgrade t NEW", "order.not_classic");
    check("2018-01-14T10 s plan annual", "order.not_classic");
    check("2018-01-14T10 t purchase A monthly 1 ends=2018-03-31", "order.not_classic");
    check("2018-01-14T10 t purchase USD monthly 1", "order.not_classic");
    check("2018-01-14T10 s seats 0", "licence.seats_not_positive");
    check("2018-01-14T10 s seats 2", "licence.seats_unchanged");
    check("2018-01-14T10 t purchase A monthly 0", "licence.seats_not_positive");
    check("2018-01-14T10 t purchase A monthly 1 off=1.5", "order.discount_out_of_range");
    check("2018-01-14T10 t seats 1", "order.subscription_unknown");
    check("2018-01-14T10 s purchase A annual 1", "order.subscription_exists");
}

/// One id is one subscription, whatever its generation, and nothing moves from one generation to the other.
#[test]
fn generations_do_not_mix() {
    let (old, new) = ("2018-01-13T10 s purchase A monthly 2", "2018-01-13T10 s purchase NEW monthly 2");
    check_refused(&[old, &new.replace("T10", "T11")], "order.subscription_exists");
    check_refused(&[new, &old.replace("T10", "T11")], "order.subscription_exists");
    let other = "2018-01-13T09 t purchase NEW monthly 1";
    check_refused(&[other, old, "2018-01-14T10 t upgrade s"], "order.not_classic");
    check_refused(&[other, old, "2018-01-14T10 t upgrade s NEW"], "order.not_classic");
    // The new product has a classic price only.
    check_refused(&[other, "2018-01-14T10 t upgrade u A"], "order.price_missing");
    let found = charges(&orders(&[other, old]), Cycle { from: date(2018, 1, 1), until: date(2018, 2, 1) }).unwrap();
    assert_eq!((found.new_commerce.len(), found.classic.len()), (1, 1));
}

/// (days since the purchase, seats) of each change.
fn changes() -> impl Strategy<Value = Vec<(u16, u32)>> {
    prop::collection::vec((0_u16..800, 1_u32..50), 0..25)
}

fn history(day: Date, plan: &str, changes: &[(u16, u32)]) -> Vec<LicenceOrder> {
    let mut texts = vec![format!("{day}T00 s purchase A {plan} 7")];
    let (mut sorted, mut seats) = (changes.to_vec(), 7);
    sorted.sort_by_key(|change| change.0);
    for (after, wanted) in sorted {
        if wanted != seats {
            texts.push(format!("{}T12 s seats {wanted}", day.saturating_add(i32::from(after).days())));
            seats = wanted;
        }
    }
    orders(&texts.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Seats at the end of a day.
fn seats_on(orders: &[LicenceOrder], day: Date) -> u32 {
    let seats = |order: &LicenceOrder| match &order.action {
        OrderAction::Purchase(purchase) => purchase.seats,
        OrderAction::ChangeSeats { seats } => *seats,
        _ => 0,
    };
    orders.iter().rfind(|order| order.ordered_on() <= day).map_or(0, seats)
}

/// Runs of days with the same seats.
fn runs(orders: &[LicenceOrder], cycle: Cycle) -> Vec<(i64, u32)> {
    let mut runs: Vec<(i64, u32)> = Vec::new();
    let mut day = cycle.from;
    while day < cycle.until {
        let seats = seats_on(orders, day);
        match runs.last_mut() {
            Some(run) if run.1 == seats => run.0 += 1,
            _ => runs.push((1, seats)),
        }
        day = day.tomorrow().unwrap();
    }
    runs
}

proptest! {
    #![proptest_config(crate::properties::cases(500))]

    /// Once a cycle is settled, it was charged the days of each number of seats: each run of days rounded by the
    /// seat, and nothing else.
    #[test]
    fn a_cycle_bills_the_days_of_each_number(
        day in 0_i32..1_500,
        annual in any::<bool>(),
        changes in changes(),
    ) {
        let day = date(2014, 1, 1).saturating_add(day.days());
        let plan = if annual { "annual" } else { "monthly" };
        let orders = history(day, plan, &changes);
        let found = lines(&orders, day.saturating_add(4.years()));
        let months = if annual { 12 } else { 1 };
        for number in 0..(36 / months) {
            let start = |number: i32| anchored_day(day, number * months, AnchorRule::Clamp).unwrap();
            let cycle = Cycle::new(start(number), start(number + 1)).unwrap();
            let billed = found.iter().filter(|line| cycle.contains(line.charge.span.from)).map(|line| line.charge.amount);
            let term_from = start(number * months / 12 * 12 / months);
            let price = match (annual, term_from < date(2019, 1, 1)) {
                (true, true) => d("48"),
                (true, false) => d("60"),
                (false, true) => d("4"),
                (false, false) => d("5"),
            };
            let expected = runs(&orders, cycle).into_iter().map(|(days, seats)| {
                let seat = price.checked_mul(Decimal::from_integer(days)).unwrap();
                let seat = seat.div_rounded(cycle.days(), 2, crate::decimal::Rounding::HalfUp).unwrap();
                seat.checked_mul(Decimal::from_integer(i64::from(seats))).unwrap()
            });
            prop_assert_eq!(sum(billed).unwrap(), sum(expected).unwrap(), "{:?}", cycle);
        }
    }

    /// What was charged before a day is the same whatever is ordered from that day on, and a refund within
    /// thirty days leaves nothing.
    #[test]
    fn the_past_stays(day in 0_i32..1_500, annual in any::<bool>(), changes in changes(), cut in 0_u16..900) {
        let day = date(2014, 1, 1).saturating_add(day.days());
        let plan = if annual { "annual" } else { "monthly" };
        let orders = history(day, plan, &changes);
        let cut = day.saturating_add(i32::from(cut).days());
        let known: Vec<LicenceOrder> = orders.iter().filter(|order| order.ordered_on() < cut).cloned().collect();
        let until = cut.saturating_add(1.year());
        let past = |orders| lines(orders, until).into_iter().filter(|line| line.billed_on < cut).collect::<Vec<_>>();
        prop_assert_eq!(past(&known), past(&orders));
        let (before, after): (Vec<_>, Vec<_>) = lines(&orders, until).into_iter().partition(|line| line.billed_on < cut);
        let rest = charges(&orders, Cycle { from: cut, until }).unwrap().classic;
        prop_assert_eq!((before, after), (lines(&orders, cut), rest));

        let within = day.saturating_add(29.days());
        let mut refunded: Vec<LicenceOrder> =
            orders.iter().filter(|order| order.ordered_on() < within).cloned().collect();
        refunded.push(order(999, &format!("{within}T23 s cancel")));
        let amounts = lines(&refunded, day.saturating_add(3.years())).into_iter().map(|line| line.charge.amount);
        prop_assert_eq!(sum(amounts).unwrap(), Decimal::ZERO);
    }
}
