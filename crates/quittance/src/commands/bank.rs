//! `quittance payments import`: proposes invoices for the entries of a bank statement.

use std::path::Path;

use engine::banking::{Finding, Proposal, accept, propose};
use formats::bank::read_bank;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::Output;
use crate::commands::import::open;
use crate::data_dir::DataDir;
use crate::output::{Failure, Rows, print, say};
use crate::{CommandResult, Exit};

pub(crate) async fn run(data: &DataDir, output: Output, path: &Path, books: bool, now: Timestamp) -> CommandResult {
    let (file, _) = open(path)?;
    let name = file.name.clone();
    let parsed =
        read_bank(file.input).map_err(|error| Failure::from(engine::EngineError::from(error)).in_file(&name))?;
    let proposals = propose(&data.books, parsed.value).await?;
    let mut rows = Rows::new(&["day", "amount", "payer", "reference", "for", "outcome"], &["amount"]);
    let (mut values, mut left) = (Vec::new(), Vec::new());
    for proposal in &proposals {
        let outcome = match books && proposal.is_certain() {
            true => booked(data, proposal, now).await,
            false => outcome(proposal).to_owned(),
        };
        rows.push([
            proposal.entry.booked_on.to_string(),
            proposal.entry.amount.to_string(),
            proposal.entry.payer.clone().unwrap_or_default(),
            proposal.reference.clone(),
            numbers(proposal).join(", "),
            outcome.clone(),
        ]);
        values.push(json_of(proposal, &outcome));
        if !matches!(outcome.as_str(), "booked" | "booked before" | "outgoing") {
            left.push(proposal);
        }
    }
    let refused: Vec<Value> = parsed.rejected.iter().map(|line| {
        json!({ "line": line.line, "column": line.column, "field": line.field, "code": line.code, "message": line.message })
    }).collect();
    print(output, &json!({ "entries": values, "refused": refused }), &rows)?;
    if output == Output::Table {
        for line in &parsed.rejected {
            say(format!("{name}:{}:{}: {}: {} ({})", line.line, line.column, line.field, line.message, line.code));
        }
        left.iter().for_each(|proposal| say(advice(proposal)));
    }
    Ok(if left.is_empty() && parsed.rejected.is_empty() { Exit::Done } else { Exit::Findings })
}

/// What became of it; a refusal does not keep the others from being booked.
async fn booked(data: &DataDir, proposal: &Proposal, now: Timestamp) -> String {
    match accept(&data.books, proposal, now).await {
        Ok(_) => "booked".to_owned(),
        Err(error) => format!("{} ({})", error.message, error.code),
    }
}

fn outcome(proposal: &Proposal) -> &'static str {
    match proposal.finding {
        Finding::Named(_) => "names it",
        Finding::SameAmount(_) => "same amount",
        Finding::Several(_) => "several could be meant",
        Finding::OtherCurrency(_) => "another currency",
        Finding::Nothing => "nothing found",
        Finding::BookedBefore => "booked before",
        Finding::Outgoing => "outgoing",
    }
}

fn numbers(proposal: &Proposal) -> Vec<String> {
    match &proposal.finding {
        Finding::Named(numbers) | Finding::Several(numbers) | Finding::OtherCurrency(numbers) => {
            numbers.iter().map(ToString::to_string).collect()
        }
        Finding::SameAmount(number) => vec![number.to_string()],
        Finding::Nothing | Finding::BookedBefore | Finding::Outgoing => Vec::new(),
    }
}

/// The command that books it, for a person to confirm.
fn advice(proposal: &Proposal) -> String {
    let entry = &proposal.entry;
    let (amount, reference) = (entry.amount.to_plain(), proposal.reference.replace('\'', "'\\''"));
    let payment = format!("--amount {amount} --reference '{reference}' --date {}", entry.booked_on);
    match &proposal.finding {
        Finding::Named(numbers) if numbers.is_empty() => {
            let party = proposal.account.as_ref().map(|account| account.party.to_string()).unwrap_or_default();
            format!("to book it: quittance pay --org {party} --later {payment}")
        }
        Finding::Named(_) | Finding::SameAmount(_) => {
            format!("to book it: quittance pay {} {payment}", numbers(proposal).join(" "))
        }
        _ => format!("to book it: quittance pay NUMBER {payment}, or --org ORGANISATION instead of the number"),
    }
}

fn json_of(proposal: &Proposal, outcome: &str) -> Value {
    let entry = &proposal.entry;
    json!({
        "day": entry.booked_on,
        "amount": entry.amount.to_plain(),
        "currency": entry.amount.currency,
        "payer": entry.payer,
        "reference": proposal.reference,
        "remittance": entry.remittance,
        "organisation": proposal.account.as_ref().map(|account| &account.party),
        "invoices": numbers(proposal),
        "outcome": outcome,
    })
}
