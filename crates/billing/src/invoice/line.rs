//! One line of an invoice: a customer's use of one meter of one plan in one month.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::decimal::Decimal;
use crate::fx::ExchangeRate;
use crate::licence::ChargeType;
use crate::money::{Amount, Currency};
use crate::party::Customer;
use crate::price::Product;
use crate::rate::ScopeKey;
use crate::tax::TaxCode;
use crate::usage::MeterDescription;

/// A line as it is stored. Prices and quantities are exact decimals in the pricing currency,
/// amounts minor units of the billing currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLine {
    /// Counts from 1 in the document.
    pub line_number: u32,
    pub scope: ScopeKey,
    pub customer: Customer,
    pub subscription_name: String,
    pub charge_type: ChargeType,
    pub product: Product,
    pub meter: MeterDescription,
    pub unit_of_measure: String,
    /// Of the pricing month, both included.
    pub days: (Date, Date),
    pub quantity: Decimal,
    /// The list price; a quotient at 15 digits when the month had several.
    pub unit_price: Decimal,
    /// `pricing_total / quantity` at 15 digits (RT-13).
    pub effective_unit_price: Decimal,
    pub pricing_currency: Currency,
    /// The exact sum of the daily rated lines.
    pub pricing_exact: Decimal,
    /// Cut to the pricing currency's minor unit (RT-14).
    pub pricing_total: Decimal,
    pub exchange_rate: ExchangeRate,
    /// The lowest and the highest earned-credit rate of the days.
    pub earned_credit_rates: (Decimal, Decimal),
    pub daily_line_count: u64,
    /// Where the scope's running quantity stood at the end: late usage goes on from here.
    pub consumed_after: Decimal,
    pub subtotal: Amount,
    pub tax: Amount,
    /// Under which the tax is; empty where nothing is taxed.
    pub tax_code: TaxCode,
}

impl InvoiceLine {
    /// Subtotal and tax.
    ///
    /// # Errors
    /// A sum beyond 64 bits of minor units.
    pub fn total(&self) -> Result<Amount, crate::money::MoneyError> {
        self.subtotal.checked_add(self.tax)
    }
}
