//! Proves the books: recomputes every invoice from its snapshot, compares bytes, and checks files,
//! documents and the journal. It writes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use billing::ids::{OrganisationId, SubscriptionId};
use billing::invoice::{
    Adjustment, Amendment, Amends, CreditError, Draft, DraftInputs, Invoice, InvoiceNumber, InvoiceType, Snapshot,
    asked_for_next, check_draft, credit_note, deferred, difference_note, draft_invoices, partial_credit, rebilled,
};
use billing::licence::{LicenceCharges, PlacedOrder};
use billing::party::PartyDirectory;
use billing::period::BillingPeriod;
use billing::ports::{
    Closure, RatedUsage, RatingFailure, RatingJob, RatingOutput, StoredFile, UsageFile, UsageSource, UsageSurvey,
    document_digest, hex,
};
use billing::price::{PriceBook, PriceSheet};
use billing::rate::{LateFrom, RatedTotals, RatingInputs};
use billing::savings_plan::Coverage;
use sha2::{Digest, Sha256};

use crate::amending::stored_lines as stored_lines_of;
use crate::books::Books;
use crate::chain::Chain;
use crate::error::{EngineError, EngineResult};
use crate::inputs::Lists;
use crate::invoices::{IssuedInvoice, list};
use crate::licences::{
    ChargedOrders, OffersByMonth, credited_month, earlier_terms, given_back, know_restatements, lines_of_period,
};
use crate::rating::{Late, canonical, closed_usage};
use crate::savings::Plans;
use crate::selection::Selection;

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
    let mut surveys = LastSurvey::default();
    for issued in list(books, None).await? {
        verification.invoice_count += 1;
        if let Some(finding) = check_invoice(books, &mut surveys, &issued).await? {
            verification.findings.push(finding);
        }
        tick(1);
    }
    Ok(())
}

