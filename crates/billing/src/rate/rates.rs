//! What each rate of a scope came to: a line of classic usage has one rate, so usage at several rates has several lines.
//!
//! Rules CU-3 and CU-4 (docs/rules/classic-usage-line.md). Quantities are blocks of the price's unit of measure.

use crate::decimal::{Decimal, DecimalError};
use crate::rate::day::DayRating;

/// Usage at one rate: one list price under one discount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateShare {
    /// Of the list.
    pub unit_price: Decimal,
    /// What offer terms leave of it (RT-1).
    pub discount_factor: Decimal,
    /// Above the included quantity.
    pub overage: Decimal,
}

/// The rates of a scope.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScopeRates {
    /// What was taken from the included quantity, at no rate.
    pub included: Decimal,
    /// In the order of their first use, which follows days and records (RI-4) and not the order of files.
    pub shares: Vec<RateShare>,
}

impl ScopeRates {
    /// Adds a day: its slices to their rates, the rest to what is included.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] when a sum does not fit.
    pub fn add(&mut self, day: &DayRating) -> Result<(), DecimalError> {
        let mut included = day.quantity;
        for slice in &day.slices {
            included = included.checked_sub(slice.quantity)?;
            self.add_overage(slice.unit_price, day.factors.discount_factor, slice.quantity)?;
        }
        self.included = self.included.checked_add(included)?;
        Ok(())
    }

    fn add_overage(
        &mut self,
        unit_price: Decimal,
        discount_factor: Decimal,
        overage: Decimal,
    ) -> Result<(), DecimalError> {
        let same = |share: &&mut RateShare| share.unit_price == unit_price && share.discount_factor == discount_factor;
        match self.shares.iter_mut().find(same) {
            Some(share) => share.overage = share.overage.checked_add(overage)?,
            None => self.shares.push(RateShare { unit_price, discount_factor, overage }),
        }
        Ok(())
    }
}
