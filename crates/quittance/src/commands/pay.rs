//! `quittance pay`: books a payment on an invoice.

use std::path::Path;

use billing::money::Amount;
use engine::invoices::find;
use engine::paying::pay;
use serde_json::json;

use crate::cli::{Output, PayArgs};
use crate::clock;
use crate::data_dir::DataDir;
use crate::output::{Failure, Rows, print};
use crate::{CommandResult, Exit};

pub(crate) async fn run(dir: &Path, output: Output, args: &PayArgs) -> CommandResult {
    let data = DataDir::open(dir).await?;
    let _lock = data.lock().await?;
    let currency = find(&data.books, None, &args.number).await?.invoice.currency;
    let received = Amount::exact(args.amount, currency).map_err(|error| {
        Failure::new("payment.amount", format!("{} is no amount in {currency}: {error}", args.amount))
    })?;
    let received_at = match args.date {
        Some(date) => clock::midnight(date)?,
        None => clock::now()?,
    };
    let booked = pay(&data.books, &args.number, received, &args.reference, received_at).await?;
    let issued = find(&data.books, None, &args.number).await?;
    let outcome = if booked { "booked" } else { "booked before" };
    let mut rows = Rows::new(&["invoice", "payment", "amount", "received in all"], &["amount", "received in all"]);
    rows.push([args.number.to_string(), outcome.to_owned(), received.to_string(), issued.stored.received.to_string()]);
    let value = json!({
        "invoice": args.number,
        "booked": booked,
        "amount": received.to_plain(),
        "received": issued.stored.received.to_plain(),
        "currency": currency,
    });
    print(output, &value, &rows)?;
    Ok(Exit::Done)
}