async fn check_files(books: &Books, verification: &mut Verification, tick: &(dyn Fn(u64) + Sync)) -> EngineResult<()> {
    let usage = books.ledger.usage_files().await?.into_iter().flat_map(|file| [file.rows, file.keys]);
    // Rated lines of before a compaction are still read together with the records that they came from.
    let retired = books.ledger.retired_usage_files().await?;
    let files: Vec<StoredFile> = usage.chain(retired).chain(books.ledger.rated_files().await?).collect();
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
async fn check_invoice<'b>(
    books: &'b Books,
    surveys: &mut LastSurvey<'b>,
    issued: &IssuedInvoice,
) -> EngineResult<Option<Finding>> {
    let finding = |sentence: String| Some(Finding { subject: format!("invoice {}", issued.stored.number), sentence });
    let stored_lines = books.ledger.invoice_lines(&issued.stored.number, 0, u32::MAX).await?;
    let digest = document_digest(&issued.stored.header, stored_lines.iter().map(Vec::as_slice));
    if digest != issued.stored.digest {
        return Ok(finding("its stored bytes are not what was issued".to_owned()));
    }
    if let Some(amends) = &issued.invoice.amends {
        return Ok(check_amendment(books, surveys, issued, amends, &stored_lines).await?.and_then(finding));
    }
    let draft = match recompute(books, surveys, issued).await {
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

/// A document behind another one is what follows from those before it.
async fn check_amendment<'b>(
    books: &'b Books,
    surveys: &mut LastSurvey<'b>,
    issued: &IssuedInvoice,
    amends: &Amends,
    stored_lines: &[Vec<u8>],
) -> EngineResult<Option<String>> {
    let chain = Chain::before(books, &amends.number, amends.position).await?;
    let (original, standing) = (&chain.original.invoice, &chain.standing);
    let (reason, at) = (issued.invoice.reason.as_str(), issued.invoice.issued_at);
    let again = match amends.how {
        Amendment::Credit => Some(credit_note(original, standing, reason, at)?),
        Amendment::PartialCredit => {
            let given = issued.invoice.totals.total.negated().map_err(CreditError::from)?;
            Some(partial_credit(original, standing, given, reason, at)?)
        }
        Amendment::Difference | Amendment::DeferredDifference | Amendment::Rebill => {
            let draft = match recompute(books, surveys, issued).await {
                Ok(draft) => draft,
                Err(error) => return Ok(Some(format!("it cannot be recomputed: {}", error.message))),
            };
            let snapshot = issued.invoice.snapshot.clone();
            match amends.how {
                Amendment::Rebill => Some(rebilled(original, standing, &draft, snapshot, reason, at)?),
                Amendment::DeferredDifference => {
                    let note = difference_note(original, standing, &draft, snapshot, reason, at)?;
                    note.map(deferred).transpose()?
                }
                _ => difference_note(original, standing, &draft, snapshot, reason, at)?,
            }
        }
    };
    let Some((note, lines)) = again else { return Ok(Some(format!("nothing of {} differs", amends.number))) };
    let note = Invoice { number: issued.invoice.number.clone(), ..note };
    if canonical(&note)? != issued.stored.header {
        return Ok(Some(format!("it is not what follows from {} and what it was computed from", amends.number)));
    }
    let same = stored_lines_of(&lines)?.iter().map(|line| &line.body).eq(stored_lines);
    if !same {
        return Ok(Some("recomputing its lines gives other lines".to_owned()));
    }
    check_deferred(books, issued).await
}

/// What a note leaves to the party's next document waits for it, or stands on one.
async fn check_deferred(books: &Books, issued: &IssuedInvoice) -> EngineResult<Option<String>> {
    let asked = asked_for_next(&issued.invoice).map_err(|error| EngineError::new(error.code(), error.to_string()))?;
    let Some(asked) = asked else { return Ok(None) };
    let party = &issued.stored.party;
    if books.ledger.adjustments(party, None).await?.contains(&asked) {
        return Ok(None);
    }
    let stands = list(books, Some(party)).await?.iter().any(|one| one.invoice.adjustments.contains(&asked));
    Ok((!stands).then(|| format!("{} is asked for by no document, and nobody will", asked.amount)))
}

async fn recompute<'b>(books: &'b Books, surveys: &mut LastSurvey<'b>, issued: &IssuedInvoice) -> EngineResult<Draft> {
    let recomputation = Recomputation::load(books, issued).await?;
    let survey = surveys.of(books, &recomputation.files)?;
    recomputation.draft(books, survey, &issued.stored.party, issued.invoice.invoice_type).await
}

/// Everything an invoice was computed from, loaded by the digests of its snapshot.
#[derive(Debug)]
pub(crate) struct Recomputation {
    pub(crate) directory: Arc<PartyDirectory>,
    pub(crate) lists: Arc<Lists>,
    /// Those that the invoice's period takes records of.
    pub(crate) files: Vec<UsageFile>,
    pub(crate) selection: Selection,
    /// Those that the ledger has for the invoice.
    adjustments: Vec<Adjustment>,
    orders: Vec<PlacedOrder>,
    charged: ChargedOrders,
    /// Of earlier periods.
    closures: Vec<Closure>,
    offers: OffersByMonth,
    /// Of the document, if it was issued.
    number: Option<InvoiceNumber>,
}

impl Recomputation {
    pub(crate) async fn load(books: &Books, issued: &IssuedInvoice) -> EngineResult<Self> {
        let snapshot = &issued.invoice.snapshot;
        if snapshot.rules_version != billing::invoice::RULES_VERSION {
            let message =
                format!("it was computed by rules {}, which this version does not have", snapshot.rules_version);
            return Err(EngineError::new("verify.rules_version", message));
        }
        let (party, number) = (&issued.stored.party, &issued.stored.number);
        let adjustments = match &issued.invoice.amends {
            None => books.ledger.adjustments(party, Some(number)).await?,
            // Taken over from the documents before it.
            Some(_) => issued.invoice.adjustments.clone(),
        };
        let directory = books.directory(&snapshot.directory).await?;
        let recomputation = Self::of(books, (party, issued.invoice.period), snapshot, directory, adjustments).await?;
        Ok(Self { number: Some(number.clone()), ..recomputation })
    }

