//! An open month's sums as usage summaries and usage records.

use std::collections::BTreeMap;

use billing::decimal::Decimal;
use billing::ids::CustomerId;
use billing::party::{Customer, Subscription};
use billing::usage::MeterDescription;
use formats::vendor::{
    AzureResourceMonthlyUsage, Culture, CustomerMonthlyUsage, CustomerUsage, Links, MeterUsage, Metered, PartnerUsage,
    ResourceUsage, SpendingBudget, SubscriptionDailyUsage, SubscriptionMonthlyUsage, SubscriptionStatus,
    SubscriptionUsage, UsageCost, UsageOf, UsageRecord, UsageSummary, WireDateTime,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::budgeting::{Budgets, Standing, percent_used};
use crate::error::EngineResult;
use crate::open_usage::{CostSum, MonthSums, OpenMonth, SubscriptionSums};

use super::words::last_segment;

/// An open month as of an instant. The books do not know when it was rated: what they hold is what holds now.
///
/// A subscription of the older commerce names its currency by a culture, a plan by its code. So does a customer who has a
/// plan, whatever else it has.
#[derive(Debug)]
pub struct UsageView<'m> {
    month: &'m OpenMonth,
    sums: &'m MonthSums,
    usage_based: BTreeMap<CustomerId, Vec<&'m Subscription>>,
    now: Timestamp,
}

impl<'m> UsageView<'m> {
    #[must_use]
    pub fn new(month: &'m OpenMonth, sums: &'m MonthSums, now: Timestamp) -> Self {
        Self { month, sums, usage_based: month.usage_based(sums), now }
    }

    fn subscriptions(&self, customer: &CustomerId) -> &[&'m Subscription] {
        self.usage_based.get(customer).map_or(&[], Vec::as_slice)
    }

    /// Whether a subscription is billed by what is used.
    #[must_use]
    pub fn is_usage_based(&self, subscription: &Subscription) -> bool {
        self.subscriptions(&subscription.customer).iter().any(|one| one.id == subscription.id)
    }

    /// The party's month; customers above their budgets and on the way there are counted apart.
    ///
    /// # Errors
    /// Sums beyond the digits of a decimal.
    pub fn partner(&self, budgets: &Budgets, links: Links) -> EngineResult<UsageSummary<PartnerUsage>> {
        let party = &self.month.party;
        let today = TimeZone::UTC.to_datetime(self.now).date();
        let (mut over, mut trending) = (0, 0);
        for (customer, subscriptions) in &self.usage_based {
            let Some(budget) = budgets.get(customer) else { continue };
            let cost = self.sums.cost_of(subscriptions.iter().copied())?;
            match Standing::of(cost.total, *budget, self.month.period, today)? {
                Standing::Over => over = i32::saturating_add(over, 1),
                Standing::TrendingOver => trending = i32::saturating_add(trending, 1),
                Standing::Within => {}
            }
        }
        let own = PartnerUsage {
            emails_to_notify: (!party.email.is_empty()).then(|| party.email.as_str().into()).into_iter().collect(),
            customers_over_budget: over,
            customers_trending_over: trending,
            customers_with_usage_based_subscription: i32::try_from(self.usage_based.len()).unwrap_or(i32::MAX),
        };
        let cost = self.sums.cost_of(self.usage_based.values().flatten().copied())?;
        let of = UsageOf::new(&party.tenant_id, &party.name);
        Ok(UsageSummary::new(own, of, self.period(), self.cost(cost, Commerce::Classic), links))
    }

    /// Every customer who has a subscription that is billed by usage.
    ///
    /// # Errors
    /// As [`UsageView::partner`].
    pub fn customers(&self, budgets: &Budgets) -> EngineResult<Vec<UsageRecord<CustomerMonthlyUsage>>> {
        let record = |customer: &Customer| {
            let (cost, commerce) = self.of_customer(&customer.id)?;
            let budget = budgets.get(&customer.id).copied();
            let own = CustomerMonthlyUsage {
                budget: SpendingBudget::inner(budget),
                percent_used: percent_used(cost.total, budget)?.into(),
                is_upgraded: commerce == Commerce::Modern,
                of: UsageOf::new(customer.id.as_str(), &customer.name),
            };
            Ok(UsageRecord::new(own, self.cost(cost, commerce)))
        };
        self.usage_based.keys().filter_map(|id| self.month.customers.get(id)).map(record).collect()
    }

    /// # Errors
    /// As [`UsageView::partner`].
    pub fn customer(
        &self,
        customer: &Customer,
        budget: Option<Decimal>,
        links: Links,
    ) -> EngineResult<UsageSummary<CustomerUsage>> {
        let (cost, commerce) = self.of_customer(&customer.id)?;
        let own = CustomerUsage { budget: SpendingBudget::inner(budget) };
        let of = UsageOf::new(customer.id.as_str(), &customer.name);
        Ok(UsageSummary::new(own, of, self.period(), self.cost(cost, commerce), links))
    }

