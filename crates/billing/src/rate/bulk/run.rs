//! Rows of one stretch of a price: products of whole numbers, and their sums.

use crate::decimal::{Decimal, Scaled};
use crate::rate::bulk::DayAmounts;
use crate::rate::fixed::Constants;
use crate::uom::QuantityBasis;

/// Sums of rows at scales that all of them have.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) quantity: i128,
    pub(super) list: i128,
    pub(super) pricing: i128,
    pub(super) billing: i128,
    pub(super) count: u64,
}

/// Rows of one stretch whose sums are not added to the month yet.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) terms: usize,
    pub(super) basis: QuantityBasis,
    /// Of the quantities as they come, and in blocks.
    pub(super) scale: u8,
    pub(super) block_scale: u8,
    pub(super) consumed: i128,
    pub(super) until: Option<i128>,
    pub(super) constants: Constants,
    pub(super) unit_price: Decimal,
    pub(super) prices: u32,
    /// Of this run, and of those before it that had the same scales.
    pub(super) sums: Sums,
}

impl Run {
    /// Scales of the sums.
    pub(super) fn scales(&self) -> (u8, u8, u8) {
        (self.block_scale, self.constants.list_scale(), self.constants.pricing_scale())
    }

    #[inline(always)]
    pub(super) fn row(&mut self, quantity: i128) -> Option<DayAmounts> {
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
