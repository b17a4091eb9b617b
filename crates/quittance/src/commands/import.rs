//! `quittance import`: files become records, lists and directory rows.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use billing::ports::{QuarantinedLine, hex};
use engine::import::{
    ImportFile, ImportReport, OrderOptions, UsageImportOptions, import_customers, import_fx, import_offers,
    import_orders, import_prices, import_savings_plans, import_subscriptions, import_tax_rates, import_usage,
    replay_quarantine,
};
use formats::source::Input;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::cli::{ImportCommand, ImportDirectoryArgs, ImportFxArgs, ImportPricesArgs, ImportUsageArgs, Output};
use crate::clock;
use crate::data_dir::DataDir;
use crate::output::{Failure, Rows, print, say};
use crate::progress::Progress;
use crate::{CommandResult, Exit};

/// Quarantined lines that are printed in full; the rest is counted.
const LINES_SHOWN_MAX: usize = 20;

pub(crate) async fn run(dir: &Path, output: Output, command: &ImportCommand) -> CommandResult {
    let data = DataDir::open(dir).await?;
    let _lock = data.lock().await?;
    let reports = match command {
        ImportCommand::Usage(args) if args.replay_quarantine => vec![replay(&data, args).await?],
        ImportCommand::Usage(args) => usage(&data, args).await?,
        ImportCommand::Prices(args) => prices(&data, args).await?,
        ImportCommand::Customers(args) => customers(&data, args).await?,
        ImportCommand::Subscriptions(args) => subscriptions(&data, args).await?,
        ImportCommand::Fx(args) => fx(&data, args).await?,
        ImportCommand::Tax { files } => tax(&data, files).await?,
        ImportCommand::Offers { files } => offers(&data, files).await?,
        ImportCommand::Orders { files, late } => orders(&data, files, *late).await?,
        ImportCommand::SavingsPlans { files } => savings_plans(&data, files).await?,
    };
    print_reports(output, &reports)
}

/// A file ready to be read, with its digest and its size.
pub(crate) fn open(path: &Path) -> Result<(ImportFile, u64), Failure> {
    let name = path.display().to_string();
    let unreadable = |error: std::io::Error| Failure::new("file.unreadable", format!("{name} cannot be read: {error}"));
    let mut hasher = Sha256::new();
    let mut file = File::open(path).map_err(unreadable)?;
    let mut buffer = vec![0; 1 << 20];
    let mut size = 0;
    loop {
        let count = file.read(&mut buffer).map_err(unreadable)?;
        if count == 0 {
            break;
        }
        size += count as u64;
        hasher.update(&buffer[..count]);
    }
    let input = Input::file(name.clone(), File::open(path).map_err(unreadable)?);
    Ok((ImportFile { input, name, sha256: hex(&hasher.finalize()) }, size))
}

pub(super) fn parse_format<F: FromStr>(name: Option<&String>) -> Result<Option<F>, Failure>
where
    F::Err: std::fmt::Display,
{
    name.map(|name| name.parse().map_err(|error: F::Err| Failure::new("file.format_unknown", error.to_string())))
        .transpose()
}

fn usage_options(args: &ImportUsageArgs) -> Result<UsageImportOptions, Failure> {
    Ok(UsageImportOptions {
        format: parse_format(args.format.as_ref())?,
        assign_to: args.assign_to.clone(),
        organisation: args.org.clone(),
        period: args.period,
        own_cost_as_price: args.own_cost_as_price,
    })
}

async fn usage(data: &DataDir, args: &ImportUsageArgs) -> Result<Vec<ImportReport>, Failure> {
    let options = usage_options(args)?;
    let mut reports = Vec::new();
    for path in &args.files {
        let (file, size) = open(path)?;
        let name = file.name.clone();
        let progress = Progress::over_bytes(&name, size, file.input.bytes_consumed());
        let report = import_usage(&data.books, file, &options, clock::now()?, &|n| progress.tick(n)).await;
        reports.push(report.map_err(|error| Failure::from(error).in_file(&name))?);
    }
    Ok(reports)
}

async fn replay(data: &DataDir, args: &ImportUsageArgs) -> Result<ImportReport, Failure> {
    let mut totals = ImportReport { source: "quarantine".to_owned(), ..ImportReport::default() };
    let replayed = replay_quarantine(&data.books, &usage_options(args)?, clock::now()?).await?;
    totals.accepted = replayed.accepted;
    totals.duplicate = replayed.duplicate;
    totals.quarantined = replayed.remaining;
    Ok(totals)
}

async fn prices(data: &DataDir, args: &ImportPricesArgs) -> Result<Vec<ImportReport>, Failure> {
    let options = formats::price::PriceOptions {
        format: parse_format(args.format.as_ref())?,
        effective_from: args.effective_from,
        earned_credit_rate: args.earned_credit_rate,
    };
    each(&args.files, async |file| {
        import_prices(&data.books, file, &options, clock::now()?).await.map_err(Failure::from)
    })
    .await
}

