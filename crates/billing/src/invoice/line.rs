//! One line of an invoice: a customer's use of one meter in one month, or one charge of a licence.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::decimal::{Decimal, DecimalError};
use crate::fx::ExchangeRate;
use crate::ids::SubscriptionId;
use crate::invoice::LineName;
use crate::licence::{BillingPlan, ChargeType, Discount, LicenceFee, ProductCategory, ProratedSpan, Term};
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
    pub customer: Customer,
    pub subscription: SubscriptionId,
    pub subscription_name: String,
    pub charge_type: LineChargeType,
    pub product: Product,
    pub unit_of_measure: String,
    /// That are charged, both included; usage has those that were used, of one month.
    pub days: (Date, Date),
    /// Above zero for licences, also where seats are taken back.
    pub quantity: Decimal,
    /// The list price; for usage a quotient at 15 digits when the month had several.
    pub unit_price: Decimal,
    /// At 15 digits (RT-13, LC-6), of classic licences at the currency's decimals (LC-11), of classic usage at 8
    /// and for what is above the included quantity (CU-2); below zero for seats that are taken back.
    pub effective_unit_price: Decimal,
    pub pricing_currency: Currency,
    pub exchange_rate: ExchangeRate,
    pub subtotal: Amount,
    pub tax: Amount,
    /// Under which the tax is; empty where nothing is taxed.
    pub tax_code: TaxCode,
    pub charge: Charge,
    /// The line that this one takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes_back: Option<LineName>,
}

/// Why a line is charged, in the words of its generation (LC-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LineChargeType {
    NewCommerce(ChargeType),
    Classic(LicenceFee),
}

impl LineChargeType {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NewCommerce(charge_type) => charge_type.as_str(),
            Self::Classic(fee) => fee.as_str(),
        }
    }
}

impl From<ChargeType> for LineChargeType {
    fn from(charge_type: ChargeType) -> Self {
        Self::NewCommerce(charge_type)
    }
}

/// What a line charges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Charge {
    Usage(UsageCharge),
    Licence(LicenceDetails),
    Classic(ClassicDetails),
    ClassicUsage(ClassicUsageCharge),
}

/// A month's use of one meter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageCharge {
    pub scope: ScopeKey,
    pub meter: MeterDescription,
    /// The exact sum of the daily rated lines.
    pub pricing_exact: Decimal,
    /// Cut to the pricing currency's minor unit (RT-14).
    pub pricing_total: Decimal,
    /// The lowest and the highest earned-credit rate of the days.
    pub earned_credit_rates: (Decimal, Decimal),
    pub daily_line_count: u64,
    /// Where the scope's running quantity stood at the end: late usage goes on from here.
    pub consumed_after: Decimal,
}

/// A month's use of one meter by a classic subscription, at one rate (CU-3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassicUsageCharge {
    pub scope: ScopeKey,
    pub meter: MeterDescription,
    /// Counts the rates of the scope from 1.
    pub rate_number: u32,
    /// Of the line's quantity, what was taken from the included quantity (CU-4).
    pub included: Decimal,
    /// What offer terms leave of the list price (RT-1).
    pub discount_factor: Decimal,
    /// The exact price of what is above the included quantity, after the discount.
    pub pricing_exact: Decimal,
    /// The list price of the same, half-up.
    pub amount: Amount,
    /// What is taken off the amount; of its sign.
    pub discount: Amount,
    /// Of the scope, whose lines share them.
    pub daily_line_count: u64,
    /// As in [`UsageCharge`].
    pub consumed_after: Decimal,
}

impl ClassicUsageCharge {
    /// What of a line's quantity is charged.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] when the difference does not fit.
    pub fn overage(&self, quantity: Decimal) -> Result<Decimal, DecimalError> {
        quantity.checked_sub(self.included)
    }
}

/// What a licence's line says besides its price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenceDetails {
    pub order_id: String,
    pub ordered_on: Date,
    pub category: ProductCategory,
    pub term: Option<Term>,
    pub plan: BillingPlan,
    /// First and last day of the term; no last day for what is bought for good.
    pub term_days: (Date, Option<Date>),
    pub qualifiers: Vec<String>,
    pub discounts: Vec<Discount>,
    /// What `effective_unit_price` is the quotient of, exact.
    pub price_fraction: (Decimal, Decimal),
}

/// What a classic licence's line says besides its price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassicDetails {
    pub order_id: String,
    pub billed_on: Date,
    pub plan: BillingPlan,
    /// First and last day of the term.
    pub term_days: (Date, Date),
    pub discounts: Vec<Discount>,
    /// Days that are charged, of those that the list price is for.
    pub prorated: ProratedSpan,
    /// `effective_unit_price x quantity`.
    pub amount: Amount,
    /// What is taken off the amount; of its sign.
    pub discount: Amount,
}

impl InvoiceLine {
    /// Subtotal and tax.
    ///
    /// # Errors
    /// A sum beyond 64 bits of minor units.
    pub fn total(&self) -> Result<Amount, crate::money::MoneyError> {
        self.subtotal.checked_add(self.tax)
    }

    #[must_use]
    pub fn usage(&self) -> Option<&UsageCharge> {
        match &self.charge {
            Charge::Usage(usage) => Some(usage),
            Charge::Licence(_) | Charge::Classic(_) | Charge::ClassicUsage(_) => None,
        }
    }

    #[must_use]
    pub fn classic_usage(&self) -> Option<&ClassicUsageCharge> {
        match &self.charge {
            Charge::ClassicUsage(usage) => Some(usage),
            Charge::Usage(_) | Charge::Licence(_) | Charge::Classic(_) => None,
        }
    }

    /// Of usage of either generation: its scope, the meter in words, and where its counter stood at the end.
    #[must_use]
    pub fn metered(&self) -> Option<(&ScopeKey, &MeterDescription, Decimal)> {
        match &self.charge {
            Charge::Usage(usage) => Some((&usage.scope, &usage.meter, usage.consumed_after)),
            Charge::ClassicUsage(usage) => Some((&usage.scope, &usage.meter, usage.consumed_after)),
            Charge::Licence(_) | Charge::Classic(_) => None,
        }
    }

    #[must_use]
    pub fn licence(&self) -> Option<&LicenceDetails> {
        match &self.charge {
            Charge::Usage(_) | Charge::Classic(_) | Charge::ClassicUsage(_) => None,
            Charge::Licence(licence) => Some(licence),
        }
    }
}
