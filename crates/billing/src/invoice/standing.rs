//! What stands of an invoice after its amendments.

use std::collections::BTreeMap;

use crate::decimal::Decimal;
use crate::invoice::{Adjustment, Amendment, DocumentTotals, Invoice, InvoiceLine, LineName};
use crate::money::{Amount, MoneyError};
use crate::tax::{TaxCode, TaxSubtotal};

/// All that is charged by a chain of documents: every one of its amounts stands on one line of one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub lines: Vec<(LineName, InvoiceLine)>,
    /// By code and rate; none that came to nothing.
    pub taxes: Vec<TaxSubtotal>,
    pub adjustments: Vec<Adjustment>,
    pub total: Amount,
    /// Documents behind the first one.
    pub amendment_count: u32,
    /// Of the document that all was charged by last: who billed whom, and what it was computed from.
    pub header: Box<Invoice>,
}

impl Standing {
    /// A first document by itself.
    #[must_use]
    pub fn of(invoice: &Invoice, lines: Vec<InvoiceLine>) -> Self {
        let name = |line: &InvoiceLine| LineName { number: invoice.number.clone(), line_number: line.line_number };
        Self {
            lines: lines.into_iter().map(|line| (name(&line), line)).collect(),
            taxes: invoice.taxes.clone(),
            adjustments: invoice.adjustments.clone(),
            total: invoice.totals.total,
            amendment_count: 0,
            header: Box::new(invoice.clone()),
        }
    }

    /// What stands after the next document of the chain.
    ///
    /// # Errors
    /// A sum beyond 64 bits of minor units.
    pub fn amended(self, note: &Invoice, lines: Vec<InvoiceLine>) -> Result<Self, MoneyError> {
        let amendment_count = self.amendment_count.saturating_add(1);
        let after = match note.amends.as_ref().map(|amends| amends.how) {
            None | Some(Amendment::Rebill) => Self::of(note, lines),
            Some(Amendment::Credit) => Self {
                lines: Vec::new(),
                taxes: Vec::new(),
                adjustments: Vec::new(),
                total: self.total.checked_add(note.totals.total)?,
                amendment_count,
                header: self.header,
            },
            Some(Amendment::PartialCredit | Amendment::Difference) => self.changed_by(note, lines)?,
            // What another document asks for stands here all the same: its adjustment only moves it.
            Some(Amendment::DeferredDifference) => {
                let total = note.totals.subtotal.checked_add(note.totals.tax)?;
                let totals = DocumentTotals { total, ..note.totals };
                self.changed_by(&Invoice { adjustments: Vec::new(), totals, ..note.clone() }, lines)?
            }
        };
        Ok(Self { amendment_count, ..after })
    }

    fn changed_by(mut self, note: &Invoice, lines: Vec<InvoiceLine>) -> Result<Self, MoneyError> {
        for line in lines {
            match &line.takes_back {
                Some(taken) => self.lines.retain(|(name, _)| name != taken),
                None => {
                    let name = LineName { number: note.number.clone(), line_number: line.line_number };
                    self.lines.push((name, line));
                }
            }
        }
        self.taxes = tax_sums(self.taxes.iter().chain(&note.taxes))?;
        self.adjustments.extend(note.adjustments.iter().cloned());
        self.total = self.total.checked_add(note.totals.total)?;
        Ok(self)
    }

    /// Whether all of it was taken back.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.lines.is_empty() && self.adjustments.is_empty()
    }
}

/// Sums by code and rate, in this order; those that come to nothing are left out.
pub(super) fn tax_sums<'a>(taxes: impl IntoIterator<Item = &'a TaxSubtotal>) -> Result<Vec<TaxSubtotal>, MoneyError> {
    let mut sums: BTreeMap<(TaxCode, Decimal), TaxSubtotal> = BTreeMap::new();
    for tax in taxes {
        match sums.get_mut(&(tax.code.clone(), tax.rate)) {
            None => drop(sums.insert((tax.code.clone(), tax.rate), tax.clone())),
            Some(sum) => {
                sum.taxable = sum.taxable.checked_add(tax.taxable)?;
                sum.tax = sum.tax.checked_add(tax.tax)?;
            }
        }
    }
    Ok(sums.into_values().filter(|sum| sum.taxable.minor != 0 || sum.tax.minor != 0).collect())
}
