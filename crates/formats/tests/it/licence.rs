//! Prices and orders of licences.

use std::fmt::Debug;
use std::io::Cursor;

use billing::licence::{LicenceOffer, LicenceOrder, OrderAction, Purchase, Term};
use formats::error::{FileError, Parsed, RejectedLine};
use formats::licence::{read_offers, read_orders};
use formats::source::Input;
use proptest::prelude::*;

const OFFERS: &str = "product_id,sku_id,term,billing_plan,unit_price,currency,effective_from,effective_until,category,\
    product_name,sku_name,publisher_id,publisher_name,availability_id,qualifiers,full_refund_hours,\
    prorated_refund_hours\n";
const OFFERS_NEEDED: &str = "product_id,sku_id,billing_plan,unit_price,currency,effective_from\n";
const SHORT: &str =
    "product_id,sku_id,term,billing_plan,unit_price,currency,effective_from,effective_until,product_name\n";
const ORDERS: &str = "order_id,ordered_at,action,customer_id,subscription_id,product_id,sku_id,term,billing_plan,seats,\
    auto_renew,ends_on,discount,target_subscription_id\n";
const ORDERS_NEEDED: &str = "order_id,ordered_at,action,customer_id,subscription_id\n";

fn input(text: &str) -> Input {
    Input::new("licences", Cursor::new(text.as_bytes().to_vec()))
}

fn term_of(term: Option<Term>) -> &'static str {
    term.map_or("*", Term::as_str)
}

/// `product sku term plan price currency from..until category`, its names and qualifiers, and the refund
/// window; `*` for no term and no end.
fn told_offer(offer: &LicenceOffer) -> String {
    let LicenceOffer {
        product, category, term, plan, unit_price, currency, effective, qualifiers, refund_hours, ..
    } = offer;
    let until = effective.until.map_or("*".to_owned(), |until| until.to_string());
    let names = [&product.product_name, &product.sku_name, &product.publisher_id, &product.publisher_name];
    let names = names.map(String::as_str).join("|") + "|" + &product.availability_id;
    let names = if names == "||||" { String::new() } else { format!(" {names}") };
    let qualifiers = if qualifiers.is_empty() { String::new() } else { format!(" {qualifiers:?}") };
    let hours = refund_hours.map_or(String::new(), |hours| format!(" {}/{}h", hours.full, hours.prorated));
    let (id, sku, term, plan) = (&product.product_id, &product.sku_id, term_of(*term), plan.as_str());
    let days = format!("{}..{until}", effective.from);
    format!("{id} {sku} {term} {plan} {unit_price} {currency} {days} {}{names}{qualifiers}{hours}", category.as_str())
}

fn told_action(action: &OrderAction) -> String {
    match action {
        OrderAction::Purchase(Purchase { offer, seats, auto_renew, ends_on, discounts, .. }) => {
            let ends_on = ends_on.map_or(String::new(), |day| format!(" until {day}"));
            let discounts: String = discounts.iter().map(|off| format!(" less {} {}", off.rate, off.name)).collect();
            let key = format!("{} {} {} {}", offer.product_id, offer.sku_id, term_of(offer.term), offer.plan.as_str());
            format!("purchase {key} x{seats} renews {auto_renew}{ends_on}{discounts}")
        }
        OrderAction::ChangeSeats { seats } => format!("change_seats x{seats}"),
        OrderAction::Cancel => "cancel".to_owned(),
        OrderAction::Upgrade { seats, target, to } => {
            let to = to.as_ref().map_or(String::new(), |to| format!(" new {} {}", to.product_id, to.sku_id));
            format!("upgrade x{seats} to {target}{to}")
        }
        OrderAction::ChangePlan { plan } => format!("change_plan {}", plan.as_str()),
        OrderAction::SetAutoRenew { auto_renew } => format!("set_auto_renew {auto_renew}"),
    }
}

/// `line: id time customer subscription action`
fn told_order((order, line): &(LicenceOrder, RejectedLine)) -> String {
    let LicenceOrder { order_id, customer, subscription, ordered_at, action } = order;
    assert_eq!((line.column, line.field.as_str()), (1, "order_id"), "where the order is set aside");
    format!("{}: {order_id} {ordered_at} {customer} {subscription} {}", line.line, told_action(action))
}

