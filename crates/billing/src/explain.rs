//! How an amount came to be, as data: the same steps that made it, in words and figures.
//!
//! A line's explanation is built from the stored line and its daily rated lines; its figures are
//! recomputed, so an explanation that does not end at the billed amount is an error, not a story.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::decimal::{Decimal, DecimalError, Rounding};
use crate::invoice::{ClassicDetails, ClassicUsageCharge, InvoiceLine, LicenceDetails, LineChargeType, UsageCharge};
use crate::legacy_usage::effective_rate;
use crate::licence::{ClassicProration, EffectivePrice, SeatRounding, discounted, taken_off};
use crate::rate::{DayRating, month_amounts};

/// Days that were priced alike: same list price, same discount, same credit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainedPrice {
    pub unit_price: Decimal,
    pub discount_factor: Decimal,
    pub earned_credit_rate: Decimal,
    pub quantity: Decimal,
    /// `quantity x unit_price`, exact.
    pub list_amount: Decimal,
    /// After discount and credit, exact.
    pub amount: Decimal,
    pub from: Date,
    pub to: Date,
}

/// One step of the way to the amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainedStep {
    pub what: String,
    pub formula: String,
    pub value: Decimal,
    /// The rule that allows this step's rounding, if it rounds.
    pub rule: Option<String>,
}

/// The whole way from quantities to the subtotal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineExplanation {
    pub prices: Vec<ExplainedPrice>,
    pub steps: Vec<ExplainedStep>,
    pub daily_line_count: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExplainError {
    #[error("the daily lines add up to {daily}, the line was billed from {billed}")]
    DoesNotAddUp { daily: Decimal, billed: Decimal },
    #[error(transparent)]
    Number(#[from] DecimalError),
}

impl ExplainError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::DoesNotAddUp { .. } => "explain.does_not_add_up",
            Self::Number(error) => error.code(),
        }
    }
}

/// Explains a line from its daily ratings, in any order.
///
/// # Errors
/// [`ExplainError::DoesNotAddUp`] when the daily lines are not those that the line was billed from.
pub fn explain_line<'a>(
    line: &InvoiceLine,
    usage: &UsageCharge,
    days: impl IntoIterator<Item = (Date, &'a DayRating)>,
) -> Result<LineExplanation, ExplainError> {
    let (prices, daily_line_count) = group_days(days)?;
    let list = crate::decimal::sum(prices.iter().map(|price| price.list_amount))?;
    let exact = crate::decimal::sum(prices.iter().map(|price| price.amount))?;
    let (pricing, billing) = (line.pricing_currency, line.subtotal.currency);
    let rate = line.exchange_rate.rate;
    let amounts = month_amounts(exact, line.quantity, rate, pricing.minor_digits(), billing.minor_digits())?;
    if exact != usage.pricing_exact || amounts.subtotal != line.subtotal.to_decimal() {
        return Err(ExplainError::DoesNotAddUp { daily: exact, billed: usage.pricing_exact });
    }
    let mut steps = vec![step("list amount", "sum of quantity x list price".to_owned(), list, None)];
    if let Some(order) = &usage.scope.covered_by {
        steps.push(step("paid by a savings plan", format!("order {order}"), exact, Some("RT-22")));
    } else if list != exact {
        steps.push(step("after discounts and earned credit", "sum of list amount x factors".to_owned(), exact, None));
    }
    let cut = format!("{exact} cut to {} decimals of {pricing}", pricing.minor_digits());
    steps.push(step("pricing total", cut, amounts.pricing_total, Some("RT-14")));
    if !line.quantity.is_zero() {
        let quotient = format!("{} / {}", amounts.pricing_total, line.quantity);
        steps.push(step("effective unit price", quotient, amounts.effective_unit_price, Some("RT-13")));
    }
    let product =
        format!("{} {pricing} x {rate} cut to {} decimals of {billing}", amounts.pricing_total, billing.minor_digits());
    steps.push(step("subtotal", product, amounts.subtotal, Some("RT-14")));
    Ok(LineExplanation { prices, steps, daily_line_count })
}

fn step(what: &str, formula: String, value: Decimal, rule: Option<&str>) -> ExplainedStep {
    ExplainedStep { what: what.to_owned(), formula, value, rule: rule.map(str::to_owned) }
}

