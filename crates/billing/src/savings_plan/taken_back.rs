//! What late corrections take back of usage that savings plans have paid for.
//!
//! Rule SP-6 (docs/rules/savings-plan.md). What was billed at nothing is taken back at nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::decimal::{Decimal, DecimalError, Rounding};
use crate::ids::{MeterId, SubscriptionId};
use crate::party::PartyDirectory;
use crate::period::BillingPeriod;
use crate::price::PriceBook;
use crate::rate::ScopeKey;
use crate::savings_plan::cover::{Blocks, CoverError, PlanUsage, PlanUsageRow, QUANTITY_DECIMALS, blocks_of};
use crate::savings_plan::coverage::{Coverage, CoveredPart};

/// A scope of a closed month that plans have paid for, in blocks: what stands of it on all documents so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaidScope {
    /// What was billed at a price. The counter of the scope is no measure of it: it stops at zero.
    pub billed: Decimal,
    /// By the orders of the plans.
    pub paid: BTreeMap<String, Decimal>,
}

/// By what would be billed: without the order of a plan.
pub type PaidScopes = BTreeMap<ScopeKey, PaidScope>;

/// Adds what late records take back of what plans have paid for, as parts below zero.
///
/// # Errors
/// See [`CoverError`].
pub fn take_back(
    directory: &PartyDirectory,
    prices: &PriceBook<'_>,
    scopes: &PaidScopes,
    usage: &PlanUsage,
    coverage: &mut Coverage,
) -> Result<(), CoverError> {
    let late_rows = by_scope(usage, &scopes.keys().map(|scope| scope.usage_month).collect());
    for (scope, PaidScope { billed, paid }) in scopes {
        let Some(rows) = late_rows.get(&(&scope.subscription, &scope.meter, scope.usage_month)) else { continue };
        let late = blocks_of((prices, directory.party.currency), &scope.meter, rows)?;
        let billed = match has_one_price(directory, prices, scope) {
            true => *billed,
            false => Decimal::ZERO,
        };
        for (row, order_id, quantity) in taken_back(&late, billed, paid)? {
            let part = CoveredPart { order_id: order_id.to_owned(), quantity, plan_price: Decimal::ZERO };
            coverage.add_part((&scope.subscription, &scope.meter), (row.day, row.key), part)?;
        }
    }
    Ok(())
}

/// Whether all days of the month have the same price, discount and credit. Where they have not, what was billed on one
/// day says nothing of what it is taken back at on another.
fn has_one_price(directory: &PartyDirectory, prices: &PriceBook<'_>, scope: &ScopeKey) -> bool {
    let Some((subscription, _)) = directory.subscription(&scope.subscription) else { return false };
    let terms = |day: Date| {
        let in_force = prices.price_on(&scope.meter, day, directory.party.currency).ok()?;
        let credit = subscription.earned_credit_rate(day, in_force.price.earned_credit_rate);
        Some((&in_force.price.tiers, in_force.discount_factor, credit))
    };
    let first_day = scope.usage_month.first_day();
    let Some(first) = terms(first_day) else { return false };
    let days = first_day.series(jiff::Span::new().days(1)).take_while(|day| scope.usage_month.contains(*day));
    days.into_iter().all(|day| terms(day).as_ref() == Some(&first))
}

/// The records of some months, by day and key.
fn by_scope<'u>(
    usage: &'u PlanUsage,
    months: &BTreeSet<BillingPeriod>,
) -> BTreeMap<(&'u SubscriptionId, &'u MeterId, BillingPeriod), Vec<&'u PlanUsageRow>> {
    let mut scopes: BTreeMap<_, Vec<&PlanUsageRow>> = BTreeMap::new();
    for row in &usage.rows {
        let month = BillingPeriod::containing(row.day).ok().filter(|month| months.contains(month));
        if let Some((month, (subscription, meter))) = month.zip(usage.scopes.get(row.scope)) {
            scopes.entry((subscription, meter, month)).or_default().push(row);
        }
    }
    scopes.values_mut().for_each(|rows| rows.sort_by_key(|row| (row.day, row.key)));
    scopes
}

/// Of one scope's late records, by day and key, what each takes back of what which order has paid for. What is above
/// zero of what was `billed`, and of the late records, is taken back first.
fn taken_back<'r, 'o>(
    late: &'r [Blocks<'_>],
    billed: Decimal,
    paid: &'o BTreeMap<String, Decimal>,
) -> Result<Vec<(&'r Blocks<'r>, &'o str, Decimal)>, DecimalError> {
    let mut paid: Vec<(&str, Decimal)> =
        paid.iter().map(|(order_id, quantity)| (order_id.as_str(), *quantity)).collect();
    paid.retain(|(_, quantity)| *quantity > Decimal::ZERO);
    let net = crate::decimal::sum(late.iter().map(|row| row.blocks))?;
    let mut beyond = billed.max(Decimal::ZERO).checked_add(net)?.min(Decimal::ZERO).negated()?;
    let mut taken = Vec::new();
    for row in late.iter().rev().filter(|row| row.blocks.is_negative()) {
        let mut of_row = row.blocks.negated()?;
        for (order_id, paid) in paid.iter_mut().rev() {
            let quantity = part_of(of_row, beyond, *paid)?;
            if quantity.is_zero() {
                continue;
            }
            *paid = paid.checked_sub(quantity)?;
            of_row = of_row.checked_sub(quantity)?;
            beyond = beyond.checked_sub(quantity)?.max(Decimal::ZERO);
            taken.push((row, *order_id, quantity.negated()?));
        }
    }
    Ok(taken)
}

/// How much of a row is taken back at nothing. Where it is divided by what was billed, the part has as many decimals as a
/// quotient (SP-4), and never is more paid out than was billed.
fn part_of(row: Decimal, beyond: Decimal, paid: Decimal) -> Result<Decimal, DecimalError> {
    let mut wanted = beyond.rounded(QUANTITY_DECIMALS, Rounding::TowardZero)?;
    if wanted < beyond {
        wanted = wanted.checked_add(Decimal::new(1, QUANTITY_DECIMALS)?)?;
    }
    Ok(wanted.min(row).min(paid))
}
