//! What customers mean to spend on usage in a month, and how they stand to it.

use billing::decimal::{Decimal, DecimalError, Rounding};
use billing::ids::{CustomerId, OrganisationId};
use billing::period::BillingPeriod;
use billing::ports::StoredBudget;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;

use crate::books::Books;
use crate::error::{EngineError, EngineResult};

/// Amounts by customer, in the currency that their party is billed in.
pub type Budgets = BTreeMap<CustomerId, Decimal>;

/// The budgets of a party's customers.
///
/// # Errors
/// Storage failures.
pub async fn budgets(books: &Books, party: &OrganisationId) -> EngineResult<Budgets> {
    let stored = books.ledger.budgets(party).await?;
    Ok(stored.into_iter().map(|budget| (budget.customer, budget.amount)).collect())
}

/// A customer's budget, where it has one.
///
/// # Errors
/// Storage failures.
pub async fn budget(books: &Books, customer: &CustomerId) -> EngineResult<Option<Decimal>> {
    Ok(books.ledger.budget(customer).await?.map(|budget| budget.amount))
}

/// Sets a customer's budget, or takes it away. Nothing is billed by it.
///
/// # Errors
/// Storage failures.
pub async fn set_budget(
    books: &Books,
    customer: &CustomerId,
    amount: Option<Decimal>,
    now: Timestamp,
) -> EngineResult<()> {
    match amount {
        Some(amount) => {
            let budget = StoredBudget { customer: customer.clone(), amount, changed_at: now };
            Ok(books.ledger.set_budget(&budget).await?)
        }
        None => Ok(books.ledger.remove_budget(customer).await?),
    }
}

/// How much of a budget is used, in percent. It is cut at two decimals, so that 100 is never said before it is true; a
/// budget of nothing has no percentage.
///
/// # Errors
/// A share beyond the digits of a decimal.
pub fn percent_used(cost: Decimal, budget: Option<Decimal>) -> EngineResult<Decimal> {
    let Some(budget) = budget.filter(|budget| !budget.is_zero()) else { return Ok(Decimal::ZERO) };
    let hundred = Decimal::from_integer(100);
    let percent = Decimal::product_div_rounded([cost, hundred, Decimal::ONE], budget, 2, Rounding::TowardZero);
    percent.map_err(failed)
}

/// How a month's cost stands to a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Within,
    /// Within it so far, and above it at the end of the month if the rest is like the days so far: `cost × days of the
    /// month > budget × days so far`, exact, the day that is under way counted whole.
    TrendingOver,
    Over,
}

impl Standing {
    /// `today` lies in `period`.
    ///
    /// # Errors
    /// Products beyond the digits of a decimal.
    pub fn of(cost: Decimal, budget: Decimal, period: BillingPeriod, today: Date) -> EngineResult<Self> {
        if cost > budget {
            return Ok(Self::Over);
        }
        let days = |day: Date| Decimal::from_integer(day.day().into());
        let projected = cost.checked_mul(days(period.last_day())).map_err(failed)?;
        let allowed = budget.checked_mul(days(today)).map_err(failed)?;
        Ok(if projected > allowed { Self::TrendingOver } else { Self::Within })
    }
}

fn failed(error: DecimalError) -> EngineError {
    EngineError::new(error.code(), error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn number(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check_percent(cost: &str, budget: Option<&str>, expected: &str) {
        assert_eq!(percent_used(number(cost), budget.map(number)).unwrap(), number(expected));
    }

    #[test]
    fn a_share_is_cut_at_two_decimals() {
        check_percent("34.232832", Some("100"), "34.23");
        check_percent("99.999999", Some("100"), "99.99");
        check_percent("1", Some("3"), "33.33");
        check_percent("-1", Some("3"), "-33.33");
        check_percent("250", Some("100"), "250");
        check_percent("1", None, "0");
        check_percent("1", Some("0"), "0");
        check_percent("999999999.0000000001", Some("0.0000000001"), "999999999000000000100");
    }

    #[track_caller]
    fn check_standing(cost: &str, day: i8, expected: Standing) {
        let period = "2026-11".parse().unwrap();
        let standing = Standing::of(number(cost), number("100"), period, date(2026, 11, day)).unwrap();
        assert_eq!(standing, expected, "{cost} on day {day}");
    }

    #[test]
    fn a_month_that_goes_on_as_it_began_is_projected_exactly() {
        check_standing("33.3333333333", 10, Standing::Within);
        check_standing("33.3333333334", 10, Standing::TrendingOver);
        check_standing("100", 29, Standing::TrendingOver);
        check_standing("100", 30, Standing::Within);
        check_standing("100.0000000001", 30, Standing::Over);
        check_standing("0", 1, Standing::Within);
    }
}
