//! Rates an open period: usage and prices become daily rated lines. Repeatable; late records are
//! taken in with every run.

use std::collections::{BTreeMap, BTreeSet};

use billing::ids::{OrganisationId, SubscriptionId};
use billing::invoice::{BlobDigest, CarriedDay, Draft, InvoiceLine, RULES_VERSION, Snapshot, draft_invoice};
use billing::money::Amount;
use billing::party::PartyDirectory;
use billing::period::BillingPeriod;
use billing::ports::{Closure, PortError, RatedRun, UsageFile};
use billing::price::PriceBook;
use billing::rate::{LateFrom, PartyRater, RateError, RatedLine, RatingInputs, UnpricedUsage, UsageInOrder};

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::inputs::Lists;
use crate::selection::{self, Selected, Selection, carried_days};

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
        subtotal: Amount,
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
    let run = PeriodRun::load(books, period).await?;
    let mut ratings = Vec::new();
    for party in run.parties.clone() {
        let outcome = match run.rate_party(books, &party, Purpose::Show, tick).await? {
            PartyOutcome::Closed(_) => RatingOutcome::Closed,
            PartyOutcome::Failed(code, message) => RatingOutcome::Failed(code, message),
            PartyOutcome::Rated(rated) => {
                let rated = *rated;
                let old = books.ledger.commit_rating(&rated.run).await?;
                books.usage.remove(&old)?;
                RatingOutcome::rated(
                    rated.run.files.iter().map(|file| file.row_count).sum(),
                    rated.late_count,
                    rated.draft,
                )
            }
        };
        ratings.push(PartyRating { party, outcome });
    }
    Ok(ratings)
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
    let run = PeriodRun::load(books, period).await?;
    let mut ratings = Vec::new();
    for party in run.parties.clone() {
        let outcome = match run.prepare(books, &party, Purpose::Show).await? {
            Preparation::Settled(PartyOutcome::Failed(code, message)) => RatingOutcome::Failed(code, message),
            Preparation::Settled(_) => RatingOutcome::Closed,
            Preparation::Ready(mut ready) => {
                let records = std::mem::take(&mut ready.records);
                let rated = rate_records(&ready.inputs(&run.lists), period, records, |lines| {
                    let mut count: u64 = 0;
                    for line in lines {
                        line?;
                        count += 1;
                        tick(1);
                    }
                    Ok(count)
                })?;
                match rated {
                    Ok((draft, count)) => RatingOutcome::rated(count, ready.late_count, draft),
                    Err((code, message)) => RatingOutcome::Failed(code, message),
                }
            }
        };
        ratings.push(PartyRating { party, outcome });
    }
    Ok(ratings)
}

impl RatingOutcome {
    fn rated(daily_line_count: u64, late_count: u64, draft: Draft) -> Self {
        Self::Rated { daily_line_count, late_count, subtotal: draft.totals.subtotal, unpriced: draft.unpriced }
    }
}

/// What all parties of a period share: lists, manifest, and the period's usage by party.
pub(crate) struct PeriodRun {
    pub(crate) period: BillingPeriod,
    pub(crate) parties: Vec<OrganisationId>,
    lists: Lists,
    files: Vec<UsageFile>,
    own_month: std::sync::Mutex<BTreeMap<OrganisationId, Selected>>,
}