#[track_caller]
fn check<T>(parsed: &Parsed<Vec<T>>, told: fn(&T) -> String, text: &str, rows: &[&str], rejected: &[&str]) {
    assert_eq!(parsed.value.iter().map(told).collect::<Vec<_>>(), rows, "rows of\n{text}");
    let told = parsed.rejected.iter().map(|line| format!("{}:{} {} {}", line.line, line.column, line.field, line.code));
    assert_eq!(told.collect::<Vec<_>>(), rejected, "rejected of\n{text}");
    assert_eq!(parsed.record_count, text.lines().count() as u64 - 1, "records of\n{text}");
}

#[track_caller]
fn check_offers(text: &str, offers: &[&str], rejected: &[&str]) {
    check(&read_offers(input(text)).unwrap(), told_offer, text, offers, rejected);
}

#[track_caller]
fn check_orders(text: &str, orders: &[&str], rejected: &[&str]) {
    check(&read_orders(input(text)).unwrap(), told_order, text, orders, rejected);
}

#[track_caller]
fn check_refused<T: Debug>(read: Result<Parsed<T>, FileError>, code: &str, message: &str) {
    let error = read.unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (code, message));
}

#[test]
fn all_columns_of_an_offer_are_kept() {
    check_offers(
        &format!(
            "{OFFERS}P,1,P1Y,monthly,18.60,EUR,2026-01-01,2027-01-01,licence,Suite,Premium,pub-1,Contoso,AV1,\
             Trial; Add-on;,48,72\nP,2,P1M,monthly,0,USD,2026-01-01,2026-01-02,software,,,,,,,,\n\
             P,3,,one_time,980,EUR,2026-01-01,,perpetual,,,,,,,,\nP,4,P3Y,triennial,1,EUR,2026-01-01,,reservation,,,,,,,,\n\
             P,5,P3Y,annual,1,EUR,2026-01-01,,savings_plan,,,,,,,,\nP,6,P1Y,one_time,1,EUR,2026-01-01,,marketplace,,,,,,,0,0\n"
        ),
        &[
            "P 1 P1Y monthly 18.6 EUR 2026-01-01..2027-01-01 licence Suite|Premium|pub-1|Contoso|AV1 \
             [\"Trial\", \"Add-on\"] 48/72h",
            "P 2 P1M monthly 0 USD 2026-01-01..2026-01-02 software",
            "P 3 * one_time 980 EUR 2026-01-01..* perpetual",
            "P 4 P3Y triennial 1 EUR 2026-01-01..* reservation",
            "P 5 P3Y annual 1 EUR 2026-01-01..* savings_plan",
            "P 6 P1Y one_time 1 EUR 2026-01-01..* marketplace 0/0h",
        ],
        &[],
    );
}

#[test]
fn an_offer_needs_no_more_than_a_product_and_its_price() {
    let offer = "P 1 * one_time 980 EUR 2026-01-01..* licence";
    check_offers(&format!("{OFFERS_NEEDED}P,1,one_time,980,EUR,2026-01-01\n"), &[offer], &[]);
    check_offers(&format!("{OFFERS_NEEDED}P,1,,980,EUR,2026-01-01\n"), &[offer], &[]);
    check_offers(&format!("{OFFERS}P,1,,one_time,980,EUR,2026-01-01,,,,,,,,,,\n"), &[offer], &[]);
    check_offers(&format!("{OFFERS}P,1, ,one_time,980,EUR,2026-01-01, , , , , , , , , , \n"), &[offer], &[]);
}

