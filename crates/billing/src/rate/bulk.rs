//! Rates a party's month scope by scope and row by row, as fast as the rows can be read.
//!
//! The rule is that of [`ScopeCounter`], [`rate_day`](crate::rate::rate_day) and
//! [`billing_total`](crate::rate::billing_total). What a row needs to know is found once for each meter
//! and day, and most rows stay within one stretch of their price: those are products of whole numbers
//! (`fixed.rs`). A row that crosses a threshold, takes usage back or needs more digits goes the long
//! way. Both give the same figures.

mod covered;
mod open_scope;
mod run;
mod terms;

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::decimal::{Decimal, Scaled};
use crate::fx::ExchangeRate;
use crate::ids::{MeterId, SubscriptionId};
use crate::money::Currency;
use crate::party::{Customer, Subscription};
use crate::period::BillingPeriod;
use crate::price::MeterPrice;
use crate::rate::day::DayFactors;
use crate::rate::party::{RateError, RatingInputs, ScopeKey, ScopeMonth, UnpricedUsage};
use crate::rate::scope::ScopeCounter;
use crate::uom::QuantityBasis;

use open_scope::{OpenScope, rate_row};
use terms::{Day, MeterMonth};

/// What a rated line says besides its amounts; many lines share it.
#[derive(Debug, Clone)]
pub struct LinePrices<'a> {
    pub price: &'a MeterPrice,
    pub factors: DayFactors,
    /// The list price of one block; blended at 15 digits when the line crosses tiers (RT-13).
    pub unit_price: Decimal,
    pub effective_unit_price: Decimal,
    pub exchange_rate: ExchangeRate,
    /// The order of the savings plan that has paid for the lines.
    pub covered_by: Option<&'a str>,
}

/// The amounts of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayAmounts {
    /// Place in [`BulkRater::prices`].
    pub prices: u32,
    /// In blocks of the price's unit of measure.
    pub quantity: Scaled,
    /// Exact, pricing currency.
    pub pricing_total: Scaled,
    /// Half-even at [`BILLING_TOTAL_DECIMALS`](crate::rate::BILLING_TOTAL_DECIMALS), billing currency;
    /// these many decimals.
    pub billing_total: i128,
}

#[derive(Debug, Clone, Copy)]
struct LastSubscription<'a> {
    subscription: &'a Subscription,
    customer: &'a Customer,
    month: BillingPeriod,
    credit_days: u32,
}

/// Rates scope after scope; each scope once, its rows in the order of their days and keys (RI-4).
#[derive(Debug)]
pub struct BulkRater<'a> {
    inputs: RatingInputs<'a>,
    meters: Vec<MeterMonth<'a>>,
    rates: BTreeMap<(Currency, BillingPeriod), ExchangeRate>,
    prices: Vec<LinePrices<'a>>,
    /// How often the prices were taken.
    generation: u64,
    /// Of the last subscription that was opened: scopes come subscription by subscription.
    last: Option<LastSubscription<'a>>,
    open: Option<OpenScope<'a>>,
    unpriced: BTreeMap<(ScopeKey, Date), UnpricedUsage>,
}

impl<'a> BulkRater<'a> {
    #[must_use]
    pub fn new(inputs: RatingInputs<'a>) -> Self {
        Self {
            inputs,
            meters: Vec::new(),
            rates: BTreeMap::new(),
            prices: Vec::new(),
            generation: 0,
            last: None,
            open: None,
            unpriced: BTreeMap::new(),
        }
    }

    /// The place of a meter's month, for [`BulkRater::open`]; to be asked once for each.
    pub fn meter(&mut self, id: MeterId, month: BillingPeriod) -> usize {
        self.meters.push(MeterMonth { id, month, days: [Day::NotAsked; terms::DAYS], terms: Vec::new() });
        self.meters.len().saturating_sub(1)
    }

    /// What lines say of their prices, by [`DayAmounts::prices`].
    #[must_use]
    pub fn prices(&self) -> &[LinePrices<'a>] {
        &self.prices
    }