/// Explains a licence's line from what it says itself; its amount is computed again.
///
/// # Errors
/// [`ExplainError::DoesNotAddUp`] when the line's price does not give its amount.
pub fn explain_licence(line: &InvoiceLine, licence: &LicenceDetails) -> Result<LineExplanation, ExplainError> {
    let mut steps =
        vec![step("list price of a seat", "of its term's first day".to_owned(), line.unit_price, Some("LC-16"))];
    let rates: Vec<Decimal> = licence.discounts.iter().map(|discount| discount.rate).collect();
    let price = discounted(line.unit_price, &rates)?;
    for discount in &licence.discounts {
        steps.push(step("discount", discount.name.clone(), discount.rate, Some("LC-12")));
    }
    let (dividend, divisor) = licence.price_fraction;
    let fraction = format!("{dividend} / {divisor}, from {price} a cycle");
    steps.push(step("effective unit price", fraction, line.effective_unit_price, Some("LC-6")));
    let (rate, billing) = (line.exchange_rate.rate, line.subtotal.currency);
    let exact = EffectivePrice::of_fraction(dividend, divisor)?;
    let billed = line.subtotal.to_decimal();
    // That of the type first: a full refund has the rounding of what it takes back.
    let of_type = match line.charge_type {
        LineChargeType::NewCommerce(charge_type) => Some(charge_type.rounding()),
        LineChargeType::Classic(_) => None,
    };
    let others = SeatRounding::ALL.into_iter().filter(|rounding| Some(*rounding) != of_type);
    for rounding in of_type.into_iter().chain(others) {
        if exact.subtotal(line.quantity, rate, billing.minor_digits(), rounding)? == billed {
            let cut = match rounding {
                SeatRounding::UnitTruncated => "one seat is cut, then multiplied",
                SeatRounding::LineTruncated => "all seats are multiplied, then cut",
            };
            let formula = format!("{} x {} x {rate} in {billing}: {cut}", line.effective_unit_price, line.quantity);
            steps.push(step("subtotal", formula, billed, Some("LC-4")));
            return Ok(LineExplanation { prices: Vec::new(), steps, daily_line_count: 0 });
        }
    }
    Err(ExplainError::DoesNotAddUp { daily: line.effective_unit_price, billed })
}

/// Explains a classic licence's line from what it says itself; its amount is computed again.
///
/// # Errors
/// [`ExplainError::DoesNotAddUp`] when the line's price and days do not give its amount.
pub fn explain_classic(line: &InvoiceLine, classic: &ClassicDetails) -> Result<LineExplanation, ExplainError> {
    let (currency, span) = (line.subtotal.currency, classic.prorated);
    let list_price = "of its term's first day, for all days of a cycle".to_owned();
    let mut steps = vec![step("list price of a seat", list_price, line.unit_price, Some("LC-16"))];
    let way = ClassicProration::UnitThenQuantity;
    let (seat, _) = way.amount(line.unit_price, line.quantity, span, currency.minor_digits())?;
    let seat = seat.unwrap_or(line.unit_price);
    let seat = if line.effective_unit_price.is_negative() { seat.negated()? } else { seat };
    let formula = format!("{} x {} / {} days, half-up in {currency}", line.unit_price, span.days, span.of_days);
    steps.push(step("unit price", formula, seat, Some("LC-11")));
    let amount = seat.checked_mul(line.quantity)?;
    let discount = taken_off(amount, &classic.discounts, currency.minor_digits())?;
    steps.push(step("amount", format!("{seat} x {}", line.quantity), amount, None));
    for one in &classic.discounts {
        steps.push(step("discount", one.name.clone(), one.rate, None));
    }
    if !discount.is_zero() {
        steps.push(step("taken off", format!("of {amount}, half-up in {currency}"), discount, Some("LC-20")));
    }
    let billed = line.subtotal.to_decimal();
    steps.push(step("subtotal", format!("{amount} - {discount}"), billed, None));
    let computed = amount.checked_sub(discount)?;
    let stored = (classic.amount.to_decimal(), classic.discount.to_decimal());
    if seat != line.effective_unit_price || (amount, discount) != stored || computed != billed {
        return Err(ExplainError::DoesNotAddUp { daily: computed, billed });
    }
    Ok(LineExplanation { prices: Vec::new(), steps, daily_line_count: 0 })
}

