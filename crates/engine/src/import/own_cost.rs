//! Prices implied by the provider's own cost, so that a bill can be rated again.
//!
//! A meter whose cost / quantity is the same on all lines (to 9 decimals) gets one price; one that
//! is not gets a price for each run of days. A price is total cost / total quantity at 15
//! significant digits and at most 15 decimals, so that re-rating gives the provider's total again.

use std::collections::BTreeMap;

use billing::decimal::{Decimal, DecimalError, Rounding};
use billing::ids::MeterId;
use billing::money::Currency;
use billing::period::DayRange;
use billing::price::{MeterPrice, PriceSheet, Product, TierBasis, TierTable};
use billing::rate::PRICE_DIGITS;
use billing::uom::{QuantityBasis, UnitOfMeasure};
use billing::usage::{MeterDescription, UsageRecord};
use jiff::ToSpan;
use jiff::civil::Date;

use crate::error::{EngineError, EngineResult};

/// Decimals to which lines have to agree on a price.
const AGREEMENT_DECIMALS: u8 = 9;
/// Decimals of an implied price, so that its product with a long quantity still fits.
const PRICE_DECIMALS_MAX: u8 = 15;

#[derive(Debug, Default)]
pub(super) struct ImpliedPrices {
    meters: BTreeMap<(MeterId, Currency), ImpliedMeter>,
    /// Lines that state a cost for a quantity of zero: no price can bring it back.
    pub(super) cost_without_quantity_count: u64,
}

#[derive(Debug)]
struct ImpliedMeter {
    meter: MeterDescription,
    product_name: String,
    unit_of_measure: String,
    days: BTreeMap<Date, DayCost>,
}

#[derive(Debug, Clone, Copy, Default)]
struct DayCost {
    quantity: Decimal,
    cost: Decimal,
}

impl DayCost {
    fn add(self, other: Self) -> Result<Self, DecimalError> {
        Ok(Self { quantity: self.quantity.checked_add(other.quantity)?, cost: self.cost.checked_add(other.cost)? })
    }

    /// Total cost / total quantity. Where that has no end, the last digit goes up, so that the
    /// truncation of the month's line does not take a cent of the provider's total.
    fn implied_price(self) -> Result<Decimal, DecimalError> {
        let quotient = self.cost.div_significant(self.quantity, PRICE_DIGITS)?;
        let price = quotient.rounded(PRICE_DECIMALS_MAX, Rounding::HalfEven)?;
        if price.checked_mul(self.quantity)?.abs()? >= self.cost.abs()? {
            return Ok(price);
        }
        // One unit of the digit at which the price was rounded.
        let integer_digits =
            u8::try_from(price.abs()?.rounded(0, Rounding::TowardZero)?.to_string().len()).unwrap_or(1);
        let decimals = PRICE_DIGITS.saturating_sub(integer_digits).max(price.scale()).min(PRICE_DECIMALS_MAX);
        price.checked_add(Decimal::new(1, decimals)?)
    }

    fn agreed_price(self) -> Option<Decimal> {
        self.cost.div_rounded(self.quantity, AGREEMENT_DECIMALS, Rounding::HalfEven).ok()
    }
}

fn failed(error: DecimalError) -> EngineError {
    EngineError::new(error.code(), format!("a price cannot be made from the provider's cost: {error}"))
}

impl ImpliedPrices {
    /// Takes a record's cost and quantity. A record without a cost implies nothing.
    pub(super) fn add(&mut self, record: &UsageRecord) -> EngineResult<()> {
        let Some(cost) = record.provider_cost else { return Ok(()) };
        if record.quantity.is_zero() {
            self.cost_without_quantity_count += u64::from(!cost.amount.is_zero());
            return Ok(());
        }
        let block_size = match record.quantity_basis {
            QuantityBasis::Blocks => Decimal::ONE,
            QuantityBasis::Units => UnitOfMeasure::parse(&record.unit_of_measure).block_size,
        };
        let meter = self.meters.entry((record.meter_id.clone(), cost.currency)).or_insert_with(|| ImpliedMeter {
            meter: record.meter.clone(),
            product_name: record.product_name.clone(),
            unit_of_measure: record.unit_of_measure.clone(),
            days: BTreeMap::new(),
        });
        // A price pays for one block, so the quantity is counted in blocks here as well.
        let quantity = record.quantity.div_exact(block_size).map_err(failed)?;
        let day = meter.days.entry(record.usage_date).or_default();
        *day = day.add(DayCost { quantity, cost: cost.amount }).map_err(failed)?;
        Ok(())
    }

    pub(super) fn into_sheet(self, source: &str) -> EngineResult<PriceSheet> {
        let mut prices = Vec::new();
        for ((meter_id, currency), implied) in self.meters {
            for (effective, total) in implied.runs()? {
                let unit_price = total.implied_price().map_err(failed)?;
                prices.push(MeterPrice {
                    meter_id: meter_id.clone(),
                    meter: implied.meter.clone(),
                    product: Product { product_name: implied.product_name.clone(), ..Product::default() },
                    currency,
                    unit_of_measure: implied.unit_of_measure.clone(),
                    tiers: TierTable::flat(unit_price),
                    included_quantity: Decimal::ZERO,
                    tier_basis: TierBasis::Billable,
                    effective,
                    earned_credit_rate: Decimal::ZERO,
                });
            }
        }
        if prices.is_empty() {
            return Err(EngineError::new(
                "price.file.no_prices",
                "no line of the file states a cost to make a price from",
            ));
        }
        Ok(PriceSheet { title: format!("provider's cost of {source}"), offer_terms: vec![], prices })
    }
}

impl ImpliedMeter {
    /// One open-ended run from the first day on when all days agree, else runs of days that do.
    fn runs(&self) -> EngineResult<Vec<(DayRange, DayCost)>> {
        let mut runs: Vec<(DayRange, DayCost)> = Vec::new();
        for (day, cost) in &self.days {
            match runs.last_mut() {
                Some((range, total)) if total.agreed_price() == cost.agreed_price() => {
                    *total = total.add(*cost).map_err(failed)?;
                    range.until = Some(day.saturating_add(1.day()));
                }
                _ => runs.push((DayRange { from: *day, until: Some(day.saturating_add(1.day())) }, *cost)),
            }
        }
        // A quantity that nets to zero prices nothing.
        runs.retain(|(_, total)| !total.quantity.is_zero());
        // Open-ended, but never before the first day seen: another file may price the days before.
        if let [(range, _)] = runs.as_mut_slice() {
            range.until = None;
        }
        Ok(runs)
    }
}
