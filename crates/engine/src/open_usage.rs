//! What the usage of an open month comes to so far.
//!
//! It is the sum of the daily lines of the month's rated run, those that unbilled line items show, and changes when the
//! month is rated again. Sums are exact.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use billing::decimal::{Decimal, DecimalError};
use billing::ids::{CustomerId, EntitlementId, MeterId, OrganisationId, SubscriptionId};
use billing::licence::OrderAction;
use billing::money::Currency;
use billing::party::{Customer, Organisation, Subscription};
use billing::period::BillingPeriod;
use billing::ports::StoredFile;
use billing::rate::RatedLine;
use billing::usage::MeterDescription;
use jiff::civil::Date;

use crate::books::Books;
use crate::error::{EngineError, EngineResult};

/// Lines that are in memory together while they are summed.
const LINES_A_READ: usize = 20_000;

/// An open month of a party: who may use something, and the lines of what was used.
#[derive(Debug)]
pub struct OpenMonth {
    pub party: Organisation,
    pub period: BillingPeriod,
    pub customers: BTreeMap<CustomerId, Customer>,
    subscriptions: BTreeMap<SubscriptionId, Subscription>,
    ordered: BTreeSet<SubscriptionId>,
    files: Vec<StoredFile>,
}

/// A party's month. Nothing is used in it where it was never rated, or is closed.
///
/// # Errors
/// Storage failures.
pub async fn open_month(books: &Books, party: &Organisation, period: BillingPeriod) -> EngineResult<OpenMonth> {
    let directory = books.ledger.party_directory(&party.id).await?;
    let (customers, subscriptions) =
        directory.map(|directory| (directory.customers, directory.subscriptions)).unwrap_or_default();
    let ordered = ordered(books, &party.id).await?;
    let parts = books.ledger.rated_parts(&party.id, period).await?;
    let files = parts.into_iter().flat_map(|(_, files)| files).collect();
    Ok(OpenMonth { party: party.clone(), period, customers, subscriptions, ordered, files })
}

/// The subscriptions of a party that an order began: they are billed by what was ordered, not by what is used.
///
/// # Errors
/// Storage failures.
pub async fn ordered(books: &Books, party: &OrganisationId) -> EngineResult<BTreeSet<SubscriptionId>> {
    let through = books.ledger.last_order().await?;
    let orders = books.ledger.orders(party, through).await?;
    let begun = orders.into_iter().filter_map(|placed| match placed.order.action {
        OrderAction::Purchase(_) => Some(placed.order.subscription),
        OrderAction::Upgrade { target, .. } => Some(target),
        _ => None,
    });
    Ok(begun.collect())
}

impl OpenMonth {
    /// What was used. It blocks while it reads, once for each run.
    ///
    /// # Errors
    /// Storage failures, or a sum beyond the digits of a decimal.
    pub fn sums(&self, books: &Books) -> EngineResult<Arc<MonthSums>> {
        books.month_sums(&self.files, || {
            let (mut sums, mut after) = (MonthSums::default(), 0);
            loop {
                let lines = books.usage.read_rated(&self.files, after, LINES_A_READ, &|_| true)?;
                let Some((last, _)) = lines.last() else { return Ok(sums) };
                after = *last;
                let added = lines.iter().try_for_each(|(_, line)| sums.add(line));
                added.map_err(|error| EngineError::new(error.code(), error.to_string()))?;
            }
        })
    }

    /// The subscriptions that are billed by usage, by customer: no order began them, or they were used.
    #[must_use]
    pub fn usage_based(&self, sums: &MonthSums) -> BTreeMap<CustomerId, Vec<&Subscription>> {
        let is_usage_based = |one: &&Subscription| !self.ordered.contains(&one.id) || sums.contains(&one.id);
        let mut found: BTreeMap<CustomerId, Vec<&Subscription>> = BTreeMap::new();
        for subscription in self.subscriptions.values().filter(is_usage_based) {
            found.entry(subscription.customer.clone()).or_default().push(subscription);
        }
        found
    }
}

/// What usage costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostSum {
    /// In the billing currency, as the lines have it.
    pub total: Decimal,
    /// In the pricing currency where that is the dollar on every line.
    pub usd: Option<Decimal>,
}

impl Default for CostSum {
    fn default() -> Self {
        Self { total: Decimal::ZERO, usd: Some(Decimal::ZERO) }
    }
}

impl CostSum {
    fn of(line: &RatedLine) -> Self {
        let usd = (line.pricing_currency == Currency::USD).then_some(line.figures.pricing_total);
        Self { total: line.figures.billing_total, usd }
    }