    /// With the directory that the snapshot names.
    pub(crate) async fn of(
        books: &Books,
        (party, period): (&OrganisationId, BillingPeriod),
        snapshot: &Snapshot,
        directory: Arc<PartyDirectory>,
        adjustments: Vec<Adjustment>,
    ) -> EngineResult<Self> {
        let ledger = books.ledger.as_ref();
        let selection = Selection {
            period,
            usage_through: snapshot.usage_through,
            prior: snapshot.prior_closure,
            carried_in: snapshot.carried_in.clone(),
        };
        let mut files = ledger.usage_files().await?;
        files.retain(|file| selection.role_of(file).is_some());
        let mut closures = ledger.closures(party).await?;
        closures.retain(|closure| closure.period < period);
        let charged = ChargedOrders::of(&closures, &snapshot.restated);
        know_restatements(&mut closures, &snapshot.restated);
        Ok(Self {
            directory,
            lists: books.lists(&snapshot.lists).await?,
            files,
            selection,
            orders: ledger.orders(party, snapshot.orders_through).await?,
            charged,
            offers: OffersByMonth::load(books, &closures, &snapshot.lists.offers).await?,
            closures,
            adjustments,
            number: None,
        })
    }

    pub(crate) fn inputs<'a>(
        &'a self,
        prices: &'a PriceBook<'a>,
        late_from: &'a LateFrom,
        coverage: &'a Coverage,
    ) -> RatingInputs<'a> {
        RatingInputs { directory: &self.directory, prices, fx: &self.lists.fx, late_from, coverage }
    }

    /// The savings plans that customers hold in the period.
    pub(crate) fn plans(&self) -> EngineResult<Plans> {
        Plans::of_period(self.directory.party.currency, &self.offers, &self.orders, self.selection.period)
    }

    /// What savings plans pay for with these prices, of the records that the period took.
    pub(crate) fn coverage(
        &self,
        survey: &dyn UsageSurvey,
        (sources, late): (&[UsageSource], &Late),
        prices: &PriceBook<'_>,
    ) -> EngineResult<Coverage> {
        let lists = (self.directory.as_ref(), prices, self.lists.plan_rates.as_ref());
        self.plans()?.coverage(survey, sources, lists, &late.paid, self.selection.period).map_err(of_party)
    }

    /// What licences are charged with the orders up to a place.
    fn licences(&self, orders_through: u64) -> EngineResult<LicenceCharges> {
        let known = self.orders.iter().filter(|placed| placed.place <= orders_through);
        let (own, orders) = (self.directory.party.currency, known.cloned().collect());
        lines_of_period(own, &self.offers, &self.charged, orders, self.selection.period)
    }

    /// Why what orders behind a place give back is not given back: it was credited in full already.
    pub(crate) async fn credited_month(
        &self,
        books: &Books,
        (orders_through, invoice_type): (u64, InvoiceType),
    ) -> EngineResult<Option<(String, String)>> {
        if self.orders.iter().all(|placed| placed.place <= orders_through) {
            return Ok(None);
        }
        let (before, mut new) = (self.licences(orders_through)?, self.licences(u64::MAX)?);
        // The other generation stands on the other document.
        match invoice_type {
            InvoiceType::OneTime => new.classic.clear(),
            InvoiceType::Recurring => new.new_commerce.clear(),
        }
        new.new_commerce.retain(|line| !before.new_commerce.contains(line));
        new.classic.retain(|line| !before.classic.contains(line));
        credited_month(books, &self.closures, given_back(&new, &BTreeMap::new(), self.selection.period)).await
    }

    /// Rates the snapshot's usage again and drafts the invoice of one type, on which the adjustments stand.
    pub(crate) async fn draft(
        &self,
        books: &Books,
        survey: &dyn UsageSurvey,
        party: &OrganisationId,
        invoice_type: InvoiceType,
    ) -> EngineResult<Draft> {
        let prices = PriceBook::new(&self.lists.sheets);
        let (sources, late) = self.taken(books, survey, party).await?;
        let coverage = self.coverage(survey, (&sources, &late), &prices)?;
        let inputs = self.inputs(&prices, &late.from, &coverage);
        let usage = self.rate(survey, party, &sources, inputs, true, &|_| {})?;
        let licences = self.licences(u64::MAX)?;
        let earlier =
            earlier_terms(books, &self.closures, &self.lists.digests, &licences, self.selection.period).await?;
        let drafts = draft_invoices(DraftInputs {
            directory: &self.directory,
            period: self.selection.period,
            scopes: &usage.scopes,
            unpriced: usage.totals.unpriced,
            licences,
            fx: &self.lists.fx,
            taxes: &self.lists.taxes,
            earlier: &earlier,
            adjustments: self.adjustments.clone(),
            adjusted: Some(invoice_type),
        });
        let drafts = drafts.map_err(|error| EngineError::new(error.code(), error.to_string()))?;
        Ok(drafts.of_type(invoice_type))
    }

    /// What the snapshot's usage comes to with the prices of `sheets`.
    pub(crate) async fn totals(
        &self,
        books: &Books,
        survey: &dyn UsageSurvey,
        party: &OrganisationId,
        sheets: &[PriceSheet],
        tick: &(dyn Fn(u64) + Sync),
    ) -> EngineResult<RatedTotals> {
        let prices = PriceBook::new(sheets);
        let (sources, late) = self.taken(books, survey, party).await?;
        let coverage = self.coverage(survey, (&sources, &late), &prices)?;
        let inputs = self.inputs(&prices, &late.from, &coverage);
        Ok(self.rate(survey, party, &sources, inputs, false, tick)?.totals)
    }

    /// The records that the period took, and where late ones went on.
    pub(crate) async fn taken(
        &self,
        books: &Books,
        survey: &dyn UsageSurvey,
        party: &OrganisationId,
    ) -> EngineResult<(Vec<UsageSource>, Late)> {
        let subscriptions =
            || Box::new(self.directory.subscriptions.keys()) as Box<dyn Iterator<Item = &SubscriptionId>>;
        let selected = self.selection.of(&self.files, survey, &subscriptions);
        let late = match selected.has_late {
            true => closed_usage(books, party, self.selection.period, self.number.as_ref()).await?,
            false => Late::default(),
        };
        Ok((selected.sources, late))
    }

    fn rate<'a>(
        &'a self,
        survey: &dyn UsageSurvey,
        party: &'a OrganisationId,
        sources: &'a [UsageSource],
        inputs: RatingInputs<'a>,
        with_scopes: bool,
        tick: &(dyn Fn(u64) + Sync),
    ) -> EngineResult<RatedUsage<'a>> {
        let period = self.selection.period;
        let job = RatingJob { party, period, sources, inputs, output: RatingOutput::Totals, with_scopes };
        survey.rate(&job, tick).map_err(of_party)
    }
}

pub(crate) fn of_party(failure: RatingFailure) -> EngineError {
    match failure {
        RatingFailure::Party { code, message } => EngineError::new(code, message),
        RatingFailure::Storage(error) => error.into(),
    }
}

/// Surveys the files of one invoice after another; invoices of one closing share theirs.
#[derive(Default)]
pub(crate) struct LastSurvey<'b> {
    files: Vec<UsageFile>,
    survey: Option<Box<dyn UsageSurvey + 'b>>,
}

impl<'b> LastSurvey<'b> {
    pub(crate) fn of(&mut self, books: &'b Books, files: &[UsageFile]) -> EngineResult<&(dyn UsageSurvey + 'b)> {
        if self.files != files {
            self.survey = None;
            self.files = files.to_vec();
        }
        let survey = match self.survey.take() {
            Some(survey) => survey,
            None => books.usage.survey(files)?,
        };
        Ok(&**self.survey.insert(survey))
    }
}
