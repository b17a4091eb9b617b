//! `quittance close`: drafts, checks and issues a period's invoices.

use std::collections::BTreeMap;
use std::path::Path;

use billing::money::{Amount, Currency};
use billing::rate::UnpricedUsage;
use engine::closing::{
    CloseOptions, ClosingOutcome, PartyClosing, PreviewedClosing, PreviewedOutcome, close, preview_close,
};
use serde_json::{Value, json};

use crate::cli::{CloseArgs, Output};
use crate::clock;
use crate::data_dir::DataDir;
use crate::output::{Rows, print, say};
use crate::progress::Progress;
use crate::{CommandResult, Exit};

pub(crate) async fn run(dir: &Path, output: Output, args: &CloseArgs) -> CommandResult {
    let data = DataDir::open(dir).await?;
    let options = CloseOptions { early: args.early, allow_unpriced: args.allow_unpriced };
    if args.preview {
        return preview(&data, output, args, options).await;
    }
    let _lock = data.lock().await?;
    let closings = {
        let progress = Progress::counting("closing");
        close(&data.books, args.period, options, clock::now()?, &|n| progress.tick(n)).await?
    };
    let mut rows = Rows::new(&["organisation", "outcome", "invoice", "lines", "total"], &["lines", "total"]);
    for closing in &closings {
        rows.push(row(closing));
    }
    print(output, &json_of(args, &closings), &rows)?;
    if output == Output::Table {
        for closing in &closings {
            if let ClosingOutcome::Parked(reasons) = &closing.outcome {
                for (code, message) in reasons {
                    say(format!("{} is parked: {message} ({code})", closing.party));
                }
            }
            print_unpriced(&closing.unpriced);
        }
        say(summary(&closings));
    }
    let parked = closings.iter().any(|closing| matches!(closing.outcome, ClosingOutcome::Parked(_)));
    Ok(if parked { Exit::Findings } else { Exit::Done })
}

async fn preview(data: &DataDir, output: Output, args: &CloseArgs, options: CloseOptions) -> CommandResult {
    let previews = {
        let progress = Progress::counting("drafting");
        preview_close(&data.books, args.period, options, clock::now()?, &|n| progress.tick(n)).await?
    };
    let mut rows = Rows::new(&["organisation", "outcome", "invoice", "lines", "total"], &["lines", "total"]);
    let (mut documents, mut parked) = (Vec::new(), Vec::new());
    for PreviewedClosing { party, outcome, .. } in &previews {
        let (empty, name) = (String::new, party.to_string());
        rows.push(match outcome {
            PreviewedOutcome::Document(document) => {
                let invoice = &document.invoice;
                let (number, total) = (invoice.number.to_string(), invoice.totals.total.to_string());
                [name, "would be issued".to_owned(), number, document.lines.len().to_string(), total]
            }
            PreviewedOutcome::AlreadyClosed(number) => {
                let number = number.as_ref().map(ToString::to_string).unwrap_or_default();
                [name, "closed before".to_owned(), number, empty(), empty()]
            }
            PreviewedOutcome::Nothing => [name, "nothing to bill".to_owned(), empty(), empty(), empty()],
            PreviewedOutcome::Parked(_) => [name, "would be parked".to_owned(), empty(), empty(), empty()],
        });
        match outcome {
            PreviewedOutcome::Document(document) => documents.push(json!({
                "organisation": party,
                "header": document.invoice,
                "lines": document.lines,
                "digest": document.digest,
            })),
            PreviewedOutcome::Parked(reasons) => parked.push((party, reasons)),
            PreviewedOutcome::AlreadyClosed(_) | PreviewedOutcome::Nothing => {}
        }
    }
    let would_park = |(party, reasons): &(_, &Vec<(String, String)>)| {
        let reasons = reasons.iter().map(|(code, message)| json!({ "code": code, "message": message }));
        json!({ "organisation": party, "reasons": reasons.collect::<Vec<_>>() })
    };
    let value = json!({
        "period": args.period,
        "documents": documents,
        "parked": parked.iter().map(would_park).collect::<Vec<_>>(),
    });
    print(output, &value, &rows)?;
    if output == Output::Table {
        for (party, reasons) in &parked {
            for (code, message) in *reasons {
                say(format!("{party} would be parked: {message} ({code})"));
            }
        }
        previews.iter().for_each(|preview| print_unpriced(&preview.unpriced));
    }
    Ok(if parked.is_empty() { Exit::Done } else { Exit::Findings })
}

