//! What has to come out, computed a second time: whole numbers, plain loops, nothing of the engine.

pub(crate) mod account;
pub(crate) mod billing;
pub(crate) mod prices;
pub(crate) mod usage;

use std::collections::{BTreeMap, BTreeSet};

use ::billing::invoice::InvoiceNumber;
use ::billing::period::BillingPeriod;
use account::Account;
use billing::{Lines, Scope};
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
    /// Where each counter stands that was billed, in thousandths of blocks.
    pub(crate) counters: BTreeMap<Scope, i128>,
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
        for id in &lines.billed {
            let record = self.usage.records.get_mut(id).unwrap();
            assert_eq!(record.billed_in.replace(period), None, "USE-2: record {id} is billed twice");
        }
        for (scope, line) in &lines.of_scopes {
            self.counters.insert(*scope, line.counter);
        }
    }
}
