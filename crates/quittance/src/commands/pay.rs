//! `quittance pay`: books a payment and puts it to invoices.

use std::path::Path;

use billing::money::{Amount, Currency};
use billing::settlement::{AccountEvent, Allocate, NewPayment, Source};
use engine::invoices::find;
use engine::paying::{AccountName, Booked, Request, account_name, account_of, amount_in, book};
use serde_json::{Value, json};

use crate::cli::{Output, PayArgs};
use crate::clock;
use crate::data_dir::DataDir;
use crate::output::{Failure, Rows, print};
use crate::{CommandResult, Exit};

pub(crate) async fn run(dir: &Path, output: Output, args: &PayArgs) -> CommandResult {
    let data = DataDir::open(dir).await?;
    let _lock = data.lock().await?;
    let (name, currency) = payer(&data, args).await?;
    let amount = amount_in(args.amount, args.currency.unwrap_or(currency))?;
    let (now, source) = (clock::now()?, Source::Payment(args.reference.clone()));
    let account = account_of(&data.books, &name.party).await?.1.account()?;
    // Said again without a date, it is the payment that is known.
    let known = account.sources.get(&source).and_then(|known| known.received_on);
    let received_on = args.date.or(known).unwrap_or(clock::day(now));
    let allocate = match args.numbers.as_slice() {
        [] if args.later => Allocate::Later,
        [] => Allocate::OldestFirst,
        numbers => Allocate::Documents(numbers.to_vec()),
    };
    let payment = NewPayment { reference: args.reference.clone(), amount, received_on };
    let booked = book(&data.books, &name, &Request::Receive { payment, allocate }, now).await?;
    print_booked(output, &source, &booked, "booked before")?;
    Ok(Exit::Done)
}

/// Who paid, and the currency that is meant.
async fn payer(data: &DataDir, args: &PayArgs) -> Result<(AccountName, Currency), Failure> {
    match args.numbers.first() {
        Some(number) => {
            let currency = find(&data.books, None, number).await?.invoice.currency;
            Ok((account_name(&data.books, number).await?, currency))
        }
        None => {
            let party = data.books.chosen_party(args.org.as_ref()).await?;
            Ok((account_of(&data.books, &party.id).await?.0, party.currency))
        }
    }
}

/// What was put to each invoice, and what is left of `source`; `nothing` says why no event was booked.
pub(crate) fn print_booked(output: Output, source: &Source, booked: &Booked, nothing: &str) -> Result<(), Failure> {
    let mut rows = Rows::new(&["what", "amount", "open after it"], &["amount", "open after it"]);
    let mut events: Vec<Value> = Vec::new();
    for event in &booked.events {
        let open = match event.document().and_then(|number| booked.account.documents.get(number)) {
            Some(state) => Some(state.open()?),
            None => None,
        };
        rows.push([words(event), event.amount().to_string(), open.map(|open| open.to_string()).unwrap_or_default()]);
        events.push(json!({
            "event": event.kind().as_str(),
            "reference": event.reference(),
            "amount": event.amount().to_plain(),
            "open": open.map(Amount::to_plain),
        }));
    }
    let rest = booked.account.sources.get(source).map(|state| state.rest);
    if booked.events.is_empty() {
        rows.push([nothing.to_owned(), String::new(), String::new()]);
    }
    if let Some(rest) = rest.filter(|rest| rest.minor != 0) {
        rows.push(["not allocated".to_owned(), rest.to_string(), String::new()]);
    }
    let value = json!({
        "booked": !booked.events.is_empty(),
        "events": events,
        "unallocated": rest.map(Amount::to_plain),
        "currency": rest.map(|rest| rest.currency),
    });
    print(output, &value, &rows)
}

fn words(event: &AccountEvent) -> String {
    match event {
        AccountEvent::Payment { reference, .. } => format!("payment {reference:?}"),
        AccountEvent::CreditReleased { credit_note, .. } => format!("credit of {credit_note}"),
        AccountEvent::Allocation { document, amount, .. } if amount.minor < 0 => format!("taken back from {document}"),
        AccountEvent::Allocation { document, .. } => format!("to {document}"),
        AccountEvent::Refund { reference, .. } => format!("refund {reference:?}"),
        AccountEvent::WriteOff { document, .. } => format!("written off {document}"),
        AccountEvent::WriteOffTakenBack { document, .. } => format!("expected again {document}"),
    }
}