#[test]
fn an_offer_says_its_generation() {
    let header = "product_id,sku_id,term,billing_plan,unit_price,currency,effective_from,generation,category,\
                  full_refund_hours\n";
    let read = |line: &str| read_offers(input(&format!("{header}{line}\n"))).unwrap();
    let check = |line: &str, expected: &str| {
        let parsed = read(line);
        let generations = parsed.value.iter().map(|offer| offer.generation.as_str().to_owned());
        let told = parsed.rejected.iter().map(|line| format!("{} {}", line.field, line.code));
        assert_eq!(generations.chain(told).collect::<Vec<_>>(), [expected], "{line}");
    };
    check("P,1,P1Y,monthly,4,EUR,2026-01-01,,,", "new_commerce");
    check("P,1,P3Y,annual,4,EUR,2026-01-01,New_Commerce,,", "new_commerce");
    check("P,1,P1Y,monthly,4,EUR,2026-01-01, Classic ,,", "classic");
    check("P,1,P1Y,annual,48,EUR,2026-01-01,classic,licence,", "classic");
    check("P,1,P1Y,annual,48,EUR,2026-01-01,legacy,,", "generation licence.line.word_unknown");
    for line in [
        "P,1,P1M,monthly,4,EUR,2026-01-01,classic,,",
        "P,1,P3Y,annual,4,EUR,2026-01-01,classic,,",
        "P,1,P1Y,one_time,4,EUR,2026-01-01,classic,,",
        "P,1,,one_time,4,EUR,2026-01-01,classic,,",
        "P,1,P1Y,annual,48,EUR,2026-01-01,classic,software,",
        "P,1,P1Y,annual,48,EUR,2026-01-01,classic,,48",
    ] {
        check(line, "billing_plan licence.line.not_classic");
    }
}

#[test]
fn blanks_and_case_do_not_count() {
    check_offers(
        &format!(
            "{OFFERS} P , 1 , p1y , Monthly , 9 , eur , 2026-01-01 , 2027-01-01 , Software , N ,,,,, A ; B , 1 , 2 \n"
        ),
        &["P 1 P1Y monthly 9 EUR 2026-01-01..2027-01-01 software N|||| [\"A\", \"B\"] 1/2h"],
        &[],
    );
    check_orders(
        &format!("{ORDERS} o-1 , 2026-10-05T09:30:00Z , Purchase , Contoso , S , P , 1 , p1y , Monthly , 5 , NO ,,,\n"),
        &["2: o-1 2026-10-05T09:30:00Z contoso s purchase P 1 P1Y monthly x5 renews false"],
        &[],
    );
}

#[test]
fn the_columns_of_the_provider_are_known() {
    check_offers(
        "ProductTitle,ProductId,SkuId,SkuTitle,Publisher,SkuDescription,UnitOfMeasure,TermDuration,BillingPlan,Market,\
         Currency,UnitPrice,EffectiveStartDate,EffectiveEndDate,Tags\n\
         Suite,CFQ7,0001,Premium,Contoso,text,1 seat,P1Y,Monthly,DE,EUR,18.6,2026-01-01,2027-01-01,License\n\
         Server,DZH3,0001,Standard,Contoso,text,1 seat,,OneTime,DE,EUR,980,2026-01-01T00:00:00.0000000Z,,License\n\
         Server,DZH3,0002,Standard,Contoso,text,1 seat,,None,DE,EUR,990,1/2/2026,,License\n",
        &[
            "CFQ7 0001 P1Y monthly 18.6 EUR 2026-01-01..2027-01-01 licence Suite|Premium||Contoso|",
            "DZH3 0001 * one_time 980 EUR 2026-01-01..* licence Server|Standard||Contoso|",
            "DZH3 0002 * one_time 990 EUR 2026-01-02..* licence Server|Standard||Contoso|",
        ],
        &[],
    );
}

