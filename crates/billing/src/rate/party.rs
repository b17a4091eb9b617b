//! Rates one billed party's month: every usage record in, rated lines and month totals out.
//!
//! The result does not depend on the order of files or rows (RATE-2): within a scope, records come
//! by usage date and record key. Late usage of closed months is rated with its own month's prices
//! and rate, and its scope goes on where the closed month ended (docs/rules/closing.md).

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::decimal::{Decimal, DecimalError};
use crate::fx::{ExchangeRate, FxError, FxTable};
use crate::ids::{CustomerId, MeterId, SubscriptionId};
use crate::money::Currency;
use crate::party::{PartyDirectory, Subscription};
use crate::period::{BillingPeriod, PeriodError};
use crate::price::{MeterPrice, PriceBook, PriceLookupError};
use crate::rate::day::{DayFactors, DayRating, billing_total, covered_day, rate_day};
use crate::rate::month::MonthTotals;
use crate::rate::rates::ScopeRates;
use crate::rate::scope::ScopeCounter;
use crate::savings_plan::{Coverage, CoveredPart};
use crate::uom::UnitOfMeasure;
use crate::usage::{RecordKey, UsageRecord};

/// The scope of accumulation (RT-4); also what one invoice line is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ScopeKey {
    pub customer: CustomerId,
    pub subscription: SubscriptionId,
    pub meter: MeterId,
    pub usage_month: BillingPeriod,
    /// The order of the savings plan that has paid for it; `None` for what is billed (RT-22).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covered_by: Option<String>,
}

/// A record with its key, in the order that [`PartyRater::rate`] asks for.
pub type UsageInOrder = (RecordKey, UsageRecord);

/// The quantities of closed months, by scope: where late usage goes on.
pub type LateFrom = BTreeMap<ScopeKey, Decimal>;

/// All that a party's rating depends on, besides the records.
#[derive(Debug, Clone, Copy)]
pub struct RatingInputs<'a> {
    pub directory: &'a PartyDirectory,
    pub prices: &'a PriceBook<'a>,
    pub fx: &'a FxTable,
    pub late_from: &'a LateFrom,
    pub coverage: &'a Coverage,
}

/// A day as [`PartyRater`] rates it, with the way to its amounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatedDay<'a> {
    pub key: RecordKey,
    pub usage_date: Date,
    pub scope: ScopeKey,
    pub rating: DayRating,
    pub price: &'a MeterPrice,
    pub exchange_rate: ExchangeRate,
    /// Half-even at 10 decimals (RT-12).
    pub billing_total: Decimal,
}

/// Usage that no price was in force for: listed, never rated as zero (RATE-3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnpricedUsage {
    pub scope: ScopeKey,
    pub usage_date: Date,
    pub quantity: Decimal,
    pub record_count: u64,
    pub code: String,
    pub reason: String,
}

impl UnpricedUsage {
    pub(super) fn new(scope: ScopeKey, usage_date: Date, reason: &PriceLookupError) -> Self {
        let (code, reason) = (reason.code().to_owned(), reason.to_string());
        Self { scope, usage_date, quantity: Decimal::ZERO, record_count: 0, code, reason }
    }

    /// One more record of the day.
    pub(super) fn add(&mut self, quantity: Decimal) -> Result<(), DecimalError> {
        self.quantity = self.quantity.checked_add(quantity)?;
        self.record_count = self.record_count.saturating_add(1);
        Ok(())
    }
}

/// What one scope came to.
#[derive(Debug, Clone)]
pub struct ScopeMonth<'a> {
    pub totals: MonthTotals,
    /// The price of the scope's last record; names product, meter and unit of the line.
    pub price: &'a MeterPrice,
    pub exchange_rate: ExchangeRate,
    /// The lowest and the highest earned-credit rate of the scope's days.
    pub earned_credit_rates: (Decimal, Decimal),
    /// The list price when all days had the same one.
    pub single_unit_price: Option<Decimal>,
    /// The earliest and the latest usage day.
    pub days: (Date, Date),
    /// Where the running quantity stands after the last record.
    pub consumed_after: Decimal,
    /// Of classic subscriptions, whose lines have one rate each.
    pub rates: Option<ScopeRates>,
}

