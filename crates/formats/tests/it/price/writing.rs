//! What is written in Quittance's own format is read again unchanged.

use billing::decimal::Decimal;
use billing::money::Currency;
use billing::period::DayRange;
use billing::price::{MeterPrice, PriceSheet, Product, Tier, TierBasis, TierTable};
use billing::usage::MeterDescription;
use formats::price::{PriceOptions, read_prices, write_prices_csv};
use jiff::civil::date;
use proptest::prelude::*;

use super::input;

fn written(prices: Vec<MeterPrice>) -> String {
    let sheet = PriceSheet { title: "prices".to_owned(), offer_terms: vec![], prices };
    let mut out = Vec::new();
    write_prices_csv(&sheet, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn price(meter: u8, text: &str, tiers: TierTable) -> MeterPrice {
    let said = |field: &str| format!("{text}{field}");
    MeterPrice {
        meter_id: format!("meter {meter:03}").parse().unwrap(),
        meter: MeterDescription { category: said("c"), subcategory: said("s"), name: said("n"), region: said("r") },
        product: Product { product_id: said("p"), sku_name: said("k"), ..Product::default() },
        currency: Currency::USD,
        unit_of_measure: said("1 Hour"),
        tiers,
        included_quantity: "2.5".parse().unwrap(),
        tier_basis: TierBasis::Consumed,
        effective: DayRange { from: date(2026, 9, 1), until: Some(date(2026, 10, 1)) },
        earned_credit_rate: "0.15".parse().unwrap(),
    }
}

#[test]
fn one_line_a_tier() {
    let tier = |from: &str, price: &str| Tier { from: from.parse().unwrap(), unit_price: price.parse().unwrap() };
    let tiers = TierTable::new(vec![tier("0", "0.0000564902"), tier("10.5", "0")]).unwrap();
    let mut price = price(1, "", tiers);
    price.meter.name = "a \"b\", c".to_owned();
    assert_eq!(
        written(vec![price]),
        "meter_id,currency,unit_price,tier_from,tier_to,included_quantity,tier_basis,effective_from,effective_until,\
         earned_credit_rate,unit_of_measure,product_id,sku_id,availability_id,product_name,sku_name,publisher_name,\
         publisher_id,meter_category,meter_subcategory,meter_name,meter_region\n\
         meter 001,USD,0.0000564902,0,10.5,2.5,consumed,2026-09-01,2026-10-01,0.15,1 Hour,p,,,,k,,,c,s,\"a \"\"b\"\", c\",r\n\
         meter 001,USD,0,10.5,,2.5,consumed,2026-09-01,2026-10-01,0.15,1 Hour,p,,,,k,,,c,s,\"a \"\"b\"\", c\",r\n"
    );
}

fn any_tiers() -> impl Strategy<Value = TierTable> {
    let steps = prop::collection::btree_map(1_i64..1_000_000, 0_i64..1_000_000, 0..4);
    (0_i64..1_000, steps).prop_map(|(first, steps)| {
        let tier = |from: i64, price: i64| Tier {
            from: Decimal::new(i128::from(from), 2).unwrap(),
            unit_price: Decimal::new(i128::from(price), 10).unwrap(),
        };
        let steps = steps.into_iter().map(|(from, price)| tier(from, price));
        TierTable::new(std::iter::once(tier(0, first)).chain(steps).collect()).unwrap()
    })
}

proptest! {
    #[test]
    fn a_written_list_is_read_again(
        prices in prop::collection::btree_map(0_u8..50, ("[ -~äß\n\r\t]{0,12}", any_tiers()), 1..6),
    ) {
        let prices: Vec<_> = prices.into_iter().map(|(meter, (text, tiers))| price(meter, &text, tiers)).collect();
        let parsed = read_prices(input(written(prices.clone())), &PriceOptions::default()).unwrap();
        prop_assert_eq!(parsed.rejected, vec![]);
        prop_assert_eq!(parsed.value.prices, prices);
    }
}