#[test]
fn offers_are_checked() {
    let check = |line: &str, rejected: &str| check_offers(&format!("{OFFERS}{line}\n"), &[], &[rejected]);
    let of = |key: &str, rejected: &str| check(&format!("{key},9,EUR,2026-01-01,,,,,,,,,,"), rejected);
    of(" ,1,P1Y,monthly", "2:1 product_id licence.line.field_missing");
    of("P,,P1Y,monthly", "2:2 sku_id licence.line.field_missing");
    of("P,1,P2Y,monthly", "2:3 term licence.line.word_unknown");
    of("P,1,P1Y,weekly", "2:4 billing_plan licence.line.word_unknown");
    of("P,1,,monthly", "2:4 billing_plan licence.line.field_missing");
    let at = |price: &str, rejected: &str| check(&format!("P,1,P1Y,monthly,{price},,,,,,,,,"), rejected);
    at(",EUR,2026-01-01,", "2:5 unit_price number.malformed");
    at("9 EUR,EUR,2026-01-01,", "2:5 unit_price number.malformed");
    at("-0.01,EUR,2026-01-01,", "2:5 unit_price licence.line.price_negative");
    at("9,,2026-01-01,", "2:6 currency currency.unknown");
    at("9,EURO,2026-01-01,", "2:6 currency currency.unknown");
    at("9,EUR,,", "2:7 effective_from date.malformed");
    at("9,EUR,01.01.2026,", "2:7 effective_from date.malformed");
    at("9,EUR,2026-02-30,", "2:7 effective_from date.out_of_range");
    at("9,EUR,2026-01-01T00:00+01:00,", "2:7 effective_from date.not_utc");
    at("9,EUR,2026-01-01,never", "2:8 effective_until date.malformed");
    at("9,EUR,2026-01-01,2026-01-01", "2:8 effective_until licence.line.ends_before_start");
    at("9,EUR,2026-01-01,2025-12-31", "2:8 effective_until licence.line.ends_before_start");
    let with = |rest: &str, rejected: &str| check(&format!("P,1,P1Y,monthly,9,EUR,2026-01-01,,{rest}"), rejected);
    with("saas,,,,,,,,", "2:9 category licence.line.word_unknown");
    with(",,,,,,,1.5,", "2:16 full_refund_hours licence.line.whole_number");
    with(",,,,,,,1,-1", "2:17 prorated_refund_hours licence.line.whole_number");
    with(",,,,,,,1,4294967296", "2:17 prorated_refund_hours licence.line.whole_number");
    with(",,,,,,,", "2:0  csv.field_count");
    let no_term = "2:3 billing_plan licence.line.field_missing";
    check_offers(&format!("{OFFERS_NEEDED}P,1,annual,9,EUR,2026-01-01\n"), &[], &[no_term]);
}

#[test]
fn of_two_prices_for_one_case_none_is_taken() {
    let stands = "P 1 P1Y monthly 8 EUR 2027-01-01..* licence";
    let check = |second: &str| {
        let rejected = ["2:5 unit_price licence.line.contradiction", "4:5 unit_price licence.line.contradiction"];
        let first = "P,1,P1Y,monthly,9,EUR,2026-01-01,,";
        check_offers(&format!("{SHORT}{first}\nP,1,P1Y,monthly,8,EUR,2027-01-01,,\n{second}\n"), &[stands], &rejected);
    };
    check("P,1,P1Y,monthly,9.01,EUR,2026-01-01,,");
    check("P,1,P1Y,monthly,9,EUR,2026-01-01,2027-01-01,");
    check("P,1,P1Y,monthly,9,EUR,2026-01-01,,Suite");
    check("P,1,p1y,Monthly,8,eur,1/1/2026,,");
}

#[test]
fn all_that_contradict_each_other_are_set_aside_in_the_order_of_the_file() {
    let of = |price: &str| format!("P,1,P1Y,monthly,{price},EUR,2026-01-01,,\n");
    check_offers(
        &[SHORT, &of("9"), &of("x"), &of("8"), "P,2,P1Y,monthly,7,EUR,2026-01-01,,\n", &of("9")].concat(),
        &["P 2 P1Y monthly 7 EUR 2026-01-01..* licence"],
        &[
            "2:5 unit_price licence.line.contradiction",
            "3:5 unit_price number.malformed",
            "4:5 unit_price licence.line.contradiction",
            "6:5 unit_price licence.line.contradiction",
        ],
    );
}

