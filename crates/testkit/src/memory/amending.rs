//! Documents that amend an invoice, one behind the other.

use billing::ids::OrganisationId;
use billing::invoice::{Amendment, InvoiceNumber, RestatedMonth};
use billing::journal::EntryKind;
use billing::money::Amount;
use billing::ports::{AmendmentRequest, NewAmendment, NewEntry, PortResult, StoredInvoice};
use billing::settlement::DocumentState;

use super::{IssuedDocument, Tables, count};

impl Tables {
    /// The tables with all of the documents; `None` when somebody came between.
    pub(super) fn amend(&self, request: &AmendmentRequest) -> PortResult<Option<Self>> {
        let issuer = &request.booking.issuer;
        let mut after = self.clone();
        let mut place = count(self.amendments(issuer, &request.amends).len());
        for document in &request.documents {
            place += 1;
            let number = after.next_number(issuer, request.invoice_type)?;
            if number != document.number || u64::from(document.position) != place {
                return Ok(None);
            }
            after.draw(issuer, request.invoice_type);
        }
        for document in &request.documents {
            after.insert_amendment(request, document)?;
        }
        if let (Some(lists), Some(last)) = (request.restated, request.documents.last()) {
            let month = RestatedMonth { period: request.period, lists, by: last.number.clone() };
            let key = (request.booking.party.clone(), request.period, last.number.letter());
            after.restatements.insert(key, month);
        }
        for adjustment in &request.deferred {
            after.add_adjustment(&request.booking.party, adjustment)?;
        }
        if !after.is_current(&request.booking) {
            return Ok(None);
        }
        after.book(&request.booking)?;
        Ok(Some(after))
    }

    fn insert_amendment(&mut self, request: &AmendmentRequest, new: &NewAmendment) -> PortResult<()> {
        let issuer = &request.booking.issuer;
        if let Some(directory) = &new.directory {
            self.put_blob(directory);
        }
        let kind = match new.how {
            Amendment::Credit | Amendment::PartialCredit => EntryKind::CreditIssued,
            Amendment::Difference | Amendment::DeferredDifference | Amendment::Rebill => EntryKind::CorrectionIssued,
        };
        let (reference, booked_at) = (new.number.to_string(), request.issued_at);
        let entry = NewEntry { kind, reference, booked_at, postings: new.postings.clone() };
        let entry = self.next_entry(issuer, entry)?;
        self.append(entry);
        let stored = StoredInvoice {
            number: new.number.clone(),
            issuer: issuer.clone(),
            party: request.booking.party.clone(),
            period: request.period,
            invoice_type: request.invoice_type,
            issued_at: request.issued_at,
            amends: Some(request.amends.clone()),
            header: new.header.clone(),
            digest: String::new(),
            line_count: 0,
            received: Amount::zero(new.total.currency),
            written_off: Amount::zero(new.total.currency),
            rated_files: Vec::new(),
        };
        let issued = DocumentState::issued(new.total, request.issued_at, new.due_on);
        let document = IssuedDocument { stored, lines: new.lines.clone(), issued };
        self.check_document(&document)?;
        self.insert_document(document);
        Ok(())
    }

    /// In the order of their chain, which is that of their numbers.
    pub(super) fn amendments(&self, issuer: &OrganisationId, number: &InvoiceNumber) -> Vec<StoredInvoice> {
        let documents = self.documents.values().map(|document| &document.stored);
        let amends = |stored: &&StoredInvoice| stored.issuer == *issuer && stored.amends.as_ref() == Some(number);
        documents.filter(amends).cloned().collect()
    }

    /// Each month with the last restatement of each series.
    pub(super) fn restated_months(&self, party: &OrganisationId) -> Vec<RestatedMonth> {
        self.restatements.iter().filter(|((of, ..), _)| of == party).map(|(_, month)| month.clone()).collect()
    }
}
