//! A store of usage at whose calls processes fail and die.

use std::collections::BTreeSet;
use std::sync::Arc;

use billing::ids::SubscriptionId;
use billing::period::BillingPeriod;
use billing::ports::{
    ImportSession, ImportedUsage, PlanUsageQuery, PortResult, RatedUsage, RatingFailure, RatingJob, StoredFile,
    StoredUsage, UsageFile, UsageFilter, UsageStore, UsageSurvey,
};
use billing::rate::{LineFigures, RatedLine};
use billing::savings_plan::PlanUsage;
use billing::usage::UsageRecord;

use super::Faults;

/// Any store with faults in front.
#[derive(Debug)]
pub struct FaultyStore {
    pub store: Arc<dyn UsageStore>,
    pub faults: Arc<Faults>,
}

impl UsageStore for FaultyStore {
    fn begin_import<'a>(
        &'a self,
        known: &'a [UsageFile],
        closed_months: &'a [BillingPeriod],
    ) -> PortResult<Box<dyn ImportSession + 'a>> {
        let session = self.faults.now(|| self.store.begin_import(known, closed_months))?;
        Ok(Box::new(FaultySession { session, faults: &self.faults }))
    }

    fn read_usage(
        &self,
        files: &[UsageFile],
        filter: &UsageFilter,
        take: &mut dyn FnMut(StoredUsage) -> PortResult<()>,
    ) -> PortResult<()> {
        self.faults.now(|| self.store.read_usage(files, filter, take))
    }

    fn survey<'a>(&'a self, files: &[UsageFile]) -> PortResult<Box<dyn UsageSurvey + 'a>> {
        let survey = self.faults.now(|| self.store.survey(files))?;
        Ok(Box::new(FaultySurvey { survey, faults: &self.faults }))
    }

    fn compact(&self, files: &[UsageFile], tick: &(dyn Fn(u64) + Sync)) -> PortResult<Vec<(StoredFile, StoredFile)>> {
        self.faults.now(|| self.store.compact(files, tick))
    }

    fn read_rated(
        &self,
        files: &[StoredFile],
        after: u64,
        limit: usize,
        keep: &dyn Fn(&LineFigures) -> bool,
    ) -> PortResult<Vec<(u64, RatedLine)>> {
        self.faults.now(|| self.store.read_rated(files, after, limit, keep))
    }

    fn check_file(&self, file: &StoredFile) -> PortResult<Option<String>> {
        self.faults.now(|| self.store.check_file(file))
    }

    fn unknown_files(&self, known: &BTreeSet<String>) -> PortResult<Vec<(String, u64)>> {
        self.faults.now(|| self.store.unknown_files(known))
    }

    fn sweep(&self, known: &BTreeSet<String>) -> PortResult<Vec<String>> {
        self.faults.now(|| self.store.sweep(known))
    }

    fn remove(&self, files: &[StoredFile]) -> PortResult<()> {
        self.faults.now(|| self.store.remove(files))
    }
}

struct FaultySession<'a> {
    session: Box<dyn ImportSession + 'a>,
    faults: &'a Faults,
}

impl ImportSession for FaultySession<'_> {
    /// Records are not counted as calls: nothing of them is to be seen before the end.
    fn push(&mut self, line: u64, record: UsageRecord) -> PortResult<()> {
        self.session.push(line, record)
    }

    fn finish(self: Box<Self>) -> PortResult<ImportedUsage> {
        let Self { session, faults } = *self;
        faults.now(|| session.finish())
    }
}

#[derive(Debug)]
struct FaultySurvey<'a> {
    survey: Box<dyn UsageSurvey + 'a>,
    faults: &'a Faults,
}

impl UsageSurvey for FaultySurvey<'_> {
    fn holds(&self, place: u64, subscriptions: &mut dyn Iterator<Item = &SubscriptionId>) -> bool {
        self.survey.holds(place, subscriptions)
    }

    fn plan_usage(&self, query: &PlanUsageQuery<'_>) -> PortResult<PlanUsage> {
        self.faults.now(|| self.survey.plan_usage(query))
    }

    fn rate<'a>(&self, job: &RatingJob<'a>, tick: &(dyn Fn(u64) + Sync)) -> Result<RatedUsage<'a>, RatingFailure> {
        let mut rated = None;
        self.faults.now(|| {
            rated = Some(self.survey.rate(job, tick));
            Ok(())
        })?;
        rated.unwrap_or_else(|| Ok(RatedUsage::default()))
    }
}
