//! Which usage records belong to a party's billing period.
//!
//! Rule: docs/rules/closing.md. A period takes all usage of its own month. Usage of closed months
//! that arrived later, and usage that was moved on for want of a price, belongs to the first open
//! period. Usage of an earlier month that is still open has to be closed there first.

use std::collections::{BTreeMap, BTreeSet};

use billing::ids::{OrganisationId, SubscriptionId};
use billing::invoice::{CarriedDay, PriorClosure};
use billing::period::BillingPeriod;
use billing::ports::{PortResult, StoredUsage, UsageFile, UsageStore};
use billing::rate::{UnpricedUsage, UsageInOrder};
use jiff::ToSpan;
use jiff::civil::Date;

/// The facts that decide which records a party's period takes.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    pub(crate) period: BillingPeriod,
    pub(crate) usage_through: u64,
    pub(crate) prior: Option<PriorClosure>,
    pub(crate) carried_in: Vec<CarriedDay>,
}

/// What a party's period takes, in the order that rating asks for.
#[derive(Debug, Default)]
pub(crate) struct Selected {
    pub(crate) records: Vec<UsageInOrder>,
    pub(crate) late_count: u64,
    /// An earlier month that has usage and is not closed.
    pub(crate) earlier_open: Option<BillingPeriod>,
}

impl Selected {
    fn sort(&mut self) {
        self.records.sort_by(|(a_key, a), (b_key, b)| {
            let scope = (&a.subscription_id, &a.meter_id).cmp(&(&b.subscription_id, &b.meter_id));
            scope.then_with(|| (a.usage_date, a_key).cmp(&(b.usage_date, b_key)))
        });
    }
}

/// Reads the period's own usage of all parties in one pass over the files.
pub(crate) fn own_month(
    store: &dyn UsageStore,
    files: &[UsageFile],
    period: BillingPeriod,
    owner: &BTreeMap<SubscriptionId, OrganisationId>,
) -> PortResult<BTreeMap<OrganisationId, Selected>> {
    let mut by_party: BTreeMap<OrganisationId, Selected> = BTreeMap::new();
    store.read_usage(files, period.first_day(), period.end(), &mut |stored| {
        if let Some(party) = owner.get(&stored.record.subscription_id) {
            match by_party.get_mut(party) {
                Some(selected) => selected.records.push((stored.key, stored.record)),
                None => {
                    let selected = Selected { records: vec![(stored.key, stored.record)], ..Selected::default() };
                    by_party.insert(party.clone(), selected);
                }
            }
        }
        Ok(())
    })?;
    Ok(by_party)
}

/// Adds late and carried usage of one party to its own month, and brings all into order.
pub(crate) fn complete(
    store: &dyn UsageStore,
    files: &[UsageFile],
    selection: &Selection,
    subscriptions: &BTreeSet<SubscriptionId>,
    mut selected: Selected,
) -> PortResult<Selected> {
    let month_start = selection.period.first_day();
    let prior = selection.prior;
    let unseen: Vec<UsageFile> = files
        .iter()
        .filter(|file| prior.is_none_or(|prior| file.place > prior.usage_through))
        .filter(|file| file.rows.days.is_some_and(|(first, _)| first < month_start))
        .cloned()
        .collect();
    let open_from = prior.map_or(Date::MIN, |prior| prior.period.end());
    store.read_usage(&unseen, Date::MIN, month_start, &mut |stored| {
        if subscriptions.contains(&stored.record.subscription_id) {
            take_earlier(&mut selected, selection, open_from, stored);
        }
        Ok(())
    })?;
    take_carried(store, files, &selection.carried_in, &mut selected)?;
    selected.sort();
    Ok(selected)
}

fn take_earlier(selected: &mut Selected, selection: &Selection, open_from: Date, stored: StoredUsage) {
    let day = stored.record.usage_date;
    if day >= open_from {
        let month = BillingPeriod::containing(day).ok();
        selected.earlier_open = [selected.earlier_open, month].into_iter().flatten().min();
    } else if open_from == selection.period.first_day() {
        selected.late_count += 1;
        selected.records.push((stored.key, stored.record));
    }
}

/// Reads all carried days in one pass: each takes its own subscription, meter, day and files.
fn take_carried(
    store: &dyn UsageStore,
    files: &[UsageFile],
    carried: &[CarriedDay],
    selected: &mut Selected,
) -> PortResult<()> {
    let days = carried.iter().map(|day| day.usage_date);
    let (Some(first), Some(last)) = (days.clone().min(), days.max()) else { return Ok(()) };
    let wanted: BTreeMap<_, &CarriedDay> =
        carried.iter().map(|day| ((&day.subscription, &day.meter, day.usage_date), day)).collect();
    store.read_usage(files, first, last.saturating_add(1.day()), &mut |stored| {
        let record = &stored.record;
        let day = wanted.get(&(&record.subscription_id, &record.meter_id, record.usage_date));
        if day.is_some_and(|day| (day.usage_after + 1..=day.usage_through).contains(&stored.place)) {
            selected.late_count += 1;
            selected.records.push((stored.key, stored.record));
        }
        Ok(())
    })
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
