//! Rates a party's month scope by scope and row by row, as fast as the rows can be read.
//!
//! The rule is that of [`ScopeCounter`], [`rate_day`] and [`billing_total`]. What a row needs to know
//! is found once for each meter and day, and most rows stay within one stretch of their price: those
//! are products of whole numbers (`fixed.rs`). A row that crosses a threshold, takes usage back or
//! needs more digits goes the long way. Both give the same figures.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::decimal::{Decimal, DecimalError, Scaled};
use crate::fx::ExchangeRate;
use crate::ids::{MeterId, SubscriptionId};
use crate::money::Currency;
use crate::party::{Customer, Subscription};
use crate::period::BillingPeriod;
use crate::price::{MeterPrice, PriceInForce};
use crate::rate::day::{BILLING_TOTAL_DECIMALS, DayFactors, billing_total, rate_day};
use crate::rate::fixed::Constants;
use crate::rate::month::MonthTotals;
use crate::rate::party::{RateError, RatingInputs, ScopeKey, ScopeMonth, UnpricedUsage};
use crate::rate::scope::ScopeCounter;
use crate::uom::{QuantityBasis, UnitOfMeasure};

/// Longest month.
const DAYS: usize = 31;

/// What a rated line says besides its amounts; many lines share it.
#[derive(Debug, Clone)]
pub struct LinePrices<'a> {
    pub price: &'a MeterPrice,
    pub factors: DayFactors,
    /// The list price of one block; blended at 15 digits when the line crosses tiers (RT-13).
    pub unit_price: Decimal,
    pub effective_unit_price: Decimal,
    pub exchange_rate: ExchangeRate,
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
    /// Half-even at [`BILLING_TOTAL_DECIMALS`], billing currency; these many decimals.
    pub billing_total: i128,
}

/// A meter in a month, found once.
#[derive(Debug)]
struct MeterMonth<'a> {
    id: MeterId,
    month: BillingPeriod,
    days: [Day; DAYS],
    terms: Vec<Terms<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Day {
    NotAsked,
    Unpriced,
    /// The first of two places in `terms`: without earned credit and with it.
    Priced(usize),
}

/// What prices a day.
#[derive(Debug)]
struct Terms<'a> {
    in_force: PriceInForce<'a>,
    unit: UnitOfMeasure,
    /// By how many decimals a quantity in units grows to be one in blocks; `None` where the block is
    /// no power of ten.
    unit_decimals: Option<u8>,
    exchange_rate: ExchangeRate,
    factors: DayFactors,
    /// `None` when it has more digits than fit, which each row then says.
    factor: Option<Decimal>,
    /// Decimals that list amounts and pricing totals of all stretches have beside the quantity's.
    decimals: (u8, u8),
    /// Stretches that were used.
    known: Vec<KnownStretch>,
    /// Unit price and place of the line prices that were used.
    shown: Vec<(Decimal, u32)>,
}

/// A stretch of a price in whole numbers.
#[derive(Debug, Clone, Copy)]
struct KnownStretch {
    unit_price: Decimal,
    /// Of quantities in blocks.
    scale: u8,
    /// The least position that was looked up, and the last of the stretch, at that scale.
    from: i128,
    until: Option<i128>,
    constants: Constants,
    /// Which prices the lines have, and since which time the prices were taken last.
    shown: Option<(u64, u32)>,
}

impl KnownStretch {
    fn is_after(&self, consumed: i128, scale: u8) -> bool {
        self.scale == scale && self.from <= consumed && self.until.is_none_or(|until| consumed < until)
    }
}

/// A scope that is being rated.
#[derive(Debug)]
struct OpenScope<'a> {
    meter: usize,
    subscription: &'a Subscription,
    customer: &'a Customer,
    /// A bit for each day of the month with earned credit.
    credit_days: u32,
    counter: ScopeCounter,
    month: Option<ScopeMonth<'a>>,
    run: Option<Run>,
}