/// A party's month, rated and drafted; its files are not committed yet.
#[derive(Debug)]
pub(crate) struct RatedParty {
    pub(crate) draft: Draft,
    pub(crate) run: RatedRun,
    pub(crate) snapshot: Snapshot,
    /// Days without a price, if they are moved to the next period.
    pub(crate) carried: Vec<CarriedDay>,
    pub(crate) late_count: u64,
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
enum Preparation {
    Ready(Box<Ready>),
    /// There is nothing to rate.
    Settled(PartyOutcome),
}

/// A party's records and what their prices depend on.
struct Ready {
    directory: PartyDirectory,
    selection: Selection,
    late_from: LateFrom,
    late_count: u64,
    records: Vec<UsageInOrder>,
}

impl Ready {
    fn inputs<'a>(&'a self, lists: &'a Lists) -> PartyInputs<'a> {
        PartyInputs { directory: &self.directory, lists, late_from: &self.late_from }
    }
}

pub(crate) enum PartyOutcome {
    Rated(Box<RatedParty>),
    Closed(Closure),
    Failed(String, String),
}

impl PeriodRun {
    pub(crate) async fn load(books: &Books, period: BillingPeriod) -> EngineResult<Self> {
        let ledger = books.ledger.as_ref();
        let lists = Lists::current(ledger).await?;
        let files = ledger.usage_files().await?;
        let owner: BTreeMap<SubscriptionId, OrganisationId> =
            ledger.subscriptions().await?.into_iter().map(|(subscription, _, party)| (subscription, party)).collect();
        let own_month = selection::own_month(books.usage.as_ref(), &files, period, &owner)?;
        let parties = books.billed_parties().await?.into_iter().map(|party| party.id).collect();
        Ok(Self { period, parties, lists, files, own_month: own_month.into() })
    }

    pub(crate) async fn rate_party(
        &self,
        books: &Books,
        party: &OrganisationId,
        purpose: Purpose,
        tick: &(dyn Fn(u64) + Sync),
    ) -> EngineResult<PartyOutcome> {
        let mut ready = match self.prepare(books, party, purpose).await? {
            Preparation::Ready(ready) => ready,
            Preparation::Settled(outcome) => return Ok(outcome),
        };
        let records = std::mem::take(&mut ready.records);
        let rated = rate_records(&ready.inputs(&self.lists), self.period, records, |lines| {
            let mut lines = lines.inspect(|_| tick(1));
            books.usage.write_rated(party, self.period, &mut lines)
        });
        let (draft, files) = match rated? {
            Ok(rated) => rated,
            Err((code, message)) => return Ok(PartyOutcome::Failed(code, message)),
        };
        let Ready { directory, selection, late_count, .. } = *ready;
        let carried = carried_days(&draft.unpriced, &selection);
        let snapshot = self.snapshot(books.ledger.put_blob(&canonical(&directory)?).await?, &selection);
        let run = RatedRun { party: party.clone(), period: self.period, usage_through: selection.usage_through, files };
        Ok(PartyOutcome::Rated(Box::new(RatedParty { draft, run, snapshot, carried, late_count })))
    }

    async fn prepare(&self, books: &Books, party: &OrganisationId, purpose: Purpose) -> EngineResult<Preparation> {
        let ledger = books.ledger.as_ref();
        let closures = ledger.closures(party).await?;
        if let Some(closure) = closures.iter().find(|closure| closure.period == self.period) {
            return Ok(Preparation::Settled(PartyOutcome::Closed(closure.clone())));
        }
        let failed = |code: &str, message| Ok(Preparation::Settled(PartyOutcome::Failed(code.to_owned(), message)));
        if let Some(later) = closures.iter().find(|closure| closure.period > self.period) {
            let message =
                format!("{} is closed already; {} can no longer be closed before it", later.period, self.period);
            return failed("close.later_period_closed", message);
        }
        let directory = ledger.party_directory(party).await?.ok_or_else(|| {
            EngineError::new("organisation.unknown", format!("no billed organisation is called {:?}", party.as_str()))
        })?;
        let selection = self.selection(closures.last());
        let own = self.own_month.lock().map(|mut months| months.remove(party)).ok().flatten().unwrap_or_default();
        let subscriptions: BTreeSet<SubscriptionId> = directory.subscriptions.keys().cloned().collect();
        let selected = selection::complete(books.usage.as_ref(), &self.files, &selection, &subscriptions, own)?;
        let skipped = closures.last().map(|closure| closure.period.next()).filter(|next| *next < self.period);
        if let Some(open) = skipped.into_iter().chain(selected.earlier_open).min().filter(|_| purpose == Purpose::Bill)
        {
            return failed("close.earlier_period_open", format!("{open} is not closed yet; close it first"));
        }
        let Selected { records, late_count, .. } = selected;
        let late_from = late_from(books, party, self.period, late_count).await?;
        Ok(Preparation::Ready(Box::new(Ready { directory, selection, late_from, late_count, records })))
    }

