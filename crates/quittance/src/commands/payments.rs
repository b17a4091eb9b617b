//! `quittance payments`: what came in, where it went, and what is left.

use std::path::Path;

use billing::decimal::Decimal;
use billing::ids::OrganisationId;
use billing::invoice::InvoiceNumber;
use billing::money::Amount;
use billing::party::Organisation;
use billing::settlement::{Allocate, PartyAccount, Source};
use engine::paying::{AccountName, Request, account_name, account_of, amount_in, book, named_source};
use serde_json::json;

use crate::cli::{Output, PaymentsCommand};
use crate::clock;
use crate::commands::bank;
use crate::commands::pay::print_booked;
use crate::data_dir::DataDir;
use crate::output::{Failure, Rows, print};
use crate::{CommandResult, Exit};

pub(crate) async fn run(dir: &Path, output: Output, command: &PaymentsCommand) -> CommandResult {
    let data = DataDir::open(dir).await?;
    if let PaymentsCommand::List { org } = command {
        list(&data, output, org.as_ref()).await?;
        return Ok(Exit::Done);
    }
    let _lock = data.lock().await?;
    let now = clock::now()?;
    if let PaymentsCommand::Import { file, book } = command {
        return bank::run(&data, output, file, *book, now).await;
    }
    let (name, source, request) = match command {
        PaymentsCommand::List { .. } | PaymentsCommand::Import { .. } => return Ok(Exit::Done),
        PaymentsCommand::Allocate { source, numbers, amount, org } => {
            let (name, account) = account_with(&data, org.as_ref(), numbers.first()).await?;
            let source = named_source(&account, source);
            let amount = part_of(&account, &source, *amount)?;
            let allocate = match numbers.as_slice() {
                [] => Allocate::OldestFirst,
                numbers => Allocate::Documents(numbers.to_vec()),
            };
            (name, source.clone(), Request::Allocate { source, amount, allocate })
        }
        PaymentsCommand::TakeBack { source, number } => {
            let (name, account) = account_with(&data, None, Some(number)).await?;
            let source = named_source(&account, source);
            (name, source.clone(), Request::TakeBack { source, document: number.clone() })
        }
        PaymentsCommand::Refund { source, amount, reference, date, org } => {
            let (name, account) = account_with(&data, org.as_ref(), None).await?;
            let source = named_source(&account, source);
            let currency = account.source(&source)?.amount.currency;
            let amount = amount_in(*amount, currency)?;
            let (source, reference, paid_on) = (source.clone(), reference.clone(), *date);
            let request = Request::Refund { source: source.clone(), amount, reference, paid_on };
            (name, source, request)
        }
        PaymentsCommand::WriteOff { number, reference, amount, take_back } => {
            let (name, account) = account_with(&data, None, Some(number)).await?;
            let currency = account.document(number)?.total.currency;
            let amount = amount.map(|amount| amount_in(amount, currency)).transpose()?;
            let document = number.clone();
            let request = match take_back {
                true => Request::TakeBackWriteOff { document, reference: reference.clone() },
                false => Request::WriteOff { document, amount, reference: reference.clone() },
            };
            (name, Source::Payment(reference.clone()), request)
        }
    };
    let booked = book(&data.books, &name, &request, now).await?;
    let nothing = match request {
        Request::Allocate { .. } => "no invoice is open to take it",
        _ => "booked before",
    };
    print_booked(output, &source, &booked, nothing)?;
    Ok(Exit::Done)
}

/// The account of an invoice, or of an organisation.
async fn account_with(
    data: &DataDir,
    organisation: Option<&OrganisationId>,
    number: Option<&InvoiceNumber>,
) -> Result<(AccountName, PartyAccount), Failure> {
    let party = match number {
        Some(number) => account_name(&data.books, number).await?.party,
        None => data.books.chosen_party(organisation).await?.id,
    };
    let (name, history) = account_of(&data.books, &party).await?;
    Ok((name, history.account()?))
}

fn part_of(account: &PartyAccount, source: &Source, amount: Option<Decimal>) -> Result<Option<Amount>, Failure> {
    let currency = account.source(source)?.amount.currency;
    Ok(amount.map(|amount| amount_in(amount, currency)).transpose()?)
}

/// The organisation that is named, else all that are billed.
pub(crate) async fn named_parties(
    data: &DataDir,
    organisation: Option<&OrganisationId>,
) -> Result<Vec<Organisation>, Failure> {
    match organisation {
        Some(_) => Ok(vec![data.books.chosen_party(organisation).await?]),
        None => Ok(data.books.billed_parties().await?),
    }
}

async fn list(data: &DataDir, output: Output, organisation: Option<&OrganisationId>) -> Result<(), Failure> {
    let parties = named_parties(data, organisation).await?;
    let mut rows = Rows::new(
        &["organisation", "source", "received", "amount", "allocated to", "not allocated"],
        &["amount", "not allocated"],
    );
    let mut values = Vec::new();
    for party in parties {
        let account = account_of(&data.books, &party.id).await?.1.account()?;
        for (source, state) in &account.sources {
            let allocated = account.allocations.iter().filter(|((of, _), _)| of == source);
            let (numbers, amounts): (Vec<String>, Vec<_>) = allocated
                .map(|((_, number), amount)| {
                    (number.to_string(), json!({ "invoice": number, "amount": amount.to_plain() }))
                })
                .unzip();
            rows.push([
                party.name.clone(),
                source.to_string(),
                state.received_on.map(|day| day.to_string()).unwrap_or_default(),
                state.amount.to_string(),
                numbers.join(", "),
                state.rest.to_string(),
            ]);
            values.push(json!({
                "organisation": party.id,
                "source": source,
                "received_on": state.received_on,
                "amount": state.amount.to_plain(),
                "currency": state.amount.currency,
                "allocations": amounts,
                "unallocated": state.rest.to_plain(),
            }));
        }
    }
    print(output, &values, &rows)
}
