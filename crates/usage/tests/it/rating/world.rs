//! A party and the store that its usage lies in.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use billing::ports::{
    PortResult, RatedPart, RatedUsage, RatingFailure, RatingJob, RatingOutput, SourceRows, StoredFile, UsageFile,
    UsageSource, UsageStore, UsageSurvey,
};
use billing::price::PriceBook;
use billing::rate::{RatedLine, RatedTotals};
use billing::usage::UsageRecord;
use jiff::civil::date;
use tempfile::TempDir;
use usage::{DirectoryStore, Limits};

use super::naive::{Failure, Naive, Said, in_order};
use super::party::{Party, september};
use crate::samples::World;

pub(super) const NO_PARTS: RatingOutput<'static> = RatingOutput::Files { inputs_digest: [7; 32], known: &[] };

/// A finished job.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) said: Said,
    pub(super) files: Vec<StoredFile>,
    pub(super) parts: Vec<RatedPart>,
    /// Lines that `tick` heard of.
    pub(super) ticked: u64,
}

impl Run {
    /// As a ledger keeps it: each part with its files.
    pub(super) fn known(&self) -> Vec<(RatedPart, Vec<StoredFile>)> {
        let mut files = self.files.iter().cloned();
        let with_files = |part: &RatedPart| (part.clone(), files.by_ref().take(part.file_count).collect());
        self.parts.iter().map(with_files).collect()
    }

    pub(super) fn paths(&self) -> BTreeSet<String> {
        self.files.iter().map(|file| file.path.clone()).collect()
    }

    /// What the files hold, but not where they lie: the same bytes may have been written before.
    pub(super) fn contents(&self) -> Vec<StoredFile> {
        let without_path = |file: &StoredFile| StoredFile { path: String::new(), ..file.clone() };
        self.files.iter().map(without_path).collect()
    }
}

/// A folder in memory where there is one: thousands of small files are made.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir()).unwrap()
}

/// A party and the store that its usage lies in.
pub(super) struct Books {
    pub(super) usage: World,
    pub(super) party: Party,
    pub(super) limits: Limits,
}

impl Books {
    pub(super) fn new(limits: Limits, party: Party) -> Self {
        let root = folder();
        let store = DirectoryStore::with_limits(root.path(), limits).unwrap();
        Self { usage: World { root, store, manifest: Vec::new(), closed: Vec::new() }, party, limits }
    }

    pub(super) fn with_records(limits: Limits, party: Party, records: &[UsageRecord]) -> Self {
        let mut books = Self::new(limits, party);
        books.usage.import(records);
        books
    }

    /// A store that remembers nothing, with so many threads.
    pub(super) fn reopened(&self, rating_threads: usize) -> DirectoryStore {
        DirectoryStore::with_limits(self.usage.root.path(), Limits { rating_threads, ..self.limits }).unwrap()
    }

    /// All files with all their rows.
    pub(super) fn sources(&self) -> Vec<UsageSource> {
        all_of(&self.usage.manifest)
    }

    pub(super) fn naively(&self, sources: &[UsageSource]) -> Naive {
        let mut records = self.usage.read_all();
        records.retain(|stored| {
            let record = &stored.record;
            let day = || (record.subscription_id.clone(), record.meter_id.clone(), record.usage_date);
            let takes = |source: &UsageSource| match &source.rows {
                SourceRows::All => source.place == stored.place,
                SourceRows::Days(days) => source.place == stored.place && days.contains(&day()),
            };
            self.party.directory.subscriptions.contains_key(&record.subscription_id) && sources.iter().any(takes)
        });
        self.party.rate_naively(records)
    }

    pub(super) fn rate(&self, sources: &[UsageSource], output: RatingOutput<'_>) -> Result<Run, RatingFailure> {
        rate(&self.usage.store, &self.usage.manifest, &self.party, sources, output)
    }

    /// All records as files and as totals, compared with the naive rating; or what both of them refuse.
    #[track_caller]
    pub(super) fn check(&self) -> Result<Run, Failure> {
        self.check_sources(&self.sources())
    }

