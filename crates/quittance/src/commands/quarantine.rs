//! `quittance quarantine`: bad input lines that were set aside.

use std::io::Write;
use std::path::Path;

use engine::import::take_differences;
use serde_json::json;

use crate::cli::{Output, QuarantineCommand};
use crate::clock;
use crate::commands::import::json_of_line;
use crate::data_dir::DataDir;
use crate::output::{Failure, Rows, print, say};
use crate::{CommandResult, Exit};

pub(crate) async fn run(dir: &Path, output: Output, command: &QuarantineCommand) -> CommandResult {
    let data = DataDir::open(dir).await?;
    let ledger = &data.books.ledger;
    match command {
        QuarantineCommand::List => {
            let lines = ledger.quarantine().await?;
            let mut rows =
                Rows::new(&["id", "file", "line", "column", "field", "code", "message"], &["id", "line", "column"]);
            for line in &lines {
                rows.push([
                    line.id.to_string(),
                    line.source.clone(),
                    line.line.to_string(),
                    line.column.to_string(),
                    line.field.clone(),
                    line.code.clone(),
                    line.message.clone(),
                ]);
            }
            print(output, &lines.iter().map(json_of_line).collect::<Vec<_>>(), &rows)?;
        }
        QuarantineCommand::Show { id } => {
            let lines = ledger.quarantine().await?;
            let line = lines.iter().find(|line| line.id == *id);
            let line =
                line.ok_or_else(|| Failure::new("quarantine.unknown", format!("no line {id} is in quarantine")))?;
            let mut out = std::io::stdout();
            if !line.header.is_empty() {
                writeln!(out, "{}", line.header.trim_end())?;
            }
            out.write_all(&line.raw)?;
            writeln!(out)?;
        }
        QuarantineCommand::TakeDifferences => {
            let _lock = data.lock().await?;
            let taken = take_differences(&data.books, clock::now()?).await?;
            let mut rows = Rows::new(&["id", "code", "message"], &["id"]);
            for line in &taken.remaining {
                rows.push([line.id.to_string(), line.code.clone(), line.message.clone()]);
            }
            let value = json!({
                "restatements": taken.restatements,
                "records": taken.records,
                "remaining": taken.remaining.iter().map(json_of_line).collect::<Vec<_>>(),
            });
            print(output, &value, &rows)?;
            if output == Output::Table {
                say(format!("{} restatements were taken by {} records", taken.restatements, taken.records));
            }
        }
        QuarantineCommand::Drop { ids } => {
            let _lock = data.lock().await?;
            let waiting = ledger.quarantine().await?;
            if let Some(unknown) = ids.iter().find(|id| waiting.iter().all(|line| line.id != **id)) {
                return Err(Failure::new("quarantine.unknown", format!("no line {unknown} is in quarantine")));
            }
            ledger.drop_quarantined(ids).await?;
        }
    }
    Ok(Exit::Done)
}
