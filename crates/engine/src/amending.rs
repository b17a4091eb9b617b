//! Writes documents behind an invoice, under the next numbers, and settles them.

use billing::invoice::{
    CreditError, DraftedNote, Invoice, InvoiceLine, InvoiceNumber, KnownLists, asked_for_next, deferred,
};
use billing::journal::invoice_postings;
use billing::money::MoneyError;
use billing::ports::{AccountBooking, AmendmentRequest, NewAmendment, NewInvoiceLine};
use billing::settlement::{AccountEvent, DocumentState, PartyAccount};
use jiff::Timestamp;

use crate::books::Books;
use crate::chain::Chain;
use crate::error::{EngineError, EngineResult};
use crate::rating::canonical;

/// Drafts that are made again because somebody issued or booked meanwhile.
pub(crate) const ATTEMPTS: usize = 10;

pub(crate) fn busy() -> EngineError {
    EngineError::new("ledger.busy", "others write on the same books all the time; try again")
}

/// A document that is to be written; its number is the next one.
#[derive(Debug)]
pub(crate) struct NewDocument {
    pub(crate) note: Invoice,
    pub(crate) lines: Vec<InvoiceLine>,
    /// The bytes that its snapshot names, where it is a new one.
    pub(crate) directory: Option<Vec<u8>>,
}

impl NewDocument {
    /// With the snapshot of the invoice that it amends.
    pub(crate) fn of((note, lines): DraftedNote) -> Self {
        Self { note, lines, directory: None }
    }

    /// A note whose amount the party's next document asks for.
    pub(crate) fn deferred(self) -> EngineResult<Self> {
        let (note, lines) = deferred((self.note, self.lines))?;
        Ok(Self { note, lines, ..self })
    }
}

/// Writes all of the documents, one behind the other; `None` where somebody came between.
pub(crate) async fn write(
    books: &Books,
    chain: &Chain,
    documents: Vec<NewDocument>,
    restated: Option<KnownLists>,
    now: Timestamp,
) -> EngineResult<Option<Vec<InvoiceNumber>>> {
    let stored = &chain.original.stored;
    let last = books.ledger.last_counter(&stored.issuer, stored.invoice_type).await?;
    let (mut notes, mut written) = (Vec::new(), Vec::new());
    for (counter, NewDocument { note, lines, directory }) in (last.saturating_add(1)..).zip(documents) {
        let number = InvoiceNumber::in_series(stored.invoice_type.series(), counter)
            .map_err(|error| EngineError::new(error.code(), error.to_string()))?;
        let note = Invoice { number, ..note };
        let document = new_amendment(&note, &lines, directory)?;
        written.push(document);
        notes.push(note);
    }
    let Some(booking) = settle(books, chain, &notes, now).await? else { return Ok(None) };
    let deferred: Result<Vec<_>, MoneyError> = notes.iter().map(asked_for_next).collect();
    let deferred = deferred.map_err(|error| EngineError::new(error.code(), error.to_string()))?;
    let request = AmendmentRequest {
        amends: stored.number.clone(),
        invoice_type: stored.invoice_type,
        period: stored.period,
        issued_at: now,
        documents: written,
        booking,
        restated,
        deferred: deferred.into_iter().flatten().collect(),
    };
    let done = books.ledger.amend(&request).await?;
    Ok(done.then(|| notes.into_iter().map(|note| note.number).collect()))
}

fn new_amendment(note: &Invoice, lines: &[InvoiceLine], directory: Option<Vec<u8>>) -> EngineResult<NewAmendment> {
    let misplaced = || EngineError::new("storage.failed", "a document that amends nothing was to be written as a note");
    let amends = note.amends.as_ref().ok_or_else(misplaced)?;
    Ok(NewAmendment {
        number: note.number.clone(),
        how: amends.how,
        position: amends.position,
        due_on: note.due_on,
        total: note.totals.total,
        postings: invoice_postings(&note.totals).map_err(|error| EngineError::new(error.code(), error.to_string()))?,
        header: canonical(note)?,
        lines: stored_lines(lines)?,
        directory,
    })
}

/// Lines as they are stored.
pub(crate) fn stored_lines(lines: &[InvoiceLine]) -> EngineResult<Vec<NewInvoiceLine>> {
    let stored =
        |line: &InvoiceLine| Ok(NewInvoiceLine { subscription: line.subscription.clone(), body: canonical(line)? });
    lines.iter().map(stored).collect()
}

/// Each note settles the documents before it; what was paid before waits then. `None` where the account has one of
/// the numbers already: somebody drew it since the last one was read.
async fn settle(
    books: &Books,
    chain: &Chain,
    notes: &[Invoice],
    now: Timestamp,
) -> EngineResult<Option<AccountBooking>> {
    let stored = &chain.original.stored;
    let history = books.ledger.account(&stored.issuer, &stored.party).await?;
    if notes.iter().any(|note| history.documents.contains_key(&note.number)) {
        return Ok(None);
    }
    let mut documents = history.documents.clone();
    for note in notes {
        documents.insert(note.number.clone(), DocumentState::issued(note.totals.total, now, note.due_on));
    }
    check_write_offs(&history.account()?, chain)?;
    let mut events: Vec<AccountEvent> = history.events.iter().map(|stored| stored.event.clone()).collect();
    let booked = events.len();
    let mut numbers = chain.numbers.clone();
    for note in notes {
        let account = PartyAccount::after(documents.clone(), &events)?;
        events.extend(account.settle_note(&note.number, &numbers)?);
        numbers.push(note.number.clone());
    }
    let after = PartyAccount::after(documents, &events)?;
    let touched = numbers.iter().filter_map(|number| Some((number.clone(), *after.documents.get(number)?)));
    Ok(Some(AccountBooking {
        issuer: stored.issuer.clone(),
        party: stored.party.clone(),
        after: history.last_position(),
        booked_at: now,
        documents: touched.collect(),
        events: events.split_off(booked),
    }))
}

/// Nothing is given back of what never came in. The account is asked and not the documents, which were read
/// before it: what is written off later has the booking refused.
fn check_write_offs(account: &PartyAccount, chain: &Chain) -> Result<(), CreditError> {
    let written_off =
        |number: &&InvoiceNumber| account.documents.get(number).map_or(0, |state| state.written_off.minor) != 0;
    match chain.numbers.iter().find(written_off) {
        Some(number) => {
            let amount = account.documents[number].written_off;
            Err(CreditError::WrittenOff { number: number.clone(), amount })
        }
        None => Ok(()),
    }
}