    #[track_caller]
    pub(super) fn check_sources(&self, sources: &[UsageSource]) -> Result<Run, Failure> {
        let before = self.usage.files();
        let naive = self.naively(sources);
        let totals = self.rate(sources, RatingOutput::Totals);
        assert_eq!(self.usage.files(), before, "totals write nothing");
        match &naive.said {
            Ok(expected) => totals.unwrap().said.check_totals(expected),
            Err(failure) => failure.check(totals),
        }
        let files = self.rate(sources, NO_PARTS);
        match naive.in_files() {
            Ok(expected) => {
                let run = files.unwrap();
                run.said.check(&expected);
                assert_eq!(run.ticked, expected.totals.daily_line_count);
                self.check_files(&run);
                Ok(run)
            }
            Err(failure) => {
                failure.check(files);
                assert_eq!(self.usage.files(), before, "a failure leaves nothing behind");
                Err(failure)
            }
        }
    }

    /// What is said of parts and files is so.
    #[track_caller]
    pub(super) fn check_files(&self, run: &Run) {
        let mut totals = RatedTotals::default();
        run.parts.iter().for_each(|part| totals.add(part.totals.clone()).unwrap());
        assert_eq!(in_order(&totals), in_order(&run.said.totals));
        assert_eq!(run.parts.iter().map(|part| part.file_count).sum::<usize>(), run.files.len());
        let mut lines = run.said.lines.iter();
        for file in &run.files {
            assert_eq!(self.usage.store.check_file(file), Ok(None));
            let count = usize::try_from(file.row_count).unwrap();
            assert!(0 < count && count <= 2 * self.limits.rows_per_rated_file, "{count} rows");
            let days: BTreeSet<_> = lines.by_ref().take(count).map(|line| line.record.usage_date).collect();
            assert_eq!(file.days, days.first().copied().zip(days.last().copied()));
        }
        assert_eq!(lines.len(), 0, "rows of all files");
    }
}

pub(super) fn all_of(manifest: &[UsageFile]) -> Vec<UsageSource> {
    manifest.iter().map(|file| UsageSource { place: file.place, rows: SourceRows::All }).collect()
}

/// Surveys `manifest` and rates `sources`; the lines are read back.
pub(super) fn rate(
    store: &DirectoryStore,
    manifest: &[UsageFile],
    party: &Party,
    sources: &[UsageSource],
    output: RatingOutput<'_>,
) -> Result<Run, RatingFailure> {
    let survey = store.survey(manifest)?;
    let mut run = rate_surveyed(survey.as_ref(), party, sources, output, true)?;
    run.said.lines = read_back(store, &run.files)?;
    Ok(run)
}

/// One job of a survey; its lines are not read.
pub(super) fn rate_surveyed(
    survey: &dyn UsageSurvey,
    party: &Party,
    sources: &[UsageSource],
    output: RatingOutput<'_>,
    with_scopes: bool,
) -> Result<Run, RatingFailure> {
    let book = PriceBook::new(&party.sheets);
    let (inputs, id) = (party.inputs(&book), &party.directory.party.id);
    let job = RatingJob { party: id, period: september(), sources, inputs, output, with_scopes };
    let ticked = AtomicU64::new(0);
    let tick = |lines| _ = ticked.fetch_add(lines, Ordering::Relaxed);
    let RatedUsage { totals, scopes, files, parts } = survey.rate(&job, &tick)?;
    let scopes = scopes.into_iter().map(|(key, month)| (key, month.into())).collect();
    let said = Said { lines: Vec::new(), scopes, totals };
    Ok(Run { said, files, parts, ticked: ticked.into_inner() })
}

/// All lines; their places count from 1 without a gap.
#[track_caller]
pub(super) fn read_back(store: &DirectoryStore, files: &[StoredFile]) -> PortResult<Vec<RatedLine>> {
    let lines = store.read_rated(files, 0, usize::MAX, &|_| true)?;
    assert!((1..).zip(&lines).all(|(place, (found, _))| place == *found));
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

/// The records of some days, as [`SourceRows::Days`].
pub(super) fn only(days: &[(&str, &str, i8)]) -> SourceRows {
    let day =
        |(plan, meter, day): &(&str, &str, i8)| (plan.parse().unwrap(), meter.parse().unwrap(), date(2026, 9, *day));
    SourceRows::Days(days.iter().map(day).collect())
}
