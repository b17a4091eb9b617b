//! Rates an open period: usage and prices become daily rated lines. Repeatable; late records are
//! taken in with every run, and what would come out the same is taken over from the last one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use billing::ids::{CustomerId, OrganisationId, SubscriptionId};
use billing::invoice::{
    Adjustment, BlobDigest, CarriedDay, DraftInputs, InvoiceNumber, PartyDrafts, RULES_VERSION, RestatedMonth,
    Snapshot, draft_invoices,
};
use billing::licence::{LicenceCharges, PlacedOrder};
use billing::money::{Amount, MoneyError};
use billing::party::PartyDirectory;
use billing::period::BillingPeriod;
use billing::ports::{
    BilledParty, Closure, RatedPart, RatedRun, RatedUsage, RatingFailure, RatingJob, RatingOutput, StoredFile,
    StoredInvoice, UsageFile, UsageSource, UsageSurvey, hex,
};
use billing::price::{PriceBook, PriceSheet};
use billing::rate::{CustomerTotals, LateFrom, RatedTotals, RatingInputs, ScopeKey, UnpricedUsage};
use billing::savings_plan::{Coverage, PaidScopes};
use sha2::{Digest, Sha256};

use crate::books::Books;
use crate::by_generation::ByGeneration;
use crate::error::{EngineError, EngineResult};
use crate::inputs::Lists;
use crate::invoices;
use crate::licences::{
    ChargedOrders, OffersByMonth, credited_month, earlier_terms, given_back, know_restatements, lines_of_period,
};
use crate::savings::Plans;
use crate::selection::{Selected, Selection, carried_days};

/// What rating one party came to.
#[derive(Debug, Clone)]
pub struct PartyRating {
    pub party: OrganisationId,
    pub outcome: RatingOutcome,
}

#[derive(Debug, Clone)]
pub enum RatingOutcome {
    Rated {
        daily_line_count: u64,
        late_count: u64,
        /// Before tax and adjustments.
        subtotal: Amount,
        customers: BTreeMap<CustomerId, CustomerTotals>,
        unpriced: Vec<UnpricedUsage>,
    },
    /// The period was closed for this party before; nothing was done.
    Closed,
    /// (code, sentence)
    Failed(String, String),
}

/// Rates `period` for every billed party. `tick` hears of rated lines for a progress bar.
///
/// # Errors
/// Storage failures; a party that cannot be rated is reported, and the others are rated.
pub async fn rate(books: &Books, period: BillingPeriod, tick: &(dyn Fn(u64) + Sync)) -> EngineResult<Vec<PartyRating>> {
    rate_parties(books, period, Lines::Keep, tick).await
}

/// What [`rate`] would answer; nothing is written.
///
/// # Errors
/// As [`rate`].
pub async fn preview(
    books: &Books,
    period: BillingPeriod,
    tick: &(dyn Fn(u64) + Sync),
) -> EngineResult<Vec<PartyRating>> {
    rate_parties(books, period, Lines::Drop, tick).await
}

/// What becomes of the rated lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    Keep,
    Drop,
}

async fn rate_parties(
    books: &Books,
    period: BillingPeriod,
    lines: Lines,
    tick: &(dyn Fn(u64) + Sync),
) -> EngineResult<Vec<PartyRating>> {
    let inputs = RunInputs::load(books, period).await?;
    let run = inputs.run(books)?;
    let mut ratings = Vec::new();
    for parties in inputs.parties.chunks(PARTIES_PER_LOAD) {
        let mut billed = run.billed(books, parties).await?;
        for party in parties {
            let outcome = match run.prepare(books, party, billed.remove(party), Purpose::Show).await? {
                Preparation::Failed(code, message) => RatingOutcome::Failed(code, message),
                Preparation::Closed(_) => RatingOutcome::Closed,
                Preparation::Ready(ready) => ready.shown(books, &run, party, lines, tick).await?,
            };
            ratings.push(PartyRating { party: party.clone(), outcome });
        }
    }
    Ok(ratings)
}

/// Parties whose directories, closures and orders are in memory together.
pub(crate) const PARTIES_PER_LOAD: usize = 500;

