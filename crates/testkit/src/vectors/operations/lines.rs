//! Operations on whole lines and documents: classic usage, seats, savings plans, tax, totals.

use billing::balance::{DocumentBalance, balances};
use billing::decimal::Decimal;
use billing::invoice::{InvoiceType, document_totals};
use billing::legacy_usage::{CHARGE_DECIMALS, EFFECTIVE_RATE_DECIMALS, legacy_usage_amounts};
use billing::licence::{SeatRounding, seat_subtotal as subtotal_of_seats};
use billing::money::{Amount, Currency};
use billing::savings_plan::{COVERED_LINE_BILLED, SavingsPlan};
use billing::tax::{TaxRounding, tax as tax_on};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::input::{Input, OperationError};
use super::{MONEY_DECIMALS, Outcome, money};

/// Amounts of documents are in a currency with two decimals.
const CURRENCY: Currency = Currency::EUR;

pub(super) fn legacy_usage_line(input: &mut Input) -> Outcome {
    let line = legacy_usage_amounts(
        input.required("consumed_quantity")?,
        input.required("included_quantity")?,
        input.required("list_price")?,
        input.required("tax_amount")?,
    )?;
    Ok(json!({
        "overage_quantity": line.overage_quantity,
        "pretax_charges": money(line.pretax_charges, CHARGE_DECIMALS)?,
        "post_tax_total": money(line.post_tax_total, CHARGE_DECIMALS)?,
        "pretax_effective_rate": money(line.pretax_effective_rate, EFFECTIVE_RATE_DECIMALS)?,
        "post_tax_effective_rate": money(line.post_tax_effective_rate, EFFECTIVE_RATE_DECIMALS)?,
    }))
}

pub(super) fn seat_subtotal(input: &mut Input) -> Outcome {
    let (price, seats) = (input.required("effective_unit_price")?, input.required("billable_quantity")?);
    let rate = input.optional("fx")?.unwrap_or(Decimal::ONE);
    let mut result = Map::new();
    for order in SeatRounding::ALL {
        let subtotal = subtotal_of_seats(price, seats, rate, MONEY_DECIMALS, order)?;
        result.insert(order.as_str().to_owned(), json!(money(subtotal, MONEY_DECIMALS)?));
    }
    Ok(Value::Object(result))
}

pub(super) fn savings_plan(input: &mut Input) -> Outcome {
    let plan = SavingsPlan::new(
        input.required("commitment_per_hour")?,
        input.required("payg_rate")?,
        input.required("discount")?,
    )?;
    let hours = plan.cover(input.required("hours")?)?;
    Ok(json!({
        "plan_rate": plan.plan_rate(),
        "covered_quantity": hours.covered_quantity,
        "payg_quantity": hours.pay_as_you_go_quantity,
        "payg_cost": hours.pay_as_you_go_cost,
        "commitment_cost": hours.commitment_cost,
        "unused_commitment": hours.unused_commitment,
        "effective_total": hours.effective_total,
        "retail_total": hours.retail_total,
        "covered_line_billed": COVERED_LINE_BILLED,
    }))
}

pub(super) fn tax(input: &mut Input) -> Outcome {
    let (rate, subtotals): (Decimal, Vec<Decimal>) = (input.required("rate")?, input.required("subtotals")?);
    let decimals = input.optional("scale")?.unwrap_or(MONEY_DECIMALS);
    let mut result = Map::new();
    for mode in TaxRounding::ALL {
        let amounts = tax_on(&subtotals, rate, decimals, mode)?;
        let mut shown = json!({ "total": money(amounts.total, decimals)? });
        if let Some(lines) = amounts.lines {
            let lines = lines.into_iter().map(|line| money(line, decimals)).collect::<Result<Vec<_>, _>>()?;
            shown["lines"] = json!(lines);
        }
        result.insert(mode.as_str().to_owned(), shown);
    }
    Ok(Value::Object(result))
}

pub(super) fn document(input: &mut Input) -> Outcome {
    let exact = |value: Decimal| Amount::exact(value, CURRENCY);
    let mut lines = Vec::new();
    for mut line in input.list("lines")? {
        lines.push((exact(line.required("subtotal")?)?, exact(line.required("tax")?)?));
        line.finish()?;
    }
    let mut amounts = |key: &str| -> Result<Vec<Amount>, OperationError> {
        let values: Vec<Decimal> = input.optional(key)?.unwrap_or_default();
        Ok(values.into_iter().map(exact).collect::<Result<_, _>>()?)
    };
    let totals = document_totals(CURRENCY, lines, amounts("adjustments")?)?;
    let received = Amount::sum(CURRENCY, amounts("payments_received")?)?;
    let balance = balances([DocumentBalance {
        invoice_type: InvoiceType::OneTime,
        issued_at: Timestamp::UNIX_EPOCH,
        total: totals.total,
        received,
        written_off: Amount::zero(CURRENCY),
        last_payment: None,
    }])?;
    let balance = balance.get(&CURRENCY).ok_or("the document has no balance")?.whole.amount;
    Ok(json!({
        "subtotal": totals.subtotal.to_plain(),
        "tax": totals.tax.to_plain(),
        "total_charges": totals.total.to_plain(),
        "paid_amount_wire": received.negated()?.to_plain(),
        "balance": balance.to_plain(),
    }))
}
