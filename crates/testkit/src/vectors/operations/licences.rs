//! Operations on licences: cycles, changes of seats, refunds, classic proration.

use billing::decimal::{Decimal, sum};
use billing::licence::{
    AnchorRule, ChargeType, ChargedCycle, ClassicProration, ClassicRefundRounding, CountedLine, Cycle, LicenceCharge,
    ParsedChargeType, ProratedSpan, RefundWindow, SeatRounding, Upgrade, cancel as cancel_seats, change_plan,
    change_quantity, charge_cycle, charge_until, convert as convert_seats, cycle_starting_at, refund_classic,
    seats_after,
};
use jiff::SignedDuration;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::super::input::{Input, OperationError};
use super::{MONEY_DECIMALS, Outcome, money};

/// What the cases of seats share: exchange rate and order of rounding.
#[derive(Clone, Copy)]
struct Policy {
    rate: Decimal,
    rounding: SeatRounding,
}

fn policy(input: &mut Input) -> Result<Policy, OperationError> {
    let rate = input.optional("fx")?.unwrap_or(Decimal::ONE);
    let name: String = input.required("policy")?;
    let rounding = SeatRounding::ALL.into_iter().find(|order| order.as_str() == name);
    Ok(Policy { rate, rounding: rounding.ok_or_else(|| format!("no policy is called {name:?}"))? })
}

impl Policy {
    fn subtotal(self, charge: &LicenceCharge) -> Result<Decimal, OperationError> {
        Ok(charge.subtotal_rounded(self.rate, MONEY_DECIMALS, self.rounding)?)
    }

    fn shown(self, charge: &LicenceCharge) -> Outcome {
        Ok(json!({
            "charge_type": charge.charge_type.as_str(),
            "charge_start": charge.span.from,
            "charge_end": charge.span.last_day(),
            "effective_unit_price": charge.effective_price.printed()?,
            "billable_quantity": charge.seats,
            "subtotal": money(self.subtotal(charge)?, MONEY_DECIMALS)?,
        }))
    }

    fn all_shown<'a>(self, charges: impl IntoIterator<Item = &'a LicenceCharge>) -> Result<Vec<Value>, OperationError> {
        charges.into_iter().map(|charge| self.shown(charge)).collect()
    }

    fn total<'a>(self, charges: impl IntoIterator<Item = &'a LicenceCharge>) -> Result<String, OperationError> {
        let subtotals = charges.into_iter().map(|charge| self.subtotal(charge)).collect::<Result<Vec<_>, _>>()?;
        Ok(money(sum(subtotals)?, MONEY_DECIMALS)?)
    }
}

fn cycle(input: &mut Input, first: &str, last: &str) -> Result<Cycle, OperationError> {
    Ok(Cycle::inclusive(input.required(first)?, input.required(last)?)?)
}

pub(super) fn seat_change(input: &mut Input) -> Outcome {
    let (policy, cycle) = (policy(input)?, cycle(input, "cycle_start", "cycle_end")?);
    let day: Date = input.required("event_date")?;
    let seats = (input.required("old_quantity")?, input.required("new_quantity")?);
    let charges = change_quantity(ChargedCycle::whole(cycle, input.required("unit_price")?), day, seats)?;
    Ok(json!({
        "cycle_days": count(cycle.days())?,
        "billing_days": count(cycle.rest_from(day)?.days())?,
        "lines": policy.all_shown(&charges)?,
        "net": policy.total(&charges)?,
    }))
}

pub(super) fn seat_history(input: &mut Input) -> Outcome {
    let (policy, cycle) = (policy(input)?, cycle(input, "cycle_start", "cycle_end")?);
    let price = input.required("unit_price")?;
    let mut seats: Decimal = input.required("initial_quantity")?;
    let mut charges = vec![charge_cycle(ChargeType::New, cycle, price, seats)?];
    for mut event in input.list("events")? {
        let new = seats.checked_add(event.required("delta")?)?;
        charges.extend(change_quantity(ChargedCycle::whole(cycle, price), event.required("date")?, (seats, new))?);
        event.finish()?;
        seats = new;
    }
    Ok(
        json!({ "lines": policy.all_shown(&charges)?, "final_quantity": count(seats)?, "total": policy.total(&charges)? }),
    )
}

pub(super) fn cancel(input: &mut Input) -> Outcome {
    let (policy, cycle) = (policy(input)?, cycle(input, "cycle_start", "cycle_end")?);
    let hours: Decimal = input.required("hours_since_order")?;
    let seconds = hours.checked_mul(Decimal::from_integer(3_600))?.mantissa_at(0)?;
    let refund = RefundWindow::STANDARD.refund_after(SignedDuration::from_secs(i64::try_from(seconds)?));
    let (day, price) = (input.required("event_date")?, input.required("unit_price")?);
    let charge = cancel_seats(ChargedCycle::whole(cycle, price), day, input.required("quantity")?, refund)?;
    Ok(json!({ "refund": refund.as_str(), "lines": policy.all_shown(&charge)? }))
}

