//! What has to come out, computed a second time: whole numbers, plain loops, nothing of the engine.

pub(crate) mod account;
pub(crate) mod billing;
pub(crate) mod chain;
pub(crate) mod licences;
pub(crate) mod prices;
pub(crate) mod usage;

use std::collections::{BTreeMap, BTreeSet};

use ::billing::invoice::{InvoiceNumber, KnownLists};
use ::billing::period::BillingPeriod;
use account::Account;
use billing::{Lines, Scope};
use chain::{Chain, Charged};
use prices::Lists;
use usage::Usage;

use crate::scene::PARTIES;

#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) usage: Usage,
    pub(crate) lists: Lists,
    /// Each party's closed months with their documents.
    pub(crate) closures: [BTreeMap<BillingPeriod, Option<InvoiceNumber>>; PARTIES.len()],
    pub(crate) accounts: [Account; PARTIES.len()],
    /// Adjustments that wait, by reference; minor units.
    pub(crate) adjustments: [BTreeMap<String, i64>; PARTIES.len()],
    /// Every adjustment that was accepted.
    pub(crate) adjusted: [BTreeMap<String, i64>; PARTIES.len()],
    /// By their first documents.
    pub(crate) chains: BTreeMap<InvoiceNumber, Chain>,
    /// Where the documents of each month left the counters that they billed, in thousandths of blocks.
    pub(crate) counters: BTreeMap<Scope, BTreeMap<BillingPeriod, i128>>,
    /// The lists of each closed month.
    pub(crate) known: [BTreeMap<BillingPeriod, KnownLists>; PARTIES.len()],
    /// Months that were restated: by which document last, and with which lists.
    pub(crate) restated: [BTreeMap<BillingPeriod, (InvoiceNumber, KnownLists)>; PARTIES.len()],
    /// The month of the first order of licences.
    pub(crate) first_order: Option<BillingPeriod>,
    pub(crate) order_ids: BTreeSet<String>,
    /// Numbers that were drawn.
    pub(crate) number_count: u64,
}

impl Model {
    /// The last month that anybody was billed for.
    pub(crate) fn closed_through(&self) -> Option<BillingPeriod> {
        self.closures.iter().filter_map(|closures| closures.last_key_value()).map(|(period, _)| *period).max()
    }

    pub(crate) fn party_of(&self, number: &InvoiceNumber) -> Option<usize> {
        self.accounts.iter().position(|account| account.documents.contains_key(number))
    }

    /// A party's month is closed with what was billed; without a document where there is no number.
    pub(crate) fn close(&mut self, party: usize, period: BillingPeriod, number: Option<&InvoiceNumber>, lines: &Lines) {
        assert_eq!(self.closures[party].insert(period, number.cloned()), None, "INV-4: {period} was closed before");
        self.known[party].insert(period, self.lists.known());
        for id in &lines.billed {
            let record = self.usage.records.get_mut(id).unwrap();
            assert_eq!(record.billed_in.replace(period), None, "USE-2: record {id} is billed twice");
        }
    }

    /// Late usage goes on from the last word on its scope.
    pub(crate) fn count(&mut self, number: &InvoiceNumber) {
        let chain = &self.chains[number];
        for line in chain.lines.values() {
            if let Charged::Usage { scope, line, .. } = &line.charge {
                self.counters.entry(*scope).or_default().insert(chain.period, line.counter);
            }
        }
    }

    /// The next closings and restatements take the lists of today for what this month charged.
    pub(crate) fn restate(&mut self, number: &InvoiceNumber, by: &InvoiceNumber) {
        let Chain { party, period, .. } = self.chains[number];
        // Its orders are those of its closing: none comes late here.
        let known = KnownLists { orders: self.known[party][&period].orders, ..self.lists.known() };
        self.restated[party].insert(period, (by.clone(), known));
        self.count(number);
    }
}
