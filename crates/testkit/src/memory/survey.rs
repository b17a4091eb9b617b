//! Rates a party's month record by record: another computation than the one that rates in bulk.

use std::collections::BTreeMap;
use std::sync::Arc;

use billing::ids::SubscriptionId;
use billing::licence::Generation;
use billing::period::BillingPeriod;
use billing::ports::{
    PlanUsageQuery, PortResult, RatedPart, RatedUsage, RatingFailure, RatingJob, RatingOutput, SourceRows, UsageFile,
    UsageSource, UsageSurvey, hex,
};
use billing::rate::{LineFigures, PartyRater, RatedDay, RatedLine, RatedTotals};
use billing::savings_plan::{PlanUsage, PlanUsageRow};
use billing::usage::{RecordKey, UsageRecord};
use sha2::{Digest, Sha256};

use super::count;
use super::store::{MemoryStore, Row, highest_revisions};

#[derive(Debug)]
pub(super) struct MemorySurvey<'s> {
    store: &'s MemoryStore,
    files: BTreeMap<u64, Arc<Vec<Row>>>,
    /// Over all files, for an earlier revision may lie in another one.
    highest: BTreeMap<RecordKey, u32>,
}

impl<'s> MemorySurvey<'s> {
    pub(super) fn of(store: &'s MemoryStore, files: &[UsageFile]) -> PortResult<Self> {
        let files = files.iter().map(|file| Ok((file.place, store.records(&file.rows)?)));
        let files = files.collect::<PortResult<BTreeMap<_, _>>>()?;
        let highest = highest_revisions(files.values().flat_map(|rows| rows.iter()));
        Ok(Self { store, files, highest })
    }

    /// The records that a period takes of a file.
    fn taken<'r>(&'r self, source: &'r UsageSource) -> impl Iterator<Item = &'r Row> {
        let is_wanted = |record: &UsageRecord| match &source.rows {
            SourceRows::All => true,
            SourceRows::Days(days) => {
                let day = (record.subscription_id.clone(), record.meter_id.clone(), record.usage_date);
                days.contains(&day)
            }
        };
        let of_file = self.files.get(&source.place).into_iter().flat_map(|rows| rows.iter());
        of_file.filter(move |(key, record)| self.highest.get(key) == Some(&record.revision()) && is_wanted(record))
    }

    /// The records of a job in the order of rating: by scope, day and key.
    fn rows_of(&self, job: &RatingJob<'_>) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        for source in job.sources {
            let is_known =
                |record: &UsageRecord| job.inputs.directory.subscriptions.contains_key(&record.subscription_id);
            rows.extend(self.taken(source).filter(|(_, record)| is_known(record)).cloned());
        }
        rows.sort_by(|(a_key, a), (b_key, b)| {
            let place = |record: &UsageRecord| (record.subscription_id.clone(), record.meter_id.clone());
            (place(a), a.usage_date, a_key).cmp(&(place(b), b.usage_date, b_key))
        });
        rows
    }
}

