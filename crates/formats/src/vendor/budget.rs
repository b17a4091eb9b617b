//! What a customer means to spend, as it is shown and as it is sent.

use billing::decimal::Decimal;
use serde::Serialize;

use super::envelope::{Links, ResourceAttributes};
use super::error::VendorError;
use super::number::JsonNumber;
use super::request::Members;

/// A budget, or that there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SpendingBudget {
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<JsonNumber>,
    /// The amount once more; only where the budget is the whole answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage_spending_budget: Option<JsonNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<Links>,
    attributes: ResourceAttributes,
}

impl SpendingBudget {
    /// Inside another resource.
    #[must_use]
    pub fn inner(amount: Option<Decimal>) -> Self {
        let amount = amount.map(JsonNumber::plain);
        Self { amount, usage_spending_budget: None, links: None, attributes: ResourceAttributes::of("SpendingBudget") }
    }

    /// By itself.
    #[must_use]
    pub fn with_links(amount: Option<Decimal>, links: Links) -> Self {
        let inner = Self::inner(amount);
        Self { usage_spending_budget: inner.amount, links: Some(links), ..inner }
    }
}

/// Digits of a budget after the point: as many as daily amounts have.
const DECIMALS_MAX: u8 = 10;
/// Digits before it.
const INTEGER_DIGITS_MAX: u8 = 15;

/// The amount that a body asks for; `None` takes the budget away, said by null or by saying nothing.
///
/// # Errors
/// 400/3000 for a body that is no object, and an amount that is no number, negative or too long.
pub fn budget_amount(body: &[u8]) -> Result<Option<Decimal>, VendorError> {
    let members = Members::parse(body)?;
    let Some(token) = members.value("amount") else { return Ok(None) };
    let invalid = |what: &str| VendorError::invalid_property(format!("the amount of a budget is {what}"));
    if !token.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return Err(invalid("a number"));
    }
    let amount: Decimal = token.parse().map_err(|_| invalid("a number of at most 25 digits"))?;
    let limit = Decimal::new(10_i128.pow(INTEGER_DIGITS_MAX.into()), 0).unwrap_or_default();
    match amount {
        negative if negative.is_negative() => Err(invalid("not negative")),
        long if long.scale() > DECIMALS_MAX || long >= limit => Err(invalid("a number of at most 25 digits")),
        amount => Ok(Some(amount)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, expected: Result<Option<&str>, u32>) {
        let amount = budget_amount(body.as_bytes()).map_err(|error| error.code);
        assert_eq!(
            amount.map(|amount| amount.map(|amount| amount.to_string())),
            expected.map(|x| x.map(str::to_owned))
        );
    }

    #[test]
    fn bodies_of_all_clients_are_read() {
        check(r#"{"Amount":100.0,"Attributes":{"ObjectType":"SpendingBudget"}}"#, Ok(Some("100")));
        check(r#"{"amount":100.0,"attributes":{"objectType":"SpendingBudget"}}"#, Ok(Some("100")));
        check(r#" {"Links":null, "AMOUNT" : 1e3 } "#, Ok(Some("1000")));
        // Beyond what a binary float holds.
        check(r#"{"amount":999999999999999.0000000001}"#, Ok(Some("999999999999999.0000000001")));
        for none in [r#"{"Amount":null}"#, "{}", r#"{"attributes":{"amount":7}}"#] {
            check(none, Ok(None));
        }
    }

    #[test]
    fn other_bodies_are_refused() {
        for body in [
            "",
            "100",
            "[]",
            "null",
            "{",
            r#"{{"amount":100}}"#,
            r#"{"amount":-0.01}"#,
            r#"{"amount":"100"}"#,
            r#"{"amount":true}"#,
            r#"{"amount":{"value":1}}"#,
            r#"{"amount":1e15}"#,
            r#"{"amount":0.00000000001}"#,
            r#"{"amount":1e999999999}"#,
            r#"{"amount":1,"Amount":2}"#,
            r#"{"amount":1} {}"#,
        ] {
            check(body, Err(3000));
        }
    }

    #[test]
    fn a_budget_that_is_none_still_says_what_it_is() {
        let text = |budget: &SpendingBudget| serde_json::to_string(budget).unwrap();
        let attributes = r#""attributes":{"objectType":"SpendingBudget"}}"#;
        assert_eq!(text(&SpendingBudget::inner(None)), format!("{{{attributes}"));
        let set = text(&SpendingBudget::with_links("0.50".parse().ok(), Links::default()));
        assert_eq!(set, format!(r#"{{"amount":0.5,"usageSpendingBudget":0.5,"links":{{}},{attributes}"#));
    }
}
