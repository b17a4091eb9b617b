//! Proves the books: recomputes every invoice from its snapshot, compares bytes, and checks files,
//! documents and the journal. It writes nothing.

use std::collections::BTreeSet;

use billing::ids::SubscriptionId;
use billing::invoice::{Draft, Invoice, check_draft};
use billing::party::PartyDirectory;
use billing::ports::{StoredFile, UsageFile, document_digest, hex};
use billing::rate::{LateFrom, RatedLine};
use sha2::{Digest, Sha256};

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::inputs::{Lists, load_directory};
use crate::invoices::{IssuedInvoice, list};
use crate::rating::{PartyInputs, canonical, late_from, rate_records};
use crate::selection::{Selected, Selection, complete};

/// What a verification found.
#[derive(Debug, Clone, Default)]
pub struct Verification {
    pub invoice_count: usize,
    pub file_count: usize,
    pub document_count: usize,
    /// Each names what is wrong; empty when the books are sound.
    pub findings: Vec<Finding>,
}

/// One thing that is not as it has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file, invoice or table.
    pub subject: String,
    pub sentence: String,
}

/// Verifies everything. `tick` hears of each invoice and file.
///
/// # Errors
/// Only when the ledger itself cannot be opened or read; all else is a finding.
pub async fn verify(books: &Books, tick: &(dyn Fn(u64) + Sync)) -> EngineResult<Verification> {
    let mut verification = Verification::default();
    for sentence in books.ledger.integrity().await? {
        verification.findings.push(Finding { subject: "ledger".to_owned(), sentence });
    }
    let files = check_files(books, &mut verification, tick).await;
    verification.absorb("files", files)?;
    let documents = check_documents(books, &mut verification).await;
    verification.absorb("documents", documents)?;
    let invoices = check_invoices(books, &mut verification, tick).await;
    verification.absorb("invoices", invoices)?;
    Ok(verification)
}