/// Explains a line of classic usage from the daily ratings of its whole scope, in any order: what of them has the
/// line's rate is what it charges.
///
/// # Errors
/// [`ExplainError::DoesNotAddUp`] when the daily lines are not those that the line was billed from.
pub fn explain_classic_usage<'a>(
    line: &InvoiceLine,
    usage: &ClassicUsageCharge,
    days: impl IntoIterator<Item = (Date, &'a DayRating)>,
) -> Result<LineExplanation, ExplainError> {
    let days: Vec<(Date, &DayRating)> = days.into_iter().collect();
    let consumed = crate::decimal::sum(days.iter().map(|(_, rating)| rating.quantity))?;
    let (mut prices, daily_line_count) = group_days(days)?;
    let above = crate::decimal::sum(prices.iter().map(|price| price.quantity))?;
    let has_rate =
        |price: &ExplainedPrice| price.unit_price == line.unit_price && price.discount_factor == usage.discount_factor;
    prices.retain(has_rate);
    let overage = crate::decimal::sum(prices.iter().map(|price| price.quantity))?;
    let list = crate::decimal::sum(prices.iter().map(|price| price.list_amount))?;
    let exact = crate::decimal::sum(prices.iter().map(|price| price.amount))?;
    let included = if usage.rate_number == 1 { consumed.checked_sub(above)? } else { Decimal::ZERO };
    let currency = line.subtotal.currency;
    let charge = exact.rounded(currency.minor_digits(), Rounding::HalfUp)?;
    let is_billed = (exact, included) == (usage.pricing_exact, usage.included)
        && overage == usage.overage(line.quantity)?
        && charge == line.subtotal.to_decimal();
    if !is_billed {
        return Err(ExplainError::DoesNotAddUp { daily: exact, billed: usage.pricing_exact });
    }
    let formula = format!("rate {} of the {consumed} that were consumed", usage.rate_number);
    let mut steps = vec![step("consumed", formula, line.quantity, Some("CU-3"))];
    if !included.is_zero() {
        steps.push(step("included", "taken first, at no price".to_owned(), included, Some("CU-4")));
        steps.push(step("overage", format!("{} - {included}", line.quantity), overage, None));
    }
    steps.push(step("list amount", format!("{overage} x {}", line.unit_price), list, None));
    if list != exact {
        steps.push(step("after discounts", format!("{list} x {}", usage.discount_factor), exact, Some("RT-1")));
    }
    let rounded = format!("{exact} half-up at {} decimals of {currency}", currency.minor_digits());
    steps.push(step("charge", rounded, charge, Some("CU-1")));
    let rate = effective_rate(charge, charge, overage)?;
    if !charge.is_zero() {
        let cut = format!("{charge} / {overage} cut to 8 decimals");
        steps.push(step("effective rate", cut, rate, Some("CU-2")));
    }
    Ok(LineExplanation { prices, steps, daily_line_count })
}

fn group_days<'a>(
    days: impl IntoIterator<Item = (Date, &'a DayRating)>,
) -> Result<(Vec<ExplainedPrice>, u64), DecimalError> {
    let mut groups: BTreeMap<(Decimal, Decimal, Decimal), ExplainedPrice> = BTreeMap::new();
    let mut count: u64 = 0;
    for (day, rating) in days {
        count = count.saturating_add(1);
        let factor = rating.factors.product()?;
        for slice in &rating.slices {
            let key = (slice.unit_price, rating.factors.discount_factor, rating.factors.earned_credit_rate);
            let group = groups.entry(key).or_insert(ExplainedPrice {
                unit_price: slice.unit_price,
                discount_factor: rating.factors.discount_factor,
                earned_credit_rate: rating.factors.earned_credit_rate,
                quantity: Decimal::ZERO,
                list_amount: Decimal::ZERO,
                amount: Decimal::ZERO,
                from: day,
                to: day,
            });
            group.quantity = group.quantity.checked_add(slice.quantity)?;
            group.list_amount = group.list_amount.checked_add(slice.amount)?;
            group.amount = group.amount.checked_add(slice.amount.checked_mul(factor)?)?;
            (group.from, group.to) = (group.from.min(day), group.to.max(day));
        }
    }
    let mut prices: Vec<ExplainedPrice> = groups.into_values().collect();
    prices.sort_by_key(|price| (price.from, price.unit_price));
    Ok((prices, count))
}