impl RatingOutcome {
    /// A month whose total does not fit cannot be billed, so it is not rated either.
    fn of(totals: RatedTotals, directory: &PartyDirectory) -> Self {
        let subtotal = totals
            .subtotal()
            .map_err(MoneyError::from)
            .and_then(|subtotal| Amount::exact(subtotal, directory.party.currency));
        let subtotal = match subtotal {
            Ok(subtotal) => subtotal,
            Err(error) => {
                let message = format!("the total of the month cannot be written: {error}");
                return Self::Failed(error.code().to_owned(), message);
            }
        };
        let RatedTotals { daily_line_count, late_count, customers, unpriced } = totals;
        Self::Rated { daily_line_count, late_count, subtotal, customers, unpriced }
    }

    /// Only the party's own trouble is an outcome.
    fn failed(failure: RatingFailure) -> EngineResult<Self> {
        match failure {
            RatingFailure::Party { code, message } => Ok(Self::Failed(code.to_owned(), message)),
            RatingFailure::Storage(error) => Err(error.into()),
        }
    }
}

/// What all parties of a period share: lists, closures and manifest.
pub(crate) struct RunInputs {
    pub(crate) period: BillingPeriod,
    pub(crate) parties: Vec<OrganisationId>,
    pub(crate) lists: Arc<Lists>,
    /// The files that any of the parties may take.
    files: Vec<UsageFile>,
    usage_through: u64,
    orders_through: u64,
}

/// A period's run: what was loaded, and the usage, looked through.
pub(crate) struct PeriodRun<'r> {
    inputs: &'r RunInputs,
    pub(crate) survey: Box<dyn UsageSurvey + 'r>,
}

/// A party's month, rated and drafted; its files are not committed yet.
#[derive(Debug)]
pub(crate) struct RatedParty {
    pub(crate) drafts: PartyDrafts,
    pub(crate) run: RatedRun,
    pub(crate) parts: Vec<RatedPart>,
    pub(crate) snapshot: Snapshot,
    /// The bytes that the snapshot names.
    pub(crate) directory: Vec<u8>,
    /// Days without a price, if they are moved to the next period.
    pub(crate) carried: Vec<CarriedDay>,
}

/// What a party's month is rated for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be seen; earlier months may still be open.
    Show,
    /// To be billed; every earlier month has to be closed, or its usage would be lost.
    Bill,
}

/// What rating a party begins with.
pub(crate) enum Preparation {
    Ready(Box<Ready>),
    /// One for each document, or one without any.
    Closed(Vec<Closure>),
    Failed(String, String),
}

/// What a party's month takes, and what its amounts depend on besides.
pub(crate) struct Ready {
    pub(crate) directory: PartyDirectory,
    by_generation: Option<ByGeneration>,
    closures: Vec<Closure>,
    restated: Vec<RestatedMonth>,
    orders: Vec<PlacedOrder>,
    charged: ChargedOrders,
    adjustments: Vec<Adjustment>,
    pub(crate) selection: Selection,
    sources: Vec<UsageSource>,
    late: Late,
    pub(crate) plans: Plans,
}

/// What a job came to, without its scopes.
pub(crate) struct Rated {
    pub(crate) totals: RatedTotals,
    files: Vec<StoredFile>,
    parts: Vec<RatedPart>,
}

impl Ready {
    async fn shown(
        &self,
        books: &Books,
        run: &PeriodRun<'_>,
        party: &OrganisationId,
        lines: Lines,
        tick: &(dyn Fn(u64) + Sync),
    ) -> EngineResult<RatingOutcome> {
        if lines == Lines::Keep {
            return self.rate_and_keep(books, run, party, tick).await;
        }
        match self.rate(books, run, party, &run.inputs.lists.sheets, RatingOutput::Totals, tick) {
            Ok(rated) => Ok(RatingOutcome::of(rated.totals, &self.directory)),
            Err(failure) => RatingOutcome::failed(failure),
        }
    }