impl UsageSurvey for MemorySurvey<'_> {
    fn holds(&self, place: u64, subscriptions: &mut dyn Iterator<Item = &SubscriptionId>) -> bool {
        let Some(rows) = self.files.get(&place) else { return false };
        let mut subscriptions = subscriptions;
        (&mut subscriptions).any(|subscription| rows.iter().any(|(_, record)| record.subscription_id == *subscription))
    }

    fn plan_usage(&self, query: &PlanUsageQuery<'_>) -> PortResult<PlanUsage> {
        let mut usage = PlanUsage::default();
        for (key, record) in query.sources.iter().flat_map(|source| self.taken(source)) {
            if query.subscriptions.contains(&record.subscription_id)
                && query.meters.contains(&record.meter_id)
                && BillingPeriod::containing(record.usage_date).is_ok_and(|month| query.months.contains(&month))
            {
                usage.scopes.push((record.subscription_id.clone(), record.meter_id.clone()));
                usage.rows.push(PlanUsageRow {
                    scope: usage.scopes.len() - 1,
                    day: record.usage_date,
                    key: *key,
                    quantity: record.quantity.into(),
                    basis: record.quantity_basis,
                });
            }
        }
        Ok(usage)
    }

    fn rate<'a>(&self, job: &RatingJob<'a>, tick: &(dyn Fn(u64) + Sync)) -> Result<RatedUsage<'a>, RatingFailure> {
        let rows = self.rows_of(job);
        let fingerprint = fingerprint(job, &rows);
        if let RatingOutput::Files { known, .. } = job.output
            && let Some((part, files)) = known.iter().find(|(part, _)| part.fingerprint == fingerprint)
            && !job.with_scopes
        {
            let (totals, parts) = (part.totals.clone(), vec![part.clone()]);
            return Ok(RatedUsage { totals, parts, files: files.clone(), ..RatedUsage::default() });
        }
        let mut rater = PartyRater::new(job.inputs);
        let (mut lines, mut late_count) = (Vec::new(), 0);
        for (key, record) in rows {
            late_count += u64::from(BillingPeriod::containing(record.usage_date) != Ok(job.period));
            for day in rater.rate((key, record.clone()))? {
                tick(1);
                lines.push(line(day, record.clone(), job));
            }
        }
        let (scopes, unpriced) = rater.finish();
        let mut totals =
            RatedTotals { daily_line_count: count(lines.len()), late_count, unpriced, ..RatedTotals::default() };
        for (scope, month) in &scopes {
            let customer = totals.customers.entry(scope.customer.clone()).or_default();
            customer
                .add_scope(month, job.inputs.directory.party.currency)
                .map_err(|error| RatingFailure::Party { code: error.code(), message: error.to_string() })?;
        }
        let mut rated = RatedUsage { totals, ..RatedUsage::default() };
        if job.with_scopes {
            rated.scopes = scopes;
        }
        if let RatingOutput::Files { .. } = job.output {
            rated.files = if lines.is_empty() { Vec::new() } else { vec![self.store.write_rated(lines)] };
            let (file_count, totals) = (rated.files.len(), rated.totals.clone());
            let generation = Generation::default();
            rated.parts = vec![RatedPart { fingerprint, file_count, totals, generation }];
        }
        Ok(rated)
    }
}

/// Over all that the lines are made of.
fn fingerprint(job: &RatingJob<'_>, rows: &[Row]) -> String {
    let mut hasher = Sha256::new();
    if let RatingOutput::Files { inputs_digest, .. } = job.output {
        hasher.update(inputs_digest);
    }
    for (key, record) in rows {
        hasher.update(key.0);
        hasher.update(record.revision().to_be_bytes());
        let at = (record.usage_date, *key);
        for part in job.inputs.coverage.parts(&record.subscription_id, &record.meter_id, at) {
            hasher.update(format!("{} of {}", part.quantity, part.order_id));
        }
    }
    hex(&hasher.finalize())
}

fn line(day: RatedDay<'_>, record: UsageRecord, job: &RatingJob<'_>) -> RatedLine {
    let RatedDay { key, scope, rating, price, exchange_rate, billing_total, .. } = day;
    RatedLine {
        key,
        record,
        scope,
        figures: LineFigures {
            quantity: rating.quantity,
            factors: rating.factors,
            unit_price: rating.unit_price,
            effective_unit_price: rating.effective_unit_price,
            pricing_total: rating.pricing_total,
            exchange_rate: exchange_rate.rate,
            billing_total,
        },
        product: price.product.clone(),
        price_meter: price.meter.clone(),
        price_unit: price.unit_of_measure.clone(),
        pricing_currency: price.currency,
        billing_currency: job.inputs.directory.party.currency,
        exchange_rate_dated: exchange_rate.dated,
    }
}
