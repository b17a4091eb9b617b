//! The classic rate card.

use formats::price::{PriceOptions, read_prices};
use jiff::civil::date;

use super::{check, check_refused, check_with, input};

fn card(meters: &str) -> String {
    format!("{{\"Meters\":[\n{meters}\n],\"OfferTerms\":[],\"Currency\":\"USD\",\"IsTaxIncluded\":false}}")
}

#[test]
fn both_generations_are_read() {
    check(
        &card(
            r#"{"EffectiveDate":"2016-05-01T00:00:00Z","IncludedQuantity":5.0,"MeterCategory":"Networking","MeterId":"M1",
                "MeterName":"Data Out","MeterRates":{"1024.0000000000":7.5e-05,"0":0.0},"MeterRegion":"Zone 1",
                "MeterStatus":"Deprecated","MeterSubCategory":"","MeterTags":[],"Unit":"GB"}"#,
        ),
        &[r#"m1 USD 2016-05-01.. "GB" 5@Billable 0 | 0:0 1024:0.000075"#],
        &[],
    );
    check(
        r#"{"locale":"en","currency":"EUR","isTaxIncluded":false,"meters":[{"id":"m","name":"Compute Hours",
            "rates":{"0":0.1122},"tags":[],"category":"Virtual Machines","subcategory":"D1","region":"BR South",
            "unit":"Hours","includedQuantity":0.0,"effectiveDate":"2017-01-01T00:00:00Z"}],
            "offerTerms":[],"attributes":{"objectType":"AzureRateCard"}}"#,
        &[r#"m EUR 2017-01-01.. "Hours" 0@Billable 0 | 0:0.1122"#],
        &[],
    );
}

#[test]
fn names_are_kept() {
    let text = card(
        r#"{"MeterId":"m","MeterRates":{"0":1},"MeterName":"Data Out","MeterCategory":"Networking",
            "MeterSubCategory":"Bandwidth","MeterRegion":"Zone 1","EffectiveDate":"0001-01-01T00:00:00"}"#,
    );
    let parsed = read_prices(input(text), &PriceOptions::default()).unwrap();
    let price = &parsed.value.prices[0];
    let meter = &price.meter;
    assert_eq!(
        [&meter.category, &meter.subcategory, &meter.name, &meter.region],
        ["Networking", "Bandwidth", "Data Out", "Zone 1"]
    );
    assert_eq!(price.effective.from, formats::price::EFFECTIVE_FROM_DEFAULT, "the year 1 is no date");
}