/// Sums of rows at scales that all of them have.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    quantity: i128,
    list: i128,
    pricing: i128,
    billing: i128,
    count: u64,
}

/// Rows of one stretch whose sums are not added to the month yet.
#[derive(Debug)]
struct Run {
    terms: usize,
    basis: QuantityBasis,
    /// Of the quantities as they come, and in blocks.
    scale: u8,
    block_scale: u8,
    consumed: i128,
    until: Option<i128>,
    constants: Constants,
    unit_price: Decimal,
    prices: u32,
    /// Of this run, and of those before it that had the same scales.
    sums: Sums,
}

impl Run {
    /// Scales of the sums.
    fn scales(&self) -> (u8, u8, u8) {
        (self.block_scale, self.constants.list_scale(), self.constants.pricing_scale())
    }

    #[inline(always)]
    fn row(&mut self, quantity: i128) -> Option<DayAmounts> {
        if quantity <= 0 {
            return None;
        }
        let consumed = self.consumed.checked_add(quantity)?;
        if self.until.is_some_and(|until| consumed > until) {
            return None;
        }
        let [list, pricing, billing] = self.constants.amounts(quantity)?;
        let sums = &self.sums;
        self.sums = Sums {
            quantity: sums.quantity.checked_add(quantity)?,
            list: sums.list.checked_add(list)?,
            pricing: sums.pricing.checked_add(pricing)?,
            billing: sums.billing.checked_add(billing)?,
            count: sums.count.saturating_add(1),
        };
        self.consumed = consumed;
        Some(DayAmounts {
            prices: self.prices,
            quantity: Scaled { mantissa: quantity, scale: self.block_scale },
            pricing_total: Scaled { mantissa: pricing, scale: self.constants.pricing_scale() },
            billing_total: billing,
        })
    }
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
        self.meters.push(MeterMonth { id, month, days: [Day::NotAsked; DAYS], terms: Vec::new() });
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
        self.open = Some(OpenScope { meter, subscription, customer, credit_days, counter, month: None, run: None });
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
        let place = usize::from(day.day().unsigned_abs()).saturating_sub(1);
        if meter.days.get(place) == Some(&Day::NotAsked) {
            let found = meter.look_up(&self.inputs, &mut self.rates, day)?;
            // What holds for a day holds until the next change.
            let until = self.inputs.prices.same_until(&meter.id, day, meter.month.end());
            let count = usize::try_from(day.until(until).map_or(1, |span| span.get_days())).unwrap_or(1);
            meter.days.iter_mut().skip(place).take(count.max(1)).for_each(|known| *known = found);
        }
        let Some(Day::Priced(terms)) = meter.days.get(place).copied() else {
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

    /// Ends the open scope: what it came to, `None` when none of its rows had a price.
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

impl<'a> MeterMonth<'a> {
    /// What prices `day`: terms of an earlier day where they are the same.
    fn look_up(
        &mut self,
        inputs: &RatingInputs<'a>,
        rates: &mut BTreeMap<(Currency, BillingPeriod), ExchangeRate>,
        day: Date,
    ) -> Result<Day, RateError> {
        let billing_currency = inputs.directory.party.currency;
        let Ok(in_force) = inputs.prices.price_on(&self.id, day, billing_currency) else { return Ok(Day::Unpriced) };
        let same = |terms: &Terms<'_>| {
            std::ptr::eq(terms.in_force.price, in_force.price)
                && terms.in_force.discount_factor == in_force.discount_factor
        };
        if let Some(place) = self.terms.iter().position(same) {
            return Ok(Day::Priced(place));
        }
        let price = in_force.price;
        let exchange_rate = match rates.get(&(price.currency, self.month)) {
            Some(rate) => rate.clone(),
            None => {
                let rate = inputs.fx.rate(price.currency, billing_currency, self.month)?;
                rates.insert((price.currency, self.month), rate.clone());
                rate
            }
        };
        let place = self.terms.len();
        let decimals = decimals_of(price, in_force.discount_factor);
        for earned_credit_rate in [Decimal::ZERO, price.earned_credit_rate] {
            let factors = DayFactors {
                discount_factor: in_force.discount_factor,
                earned_credit_rate,
                credit_rate: Decimal::ZERO,
            };
            let unit = UnitOfMeasure::parse(&price.unit_of_measure);
            self.terms.push(Terms {
                in_force,
                unit_decimals: decimals_of_power(unit.block_size),
                unit,
                exchange_rate: exchange_rate.clone(),
                factor: factors.product().ok(),
                factors,
                decimals,
                known: Vec::new(),
                shown: Vec::new(),
            });
        }
        Ok(Day::Priced(place))
    }
}

/// Decimals that hold every list price of a meter, and every price after discount and credit. At least
/// ten, for most prices have fewer and then all sums have one scale.
fn decimals_of(price: &MeterPrice, discount_factor: Decimal) -> (u8, u8) {
    let list = price.tiers.tiers().iter().map(|tier| tier.unit_price.scale()).max().unwrap_or_default();
    let factors = discount_factor.scale().saturating_add(price.earned_credit_rate.scale());
    (list, list.saturating_add(factors).max(10))
}

/// 2 for 100; `None` for what is no power of ten.
fn decimals_of_power(block_size: Decimal) -> Option<u8> {
    (0..=12)
        .find(|decimals| Decimal::new(1, *decimals).and_then(|unit| unit.checked_mul(block_size)) == Ok(Decimal::ONE))
}

fn credit_days(subscription: &Subscription, month: BillingPeriod) -> u32 {
    let mut days = 0;
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
    }
}

