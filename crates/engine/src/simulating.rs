//! What a month would have cost under another price list. It writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use billing::decimal::Decimal;
use billing::ids::{CustomerId, OrganisationId};
use billing::money::Currency;
use billing::party::PartyDirectory;
use billing::period::BillingPeriod;
use billing::ports::RatingOutput;
use billing::price::{PriceSheet, with_list_in_force};
use billing::rate::RatedTotals;

use crate::books::Books;
use crate::error::{EngineError, EngineResult};
use crate::invoices::find;
use crate::rating::{Preparation, Purpose, RunInputs};
use crate::verifying::{Recomputation, of_party};

/// One customer's month as it is, and as it would have been. Before tax, billing currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedCustomer {
    pub customer: CustomerId,
    pub name: String,
    pub now: Decimal,
    pub simulated: Decimal,
    pub difference: Decimal,
}

/// What the list would have meant for one party.
#[derive(Debug, Clone)]
pub struct PartySimulation {
    pub party: OrganisationId,
    pub currency: Currency,
    /// By id.
    pub customers: Vec<SimulatedCustomer>,
    /// Records that have no price, now and under the list: they are in neither figure.
    pub unpriced_now: u64,
    pub unpriced_simulated: u64,
}

/// Simulates `list` for every billed party: a closed period from its invoice's snapshot, an open one
/// from what is known today.
///
/// # Errors
/// `rating.*` of the first party that cannot be rated either way, or storage failures.
pub async fn simulate(
    books: &Books,
    period: BillingPeriod,
    list: &PriceSheet,
    tick: &(dyn Fn(u64) + Sync),
) -> EngineResult<Vec<PartySimulation>> {
    let inputs = RunInputs::load(books, period).await?;
    let run = inputs.run(books)?;
    let changed = with_list_in_force(&inputs.lists.sheets, list.clone(), period);
    let mut simulations = Vec::new();
    for party in &inputs.parties {
        let billed = run.billed(books, std::slice::from_ref(party)).await?.remove(party);
        match run.prepare(books, party, billed, Purpose::Show).await? {
            Preparation::Ready(ready) => {
                let rate = |sheets: &[PriceSheet]| ready.rate(books, &run, party, sheets, RatingOutput::Totals, tick);
                let now = rate(&inputs.lists.sheets).map_err(of_party)?.totals;
                let simulated = rate(&changed).map_err(of_party)?.totals;
                simulations.push(PartySimulation::of(&ready.directory, &now, &simulated)?);
            }
            Preparation::Closed(closures) => {
                // Two documents of a month have the same snapshot.
                let Some(number) = closures.into_iter().find_map(|closure| closure.invoice) else { continue };
                let from = Recomputation::load(books, &find(books, None, &number).await?).await?;
                let survey = books.usage.survey(&from.files)?;
                let changed = with_list_in_force(&from.lists.sheets, list.clone(), period);
                let now = from.totals(books, survey.as_ref(), party, &from.lists.sheets, tick).await?;
                let simulated = from.totals(books, survey.as_ref(), party, &changed, tick).await?;
                simulations.push(PartySimulation::of(&from.directory, &now, &simulated)?);
            }
            Preparation::Failed(code, message) => return Err(EngineError::new(&code, message)),
        }
    }
    Ok(simulations)
}

impl PartySimulation {
    fn of(directory: &PartyDirectory, now: &RatedTotals, simulated: &RatedTotals) -> EngineResult<Self> {
        let subtotals = |totals: &RatedTotals| -> BTreeMap<CustomerId, Decimal> {
            totals.customers.iter().map(|(customer, totals)| (customer.clone(), totals.subtotal)).collect()
        };
        let (before, after) = (subtotals(now), subtotals(simulated));
        let ids: BTreeSet<&CustomerId> = before.keys().chain(after.keys()).collect();
        let customer = |id: &CustomerId| {
            let now = before.get(id).copied().unwrap_or_default();
            let simulated = after.get(id).copied().unwrap_or_default();
            let difference =
                simulated.checked_sub(now).map_err(|error| EngineError::new(error.code(), error.to_string()))?;
            let name = directory.customers.get(id).map_or_else(String::new, |customer| customer.name.clone());
            Ok(SimulatedCustomer { customer: id.clone(), name, now, simulated, difference })
        };
        let unpriced = |totals: &RatedTotals| totals.unpriced.iter().map(|usage| usage.record_count).sum();
        Ok(Self {
            party: directory.party.id.clone(),
            currency: directory.party.currency,
            customers: ids.into_iter().map(customer).collect::<EngineResult<_>>()?,
            unpriced_now: unpriced(now),
            unpriced_simulated: unpriced(simulated),
        })
    }

    /// Of all customers: now, simulated.
    ///
    /// # Errors
    /// `number.out_of_range` when a sum does not fit.
    pub fn totals(&self) -> EngineResult<(Decimal, Decimal)> {
        let sum = |get: fn(&SimulatedCustomer) -> Decimal| {
            billing::decimal::sum(self.customers.iter().map(get))
                .map_err(|error| EngineError::new(error.code(), error.to_string()))
        };
        Ok((sum(|customer| customer.now)?, sum(|customer| customer.simulated)?))
    }
}
