//! The lines of classic usage: one for each rate of a subscription, meter and month.
//!
//! Rules CU-1 to CU-4 (docs/rules/classic-usage-line.md). Quantities are blocks of the price's unit of measure, amounts
//! are in the currency of the price, which is that of the invoice. Charges are rounded half-up at its decimals.

use crate::decimal::{Decimal, DecimalError, Rounding};
use crate::rate::party::ScopeMonth;
use crate::rate::rates::{RateShare, ScopeRates};

/// One rate's share of a month, as it is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassicUsageLine {
    /// Included and above it.
    pub consumed: Decimal,
    /// Taken from the included quantity: all of it stands on the first line (CU-4).
    pub included: Decimal,
    pub rate: RateShare,
    /// `overage x list price x what the discount leaves`, exact.
    pub exact: Decimal,
    /// `overage x list price`, half-up.
    pub amount: Decimal,
    /// What the discount takes off the amount.
    pub discount: Decimal,
    /// `exact`, half-up (CU-1); also amount less discount.
    pub charge: Decimal,
}

impl ClassicUsageLine {
    fn new(rate: RateShare, included: Decimal, decimals: u8) -> Result<Self, DecimalError> {
        let list = rate.overage.checked_mul(rate.unit_price)?;
        let exact = list.checked_mul(rate.discount_factor)?;
        let (amount, charge) = (list.rounded(decimals, Rounding::HalfUp)?, exact.rounded(decimals, Rounding::HalfUp)?);
        Ok(Self {
            consumed: rate.overage.checked_add(included)?,
            included,
            rate,
            exact,
            amount,
            discount: amount.checked_sub(charge)?,
            charge,
        })
    }
}

/// The lines of a scope, at `decimals` of its currency. A rate whose use came to nothing has none, unless all did: a
/// scope has one line at least, so that late usage finds where it stood.
///
/// # Errors
/// [`DecimalError::Overflow`] when an exact amount does not fit.
pub fn classic_usage_lines(
    month: &ScopeMonth<'_>,
    rates: &ScopeRates,
    decimals: u8,
) -> Result<Vec<ClassicUsageLine>, DecimalError> {
    let used = rates.shares.iter().filter(|share| !share.overage.is_zero());
    let mut shares: Vec<RateShare> = used.copied().collect();
    if shares.is_empty() {
        let list = || RateShare {
            unit_price: month.price.tiers.first_price(),
            discount_factor: Decimal::ONE,
            overage: Decimal::ZERO,
        };
        shares.push(rates.shares.first().copied().unwrap_or_else(list));
    }
    let mut included = rates.included;
    let line = |share| ClassicUsageLine::new(share, std::mem::take(&mut included), decimals);
    shares.into_iter().map(line).collect()
}

/// What those lines charge together, and how many they are.
pub(super) fn classic_usage_subtotal(
    month: &ScopeMonth<'_>,
    rates: &ScopeRates,
    decimals: u8,
) -> Result<(Decimal, u64), DecimalError> {
    let lines = classic_usage_lines(month, rates, decimals)?;
    let subtotal = crate::decimal::sum(lines.iter().map(|line| line.charge))?;
    Ok((subtotal, u64::try_from(lines.len()).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests;
