//! Savings plans that cover usage: who holds them, what they pay for, and what of a commitment was used.
//!
//! Rules RT-22, SP-1 to SP-6 (docs/rules/savings-plan.md).

use std::collections::{BTreeMap, BTreeSet};

use billing::ids::{CustomerId, OrganisationId, SubscriptionId};
use billing::invoice::InvoiceType;
use billing::licence::{PlacedOrder, PlanHolding};
use billing::money::Currency;
use billing::party::{PartyDirectory, Subscription};
use billing::period::BillingPeriod;
use billing::ports::{BilledParty, Closure, PlanUsageQuery, RatingFailure, UsageSource, UsageSurvey};
use billing::price::PriceBook;
use billing::savings_plan::{CoverInputs, Coverage, PaidScopes, PlanDay, PlanRates, PlanUsage, cover, take_back};
use jiff::civil::Date;

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::invoices::find;
use crate::licences::{OffersByMonth, know_restatements, plans_of_period};
use crate::rating::{PeriodRun, Preparation, Purpose, RunInputs};
use crate::verifying::{LastSurvey, Recomputation, of_party};

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
        orders: &[PlacedOrder],
        period: BillingPeriod,
    ) -> EngineResult<Self> {
        plans_of_period(own, offers, orders, period).map(Self)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the plans pay for, and what late records take back of what plans of closed months have paid for. Records
    /// are read only where there is any of it.
    pub(crate) fn coverage(
        &self,
        survey: &dyn UsageSurvey,
        sources: &[UsageSource],
        (directory, prices, rates): CoverLists<'_>,
        paid: &PaidScopes,
        period: BillingPeriod,
    ) -> Result<Coverage, RatingFailure> {
        let (mut subscriptions, mut meters, mut months) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::from([period]));
        for scope in paid.keys() {
            subscriptions.insert(scope.subscription.clone());
            meters.insert(scope.meter.clone());
            months.insert(scope.usage_month);
        }
        let is_covered = |known: &&Subscription| !known.is_classic() && self.0.contains_key(&known.customer);
        subscriptions.extend(directory.subscriptions.values().filter(is_covered).map(|known| known.id.clone()));
        meters.extend(self.0.values().flat_map(|plans| rates.meters(plans)).cloned());
        let query = PlanUsageQuery { sources, subscriptions: &subscriptions, meters: &meters, months: &months };
        let usage = if meters.is_empty() { PlanUsage::default() } else { survey.plan_usage(&query)? };
        let mut coverage = cover(CoverInputs { directory, prices, rates, holdings: &self.0, period }, &usage)?;
        take_back(directory, prices, paid, &usage, &mut coverage)?;
        Ok(coverage)
    }
}

/// The savings plans of a party's customers in one month, or why they cannot be shown.
#[derive(Debug, Clone)]
pub struct PartyUtilisation {
    pub party: OrganisationId,
    /// By customer and order; the failure with its code and a sentence.
    pub plans: Result<Vec<PlanUtilisation>, (String, String)>,
}

