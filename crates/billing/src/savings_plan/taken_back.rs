//! What late corrections take back of usage that savings plans have paid for.
//!
//! Rule SP-6 (docs/rules/savings-plan.md). What was billed at nothing is taken back at nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::decimal::{Decimal, DecimalError, Rounding};
use crate::ids::{MeterId, SubscriptionId};
use crate::money::Currency;
use crate::period::BillingPeriod;
use crate::price::PriceBook;
use crate::rate::{LateFrom, ScopeKey};
use crate::savings_plan::cover::{Blocks, CoverError, PlanUsage, PlanUsageRow, QUANTITY_DECIMALS, blocks_of};
use crate::savings_plan::coverage::{Coverage, CoveredPart};

/// What plans have paid for of one scope, by their orders, in blocks.
type PaidFor<'a> = Vec<(&'a str, Decimal)>;

/// The scopes of closed months that plans have paid for. Those that are billed stand beside them in `late_from`.
fn paid_for(late_from: &LateFrom) -> BTreeMap<ScopeKey, PaidFor<'_>> {
    let mut scopes: BTreeMap<ScopeKey, PaidFor<'_>> = BTreeMap::new();
    for (scope, quantity) in late_from {
        if let Some(order_id) = scope.covered_by.as_deref().filter(|_| *quantity > Decimal::ZERO) {
            let billed = ScopeKey { covered_by: None, ..scope.clone() };
            scopes.entry(billed).or_default().push((order_id, *quantity));
        }
    }
    scopes
}

/// The scopes of which [`take_back`] needs the late records, one for each plan that has paid for some of it.
pub fn paid_scopes(late_from: &LateFrom) -> impl Iterator<Item = &ScopeKey> {
    late_from.keys().filter(|scope| scope.covered_by.is_some())
}

/// Adds what late records take back beyond what was billed: as parts below zero, up to what plans have paid for.
/// `prices` are those of the party, and its currency.
///
/// # Errors
/// See [`CoverError`].
pub fn take_back(
    prices: (&PriceBook<'_>, Currency),
    late_from: &LateFrom,
    usage: &PlanUsage,
    coverage: &mut Coverage,
) -> Result<(), CoverError> {
    let late_rows = by_scope(usage, &paid_scopes(late_from).map(|scope| scope.usage_month).collect());
    for (scope, paid) in paid_for(late_from) {
        let Some(rows) = late_rows.get(&(&scope.subscription, &scope.meter, scope.usage_month)) else { continue };
        let late = blocks_of(prices, &scope.meter, rows)?;
        let billed = late_from.get(&scope).copied().unwrap_or_default();
        for (row, order_id, quantity) in taken_back(&late, billed, paid)? {
            let part = CoveredPart { order_id: order_id.to_owned(), quantity, plan_price: Decimal::ZERO };
            coverage.add_part((&scope.subscription, &scope.meter), (row.day, row.key), part)?;
        }
    }
    Ok(())
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
/// zero of the rest that was `billed`, and of the late records, is taken back first.
fn taken_back<'r, 'o>(
    late: &'r [Blocks<'_>],
    billed: Decimal,
    mut paid: PaidFor<'o>,
) -> Result<Vec<(&'r Blocks<'r>, &'o str, Decimal)>, DecimalError> {
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

/// How much of a row is taken back at nothing. Where the row is divided, the part has as many decimals as a quotient
/// (SP-4): never is more paid out than was billed, nor more taken back than a plan has paid for.
fn part_of(row: Decimal, beyond: Decimal, paid: Decimal) -> Result<Decimal, DecimalError> {
    if row <= beyond && row <= paid {
        return Ok(row);
    }
    let cut = |quantity: Decimal| quantity.rounded(QUANTITY_DECIMALS, Rounding::TowardZero);
    let mut wanted = cut(beyond)?;
    if wanted < beyond {
        wanted = wanted.checked_add(Decimal::new(1, QUANTITY_DECIMALS)?)?;
    }
    let wanted = wanted.min(row);
    if wanted <= paid { Ok(wanted) } else { cut(paid) }
}
