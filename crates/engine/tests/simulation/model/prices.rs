//! Prices, rates and taxes in whole numbers, looked up in the plainest way.

use billing::invoice::KnownLists;
use billing::period::BillingPeriod;
use billing::tax::TaxTreatment;
use jiff::civil::Date;

use super::usage::decimal;
use crate::scene::{METERS, PARTIES};

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

/// What a cycle of a licence costs from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) sku: &'static str,
    pub(crate) term: &'static str,
    pub(crate) plan: &'static str,
    pub(crate) cents: i64,
    pub(crate) from: Date,
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

pub(crate) fn offers_text(offers: &[Offer]) -> String {
    let row = |offer: &Offer| {
        let Offer { sku, term, plan, from, .. } = offer;
        format!("P,{sku},{term},{plan},{},EUR,{from}\n", decimal(offer.cents.into(), 2))
    };
    let header = "product_id,sku_id,term,billing_plan,unit_price,currency,effective_from";
    format!("{header}\n{}", offers.iter().map(row).collect::<String>())
}

/// All lists in the order of their import; closed months remember how many there were of most.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lists {
    pub(crate) prices: Vec<Price>,
    pub(crate) quotes: Vec<Vec<Quote>>,
    pub(crate) taxes: Vec<Vec<Tax>>,
    pub(crate) offers: Vec<Vec<Offer>>,
    /// Orders that were accepted, which closed months remember too.
    pub(crate) order_count: u64,
}

/// The rows of the first so many lists.
fn first<T>(lists: &[Vec<T>], known: u64) -> impl DoubleEndedIterator<Item = &T> {
    lists[..usize::try_from(known).unwrap()].iter().flatten()
}

impl Lists {
    /// How many there are today.
    pub(crate) fn known(&self) -> KnownLists {
        let count = |length: usize| u64::try_from(length).unwrap();
        KnownLists {
            exchange_rates: count(self.quotes.len()),
            tax_rates: count(self.taxes.len()),
            offers: count(self.offers.len()),
            orders: self.order_count,
        }
    }

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
                let mut quotes = self.quotes.iter().flatten().rev();
                let quote = quotes.find(|quote| quote.currency == currency && quote.month == month);
                quote.map(|quote| i128::from(quote.usd))
            }
        };
        let (numerator, denominator) = (usd(from)? * ONE, usd(to)?);
        let (down, rest) = (numerator / denominator, numerator % denominator);
        let is_up = rest * 2 > denominator || (rest * 2 == denominator && down % 2 == 1);
        Some(down + i128::from(is_up))
    }

    /// The code under which a party's line is taxed, in the first so many lists; none where no rate is in force.
    /// Without any list nothing is taxed.
    pub(crate) fn tax_code(&self, known: u64, party: usize, day: Date) -> Option<String> {
        if known == 0 {
            return Some(String::new());
        }
        let party = &PARTIES[party];
        let holds = |tax: &&Tax| {
            let for_country = tax.country.is_empty() || tax.country == party.country;
            tax.treatment == party.treatment && tax.from <= day && for_country
        };
        let tax = first(&self.taxes, known).filter(holds).max_by_key(|tax| (!tax.country.is_empty(), tax.from));
        tax.map(|tax| tax.code.clone())
    }

    /// Cents of a cycle that begins on `day`, in the first so many lists.
    pub(crate) fn offer(&self, known: u64, (sku, term): (&str, &str), day: Date) -> Option<i64> {
        let in_force =
            first(&self.offers, known).filter(|offer| (offer.sku, offer.term) == (sku, term) && offer.from <= day);
        in_force.max_by_key(|offer| offer.from).map(|offer| offer.cents)
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