    fn job<'a>(
        &'a self,
        party: &'a OrganisationId,
        period: BillingPeriod,
        lists: &'a Lists,
        (prices, coverage): (&'a PriceBook<'a>, &'a Coverage),
        output: RatingOutput<'a>,
    ) -> RatingJob<'a> {
        let inputs =
            RatingInputs { directory: &self.directory, prices, fx: &lists.fx, late_from: &self.late.from, coverage };
        RatingJob { party, period, sources: &self.sources, inputs, output, with_scopes: false }
    }

    /// All usage of the party.
    fn rate_usage<'a>(
        &'a self,
        books: &Books,
        survey: &dyn UsageSurvey,
        job: &RatingJob<'a>,
        tick: &(dyn Fn(u64) + Sync),
    ) -> Result<RatedUsage<'a>, RatingFailure> {
        match &self.by_generation {
            Some(generations) => generations.rate(books.usage.as_ref(), survey, job, tick),
            None => survey.rate(job, tick),
        }
    }

    /// With the prices of `sheets`; exchange rates are those of the run.
    pub(crate) fn rate(
        &self,
        books: &Books,
        run: &PeriodRun<'_>,
        party: &OrganisationId,
        sheets: &[PriceSheet],
        output: RatingOutput<'_>,
        tick: &(dyn Fn(u64) + Sync),
    ) -> Result<Rated, RatingFailure> {
        let prices = PriceBook::new(sheets);
        let coverage = self.coverage(run, &prices)?;
        let job = self.job(party, run.inputs.period, &run.inputs.lists, (&prices, &coverage), output);
        let RatedUsage { totals, files, parts, .. } = self.rate_usage(books, run.survey.as_ref(), &job, tick)?;
        Ok(Rated { totals, files, parts })
    }

    /// What savings plans pay for with these prices.
    pub(crate) fn coverage(&self, run: &PeriodRun<'_>, prices: &PriceBook<'_>) -> Result<Coverage, RatingFailure> {
        let lists = (&self.directory, prices, run.inputs.lists.plan_rates.as_ref());
        self.plans.coverage(run.survey.as_ref(), &self.sources, lists, &self.late.paid, run.inputs.period)
    }

    /// Rates and commits the lines; what the run before made of the same records is taken over.
    async fn rate_and_keep(
        &self,
        books: &Books,
        run: &PeriodRun<'_>,
        party: &OrganisationId,
        tick: &(dyn Fn(u64) + Sync),
    ) -> EngineResult<RatingOutcome> {
        let (period, lists) = (run.inputs.period, &run.inputs.lists);
        let known = books.ledger.rated_parts(party, period).await?;
        let output = RatingOutput::Files { inputs_digest: self.digest(lists, period)?, known: &known };
        let Rated { totals, mut files, parts } = match self.rate(books, run, party, &lists.sheets, output, tick) {
            Ok(rated) => rated,
            Err(failure) => return RatingOutcome::failed(failure),
        };
        let outcome = RatingOutcome::of(totals, &self.directory);
        if let RatingOutcome::Failed(..) = outcome {
            // The files of the run before are still read.
            files.retain(|file| !known.iter().any(|(_, kept)| kept.contains(file)));
            books.usage.remove(&files)?;
            return Ok(outcome);
        }
        let usage_through = self.selection.usage_through;
        let run = RatedRun { party: party.clone(), period, usage_through, files };
        let old = books.ledger.commit_rating(&run, &parts).await?;
        books.usage.remove(&old)?;
        Ok(outcome)
    }

    /// Over all that amounts depend on besides the records: with the same digest and the same records
    /// the lines are the same.
    fn digest(&self, lists: &Lists, period: BillingPeriod) -> EngineResult<[u8; 32]> {
        let late_from: Vec<_> = self.late.from.iter().collect();
        let lists = (&lists.digests.price_sheets, &lists.digests.exchange_rates);
        let inputs = canonical(&(RULES_VERSION, period, &self.directory, lists, late_from))?;
        Ok(Sha256::digest(inputs).into())
    }
}

pub(crate) enum PartyOutcome {
    Rated(Box<RatedParty>),
    /// One for each document, or one without any.
    Closed(Vec<Closure>),
    Failed(String, String),
}

impl PartyOutcome {
    /// Only the party's own trouble is an outcome.
    fn failed(failure: RatingFailure) -> EngineResult<Self> {
        match failure {
            RatingFailure::Party { code, message } => Ok(Self::Failed(code.to_owned(), message)),
            RatingFailure::Storage(error) => Err(error.into()),
        }
    }
}

