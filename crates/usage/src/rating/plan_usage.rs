//! Reads the records that savings plans may pay for.

use std::collections::HashMap;
use std::ops::Range;

use billing::period::BillingPeriod;
use billing::ports::PlanUsageQuery;
use billing::savings_plan::{PlanUsage, PlanUsageRow};

use super::cursor::{Asked, Cursor, RowPlace};
use super::job::{Source, pieces};
use super::survey::{Survey, Wanted};
use crate::day::from_days;
use crate::error::{Result, StorageError};

pub(super) fn plan_usage(survey: &Survey<'_>, query: &PlanUsageQuery<'_>) -> Result<PlanUsage> {
    let sources: Vec<Source<'_>> = query.sources.iter().filter_map(|source| Source::of(survey, source)).collect();
    let wanted = Wanted::of(survey, query.subscriptions.iter());
    let meters: Vec<bool> = survey.meters.iter().map(|meter| query.meters.contains(meter)).collect();
    let ranks: Range<u32> = 0..u32::MAX;
    let mut collected = Collected { usage: PlanUsage::default(), places: HashMap::new(), survey, meters };
    for (number, piece) in pieces(&sources, &ranks, &wanted).into_iter().enumerate() {
        let asked = Asked {
            survey,
            wanted: &wanted,
            ranks: (ranks.start, ranks.end),
            by_key: false,
            with_keys: true,
            // One file after another: their order is nothing to the plans.
            cursor_count: 1,
        };
        if let Some(cursor) = Cursor::open(number, piece, asked)? {
            collected.take(cursor, query)?;
        }
    }
    Ok(collected.usage)
}

struct Collected<'s> {
    usage: PlanUsage,
    /// Place among the scopes of the usage, by rank of subscription and meter.
    places: HashMap<u64, usize>,
    survey: &'s Survey<'s>,
    /// Whether a plan pays for the meter, by rank.
    meters: Vec<bool>,
}

impl Collected<'_> {
    fn take(&mut self, mut cursor: Cursor<'_>, query: &PlanUsageQuery<'_>) -> Result<()> {
        loop {
            let rows = cursor.waiting().to_vec();
            for place in &rows {
                self.add(&cursor, *place, query).ok_or_else(|| {
                    StorageError::failed("the usage store", "a subscription, a meter or a day without a name")
                })?;
            }
            cursor.take(rows.len());
            if !cursor.load()? {
                return Ok(());
            }
        }
    }

    /// `None` for a row whose names are lost.
    fn add(&mut self, cursor: &Cursor<'_>, place: RowPlace, query: &PlanUsageQuery<'_>) -> Option<()> {
        if self.meters.get(usize_of(place.meter())) != Some(&true) {
            return Some(());
        }
        let day = from_days(place.day())?;
        if BillingPeriod::containing(day).is_ok_and(|month| query.months.contains(&month)) {
            let scope = self.scope(place)?;
            let ((quantity, basis), key) = (cursor.quantity(place), cursor.record_key(place));
            self.usage.rows.push(PlanUsageRow { scope, day, key, quantity, basis });
        }
        Some(())
    }

    fn scope(&mut self, place: RowPlace) -> Option<usize> {
        if let Some(known) = self.places.get(&place.scope()) {
            return Some(*known);
        }
        let subscription = self.survey.subscriptions.get(usize_of(place.subscription()))?;
        let meter = self.survey.meters.get(usize_of(place.meter()))?;
        let scope = self.usage.scopes.len();
        self.usage.scopes.push((subscription.clone(), meter.clone()));
        self.places.insert(place.scope(), scope);
        Some(scope)
    }
}

fn usize_of(rank: u32) -> usize {
    usize::try_from(rank).unwrap_or(usize::MAX)
}
