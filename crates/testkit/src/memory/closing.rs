//! Closing parties together.

use billing::invoice::{InvoiceNumber, InvoiceType};
use billing::journal::EntryKind;
use billing::money::Amount;
use billing::ports::{
    AccountBooking, ClosingStep, Closure, IssueRequest, NewEntry, PortError, PortResult, StepOutcome, StoredInvoice,
};
use billing::settlement::{AccountEvent, DocumentState};

use super::{IssuedDocument, Tables, conflict, count};

impl Tables {
    /// All steps or none: it changes a copy, which takes the place of the tables when all are taken.
    pub(super) fn close_parties(&self, steps: &[ClosingStep<'_>]) -> PortResult<(Self, Vec<StepOutcome>)> {
        let mut after = self.clone();
        let outcomes = steps.iter().map(|step| after.close(step)).collect::<PortResult<Vec<_>>>()?;
        let issued: Vec<(&InvoiceNumber, &IssueRequest<'_>)> = (steps.iter().zip(&outcomes))
            .filter_map(|(step, outcome)| match (step, outcome) {
                (ClosingStep::Issue(request), StepOutcome::Issued(number)) => Some((number, &**request)),
                _ => None,
            })
            .collect();
        // The entries of all documents come before what documents below zero release.
        for (number, request) in &issued {
            after.book_document(number, request)?;
        }
        for (number, request) in &issued {
            after.insert_issued(number, request)?;
        }
        Ok((after, outcomes))
    }

    /// Draws a number or closes the period; documents are written afterwards.
    fn close(&mut self, step: &ClosingStep<'_>) -> PortResult<StepOutcome> {
        match step {
            ClosingStep::Issue(request) => {
                let (party, period) = (&request.rated.party, request.rated.period);
                for closed_for in [Some(request.invoice_type), None] {
                    if let Some(closure) = self.closures.get(&(party.clone(), period, closed_for)) {
                        return Ok(StepOutcome::AlreadyClosed(closure.invoice.clone()));
                    }
                }
                let number = self.next_number(&request.issuer, request.invoice_type)?;
                self.draw(&request.issuer, request.invoice_type);
                self.insert_closure(closure_of(&number, request), Some(request.invoice_type));
                Ok(StepOutcome::Issued(number))
            }
            ClosingStep::Empty(closure) => {
                if let Some(number) = &closure.invoice {
                    let message = "a closure that names a document is written when it is issued";
                    return Err(PortError::new("closure.with_document", message, number));
                }
                if self.is_closed(&closure.party, closure.period) {
                    return Ok(StepOutcome::AlreadyClosed(None));
                }
                self.insert_closure(closure.clone(), None);
                Ok(StepOutcome::Empty)
            }
            ClosingStep::Park(parking) => {
                let mut closures = self.closures.values();
                let closed =
                    closures.find(|closure| closure.party == parking.party && closure.period == parking.period);
                if let Some(closure) = closed {
                    return Ok(StepOutcome::AlreadyClosed(closure.invoice.clone()));
                }
                self.parkings.insert((parking.period, parking.party.clone()), parking.clone());
                Ok(StepOutcome::Parked)
            }
        }
    }

    /// The period's parking and rated run end with it.
    fn insert_closure(&mut self, closure: Closure, invoice_type: Option<InvoiceType>) {
        self.parkings.remove(&(closure.period, closure.party.clone()));
        self.runs.remove(&(closure.party.clone(), closure.period));
        self.closures.insert((closure.party.clone(), closure.period, invoice_type), closure);
    }

    fn book_document(&mut self, number: &InvoiceNumber, request: &IssueRequest<'_>) -> PortResult<()> {
        let new = NewEntry {
            kind: EntryKind::InvoiceIssued,
            reference: number.to_string(),
            booked_at: request.issued_at,
            postings: request.postings.clone(),
        };
        let entry = self.next_entry(&request.issuer, new)?;
        self.append(entry);
        Ok(())
    }

    fn insert_issued(&mut self, number: &InvoiceNumber, request: &IssueRequest<'_>) -> PortResult<()> {
        self.put_blob(&request.directory);
        let total = request.totals.total;
        let stored = StoredInvoice {
            number: number.clone(),
            issuer: request.issuer.clone(),
            party: request.rated.party.clone(),
            period: request.rated.period,
            invoice_type: request.invoice_type,
            issued_at: request.issued_at,
            amends: None,
            header: (request.header)(number),
            digest: String::new(),
            line_count: 0,
            received: Amount::zero(total.currency),
            written_off: Amount::zero(total.currency),
            rated_files: request.rated.files.clone(),
        };
        let issued = DocumentState::issued(total, request.issued_at, request.due_on);
        let document = IssuedDocument { stored, lines: request.lines.clone(), issued };
        self.check_document(&document)?;
        self.insert_document(document);
        self.release_credit(number, request)?;
        for reference in &request.adjustments {
            match self.adjustments.get_mut(&(request.rated.party.clone(), reference.clone())) {
                Some(kept) if kept.number.is_none() => kept.number = Some(number.clone()),
                _ => return Err(conflict(format_args!("adjustment {reference} does not wait"))),
            }
        }
        Ok(())
    }

    /// A document below zero is money that the party may pay with from now on (PA-6).
    fn release_credit(&mut self, number: &InvoiceNumber, request: &IssueRequest<'_>) -> PortResult<()> {
        let total = request.totals.total;
        if total.minor >= 0 {
            return Ok(());
        }
        let amount = total.negated().map_err(|error| PortError::new(error.code(), error.to_string(), ""))?;
        let (issuer, party) = (request.issuer.clone(), request.rated.party.clone());
        let state =
            DocumentState { received: total, ..DocumentState::issued(total, request.issued_at, request.due_on) };
        self.book(&AccountBooking {
            after: self.events.get(&(issuer.clone(), party.clone())).map_or(0, |events| count(events.len())),
            issuer,
            party,
            booked_at: request.issued_at,
            events: vec![AccountEvent::CreditReleased { credit_note: number.clone(), amount }],
            documents: vec![(number.clone(), state)],
        })
    }
}

fn closure_of(number: &InvoiceNumber, request: &IssueRequest<'_>) -> Closure {
    Closure {
        party: request.rated.party.clone(),
        period: request.rated.period,
        usage_through: request.rated.usage_through,
        invoice: Some(number.clone()),
        carried: request.carried.clone(),
        lists: request.lists,
    }
}
