//! Chooses the next step from a seed and from what there is.

use billing::invoice::InvoiceNumber;
use billing::period::BillingPeriod;
use engine::closing::CloseOptions;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use testkit::faults::Fault;

use crate::chance::Chance;
use crate::corrections::{correction, restate, restatement};
use crate::lists;
use crate::model::Model;
use crate::model::usage::Row;
use crate::orders::OrderBook;
use crate::payments;
use crate::scene::{LICENSEE, METERS, PARTIES, PLANS};
use crate::step::{Act, Step};

pub(crate) struct Generator {
    pub(crate) chance: Chance,
    now: Timestamp,
    next_id: usize,
    orders: OrderBook,
    last: Vec<Act>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Usage,
    Newcomer,
    Prices,
    Quotes,
    Taxes,
    Offers,
    Orders,
    Adjust,
    Rate,
    Close,
    Credit,
    Restate,
    Book,
    Print,
    Compact,
}

const KINDS: [(usize, Kind); 15] = [
    (28, Kind::Usage),
    (1, Kind::Newcomer),
    (5, Kind::Prices),
    (6, Kind::Quotes),
    (3, Kind::Taxes),
    (4, Kind::Offers),
    (5, Kind::Orders),
    (4, Kind::Adjust),
    (6, Kind::Rate),
    (16, Kind::Close),
    (3, Kind::Credit),
    (9, Kind::Restate),
    (20, Kind::Book),
    (3, Kind::Print),
    (2, Kind::Compact),
];

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        let start = TimeZone::UTC.to_timestamp(date(2026, 1, 8).at(8, 0, 0, 0)).unwrap();
        Self { chance: Chance::new(seed), now: start, next_id: 0, orders: OrderBook::default(), last: Vec::new() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    fn today(&self) -> Date {
        TimeZone::UTC.to_datetime(self.now).date()
    }

    /// The lists that a run begins with.
    pub(crate) fn first_lists(&mut self) -> Vec<Act> {
        let month = BillingPeriod::containing(self.today()).unwrap();
        let taxes =
            if self.chance.percent(50) { vec![Act::Taxes(lists::taxes(&mut self.chance, None))] } else { vec![] };
        let all = vec![
            Act::Prices(lists::first_prices(&mut self.chance)),
            Act::Quotes(lists::quotes(&mut self.chance, month)),
            Act::Offers(lists::first_offers()),
        ];
        [all, taxes].concat()
    }

    pub(crate) fn step(&mut self, model: &Model) -> Step {
        self.now += self.chance.between(0, 40).hours();
        self.now += self.chance.between(1, 3_000).seconds();
        let acts = match self.chance.below(100) {
            0..6 if !self.last.is_empty() => self.last.clone(),
            6..18 => self.pair(model),
            _ => vec![self.single(model)],
        };
        self.last.clone_from(&acts);
        Step { now: self.now, acts, fault: self.fault() }
    }

    fn fault(&mut self) -> Option<Fault> {
        if !self.chance.percent(20) {
            return None;
        }
        let last_call = *self.chance.of(&[4, 12, 40, 80]);
        let at_call = u64::try_from(self.chance.between(1, last_call)).unwrap();
        Some(self.chance.weighted(&[
            (1, Fault::Fails { at_call }),
            (1, Fault::DiesBefore { at_call }),
            (2, Fault::DiesAfter { at_call }),
        ]))
    }

    fn single(&mut self, model: &Model) -> Act {
        let today = self.today();
        match self.chance.weighted(&KINDS) {
            Kind::Usage => Act::Usage(self.rows(model)),
            Kind::Newcomer => Act::Newcomer,
            Kind::Prices => Act::Prices(lists::prices(&mut self.chance, today)),
            Kind::Quotes => self.quotes(model),
            Kind::Taxes => Act::Taxes(lists::taxes(&mut self.chance, Some(today))),
            Kind::Offers => Act::Offers(lists::offers(&mut self.chance, today)),
            Kind::Orders => Act::Orders(self.orders.rows(&mut self.chance, self.now)),
            Kind::Adjust => self.adjust(),
            Kind::Rate => Act::Rate { period: self.period(model), keeps: self.chance.percent(80) },
            Kind::Close => self.close(model),
            Kind::Credit => self.credit(model).unwrap_or(Act::Compact),
            Kind::Restate => restate(&mut self.chance, model).unwrap_or(Act::Compact),
            Kind::Book => self.book(model),
            Kind::Print => payments::any_number(&mut self.chance, model).map_or(Act::Compact, Act::Print),
            Kind::Compact => Act::Compact,
        }
    }

    /// Two use cases that may meet.
    fn pair(&mut self, model: &Model) -> Vec<Act> {
        let close = self.close(model);
        let credit = self.credit(model);
        match (self.chance.below(12), credit) {
            (0, _) => vec![close.clone(), close],
            (1, _) => vec![close, self.book(model)],
            (2, _) => vec![close, self.adjust()],
            // Only one process keeps rated files at a time: a run takes over files that another would remove.
            (3, _) => vec![close, Act::Rate { period: self.period(model), keeps: false }],
            (4, Some(credit)) => vec![close, credit],
            (5, Some(Act::Credit(number))) => {
                let book = self.book_on(model, &number);
                vec![Act::Credit(number), book]
            }
            (6, Some(credit)) => vec![credit.clone(), credit],
            (7..11, _) => self.beside_restatement(model),
            _ => {
                let book = self.book(model);
                let other = if self.chance.percent(50) { book.clone() } else { self.book(model) };
                vec![book, other]
            }
        }
    }

    /// A restatement and what may come between. No close does: who writes holds the data directory, and a close that
    /// had read the months before it would bill with lists that are no longer theirs.
    fn beside_restatement(&mut self, model: &Model) -> Vec<Act> {
        let Some((number, how)) = restatement(&mut self.chance, model) else { return vec![Act::Compact] };
        let other = match self.chance.below(4) {
            0 => Act::Credit(number.clone()),
            1 => self.book_on(model, &number),
            2 => self.adjust(),
            _ => Act::Restate { number: number.clone(), how: correction(&mut self.chance), is_abroad: false },
        };
        vec![Act::Restate { number, how, is_abroad: false }, other]
    }

    fn next_id(&mut self) -> usize {
        self.next_id += 1;
        self.next_id
    }

    fn book(&mut self, model: &Model) -> Act {
        let (id, today) = (self.next_id(), self.today());
        payments::request(&mut self.chance, model, id, today)
    }

    fn book_on(&mut self, model: &Model, number: &InvoiceNumber) -> Act {
        let (id, today) = (self.next_id(), self.today());
        payments::on_document(&mut self.chance, model, number, id, today)
    }

    fn credit(&mut self, model: &Model) -> Option<Act> {
        payments::any_number(&mut self.chance, model).map(Act::Credit)
    }

    fn adjust(&mut self) -> Act {
        let id = if self.chance.percent(15) { self.next_id } else { self.next_id() };
        let party = self.chance.below(PARTIES.len());
        Act::Adjust { party, reference: format!("offer {id}"), minor: self.chance.between(-3_000, 2_000) }
    }

    /// The month that has to be closed next, mostly.
    fn period(&mut self, model: &Model) -> BillingPeriod {
        let this = BillingPeriod::containing(self.today()).unwrap();
        let open = (0..PARTIES.len()).filter_map(|party| model.first_open(party)).min().unwrap_or(this);
        self.chance.weighted(&[(80, open.min(this)), (8, this.previous()), (8, this), (4, this.next())])
    }

    fn close(&mut self, model: &Model) -> Act {
        let options = CloseOptions { early: self.chance.percent(15), allow_unpriced: self.chance.percent(40) };
        let period = self.period(model);
        match self.chance.percent(20) {
            true => Act::PreviewAndClose { period, options },
            false => Act::Close { period, options },
        }
    }

    /// Mostly of the first month that has none.
    fn quotes(&mut self, model: &Model) -> Act {
        let this = BillingPeriod::containing(self.today()).unwrap();
        let mut month = BillingPeriod::containing(date(2025, 12, 1)).unwrap();
        let is_known = |month| model.lists.quotes.iter().flatten().any(|quote| quote.month == month);
        while is_known(month) && month < this {
            month = month.next();
        }
        let month = self.chance.weighted(&[(75, month), (15, this.previous()), (10, this.previous().previous())]);
        Act::Quotes(lists::quotes(&mut self.chance, month))
    }

    fn rows(&mut self, model: &Model) -> Vec<Row> {
        let count = self.chance.between(1, 6);
        let known: Vec<&Row> = model.usage.records.values().rev().take(60).map(|record| record.row()).collect();
        (0..count)
            .map(|_| match (self.chance.below(100), self.chance.maybe_of(&known).copied()) {
                (0..12, Some(row)) => row.clone(),
                (12..26, Some(row)) => self.changed(row),
                _ => self.new_row(),
            })
            .collect()
    }

    fn new_row(&mut self) -> Row {
        // Most usage is of these days; some is late, some of tomorrow, and some of a day that cannot be.
        let days = self.chance.weighted(&[(70, (-12, 0)), (20, (-70, 0)), (8, (0, 1)), (2, (2, 9))]);
        let day = self.today().saturating_add(self.chance.between(days.0, days.1).days());
        let hundredths =
            self.chance.weighted(&[(70, (1, 4_000)), (10, (1, 30)), (12, (-3_000, -1)), (8, (9_000, 30_000))]);
        let id = self.next_id();
        Row {
            id: format!("u{id:05}"),
            revision: 0,
            day: day.max(date(2025, 12, 1)),
            plan: self.chance.below(PLANS.len()),
            meter: self.chance.below(METERS.len()),
            hundredths: self.chance.between(hundredths.0, hundredths.1),
            is_malformed: self.chance.percent(3),
        }
    }

    /// A known record that says something else: a restatement, a contradiction, a confirmation.
    fn changed(&mut self, row: &Row) -> Row {
        let mut row = row.clone();
        row.revision += u32::from(self.chance.percent(80));
        match self.chance.below(10) {
            0 => row.day = row.day.saturating_add(40.days()).min(self.today()),
            1 => row.plan = self.chance.below(PLANS.len()),
            2 => {}
            _ => row.hundredths = self.chance.between(1, 4_000),
        }
        row
    }
}

/// Whose account a document is on, of those that may have licences or not.
pub(crate) fn party_of(model: &Model, number: &InvoiceNumber) -> usize {
    model.party_of(number).unwrap_or(LICENSEE)
}
