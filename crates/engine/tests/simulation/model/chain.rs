//! What stands of an invoice after the documents that amend it (IN-12, IN-13).

use std::collections::{BTreeMap, BTreeSet};

use billing::invoice::{InvoiceNumber, LineName};
use billing::period::BillingPeriod;
use jiff::civil::Date;

use super::Model;
use super::billing::{Line, Scope, taxes};
use super::licences::Licence;

/// A line as it was issued. Amounts are minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Billed {
    pub(crate) charge: Charged,
    pub(crate) last_day: Date,
    pub(crate) subtotal: i64,
    pub(crate) tax: i64,
    pub(crate) tax_code: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Charged {
    Usage { scope: Scope, line: Line, record_count: u64 },
    Licence(Licence),
}

impl Billed {
    /// The line that takes this one back.
    pub(crate) fn negated(&self) -> Self {
        let charge = match self.charge.clone() {
            Charged::Usage { scope, line, record_count } => {
                let line = Line {
                    thousandths: -line.thousandths,
                    exact: -line.exact,
                    pricing_minor: -line.pricing_minor,
                    subtotal_minor: -line.subtotal_minor,
                    ..line
                };
                Charged::Usage { scope, line, record_count }
            }
            Charged::Licence(licence) => {
                let (part, of) = licence.share;
                Charged::Licence(Licence { share: (-part, of), ..licence })
            }
        };
        Self { charge, subtotal: -self.subtotal, tax: -self.tax, ..self.clone() }
    }

    pub(crate) fn licence(&self) -> Option<&Licence> {
        match &self.charge {
            Charged::Licence(licence) => Some(licence),
            Charged::Usage { .. } => None,
        }
    }
}

/// A first document and those that amend it.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    pub(crate) party: usize,
    pub(crate) period: BillingPeriod,
    /// Of all its documents, in their order.
    pub(crate) numbers: Vec<InvoiceNumber>,
    /// What the first document billed.
    pub(crate) records: BTreeSet<String>,
    /// Some of its usage had no price and went on to the next month.
    pub(crate) has_moved_usage: bool,
    /// What was charged last, under the names of its lines; nothing of it stands if all was taken back.
    pub(crate) lines: BTreeMap<LineName, Billed>,
    pub(crate) adjustments: BTreeMap<String, i64>,
    pub(crate) is_taken_back: bool,
}

impl Chain {
    /// The usage that was charged last.
    pub(crate) fn usage(&self) -> BTreeMap<Scope, Line> {
        let usage = |billed: &Billed| match &billed.charge {
            Charged::Usage { scope, line, .. } => Some((*scope, line.clone())),
            Charged::Licence(_) => None,
        };
        self.lines.values().filter_map(usage).collect()
    }

    pub(crate) fn licences(&self) -> Vec<Licence> {
        let mut licences: Vec<Licence> = self.lines.values().filter_map(Billed::licence).cloned().collect();
        licences.sort();
        licences
    }

    /// By code.
    pub(crate) fn taxes(&self) -> BTreeMap<String, i64> {
        taxes(self.lines.values().map(|line| (line.tax_code.as_str(), line.subtotal)))
    }

    /// Lines and their tax.
    pub(crate) fn charged(&self) -> i64 {
        self.lines.values().map(|line| line.subtotal).sum::<i64>() + self.taxes().values().sum::<i64>()
    }

    pub(crate) fn adjusted(&self) -> i64 {
        self.adjustments.values().sum()
    }

    pub(crate) fn stands(&self) -> i64 {
        if self.is_taken_back { 0 } else { self.charged() + self.adjusted() }
    }
}

/// What a month would be billed today; what was adjusted stays.
#[derive(Debug, Clone)]
pub(crate) struct Restated {
    pub(crate) usage: BTreeMap<Scope, Line>,
    pub(crate) licences: Vec<Licence>,
    pub(crate) differs: Differs,
}

/// Whether it is billed otherwise than it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Differs {
    No,
    /// In something that the model does not compute.
    Perhaps,
    Yes,
}

impl Model {
    /// The chain that a first document begins.
    ///
    /// # Errors
    /// `invoice.unknown`, `credit.of_amendment`
    pub(crate) fn chain(&self, number: &InvoiceNumber) -> Result<&Chain, &'static str> {
        let party = self.party_of(number).ok_or("invoice.unknown")?;
        let amends = &self.accounts[party].documents[number].amends;
        if amends.is_some() { Err("credit.of_amendment") } else { Ok(&self.chains[number]) }
    }

    /// Why a document cannot be taken back in full.
    ///
    /// # Errors
    /// The code.
    pub(crate) fn check_credit(&self, number: &InvoiceNumber) -> Result<(), &'static str> {
        let chain = self.chain(number)?;
        if chain.is_taken_back { Err("credit.already") } else { self.check_write_offs(chain) }
    }

    /// # Errors
    /// `credit.written_off`
    pub(crate) fn check_write_offs(&self, chain: &Chain) -> Result<(), &'static str> {
        let documents = &self.accounts[chain.party].documents;
        let is_given_up = chain.numbers.iter().any(|number| documents[number].written_off != 0);
        if is_given_up { Err("credit.written_off") } else { Ok(()) }
    }

    /// The month of an invoice with the lists of today, or why it cannot be computed or corrected.
    ///
    /// # Errors
    /// The code.
    pub(crate) fn restated(&self, number: &InvoiceNumber, is_abroad: bool) -> Result<Restated, &'static str> {
        let chain = self.chain(number)?;
        if chain.has_moved_usage {
            return Err("restate.carried");
        }
        if is_abroad {
            return Err("restate.currency");
        }
        let records = chain.records.iter().map(|id| (id, &self.usage.records[id])).collect();
        let lines = self.priced(chain.party, chain.period, records)?;
        let is_untaxed = |line: &Billed| self.licence_codes(chain.period, chain.party, line).is_empty();
        if !self.are_taxed(&lines) || chain.lines.values().filter(|line| line.licence().is_some()).any(is_untaxed) {
            return Err("tax.rate_missing");
        }
        self.check_write_offs(chain)?;
        let mut licences: Vec<Licence> = chain.licences().iter().map(|one| self.priced_licence(chain, one)).collect();
        licences.sort();
        let differs = self.differs(chain, &lines.of_scopes, &licences);
        Ok(Restated { usage: lines.of_scopes, licences, differs })
    }

    fn differs(&self, chain: &Chain, usage: &BTreeMap<Scope, Line>, licences: &[Licence]) -> Differs {
        if chain.usage() != *usage || chain.licences() != licences {
            return Differs::Yes;
        }
        // What comes to no quantity shows a price all the same.
        let shows_price = |line: &Line| if line.thousandths == 0 { Differs::Perhaps } else { Differs::No };
        let is_taxed = |line: &Billed| {
            let codes = self.licence_codes(chain.period, chain.party, line);
            match (codes.contains(&line.tax_code), codes.len()) {
                (false, _) => Differs::Yes,
                (true, 1) => Differs::No,
                (true, _) => Differs::Perhaps,
            }
        };
        let of_licences = chain.lines.values().filter(|line| line.licence().is_some()).map(is_taxed);
        usage.values().map(shows_price).chain(of_licences).max().unwrap_or(Differs::No)
    }
}
