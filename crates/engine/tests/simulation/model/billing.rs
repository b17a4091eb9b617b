//! What a close has to bill: everything that was used up to the end of the month, is not billed yet and
//! has a price.

use std::collections::{BTreeMap, BTreeSet};

use billing::period::BillingPeriod;
use jiff::civil::Date;

use super::Model;
use super::usage::Record;
use crate::scene::{METERS, PARTIES, PLANS};

/// (plan, meter, month of use).
pub(crate) type Scope = (usize, usize, BillingPeriod);

/// A line of usage. Amounts are minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) thousandths: i128,
    pub(crate) pricing_minor: i128,
    pub(crate) subtotal_minor: i128,
    pub(crate) days: (Date, Date),
    pub(crate) counter: i128,
    /// Before it is cut, in ten-millionths.
    pub(crate) exact: i128,
    /// In thousand-millionths.
    pub(crate) rate: i128,
    /// Under which it is taxed; empty where nothing is, or no rate is in force.
    pub(crate) tax_code: String,
}

/// What billing a party's month comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Bill {
    Closed,
    /// The code.
    Parked(&'static str),
    Lines(Lines),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lines {
    pub(crate) of_scopes: BTreeMap<Scope, Line>,
    pub(crate) billed: BTreeSet<String>,
    /// Records that wait for a price.
    pub(crate) unpriced: BTreeSet<String>,
}

impl Model {
    /// What would be billed if the party's month could be closed now.
    pub(crate) fn bill(&self, party: usize, period: BillingPeriod, allow_unpriced: bool) -> Bill {
        let closures = &self.closures[party];
        if closures.contains_key(&period) {
            return Bill::Closed;
        }
        if closures.keys().any(|closed| *closed > period) {
            return Bill::Parked("close.later_period_closed");
        }
        if self.first_open(party).is_some_and(|open| open < period) {
            return Bill::Parked("close.earlier_period_open");
        }
        let lines = match self.lines(party, period) {
            Ok(lines) => lines,
            Err(code) => return Bill::Parked(code),
        };
        let is_given_back = |((_, _, month), line): (&Scope, &Line)| {
            let billed = closures.get(month).and_then(Option::as_ref);
            line.exact < 0 && billed.is_some_and(|number| self.chains[number].is_taken_back)
        };
        if lines.of_scopes.iter().any(is_given_back) {
            return Bill::Parked("close.credited_month");
        }
        if !self.are_taxed(&lines) {
            return Bill::Parked("tax.rate_missing");
        }
        if !lines.unpriced.is_empty() && !allow_unpriced {
            return Bill::Parked("close.unpriced");
        }
        Bill::Lines(lines)
    }

    /// The month that has to be closed first: behind the last closure, or the first one with anything.
    pub(crate) fn first_open(&self, party: usize) -> Option<BillingPeriod> {
        match self.closures[party].last_key_value() {
            Some((last, _)) => Some(last.next()),
            None => {
                let used = self.usage.records.values().map(Record::row);
                let used = used.filter(|row| PLANS[row.plan].2 == party).map(|row| row.month());
                used.chain(self.first_order.filter(|_| party == crate::scene::LICENSEE)).min()
            }
        }
    }

    pub(crate) fn are_taxed(&self, lines: &Lines) -> bool {
        self.lists.taxes.is_empty() || lines.of_scopes.values().all(|line| !line.tax_code.is_empty())
    }

    /// Usage that is not billed, priced: up to the end of `period`.
    ///
    /// # Errors
    /// `fx.rate_missing`
    pub(crate) fn lines(&self, party: usize, period: BillingPeriod) -> Result<Lines, &'static str> {
        let open = (self.usage.records.iter())
            .filter(|(_, record)| record.billed_in.is_none() && PLANS[record.row().plan].2 == party)
            .filter(|(_, record)| record.row().day < period.end());
        self.priced(party, period, open.collect())
    }

    /// The lines of these records on the document of `period`, with the lists of today.
    ///
    /// # Errors
    /// `fx.rate_missing`
    pub(crate) fn priced(
        &self,
        party: usize,
        period: BillingPeriod,
        mut taken: Vec<(&String, &Record)>,
    ) -> Result<Lines, &'static str> {
        taken.sort_by_key(|(_, record)| (record.row().day, record.key));
        let mut lines = Lines::default();
        for (id, record) in taken {
            let row = record.row();
            let Some(price) = self.lists.price(row.meter, row.day) else {
                lines.unpriced.insert(id.clone());
                continue;
            };
            let scope = (row.plan, row.meter, row.month());
            let line = lines.of_scopes.entry(scope).or_insert_with(|| self.begun(scope, period, row.day));
            let (cost, counter) = price.advance(line.counter, row.thousandths());
            line.counter = counter;
            line.exact += cost;
            line.thousandths += row.thousandths();
            line.days = (line.days.0.min(row.day), line.days.1.max(row.day));
            lines.billed.insert(id.clone());
        }
        let known = self.lists.known().tax_rates;
        for ((_, meter, month), line) in &mut lines.of_scopes {
            let to = PARTIES[party].currency;
            line.rate = self.lists.rate(METERS[*meter].currency, to, *month).ok_or("fx.rate_missing")?;
            // Both currencies of prices have two decimals; the yen has none. Cut toward zero, twice.
            line.pricing_minor = line.exact / 100_000;
            line.subtotal_minor =
                line.pricing_minor * line.rate / if to == "JPY" { 100_000_000_000 } else { 1_000_000_000 };
            line.tax_code = self.lists.tax_code(known, party, line.days.1).unwrap_or_default();
        }
        Ok(lines)
    }

    /// A line without records: its counter goes on from what documents of earlier months billed.
    fn begun(&self, scope: Scope, period: BillingPeriod, day: Date) -> Line {
        let earlier = self.counters.get(&scope).and_then(|counters| counters.range(..period).next_back());
        Line {
            counter: earlier.map_or(0, |(_, counter)| *counter),
            days: (day, day),
            thousandths: 0,
            pricing_minor: 0,
            subtotal_minor: 0,
            exact: 0,
            rate: 0,
            tax_code: String::new(),
        }
    }
}

/// The tax of a document's lines of (code, subtotal): half up, once for each code. A code ends with its rate in
/// thousandths.
pub(crate) fn taxes<'l>(lines: impl IntoIterator<Item = (&'l str, i64)>) -> BTreeMap<String, i64> {
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for (code, subtotal) in lines {
        *sums.entry(code.to_owned()).or_default() += subtotal;
    }
    for (code, sum) in &mut sums {
        let rate: i64 = code.rsplit_once('-').map_or(0, |(_, rate)| rate.parse().unwrap());
        *sum = sum.signum() * ((sum.abs() * rate + 500) / 1_000);
    }
    sums
}