    fn selection(&self, last: Option<&Closure>) -> Selection {
        Selection {
            period: self.period,
            usage_through: self.files.iter().map(|file| file.place).max().unwrap_or(0),
            prior: last.map(Closure::as_prior),
            carried_in: last
                .filter(|closure| closure.period.next() == self.period)
                .map(|closure| closure.carried.clone())
                .unwrap_or_default(),
        }
    }

    fn snapshot(&self, directory: BlobDigest, selection: &Selection) -> Snapshot {
        Snapshot {
            rules_version: RULES_VERSION,
            usage_through: selection.usage_through,
            prior_closure: selection.prior,
            carried_in: selection.carried_in.clone(),
            directory,
            price_sheets: self.lists.sheet_digests.clone(),
            fx_lists: self.lists.fx_digests.clone(),
            allow_unpriced: false,
        }
    }
}

/// The bytes under which a value is stored: JSON with the members in the order of the type.
pub(crate) fn canonical<T: serde::Serialize>(value: &T) -> EngineResult<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| {
        EngineError::new("storage.failed", "a value could not be written as JSON").with_operator(error)
    })
}

/// What a party's amounts depend on, besides the records.
pub(crate) struct PartyInputs<'a> {
    pub(crate) directory: &'a PartyDirectory,
    pub(crate) lists: &'a Lists,
    pub(crate) late_from: &'a LateFrom,
}

/// A party that cannot be rated: (code, sentence).
type Parked = (String, String);

/// Rates records in their order, hands the daily lines to `write` and drafts the invoice.
pub(crate) fn rate_records<T>(
    inputs: &PartyInputs<'_>,
    period: BillingPeriod,
    records: Vec<UsageInOrder>,
    write: impl FnOnce(&mut dyn Iterator<Item = Result<RatedLine, PortError>>) -> Result<T, PortError>,
) -> EngineResult<Result<(Draft, T), Parked>> {
    let prices = PriceBook::new(&inputs.lists.sheets);
    let mut rater = PartyRater::new(RatingInputs {
        directory: inputs.directory,
        prices: &prices,
        fx: &inputs.lists.fx,
        late_from: inputs.late_from,
    });
    let mut failure: Option<RateError> = None;
    let mut lines = records.into_iter().filter_map(|record| match rater.rate(record) {
        Ok(line) => line.map(Ok),
        Err(error) => {
            let port_error = PortError::new(error.code(), error.to_string(), "");
            failure = Some(error);
            Some(Err(port_error))
        }
    });
    let written = write(&mut lines);
    drop(lines);
    if let Some(error) = failure {
        return Ok(Err((error.code().to_owned(), error.to_string())));
    }
    let written = match written {
        // A figure of this party that the files cannot hold: the others go on.
        Err(error) if error.code == "number.out_of_range" => return Ok(Err((error.code.to_owned(), error.message))),
        written => written?,
    };
    let (scopes, unpriced) = rater.finish();
    match draft_invoice(inputs.directory, period, &scopes, unpriced) {
        Ok(draft) => Ok(Ok((draft, written))),
        Err(error) => Ok(Err((error.code().to_owned(), error.to_string()))),
    }
}

/// Where the running quantities of closed months ended, by scope: late usage goes on from there.
pub(crate) async fn late_from(
    books: &Books,
    party: &OrganisationId,
    period: BillingPeriod,
    late_count: u64,
) -> EngineResult<LateFrom> {
    let mut quantities = LateFrom::new();
    if late_count == 0 {
        return Ok(quantities);
    }
    let mut invoices = books.ledger.invoices(Some(party)).await?;
    invoices.retain(|invoice| invoice.period < period);
    invoices.sort_by_key(|invoice| invoice.period);
    for invoice in invoices {
        for bytes in books.ledger.invoice_lines(&invoice.number, 0, u32::MAX).await? {
            let line: InvoiceLine = serde_json::from_slice(&bytes)
                .map_err(|error| EngineError::damaged(&format!("a line of invoice {}", invoice.number), error))?;
            // Invoices come in the order of their periods, so the last word on a scope stays.
            quantities.insert(line.scope, line.consumed_after);
        }
    }
    Ok(quantities)
}
