//! Rows that savings plans pay for.
//!
//! Rule SP-5 (docs/rules/savings-plan.md). A covered part is billed at nothing in a scope of its own, and moves no
//! counter; what plans leave of a row is rated as any other.

use jiff::civil::Date;

use crate::decimal::{Decimal, DecimalError, Scaled};
use crate::rate::bulk::open_scope::{begun, same_unit};
use crate::rate::bulk::terms::{Day, MeterMonth, Terms};
use crate::rate::bulk::{BulkRater, DayAmounts, LinePrices, OpenScope};
use crate::rate::day::{DayFactors, covered_day};
use crate::rate::party::{RateError, ScopeMonth};
use crate::savings_plan::CoveredPart;
use crate::uom::QuantityBasis;

impl<'a> BulkRater<'a> {
    /// What plans leave of a row of the open scope that they pay `parts` of: in blocks, for [`BulkRater::row`].
    /// `None` where they leave nothing.
    ///
    /// # Errors
    /// What parks the party: see [`RateError`].
    pub fn rest(
        &mut self,
        day: Date,
        (quantity, basis): (Scaled, QuantityBasis),
        parts: &[CoveredPart],
    ) -> Result<Option<(Scaled, QuantityBasis)>, RateError> {
        let Some((scope, meter, terms)) = self.covered_terms(day)? else { return Ok(Some((quantity, basis))) };
        let Some(terms) = meter.terms.get(terms) else { return Ok(Some((quantity, basis))) };
        scope.check_unit(&meter.id, terms)?;
        let mut rest = terms.blocks(&meter.id, quantity, basis)?;
        for part in parts {
            rest = rest
                .checked_sub(part.quantity)
                .map_err(|cause| RateError::Amount { meter: meter.id.clone(), cause })?;
        }
        Ok((!rest.is_zero()).then(|| (rest.into(), QuantityBasis::Blocks)))
    }

    /// A part of a row of the open scope that a plan pays for. `None` when no price is in force.
    ///
    /// # Errors
    /// What parks the party: see [`RateError`].
    pub fn covered(&mut self, day: Date, part: &'a CoveredPart) -> Result<Option<DayAmounts>, RateError> {
        let Some((scope, meter, terms)) = self.covered_terms(day)? else { return Ok(None) };
        let Some(terms) = meter.terms.get(terms) else { return Ok(None) };
        let order_id = part.order_id.as_str();
        if let Some(Err(changed)) = scope.covered.get(order_id).map(|month| same_unit(month, &meter.id, terms)) {
            // What is wrong with rows before comes first.
            scope.settle().map_err(|cause| RateError::Amount { meter: meter.id.clone(), cause })?;
            return Err(changed);
        }
        let unit_price = add_covered(scope, terms, day, part)
            .map_err(|cause| RateError::Amount { meter: meter.id.clone(), cause })?;
        let shown = LinePrices {
            price: terms.in_force.price,
            factors: DayFactors::COVERED,
            unit_price,
            effective_unit_price: Decimal::ZERO,
            exchange_rate: terms.exchange_rate.clone(),
            covered_by: Some(order_id),
        };
        let prices = self.show_covered(shown);
        Ok(Some(DayAmounts {
            prices,
            quantity: part.quantity.into(),
            pricing_total: Decimal::ZERO.into(),
            billing_total: 0,
        }))
    }

    /// What plans have paid for of the open scope, by their orders.
    pub fn take_covered(&mut self) -> impl Iterator<Item = (&'a str, ScopeMonth<'a>)> {
        self.open.as_mut().map(|scope| std::mem::take(&mut scope.covered)).unwrap_or_default().into_iter()
    }

    /// The open scope with the place of its terms on `day`.
    fn covered_terms(
        &mut self,
        day: Date,
    ) -> Result<Option<(&mut OpenScope<'a>, &mut MeterMonth<'a>, usize)>, RateError> {
        let Some(scope) = &mut self.open else { return Ok(None) };
        let Some(meter) = self.meters.get_mut(scope.meter) else { return Ok(None) };
        let (_, on_day) = meter.on(&self.inputs, &mut self.rates, day)?;
        let Day::Priced(terms) = on_day else { return Ok(None) };
        Ok(Some((scope, meter, terms)))
    }

    /// The place of prices among those of the lines.
    fn show_covered(&mut self, shown: LinePrices<'a>) -> u32 {
        let same = |known: &LinePrices<'_>| {
            std::ptr::eq(known.price, shown.price)
                && (known.covered_by, known.unit_price) == (shown.covered_by, shown.unit_price)
                && known.exchange_rate == shown.exchange_rate
        };
        let last = self.prices.iter().rev().take(8).position(same);
        let place = match last.and_then(|back| self.prices.len().checked_sub(back)?.checked_sub(1)) {
            Some(place) => place,
            None => {
                self.prices.push(shown);
                self.prices.len().saturating_sub(1)
            }
        };
        u32::try_from(place).unwrap_or(u32::MAX)
    }
}

/// Adds a part to the month of its plan; answers its list price.
fn add_covered<'a>(
    scope: &mut OpenScope<'a>,
    terms: &Terms<'a>,
    day: Date,
    part: &'a CoveredPart,
) -> Result<Decimal, DecimalError> {
    let rating = covered_day(terms.in_force.price, part.quantity)?;
    let unit_price = rating.unit_price;
    let of_order = scope.covered.entry(part.order_id.as_str());
    let month = of_order.or_insert_with(|| begun(terms, unit_price, Decimal::ZERO));
    month.totals.add(&rating.as_totals(Decimal::ZERO))?;
    month.price = terms.in_force.price;
    month.single_unit_price = month.single_unit_price.filter(|price| *price == unit_price);
    month.days = (month.days.0.min(day), month.days.1.max(day));
    Ok(unit_price)
}
