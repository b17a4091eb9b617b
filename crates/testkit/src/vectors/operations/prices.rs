//! Operations on prices: tiers, units of measure, effective dates.

use std::collections::BTreeMap;

use billing::decimal::Decimal;
use billing::legacy_usage::overage;
use billing::money::{Amount, Currency};
use billing::period::DayRange;
use billing::price::{PriceBook, PriceLookupError, PriceRange, Slice, Tier, TierBasis, TierTable};
use billing::rate::{ScopeCounter, blended_price};
use billing::uom::{QuantityBasis, UnitOfMeasure};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::super::input::{Input, OperationError};
use super::Outcome;
use super::sheets::{meter, meter_price, sheet};

pub(super) fn tier_graduated(input: &mut Input) -> Outcome {
    let rates: BTreeMap<String, Decimal> = input.required("rates")?;
    let tier = |(from, unit_price): (String, Decimal)| -> Result<Tier, OperationError> {
        Ok(Tier { from: from.parse()?, unit_price })
    };
    let tiers = rates.into_iter().map(tier).collect::<Result<Vec<_>, _>>()?;
    graduated(TierTable::new(tiers)?, input)
}

pub(super) fn tier_ranges(input: &mut Input) -> Outcome {
    let mut ranges = Vec::new();
    for mut range in input.list("ranges")? {
        let price: String = range.required("price")?;
        let bounds =
            PriceRange { min: range.required("min")?, max: range.optional("max")?, unit_price: price.parse()? };
        range.finish()?;
        ranges.push((bounds, price));
    }
    ranges.sort_by_key(|(bounds, _)| bounds.min);
    let table = TierTable::from_ranges(ranges.iter().map(|(bounds, _)| *bounds).collect())?;
    // Both are in rising order. The price is shown in the spelling of the list.
    let thresholds: BTreeMap<String, String> =
        table.tiers().iter().zip(ranges).map(|(tier, (_, price))| (tier.from.to_string(), price)).collect();
    let mut result = graduated(table, input)?;
    result["thresholds"] = json!(thresholds);
    Ok(result)
}

fn graduated(tiers: TierTable, input: &mut Input) -> Outcome {
    let quantity: Decimal = input.required("quantity")?;
    let mut price = meter_price(tiers)?;
    price.included_quantity = input.optional("included_quantity")?.unwrap_or_default();
    price.tier_basis = input.optional::<TierBasis>("tier_basis")?.unwrap_or_default();
    let step = ScopeCounter::default().advance(&price, quantity)?;
    let billable = overage(quantity, price.included_quantity)?;
    Ok(json!({
        "billable_quantity": billable,
        "slices": step.slices.iter().map(shown_slice).collect::<Vec<_>>(),
        "amount_exact": step.list_amount,
        "amount_trunc2": Amount::truncated(step.list_amount, Currency::USD)?.to_plain(),
        "blended_unit_price": blended_price(step.list_amount, billable)?,
    }))
}

fn shown_slice(slice: &Slice) -> Value {
    json!({
        "from": slice.from,
        "to": slice.to,
        "quantity": slice.quantity,
        "rate": slice.unit_price,
        "amount": slice.amount,
    })
}

pub(super) fn uom_scale(input: &mut Input) -> Outcome {
    let unit = UnitOfMeasure::parse(&input.required::<String>("unit_of_measure")?);
    let (quantity, basis): (Decimal, QuantityBasis) = (input.required("quantity")?, input.required("quantity_basis")?);
    let price_per_block: Decimal = input.required("price_per_block")?;
    let blocks = unit.pricing_quantity(quantity, basis)?;
    Ok(json!({
        "block_size": unit.block_size,
        "distinct_unit": unit.distinct_unit,
        "pricing_quantity": blocks,
        "consumed_quantity": unit.consumed_quantity(quantity, basis)?,
        "price_per_distinct_unit": unit.price_per_distinct_unit(price_per_block)?,
        "amount_exact": TierTable::flat(price_per_block).cost(blocks)?,
    }))
}

pub(super) fn effective_date(input: &mut Input) -> Outcome {
    let mut versions = Vec::new();
    for mut version in input.list("versions")? {
        let mut price = meter_price(TierTable::flat(version.required("price")?))?;
        let from: Date = version.required("effective_date")?;
        price.effective = DayRange { from, until: version.optional("end_date")? };
        version.finish()?;
        versions.push(price);
    }
    let (day, quantity): (Date, Decimal) = (input.required("usage_date")?, input.required("quantity")?);
    let sheets = [sheet(versions, None)];
    let price = match PriceBook::new(&sheets).price_on(&meter()?, day, Currency::USD) {
        Ok(in_force) => in_force.price,
        Err(PriceLookupError::StartsLater { .. } | PriceLookupError::Gap { .. }) => {
            return Ok(json!({ "error": "no_price_in_force" }));
        }
        Err(error) => return Err(error.into()),
    };
    Ok(json!({
        "price": price.tiers.first_price(),
        "effective_date": price.effective.from,
        "amount_exact": price.tiers.cost(quantity)?,
    }))
}