#[test]
fn another_product_sku_term_plan_currency_or_day_is_another_case() {
    let lines = "P,1,P1Y,monthly,1,EUR,2026-01-01,,\nQ,1,P1Y,monthly,2,EUR,2026-01-01,,\nP,2,P1Y,monthly,3,EUR,2026-01-01,,\n\
                 P,1,P1M,monthly,4,EUR,2026-01-01,,\nP,1,P1Y,annual,5,EUR,2026-01-01,,\nP,1,P1Y,monthly,6,USD,2026-01-01,,\n\
                 P,1,P1Y,monthly,7,EUR,2026-01-02,,\n";
    check_offers(
        &format!("{SHORT}{lines}"),
        &[
            "P 1 P1Y monthly 1 EUR 2026-01-01..* licence",
            "Q 1 P1Y monthly 2 EUR 2026-01-01..* licence",
            "P 2 P1Y monthly 3 EUR 2026-01-01..* licence",
            "P 1 P1M monthly 4 EUR 2026-01-01..* licence",
            "P 1 P1Y annual 5 EUR 2026-01-01..* licence",
            "P 1 P1Y monthly 6 USD 2026-01-01..* licence",
            "P 1 P1Y monthly 7 EUR 2026-01-02..* licence",
        ],
        &[],
    );
}

#[test]
fn the_same_price_said_again_counts_once() {
    let lines = "P,1,P1Y,monthly,9,EUR,2026-01-01,,\nP,1,p1y,MONTHLY,9.00,eur,1/1/2026, , \nP,1,P1Y,monthly,9,EUR,2026-01-01,,\n";
    check_offers(&format!("{SHORT}{lines}"), &["P 1 P1Y monthly 9 EUR 2026-01-01..* licence"], &[]);
}

#[test]
fn each_action_takes_its_columns() {
    check_orders(
        &format!(
            "{ORDERS}o-1,2026-10-05T09:30:00Z,purchase,contoso,s,P,1,P1Y,monthly,25,false,2027-03-31,0.15,\n\
             o-2,2026-10-05T09:30:00+02:00,purchase,contoso,t,P,2,,one_time,1,,,,\n\
             o-3,2026-10-05T09:30:00.5Z,change_seats,contoso,s,,,,,0,,,,\no-4,2026-10-06T00:00:00Z,cancel,contoso,t,,,,,,,,,\n\
             o-5,2026-10-07T00:00:00Z,upgrade,contoso,s,P,3,,,5,,,,U\no-6,2026-10-07T00:00:00Z,upgrade,contoso,s,,,,,4294967295,,,,u\n\
             o-7,2026-10-08T00:00:00Z,change_plan,contoso,s,,,,annual,,,,,\n\
             o-8,2026-10-08T00:00:00Z,set_auto_renew,contoso,s,,,,,,false,,,\n"
        ),
        &[
            "2: o-1 2026-10-05T09:30:00Z contoso s purchase P 1 P1Y monthly x25 renews false until 2027-03-31 less 0.15 \
             Discount",
            "3: o-2 2026-10-05T07:30:00Z contoso t purchase P 2 * one_time x1 renews true",
            "4: o-3 2026-10-05T09:30:00.5Z contoso s change_seats x0",
            "5: o-4 2026-10-06T00:00:00Z contoso t cancel",
            "6: o-5 2026-10-07T00:00:00Z contoso s upgrade x5 to u new P 3",
            "7: o-6 2026-10-07T00:00:00Z contoso s upgrade x4294967295 to u",
            "8: o-7 2026-10-08T00:00:00Z contoso s change_plan annual",
            "9: o-8 2026-10-08T00:00:00Z contoso s set_auto_renew false",
        ],
        &[],
    );
}

#[test]
fn answers_are_words() {
    for (word, answer) in [("true", true), ("Yes", true), ("on", true), ("FALSE", false), ("no", false), ("off", false)]
    {
        check_orders(
            &format!("{ORDERS}o-1,2026-10-05T09:30:00Z,set_auto_renew,c,s,,,,,,{word},,,\n"),
            &[&format!("2: o-1 2026-10-05T09:30:00Z c s set_auto_renew {answer}")],
            &[],
        );
    }
}

