//! What an open month would be billed as. It writes nothing.

use std::sync::Arc;

use billing::ids::OrganisationId;
use billing::invoice::{
    Adjustment, DraftedLine, InvoiceLine, InvoiceNumber, ListDigests, PartyDrafts, RULES_VERSION, RestatedMonth,
};
use billing::money::Amount;
use billing::party::{Organisation, PartyDirectory};
use billing::period::BillingPeriod;
use billing::ports::{BilledParty, hex};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::inputs::current_digests;
use crate::rating::{Lines, PartyOutcome, Purpose, RunInputs, canonical};

/// A party's month as it would be billed with what is known today.
#[derive(Debug)]
pub struct OpenMonth {
    pub party: Organisation,
    pub period: BillingPeriod,
    /// Changes with whatever the lines depend on.
    pub fingerprint: String,
    /// Or why it cannot be billed as it stands: code and sentence.
    pub lines: Result<OpenLines, (String, String)>,
}

/// By position; none where the month was closed. Nothing is taxed before it is billed.
#[derive(Debug, Default)]
pub struct OpenLines {
    pub one_time: Vec<InvoiceLine>,
    pub recurring: Vec<InvoiceLine>,
}

impl OpenMonth {
    /// # Errors
    /// The party's own trouble.
    pub fn lines(&self) -> EngineResult<&OpenLines> {
        self.lines.as_ref().map_err(|(code, message)| EngineError::new(code, message.clone()))
    }
}

/// What the lines of an open month are a function of. What was closed, ordered and imported only grows, so its last
/// place says all of it.
#[derive(Serialize)]
struct Basis<'a> {
    rules_version: u32,
    period: BillingPeriod,
    usage_through: u64,
    orders_through: u64,
    lists: ListDigests,
    directory: &'a PartyDirectory,
    closures: Vec<(BillingPeriod, u64, Option<&'a InvoiceNumber>)>,
    restated: &'a [RestatedMonth],
    adjustments: &'a [Adjustment],
}

/// Names what [`open_month`] would compute, without computing it.
///
/// # Errors
/// `organisation.unknown`, or storage failures.
pub async fn fingerprint(books: &Books, party: &OrganisationId, period: BillingPeriod) -> EngineResult<String> {
    let ledger = books.ledger.as_ref();
    let files = ledger.usage_files().await?;
    let orders_through = ledger.last_order().await?;
    let billed = ledger.billed_parties(std::slice::from_ref(party), orders_through).await?.remove(party);
    let BilledParty { directory, closures, adjustments, restated, .. } = &billed.ok_or_else(|| unknown(party))?;
    let basis = Basis {
        rules_version: RULES_VERSION,
        period,
        usage_through: files.iter().map(|file| file.place).max().unwrap_or(0),
        orders_through,
        lists: current_digests(ledger).await?,
        directory,
        closures: closures.iter().map(|one| (one.period, one.usage_through, one.invoice.as_ref())).collect(),
        restated,
        adjustments,
    };
    Ok(hex(&Sha256::digest(canonical(&basis)?)).chars().take(32).collect())
}

fn unknown(party: &OrganisationId) -> EngineError {
    EngineError::new("organisation.unknown", format!("no billed organisation is called {:?}", party.as_str()))
}

/// What `period` would be billed as; the same value as long as nothing changes. Usage without a price is left out, and
/// earlier months may still be open. It blocks while it reads usage.
///
/// # Errors
/// `organisation.unknown`, or storage failures.
pub async fn open_month(books: &Books, party: &OrganisationId, period: BillingPeriod) -> EngineResult<Arc<OpenMonth>> {
    let fingerprint = fingerprint(books, party, period).await?;
    if let Some(known) = books.memory.open_months.get(&fingerprint) {
        return Ok(known);
    }
    let inputs = RunInputs::load(books, period).await?;
    let run = inputs.run(books)?;
    let billed = run.billed(books, std::slice::from_ref(party)).await?.remove(party).ok_or_else(|| unknown(party))?;
    let organisation = billed.directory.party.clone();
    let outcome = run.draft_for(Purpose::Show, books, party, Some(billed), Lines::Drop, &|_| {}).await?;
    let lines = match outcome {
        PartyOutcome::Rated(rated) => {
            let PartyDrafts { one_time, recurring } = rated.drafts;
            Ok(OpenLines { one_time: untaxed(one_time.lines), recurring: untaxed(recurring.lines) })
        }
        PartyOutcome::Closed(_) => Ok(OpenLines::default()),
        PartyOutcome::Failed(code, message) => Err((code, message)),
    };
    let month = OpenMonth { party: organisation, period, fingerprint: fingerprint.clone(), lines };
    Ok(books.memory.open_months.keep(fingerprint, Arc::new(month)))
}

fn untaxed(lines: Vec<DraftedLine>) -> Vec<InvoiceLine> {
    let untaxed = |line: InvoiceLine| InvoiceLine { tax: Amount { minor: 0, currency: line.tax.currency }, ..line };
    lines.into_iter().map(|drafted| untaxed(drafted.line)).collect()
}
