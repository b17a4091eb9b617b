//! Savings plans that cover usage: who holds them, what they pay for, and what of a commitment was used.
//!
//! Rules RT-22, SP-1 to SP-6 (docs/rules/savings-plan.md).

use std::collections::{BTreeMap, BTreeSet};

use billing::ids::{CustomerId, MeterId, OrganisationId, SubscriptionId};
use billing::licence::{LicenceOrder, PlanHolding};
use billing::money::Currency;
use billing::party::PartyDirectory;
use billing::period::BillingPeriod;
use billing::ports::{PlanUsageQuery, RatingFailure, UsageSource, UsageSurvey};
use billing::price::PriceBook;
use billing::savings_plan::{CoverInputs, Coverage, PlanDay, PlanRates, PlanUsage, cover};
use jiff::civil::Date;

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::invoices::find;
use crate::licences::{OffersByMonth, plans_of_period};
use crate::rating::{Preparation, Purpose, RunInputs};
use crate::verifying::{Recomputation, of_party};

/// What a party's customers hold in a month.
#[derive(Debug, Default)]
pub(crate) struct Plans(BTreeMap<CustomerId, Vec<PlanHolding>>);

/// The party's directory, its prices, and what plans pay for.
type CoverLists<'a> = (&'a PartyDirectory, &'a PriceBook<'a>, &'a PlanRates);

impl Plans {
    /// # Errors
    /// Orders that cannot be charged: the party cannot be rated.
    pub(crate) fn of_period(
        own: Currency,
        offers: &OffersByMonth,
        orders: &[LicenceOrder],
        period: BillingPeriod,
    ) -> EngineResult<Self> {
        plans_of_period(own, offers, orders, period).map(Self)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the plans pay for. Records are read only where there are any plans.
    pub(crate) fn coverage(
        &self,
        survey: &dyn UsageSurvey,
        sources: &[UsageSource],
        (directory, prices, rates): CoverLists<'_>,
        period: BillingPeriod,
    ) -> Result<Coverage, RatingFailure> {
        if self.is_empty() {
            return Ok(Coverage::default());
        }
        let subscriptions: BTreeSet<SubscriptionId> = directory
            .subscriptions
            .values()
            .filter(|subscription| !subscription.is_classic() && self.0.contains_key(&subscription.customer))
            .map(|subscription| subscription.id.clone())
            .collect();
        let meters: BTreeSet<MeterId> = self.0.values().flat_map(|plans| rates.meters(plans)).cloned().collect();
        let query = PlanUsageQuery { sources, subscriptions: &subscriptions, meters: &meters, period };
        let usage = if meters.is_empty() { PlanUsage::default() } else { survey.plan_usage(&query)? };
        Ok(cover(CoverInputs { directory, prices, rates, holdings: &self.0, period }, &usage)?)
    }
}

/// A savings plan in one month.
#[derive(Debug, Clone)]
pub struct PlanUtilisation {
    pub party: OrganisationId,
    pub customer: CustomerId,
    pub subscription: SubscriptionId,
    /// The order that began it.
    pub order_id: String,
    pub product_name: String,
    pub currency: Currency,
    /// Every day on which it was held.
    pub days: BTreeMap<Date, PlanDay>,
}

impl PlanUtilisation {
    /// Of the whole month.
    ///
    /// # Errors
    /// `number.out_of_range` when a sum does not fit.
    pub fn total(&self) -> EngineResult<PlanDay> {
        let sum = |get: fn(&PlanDay) -> billing::decimal::Decimal| {
            billing::decimal::sum(self.days.values().map(get))
                .map_err(|error| EngineError::new(error.code(), error.to_string()))
        };
        Ok(PlanDay { commitment: sum(|day| day.commitment)?, used: sum(|day| day.used)? })
    }
}

/// What every savings plan committed and used in a month, by party, customer and order: of a closed month from what
/// its invoices were made of, of an open one from what is known today. It writes nothing.
///
/// # Errors
/// What keeps the first party from being rated, or storage failures.
pub async fn utilisation(books: &Books, period: BillingPeriod) -> EngineResult<Vec<PlanUtilisation>> {
    let inputs = RunInputs::load(books, period).await?;
    let run = inputs.run(books)?;
    let mut found = Vec::new();
    for party in &inputs.parties {
        let billed = run.billed(books, std::slice::from_ref(party)).await?.remove(party);
        match run.prepare(books, party, billed, Purpose::Show).await? {
            Preparation::Ready(ready) => {
                let coverage = ready.coverage(&run, &PriceBook::new(&inputs.lists.sheets)).map_err(of_party)?;
                found.extend(ready.plans.utilisation(party, &coverage));
            }
            Preparation::Closed(closures) => {
                // Two documents of a month have the same snapshot.
                let Some(number) = closures.into_iter().find_map(|closure| closure.invoice) else { continue };
                let from = Recomputation::load(books, &find(books, None, &number).await?).await?;
                let survey = books.usage.survey(&from.files)?;
                let (sources, _) = from.taken(books, survey.as_ref(), party).await?;
                let coverage = from.coverage(survey.as_ref(), &sources, &PriceBook::new(&from.lists.sheets))?;
                found.extend(from.plans()?.utilisation(party, &coverage));
            }
            Preparation::Failed(code, message) => return Err(EngineError::new(&code, message)),
        }
    }
    Ok(found)
}

impl Plans {
    fn utilisation(&self, party: &OrganisationId, coverage: &Coverage) -> Vec<PlanUtilisation> {
        let mut plans: BTreeMap<(&CustomerId, &str), PlanUtilisation> = BTreeMap::new();
        for (customer, holdings) in &self.0 {
            for holding in holdings {
                plans.entry((customer, &holding.order_id)).or_insert_with(|| PlanUtilisation {
                    party: party.clone(),
                    customer: customer.clone(),
                    subscription: holding.subscription.clone(),
                    order_id: holding.order_id.clone(),
                    product_name: name_of(holding),
                    currency: holding.currency,
                    days: BTreeMap::new(),
                });
            }
        }
        for plan in plans.values_mut() {
            let of_plan = coverage.days().iter().filter(|((order_id, _), _)| *order_id == plan.order_id);
            plan.days = of_plan.map(|((_, day), of_day)| (*day, *of_day)).collect();
        }
        plans.into_values().collect()
    }
}

fn name_of(holding: &PlanHolding) -> String {
    let names = [&holding.product.sku_name, &holding.product.product_name, &holding.product.product_id];
    names.into_iter().find(|name| !name.is_empty()).cloned().unwrap_or_default()
}