impl RunInputs {
    pub(crate) async fn load(books: &Books, period: BillingPeriod) -> EngineResult<Self> {
        let ledger = books.ledger.as_ref();
        let parties: Vec<OrganisationId> = books.billed_parties().await?.into_iter().map(|party| party.id).collect();
        let mut files = ledger.usage_files().await?;
        let usage_through = files.iter().map(|file| file.place).max().unwrap_or(0);
        let last = ledger.last_closures().await?;
        let selections = selections(period, usage_through, &last);
        files.retain(|file| selections.iter().any(|selection| selection.role_of(file).is_some()));
        let lists = Arc::new(Lists::current(ledger).await?);
        let orders_through = ledger.last_order().await?;
        Ok(Self { period, parties, lists, files, usage_through, orders_through })
    }

    pub(crate) fn run<'r>(&'r self, books: &'r Books) -> EngineResult<PeriodRun<'r>> {
        Ok(PeriodRun { inputs: self, survey: books.usage.survey(&self.files)? })
    }
}

/// Those that any party may have: of a party that was never closed, and of parties whose last closures
/// are `last`; most are the same.
fn selections(period: BillingPeriod, usage_through: u64, last: &[Closure]) -> Vec<Selection> {
    let mut priors = BTreeSet::new();
    let mut selections = vec![selection(period, usage_through, &[])];
    for of_party in last.chunk_by(|a, b| a.party == b.party) {
        let is_new = of_party.iter().any(|closure| priors.insert((closure.period, closure.usage_through)));
        if is_new || of_party.iter().any(|closure| !closure.carried.is_empty()) {
            selections.push(selection(period, usage_through, of_party));
        }
    }
    selections
}

/// `last` are the closures of a party's last closed month: one for each document. What was carried stands with one
/// of them.
fn selection(period: BillingPeriod, usage_through: u64, last: &[Closure]) -> Selection {
    let before = last.iter().filter(|closure| closure.period.next() == period);
    Selection {
        period,
        usage_through,
        prior: last.first().map(Closure::as_prior),
        carried_in: before.flat_map(|closure| closure.carried.iter().cloned()).collect(),
    }
}