    /// The subscriptions of a customer that are billed by usage.
    #[must_use]
    pub fn subscriptions_of(&self, customer: &Customer) -> Vec<UsageRecord<SubscriptionMonthlyUsage>> {
        let record = |subscription: &&Subscription| {
            let own = SubscriptionMonthlyUsage {
                status: SubscriptionStatus::Active,
                partner_on_record: self.month.party.partner_number.as_str().into(),
                of: UsageOf::new(subscription.id.as_str(), &subscription.name),
            };
            UsageRecord::new(own, self.cost(self.sums.of(&subscription.id).cost, Commerce::of(subscription)))
        };
        self.subscriptions(&customer.id).iter().map(record).collect()
    }

    #[must_use]
    pub fn subscription(&self, subscription: &Subscription, links: Links) -> UsageSummary<SubscriptionUsage> {
        let cost = self.cost(self.sums.of(&subscription.id).cost, Commerce::of(subscription));
        let of = UsageOf::new(subscription.id.as_str(), &subscription.name);
        UsageSummary::new(SubscriptionUsage {}, of, self.period(), cost, links)
    }

    #[must_use]
    pub fn meters(&self, subscription: &Subscription) -> Vec<UsageRecord<MeterUsage>> {
        let sums = self.sums.of(&subscription.id).meters.iter().map(|((meter_id, unit), sum)| {
            let own = MeterUsage {
                subscription_id: subscription.id.as_str().into(),
                meter_id: meter_id.as_str().into(),
                meter_name: sum.meter.name.as_str().into(),
                metered: metered(&sum.meter, sum.quantity, unit),
            };
            UsageRecord::new(own, self.cost(sum.cost, Commerce::of(subscription)))
        });
        sums.collect()
    }

    /// As [`UsageView::meters`], in the words of the older commerce.
    #[must_use]
    pub fn meters_as_resources(&self, subscription: &Subscription) -> Vec<UsageRecord<AzureResourceMonthlyUsage>> {
        let sums = self.sums.of(&subscription.id).meters.iter().map(|((meter_id, unit), sum)| {
            let own = AzureResourceMonthlyUsage {
                metered: metered(&sum.meter, sum.quantity, unit),
                of: UsageOf::new(meter_id.as_str(), &sum.meter.name),
            };
            UsageRecord::new(own, self.cost(sum.cost, Commerce::of(subscription)))
        });
        sums.collect()
    }

    #[must_use]
    pub fn resources(&self, subscription: &Subscription) -> Vec<UsageRecord<ResourceUsage>> {
        let sums = self.sums.of(&subscription.id).resources.iter().map(|(name, sum)| {
            let own = ResourceUsage {
                subscription_id: subscription.id.as_str().into(),
                resource_uri: name.uri.as_str().into(),
                resource_type: sum.consumed_service.as_str().into(),
                entitlement_id: name.entitlement.as_ref().map(|id| id.as_str().into()).unwrap_or_default(),
                entitlement_name: sum.entitlement_name.as_str().into(),
                resource_group_name: name.group.as_str().into(),
                name: last_segment(&name.uri).into(),
                resource_name: last_segment(&name.uri).into(),
            };
            UsageRecord::new(own, self.cost(sum.cost, Commerce::of(subscription)))
        });
        sums.collect()
    }

    /// By day and meter.
    #[must_use]
    pub fn days(&self, subscription: &Subscription) -> Vec<UsageRecord<SubscriptionDailyUsage>> {
        let SubscriptionSums { days, .. } = self.sums.of(&subscription.id);
        let sums = days.iter().map(|((day, meter_id), sum)| {
            let of = UsageOf::new(meter_id.as_str(), &sum.meter_name);
            let own = SubscriptionDailyUsage { date_used: (*day).into(), of };
            UsageRecord::new(own, self.cost(sum.cost, Commerce::of(subscription)))
        });
        sums.collect()
    }

    fn of_customer(&self, customer: &CustomerId) -> EngineResult<(CostSum, Commerce)> {
        let subscriptions = self.subscriptions(customer);
        let has_plan = subscriptions.iter().any(|subscription| !subscription.is_classic());
        let commerce = if has_plan { Commerce::Modern } else { Commerce::Classic };
        Ok((self.sums.cost_of(subscriptions.iter().copied())?, commerce))
    }

    /// The first day, and the first one of the next month.
    fn period(&self) -> (WireDateTime, WireDateTime) {
        (self.month.period.first_day().into(), self.month.period.end().into())
    }

    fn cost(&self, cost: CostSum, commerce: Commerce) -> UsageCost {
        let party = &self.month.party;
        match commerce {
            Commerce::Classic => {
                let culture = Culture::of(&party.language, &party.country, party.currency);
                UsageCost::in_culture(cost.total.into(), culture, self.now.into())
            }
            Commerce::Modern => {
                let usd = cost.usd.map(Into::into);
                UsageCost::in_currency(cost.total.into(), party.currency, usd, self.now.into())
            }
        }
    }
}

/// Whose words a cost is told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Commerce {
    Classic,
    Modern,
}

impl Commerce {
    fn of(subscription: &Subscription) -> Self {
        if subscription.is_classic() { Self::Classic } else { Self::Modern }
    }
}

fn metered(meter: &MeterDescription, quantity: Decimal, unit: &str) -> Metered {
    Metered {
        category: meter.category.as_str().into(),
        subcategory: meter.subcategory.as_str().into(),
        quantity_used: quantity.into(),
        unit: unit.into(),
    }
}