    /// # Errors
    /// [`DecimalError::Overflow`], or [`DecimalError::Inexact`] for a sum that has more digits than fit.
    pub fn plus(self, other: Self) -> Result<Self, DecimalError> {
        let usd = self.usd.zip(other.usd).map(|(one, other)| one.checked_add(other)).transpose()?;
        Ok(Self { total: self.total.checked_add(other.total)?, usd })
    }
}

/// Sums of one month by subscription.
#[derive(Debug, Default)]
pub struct MonthSums(BTreeMap<SubscriptionId, SubscriptionSums>);

/// What one subscription used.
#[derive(Debug, Default)]
pub struct SubscriptionSums {
    pub cost: CostSum,
    /// By meter and unit of measure.
    pub meters: BTreeMap<(MeterId, String), MeterSum>,
    pub resources: BTreeMap<ResourceName, ResourceSum>,
    pub days: BTreeMap<(Date, MeterId), DaySum>,
}

#[derive(Debug)]
pub struct MeterSum {
    pub meter: MeterDescription,
    pub quantity: Decimal,
    pub cost: CostSum,
}

/// What tells resources apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceName {
    pub entitlement: Option<EntitlementId>,
    pub group: String,
    pub uri: String,
}

#[derive(Debug)]
pub struct ResourceSum {
    pub entitlement_name: String,
    pub consumed_service: String,
    pub cost: CostSum,
}

#[derive(Debug)]
pub struct DaySum {
    pub meter_name: String,
    pub cost: CostSum,
}

/// What a subscription that used nothing comes to.
static NOTHING: SubscriptionSums = SubscriptionSums {
    cost: CostSum { total: Decimal::ZERO, usd: Some(Decimal::ZERO) },
    meters: BTreeMap::new(),
    resources: BTreeMap::new(),
    days: BTreeMap::new(),
};

impl MonthSums {
    fn contains(&self, subscription: &SubscriptionId) -> bool {
        self.0.contains_key(subscription)
    }

    #[must_use]
    pub fn of(&self, subscription: &SubscriptionId) -> &SubscriptionSums {
        self.0.get(subscription).unwrap_or(&NOTHING)
    }

    /// What several subscriptions cost together.
    ///
    /// # Errors
    /// A sum beyond the digits of a decimal.
    pub fn cost_of<'s>(&self, subscriptions: impl IntoIterator<Item = &'s Subscription>) -> EngineResult<CostSum> {
        let costs = subscriptions.into_iter().map(|subscription| self.of(&subscription.id).cost);
        let sum = costs.into_iter().try_fold(CostSum::default(), CostSum::plus);
        sum.map_err(|error| EngineError::new(error.code(), error.to_string()))
    }

    fn add(&mut self, line: &RatedLine) -> Result<(), DecimalError> {
        let of = self.0.entry(line.scope.subscription.clone()).or_default();
        let (cost, record) = (CostSum::of(line), &line.record);
        of.cost = of.cost.plus(cost)?;

        let described = describe(line);
        let unit = if line.price_unit.is_empty() { &record.unit_of_measure } else { &line.price_unit };
        let day = of.days.entry((record.usage_date, line.scope.meter.clone()));
        let day = day.or_insert_with(|| DaySum { meter_name: described.name.clone(), cost: CostSum::default() });
        day.cost = day.cost.plus(cost)?;

        let meter = of.meters.entry((line.scope.meter.clone(), unit.clone()));
        let meter =
            meter.or_insert_with(|| MeterSum { meter: described, quantity: Decimal::ZERO, cost: CostSum::default() });
        meter.quantity = meter.quantity.checked_add(line.figures.quantity)?;
        meter.cost = meter.cost.plus(cost)?;

        let resource = &record.resource;
        let name = ResourceName {
            entitlement: record.entitlement_id.clone(),
            group: resource.group.clone(),
            uri: resource.uri.clone(),
        };
        let resource = of.resources.entry(name).or_insert_with(|| ResourceSum {
            entitlement_name: record.entitlement_name.clone(),
            consumed_service: resource.consumed_service.clone(),
            cost: CostSum::default(),
        });
        resource.cost = resource.cost.plus(cost)?;
        Ok(())
    }
}

/// The meter in the words of the price list; where it has none, in those of the record.
fn describe(line: &RatedLine) -> MeterDescription {
    let (listed, recorded) = (&line.price_meter, &line.record.meter);
    let known = |listed: &String, recorded: &String| if listed.is_empty() { recorded.clone() } else { listed.clone() };
    MeterDescription {
        category: known(&listed.category, &recorded.category),
        subcategory: known(&listed.subcategory, &recorded.subcategory),
        name: known(&listed.name, &recorded.name),
        region: known(&listed.region, &recorded.region),
    }
}
