//! The lines of a classic subscription's usage.

use std::collections::BTreeMap;

use billing::decimal::Decimal;
use billing::fx::{ExchangeRate, RateSource};
use billing::legacy_usage::{EFFECTIVE_RATE_DECIMALS, effective_rate};
use billing::price::{MeterPrice, Tier, TierTable};
use billing::rate::{
    ClassicUsageLine, DayFactors, MonthTotals, ScopeCounter, ScopeMonth, ScopeRates, classic_usage_lines as lines_of,
    rate_day,
};
use serde_json::{Value, json};

use super::super::input::{Input, OperationError};
use super::sheets::{ANY_DAY, meter_price};
use super::{Outcome, money};

pub(super) fn classic_usage_lines(input: &mut Input) -> Outcome {
    let prices = input.list("prices")?.into_iter().map(price).collect::<Result<Vec<_>, _>>()?;
    let (mut counter, mut rates, mut last) = (ScopeCounter::default(), ScopeRates::default(), None);
    for mut day in input.list("days")? {
        let (place, quantity): (String, Decimal) = (day.required("price")?, day.required("quantity")?);
        let discount: Decimal = day.optional("discount")?.unwrap_or_default();
        day.finish()?;
        let price = prices.get(place.parse::<usize>()?).ok_or("there is no such price")?;
        let factors = DayFactors { discount_factor: Decimal::ONE.checked_sub(discount)?, ..DayFactors::NONE };
        rates.add(&rate_day(counter.advance(price, quantity)?, quantity, factors)?)?;
        last = Some(price);
    }
    let scale = input.required("scale")?;
    let month = month(last.ok_or("there is no day")?, counter.consumed());
    let lines = lines_of(&month, &rates, scale)?;
    Ok(json!({ "lines": lines.iter().map(|line| shown(line, scale)).collect::<Result<Vec<_>, _>>()? }))
}

fn price(mut input: Input) -> Result<MeterPrice, OperationError> {
    let rates: BTreeMap<String, Decimal> = input.required("rates")?;
    let tier = |(from, unit_price): (String, Decimal)| -> Result<Tier, OperationError> {
        Ok(Tier { from: from.parse()?, unit_price })
    };
    let tiers = rates.into_iter().map(tier).collect::<Result<Vec<_>, _>>()?;
    let included_quantity = input.optional("included_quantity")?.unwrap_or_default();
    input.finish()?;
    Ok(MeterPrice { included_quantity, ..meter_price(TierTable::new(tiers)?)? })
}

fn month(price: &MeterPrice, consumed_after: Decimal) -> ScopeMonth<'_> {
    let (from, to, rate) = (price.currency, price.currency, Decimal::ONE);
    ScopeMonth {
        totals: MonthTotals::default(),
        price,
        exchange_rate: ExchangeRate { from, to, rate, dated: ANY_DAY, source: RateSource::Identity },
        earned_credit_rates: (Decimal::ZERO, Decimal::ZERO),
        single_unit_price: None,
        days: (ANY_DAY, ANY_DAY),
        consumed_after,
        rates: None,
    }
}

fn shown(line: &ClassicUsageLine, scale: u8) -> Result<Value, OperationError> {
    let ClassicUsageLine { consumed, included, rate, amount, discount, charge, .. } = *line;
    Ok(json!({
        "consumed_quantity": consumed,
        "included_quantity": included,
        "overage_quantity": rate.overage,
        "list_price": rate.unit_price,
        "consumption_price": money(amount, scale)?,
        "consumption_discount": money(discount, scale)?,
        "pretax_charges": money(charge, scale)?,
        "pretax_effective_rate": money(effective_rate(charge, charge, rate.overage)?, EFFECTIVE_RATE_DECIMALS)?,
    }))
}
