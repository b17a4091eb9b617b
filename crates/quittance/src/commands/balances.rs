//! `quittance balances`: what each organisation owes, by currency and type of invoice.

use std::path::Path;

use billing::balance::Balance;
use engine::paying::{AccountBalance, account_balances};
use serde_json::json;

use crate::cli::{BalancesArgs, Output};
use crate::clock;
use crate::commands::payments::named_parties;
use crate::data_dir::DataDir;
use crate::output::{Rows, print};
use crate::{CommandResult, Exit};

pub(crate) async fn run(dir: &Path, output: Output, args: &BalancesArgs) -> CommandResult {
    let data = DataDir::open(dir).await?;
    let today = clock::day(clock::now()?);
    let parties = named_parties(&data, args.org.as_ref()).await?;
    let mut rows = Rows::new(
        &["organisation", "type", "balance", "overdue", "not allocated", "last payment"],
        &["balance", "overdue", "not allocated"],
    );
    let mut values = Vec::new();
    for party in parties {
        for AccountBalance { currency, balance, overdue, unallocated } in
            account_balances(&data.books, &party.id, today).await?
        {
            rows.push([
                party.name.clone(),
                "all".to_owned(),
                balance.whole.amount.to_string(),
                overdue.to_string(),
                unallocated.to_string(),
                last_payment(&balance.whole),
            ]);
            for (invoice_type, part) in &balance.by_type {
                let (kind, none) = (invoice_type.as_str().to_owned(), String::new());
                rows.push([none.clone(), kind, part.amount.to_string(), none.clone(), none, last_payment(part)]);
            }
            let by_type: serde_json::Map<_, _> = balance
                .by_type
                .iter()
                .map(|(invoice_type, part)| (invoice_type.as_str().to_owned(), part.amount.to_plain().into()))
                .collect();
            values.push(json!({
                "organisation": party.id,
                "currency": currency,
                "balance": balance.whole.amount.to_plain(),
                "by_type": by_type,
                "overdue": overdue.to_plain(),
                "unallocated": unallocated.to_plain(),
            }));
        }
    }
    print(output, &values, &rows)?;
    Ok(Exit::Done)
}

fn last_payment(balance: &Balance) -> String {
    balance.last_payment.map(|(at, amount)| format!("{amount} on {}", clock::day(at))).unwrap_or_default()
}
