//! Prices, rates and taxes in whole numbers, looked up in the plainest way.

use billing::period::BillingPeriod;
use billing::tax::TaxTreatment;
use jiff::civil::Date;

use super::usage::decimal;
use crate::scene::METERS;

/// A price of a meter from a day on. Tiers begin after so many whole blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Price {
    pub(crate) meter: usize,
    pub(crate) from: Date,
    /// (blocks, ten-thousandths of the currency); the first one begins at 0.
    pub(crate) tiers: Vec<(i64, i64)>,
}

/// Dollars for one unit of a currency in a month, in ten-millionths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quote {
    pub(crate) currency: &'static str,
    pub(crate) month: BillingPeriod,
    pub(crate) usd: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tax {
    pub(crate) code: String,
    /// Thousandths.
    pub(crate) rate: i64,
    pub(crate) from: Date,
    pub(crate) country: &'static str,
    pub(crate) treatment: TaxTreatment,
}

pub(crate) fn prices_text(prices: &[Price]) -> String {
    let mut text = "meter_id,currency,unit_price,unit_of_measure,tier_from,effective_from\n".to_owned();
    for Price { meter, from, tiers } in prices {
        let meter = &METERS[*meter];
        for (after, price) in tiers {
            let price = decimal((*price).into(), 4);
            text += &format!("{},{},{price},{},{after},{from}\n", meter.id, meter.currency, meter.unit);
        }
    }
    text
}

pub(crate) fn quotes_text(quotes: &[Quote]) -> String {
    let row = |quote: &Quote| format!("{},{},{}\n", quote.currency, decimal(quote.usd.into(), 7), quote.month);
    format!("CurrencyCode,USDPerUnit,Month\n{}", quotes.iter().map(row).collect::<String>())
}

pub(crate) fn taxes_text(taxes: &[Tax]) -> String {
    let row = |tax: &Tax| {
        let Tax { code, from, country, treatment, .. } = tax;
        format!("{code},{},{from},{country},{}\n", decimal(tax.rate.into(), 3), treatment.as_str())
    };
    format!("code,rate,effective_from,country,treatment\n{}", taxes.iter().map(row).collect::<String>())
}

/// All lists in the order of their import, row after row.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lists {
    pub(crate) prices: Vec<Price>,
    pub(crate) quotes: Vec<Quote>,
    pub(crate) taxes: Vec<Tax>,
}

impl Lists {
    /// The price that started last; of those that started together, the one that came last.
    pub(crate) fn price(&self, meter: usize, day: Date) -> Option<&Price> {
        let in_force = self.prices.iter().filter(|price| price.meter == meter && price.from <= day);
        in_force.max_by_key(|price| price.from)
    }

    /// Billing currency for one unit of the pricing currency, in thousand-millionths, rounded half to even.
    pub(crate) fn rate(&self, from: &str, to: &str, month: BillingPeriod) -> Option<i128> {
        const ONE: i128 = 1_000_000_000;
        if from == to {
            return Some(ONE);
        }
        let usd = |currency: &str| match currency {
            "USD" => Some(10_000_000),
            _ => {
                let mut quotes = self.quotes.iter().rev();
                let quote = quotes.find(|quote| quote.currency == currency && quote.month == month);
                quote.map(|quote| i128::from(quote.usd))
            }
        };
        let (numerator, denominator) = (usd(from)? * ONE, usd(to)?);
        let (down, rest) = (numerator / denominator, numerator % denominator);
        let is_up = rest * 2 > denominator || (rest * 2 == denominator && down % 2 == 1);
        Some(down + i128::from(is_up))
    }

    pub(crate) fn tax(&self, country: &str, treatment: TaxTreatment, day: Date) -> Option<&Tax> {
        let holds = |tax: &&Tax| {
            tax.treatment == treatment && tax.from <= day && (tax.country.is_empty() || tax.country == country)
        };
        self.taxes.iter().filter(holds).max_by_key(|tax| (!tax.country.is_empty(), tax.from))
    }
}

impl Price {
    /// What the first `thousandths` of blocks cost, in ten-millionths of the currency.
    fn cost(&self, thousandths: i128) -> i128 {
        let ends = self.tiers.iter().skip(1).map(|(after, _)| i128::from(*after) * 1_000).chain([i128::MAX]);
        let cost = |((after, price), end): (&(i64, i64), i128)| {
            let from = i128::from(*after) * 1_000;
            (thousandths.min(end) - from).max(0) * i128::from(*price)
        };
        self.tiers.iter().zip(ends).map(cost).sum()
    }

    /// What moving the counter costs, and where it stands then: never below zero, and what would be goes
    /// at the first price.
    pub(crate) fn advance(&self, counter: i128, thousandths: i128) -> (i128, i128) {
        let reached = counter + thousandths;
        let below = reached.min(0) * i128::from(self.tiers[0].1);
        (self.cost(reached.max(0)) - self.cost(counter) + below, reached.max(0))
    }
}