#[test]
fn orders_without_a_column_that_they_need_are_set_aside() {
    let time = "2026-10-05T09:30:00Z";
    check_orders(&format!("{ORDERS_NEEDED}o-1,{time},cancel,c,s\n"), &["2: o-1 2026-10-05T09:30:00Z c s cancel"], &[]);
    for action in ["purchase", "change_seats", "upgrade", "change_plan", "set_auto_renew"] {
        let rejected = "2:3 action licence.line.field_missing";
        check_orders(&format!("{ORDERS_NEEDED}o-1,{time},{action},c,s\n"), &[], &[rejected]);
    }
}

#[test]
fn orders_are_checked() {
    let check = |line: &str, rejected: &str| check_orders(&format!("{ORDERS}{line}\n"), &[], &[rejected]);
    let of = |order: &str, rejected: &str| check(&format!("{order},,,,,,,,,"), rejected);
    of(" ,2026-10-05T09:30:00Z,cancel,c,s", "2:1 order_id licence.line.field_missing");
    of("o-1,,cancel,c,s", "2:2 ordered_at licence.line.time_malformed");
    of("o-1,2026-10-05,cancel,c,s", "2:2 ordered_at licence.line.time_malformed");
    of("o-1,2026-10-05T09:30:00,cancel,c,s", "2:2 ordered_at licence.line.time_malformed");
    of("o-1,2026-02-30T09:30:00Z,cancel,c,s", "2:2 ordered_at licence.line.time_malformed");
    of("o-1,2026-10-05T09:30:00Z,,c,s", "2:3 action licence.line.word_unknown");
    of("o-1,2026-10-05T09:30:00Z,suspend,c,s", "2:3 action licence.line.word_unknown");
    of("o-1,2026-10-05T09:30:00Z,cancel, ,s", "2:4 customer_id id.empty");
    of("o-1,2026-10-05T09:30:00Z,cancel,c,", "2:5 subscription_id id.empty");
    of("o-1,2026-10-05T09:30:00Z,cancel,c,a\u{7}b", "2:5 subscription_id id.control_character");
    of(&format!("o-1,2026-10-05T09:30:00Z,cancel,c,{}", "s".repeat(513)), "2:5 subscription_id id.too_long");
    let doing = |action: &str, rest: &str, rejected: &str| {
        check(&format!("o-1,2026-10-05T09:30:00Z,{action},c,s,{rest}"), rejected);
    };
    let buying = |rest: &str, rejected: &str| doing("purchase", rest, rejected);
    buying(",1,P1Y,monthly,5,,,,", "2:6 product_id licence.line.field_missing");
    buying("P,,P1Y,monthly,5,,,,", "2:7 sku_id licence.line.field_missing");
    buying("P,1,year,monthly,5,,,,", "2:8 term licence.line.word_unknown");
    buying("P,1,P1Y,,5,,,,", "2:9 billing_plan licence.line.field_missing");
    buying("P,1,P1Y,weekly,5,,,,", "2:9 billing_plan licence.line.word_unknown");
    buying("P,1,P1Y,monthly,,,,,", "2:10 seats licence.line.field_missing");
    buying("P,1,P1Y,monthly,five,,,,", "2:10 seats licence.line.whole_number");
    buying("P,1,P1Y,monthly,5,maybe,,,", "2:11 auto_renew licence.line.word_unknown");
    buying("P,1,P1Y,monthly,5,,soon,,", "2:12 ends_on date.malformed");
    buying("P,1,P1Y,monthly,5,,2026-02-30,,", "2:12 ends_on date.out_of_range");
    buying("P,1,P1Y,monthly,5,,,15 %,", "2:13 discount number.malformed");
    buying("P,1,P1Y,monthly,5,,,", "2:0  csv.field_count");
    doing("change_seats", ",,,,,,,,", "2:10 seats licence.line.field_missing");
    doing("change_seats", ",,,,-1,,,,", "2:10 seats licence.line.whole_number");
    doing("change_seats", ",,,,2.5,,,,", "2:10 seats licence.line.whole_number");
    doing("change_seats", ",,,,4294967296,,,,", "2:10 seats licence.line.whole_number");
    doing("upgrade", ",,,,,,,,t", "2:10 seats licence.line.field_missing");
    doing("upgrade", ",,,,5,,,,", "2:14 target_subscription_id licence.line.field_missing");
    doing("upgrade", ",,,,5,,,,a\u{7}b", "2:14 target_subscription_id id.control_character");
    doing("change_plan", ",,,,,,,,", "2:9 billing_plan licence.line.field_missing");
    doing("change_plan", ",,,weekly,,,,,", "2:9 billing_plan licence.line.word_unknown");
    doing("set_auto_renew", ",,,,,,,,", "2:11 auto_renew licence.line.field_missing");
    doing("set_auto_renew", ",,,,,maybe,,,", "2:11 auto_renew licence.line.word_unknown");
}

