//! Which usage records belong to a party's billing period.
//!
//! Rule: docs/rules/closing.md. A period takes all usage of its own month. Usage of closed months
//! that arrived later, and usage that was moved on for want of a price, belongs to the first open
//! period. Usage of an earlier month that is still open has to be closed there first. All records of
//! a file are of one month, so these are questions about files.

use std::collections::BTreeSet;

use billing::ids::{MeterId, SubscriptionId};
use billing::invoice::{CarriedDay, PriorClosure};
use billing::period::BillingPeriod;
use billing::ports::{SourceRows, UsageFile, UsageSource, UsageSurvey};
use billing::rate::UnpricedUsage;
use jiff::civil::Date;

/// The facts that decide which records a party's period takes.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    pub(crate) period: BillingPeriod,
    pub(crate) usage_through: u64,
    pub(crate) prior: Option<PriorClosure>,
    pub(crate) carried_in: Vec<CarriedDay>,
}

/// What a file is to a party's period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role {
    /// Usage of the period's own month.
    Own,
    /// Usage of a closed month that arrived after it was closed.
    Late,
    /// Some of its records were moved on for want of a price.
    Carried(BTreeSet<(SubscriptionId, MeterId, Date)>),
    /// Usage of an earlier month that is not closed yet.
    EarlierOpen(BillingPeriod),
}

/// What a party's period takes.
#[derive(Debug, Default)]
pub(crate) struct Selected {
    pub(crate) sources: Vec<UsageSource>,
    /// Whether there may be usage of closed months.
    pub(crate) has_late: bool,
    /// An earlier month that has usage and is not closed.
    pub(crate) earlier_open: Option<BillingPeriod>,
}

impl Selection {
    /// `None` for a file that the period has nothing to do with.
    pub(crate) fn role_of(&self, file: &UsageFile) -> Option<Role> {
        let (first, _) = file.rows.days?;
        if first >= self.period.end() || file.place > self.usage_through {
            return None;
        }
        if first >= self.period.first_day() {
            return Some(Role::Own);
        }
        let open_from = self.prior.map_or(Date::MIN, |prior| prior.period.end());
        if self.prior.is_none_or(|prior| file.place > prior.usage_through) {
            let month = BillingPeriod::containing(first).ok()?;
            return match first >= open_from {
                true => Some(Role::EarlierOpen(month)),
                // Only the first open period takes late usage.
                false => (open_from == self.period.first_day()).then_some(Role::Late),
            };
        }
        let days: BTreeSet<_> = self.carried_in.iter().filter(|day| is_in(day, file)).map(key).collect();
        (!days.is_empty()).then_some(Role::Carried(days))
    }

    /// What the period takes of `files`, which were surveyed.
    pub(crate) fn of<'i>(
        &self,
        files: &[UsageFile],
        survey: &dyn UsageSurvey,
        subscriptions: &(dyn Fn() -> Box<dyn Iterator<Item = &'i SubscriptionId> + 'i> + '_),
    ) -> Selected {
        let mut selected = Selected::default();
        for file in files {
            let (rows, is_late) = match self.role_of(file) {
                None => continue,
                Some(Role::Own) => (SourceRows::All, false),
                Some(Role::Late) => (SourceRows::All, true),
                Some(Role::Carried(days)) => (SourceRows::Days(days), true),
                Some(Role::EarlierOpen(month)) => {
                    if survey.holds(file.place, &mut subscriptions()) {
                        selected.earlier_open = [selected.earlier_open, Some(month)].into_iter().flatten().min();
                    }
                    continue;
                }
            };
            selected.has_late |= is_late && survey.holds(file.place, &mut subscriptions());
            selected.sources.push(UsageSource { place: file.place, rows });
        }
        selected
    }
}

fn is_in(day: &CarriedDay, file: &UsageFile) -> bool {
    let places = day.usage_after.saturating_add(1)..=day.usage_through;
    let days = file.rows.days.is_some_and(|(first, last)| first <= day.usage_date && day.usage_date <= last);
    days && places.contains(&file.place)
}

fn key(day: &CarriedDay) -> (SubscriptionId, MeterId, Date) {
    (day.subscription.clone(), day.meter.clone(), day.usage_date)
}

/// What is moved to the next period: the days that had no price, with the files they stand in.
pub(crate) fn carried_days(unpriced: &[UnpricedUsage], selection: &Selection) -> Vec<CarriedDay> {
    let carried_before = |unpriced: &UnpricedUsage| {
        let same = |day: &&CarriedDay| {
            day.subscription == unpriced.scope.subscription
                && day.meter == unpriced.scope.meter
                && day.usage_date == unpriced.usage_date
        };
        selection.carried_in.iter().find(same).map(|day| day.usage_after)
    };
    let usage_after = |unpriced: &UnpricedUsage| {
        if unpriced.scope.usage_month == selection.period {
            return 0;
        }
        // Late usage stands behind the prior closure; what was carried before stands right below it.
        let late_after = selection.prior.map_or(0, |prior| prior.usage_through);
        carried_before(unpriced).unwrap_or(late_after)
    };
    unpriced
        .iter()
        .map(|unpriced| CarriedDay {
            subscription: unpriced.scope.subscription.clone(),
            meter: unpriced.scope.meter.clone(),
            usage_date: unpriced.usage_date,
            usage_after: usage_after(unpriced),
            usage_through: selection.usage_through,
        })
        .collect()
}