#[inline(always)]
fn rate_row<'a>(
    scope: &mut OpenScope<'a>,
    meter: &mut MeterMonth<'a>,
    prices: &mut Vec<LinePrices<'a>>,
    generation: u64,
    place: usize,
    quantity: Scaled,
    basis: QuantityBasis,
) -> Result<DayAmounts, RateError> {
    let (id, Some(terms)) = (&meter.id, meter.terms.get_mut(place)) else {
        return Err(RateError::OutOfOrder(scope.subscription.id.clone()));
    };
    let is_same = |run: &Run| run.terms == place && run.scale == quantity.scale && run.basis == basis;
    if let Some(run) = scope.run.as_mut().filter(|run| is_same(run))
        && let Some(amounts) = run.row(quantity.mantissa)
    {
        return Ok(amounts);
    }
    rate_otherwise(scope, id, terms, prices, generation, (place, quantity, basis))
}

/// A row that the run so far does not take.
#[inline(never)]
fn rate_otherwise<'a>(
    scope: &mut OpenScope<'a>,
    meter: &MeterId,
    terms: &mut Terms<'a>,
    prices: &mut Vec<LinePrices<'a>>,
    generation: u64,
    (place, quantity, basis): (usize, Scaled, QuantityBasis),
) -> Result<DayAmounts, RateError> {
    let amount_error = |cause| RateError::Amount { meter: meter.clone(), cause };
    scope.check_unit(meter, terms)?;
    if let Some(mut run) = scope.begin_run(terms, prices, generation, place, quantity.scale, basis) {
        let is_going_on = scope.run.as_ref().is_some_and(|last| last.scales() == run.scales());
        run.sums = scope.run.as_ref().filter(|_| is_going_on).map_or_else(Sums::default, |last| last.sums);
        if let Some(amounts) = run.row(quantity.mantissa) {
            if !is_going_on {
                scope.settle().map_err(amount_error)?;
            }
            scope.enter(terms, run.unit_price);
            scope.run = Some(run);
            return Ok(amounts);
        }
    }
    scope.settle().map_err(amount_error)?;
    scope.row_exactly(meter, terms, prices, quantity, basis)
}

