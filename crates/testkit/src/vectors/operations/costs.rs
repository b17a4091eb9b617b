//! Operations on costs: splits, markups, the accuracy of forecasts.

use billing::accuracy::{ForecastGrade, accuracy};
use billing::decimal::{Decimal, sum};
use billing::markup::Markup;
use billing::split::{SplitError, SplitMethod, split as split_amount};
use serde_json::json;

use super::super::input::Input;
use super::{MONEY_DECIMALS, Outcome, money};

pub(super) fn split(input: &mut Input) -> Outcome {
    let amount: Decimal = input.required("amount")?;
    let name: String = input.required("method")?;
    let (method, weight) = match name.as_str() {
        "even" => (SplitMethod::Even, None),
        "proportional" => (SplitMethod::Proportional, Some("weight")),
        "fixed" => (SplitMethod::Fixed, Some("percent")),
        _ => return Err(format!("no method is called {name:?}").into()),
    };
    let mut targets: Vec<(String, Decimal)> = Vec::new();
    for mut target in input.list("targets")? {
        let weight = weight.map_or(Ok(Decimal::ZERO), |key| target.required(key))?;
        targets.push((target.required("id")?, weight));
        target.finish()?;
    }
    let named: Vec<(&str, Decimal)> = targets.iter().map(|(id, weight)| (id.as_str(), *weight)).collect();
    let shares = match split_amount(amount, MONEY_DECIMALS, method, &named) {
        Ok(shares) => shares,
        Err(SplitError::NoWeight) => return Ok(json!({ "error": "no_weight" })),
        Err(error) => return Err(error.into()),
    };
    let shown = named
        .iter()
        .zip(&shares)
        .map(|((id, _), share)| Ok(json!({ "id": id, "amount": money(*share, MONEY_DECIMALS)? })));
    Ok(json!({
        "shares": shown.collect::<Result<Vec<_>, billing::decimal::DecimalError>>()?,
        "total": money(sum(shares.iter().copied())?, MONEY_DECIMALS)?,
    }))
}

pub(super) fn markup(input: &mut Input) -> Outcome {
    let name: String = input.required("kind")?;
    let markup = match name.as_str() {
        "percent_on_cost" => Markup::PercentOnCost { rate: input.required("rate")? },
        "margin_on_price" => Markup::MarginOnPrice { rate: input.required("rate")? },
        "fixed_per_unit" => Markup::FixedPerUnit { fee: input.required("fee")?, quantity: input.required("quantity")? },
        "percent_of_list" => Markup::PercentOfList { list: input.required("list")?, rate: input.required("rate")? },
        _ => return Err(format!("no markup is called {name:?}").into()),
    };
    let price = markup.price(input.required("cost")?, MONEY_DECIMALS)?;
    Ok(json!({ "price": money(price, MONEY_DECIMALS)? }))
}

pub(super) fn mape(input: &mut Input) -> Outcome {
    let (actual, forecast): (Vec<Decimal>, Vec<Decimal>) = (input.required("actual")?, input.required("forecast")?);
    if actual.len() != forecast.len() {
        return Err("actual and forecast have as many periods as each other".into());
    }
    let found = accuracy(&actual.into_iter().zip(forecast).collect::<Vec<_>>())?;
    let percent = |value: Option<Decimal>| value.map(|value| money(value, 4)).transpose();
    Ok(json!({
        "mape_percent": percent(found.mean_percent)?,
        "wape_percent": percent(found.weighted_percent)?,
        "grade": found.mean_percent.map(|percent| ForecastGrade::of(percent).as_str()),
    }))
}