    /// As [`BulkRater::take_prices`], for when the last row is not to go with those before it: its
    /// prices stay and have place 0.
    ///
    /// # Errors
    /// [`RateError::Amount`] when a sum of the open scope does not fit.
    pub fn take_prices_but(&mut self, place: u32) -> Result<Vec<LinePrices<'a>>, RateError> {
        let prices = self.take_prices()?;
        let kept = usize::try_from(place).ok().and_then(|place| prices.get(place));
        self.prices.extend(kept.cloned());
        Ok(prices)
    }

    /// The prices of the lines so far; forgotten afterwards.
    ///
    /// # Errors
    /// [`RateError::Amount`] when a sum of the open scope does not fit.
    pub fn take_prices(&mut self) -> Result<Vec<LinePrices<'a>>, RateError> {
        self.settle()?;
        for meter in &mut self.meters {
            meter.terms.iter_mut().for_each(|terms| terms.shown.clear());
        }
        self.generation = self.generation.saturating_add(1);
        Ok(std::mem::take(&mut self.prices))
    }

    fn settle(&mut self) -> Result<(), RateError> {
        let Some(scope) = &mut self.open else { return Ok(()) };
        let Some(meter) = self.meters.get(scope.meter) else { return Ok(()) };
        scope.settle().map_err(|cause| RateError::Amount { meter: meter.id.clone(), cause })
    }

    /// Begins a scope; the one before has to be closed. Answers whose it is.
    ///
    /// # Errors
    /// [`RateError::UnknownSubscription`].
    pub fn open(&mut self, subscription: &SubscriptionId, meter: usize) -> Result<&'a Customer, RateError> {
        let month = self.meters.get(meter).ok_or_else(|| RateError::OutOfOrder(subscription.clone()))?;
        let LastSubscription { subscription, customer, credit_days, .. } = match self.last {
            Some(last) if last.subscription.id == *subscription && last.month == month.month => last,
            _ => {
                let found = self.inputs.directory.subscription(subscription);
                let (subscription, customer) =
                    found.ok_or_else(|| RateError::UnknownSubscription(subscription.clone()))?;
                let credit_days = credit_days(subscription, month.month);
                *self.last.insert(LastSubscription { subscription, customer, month: month.month, credit_days })
            }
        };
        let mut counter = ScopeCounter::default();
        if !self.inputs.late_from.is_empty() {
            let scope = scope_key(customer, subscription, month);
            counter = ScopeCounter::starting_at(self.inputs.late_from.get(&scope).copied().unwrap_or_default());
        }
        self.open = Some(OpenScope {
            meter,
            subscription,
            customer,
            credit_days,
            counter,
            month: None,
            run: None,
            covered: BTreeMap::new(),
        });
        Ok(customer)
    }

    /// Rates the next row of the open scope. `None` when no price is in force: then it is listed.
    ///
    /// # Errors
    /// What parks the party: see [`RateError`].
    #[inline(always)]
    pub fn row(&mut self, day: Date, quantity: Scaled, basis: QuantityBasis) -> Result<Option<DayAmounts>, RateError> {
        let Some(scope) = &mut self.open else { return Ok(None) };
        let Some(meter) = self.meters.get_mut(scope.meter) else { return Ok(None) };
        let (place, on_day) = meter.on(&self.inputs, &mut self.rates, day)?;
        let Day::Priced(terms) = on_day else {
            list_unpriced(&mut self.unpriced, &self.inputs, scope, meter, day, quantity)?;
            return Ok(None);
        };
        let has_credit =
            scope.credit_days.checked_shr(u32::try_from(place).unwrap_or(0)).is_some_and(|days| days & 1 == 1);
        let terms = terms.saturating_add(usize::from(has_credit));
        let amounts = rate_row(scope, meter, &mut self.prices, self.generation, terms, quantity, basis)?;
        if let Some(month) = &mut scope.month {
            month.days = (month.days.0.min(day), month.days.1.max(day));
        }
        Ok(Some(amounts))
    }

    /// Ends the open scope: what it came to, `None` when none of its rows had a price. What plans have paid for is
    /// taken before, with [`BulkRater::take_covered`].
    ///
    /// # Errors
    /// [`RateError::Amount`] when a sum does not fit.
    pub fn close(&mut self) -> Result<Option<ScopeMonth<'a>>, RateError> {
        self.settle()?;
        Ok(self.open.take().and_then(|scope| scope.month))
    }

    /// Usage without a price since this was asked last, in the order of scopes and days.
    pub fn take_unpriced(&mut self) -> Vec<UnpricedUsage> {
        std::mem::take(&mut self.unpriced).into_values().collect()
    }
}

fn credit_days(subscription: &Subscription, month: BillingPeriod) -> u32 {
    let mut days = 0;
    if subscription.is_classic() {
        return days;
    }
    let mut bit: u32 = 1;
    let mut day = month.first_day();
    while month.contains(day) {
        if subscription.earned_credit.iter().any(|range| range.contains(day)) {
            days |= bit;
        }
        bit = bit.rotate_left(1);
        match day.tomorrow() {
            Ok(tomorrow) => day = tomorrow,
            Err(_) => break,
        }
    }
    days
}

fn scope_key(customer: &Customer, subscription: &Subscription, meter: &MeterMonth<'_>) -> ScopeKey {
    ScopeKey {
        customer: customer.id.clone(),
        subscription: subscription.id.clone(),
        meter: meter.id.clone(),
        usage_month: meter.month,
        covered_by: None,
    }
}

fn list_unpriced(
    unpriced: &mut BTreeMap<(ScopeKey, Date), UnpricedUsage>,
    inputs: &RatingInputs<'_>,
    scope: &OpenScope<'_>,
    meter: &MeterMonth<'_>,
    day: Date,
    quantity: Scaled,
) -> Result<(), RateError> {
    let key = scope_key(scope.customer, scope.subscription, meter);
    let amount_error = |cause| RateError::Amount { meter: meter.id.clone(), cause };
    let Err(reason) = inputs.prices.price_on(&meter.id, day, inputs.directory.party.currency) else { return Ok(()) };
    let entry = unpriced.entry((key.clone(), day)).or_insert_with(|| UnpricedUsage::new(key, day, &reason));
    entry.add(quantity.exact().map_err(amount_error)?).map_err(amount_error)
}

#[cfg(test)]
mod tests;