impl PeriodRun<'_> {
    /// What parties are billed from.
    pub(crate) async fn billed(
        &self,
        books: &Books,
        parties: &[OrganisationId],
    ) -> EngineResult<BTreeMap<OrganisationId, BilledParty>> {
        Ok(books.ledger.billed_parties(parties, self.inputs.orders_through).await?)
    }

    /// Rates and drafts what a party is to be billed. Where lines are dropped nothing is written at all.
    pub(crate) async fn draft_party(
        &self,
        books: &Books,
        party: &OrganisationId,
        billed: Option<BilledParty>,
        keep: Lines,
        tick: &(dyn Fn(u64) + Sync),
    ) -> EngineResult<PartyOutcome> {
        self.draft_for(Purpose::Bill, books, party, billed, keep, tick).await
    }

    /// As [`PeriodRun::draft_party`], also of a month that is only looked at.
    pub(crate) async fn draft_for(
        &self,
        purpose: Purpose,
        books: &Books,
        party: &OrganisationId,
        billed: Option<BilledParty>,
        keep: Lines,
        tick: &(dyn Fn(u64) + Sync),
    ) -> EngineResult<PartyOutcome> {
        let mut ready = match self.prepare(books, party, billed, purpose).await? {
            Preparation::Ready(ready) => ready,
            Preparation::Closed(closures) => return Ok(PartyOutcome::Closed(closures)),
            Preparation::Failed(code, message) => return Ok(PartyOutcome::Failed(code, message)),
        };
        let (orders, adjustments) = (std::mem::take(&mut ready.orders), std::mem::take(&mut ready.adjustments));
        let lists = &self.inputs.lists;
        let period = self.inputs.period;
        let output = match keep {
            Lines::Keep => RatingOutput::Files { inputs_digest: ready.digest(lists, period)?, known: &[] },
            Lines::Drop => RatingOutput::Totals,
        };
        let prices = PriceBook::new(&lists.sheets);
        let coverage = match ready.coverage(self, &prices) {
            Ok(coverage) => coverage,
            Err(failure) => return PartyOutcome::failed(failure),
        };
        let job = RatingJob { with_scopes: true, ..ready.job(party, period, lists, (&prices, &coverage), output) };
        let usage = match ready.rate_usage(books, self.survey.as_ref(), &job, tick) {
            Ok(usage) => usage,
            Err(failure) => return PartyOutcome::failed(failure),
        };
        let RatedUsage { totals, scopes, files, parts } = usage;
        let licences = match self.licences(books, &ready, orders, purpose).await? {
            Ok(licences) => licences,
            Err((code, message)) => {
                books.usage.remove(&files)?;
                return Ok(PartyOutcome::Failed(code, message));
            }
        };
        let given_back = given_back(&licences, &scopes, period);
        let credited = credited_month(books, &ready.closures, given_back).await?;
        if let Some((code, message)) = credited {
            books.usage.remove(&files)?;
            return Ok(PartyOutcome::Failed(code, message));
        }
        let licence_line_count = licences.new_commerce.len().saturating_add(licences.classic.len());
        tick(u64::try_from(licence_line_count).unwrap_or(u64::MAX));
        let earlier = earlier_terms(books, &ready.closures, &lists.digests, &licences, period).await?;
        let drafted = draft_invoices(DraftInputs {
            directory: &ready.directory,
            period,
            scopes: &scopes,
            unpriced: totals.unpriced,
            licences,
            fx: &lists.fx,
            taxes: &lists.taxes,
            earlier: &earlier,
            adjustments,
            adjusted: None,
        });
        let drafts = match drafted {
            Ok(drafts) => drafts,
            Err(error) => {
                books.usage.remove(&files)?;
                return Ok(PartyOutcome::Failed(error.code().to_owned(), error.to_string()));
            }
        };
        let Ready { directory, selection, restated, .. } = *ready;
        let carried = carried_days(drafts.unpriced(), &selection);
        let directory = canonical(&directory)?;
        let snapshot = self.snapshot(BlobDigest(hex(&Sha256::digest(&directory))), &selection, restated);
        let run = RatedRun { party: party.clone(), period, usage_through: selection.usage_through, files };
        Ok(PartyOutcome::Rated(Box::new(RatedParty { drafts, run, parts, snapshot, directory, carried })))
    }

    pub(crate) async fn prepare(
        &self,
        books: &Books,
        party: &OrganisationId,
        billed: Option<BilledParty>,
        purpose: Purpose,
    ) -> EngineResult<Preparation> {
        let period = self.inputs.period;
        let BilledParty { directory, mut closures, orders, adjustments, mut restated } = billed.ok_or_else(|| {
            EngineError::new("organisation.unknown", format!("no billed organisation is called {:?}", party.as_str()))
        })?;
        let of_period: Vec<Closure> = closures.iter().filter(|closure| closure.period == period).cloned().collect();
        if !of_period.is_empty() {
            return Ok(Preparation::Closed(of_period));
        }
        if let Some(later) = closures.iter().find(|closure| closure.period > period) {
            let message = format!("{} is closed already; {period} can no longer be closed before it", later.period);
            return Ok(Preparation::Failed("close.later_period_closed".to_owned(), message));
        }
        restated.retain(|month| month.period < period);
        let charged = ChargedOrders::of(&closures, &restated);
        know_restatements(&mut closures, &restated);
        let last = closures.chunk_by(|a, b| a.period == b.period).next_back().unwrap_or_default();
        let selection = selection(period, self.inputs.usage_through, last);
        let subscriptions = || Box::new(directory.subscriptions.keys()) as Box<dyn Iterator<Item = &SubscriptionId>>;
        let Selected { sources, has_late, earlier_open } =
            selection.of(&self.inputs.files, self.survey.as_ref(), &subscriptions);
        let skipped = closures.last().map(|closure| closure.period.next()).filter(|next| *next < period);
        if let Some(open) = skipped.into_iter().chain(earlier_open).min().filter(|_| purpose == Purpose::Bill) {
            let message = format!("{open} is not closed yet; close it first");
            return Ok(Preparation::Failed("close.earlier_period_open".to_owned(), message));
        }
        let late = if has_late { closed_usage(books, party, period, None).await? } else { Late::default() };
        let offers = &self.inputs.lists.digests.offers;
        let offers = OffersByMonth::load(books, &closures, offers).await?;
        let plans = match Plans::of_period(directory.party.currency, &offers, &orders, period) {
            Ok(plans) => plans,
            Err(error) => return Ok(Preparation::Failed(error.code, error.message)),
        };
        Ok(Preparation::Ready(Box::new(Ready {
            by_generation: ByGeneration::of(&directory),
            directory,
            closures,
            restated,
            orders,
            charged,
            adjustments,
            selection,
            sources,
            late,
            plans,
        })))
    }

    /// What the party's licences are charged, or why it cannot be billed.
    async fn licences(
        &self,
        books: &Books,
        ready: &Ready,
        orders: Vec<PlacedOrder>,
        purpose: Purpose,
    ) -> EngineResult<Result<LicenceCharges, (String, String)>> {
        let (inputs, period) = (self.inputs, self.inputs.period);
        let Some(first) = orders.iter().map(|placed| placed.order.ordered_on()).min() else {
            return Ok(Ok(LicenceCharges::default()));
        };
        let closures = &ready.closures;
        if purpose == Purpose::Bill && closures.is_empty() && first < period.first_day() {
            let open =
                BillingPeriod::containing(first).map_err(|error| EngineError::new(error.code(), error.to_string()))?;
            let message = format!("{open} is not closed yet; close it first");
            return Ok(Err(("close.earlier_period_open".to_owned(), message)));
        }
        let own = ready.directory.party.currency;
        let offers = OffersByMonth::load(books, closures, &inputs.lists.digests.offers).await?;
        let lines = lines_of_period(own, &offers, &ready.charged, orders, period);
        Ok(lines.map_err(|error| (error.code, error.message)))
    }

    fn snapshot(&self, directory: BlobDigest, selection: &Selection, restated: Vec<RestatedMonth>) -> Snapshot {
        Snapshot {
            rules_version: RULES_VERSION,
            usage_through: selection.usage_through,
            orders_through: self.inputs.orders_through,
            prior_closure: selection.prior,
            carried_in: selection.carried_in.clone(),
            directory,
            lists: self.inputs.lists.digests.clone(),
            allow_unpriced: false,
            restated,
        }
    }
}