/// `2 issued with 31 lines (5.00 EUR, 7.20 USD), 1 parked, 4 closed before, 3 with nothing to bill`; what did
/// not happen is left out.
fn summary(closings: &[PartyClosing]) -> String {
    let (mut issued, mut lines, mut parked, mut before, mut nothing) = (0_usize, 0_usize, 0_usize, 0_usize, 0_usize);
    let mut totals: BTreeMap<Currency, Option<Amount>> = BTreeMap::new();
    for closing in closings {
        match &closing.outcome {
            ClosingOutcome::Issued { total, line_count, .. } => {
                (issued, lines) = (issued + 1, lines + line_count);
                let sum = totals.entry(total.currency).or_insert(Some(Amount::zero(total.currency)));
                *sum = sum.and_then(|sum| sum.checked_add(*total).ok());
            }
            ClosingOutcome::AlreadyClosed(_) => before += 1,
            ClosingOutcome::Nothing => nothing += 1,
            ClosingOutcome::Parked(_) => parked += 1,
        }
    }
    // A sum that does not fit is left out rather than wrong.
    let totals: Vec<String> = totals.into_values().flatten().map(|total| total.to_string()).collect();
    let mut parts = vec![format!("{issued} issued with {lines} lines ({})", totals.join(", "))];
    if issued == 0 {
        parts = vec!["nothing issued".to_owned()];
    }
    let others = [(parked, "parked"), (before, "closed before"), (nothing, "with nothing to bill")];
    parts.extend(others.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
    parts.join(", ")
}

fn row(closing: &PartyClosing) -> [String; 5] {
    let party = closing.party.to_string();
    let empty = String::new;
    match &closing.outcome {
        ClosingOutcome::Issued { number, total, line_count } => {
            [party, "issued".to_owned(), number.to_string(), line_count.to_string(), total.to_string()]
        }
        ClosingOutcome::AlreadyClosed(number) => {
            let number = number.as_ref().map(ToString::to_string).unwrap_or_default();
            [party, "closed before".to_owned(), number, empty(), empty()]
        }
        ClosingOutcome::Nothing => [party, "nothing to bill".to_owned(), empty(), empty(), empty()],
        ClosingOutcome::Parked(_) => [party, "parked".to_owned(), empty(), empty(), empty()],
    }
}

/// Names each meter without a price once, with its days.
pub(crate) fn print_unpriced(unpriced: &[UnpricedUsage]) {
    for (days, reason) in by_meter(unpriced).into_values() {
        let days = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
        say(format!("unpriced, {days}: {reason}"));
    }
}

fn by_meter(unpriced: &[UnpricedUsage]) -> BTreeMap<&str, (usize, &str)> {
    let mut meters: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for usage in unpriced {
        meters.entry(usage.scope.meter.as_str()).or_insert((0, &usage.reason)).0 += 1;
    }
    meters
}

/// Unpriced usage as scripts read it: one object for each meter.
pub(crate) fn unpriced_json(unpriced: &[UnpricedUsage]) -> Vec<Value> {
    let mut meters: BTreeMap<&str, Vec<&UnpricedUsage>> = BTreeMap::new();
    for usage in unpriced {
        meters.entry(usage.scope.meter.as_str()).or_default().push(usage);
    }
    let days = |list: &[&UnpricedUsage]| -> Vec<Value> {
        list.iter()
            .map(|usage| {
                json!({
                    "customer": usage.scope.customer,
                    "subscription": usage.scope.subscription,
                    "usage_date": usage.usage_date,
                    "quantity": usage.quantity,
                    "records": usage.record_count,
                })
            })
            .collect()
    };
    meters
        .into_iter()
        .filter_map(|(meter, list)| {
            let first = list.first()?;
            Some(json!({ "meter": meter, "code": first.code, "reason": first.reason, "days": days(&list) }))
        })
        .collect()
}

fn json_of(args: &CloseArgs, closings: &[PartyClosing]) -> Value {
    let (mut issued, mut already, mut nothing, mut parked, mut unpriced) = (vec![], vec![], vec![], vec![], vec![]);
    for closing in closings {
        let organisation = &closing.party;
        match &closing.outcome {
            ClosingOutcome::Issued { number, total, line_count } => issued.push(json!({
                "organisation": organisation,
                "invoice": number,
                "total": total.to_plain(),
                "currency": total.currency,
                "lines": line_count,
            })),
            ClosingOutcome::AlreadyClosed(number) => {
                already.push(json!({ "organisation": organisation, "invoice": number }));
            }
            ClosingOutcome::Nothing => nothing.push(json!({ "organisation": organisation })),
            ClosingOutcome::Parked(reasons) => {
                let reasons = reasons.iter().map(|(code, message)| json!({ "code": code, "message": message }));
                parked.push(json!({ "organisation": organisation, "reasons": reasons.collect::<Vec<_>>() }));
            }
        }
        for mut meter in unpriced_json(&closing.unpriced) {
            meter["organisation"] = json!(organisation);
            unpriced.push(meter);
        }
    }
    json!({
        "period": args.period,
        "issued": issued,
        "already_closed": already,
        "nothing_to_bill": nothing,
        "parked": parked,
        "unpriced": unpriced,
    })
}
