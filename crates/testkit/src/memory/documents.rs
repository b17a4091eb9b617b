//! Documents, taking them back, and what goes on them.

use billing::ids::OrganisationId;
use billing::invoice::{Adjustment, InvoiceNumber, InvoiceType};
use billing::period::BillingPeriod;
use billing::ports::{Closure, PortError, PortResult, StoredInvoice, document_digest};

use super::{IssuedDocument, KeptAdjustment, Tables, conflict};

impl Tables {
    pub(super) fn is_closed(&self, party: &OrganisationId, period: BillingPeriod) -> bool {
        self.closures.keys().any(|(of, month, _)| of == party && *month == period)
    }

    pub(super) fn closures_of(&self, party: &OrganisationId) -> Vec<Closure> {
        self.closures.values().filter(|closure| closure.party == *party).cloned().collect()
    }

    pub(super) fn last_counter(&self, issuer: &OrganisationId, invoice_type: InvoiceType) -> u64 {
        self.counters.get(&(issuer.clone(), invoice_type)).copied().unwrap_or_default()
    }

    /// The next number of a series; it is not drawn yet.
    pub(super) fn next_number(&self, issuer: &OrganisationId, invoice_type: InvoiceType) -> PortResult<InvoiceNumber> {
        InvoiceNumber::in_series(invoice_type.series(), self.last_counter(issuer, invoice_type) + 1)
            .map_err(|error| PortError::new(error.code(), error.to_string(), ""))
    }

    pub(super) fn draw(&mut self, issuer: &OrganisationId, invoice_type: InvoiceType) {
        *self.counters.entry((issuer.clone(), invoice_type)).or_default() += 1;
    }

    /// INV-2, INV-3.
    pub(super) fn check_document(&self, new: &IssuedDocument) -> PortResult<()> {
        let is_same = |known: &&IssuedDocument| {
            let (a, b) = (&known.stored, &new.stored);
            let of_period = (&a.party, a.invoice_type, a.period, known.issued.total.currency)
                == (&b.party, b.invoice_type, b.period, new.issued.total.currency);
            a.issuer == b.issuer && (a.number == b.number || (a.amends.is_none() && b.amends.is_none() && of_period))
        };
        match self.documents.values().find(is_same) {
            Some(known) => Err(conflict(format_args!("document {}", known.stored.number))),
            None => Ok(()),
        }
    }

    pub(super) fn insert_document(&mut self, mut document: IssuedDocument) {
        let stored = &mut document.stored;
        stored.digest = document_digest(&stored.header, document.lines.iter().map(|line| line.body.as_slice()));
        stored.line_count = u32::try_from(document.lines.len()).unwrap_or(u32::MAX);
        self.documents.insert((stored.issuer.clone(), stored.number.clone()), document);
    }

    pub(super) fn add_adjustment(&mut self, party: &OrganisationId, new: &Adjustment) -> PortResult<bool> {
        let key = (party.clone(), new.reference.clone());
        match self.adjustments.get(&key) {
            Some(kept) if kept.adjustment == *new => Ok(false),
            Some(kept) => {
                let amount = kept.adjustment.amount;
                let message = format!(
                    "an adjustment of {amount} has this reference already; give the new one a reference of its own"
                );
                Err(PortError::new("adjustment.reference_used", message, ""))
            }
            None => {
                self.adjustments.insert(key, KeptAdjustment { adjustment: new.clone(), number: None });
                Ok(true)
            }
        }
    }

    pub(super) fn adjustments_on(&self, party: &OrganisationId, number: Option<&InvoiceNumber>) -> Vec<Adjustment> {
        let of_party = self.adjustments.iter().filter(|((of, _), _)| of == party);
        of_party.filter(|(_, kept)| kept.number.as_ref() == number).map(|(_, kept)| kept.adjustment.clone()).collect()
    }

    /// By issue time and number.
    pub(super) fn invoices(&self, party: Option<&OrganisationId>) -> Vec<StoredInvoice> {
        let documents = self.documents.values().map(|document| &document.stored);
        let mut found: Vec<StoredInvoice> =
            documents.filter(|stored| party.is_none_or(|party| stored.party == *party)).cloned().collect();
        found.sort_by(|a, b| (a.issued_at, &a.number, &a.issuer).cmp(&(b.issued_at, &b.number, &b.issuer)));
        found
    }

    /// A number that several issuers have names no document.
    ///
    /// # Errors
    /// `invoice.number_ambiguous`
    pub(super) fn document(&self, number: &InvoiceNumber) -> PortResult<Option<&IssuedDocument>> {
        let mut found = self.documents.values().filter(|document| document.stored.number == *number);
        match (found.next(), found.next()) {
            (first, None) => Ok(first),
            _ => {
                let message = format!("several issuers have a document with the number {number}");
                Err(PortError::new("invoice.number_ambiguous", message, ""))
            }
        }
    }
}