/// Why a party cannot be rated; the party is parked, others go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    #[error("subscription {0} belongs to no customer of this party")]
    UnknownSubscription(SubscriptionId),
    #[error("records of subscription {0} are not in the order of their days")]
    OutOfOrder(SubscriptionId),
    #[error("a quantity of meter {meter} cannot be kept exactly in blocks of {unit:?}")]
    Quantity { meter: MeterId, unit: String, cause: DecimalError },
    #[error("meter {meter} is priced in {from:?} and in {to:?} in one month, so its quantities cannot be added")]
    UnitChanged { meter: MeterId, from: String, to: String },
    #[error(
        "meter {meter} of the classic subscription {subscription} is priced in {pricing}; classic usage is billed in the \
         currency of its price, which is not {billing}"
    )]
    ClassicCurrency { meter: MeterId, subscription: SubscriptionId, pricing: Currency, billing: Currency },
    #[error("an amount of meter {meter} has more digits than can be kept exactly")]
    Amount { meter: MeterId, cause: DecimalError },
    #[error(transparent)]
    Fx(#[from] FxError),
    #[error(transparent)]
    Period(#[from] PeriodError),
}

impl RateError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownSubscription(_) => "rating.subscription_unknown",
            Self::OutOfOrder(_) => "rating.out_of_order",
            Self::Quantity { .. } => "rating.quantity_inexact",
            Self::UnitChanged { .. } => "rating.unit_changed",
            Self::ClassicCurrency { .. } => "rating.classic_currency",
            Self::Amount { cause, .. } => cause.code(),
            Self::Fx(error) => error.code(),
            Self::Period(error) => error.code(),
        }
    }
}

/// The record's quantity in blocks of the price's unit of measure.
fn blocks(meter: &MeterId, price: &MeterPrice, record: &UsageRecord) -> Result<Decimal, RateError> {
    let unit = UnitOfMeasure::parse(&price.unit_of_measure);
    let blocks = unit.pricing_quantity(record.quantity, record.quantity_basis);
    blocks.map_err(|cause| RateError::Quantity { meter: meter.clone(), unit: price.unit_of_measure.clone(), cause })
}

/// What plans leave of a record.
fn rest_of(blocks: Decimal, parts: &[CoveredPart]) -> Result<Decimal, DecimalError> {
    parts.iter().try_fold(blocks, |rest, part| rest.checked_sub(part.quantity))
}

/// The running state of one party's month.
#[derive(Debug)]
pub struct PartyRater<'a> {
    inputs: RatingInputs<'a>,
    counters: BTreeMap<ScopeKey, (ScopeCounter, (Date, RecordKey))>,
    scopes: BTreeMap<ScopeKey, ScopeMonth<'a>>,
    unpriced: BTreeMap<(ScopeKey, Date), UnpricedUsage>,
    rates: BTreeMap<(Currency, BillingPeriod), ExchangeRate>,
}

impl<'a> PartyRater<'a> {
    #[must_use]
    pub fn new(inputs: RatingInputs<'a>) -> Self {
        Self {
            inputs,
            counters: BTreeMap::new(),
            scopes: BTreeMap::new(),
            unpriced: BTreeMap::new(),
            rates: BTreeMap::new(),
        }
    }

