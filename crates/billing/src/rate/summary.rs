//! What rated usage comes to, added up: by customer, and what had no price.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::decimal::{Decimal, DecimalError};
use crate::ids::CustomerId;
use crate::money::Currency;
use crate::rate::classic::classic_usage_subtotal;
use crate::rate::month::month_subtotal;
use crate::rate::party::{ScopeMonth, UnpricedUsage};

/// What a customer's rated usage comes to, in the billing currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CustomerTotals {
    /// Lines of the invoice: one for each subscription, meter and month, of classic usage one for each rate.
    pub line_count: u64,
    pub daily_line_count: u64,
    /// The lines' subtotals, each cut to the minor unit (RT-14), of classic usage rounded to it (CU-1).
    pub subtotal: Decimal,
    /// The daily billing totals, each rounded to 10 decimals (RT-12).
    pub daily_billing_total: Decimal,
}

/// A part of a party's month, or all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RatedTotals {
    pub daily_line_count: u64,
    /// Records of earlier months, with a price or without.
    pub late_count: u64,
    pub customers: BTreeMap<CustomerId, CustomerTotals>,
    pub unpriced: Vec<UnpricedUsage>,
}

impl CustomerTotals {
    /// Adds one scope.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] when a sum does not fit.
    pub fn add_scope(&mut self, month: &ScopeMonth<'_>, billing_currency: Currency) -> Result<(), DecimalError> {
        let (pricing_decimals, billing_decimals) =
            (month.price.currency.minor_digits(), billing_currency.minor_digits());
        let totals = month.totals;
        let (subtotal, line_count) = match &month.rates {
            Some(rates) => classic_usage_subtotal(month, rates, billing_decimals)?,
            None => {
                let rate = month.exchange_rate.rate;
                (month_subtotal(totals.pricing_total, rate, pricing_decimals, billing_decimals)?.1, 1)
            }
        };
        self.add(&Self {
            line_count,
            daily_line_count: totals.daily_line_count,
            subtotal,
            daily_billing_total: totals.daily_billing_total,
        })
    }

    /// # Errors
    /// [`DecimalError::Overflow`] when a sum does not fit.
    pub fn add(&mut self, other: &Self) -> Result<(), DecimalError> {
        *self = Self {
            line_count: self.line_count.saturating_add(other.line_count),
            daily_line_count: self.daily_line_count.saturating_add(other.daily_line_count),
            subtotal: self.subtotal.checked_add(other.subtotal)?,
            daily_billing_total: self.daily_billing_total.checked_add(other.daily_billing_total)?,
        };
        Ok(())
    }
}

impl RatedTotals {
    /// Adds a later part.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] when a sum does not fit.
    pub fn add(&mut self, part: Self) -> Result<(), DecimalError> {
        self.daily_line_count = self.daily_line_count.saturating_add(part.daily_line_count);
        self.late_count = self.late_count.saturating_add(part.late_count);
        for (customer, totals) in part.customers {
            self.customers.entry(customer).or_default().add(&totals)?;
        }
        self.unpriced.extend(part.unpriced);
        Ok(())
    }

    /// Of all customers.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] when the sum does not fit.
    pub fn subtotal(&self) -> Result<Decimal, DecimalError> {
        crate::decimal::sum(self.customers.values().map(|totals| totals.subtotal))
    }
}