pub(super) fn convert(input: &mut Input) -> Outcome {
    let (policy, cycle) = (policy(input)?, cycle(input, "cycle_start", "cycle_end")?);
    let prices = (input.required("from_unit_price")?, input.required("to_unit_price")?);
    let upgrade = match input.optional::<String>("charge_type")?.as_deref().map(known).transpose()? {
        None | Some(ChargeType::Convert) => Upgrade::ToNew,
        Some(ChargeType::MoveQuantity) => Upgrade::ToExisting,
        Some(other) => return Err(format!("{} is no upgrade", other.as_str()).into()),
    };
    let (day, seats) = (input.required("event_date")?, input.required("quantity")?);
    let charges =
        convert_seats(upgrade, day, ChargedCycle::whole(cycle, prices.0), ChargedCycle::whole(cycle, prices.1), seats)?;
    let mut lines = policy.all_shown(&charges)?;
    for (line, side) in lines.iter_mut().zip(["from", "to"]) {
        line["side"] = json!(side);
    }
    Ok(json!({ "lines": lines, "net": policy.total(&charges)? }))
}

fn known(text: &str) -> Result<ChargeType, OperationError> {
    match ParsedChargeType::read(text) {
        ParsedChargeType::Known(known) => Ok(known),
        ParsedChargeType::Other(text) => Err(format!("no charge type is called {text:?}").into()),
    }
}

pub(super) fn plan_change(input: &mut Input) -> Outcome {
    let policy = policy(input)?;
    let months = |text: String| text.parse::<u16>().map_err(|error| format!("months: {error}"));
    let months = (months(input.required("months_remaining")?)?, months(input.required("months_in_plan")?)?);
    // No day goes into the amount.
    let span = Cycle::new(Date::MIN, Date::MAX)?;
    let charge = change_plan(span, input.required("new_unit_price")?, months, input.required("quantity")?)?;
    let mut line = policy.shown(&charge)?;
    let mut result = json!({});
    for key in ["charge_type", "effective_unit_price", "subtotal"] {
        result[key] = line[key].take();
    }
    Ok(result)
}

pub(super) fn cycle_dates(input: &mut Input) -> Outcome {
    let (start, cycles) = (input.required("start")?, input.required::<String>("count")?.parse::<u32>()?);
    let step = input.optional::<String>("step_months")?.map_or(Ok(1), |step| step.parse())?;
    let rule = match input.optional::<String>("anchor_rule")? {
        None => AnchorRule::default(),
        Some(name) => AnchorRule::named(&name).ok_or_else(|| format!("no anchor rule is called {name:?}"))?,
    };
    let cycles = (0..cycles).map(|number| {
        let cycle = cycle_starting_at(start, step, rule, number)?;
        Ok(json!({ "charge_start": cycle.from, "charge_end": cycle.last_day(), "days": count(cycle.days())? }))
    });
    Ok(json!({ "cycles": cycles.collect::<Result<Vec<_>, OperationError>>()? }))
}

pub(super) fn coterm(input: &mut Input) -> Outcome {
    let (policy, span) = (policy(input)?, cycle(input, "charge_start", "charge_end")?);
    let (full, price) = (input.required("full_cycle_days")?, input.required("unit_price")?);
    let charge = charge_until(span, full, price, input.required("quantity")?)?;
    Ok(json!({ "lines": policy.all_shown([&charge])? }))
}

pub(super) fn legacy_proration(input: &mut Input) -> Outcome {
    let mut price: Decimal = input.required("unit_price")?;
    if input.optional("credit")?.unwrap_or(false) {
        price = price.negated()?;
    }
    let seats = input.required("quantity")?;
    let span = ProratedSpan { days: input.required("billing_days")?, of_days: input.required("period_days")? };
    let mut result = json!({});
    for way in ClassicProration::ALL {
        let (unit_price, amount) = way.amount(price, seats, span, MONEY_DECIMALS)?;
        let amount = money(amount, MONEY_DECIMALS)?;
        result[way.as_str()] = match unit_price {
            Some(unit_price) => json!({ "unit_price": money(unit_price, MONEY_DECIMALS)?, "amount": amount }),
            None => json!(amount),
        };
    }
    Ok(result)
}

pub(super) fn legacy_cancel(input: &mut Input) -> Outcome {
    let rounding = match (input.optional::<String>("mode")?.as_deref(), input.optional("daily_rate_rounded")?) {
        (None, None | Some(false)) => ClassicRefundRounding::HalfUp,
        (Some("trunc"), None) => ClassicRefundRounding::TowardZero,
        (None, Some(true)) => ClassicRefundRounding::RoundedDailyRate,
        _ => return Err("the mode is \"trunc\", or daily_rate_rounded is set, or neither".into()),
    };
    let (purchased_on, day) = (input.required("purchase_date")?, input.required("cancel_date")?);
    let (paid, prices) =
        (cycle(input, "period_start", "period_end")?, (input.required("unit_price")?, input.required("quantity")?));
    let found = refund_classic(purchased_on, day, paid, prices, MONEY_DECIMALS, rounding)?;
    Ok(json!({
        "refund": found.refund.as_str(),
        "charge_start": found.span.from,
        "charge_end": found.span.last_day(),
        "unit_price": money(found.unit_price, MONEY_DECIMALS)?,
        "amount": money(found.amount, MONEY_DECIMALS)?,
    }))
}

pub(super) fn seat_count(input: &mut Input) -> Outcome {
    let mut lines = Vec::new();
    for mut line in input.list("lines")? {
        lines.push(CountedLine {
            ordered_on: line.required("order_date")?,
            charge_type: known(&line.required::<String>("charge_type")?)?,
            seats: line.required("billable_quantity")?,
            subtotal: line.required("subtotal")?,
        });
        line.finish()?;
    }
    Ok(json!({ "seats": count(seats_after(&lines)?)? }))
}

/// A count is a JSON integer.
fn count(value: Decimal) -> Result<i64, OperationError> {
    Ok(i64::try_from(value.mantissa_at(0)?)?)
}