impl<'a> OpenScope<'a> {
    /// Adds what a run came to.
    fn settle(&mut self) -> Result<(), DecimalError> {
        let Some(run) = self.run.take() else { return Ok(()) };
        let consumed = Decimal::new(run.consumed, run.block_scale)?;
        self.counter = ScopeCounter::starting_at(consumed);
        if let Some(month) = &mut self.month {
            month.totals.add(&MonthTotals {
                quantity: Decimal::new(run.sums.quantity, run.block_scale)?,
                list_amount: Decimal::new(run.sums.list, run.constants.list_scale())?,
                pricing_total: Decimal::new(run.sums.pricing, run.constants.pricing_scale())?,
                daily_billing_total: Decimal::new(run.sums.billing, BILLING_TOTAL_DECIMALS)?,
                daily_line_count: run.sums.count,
            })?;
            month.consumed_after = consumed;
        }
        Ok(())
    }

    /// A run from where the scope stands, when whole numbers can say it. The one before is not added yet.
    fn begin_run(
        &self,
        terms: &mut Terms<'a>,
        prices: &mut Vec<LinePrices<'a>>,
        generation: u64,
        place: usize,
        scale: u8,
        basis: QuantityBasis,
    ) -> Option<Run> {
        let block_scale = match basis {
            QuantityBasis::Blocks => scale,
            QuantityBasis::Units => scale.checked_add(terms.unit_decimals?)?,
        };
        let consumed = match &self.run {
            Some(run) if run.block_scale == block_scale => run.consumed,
            Some(run) => Decimal::new(run.consumed, run.block_scale).ok()?.mantissa_at(block_scale).ok()?,
            None => self.counter.consumed().mantissa_at(block_scale).ok()?,
        };
        let (stretch, prices) = terms.stretch_after(prices, generation, consumed, block_scale)?;
        Some(Run {
            terms: place,
            basis,
            scale,
            block_scale,
            consumed,
            until: stretch.until,
            constants: stretch.constants,
            unit_price: stretch.unit_price,
            prices,
            sums: Sums::default(),
        })
    }

    /// A row whose slices, quantity or digits ask for it.
    fn row_exactly(
        &mut self,
        meter: &MeterId,
        terms: &mut Terms<'a>,
        prices: &mut Vec<LinePrices<'a>>,
        quantity: Scaled,
        basis: QuantityBasis,
    ) -> Result<DayAmounts, RateError> {
        let price = terms.in_force.price;
        let blocks =
            quantity.exact().and_then(|quantity| terms.unit.pricing_quantity(quantity, basis)).map_err(|cause| {
                RateError::Quantity { meter: meter.clone(), unit: price.unit_of_measure.clone(), cause }
            })?;
        let amount_error = |cause| RateError::Amount { meter: meter.clone(), cause };
        let rating = self
            .counter
            .advance(price, blocks)
            .and_then(|step| rate_day(step, blocks, terms.factors))
            .map_err(amount_error)?;
        let billing = billing_total(rating.pricing_total, terms.exchange_rate.rate).map_err(amount_error)?;
        self.enter(terms, rating.unit_price);
        if let Some(month) = &mut self.month {
            month.totals.add(&rating.as_totals(billing)).map_err(amount_error)?;
            month.consumed_after = self.counter.consumed();
        }
        let prices = terms.show(prices, rating.unit_price, rating.effective_unit_price);
        Ok(DayAmounts {
            prices,
            quantity: blocks.into(),
            pricing_total: rating.pricing_total.into(),
            billing_total: billing.mantissa_at(BILLING_TOTAL_DECIMALS).map_err(amount_error)?,
        })
    }

    /// Takes the terms of a row into what the month says of its prices.
    fn enter(&mut self, terms: &Terms<'a>, unit_price: Decimal) {
        let (price, credit) = (terms.in_force.price, terms.factors.earned_credit_rate);
        let month = self.month.get_or_insert_with(|| ScopeMonth {
            totals: MonthTotals::default(),
            price,
            exchange_rate: terms.exchange_rate.clone(),
            earned_credit_rates: (credit, credit),
            single_unit_price: Some(unit_price),
            days: (Date::MAX, Date::MIN),
            consumed_after: Decimal::ZERO,
        });
        month.price = price;
        let (lowest, highest) = month.earned_credit_rates;
        month.earned_credit_rates = (lowest.min(credit), highest.max(credit));
        month.single_unit_price = month.single_unit_price.filter(|price| *price == unit_price);
    }

