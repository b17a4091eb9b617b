//! The scope that is being rated.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::decimal::{Decimal, DecimalError, Scaled};
use crate::ids::MeterId;
use crate::party::{Customer, Subscription};
use crate::rate::bulk::run::{Run, Sums};
use crate::rate::bulk::terms::{MeterMonth, Terms};
use crate::rate::bulk::{DayAmounts, LinePrices};
use crate::rate::day::{BILLING_TOTAL_DECIMALS, billing_total, rate_day};
use crate::rate::month::MonthTotals;
use crate::rate::party::{RateError, ScopeMonth, check_currency};
use crate::rate::rates::ScopeRates;
use crate::rate::scope::ScopeCounter;
use crate::uom::{QuantityBasis, UnitOfMeasure};

/// A scope that is being rated.
#[derive(Debug)]
pub(super) struct OpenScope<'a> {
    pub(super) meter: usize,
    pub(super) subscription: &'a Subscription,
    pub(super) customer: &'a Customer,
    /// A bit for each day of the month with earned credit.
    pub(super) credit_days: u32,
    pub(super) counter: ScopeCounter,
    pub(super) month: Option<ScopeMonth<'a>>,
    pub(super) run: Option<Run>,
    /// What savings plans have paid for, by their orders.
    pub(super) covered: BTreeMap<&'a str, ScopeMonth<'a>>,
}

/// Rates one row of the open scope.
#[inline(always)]
pub(super) fn rate_row<'a>(
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
    check_currency(scope.subscription, meter, &terms.exchange_rate)?;
    if scope.subscription.is_classic() {
        // What each rate came to is not in the sums of a run.
        return scope.row_exactly(meter, terms, prices, quantity, basis);
    }
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
    pub(super) fn settle(&mut self) -> Result<(), DecimalError> {
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
        let blocks = terms.blocks(meter, quantity, basis)?;
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
            if let Some(rates) = &mut month.rates {
                rates.add(&rating).map_err(amount_error)?;
            }
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
        let is_classic = self.subscription.is_classic();
        let month = self.month.get_or_insert_with(|| ScopeMonth {
            rates: is_classic.then(ScopeRates::default),
            ..begun(terms, unit_price, credit)
        });
        month.price = price;
        let (lowest, highest) = month.earned_credit_rates;
        month.earned_credit_rates = (lowest.min(credit), highest.max(credit));
        month.single_unit_price = month.single_unit_price.filter(|price| *price == unit_price);
    }

    /// What is wrong with rows before comes first.
    pub(super) fn check_unit(&mut self, meter: &MeterId, terms: &Terms<'_>) -> Result<(), RateError> {
        let checked = self.month.as_ref().map_or(Ok(()), |month| same_unit(month, meter, terms));
        if checked.is_err() {
            self.settle().map_err(|cause| RateError::Amount { meter: meter.clone(), cause })?;
        }
        checked
    }
}

/// A month without any row.
pub(super) fn begun<'a>(terms: &Terms<'a>, unit_price: Decimal, earned_credit_rate: Decimal) -> ScopeMonth<'a> {
    ScopeMonth {
        totals: MonthTotals::default(),
        price: terms.in_force.price,
        exchange_rate: terms.exchange_rate.clone(),
        earned_credit_rates: (earned_credit_rate, earned_credit_rate),
        single_unit_price: Some(unit_price),
        days: (Date::MAX, Date::MIN),
        consumed_after: Decimal::ZERO,
        rates: None,
    }
}

/// A scope's quantities are blocks of one size: a price that changes the block parks the party.
pub(super) fn same_unit(month: &ScopeMonth<'_>, meter: &MeterId, terms: &Terms<'_>) -> Result<(), RateError> {
    let (before, now) = (&month.price.unit_of_measure, &terms.in_force.price.unit_of_measure);
    if std::ptr::eq(month.price, terms.in_force.price) || before == now || UnitOfMeasure::parse(before) == terms.unit {
        return Ok(());
    }
    Err(RateError::UnitChanged { meter: meter.clone(), from: before.clone(), to: now.clone() })
}