#[test]
fn orders_keep_their_lines_and_are_not_compared() {
    let order = |id: &str| format!("{id},2026-10-05T09:30:00Z,cancel,c,s\n");
    let told = |line: u64, id: &str| format!("{line}: {id} 2026-10-05T09:30:00Z c s cancel");
    let (second, third, fifth) = (told(2, "o-2"), told(3, "o-1"), told(5, "o-2"));
    let text = [ORDERS_NEEDED, &order("o-2"), &order("o-1"), &order(""), &order("o-2")].concat();
    check_orders(&text, &[&second, &third, &fifth], &["4:1 order_id licence.line.field_missing"]);
}

#[test]
fn what_is_no_list_of_offers_is_refused() {
    let check = |text: &str, code, message: &str| check_refused(read_offers(input(text)), code, message);
    let wrong = |found: &str| format!("the file holds {found}; this import reads licence prices");
    check("customer_id,name\n", "file.wrong_kind", &wrong("customers"));
    check("meter_id,currency,unit_price\n", "file.wrong_kind", &wrong("prices (quittance-csv)"));
    check("code,rate,effective_from\n", "file.wrong_kind", &wrong("tax rates"));
    check(ORDERS, "file.wrong_kind", &wrong("orders"));
    check("[]", "file.wrong_kind", &wrong("JSON"));
    let unknown = "these are not the columns of licence prices: product, price";
    check("product,price\n", "file.format_unknown", unknown);
    let has = "product_id,billing_plan,unit_price,currency,effective_from";
    let missing = format!("there is no column sku_id or SkuId; the file has {}", has.replace(',', ", "));
    check(&format!("{has}\n"), "csv.column_missing", &missing);
    check(OFFERS_NEEDED, "licence.file.no_rows", "the file has a header and no rows");
    check(OFFERS, "licence.file.no_rows", "the file has a header and no rows");
}

#[test]
fn what_is_no_list_of_orders_is_refused() {
    let check = |text: &str, code, message: &str| check_refused(read_orders(input(text)), code, message);
    let wrong = |found: &str| format!("the file holds {found}; this import reads orders");
    check("subscription_id,customer_id\n", "file.wrong_kind", &wrong("subscriptions"));
    check("ProductId,TermDuration,BillingPlan,UnitPrice\n", "file.wrong_kind", &wrong("licence prices"));
    check("{\"orders\":[]}", "file.wrong_kind", &wrong("JSON"));
    check("id,action\n", "file.format_unknown", "these are not the columns of orders: id, action");
    let missing = "there is no column ordered_at; the file has order_id, action, customer_id, subscription_id";
    check("order_id,action,customer_id,subscription_id\n", "csv.column_missing", missing);
    check(ORDERS_NEEDED, "licence.file.no_rows", "the file has a header and no rows");
    check(ORDERS, "licence.file.no_rows", "the file has a header and no rows");
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in ".{0,200}", rows in "[A-Za-z0-9_.,:/\n\"-]{0,120}") {
        for text in [text, format!("{OFFERS_NEEDED}{rows}"), format!("{SHORT}{rows}"), format!("{ORDERS_NEEDED}{rows}")] {
            if let Ok(parsed) = read_offers(input(&text)) {
                prop_assert!((parsed.value.len() + parsed.rejected.len()) as u64 <= parsed.record_count);
            }
            if let Ok(parsed) = read_orders(input(&text)) {
                prop_assert_eq!((parsed.value.len() + parsed.rejected.len()) as u64, parsed.record_count);
            }
        }
    }
}
