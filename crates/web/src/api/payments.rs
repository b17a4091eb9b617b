//! Money that came in: receive it, put it to documents, take it back, refund it, write it off.

use billing::ids::OrganisationId;
use billing::invoice::InvoiceNumber;
use billing::settlement::{Allocate, PartyAccount, Source};
use engine::paying::{AccountName, Request, account_of, book_attempt, named_source};

use super::call::{Call, Reply, WriteCall};
use super::page;
use super::problem::Problem;
use super::schema::field_problem;
use super::shapes::{
    Booking, DocumentNumber, NewAllocation, NewPayment, NewRefund, NewTakeBack, NewWriteOff, Payment, PaymentPage,
    Spread,
};

pub(super) async fn list(call: Call) -> Result<Reply, Problem> {
    let party = call.caller.party(call.path("organisation")).await?;
    let account = account_of(call.books(), &party.id).await?.1.account()?;
    let mut payments: Vec<Payment> =
        account.sources.keys().filter_map(|source| Payment::of(&account, source)).collect();
    payments.sort_by(|a, b| a.reference.cmp(&b.reference));
    Reply::ok(&PaymentPage::from(page::of_texts(&call, payments, |payment| payment.reference.clone())?))
}

/// The account that a path names, as the caller may write it.
async fn account(write: &WriteCall) -> Result<(AccountName, PartyAccount), Problem> {
    let party = write.call.caller.billed(write.call.path("organisation")).await?;
    named_account(write, &party.id).await
}

async fn named_account(write: &WriteCall, party: &OrganisationId) -> Result<(AccountName, PartyAccount), Problem> {
    let (name, history) = account_of(write.call.books(), party).await?;
    Ok((name, history.account()?))
}

fn numbers(documents: Vec<DocumentNumber>) -> Vec<InvoiceNumber> {
    documents.into_iter().map(|number| number.0).collect()
}

fn spread(spread: Spread, documents: Vec<DocumentNumber>) -> Result<Allocate, Problem> {
    let wrong = |detail: &str| Err(Problem::invalid(vec![field_problem("/documents", "field.malformed", detail)]));
    match (spread, documents.is_empty()) {
        (Spread::Documents, false) => Ok(Allocate::Documents(numbers(documents))),
        (Spread::Documents, true) => wrong("documents names those that the payment is put to"),
        (Spread::OldestFirst, true) => Ok(Allocate::OldestFirst),
        (Spread::Later, true) => Ok(Allocate::Later),
        (Spread::OldestFirst | Spread::Later, false) => wrong("documents goes with \"allocate\": \"documents\" only"),
    }
}

async fn booking(
    write: &WriteCall,
    name: &AccountName,
    request: &Request,
    source: Option<&Source>,
) -> Result<Booking, Problem> {
    let booked = book_attempt(write.call.books(), name, request, write.attempt).await?;
    Ok(Booking::of(&booked, source)?)
}

pub(super) async fn receive(mut write: WriteCall) -> Result<Reply, Problem> {
    let (name, account) = account(&write).await?;
    let new: NewPayment = write.json()?;
    let source = Source::Payment(new.reference.clone());
    // Said again without a day, it is the payment that is known.
    let known = account.sources.get(&source).and_then(|known| known.received_on);
    let received_on = new.received_on.or(known).unwrap_or_else(|| write.today());
    let amount = new.amount.exact()?;
    let allocate = spread(new.allocate, new.documents)?;
    let payment = billing::settlement::NewPayment { reference: new.reference, amount, received_on };
    let request = Request::Receive { payment, allocate };
    Reply::created(&booking(&write, &name, &request, Some(&source)).await?)
}

pub(super) async fn allocate(mut write: WriteCall) -> Result<Reply, Problem> {
    let (name, account) = account(&write).await?;
    let new: NewAllocation = write.json()?;
    let source = named_source(&account, &new.source);
    let amount = new.amount.map(|amount| amount.exact()).transpose()?;
    let allocate = match new.documents.is_empty() {
        true => Allocate::OldestFirst,
        false => Allocate::Documents(numbers(new.documents)),
    };
    let request = Request::Allocate { source: source.clone(), amount, allocate };
    Reply::ok(&booking(&write, &name, &request, Some(&source)).await?)
}

pub(super) async fn take_back(mut write: WriteCall) -> Result<Reply, Problem> {
    let (name, account) = account(&write).await?;
    let new: NewTakeBack = write.json()?;
    let source = named_source(&account, &new.source);
    let request = Request::TakeBack { source: source.clone(), document: new.document };
    Reply::ok(&booking(&write, &name, &request, Some(&source)).await?)
}

pub(super) async fn refund(mut write: WriteCall) -> Result<Reply, Problem> {
    let (name, account) = account(&write).await?;
    let new: NewRefund = write.json()?;
    let source = named_source(&account, &new.source);
    let (amount, reference, paid_on) = (new.amount.exact()?, new.reference, new.paid_on);
    let request = Request::Refund { source: source.clone(), amount, reference, paid_on };
    Reply::created(&booking(&write, &name, &request, Some(&source)).await?)
}

pub(super) async fn write_off(mut write: WriteCall) -> Result<Reply, Problem> {
    let issued = write.call.caller.issued(write.call.path("number")).await?;
    let (name, _) = named_account(&write, &issued.stored.party).await?;
    let new: NewWriteOff = write.json()?;
    let amount = new.amount.map(|amount| amount.exact()).transpose()?;
    let (document, reference) = (issued.stored.number, new.reference);
    let request = match (new.take_back, amount) {
        (false, amount) => Request::WriteOff { document, amount, reference },
        (true, None) => Request::TakeBackWriteOff { document, reference },
        (true, Some(_)) => {
            let detail = "what is taken back is all that was given up under the reference";
            return Err(Problem::invalid(vec![field_problem("/amount", "field.malformed", detail)]));
        }
    };
    Reply::created(&booking(&write, &name, &request, None).await?)
}
