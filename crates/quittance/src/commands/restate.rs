//! `quittance restate`: what a closed month would be today, and its corrections.

use std::path::Path;

use billing::invoice::{InvoiceLine, LineChange};
use engine::invoices::IssuedInvoice;
use engine::present::{self, PdfLink};
use engine::restating::{Correction, PartyRestatement, Restatement, RestatementOutcome, correct, propose};
use serde_json::{Value, json};

use crate::cli::{CorrectionKind, Output, RestateArgs};
use crate::clock;
use crate::commands::invoices::{rows_of, what};
use crate::data_dir::DataDir;
use crate::output::{Failure, Rows, print, say};
use crate::{CommandResult, Exit};

pub(crate) async fn run(dir: &Path, output: Output, args: &RestateArgs) -> CommandResult {
    let data = DataDir::open(dir).await?;
    if let Some(org) = &args.org {
        data.books.chosen_party(Some(org)).await?;
    }
    let how = match args.how.zip(args.reason.as_deref()) {
        None => {
            let restatements = propose(&data.books, args.period, args.org.as_ref()).await?;
            return show(output, &restatements);
        }
        Some((CorrectionKind::Note, reason)) => (Correction::Note, reason),
        Some((CorrectionKind::NextInvoice, reason)) => (Correction::NextDocument, reason),
        Some((CorrectionKind::Rebill, reason)) => (Correction::Rebill, reason),
    };
    let _lock = data.lock().await?;
    let restatements = propose(&data.books, args.period, args.org.as_ref()).await?;
    correct_all(&data, output, &restatements, how, args.org.is_some()).await
}

/// Corrects what differs. What cannot be corrected is told, and the others go on.
async fn correct_all(
    data: &DataDir,
    output: Output,
    restatements: &[PartyRestatement],
    (how, reason): (Correction, &str),
    is_meant: bool,
) -> CommandResult {
    let (mut issued, mut failed): (Vec<IssuedInvoice>, Vec<String>) = (Vec::new(), failures(restatements));
    for (party, restatement) in restatements.iter().filter_map(|one| Some((&one.party, differing(one)?))) {
        // What was taken back whole is not charged again by the way.
        if restatement.is_taken_back && !is_meant {
            continue;
        }
        match correct(&data.books, &restatement.number, how, reason, clock::now()?).await {
            Ok(documents) => issued.extend(documents),
            Err(error) => failed.push(format!("{party}: {} ({})", error.message, error.code)),
        }
    }
    let shown =
        issued.iter().map(|document| present::invoice(document, PdfLink::Omitted)).collect::<Result<Vec<_>, _>>()?;
    print(output, &json!({ "issued": shown, "failed": failed }), &rows_of(&issued))?;
    if output == Output::Table {
        tell(restatements, issued.is_empty(), &failed);
    }
    Ok(if failed.is_empty() { Exit::Done } else { Exit::Findings })
}

fn differing(restated: &PartyRestatement) -> Option<&Restatement> {
    match &restated.outcome {
        RestatementOutcome::Restated(restatement) if !restatement.is_same() => Some(restatement),
        _ => None,
    }
}

fn failures(restatements: &[PartyRestatement]) -> Vec<String> {
    let failed = restatements.iter().filter_map(|restated| match &restated.outcome {
        RestatementOutcome::Failed(code, message) => Some(format!("{}: {message} ({code})", restated.party)),
        _ => None,
    });
    failed.collect()
}

fn show(output: Output, restatements: &[PartyRestatement]) -> CommandResult {
    let columns = ["organisation", "invoice", "line", "what", "stands", "would be"];
    let mut rows = Rows::new(&columns, &["stands", "would be"]);
    let mut values = Vec::new();
    for restated in restatements {
        let party = restated.party.to_string();
        let Some(restatement) = differing(restated) else { continue };
        let number = restatement.number.to_string();
        for change in &restatement.changes {
            rows.push(row(&party, &number, change));
        }
        let total = match (restatement.is_taken_back, restatement.has_other_parties) {
            (true, _) => "total, all taken back before",
            (false, true) => "total, with other particulars",
            (false, false) => "total",
        };
        rows.push([
            party,
            number,
            String::new(),
            total.to_owned(),
            restatement.stands.to_string(),
            restatement.would_be.to_string(),
        ]);
        values.push(value_of(restated, restatement)?);
    }
    let failed = failures(restatements);
    print(output, &json!({ "differences": values, "failed": failed }), &rows)?;
    if output == Output::Table {
        tell(restatements, values.is_empty(), &failed);
    }
    Ok(if failed.is_empty() { Exit::Done } else { Exit::Findings })
}

/// What no table says.
fn tell(restatements: &[PartyRestatement], is_empty: bool, failed: &[String]) {
    let billed = |one: &PartyRestatement| !matches!(one.outcome, RestatementOutcome::NotBilled);
    if !restatements.iter().any(billed) {
        say("nothing was billed in this month");
    } else if is_empty && failed.is_empty() {
        say("what was billed is what would be billed today");
    }
    failed.iter().for_each(say);
}

fn row(party: &str, number: &str, change: &LineChange) -> [String; 6] {
    let about = change.before.as_ref().map(|(_, line)| line).or(change.after.as_ref());
    let amount = |line: Option<&InvoiceLine>| line.map(|line| line.subtotal.to_string()).unwrap_or_default();
    let name = change.before.as_ref().map(|(name, _)| format!("{}-{}", name.number, name.line_number));
    [
        party.to_owned(),
        number.to_owned(),
        name.unwrap_or_default(),
        about.map(what).unwrap_or_default(),
        amount(change.before.as_ref().map(|(_, line)| line)),
        amount(change.after.as_ref()),
    ]
}

fn value_of(restated: &PartyRestatement, restatement: &Restatement) -> Result<Value, Failure> {
    let changes = restatement.changes.iter().map(|change| {
        json!({
            "line": change.before.as_ref().map(|(name, _)| format!("{}-{}", name.number, name.line_number)),
            "before": change.before.as_ref().map(|(_, line)| line),
            "after": change.after,
        })
    });
    Ok(json!({
        "organisation": restated.party,
        "invoice": restatement.number,
        "currency": restatement.stands.currency,
        "stands": restatement.stands.to_plain(),
        "would_be": restatement.would_be.to_plain(),
        "difference": restatement.difference()?.to_plain(),
        "other_particulars": restatement.has_other_parties,
        "taken_back": restatement.is_taken_back,
        "changes": changes.collect::<Vec<_>>(),
    }))
}
