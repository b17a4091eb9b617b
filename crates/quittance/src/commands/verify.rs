//! `quittance verify`: proves the books.

use std::path::Path;

use engine::verifying::verify;
use serde_json::json;

use crate::cli::Output;
use crate::data_dir::DataDir;
use crate::output::{Rows, print, say};
use crate::progress::Progress;
use crate::{CommandResult, Exit};

pub(crate) async fn run(dir: &Path, output: Output) -> CommandResult {
    let data = DataDir::open(dir).await?;
    let verification = {
        let progress = Progress::counting("verifying");
        verify(&data.books, &|n| progress.tick(n)).await?
    };
    let mut rows = Rows::new(&["subject", "finding"], &[]);
    for finding in &verification.findings {
        rows.push([finding.subject.clone(), finding.sentence.clone()]);
    }
    let sound = verification.findings.is_empty();
    let findings = verification.findings.iter();
    let value = json!({
        "sound": sound,
        "invoices": verification.invoice_count,
        "files": verification.file_count,
        "documents": verification.document_count,
        "findings": findings
            .map(|finding| json!({ "subject": finding.subject, "finding": finding.sentence }))
            .collect::<Vec<_>>(),
    });
    if !sound || output != Output::Table {
        print(output, &value, &rows)?;
    }
    if output == Output::Table {
        say(format!(
            "{} invoices recomputed, {} files and {} documents checked: {}",
            verification.invoice_count,
            verification.file_count,
            verification.document_count,
            if sound { "the books are sound".to_owned() } else { format!("{} findings", verification.findings.len()) },
        ));
    }
    Ok(if sound { Exit::Done } else { Exit::Findings })
}
