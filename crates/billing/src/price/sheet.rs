//! Price sheets and rate cards as they were imported: versions of meter prices, and offer terms.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::decimal::{Decimal, DecimalError};
use crate::ids::MeterId;
use crate::money::Currency;
use crate::period::DayRange;
use crate::price::tier::{TierBasis, TierTable};
use crate::usage::MeterDescription;

/// What a line names as the thing sold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Product {
    pub product_id: String,
    pub sku_id: String,
    pub availability_id: String,
    pub product_name: String,
    pub sku_name: String,
    pub publisher_name: String,
    pub publisher_id: String,
}

/// One version of one meter's price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeterPrice {
    pub meter_id: MeterId,
    pub meter: MeterDescription,
    pub product: Product,
    pub currency: Currency,
    /// As the list writes it, such as `10 GB/Month`; prices are for one block of it.
    pub unit_of_measure: String,
    pub tiers: TierTable,
    /// Blocks that cost nothing in each scope and period (RT-7, RT-8).
    pub included_quantity: Decimal,
    #[serde(default)]
    pub tier_basis: TierBasis,
    /// The usage days that this version prices (RT-9).
    pub effective: DayRange,
    /// Partner earned credit on eligible days, as a fraction; 0 where the meter is not eligible (RT-20).
    pub earned_credit_rate: Decimal,
}

/// A term of the offer. Only `discount` changes prices (RT-1); credits and commitments are kept
/// to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferTerm {
    pub name: String,
    /// A fraction of the unit price, taken off from `effective_from` on.
    pub discount: Option<Decimal>,
    /// A monetary credit in the sheet's currency. Not applied.
    pub credit: Option<Decimal>,
    /// Commitment level and discount. Not applied.
    pub tiered_discounts: Vec<(Decimal, Decimal)>,
    pub excluded_meters: Vec<MeterId>,
    pub effective_from: Date,
}

/// One imported list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceSheet {
    pub title: String,
    pub offer_terms: Vec<OfferTerm>,
    pub prices: Vec<MeterPrice>,
}

impl PriceSheet {
    /// The factor that offer terms put on a meter's unit price on a day: terms in force multiply
    /// one after the other (RT-1).
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] when the factor has more digits than fit.
    pub fn discount_factor(&self, meter: &MeterId, day: Date) -> Result<Decimal, DecimalError> {
        let mut factor = Decimal::ONE;
        for term in &self.offer_terms {
            let Some(discount) = term.discount else { continue };
            if term.effective_from <= day && !term.excluded_meters.contains(meter) {
                factor = factor.checked_mul(Decimal::ONE.checked_sub(discount)?)?;
            }
        }
        Ok(factor)
    }

    /// The same list put into force from `day`, whatever its own dates say.
    #[must_use]
    pub fn effective_from(mut self, day: Date) -> Self {
        for price in &mut self.prices {
            price.effective = DayRange { from: day, until: None };
        }
        self
    }
}
