//! A job from its sources to its result: ranges are rated on all cores and put together in their order.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use billing::ids::{MeterId, SubscriptionId};
use billing::licence::Generation;
use billing::ports::{
    RatedPart, RatedUsage, RatingFailure, RatingJob, RatingOutput, SourceRows, StoredFile, UsageSource,
};
use billing::savings_plan::Coverage;

use super::cursor::{Asked, Piece};
use super::fingerprint::{CoveredScope, fingerprint};
use super::ranges::cut;
use super::survey::{Survey, SurveyedFile, Wanted};
use super::worker::{Calendar, RangeResult, Worker, sum_too_long};
use crate::day::to_days;
use crate::directory::rated_folder;
use crate::new_file::CompleteFile;
use crate::parallel;
use crate::publishing::{Publication, publish};

/// A file that rows are taken of.
pub(super) struct Source<'s> {
    file: &'s SurveyedFile,
    only: Option<BTreeSet<(u32, u32, i32)>>,
}

/// What became of a range.
enum Part<'a, 'k> {
    /// An earlier run has it already.
    Known(&'k (RatedPart, Vec<StoredFile>)),
    Rated(String, RangeResult<'a>),
}

pub(super) fn rate<'a>(
    survey: &Survey<'_>,
    job: &RatingJob<'a>,
    tick: &(dyn Fn(u64) + Sync),
) -> Result<RatedUsage<'a>, RatingFailure> {
    let sources: Vec<Source<'_>> = job.sources.iter().filter_map(|source| Source::of(survey, source)).collect();
    let wanted = Wanted::of(survey, job.inputs.directory.subscriptions.keys());
    let Some(calendar) = calendar(&sources) else { return Ok(RatedUsage::default()) };
    let limits = survey.store.limits();
    let rows_per_range = u64::try_from(limits.rows_per_rated_file).unwrap_or(u64::MAX);
    let ranges = cut(&rows_by_rank(survey, &sources, &wanted), rows_per_range);
    let known: HashMap<&str, &(RatedPart, Vec<StoredFile>)> = match job.output {
        // Scopes are not kept with parts.
        RatingOutput::Files { .. } if job.with_scopes => HashMap::new(),
        RatingOutput::Files { known, .. } => known.iter().map(|part| (part.0.fingerprint.as_str(), part)).collect(),
        RatingOutput::Totals => HashMap::new(),
    };
    let task = Task { survey, job, sources: &sources, wanted: &wanted, known, tick };
    let mut assembly = Assembly { job, usage: RatedUsage::default(), new: Vec::new() };
    let worker = || Worker::new(survey, job, &calendar, tick);
    let work = |worker: &mut _, range: &Range<u32>| task.rate(worker, range);
    parallel::in_order(limits.rating_threads, &ranges, worker, work, |part| assembly.add(part))?;
    assembly.finish(survey)
}

/// What all threads share.
struct Task<'t, 'a> {
    survey: &'t Survey<'t>,
    job: &'t RatingJob<'a>,
    sources: &'t [Source<'t>],
    wanted: &'t Wanted,
    /// Parts of an earlier run, by what they were made of.
    known: HashMap<&'t str, &'t (RatedPart, Vec<StoredFile>)>,
    tick: &'t (dyn Fn(u64) + Sync),
}

impl<'t, 'a> Task<'t, 'a> {
    /// Its instructions are counted by name (`cargo xtask instructions`).
    #[inline(never)]
    fn rate(&self, worker: &mut Worker<'t, 'a>, range: &Range<u32>) -> Result<Part<'a, 't>, RatingFailure> {
        let pieces = pieces(self.sources, range, self.wanted);
        let covered = covered_in(self.survey, self.job.inputs.coverage, range);
        let print = match self.job.output {
            RatingOutput::Files { inputs_digest, .. } => fingerprint(self.survey, &inputs_digest, &pieces, &covered),
            RatingOutput::Totals => String::new(),
        };
        if let Some(part) = self.known.get(print.as_str()) {
            (self.tick)(part.0.totals.daily_line_count);
            return Ok(Part::Known(part));
        }
        let asked = Asked {
            survey: self.survey,
            wanted: self.wanted,
            ranks: (range.start, range.end),
            by_key: may_share_days(&pieces),
            with_keys: !covered.is_empty(),
            cursor_count: pieces.len(),
        };
        Ok(Part::Rated(print, worker.rate(pieces, asked)?))
    }
}

impl<'s> Source<'s> {
    pub(super) fn of(survey: &'s Survey<'_>, source: &UsageSource) -> Option<Self> {
        let file = survey.file_at(source.place)?;
        let only = match &source.rows {
            SourceRows::All => None,
            SourceRows::Days(days) => Some(
                days.iter()
                    .filter_map(|(subscription, meter, day)| {
                        let subscription = survey.rank_of_text(subscription.as_str())?;
                        Some((subscription, survey.meter_rank(meter.as_str())?, to_days(*day)))
                    })
                    .collect(),
            ),
        };
        Some(Self { file, only })
    }
}