impl Verification {
    /// A step that fails over damage that was found before ends only itself.
    fn absorb(&mut self, step: &str, result: EngineResult<()>) -> EngineResult<()> {
        match result {
            Err(error) if self.findings.is_empty() => Err(error),
            Err(error) => {
                self.findings.push(Finding { subject: step.to_owned(), sentence: error.message });
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}

async fn check_invoices(
    books: &Books,
    verification: &mut Verification,
    tick: &(dyn Fn(u64) + Sync),
) -> EngineResult<()> {
    for issued in list(books, None).await? {
        verification.invoice_count += 1;
        if let Some(finding) = check_invoice(books, &issued).await? {
            verification.findings.push(finding);
        }
        tick(1);
    }
    Ok(())
}

async fn check_files(books: &Books, verification: &mut Verification, tick: &(dyn Fn(u64) + Sync)) -> EngineResult<()> {
    let usage = books.ledger.usage_files().await?.into_iter().flat_map(|file| [file.rows, file.keys]);
    let files: Vec<StoredFile> = usage.chain(books.ledger.rated_files().await?).collect();
    for file in files {
        verification.file_count += 1;
        if let Some(sentence) = books.usage.check_file(&file)? {
            verification.findings.push(Finding { subject: file.path, sentence });
        }
        tick(1);
    }
    Ok(())
}

async fn check_documents(books: &Books, verification: &mut Verification) -> EngineResult<()> {
    for document in books.ledger.documents().await? {
        verification.document_count += 1;
        let sentence = match books.documents.load(&document.path) {
            Ok(bytes) if hex(&Sha256::digest(&bytes)) == document.sha256 => continue,
            Ok(_) => format!("the document of invoice {} is not what was rendered", document.number),
            Err(error) => error.message,
        };
        verification.findings.push(Finding { subject: document.path, sentence });
    }
    Ok(())
}

/// Recomputes one invoice; a finding when any byte differs.
async fn check_invoice(books: &Books, issued: &IssuedInvoice) -> EngineResult<Option<Finding>> {
    let finding = |sentence: String| Some(Finding { subject: format!("invoice {}", issued.stored.number), sentence });
    let stored_lines = books.ledger.invoice_lines(&issued.stored.number, 0, u32::MAX).await?;
    let digest = document_digest(&issued.stored.header, stored_lines.iter().map(Vec::as_slice));
    if digest != issued.stored.digest {
        return Ok(finding("its stored bytes are not what was issued".to_owned()));
    }
    let recomputed = match Recomputation::load(books, issued).await {
        Ok(recomputation) => recomputation.rate(books, &mut |_| {}),
        Err(error) => Err(error),
    };
    let draft = match recomputed {
        Ok(draft) => draft,
        Err(error) => return Ok(finding(format!("it cannot be recomputed: {}", error.message))),
    };
    let again = Invoice::issue(
        &draft,
        issued.invoice.number.clone(),
        issued.invoice.issued_at,
        issued.invoice.snapshot.clone(),
    );
    if canonical(&again)? != issued.stored.header {
        return Ok(finding("recomputing it from its snapshot gives another document".to_owned()));
    }
    for (drafted, stored) in draft.lines.iter().zip(&stored_lines) {
        if canonical(&drafted.line)? != *stored {
            return Ok(finding(format!("recomputing line {} gives another line", drafted.line.line_number)));
        }
    }
    let sound = draft.lines.len() == stored_lines.len()
        && check_draft(&draft, issued.invoice.snapshot.allow_unpriced).is_empty();
    Ok(if sound { None } else { finding("recomputing it gives another set of lines".to_owned()) })
}

/// Everything an invoice was computed from, loaded by the digests of its snapshot.
#[derive(Debug)]
pub(crate) struct Recomputation {
    directory: PartyDirectory,
    lists: Lists,
    files: Vec<UsageFile>,
    selection: Selection,
    late_from: LateFrom,
}

impl Recomputation {
    pub(crate) async fn load(books: &Books, issued: &IssuedInvoice) -> EngineResult<Self> {
        let (ledger, invoice) = (books.ledger.as_ref(), &issued.invoice);
        let snapshot = &invoice.snapshot;
        if snapshot.rules_version != billing::invoice::RULES_VERSION {
            let message =
                format!("it was computed by rules {}, which this version does not have", snapshot.rules_version);
            return Err(EngineError::new("verify.rules_version", message));
        }
        let mut files = ledger.usage_files().await?;
        files.retain(|file| file.place <= snapshot.usage_through);
        let selection = Selection {
            period: invoice.period,
            usage_through: snapshot.usage_through,
            prior: snapshot.prior_closure,
            carried_in: snapshot.carried_in.clone(),
        };
        Ok(Self {
            directory: load_directory(ledger, &snapshot.directory).await?,
            lists: Lists::named(ledger, snapshot.price_sheets.clone(), snapshot.fx_lists.clone()).await?,
            files,
            selection,
            // Always summed: whether late usage is there is only known after reading it.
            late_from: late_from(books, &issued.stored.party, invoice.period, 1).await?,
        })
    }

    /// Rates the snapshot's usage again, shows each line, and drafts the invoice.
    pub(crate) fn rate(&self, books: &Books, show: &mut dyn FnMut(RatedLine)) -> EngineResult<Draft> {
        let (store, period) = (books.usage.as_ref(), self.selection.period);
        let subscriptions: BTreeSet<SubscriptionId> = self.directory.subscriptions.keys().cloned().collect();
        let mut own = Selected::default();
        store.read_usage(&self.files, period.first_day(), period.end(), &mut |stored| {
            if subscriptions.contains(&stored.record.subscription_id) {
                own.records.push((stored.key, stored.record));
            }
            Ok(())
        })?;
        let selected = complete(store, &self.files, &self.selection, &subscriptions, own)?;
        let inputs = PartyInputs { directory: &self.directory, lists: &self.lists, late_from: &self.late_from };
        let rated = rate_records(&inputs, period, selected.records, |lines| {
            for line in lines {
                show(line?);
            }
            Ok(())
        })?;
        rated.map(|(draft, ())| draft).map_err(|(code, message)| EngineError::new(&code, message))
    }
}
