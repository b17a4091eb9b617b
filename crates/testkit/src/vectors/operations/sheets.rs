//! Price sheets as the operations need them: one meter, in US dollars.

use billing::decimal::Decimal;
use billing::ids::MeterId;
use billing::money::Currency;
use billing::period::DayRange;
use billing::price::{MeterPrice, OfferTerm, PriceSheet, Product, TierBasis, TierTable};
use billing::usage::MeterDescription;
use jiff::civil::{Date, date};

use super::super::input::OperationError;

/// A usage day for cases that name none.
pub(super) const ANY_DAY: Date = date(2024, 1, 1);

pub(super) fn meter() -> Result<MeterId, OperationError> {
    Ok("meter".parse()?)
}

/// One price, in force from [`ANY_DAY`] on, without included quantity.
pub(super) fn meter_price(tiers: TierTable) -> Result<MeterPrice, OperationError> {
    Ok(MeterPrice {
        meter_id: meter()?,
        meter: MeterDescription::default(),
        product: Product::default(),
        currency: Currency::USD,
        unit_of_measure: "1".to_owned(),
        tiers,
        included_quantity: Decimal::ZERO,
        tier_basis: TierBasis::Billable,
        effective: DayRange { from: ANY_DAY, until: None },
        earned_credit_rate: Decimal::ZERO,
    })
}

pub(super) fn sheet(prices: Vec<MeterPrice>, discount: Option<Decimal>) -> PriceSheet {
    let term = |discount| OfferTerm {
        name: String::new(),
        discount: Some(discount),
        credit: None,
        tiered_discounts: Vec::new(),
        excluded_meters: Vec::new(),
        effective_from: ANY_DAY,
    };
    PriceSheet { title: String::new(), offer_terms: discount.map(term).into_iter().collect(), prices }
}