    /// Rates the next record: what savings plans pay for, each part by itself, then the rest. Nothing when no price
    /// is in force: the record is listed as unpriced.
    ///
    /// # Errors
    /// What parks the party: see [`RateError`].
    pub fn rate(&mut self, (key, record): UsageInOrder) -> Result<Vec<RatedDay<'a>>, RateError> {
        let directory = self.inputs.directory;
        let (subscription, customer) = directory
            .subscription(&record.subscription_id)
            .ok_or_else(|| RateError::UnknownSubscription(record.subscription_id.clone()))?;
        let scope = ScopeKey {
            customer: customer.id.clone(),
            subscription: subscription.id.clone(),
            meter: record.meter_id.clone(),
            usage_month: BillingPeriod::containing(record.usage_date)?,
            covered_by: None,
        };
        let billing_currency = directory.party.currency;
        let in_force = match self.inputs.prices.price_on(&scope.meter, record.usage_date, billing_currency) {
            Ok(in_force) => in_force,
            Err(reason) => {
                self.list_unpriced(scope, &record, &reason)?;
                return Ok(Vec::new());
            }
        };
        let price = in_force.price;
        let exchange_rate = self.exchange_rate(price.currency, scope.usage_month)?;
        let factors = DayFactors {
            discount_factor: in_force.discount_factor,
            earned_credit_rate: subscription.earned_credit_rate(record.usage_date, price.earned_credit_rate),
            credit_rate: Decimal::ZERO,
        };
        self.check_unit(&scope, price)?;
        check_currency(subscription, &scope.meter, &exchange_rate)?;
        let blocks = blocks(&scope.meter, price, &record)?;
        let place = (record.usage_date, key);
        self.keep_order(&scope, place)?;
        let parts = self.inputs.coverage.parts(&scope.subscription, &scope.meter, place);
        let rest = rest_of(blocks, parts).map_err(|cause| RateError::Amount { meter: scope.meter.clone(), cause })?;
        let mut days = Vec::with_capacity(parts.len().saturating_add(1));
        for part in parts {
            let scope = ScopeKey { covered_by: Some(part.order_id.clone()), ..scope.clone() };
            self.check_unit(&scope, price)?;
            let rating = covered_day(price, part.quantity)
                .map_err(|cause| RateError::Amount { meter: scope.meter.clone(), cause })?;
            days.push(self.rated(place, (scope, subscription), rating, price, exchange_rate.clone())?);
        }
        if parts.is_empty() || !rest.is_zero() {
            let rating = self.rate_in_scope(&scope, rest, price, factors)?;
            days.push(self.rated(place, (scope, subscription), rating, price, exchange_rate)?);
        }
        Ok(days)
    }

    /// Brings a priced part of a record into its month.
    fn rated(
        &mut self,
        (usage_date, key): (Date, RecordKey),
        (scope, subscription): (ScopeKey, &Subscription),
        rating: DayRating,
        price: &'a MeterPrice,
        exchange_rate: ExchangeRate,
    ) -> Result<RatedDay<'a>, RateError> {
        let amount_error = |cause| RateError::Amount { meter: scope.meter.clone(), cause };
        let billing_total = billing_total(rating.pricing_total, exchange_rate.rate).map_err(amount_error)?;
        let day = RatedDay { key, usage_date, scope: scope.clone(), rating, price, exchange_rate, billing_total };
        self.add_to_month(&day, subscription).map_err(amount_error)?;
        Ok(day)
    }

    fn exchange_rate(&mut self, from: Currency, month: BillingPeriod) -> Result<ExchangeRate, RateError> {
        if let Some(rate) = self.rates.get(&(from, month)) {
            return Ok(rate.clone());
        }
        let rate = self.inputs.fx.rate(from, self.inputs.directory.party.currency, month)?;
        self.rates.insert((from, month), rate.clone());
        Ok(rate)
    }

    /// Within a scope, records come by usage date and key. Equal places would be one record twice.
    fn keep_order(&mut self, scope: &ScopeKey, place: (Date, RecordKey)) -> Result<(), RateError> {
        let late_from = self.inputs.late_from;
        let (_, last) = self.counters.entry(scope.clone()).or_insert_with(|| {
            let start = late_from.get(scope).copied().unwrap_or_default();
            (ScopeCounter::starting_at(start), (Date::MIN, RecordKey([0; 16])))
        });
        if *last >= place {
            return Err(RateError::OutOfOrder(scope.subscription.clone()));
        }
        *last = place;
        Ok(())
    }

    fn rate_in_scope(
        &mut self,
        scope: &ScopeKey,
        quantity: Decimal,
        price: &MeterPrice,
        factors: DayFactors,
    ) -> Result<DayRating, RateError> {
        let Some((counter, _)) = self.counters.get_mut(scope) else {
            return Err(RateError::OutOfOrder(scope.subscription.clone()));
        };
        counter
            .advance(price, quantity)
            .and_then(|step| rate_day(step, quantity, factors))
            .map_err(|cause| RateError::Amount { meter: scope.meter.clone(), cause })
    }

    /// A scope's quantities are blocks of one size: a price that changes the block parks the party.
    fn check_unit(&self, scope: &ScopeKey, price: &MeterPrice) -> Result<(), RateError> {
        let Some(month) = self.scopes.get(scope) else { return Ok(()) };
        let (before, now) = (&month.price.unit_of_measure, &price.unit_of_measure);
        if before == now || UnitOfMeasure::parse(before) == UnitOfMeasure::parse(now) {
            return Ok(());
        }
        Err(RateError::UnitChanged { meter: scope.meter.clone(), from: before.clone(), to: now.clone() })
    }

    fn add_to_month(&mut self, day: &RatedDay<'a>, subscription: &Subscription) -> Result<(), DecimalError> {
        // What is covered has no counter.
        let consumed_after = self.counters.get(&day.scope).map_or(Decimal::ZERO, |(counter, _)| counter.consumed());
        let (credit, unit_price, date) = (day.rating.factors.earned_credit_rate, day.rating.unit_price, day.usage_date);
        let month = self.scopes.entry(day.scope.clone()).or_insert_with(|| ScopeMonth {
            totals: MonthTotals::default(),
            price: day.price,
            exchange_rate: day.exchange_rate.clone(),
            earned_credit_rates: (credit, credit),
            single_unit_price: Some(unit_price),
            days: (date, date),
            consumed_after: Decimal::ZERO,
            rates: subscription.is_classic().then(ScopeRates::default),
        });
        month.consumed_after = consumed_after;
        if let Some(rates) = &mut month.rates {
            rates.add(&day.rating)?;
        }
        month.totals.add(&day.rating.as_totals(day.billing_total))?;
        month.price = day.price;
        let (lowest, highest) = month.earned_credit_rates;
        month.earned_credit_rates = (lowest.min(credit), highest.max(credit));
        month.single_unit_price = month.single_unit_price.filter(|price| *price == unit_price);
        month.days = (month.days.0.min(date), month.days.1.max(date));
        Ok(())
    }

    fn list_unpriced(
        &mut self,
        scope: ScopeKey,
        record: &UsageRecord,
        reason: &PriceLookupError,
    ) -> Result<(), RateError> {
        let meter = scope.meter.clone();
        let entry = self
            .unpriced
            .entry((scope.clone(), record.usage_date))
            .or_insert_with(|| UnpricedUsage::new(scope, record.usage_date, reason));
        entry.add(record.quantity).map_err(|cause| RateError::Amount { meter, cause })
    }

    /// The month's scopes in their order, and what could not be priced.
    #[must_use]
    pub fn finish(self) -> (BTreeMap<ScopeKey, ScopeMonth<'a>>, Vec<UnpricedUsage>) {
        (self.scopes, self.unpriced.into_values().collect())
    }
}

/// A classic line has one currency (CU-5).
pub(in crate::rate) fn check_currency(
    subscription: &Subscription,
    meter: &MeterId,
    rate: &ExchangeRate,
) -> Result<(), RateError> {
    if !subscription.is_classic() || rate.from == rate.to {
        return Ok(());
    }
    let (meter, subscription) = (meter.clone(), subscription.id.clone());
    Err(RateError::ClassicCurrency { meter, subscription, pricing: rate.from, billing: rate.to })
}

#[cfg(test)]
pub(crate) mod tests;
