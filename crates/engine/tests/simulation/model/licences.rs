//! What lines of licences say: prices and taxes are looked up, seats and days are taken as they are.

use std::collections::BTreeSet;

use billing::invoice::KnownLists;
use billing::period::BillingPeriod;
use jiff::civil::Date;

use super::Model;
use super::chain::{Billed, Chain};

/// A charge for seats.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Licence {
    /// Subscription, order, kind of charge and days.
    pub(crate) subject: (String, String, Date, &'static str, (Date, Date)),
    pub(crate) sku: String,
    pub(crate) term: &'static str,
    pub(crate) term_from: Date,
    pub(crate) seats: i64,
    /// What a seat is charged of the price of a cycle, as a fraction in its lowest terms.
    pub(crate) share: (i128, i128),
    /// The price of a cycle.
    pub(crate) cents: i64,
}

impl Licence {
    /// Whether it may come to so much: a seat is cut toward zero and then multiplied, or all seats together are cut.
    pub(crate) fn comes_to(&self, minor: i64) -> bool {
        let (part, of) = self.share;
        let (seat, seats) = (part * i128::from(self.cents), i128::from(self.seats));
        [seat / of * seats, seat * seats / of].contains(&i128::from(minor))
    }
}

impl Model {
    /// The lists that decide what a closed month was billed: those of its closure, or of its last restatement.
    fn lists_of(&self, party: usize, month: BillingPeriod) -> Option<KnownLists> {
        let restated = self.restated[party].get(&month).map(|(_, lists)| *lists);
        restated.or_else(|| self.known[party].get(&month).copied())
    }

    /// With the price of its term (LC-16): that of the lists which the month of its first day knows.
    pub(crate) fn priced_licence(&self, chain: &Chain, licence: &Licence) -> Licence {
        Licence { cents: self.licence_price(chain.party, chain.period, licence), ..licence.clone() }
    }

    /// On the document of `period`.
    pub(crate) fn licence_price(&self, party: usize, period: BillingPeriod, licence: &Licence) -> i64 {
        let month = BillingPeriod::containing(licence.term_from).unwrap();
        let of_month = if month < period { self.lists_of(party, month) } else { None };
        self.price_in(of_month.unwrap_or(self.lists.known()), licence)
    }

    fn price_in(&self, known: KnownLists, licence: &Licence) -> i64 {
        self.lists.offer(known.offers, (&licence.sku, licence.term), licence.term_from).unwrap()
    }

    /// Whether it is charged otherwise than when the month of its term was closed.
    pub(crate) fn is_restated_price(&self, party: usize, period: BillingPeriod, licence: &Licence) -> bool {
        let month = BillingPeriod::containing(licence.term_from).unwrap();
        let closed = self.known[party].get(&month).filter(|_| month < period);
        closed.is_some_and(|known| self.price_in(*known, licence) != licence.cents)
    }

    /// The codes that a line may be taxed under on the document of `period`: what is given back has the lists of
    /// the month that charged it, whichever that was (TX-2).
    pub(crate) fn licence_codes(&self, period: BillingPeriod, party: usize, line: &Billed) -> BTreeSet<String> {
        let mut known = vec![self.lists.known()];
        if line.licence().is_some_and(|licence| licence.share.0 < 0) {
            let closed = self.known[party].range(..period).map(|(month, _)| *month);
            known.extend(closed.filter_map(|month| self.lists_of(party, month)));
        }
        let codes = known.iter().map(|lists| self.lists.tax_code(lists.tax_rates, party, line.last_day));
        codes.flatten().collect()
    }
}