async fn fx(data: &DataDir, args: &ImportFxArgs) -> Result<Vec<ImportReport>, Failure> {
    let options =
        formats::fx::FxOptions { format: parse_format(args.format.as_ref())?, ..formats::fx::FxOptions::default() };
    each(&args.files, async |file| import_fx(&data.books, file, &options, clock::now()?).await.map_err(Failure::from))
        .await
}

async fn tax(data: &DataDir, files: &[PathBuf]) -> Result<Vec<ImportReport>, Failure> {
    each(files, async |file| import_tax_rates(&data.books, file, clock::now()?).await.map_err(Failure::from)).await
}

async fn offers(data: &DataDir, files: &[PathBuf]) -> Result<Vec<ImportReport>, Failure> {
    each(files, async |file| import_offers(&data.books, file, clock::now()?).await.map_err(Failure::from)).await
}

async fn orders(data: &DataDir, files: &[PathBuf], late: bool) -> Result<Vec<ImportReport>, Failure> {
    let options = OrderOptions { late };
    each(files, async |file| import_orders(&data.books, file, options, clock::now()?).await.map_err(Failure::from))
        .await
}

async fn savings_plans(data: &DataDir, files: &[PathBuf]) -> Result<Vec<ImportReport>, Failure> {
    each(files, async |file| import_savings_plans(&data.books, file, clock::now()?).await.map_err(Failure::from)).await
}

async fn customers(data: &DataDir, args: &ImportDirectoryArgs) -> Result<Vec<ImportReport>, Failure> {
    each(&args.files, async |file| {
        import_customers(&data.books, file, args.org.as_ref(), clock::now()?).await.map_err(Failure::from)
    })
    .await
}

async fn subscriptions(data: &DataDir, args: &ImportDirectoryArgs) -> Result<Vec<ImportReport>, Failure> {
    each(&args.files, async |file| import_subscriptions(&data.books, file, clock::now()?).await.map_err(Failure::from))
        .await
}

async fn each(
    paths: &[PathBuf],
    import: impl AsyncFn(ImportFile) -> Result<ImportReport, Failure>,
) -> Result<Vec<ImportReport>, Failure> {
    let mut reports = Vec::new();
    for path in paths {
        let (file, _) = open(path)?;
        let name = file.name.clone();
        reports.push(import(file).await.map_err(|failure| failure.in_file(&name))?);
    }
    Ok(reports)
}

fn print_reports(output: Output, reports: &[ImportReport]) -> CommandResult {
    let mut rows = Rows::new(
        &["file", "format", "accepted", "duplicate", "quarantined"],
        &["accepted", "duplicate", "quarantined"],
    );
    for report in reports {
        rows.push([
            report.source.clone(),
            report.format.clone(),
            report.accepted.to_string(),
            report.duplicate.to_string(),
            report.quarantined.len().to_string(),
        ]);
    }
    print(output, &json_of(reports), &rows)?;
    if output == Output::Table {
        for report in reports {
            report.notes.iter().for_each(|note| say(format!("note: {note}")));
            print_quarantined(&report.quarantined);
        }
    }
    let bad = reports.iter().any(|report| !report.quarantined.is_empty());
    Ok(if bad { Exit::Findings } else { Exit::Done })
}

fn print_quarantined(lines: &[QuarantinedLine]) {
    for line in lines.iter().take(LINES_SHOWN_MAX) {
        say(format!("{}:{}:{}: {}: {} ({})", line.source, line.line, line.column, line.field, line.message, line.code));
    }
    if lines.len() > LINES_SHOWN_MAX {
        say(format!("… and {} more; see `quittance quarantine list`", lines.len() - LINES_SHOWN_MAX));
    }
}

fn json_of(reports: &[ImportReport]) -> Value {
    let sum = |count: fn(&ImportReport) -> u64| reports.iter().map(count).sum::<u64>();
    let lines = reports.iter().flat_map(|report| &report.quarantined).map(json_of_line);
    json!({
        "accepted": sum(|report| report.accepted),
        "duplicate": sum(|report| report.duplicate),
        "quarantined": sum(|report| report.quarantined.len() as u64),
        "files": reports.iter().map(|report| json!({
            "file": report.source,
            "format": report.format,
            "accepted": report.accepted,
            "duplicate": report.duplicate,
            "quarantined": report.quarantined.len(),
            "notes": report.notes,
        })).collect::<Vec<_>>(),
        "quarantined_lines": lines.collect::<Vec<_>>(),
    })
}

/// A quarantined line as scripts read it.
pub(crate) fn json_of_line(line: &QuarantinedLine) -> Value {
    json!({
        "id": line.id,
        "file": line.source,
        "line": line.line,
        "column": line.column,
        "field": line.field,
        "code": line.code,
        "message": line.message,
    })
}
