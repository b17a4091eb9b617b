//! `quittance adjustments`: one-off amounts that wait for the next invoice.

use std::path::Path;

use billing::invoice::Adjustment;
use engine::paying::{adjust, amount_in};
use serde_json::json;

use crate::cli::{AdjustmentsCommand, Output};
use crate::clock;
use crate::data_dir::DataDir;
use crate::output::{Rows, print};
use crate::{CommandResult, Exit};

pub(crate) async fn run(dir: &Path, output: Output, command: &AdjustmentsCommand) -> CommandResult {
    let data = DataDir::open(dir).await?;
    let party = match command {
        AdjustmentsCommand::Add { org, .. } | AdjustmentsCommand::List { org } => {
            data.books.chosen_party(org.as_ref()).await?
        }
    };
    if let AdjustmentsCommand::Add { amount, reference, reason, .. } = command {
        let _lock = data.lock().await?;
        let amount = amount_in(*amount, party.currency)?;
        let adjustment = Adjustment { reference: reference.clone(), amount, reason: reason.clone() };
        adjust(&data.books, &party, &adjustment, clock::now()?).await?;
    }
    let mut rows = Rows::new(&["organisation", "reference", "amount", "reason"], &["amount"]);
    let mut values = Vec::new();
    for waiting in data.books.ledger.adjustments(&party.id, None).await? {
        values.push(json!({
            "organisation": party.id,
            "reference": waiting.reference,
            "amount": waiting.amount.to_plain(),
            "currency": waiting.amount.currency,
            "reason": waiting.reason,
        }));
        rows.push([party.name.clone(), waiting.reference, waiting.amount.to_string(), waiting.reason]);
    }
    print(output, &values, &rows)?;
    Ok(Exit::Done)
}
