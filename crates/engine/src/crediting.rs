//! Takes an issued invoice back in full: a credit note with every line negated, which settles it.
//!
//! Rule IN-12 (docs/rules/corrections.md). The invoice itself stays as it was issued.

use billing::invoice::{CreditError, Invoice, InvoiceLine, InvoiceNumber, credit_note, credited_line};
use billing::journal::invoice_postings;
use billing::ports::{AccountBooking, CreditRequest, NewInvoiceLine};
use billing::settlement::{AccountEvent, DocumentState, PartyAccount};
use jiff::Timestamp;

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::invoices::{IssuedInvoice, find, lines};
use crate::rating::canonical;

/// Drafts that are made again because somebody issued or booked meanwhile.
const ATTEMPTS: usize = 10;

/// Issues the credit note for all of an invoice and settles the invoice with it. What was paid before
/// waits on the party's account then.
///
/// # Errors
/// `invoice.unknown`, `credit.already`, `credit.of_amendment`, `credit.written_off`,
/// `credit.reason_malformed`; storage failures.
pub async fn credit(
    books: &Books,
    number: &InvoiceNumber,
    reason: &str,
    now: Timestamp,
) -> EngineResult<IssuedInvoice> {
    let original = find(books, None, number).await?;
    if let Some(by) = original.amendments.first() {
        let by = by.stored.number.clone();
        return Err(CreditError::AlreadyCredited { number: number.clone(), by }.into());
    }
    if original.stored.written_off.minor != 0 {
        // The note would give back money that never came in.
        return Err(CreditError::WrittenOff { number: number.clone(), amount: original.stored.written_off }.into());
    }
    let billed = lines(books, number, 0, u32::MAX).await?;
    for _ in 0..ATTEMPTS {
        let request = draft(books, &original, &billed, reason, now).await?;
        if books.ledger.issue_credit(&request).await? {
            return find(books, None, &request.number).await;
        }
    }
    Err(EngineError::new("ledger.busy", "others write on the same books all the time; try again"))
}

async fn draft(
    books: &Books,
    original: &IssuedInvoice,
    billed: &[InvoiceLine],
    reason: &str,
    now: Timestamp,
) -> EngineResult<CreditRequest> {
    let stored = &original.stored;
    let counter = books.ledger.last_counter(&stored.issuer, stored.invoice_type).await?.saturating_add(1);
    let number = InvoiceNumber::in_series(stored.invoice_type.series(), counter)
        .map_err(|error| EngineError::new(error.code(), error.to_string()))?;
    let note = Invoice { number: number.clone(), ..credit_note(&original.invoice, reason, now)? };
    let postings = invoice_postings(&note.totals).map_err(|error| EngineError::new(error.code(), error.to_string()))?;
    Ok(CreditRequest {
        amends: stored.number.clone(),
        invoice_type: stored.invoice_type,
        period: stored.period,
        issued_at: now,
        due_on: note.due_on,
        total: note.totals.total,
        postings,
        header: canonical(&note)?,
        lines: credited_lines(billed)?,
        booking: settle(books, original, &note, now).await?,
        number,
    })
}

/// The lines of the credit note, as they are stored.
pub(crate) fn credited_lines(billed: &[InvoiceLine]) -> EngineResult<Vec<NewInvoiceLine>> {
    let line = |line: &InvoiceLine| {
        let credited = credited_line(line)?;
        Ok(NewInvoiceLine { subscription: line.subscription.clone(), body: canonical(&credited)? })
    };
    billed.iter().map(line).collect()
}

/// The note settles the invoice; what was paid before waits then.
async fn settle(
    books: &Books,
    original: &IssuedInvoice,
    note: &Invoice,
    now: Timestamp,
) -> EngineResult<AccountBooking> {
    let stored = &original.stored;
    let history = books.ledger.account(&stored.issuer, &stored.party).await?;
    let mut documents = history.documents.clone();
    documents.insert(note.number.clone(), DocumentState::issued(note.totals.total, now, note.due_on));
    let booked: Vec<AccountEvent> = history.events.iter().map(|stored| stored.event.clone()).collect();
    let account = PartyAccount::after(documents.clone(), &booked)?;
    let events = account.settle_note(&note.number, &stored.number)?;
    let after = PartyAccount::after(documents, booked.iter().chain(&events))?;
    let touched = [&note.number, &stored.number].into_iter();
    Ok(AccountBooking {
        issuer: stored.issuer.clone(),
        party: stored.party.clone(),
        after: history.last_position(),
        booked_at: now,
        documents: touched.filter_map(|number| Some((number.clone(), *after.documents.get(number)?))).collect(),
        events,
    })
}