#[test]
fn options_apply_but_third_party_meters_earn_no_credit() {
    let options = PriceOptions {
        effective_from: Some(date(2026, 10, 1)),
        earned_credit_rate: Some("0.15".parse().unwrap()),
        ..PriceOptions::default()
    };
    check_with(
        &card(
            r#"{"MeterId":"a","MeterRates":{"0":1},"EffectiveDate":"2016-05-01T00:00:00Z"},
               {"MeterId":"b","MeterRates":{"0":1},"MeterTags":["Third Party"]}"#,
        ),
        &options,
        &[r#"a USD 2026-10-01.. "" 0@Billable 0.15 | 0:1"#, r#"b USD 2026-10-01.. "" 0@Billable 0 | 0:1"#],
        &[],
    );
}

#[test]
fn meters_are_checked_one_by_one() {
    let good = r#"{"MeterId":"k","MeterRates":{"0":1}}"#;
    let check = |meter: &str, rejected: &[&str]| {
        let kept = [r#"k USD 1990-01-01.. "" 0@Billable 0 | 0:1"#];
        check(&card(&format!("{meter},\n  {good}")), &kept, rejected);
    };
    check(r#"{"MeterId":"m","MeterRates":{}}"#, &["2:1 MeterRates price.tier.missing"]);
    check(r#"{"MeterId":"m","MeterRates":{"1":1}}"#, &["2:1 MeterRates price.tier.missing"]);
    check(r#"{"MeterId":"m","MeterRates":{"0":1,"0.000":2}}"#, &["2:1 MeterRates price.tier.overlap"]);
    check(r#"{"MeterId":"m","MeterRates":{"0":-1}}"#, &["2:1 MeterRates price.tier.price_negative"]);
    check(r#"{"MeterId":"m","MeterRates":{"-1":1}}"#, &["2:1 MeterRates price.tier.start_negative"]);
    check(r#"{"MeterId":"m","MeterRates":{"0":true}}"#, &["2:1 MeterRates number.malformed"]);
    check(r#"{"MeterId":"m","MeterRates":{"0":1e-99}}"#, &["2:1 MeterRates number.out_of_range"]);
    check(r#"{"MeterId":"","MeterRates":{"0":1}}"#, &["2:1 MeterId id.empty"]);
    check(r#"{"MeterId":"m","MeterRates":{"0":1},"EffectiveDate":"soon"}"#, &["2:1 EffectiveDate date.malformed"]);
    check(
        r#"{"MeterId":"m","MeterRates":{"0":1},"IncludedQuantity":-1}"#,
        &["2:1 IncludedQuantity price.line.included_quantity_negative"],
    );
    check(r#"{"MeterId":"m","MeterRates":[1]}"#, &["2:28  json.element_malformed"]);
    check(
        r#"{"MeterId":"m","MeterRates":{"0":1}},{"MeterId":"M","MeterRates":{"0":1}}"#,
        &["2:1 MeterId price.line.meter_rejected", "2:38 MeterId price.meter.duplicate"],
    );
    // Another version of a meter goes with the one that cannot be read.
    check(
        r#"{"MeterId":"m","MeterRates":{"0":1},"EffectiveDate":"2016-05-01"},{"MeterId":"m"}"#,
        &["2:1 MeterId price.line.meter_rejected", "2:81  json.element_malformed"],
    );
}

#[test]
fn offer_terms_are_kept() {
    let text = r#"{"OfferTerms":[
        {"Name":"Monetary Credit","Credit":100.0,"EffectiveDate":"2013-12-23T00:00:00Z","ExcludedMeterIds":["M1","m2"]},
        {"Name":"Monetary Commitment","TieredDiscount":{"6000":0.05},"EffectiveDate":"2015-01-01T00:00:00Z"},
        {"name":"Overage discount","discount":0.15,"excludedMeterIds":[],"effectiveDate":"2014-01-01T00:00:00"}],
        "Currency":"USD","Meters":[{"MeterId":"m","MeterRates":{"0":1}}]}"#;
    let terms = read_prices(input(text), &PriceOptions::default()).unwrap().value.offer_terms;
    let told: Vec<String> = terms
        .iter()
        .map(|term| {
            let (discount, credit, tiered) = (term.discount, term.credit, &term.tiered_discounts);
            format!(
                "{} {discount:?} {credit:?} {tiered:?} {:?} {}",
                term.name, term.excluded_meters, term.effective_from
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            r#"Monetary Credit None Some(100) [] ["m1", "m2"] 2013-12-23"#,
            "Monetary Commitment None None [(6000, 0.05)] [] 2015-01-01",
            "Overage discount Some(0.15) None [] [] 2014-01-01",
        ]
    );
}

#[test]
fn the_card_as_such_may_be_refused() {
    let check = |text: &str, code: &str| check_refused(text, &PriceOptions::default(), code);
    let meters = r#""Meters":[{"MeterId":"m","MeterRates":{"0":1}}]"#;
    check(&format!(r#"{{{meters},"Currency":"USD","IsTaxIncluded":true}}"#), "price.file.tax_included");
    check(&format!("{{{meters}}}"), "price.file.currency_missing");
    check(&format!(r#"{{{meters},"Currency":"XXQ"}}"#), "currency.unknown");
    check(&format!(r#"{{"Currency":"USD",{meters}"#), "json.unclosed at 1:66");
    let term = |term: &str| format!("{{\"Currency\":\"USD\",\n\"OfferTerms\":[{term}],{meters}}}");
    check(&term(r#"{"Discount":1.5}"#), "price.offer_term.discount_out_of_range at 2:15");
    check(&term(r#"{"Discount":0.1,"EffectiveDate":"soon"}"#), "date.malformed at 2:15");
    check(&term("7"), "price.offer_term.malformed at 2:15");
}