/// `None` when there are no rows.
fn calendar(sources: &[Source<'_>]) -> Option<Calendar> {
    let days = || sources.iter().filter_map(|source| source.file.file.rows.days);
    let first = days().map(|(first, _)| first).min()?;
    let last = days().map(|(_, last)| last).max()?;
    Calendar::of(to_days(first), to_days(last))
}

fn rows_by_rank(survey: &Survey<'_>, sources: &[Source<'_>], wanted: &Wanted) -> Vec<u64> {
    let mut rows_of = vec![0; survey.subscriptions.len()];
    for source in sources {
        match &source.only {
            None => source.file.count_rows(wanted, &mut rows_of),
            // How many rows a day has is not known; there are few such days.
            Some(days) => {
                for (rank, ..) in days.iter().filter(|(rank, ..)| wanted.has(*rank)) {
                    if let Some(count) = usize::try_from(*rank).ok().and_then(|rank| rows_of.get_mut(rank)) {
                        *count += 1;
                    }
                }
            }
        }
    }
    rows_of
}

pub(super) fn pieces<'s>(sources: &'s [Source<'s>], range: &Range<u32>, wanted: &Wanted) -> Vec<Piece<'s>> {
    let piece = |source: &'s Source<'s>| {
        let rows = source.file.rows_of(range, wanted);
        (!rows.is_empty()).then_some(Piece { file: source.file, only: source.only.as_ref(), rows })
    };
    let mut pieces: Vec<Piece<'s>> = sources.iter().filter_map(piece).collect();
    // Files have no order of their own: theirs would show in what is written.
    pieces.sort_by(|a, b| a.file.file.rows.path.cmp(&b.file.file.rows.path));
    pieces
}

/// What savings plans pay for of the subscriptions of a range, in order.
fn covered_in<'c>(survey: &Survey<'_>, coverage: &'c Coverage, range: &Range<u32>) -> Vec<CoveredScope<'c>> {
    let is_in = |(subscription, _): &(SubscriptionId, MeterId)| {
        survey.rank_of_text(subscription.as_str()).is_some_and(|rank| range.contains(&rank))
    };
    coverage.scopes().filter(|(scope, _)| is_in(scope)).collect()
}

/// Whether two pieces may have rows of one subscription, meter and day, so that keys decide.
pub(super) fn may_share_days(pieces: &[Piece<'_>]) -> bool {
    let mut days: Vec<_> = pieces.iter().filter_map(|piece| piece.file.file.rows.days).collect();
    days.sort_unstable();
    let mut latest = None;
    days.into_iter().any(|(first, last)| {
        let is_shared = latest.is_some_and(|latest| first <= latest);
        latest = latest.max(Some(last));
        is_shared
    })
}

/// Puts ranges together.
struct Assembly<'j, 'a> {
    job: &'j RatingJob<'a>,
    usage: RatedUsage<'a>,
    /// Files that have no name yet: the place where they stand, and the file.
    new: Vec<(usize, CompleteFile)>,
}

impl<'a> Assembly<'_, 'a> {
    fn add(&mut self, part: Part<'a, '_>) -> Result<(), RatingFailure> {
        let (fingerprint, totals, file_count) = match part {
            Part::Known((part, files)) => {
                self.usage.files.extend(files.iter().cloned());
                (part.fingerprint.clone(), part.totals.clone(), files.len())
            }
            Part::Rated(fingerprint, result) => {
                self.usage.scopes.extend(result.scopes);
                let file_count = result.files.len();
                for file in result.files {
                    let file = file.synced()?;
                    // Its temporary name stands in until the file has one of its own.
                    let stored = file.as_stored();
                    self.new.push((self.usage.files.len(), file));
                    self.usage.files.push(stored);
                }
                (fingerprint, result.totals, file_count)
            }
        };
        if let RatingOutput::Files { .. } = self.job.output {
            let (totals, generation) = (totals.clone(), Generation::default());
            self.usage.parts.push(RatedPart { fingerprint, file_count, totals, generation });
        }
        self.usage.totals.add(totals).map_err(sum_too_long)
    }

    /// Gives the new files their names, all or none.
    fn finish(mut self, survey: &Survey<'_>) -> Result<RatedUsage<'a>, RatingFailure> {
        // Parts follow their plans, scopes their customers: this order is the same wherever parts are cut.
        self.usage.totals.unpriced.sort_by(|a, b| (&a.scope, a.usage_date).cmp(&(&b.scope, b.usage_date)));
        let folder = rated_folder(self.job.party, self.job.period);
        let (places, files): (Vec<usize>, Vec<CompleteFile>) = self.new.into_iter().unzip();
        let alone = |file: CompleteFile| {
            let stem = file.sha256().to_owned();
            Publication { folder: folder.clone(), stem, files: vec![(file, "parquet")] }
        };
        let publications: Vec<Publication> = files.into_iter().map(alone).collect();
        let stored = publish(survey.store.directory(), &publications)?;
        for (place, file) in places.into_iter().zip(stored) {
            if let Some(slot) = self.usage.files.get_mut(place) {
                *slot = file;
            }
        }
        Ok(self.usage)
    }
}