/// The bytes under which a value is stored: JSON with the members in the order of the type.
pub(crate) fn canonical<T: serde::Serialize>(value: &T) -> EngineResult<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| {
        EngineError::new("storage.failed", "a value could not be written as JSON").with_operator(error)
    })
}

/// What late usage goes on from.
#[derive(Debug, Default)]
pub(crate) struct Late {
    /// Where the running quantities of closed months ended, by scope.
    pub(crate) from: LateFrom,
    /// What stands of the scopes that savings plans have paid for (SP-6).
    pub(crate) paid: PaidScopes,
}

/// Of closed months, what late usage goes on from.
///
/// For a document that was issued, only what was issued before it counts: `issued_as` is its number.
pub(crate) async fn closed_usage(
    books: &Books,
    party: &OrganisationId,
    period: BillingPeriod,
    issued_as: Option<&InvoiceNumber>,
) -> EngineResult<Late> {
    let (mut from, mut standing) = (LateFrom::new(), PaidScopes::new());
    let mut invoices = books.ledger.invoices(Some(party)).await?;
    let own = issued_as.and_then(|own| invoices.iter().find(|invoice| invoice.number == *own).cloned());
    // A scope is billed in one series only (CU-3), whose numbers are drawn one behind the other. The other series counts
    // where a document is looked at together with that of the other type.
    let was_there = |one: &StoredInvoice| {
        own.as_ref().is_none_or(|own| match one.invoice_type == own.invoice_type {
            true => one.number < own.number,
            false => one.issued_at < own.issued_at,
        })
    };
    invoices.retain(|invoice| invoice.period < period && was_there(invoice));
    invoices.sort_by_key(|invoice| invoice.period);
    for invoice in invoices {
        let mut lines = invoices::lines(books, &invoice.number, 0, u32::MAX).await?;
        // What is charged anew has the word before what is taken back, wherever it stands.
        lines.sort_by_key(|line| line.takes_back.is_none());
        for line in lines {
            let Some((scope, _, consumed_after)) = line.metered() else { continue };
            let of_scope = standing.entry(ScopeKey { covered_by: None, ..scope.clone() }).or_default();
            let quantity = match &scope.covered_by {
                Some(order_id) => of_scope.paid.entry(order_id.clone()).or_default(),
                None => {
                    // Invoices come in the order of their periods, so the last word on a scope stays.
                    from.insert(scope.clone(), consumed_after);
                    &mut of_scope.billed
                }
            };
            *quantity = quantity
                .checked_add(line.quantity)
                .map_err(|error| EngineError::new(error.code(), error.to_string()))?;
        }
    }
    standing.retain(|_, of_scope| !of_scope.paid.is_empty());
    Ok(Late { from, paid: standing })
}
