//! Lists of prices, rates, taxes and offers, as they are imported.

use billing::period::BillingPeriod;
use billing::tax::TaxTreatment;
use jiff::ToSpan;
use jiff::civil::{Date, date};

use crate::chance::Chance;
use crate::model::prices::{Offer, Price, Quote, Tax};
use crate::scene::METERS;

fn price(chance: &mut Chance, meter: usize, from: Date) -> Price {
    let first = chance.between(0, 30_000);
    let tiers = match METERS[meter].id {
        "tier" => vec![(0, first), (chance.between(10, 100), chance.between(0, 20_000))],
        _ => vec![(0, first)],
    };
    Price { meter, from, tiers }
}

pub(crate) fn first_prices(chance: &mut Chance) -> Vec<Price> {
    let priced = (0..METERS.len()).filter(|meter| METERS[*meter].is_priced);
    priced.map(|meter| price(chance, meter, date(2025, 1, 1))).collect()
}

/// Prices that change on some day of about now.
pub(crate) fn prices(chance: &mut Chance, today: Date) -> Vec<Price> {
    let from = today.saturating_add(chance.between(-80, 20).days());
    let meters: Vec<usize> = (0..METERS.len()).filter(|_| chance.percent(40)).collect();
    let meters = if meters.is_empty() { vec![chance.below(METERS.len())] } else { meters };
    meters.into_iter().map(|meter| price(chance, meter, from)).collect()
}

/// Mostly of both currencies that need one.
pub(crate) fn quotes(chance: &mut Chance, month: BillingPeriod) -> Vec<Quote> {
    let euro = Quote { currency: "EUR", month, usd: chance.between(9_000_000, 13_000_000) };
    let yen = Quote { currency: "JPY", month, usd: chance.between(60_000, 90_000) };
    match chance.below(10) {
        0 => vec![euro],
        1 => vec![yen],
        _ => vec![euro, yen],
    }
}

/// From a day of about `today` on, or for ever.
pub(crate) fn taxes(chance: &mut Chance, today: Option<Date>) -> Vec<Tax> {
    let begins = today.filter(|_| chance.percent(60));
    let from = begins.map_or(date(2020, 1, 1), |today| today.saturating_add(chance.between(-60, 30).days()));
    let tax =
        |code: &str, country, rate, treatment| Tax { code: format!("{code}-{rate}"), rate, from, country, treatment };
    let mut all = vec![
        tax("FR", "FR", chance.between(0, 250), TaxTreatment::Standard),
        tax("ANY", "", chance.between(0, 250), TaxTreatment::Standard),
        tax("RC", "", 0, TaxTreatment::ReverseCharge),
    ];
    if today.is_some() && chance.percent(50) {
        all.remove(chance.below(all.len()));
    }
    all
}

const OFFERS: [(&str, &str, &str, i64); 3] =
    [("A", "P1M", "monthly", 1_230), ("A", "P1Y", "monthly", 1_100), ("B", "P1Y", "annual", 9_999)];

pub(crate) fn first_offers() -> Vec<Offer> {
    let from = date(2025, 1, 1);
    OFFERS.iter().map(|&(sku, term, plan, cents)| Offer { sku, term, plan, cents, from }).collect()
}

/// Prices of licences that change on some day of about now, or that were wrong for long.
pub(crate) fn offers(chance: &mut Chance, today: Date) -> Vec<Offer> {
    let from = today.saturating_add(chance.between(-90, 30).days());
    let changed = |(sku, term, plan, _)| Offer { sku, term, plan, cents: chance.between(500, 2_000), from };
    OFFERS[..2].iter().copied().map(changed).collect()
}
