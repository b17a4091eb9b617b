//! Where in a price a running quantity stands, and how far it may go at the same price.
//!
//! Rules RT-2, RT-5, RT-7, RT-8 (docs/rules/tiers.md, docs/rules/included-quantity.md). Positions are
//! blocks of the price's unit of measure, counted from the start of the month.

use crate::decimal::{Decimal, DecimalError};
use crate::price::{MeterPrice, TierBasis};

/// A stretch of the running quantity in which each further block costs the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The last position at this price; `None` for the last stretch. A quantity that ends on a
    /// threshold belongs to the lower tier (RT-2).
    pub until: Option<Decimal>,
    pub unit_price: Decimal,
    /// What lies before the tiers' own zero; `None` inside the included quantity, which has no tier.
    pub before_tiers: Option<Decimal>,
}

impl MeterPrice {
    /// The stretch of what is consumed beyond `consumed`, which is at least 0.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] when a threshold does not fit.
    pub fn stretch_after(&self, consumed: Decimal) -> Result<Stretch, DecimalError> {
        if consumed < self.included_quantity {
            let until = Some(self.included_quantity);
            return Ok(Stretch { until, unit_price: Decimal::ZERO, before_tiers: None });
        }
        let before_tiers = match self.tier_basis {
            TierBasis::Billable => self.included_quantity,
            TierBasis::Consumed => Decimal::ZERO,
        };
        let position = consumed.checked_sub(before_tiers)?;
        let mut stretch = Stretch { until: None, unit_price: Decimal::ZERO, before_tiers: Some(before_tiers) };
        for tier in self.tiers.tiers() {
            if tier.from > position {
                stretch.until = Some(tier.from.checked_add(before_tiers)?);
                break;
            }
            stretch.unit_price = tier.unit_price;
        }
        Ok(stretch)
    }
}
