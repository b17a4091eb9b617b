//! The price sheet and the exchange rates.

use std::fmt::Write;

use billing::decimal::{Decimal, Rounding};
use billing::fx::FxTable;
use billing::ids::MeterId;
use billing::money::Currency;
use billing::period::DayRange;
use billing::price::{MeterPrice, PriceSheet, Product, Tier, TierBasis, TierTable};
use billing::usage::MeterDescription;
use formats::fx::{FxOptions, read_fx};
use formats::source::Input;
use jiff::civil::date;

use crate::chance::{Chance, Purpose};
use crate::skew::{PowersOfTwo, Skewed};
use crate::{Outcome, PERIOD};

pub(crate) const PRICE_DECIMALS: u8 = 8;
pub(crate) const RATE_DECIMALS: u8 = 6;

/// A price of one block in 10^-8: half of them below 0.03.
const PRICE: Skewed = Skewed { middle: -5_049, spread: 3_174 };
const PRICE_ONE: u64 = 100_000_000;
/// 500; with the bound of a quantity it keeps every list amount below 10^9, a limit of one of the peers.
const PRICE_MAX: u64 = 500 * PRICE_ONE;
/// The first threshold, in hundredths; each further one is about ten times as far.
const THRESHOLD: Skewed = Skewed { middle: 4_328, spread: 2_164 };
const THRESHOLD_DECIMALS: u8 = 2;

/// What one unit is in euro, at [`RATE_DECIMALS`].
const RATES: [(&str, i128); 3] = [("USD", 923_100), ("EUR", 1_000_000), ("GBP", 1_171_234)];

/// Taken off on eligible days.
fn earned_credit_rate() -> Outcome<Decimal> {
    Ok(Decimal::new(15, 2)?)
}

/// What is left of a price on eligible days.
pub(crate) fn earned_credit_factor() -> Outcome<Decimal> {
    Ok(Decimal::ONE.checked_sub(earned_credit_rate()?)?)
}

/// A price for each of `meters`, in one of the currencies.
pub(crate) fn price_sheet(seed: u64, meters: &[MeterId], powers: &PowersOfTwo) -> Outcome<PriceSheet> {
    let mut chance = Chance::new(seed, Purpose::Prices);
    let price = |meter: &MeterId| {
        let currency: Currency = RATES[currency_place(&mut chance)].0.parse()?;
        Ok(MeterPrice {
            meter_id: meter.clone(),
            meter: MeterDescription::default(),
            product: Product::default(),
            currency,
            unit_of_measure: "1 Hour".to_owned(),
            tiers: TierTable::new(tiers(&mut chance, powers)?)?,
            included_quantity: Decimal::ZERO,
            tier_basis: TierBasis::default(),
            effective: DayRange { from: date(2026, 1, 1), until: None },
            earned_credit_rate: earned_credit_rate()?,
        })
    };
    let prices = meters.iter().map(price).collect::<Outcome<_>>()?;
    Ok(PriceSheet { title: String::new(), offer_terms: vec![], prices })
}

fn currency_place(chance: &mut Chance) -> usize {
    match chance.below(100) {
        0..75 => 0,
        75..92 => 1,
        _ => 2,
    }
}

/// One to five tiers that get cheaper. Of several, the first costs nothing in two cases of five: an
/// included quantity.
fn tiers(chance: &mut Chance, powers: &PowersOfTwo) -> Outcome<Vec<Tier>> {
    let count: u64 = match chance.below(100) {
        0..45 => 1,
        45..65 => 2,
        65..80 => 3,
        80..90 => 4,
        _ => 5,
    };
    let price = powers.times(PRICE_ONE, PRICE.logarithm(chance)).clamp(1, PRICE_MAX);
    let is_included = count > 1 && chance.percent(40);
    let mut from = 0;
    let mut magnitude = 100;
    let mut tiers = Vec::new();
    for place in 0..count {
        let unit_price = if is_included && place == 0 { 0 } else { (price * (100 - 12 * place) / 100).max(1) };
        tiers.push(Tier {
            from: Decimal::new(from.into(), THRESHOLD_DECIMALS)?,
            unit_price: Decimal::new(unit_price.into(), PRICE_DECIMALS)?,
        });
        from += powers.times(magnitude, THRESHOLD.logarithm(chance)).max(1);
        magnitude *= 10;
    }
    Ok(tiers)
}

/// The monthly list: dollars for one unit. The product divides two of its numbers and rounds at nine
/// decimals, which gives [`RATES`] again, for the quotients here are longer than that.
pub(crate) fn fx_csv() -> Outcome<String> {
    let euro_a_dollar = Decimal::new(RATES[0].1, RATE_DECIMALS)?;
    let mut csv = "\"CurrencyCode\",\"USDPerUnit\",\"Month\"\n".to_owned();
    for (currency, rate) in &RATES[1..] {
        let dollars = Decimal::new(*rate, RATE_DECIMALS)?.div_rounded(euro_a_dollar, 16, Rounding::HalfEven)?;
        writeln!(csv, "\"{currency}\",\"{dollars}\",\"{}\"", PERIOD.replace('-', ""))?;
    }
    Ok(csv)
}

/// The rates as the product finds them in its list, so that the peers cannot have others.
pub(crate) fn rates() -> Outcome<Vec<(Currency, Decimal)>> {
    let quotes = read_fx(Input::new("fx.csv", std::io::Cursor::new(fx_csv()?.into_bytes())), &FxOptions::default())?;
    let table = FxTable::new(quotes.value)?;
    let rate = |(currency, _): &(&str, i128)| {
        let currency: Currency = currency.parse()?;
        Ok((currency, table.rate(currency, Currency::EUR, PERIOD.parse()?)?.rate))
    };
    RATES.iter().map(rate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_gives_the_rates_with_six_decimals() {
        let expected = RATES.map(|(_, rate)| rate);
        let found = rates().unwrap().into_iter().map(|(_, rate)| rate.mantissa_at(RATE_DECIMALS).unwrap());
        assert_eq!(found.collect::<Vec<_>>(), expected);
    }
}
