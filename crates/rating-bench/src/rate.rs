//! Rates the generated month as the product does, and measures it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use billing::ids::CustomerId;
use billing::rate::CustomerTotals;
use clap::Args;
use engine::rating::{PartyRating, RatingOutcome};
use serde_json::json;

use crate::books::{OpenBooks, forget_rating, root_of};
use crate::generate::Complete;
use crate::totals::totals_csv;
use crate::{Outcome, PERIOD, at, sha256_of};

#[derive(Debug, Args)]
pub(crate) struct RateArgs {
    /// What `generate` made
    #[arg(long)]
    dir: PathBuf,
    /// Gets the totals by customer
    #[arg(long)]
    out: PathBuf,
}

/// The clock runs from opening the ledger to the written totals, as it does for the peers.
pub(crate) async fn rate(args: &RateArgs) -> Outcome<()> {
    let rows = Complete::read(&args.dir)?.rows;
    let root = root_of(&args.dir);
    forget_rating(&root)?;
    let start = Instant::now();
    let open = OpenBooks::open(&root).await?;
    let ratings = engine::rating::rate(&open.books, PERIOD.parse()?, &|_| {}).await?;
    let customers = customers(&ratings)?;
    let lines = customers.iter().map(|(id, totals)| (id.as_str(), totals.daily_line_count, totals.daily_billing_total));
    let totals = totals_csv(lines)?;
    fs::write(&args.out, &totals).map_err(at(&args.out))?;
    let wall = start.elapsed();
    let line_count: u64 = customers.values().map(|totals| totals.daily_line_count).sum();
    if line_count != rows {
        return Err(format!("{rows} usage rows, {line_count} lines in the totals").into());
    }
    let rated = open.books.ledger.rated_files().await?;
    let out_bytes = rated.iter().map(|file| file.byte_count).sum::<u64>() + totals.len() as u64;
    open.close().await;
    let seconds = wall.as_secs_f64();
    println!(
        "{}",
        json!({
            "name": "quittance",
            "version": env!("CARGO_PKG_VERSION"),
            "rows": rows,
            "wall_s": rounded(seconds, 1000.0),
            "rows_per_s": (rows as f64 / seconds).round() as u64,
            "peak_rss_mb": (peak_bytes()? as f64 / 1e6).round() as u64,
            "out_mb": rounded(out_bytes as f64 / 1e6, 10.0),
            "totals_sha": sha256_of(totals.as_bytes()),
        })
    );
    Ok(())
}

/// Usage that was not rated would be missing in the totals.
fn customers(ratings: &[PartyRating]) -> Outcome<BTreeMap<&CustomerId, &CustomerTotals>> {
    let mut all = BTreeMap::new();
    for rating in ratings {
        match &rating.outcome {
            RatingOutcome::Rated { unpriced, customers, .. } if unpriced.is_empty() => all.extend(customers),
            outcome => return Err(format!("{} was not rated in full: {outcome:?}", rating.party).into()),
        }
    }
    Ok(all)
}

pub(crate) fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}

/// The most memory that this process had resident, as the kernel counts it.
fn peak_bytes() -> Outcome<u64> {
    let path = Path::new("/proc/self/status");
    let status = fs::read_to_string(path).map_err(at(path))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("the kernel states no VmHWM")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1024)
}
