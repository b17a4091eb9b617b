//! Operations on days and months: daily lines, open periods, month lines, exchange rates.

use billing::decimal::Decimal;
use billing::fx::{FxQuote, FxTable};
use billing::money::Currency;
use billing::period::BillingPeriod;
use billing::price::{MeterPrice, PriceBook, TierTable};
use billing::rate::{
    DayFactors, DayRating, MonthTotals, ScopeCounter, billing_total, billing_total_exact, billing_total_floor2,
    effective_price, month_amounts, rate_day, verify_usage_subtotal,
};
use serde_json::{Value, json};

use super::super::input::{Input, OperationError};
use super::sheets::{ANY_DAY, meter, meter_price, sheet};
use super::{MONEY_DECIMALS, Outcome, money};

/// A price with what is taken off it, as the book finds it.
fn price_and_factors(input: &mut Input) -> Result<(MeterPrice, DayFactors), OperationError> {
    let price = meter_price(TierTable::flat(input.required("unit_price")?))?;
    let eligible: bool = input.optional("pec_eligible")?.unwrap_or(true);
    let earned: Decimal = input.optional("pec_rate")?.unwrap_or_default();
    let sheets = [sheet(vec![price], input.optional("discount_rate")?)];
    let in_force = PriceBook::new(&sheets).price_on(&meter()?, ANY_DAY, Currency::USD)?;
    let factors = DayFactors {
        discount_factor: in_force.discount_factor,
        earned_credit_rate: if eligible { earned } else { Decimal::ZERO },
        credit_rate: input.optional("credit_rate")?.unwrap_or_default(),
    };
    Ok((in_force.price.clone(), factors))
}

/// Rates one day where the month's counter stands.
fn rated(input: &mut Input, counter: &mut ScopeCounter) -> Result<DayRating, OperationError> {
    let (price, factors) = price_and_factors(input)?;
    let quantity = input.required("quantity")?;
    Ok(rate_day(counter.advance(&price, quantity)?, quantity, factors)?)
}

pub(super) fn daily(input: &mut Input) -> Outcome {
    let day = rated(input, &mut ScopeCounter::default())?;
    let rate = input.optional("fx")?.unwrap_or(Decimal::ONE);
    Ok(json!({
        "effective_unit_price": day.effective_unit_price,
        "pricing_pretax_total": day.pricing_total,
        "billing_pretax_total": billing_total_exact(day.pricing_total, rate)?,
        "billing_pretax_total_10dp": billing_total(day.pricing_total, rate)?,
        "billing_pretax_total_floor2": money(billing_total_floor2(day.pricing_total, rate)?, MONEY_DECIMALS)?,
        "pec_percentage": day.factors.earned_credit_percentage()?,
    }))
}

pub(super) fn open_period(input: &mut Input) -> Outcome {
    let (price, factors) = price_and_factors(input)?;
    let row = |mut snapshot: Input| -> Outcome {
        let date: String = snapshot.required("date")?;
        let quantity: Decimal = snapshot.required("cumulative_quantity")?;
        snapshot.finish()?;
        let so_far = rate_day(ScopeCounter::default().advance(&price, quantity)?, quantity, factors)?;
        let (cost, unit_price) = effective_price(so_far.pricing_total, quantity, MONEY_DECIMALS)?;
        Ok(json!({
            "date": date,
            "billable_cost": money(cost, MONEY_DECIMALS)?,
            "effective_unit_price": unit_price,
        }))
    };
    let rows = input.list("snapshots")?.into_iter().map(row).collect::<Result<Vec<Value>, _>>()?;
    Ok(json!({ "rows": rows }))
}

pub(super) fn month_line(input: &mut Input) -> Outcome {
    let rate: Decimal = input.required("fx")?;
    let decimals = input.optional("scale")?.unwrap_or(MONEY_DECIMALS);
    let pricing_decimals = input.optional("pricing_scale")?.unwrap_or(MONEY_DECIMALS);
    let (mut counter, mut totals) = (ScopeCounter::default(), MonthTotals::default());
    for mut day in input.list("daily")? {
        let rating = rated(&mut day, &mut counter)?;
        day.finish()?;
        totals.add(&rating.as_totals(billing_total(rating.pricing_total, rate)?))?;
    }
    let month = month_amounts(totals.pricing_total, totals.quantity, rate, pricing_decimals, decimals)?;
    Ok(json!({
        "billable_quantity": totals.quantity,
        "pricing_exact": totals.pricing_total,
        "pricing_total": money(month.pricing_total, pricing_decimals)?,
        "effective_unit_price": month.effective_unit_price,
        "subtotal": money(month.subtotal, decimals)?,
        "daily_billing_sum_exact": billing_total_exact(totals.pricing_total, rate)?,
        "drift": month.drift,
        "drift_bound": month.drift_bound,
    }))
}

pub(super) fn usage_subtotal(input: &mut Input) -> Outcome {
    let (price, quantity) = (input.required("effective_unit_price")?, input.required("billable_quantity")?);
    let rate = input.optional("fx")?.unwrap_or(Decimal::ONE);
    let [plain, snapped] = verify_usage_subtotal(price, quantity, rate, MONEY_DECIMALS)?;
    Ok(json!({
        "pricing_plain": money(plain.0, MONEY_DECIMALS)?,
        "pricing_snapped": money(snapped.0, MONEY_DECIMALS)?,
        "subtotal_plain": money(plain.1, MONEY_DECIMALS)?,
        "subtotal_snapped": money(snapped.1, MONEY_DECIMALS)?,
    }))
}

/// The dollar is the pricing currency; any other with two decimals does for the billing currency.
pub(super) fn fx(input: &mut Input) -> Outcome {
    let month = BillingPeriod::containing(ANY_DAY)?;
    let usd = input.required("usd_per_unit")?;
    let table = FxTable::new([FxQuote::UsdPerUnit { currency: Currency::EUR, month, usd }])?;
    let rate = table.rate(Currency::USD, Currency::EUR, month)?.rate;
    let total = billing_total_floor2(input.required("pricing_total")?, rate)?;
    Ok(json!({ "pc_to_bc_rate": rate, "billing_total": money(total, MONEY_DECIMALS)? }))
}
