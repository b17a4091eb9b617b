//! `quittance store`: the files of usage.

use std::path::Path;

use engine::storing::{CompactedMonth, StoreStats, compact, stats, sweep};
use indicatif::{HumanBytes, HumanCount};
use serde_json::{Value, json};

use crate::cli::{Output, StoreCommand};
use crate::clock::now;
use crate::data_dir::DataDir;
use crate::output::{Rows, print, say};
use crate::progress::Progress;
use crate::{CommandResult, Exit};

pub(crate) async fn run(dir: &Path, output: Output, command: StoreCommand) -> CommandResult {
    let data = DataDir::open(dir).await?;
    match command {
        StoreCommand::Stats => print_stats(output, &stats(&data.books).await?)?,
        StoreCommand::Compact => {
            let _lock = data.lock().await?;
            let compacted = {
                let progress = Progress::counting("merging");
                compact(&data.books, now()?, &|rows| progress.tick(rows)).await?
            };
            print_compacted(output, &compacted)?;
        }
        StoreCommand::Sweep => {
            // Whoever takes the lock sweeps, so it is asked before what there is.
            let _lock = data.lock_without_sweep()?;
            let removed = sweep(&data.books).await?;
            let mut rows = Rows::new(&["removed"], &[]);
            removed.iter().for_each(|path| rows.push([path.clone()]));
            print(output, &json!({ "removed": removed }), &rows)?;
        }
    }
    Ok(Exit::Done)
}

fn print_stats(output: Output, stats: &StoreStats) -> Result<(), crate::output::Failure> {
    let headings = ["what", "files", "rows", "size", "open files"];
    let mut rows = Rows::new(&headings, &headings[1..]);
    for month in &stats.months {
        rows.push([
            format!("records of {}", month.month),
            HumanCount(month.file_count).to_string(),
            HumanCount(month.record_count).to_string(),
            HumanBytes(month.byte_count + month.key_byte_count).to_string(),
            HumanCount(month.open_file_count).to_string(),
        ]);
    }
    let others = [
        ("rated lines", stats.rated_file_count, Some(stats.rated_line_count), stats.rated_byte_count),
        ("merged, still read", stats.retired_file_count, None, stats.retired_byte_count),
        ("named by nothing", stats.unknown_file_count, None, stats.unknown_byte_count),
    ];
    for (what, files, lines, bytes) in others {
        rows.push([
            what.to_owned(),
            HumanCount(files).to_string(),
            lines.map_or_else(String::new, |lines| HumanCount(lines).to_string()),
            HumanBytes(bytes).to_string(),
            String::new(),
        ]);
    }
    print(output, &stats_json(stats), &rows)
}

fn stats_json(stats: &StoreStats) -> Value {
    let months = stats.months.iter().map(|month| {
        json!({
            "month": month.month,
            "files": month.file_count,
            "open_files": month.open_file_count,
            "records": month.record_count,
            "bytes": month.byte_count,
            "key_bytes": month.key_byte_count,
        })
    });
    json!({
        "months": months.collect::<Vec<_>>(),
        "rated": { "files": stats.rated_file_count, "lines": stats.rated_line_count, "bytes": stats.rated_byte_count },
        "retired": { "files": stats.retired_file_count, "bytes": stats.retired_byte_count },
        "unknown": { "files": stats.unknown_file_count, "bytes": stats.unknown_byte_count },
    })
}

fn print_compacted(output: Output, compacted: &[CompactedMonth]) -> Result<(), crate::output::Failure> {
    if compacted.is_empty() && output == Output::Table {
        say("nothing to merge: the files of each month follow one another, or were billed");
        return Ok(());
    }
    let headings = ["month", "records", "files before", "files after", "size before", "size after"];
    let mut rows = Rows::new(&headings, &headings[1..]);
    for month in compacted {
        rows.push([
            month.month.to_string(),
            HumanCount(month.record_count).to_string(),
            month.files_before.to_string(),
            month.files_after.to_string(),
            HumanBytes(month.bytes_before).to_string(),
            HumanBytes(month.bytes_after).to_string(),
        ]);
    }
    let months = compacted.iter().map(|month| {
        json!({
            "month": month.month,
            "records": month.record_count,
            "files_before": month.files_before,
            "files_after": month.files_after,
            "bytes_before": month.bytes_before,
            "bytes_after": month.bytes_after,
        })
    });
    print(output, &json!({ "compacted": months.collect::<Vec<_>>() }), &rows)
}
