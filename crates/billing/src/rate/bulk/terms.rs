//! What prices a meter's days in a month, found once for all rows.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::decimal::{Decimal, Rounding, Scaled};
use crate::fx::ExchangeRate;
use crate::ids::MeterId;
use crate::money::Currency;
use crate::period::BillingPeriod;
use crate::price::{MeterPrice, PriceInForce};
use crate::rate::bulk::LinePrices;
use crate::rate::day::DayFactors;
use crate::rate::fixed::Constants;
use crate::rate::party::{RateError, RatingInputs};
use crate::uom::{QuantityBasis, UnitOfMeasure};

/// Longest month.
pub(super) const DAYS: usize = 31;

/// A meter in a month, found once.
#[derive(Debug)]
pub(super) struct MeterMonth<'a> {
    pub(super) id: MeterId,
    pub(super) month: BillingPeriod,
    pub(super) days: [Day; DAYS],
    pub(super) terms: Vec<Terms<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    NotAsked,
    Unpriced,
    /// The first of two places in `terms`: without earned credit and with it.
    Priced(usize),
}

/// What prices a day.
#[derive(Debug)]
pub(super) struct Terms<'a> {
    pub(super) in_force: PriceInForce<'a>,
    pub(super) unit: UnitOfMeasure,
    /// By how many decimals a quantity in units grows to be one in blocks; `None` where the block is
    /// no power of ten.
    pub(super) unit_decimals: Option<u8>,
    pub(super) exchange_rate: ExchangeRate,
    pub(super) factors: DayFactors,
    /// `None` when it has more digits than fit, which each row then says.
    pub(super) factor: Option<Decimal>,
    /// Decimals that list amounts and pricing totals of all stretches have beside the quantity's.
    pub(super) decimals: (u8, u8),
    /// Stretches that were used.
    pub(super) known: Vec<KnownStretch>,
    /// Unit price and place of the line prices that were used.
    pub(super) shown: Vec<(Decimal, u32)>,
}

/// A stretch of a price in whole numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownStretch {
    pub(super) unit_price: Decimal,
    /// Of quantities in blocks.
    pub(super) scale: u8,
    /// The least position that was looked up, and the last of the stretch, at that scale.
    pub(super) from: i128,
    pub(super) until: Option<i128>,
    pub(super) constants: Constants,
    /// Which prices the lines have, and since which time the prices were taken last.
    pub(super) shown: Option<(u64, u32)>,
}

impl KnownStretch {
    fn is_after(&self, consumed: i128, scale: u8) -> bool {
        self.scale == scale && self.from <= consumed && self.until.is_none_or(|until| consumed < until)
    }
}

impl<'a> MeterMonth<'a> {
    /// What prices `day`, looked up once, and the day's place in the month.
    #[inline(always)]
    pub(super) fn on(
        &mut self,
        inputs: &RatingInputs<'a>,
        rates: &mut BTreeMap<(Currency, BillingPeriod), ExchangeRate>,
        day: Date,
    ) -> Result<(usize, Day), RateError> {
        let place = usize::from(day.day().unsigned_abs()).saturating_sub(1);
        if self.days.get(place) == Some(&Day::NotAsked) {
            let found = self.look_up(inputs, rates, day)?;
            // What holds for a day holds until the next change.
            let until = inputs.prices.same_until(&self.id, day, self.month.end());
            let count = usize::try_from(day.until(until).map_or(1, |span| span.get_days())).unwrap_or(1);
            self.days.iter_mut().skip(place).take(count.max(1)).for_each(|known| *known = found);
        }
        Ok((place, self.days.get(place).copied().unwrap_or(Day::Unpriced)))
    }

    /// What prices `day`: terms of an earlier day where they are the same.
    pub(super) fn look_up(
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

impl<'a> Terms<'a> {
    /// A quantity in blocks of the price.
    pub(super) fn blocks(&self, meter: &MeterId, quantity: Scaled, basis: QuantityBasis) -> Result<Decimal, RateError> {
        let blocks = quantity.exact().and_then(|quantity| self.unit.pricing_quantity(quantity, basis));
        blocks.map_err(|cause| RateError::Quantity {
            meter: meter.clone(),
            unit: self.in_force.price.unit_of_measure.clone(),
            cause,
        })
    }

    /// The stretch of what is consumed beyond `consumed`, and the place of its lines' prices.
    pub(super) fn stretch_after(
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
            Some(until) => Some(until.rounded(scale, Rounding::TowardZero).ok()?.mantissa_at(scale).ok()?),
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
    pub(super) fn show(&mut self, prices: &mut Vec<LinePrices<'a>>, unit_price: Decimal, effective: Decimal) -> u32 {
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
            covered_by: None,
        });
        self.shown.push((unit_price, place));
        place
    }
}
