//! The figures of single questions: a corrected day, pages of a long invoice, the explanation of a line.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use billing::invoice::InvoiceNumber;
use billing::ports::UsageImport;
use billing::usage::RecordOrigin;
use clap::Args;
use engine::Books;
use engine::closing::{CloseOptions, ClosingOutcome, close};
use engine::rating::{RatingOutcome, rate};
use engine::{explaining, invoices};
use serde_json::json;

use crate::books::{OpenBooks, forget_rating, now, root_of};
use crate::chance::{Chance, Purpose};
use crate::day::{date_of, record, rows_of_day};
use crate::generate::Complete;
use crate::rate::rounded;
use crate::world::World;
use crate::{Outcome, PERIOD};

#[derive(Debug, Args)]
pub(crate) struct FiguresArgs {
    /// What `generate` made
    #[arg(long)]
    dir: PathBuf,
    /// Random pages that are read
    #[arg(long, default_value_t = 1_000)]
    pages: usize,
    /// Random lines that are explained, each by books that were just opened
    #[arg(long, default_value_t = 20)]
    explanations: u32,
}

const LINES_PER_PAGE: usize = 2_000;
/// The day whose usage is corrected.
const CORRECTED_DAY: u8 = 13;

pub(crate) async fn figures(args: &FiguresArgs) -> Outcome<()> {
    let complete = Complete::read(&args.dir)?;
    let root = root_of(&args.dir);
    forget_rating(&root)?;
    let open = OpenBooks::open(&root).await?;
    rate(&open.books, PERIOD.parse()?, &|_| {}).await?;
    correct_a_day(&open.books, complete).await?;
    open.close().await;
    let start = Instant::now();
    let open = OpenBooks::open(&root).await?;
    let ratings = rate(&open.books, PERIOD.parse()?, &|_| {}).await?;
    let rerated = start.elapsed();
    let lines: u64 = ratings
        .iter()
        .map(|rating| match &rating.outcome {
            RatingOutcome::Rated { daily_line_count, .. } => *daily_line_count,
            _ => 0,
        })
        .sum();
    if lines != complete.rows {
        return Err(format!("{} rows, {lines} lines after the correction", complete.rows).into());
    }
    let start = Instant::now();
    let (number, line_count) = issue(&open.books).await?;
    let closed = start.elapsed();
    let pages = read_pages(&open.books, &number, complete, args.pages).await?;
    open.close().await;
    let mut explanations = Vec::new();
    let mut chance = Chance::new(complete.seed, Purpose::Questions);
    for _ in 0..args.explanations {
        let line = u32::try_from(chance.below(u64::from(line_count)))? + 1;
        let start = Instant::now();
        let open = OpenBooks::open(&root).await?;
        explaining::explain(&open.books, &number, line).await?;
        explanations.push(start.elapsed());
        open.close().await;
    }
    println!(
        "{}",
        json!({
            "rows": complete.rows,
            "corrected_day_s": rounded(rerated.as_secs_f64(), 1000.0),
            "close_s": rounded(closed.as_secs_f64(), 10.0),
            "invoice_lines": line_count,
            "page_ms": quantiles(pages),
            "explain_ms": quantiles(explanations),
        })
    );
    Ok(())
}

/// Restates one record with twice its quantity.
async fn correct_a_day(books: &Books, complete: Complete) -> Outcome<()> {
    let world = World::new(complete.seed, crate::day::resource_count(complete.rows)?)?;
    let row = rows_of_day(&world, complete.seed, complete.rows, CORRECTED_DAY).nth(1_000).ok_or("too few rows")?;
    let mut record = record(&world, date_of(CORRECTED_DAY), row)?;
    if let RecordOrigin::Own { revision, .. } = &mut record.origin {
        *revision += 1;
    }
    record.quantity = record.quantity.checked_add(record.quantity)?;
    let known = books.ledger.usage_files().await?;
    let mut session = books.usage.begin_import(&known, &[])?;
    session.push(1, record)?;
    let imported = session.finish()?;
    if imported.accepted != 1 {
        return Err(format!("the correction was not accepted: {imported:?}").into());
    }
    let import = UsageImport {
        source: "correction".to_owned(),
        imported_at: now()?,
        accepted: imported.accepted,
        files: imported.files,
        ..UsageImport::default()
    };
    Ok(books.ledger.commit_usage_import(&import).await?)
}

async fn issue(books: &Books) -> Outcome<(InvoiceNumber, u32)> {
    let closings = close(books, PERIOD.parse()?, CloseOptions::default(), now()?, &|_| {}).await?;
    match closings.into_iter().next().map(|closing| closing.outcome) {
        Some(ClosingOutcome::Issued { number, line_count, .. }) => Ok((number, u32::try_from(line_count)?)),
        outcome => Err(format!("nothing was issued: {outcome:?}").into()),
    }
}

/// As the server answers them: from the invoice on, each page by itself.
async fn read_pages(books: &Books, number: &InvoiceNumber, complete: Complete, count: usize) -> Outcome<Vec<Duration>> {
    let mut chance = Chance::new(complete.seed, Purpose::Questions);
    let last = complete.rows.saturating_sub(LINES_PER_PAGE as u64).max(1);
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let after = chance.below(last);
        let start = Instant::now();
        let issued = invoices::find(books, None, number).await?;
        let source = invoices::billed_days(books, &issued).await?;
        let page = source.read(books, after, LINES_PER_PAGE, &|_| true)?;
        let shown = source.show(books, page).await?;
        times.push(start.elapsed());
        if shown.len() != LINES_PER_PAGE {
            return Err(format!("{} lines behind line {after}", shown.len()).into());
        }
    }
    Ok(times)
}

fn quantiles(mut times: Vec<Duration>) -> serde_json::Value {
    times.sort_unstable();
    let at = |percent: usize| {
        let place = (times.len() * percent).div_ceil(100).saturating_sub(1);
        rounded(times.get(place).copied().unwrap_or_default().as_secs_f64() * 1000.0, 10.0)
    };
    json!({ "median": at(50), "p99": at(99), "max": at(100) })
}