    /// A scope's quantities are blocks of one size: a price that changes the block parks the party.
    fn check_unit(&self, meter: &MeterId, terms: &Terms<'_>) -> Result<(), RateError> {
        let Some(month) = &self.month else { return Ok(()) };
        let (before, now) = (&month.price.unit_of_measure, &terms.in_force.price.unit_of_measure);
        if std::ptr::eq(month.price, terms.in_force.price)
            || before == now
            || UnitOfMeasure::parse(before) == terms.unit
        {
            return Ok(());
        }
        Err(RateError::UnitChanged { meter: meter.clone(), from: before.clone(), to: now.clone() })
    }
}

impl<'a> Terms<'a> {
    /// The stretch of what is consumed beyond `consumed`, and the place of its lines' prices.
    fn stretch_after(
        &mut self,
        prices: &mut Vec<LinePrices<'a>>,
        generation: u64,
        consumed: i128,
        scale: u8,
    ) -> Option<(KnownStretch, u32)> {
        let known = match self.known.iter().position(|known| known.is_after(consumed, scale)) {
            Some(known) => known,
            None => self.learn(consumed, scale)?,
        };
        let stretch = *self.known.get(known)?;
        if let Some((since, place)) = stretch.shown
            && since == generation
        {
            return Some((stretch, place));
        }
        let effective = stretch.unit_price.checked_mul(self.factor?).ok()?;
        let place = self.show(prices, stretch.unit_price, effective);
        self.known.get_mut(known)?.shown = Some((generation, place));
        Some((stretch, place))
    }

    /// Looks a stretch up and keeps it; answers its place.
    fn learn(&mut self, consumed: i128, scale: u8) -> Option<usize> {
        let stretch = self.in_force.price.stretch_after(Decimal::new(consumed, scale).ok()?).ok()?;
        // Positions are multiples of the scale's unit, so the bound may be cut to it.
        let until = match stretch.until {
            Some(until) => {
                Some(until.rounded(scale, crate::decimal::Rounding::TowardZero).ok()?.mantissa_at(scale).ok()?)
            }
            None => None,
        };
        let same = |known: &KnownStretch| {
            known.scale == scale && known.until == until && known.unit_price == stretch.unit_price
        };
        if let Some(place) = self.known.iter().position(same) {
            let known = self.known.get_mut(place)?;
            known.from = known.from.min(consumed);
            return Some(place);
        }
        let rate = self.exchange_rate.rate;
        let constants = Constants::new(stretch.unit_price, self.factor?, rate, scale, self.decimals)?;
        let unit_price = stretch.unit_price;
        self.known.push(KnownStretch { unit_price, scale, from: consumed, until, constants, shown: None });
        Some(self.known.len().saturating_sub(1))
    }

    /// The place of these prices among those of the lines.
    fn show(&mut self, prices: &mut Vec<LinePrices<'a>>, unit_price: Decimal, effective: Decimal) -> u32 {
        let known = self.shown.iter().rev().take(8).find(|(price, _)| *price == unit_price);
        if let Some((_, place)) = known.filter(|(_, place)| {
            let shown = usize::try_from(*place).ok().and_then(|place| prices.get(place));
            shown.is_some_and(|shown| shown.effective_unit_price == effective)
        }) {
            return *place;
        }
        let place = u32::try_from(prices.len()).unwrap_or(u32::MAX);
        prices.push(LinePrices {
            price: self.in_force.price,
            factors: self.factors,
            unit_price,
            effective_unit_price: effective,
            exchange_rate: self.exchange_rate.clone(),
        });
        self.shown.push((unit_price, place));
        place
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