/// A savings plan in one month.
#[derive(Debug, Clone)]
pub struct PlanUtilisation {
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

/// What savings plans of every billed party, or of one, committed and used in a month: of a closed month from what its invoice, or the last that
/// restated it, was made of, of an open one from what is known today. It writes nothing.
///
/// # Errors
/// Storage failures; a party whose plans cannot be computed is reported, and the others go on.
pub async fn utilisation(
    books: &Books,
    period: BillingPeriod,
    party: Option<&OrganisationId>,
) -> EngineResult<Vec<PartyUtilisation>> {
    let inputs = RunInputs::load(books, period).await?;
    let run = inputs.run(books)?;
    let (mut found, mut surveys) = (Vec::new(), LastSurvey::default());
    for party in inputs.parties.iter().filter(|known| party.is_none_or(|wanted| wanted == *known)) {
        let plans = match of_one(books, (&inputs, &run), party, &mut surveys).await {
            Ok(plans) => Ok(plans),
            Err(error) if error.is_of_storage() => return Err(error),
            Err(error) => Err((error.code, error.message)),
        };
        found.push(PartyUtilisation { party: party.clone(), plans });
    }
    Ok(found)
}

async fn of_one<'b>(
    books: &'b Books,
    (inputs, run): (&RunInputs, &PeriodRun<'_>),
    party: &OrganisationId,
    surveys: &mut LastSurvey<'b>,
) -> EngineResult<Vec<PlanUtilisation>> {
    let billed = run.billed(books, std::slice::from_ref(party)).await?.remove(party);
    match run.prepare(books, party, billed, Purpose::Show).await? {
        Preparation::Ready(ready) => {
            let coverage = ready.coverage(run, &PriceBook::new(&inputs.lists.sheets)).map_err(of_party)?;
            Ok(ready.plans.utilisation(&coverage))
        }
        Preparation::Closed(closures) => match made_of(books, party, closures).await? {
            Some(from) => billed_plans(books, &from, party, surveys).await,
            None => bare_plans(books, (inputs, run), party).await,
        },
        Preparation::Failed(code, message) => Err(EngineError::new(&code, message)),
    }
}

/// What the document was made of that bills plans and their usage, or that restated it last; without one, the other
/// document, which has the same customers and orders. `None` for a month that has none.
async fn made_of(
    books: &Books,
    party: &OrganisationId,
    mut closures: Vec<Closure>,
) -> EngineResult<Option<Recomputation>> {
    know_restatements(&mut closures, &books.ledger.restated_months(party).await?);
    closures.sort_by_key(|closure| closure.invoice_type() != Some(InvoiceType::OneTime));
    let Some(number) = closures.into_iter().find_map(|closure| closure.invoice) else { return Ok(None) };
    Ok(Some(Recomputation::load(books, &find(books, None, &number).await?).await?))
}

async fn billed_plans<'b>(
    books: &'b Books,
    from: &Recomputation,
    party: &OrganisationId,
    surveys: &mut LastSurvey<'b>,
) -> EngineResult<Vec<PlanUtilisation>> {
    let plans = from.plans()?;
    if plans.is_empty() {
        return Ok(Vec::new());
    }
    let survey = surveys.of(books, &from.files)?;
    let (sources, late) = from.taken(books, survey, party).await?;
    let coverage = from.coverage(survey, (&sources, &late), &PriceBook::new(&from.lists.sheets))?;
    Ok(plans.utilisation(&coverage))
}

/// Of a closed month in which nothing was charged and nothing used.
async fn bare_plans(
    books: &Books,
    (inputs, run): (&RunInputs, &PeriodRun<'_>),
    party: &OrganisationId,
) -> EngineResult<Vec<PlanUtilisation>> {
    let billed = run.billed(books, std::slice::from_ref(party)).await?.remove(party);
    let Some(BilledParty { directory, mut closures, orders, mut restated, .. }) = billed else { return Ok(Vec::new()) };
    restated.retain(|month| month.period < inputs.period);
    know_restatements(&mut closures, &restated);
    let offers = OffersByMonth::load(books, &closures, &inputs.lists.digests.offers).await?;
    let plans = Plans::of_period(directory.party.currency, &offers, &orders, inputs.period)?;
    let prices = PriceBook::new(&inputs.lists.sheets);
    let lists = (&directory, &prices, inputs.lists.plan_rates.as_ref());
    let coverage = plans.coverage(run.survey.as_ref(), &[], lists, &PaidScopes::new(), inputs.period);
    Ok(plans.utilisation(&coverage.map_err(of_party)?))
}

impl Plans {
    fn utilisation(&self, coverage: &Coverage) -> Vec<PlanUtilisation> {
        let mut plans: BTreeMap<(&CustomerId, &str), PlanUtilisation> = BTreeMap::new();
        for (customer, holdings) in &self.0 {
            for holding in holdings {
                plans.entry((customer, &holding.order_id)).or_insert_with(|| PlanUtilisation {
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
