//! `quittance rate`: rates an open period.

use std::path::Path;

use engine::rating::{PartyRating, RatingOutcome, preview, rate};
use serde_json::{Value, json};

use crate::cli::{Output, RateArgs};
use crate::commands::close::{print_unpriced, unpriced_json};
use crate::data_dir::DataDir;
use crate::output::{Rows, print};
use crate::progress::Progress;
use crate::{CommandResult, Exit};

pub(crate) async fn run(dir: &Path, output: Output, args: &RateArgs) -> CommandResult {
    let data = DataDir::open(dir).await?;
    let _lock = data.lock().await?;
    let ratings = {
        let progress = Progress::counting("rating");
        let tick = |n| progress.tick(n);
        match args.dry_run {
            true => preview(&data.books, args.period, &tick).await?,
            false => rate(&data.books, args.period, &tick).await?,
        }
    };
    let mut rows = Rows::new(&["organisation", "lines", "late", "subtotal", "remark"], &["lines", "late", "subtotal"]);
    for rating in &ratings {
        rows.push(row(rating));
    }
    let value = json!({ "period": args.period, "organisations": ratings.iter().map(json_of).collect::<Vec<_>>() });
    print(output, &value, &rows)?;
    let mut findings = false;
    for rating in &ratings {
        match &rating.outcome {
            RatingOutcome::Rated { unpriced, .. } if !unpriced.is_empty() => {
                findings = true;
                if output == Output::Table {
                    print_unpriced(unpriced);
                }
            }
            RatingOutcome::Failed(..) => findings = true,
            RatingOutcome::Rated { .. } | RatingOutcome::Closed => {}
        }
    }
    Ok(if findings { Exit::Findings } else { Exit::Done })
}

fn row(rating: &PartyRating) -> [String; 5] {
    let party = rating.party.to_string();
    match &rating.outcome {
        RatingOutcome::Rated { daily_line_count, late_count, subtotal, unpriced, .. } => {
            let remark = if unpriced.is_empty() { String::new() } else { "some usage has no price".to_owned() };
            [party, daily_line_count.to_string(), late_count.to_string(), subtotal.to_string(), remark]
        }
        RatingOutcome::Closed => [party, String::new(), String::new(), String::new(), "closed".to_owned()],
        RatingOutcome::Failed(code, message) => {
            [party, String::new(), String::new(), String::new(), format!("{message} ({code})")]
        }
    }
}

fn json_of(rating: &PartyRating) -> Value {
    match &rating.outcome {
        RatingOutcome::Rated { daily_line_count, late_count, subtotal, customers, unpriced } => json!({
            "organisation": rating.party,
            "status": "rated",
            "lines": daily_line_count,
            "late": late_count,
            "subtotal": subtotal.to_plain(),
            "currency": subtotal.currency,
            "customers": customers.iter().map(|(customer, totals)| json!({
                "customer": customer,
                "invoice_lines": totals.line_count,
                "lines": totals.daily_line_count,
                "subtotal": totals.subtotal,
                "daily_billing_total": totals.daily_billing_total,
            })).collect::<Vec<_>>(),
            "unpriced": unpriced_json(unpriced),
        }),
        RatingOutcome::Closed => json!({ "organisation": rating.party, "status": "closed" }),
        RatingOutcome::Failed(code, message) => {
            json!({ "organisation": rating.party, "status": "failed", "code": code, "message": message })
        }
    }
}
