//! Recorded rate cards. They lie outside of the repository; where they are absent the tests say so.

use formats::price::{PriceOptions, read_prices};
use formats::source::Input;

use crate::shared::open_shared;

struct Expected<'a> {
    prices: usize,
    tiers: &'a [(usize, usize)],
    /// Name, credit, excluded meters, tiered discounts.
    offer_term: (&'a str, Option<&'a str>, usize, usize),
    third_party: usize,
}

#[track_caller]
fn check(path: &str, expected: &Expected<'_>) {
    let Some(file) = open_shared(path) else { return };
    let options = PriceOptions { earned_credit_rate: Some("0.15".parse().unwrap()), ..PriceOptions::default() };
    let parsed = read_prices(Input::file(path, file), &options).unwrap();
    let prices = &parsed.value.prices;
    assert_eq!(parsed.rejected, vec![]);
    assert_eq!((prices.len(), parsed.record_count), (expected.prices, expected.prices as u64));
    for (tiers, count) in expected.tiers {
        assert_eq!(prices.iter().filter(|price| price.tiers.tiers().len() == *tiers).count(), *count, "{tiers} tiers");
    }
    assert_eq!(prices.iter().filter(|price| price.earned_credit_rate.is_zero()).count(), expected.third_party);
    let [term] = parsed.value.offer_terms.as_slice() else { panic!("one offer term") };
    let (name, credit, excluded, tiered) = expected.offer_term;
    assert_eq!((term.name.as_str(), term.discount), (name, None));
    assert_eq!(term.credit, credit.map(|credit| credit.parse().unwrap()));
    assert_eq!((term.excluded_meters.len(), term.tiered_discounts.len()), (excluded, tiered));
}

#[test]
fn the_card_of_2020() {
    let expected = Expected {
        prices: 39_071,
        tiers: &[(1, 38_504), (2, 21), (3, 424), (4, 25), (5, 16), (6, 65), (7, 16)],
        offer_term: ("Monetary Credit", Some("100"), 168, 0),
        third_party: 80,
    };
    check("data/price/azure-ratecard/ratecard-MS-AZR-0062P-USD-2020-12-10.json.zst", &expected);
}

#[test]
fn the_card_of_2016() {
    let expected = Expected {
        prices: 2_779,
        tiers: &[(1, 2_779)],
        offer_term: ("Monetary Commitment", None, 0, 1),
        third_party: 66,
    };
    check("data/price/azure-ratecard/ratecard-USD-2016-12.json.zst", &expected);
}
