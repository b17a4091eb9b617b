//! Puts the commitments of savings plans to usage, day by day.
//!
//! Rules RT-22 and SP-1 to SP-4 (docs/rules/savings-plan.md). Usage is known by its day and counts evenly in the
//! 24 hours of it, and a commitment holds for whole days: the hours of a day are alike, so all of them are
//! covered by one computation. The quotient of a commitment that does not suffice is formed once, for the day,
//! and cut: never is more covered than the commitment pays for.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::decimal::{Decimal, DecimalError, Rounding, Scaled};
use crate::ids::{CustomerId, MeterId, SubscriptionId};
use crate::licence::PlanHolding;
use crate::money::Currency;
use crate::party::PartyDirectory;
use crate::period::BillingPeriod;
use crate::price::{MeterPrice, PriceBook};
use crate::rate::PRICE_DIGITS;
use crate::savings_plan::coverage::{Coverage, CoveredPart};
use crate::savings_plan::rates::PlanRates;
use crate::uom::{QuantityBasis, UnitOfMeasure};
use crate::usage::RecordKey;

/// Decimals of a covered quantity that is a quotient (SP-4).
pub(super) const QUANTITY_DECIMALS: u8 = 10;
/// A cost with more decimals is that of a quantity that was cut (SP-4).
const COST_DECIMALS_MAX: u8 = 28;
const HOURS_OF_DAY: i64 = 24;

/// Records that plans may pay for, in any order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlanUsage {
    pub scopes: Vec<(SubscriptionId, MeterId)>,
    pub rows: Vec<PlanUsageRow>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanUsageRow {
    /// Place among the scopes.
    pub scope: usize,
    pub day: Date,
    pub key: RecordKey,
    pub quantity: Scaled,
    pub basis: QuantityBasis,
}

/// What coverage depends on besides the usage.
#[derive(Debug, Clone, Copy)]
pub struct CoverInputs<'a> {
    pub directory: &'a PartyDirectory,
    pub prices: &'a PriceBook<'a>,
    pub rates: &'a PlanRates,
    /// What each customer holds, on days of the period.
    pub holdings: &'a BTreeMap<CustomerId, Vec<PlanHolding>>,
    pub period: BillingPeriod,
}

/// Why a party's usage cannot be covered; the party is parked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CoverError {
    #[error(
        "the savings plan of order {order_id:?} pays in {plan}, and meter {meter} is priced in {price}: give the plan a \
         price in {price}, or end its line for this meter"
    )]
    Currency { order_id: String, meter: MeterId, plan: Currency, price: Currency },
    #[error(
        "no list says what the savings plan of order {order_id:?}, product {product_id:?}, SKU {sku_id:?}, pays for from \
         {from} on: import one with `quittance import savings-plans`"
    )]
    NoList { order_id: String, product_id: String, sku_id: String, from: Date },
    #[error("a quantity of meter {meter} cannot be kept exactly in blocks of {unit:?}")]
    Quantity { meter: MeterId, unit: String },
    #[error("a commitment, or what it pays for, has more digits than can be kept exactly")]
    Number(#[from] DecimalError),
}

impl CoverError {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Currency { .. } => "savings_plan.currency",
            Self::NoList { .. } => "savings_plan.list_missing",
            Self::Quantity { .. } => "rating.quantity_inexact",
            Self::Number(error) => error.code(),
        }
    }
}

/// What the plans pay for, and what they leave.
///
/// # Errors
/// See [`CoverError`].
pub fn cover(inputs: CoverInputs<'_>, usage: &PlanUsage) -> Result<Coverage, CoverError> {
    let mut coverage = Coverage::default();
    let mut days = committed(&inputs, &mut coverage)?;
    let mut rows: Vec<&PlanUsageRow> = usage.rows.iter().filter(|row| inputs.period.contains(row.day)).collect();
    rows.sort_by(|a, b| (usage.scopes.get(a.scope), a.day, a.key).cmp(&(usage.scopes.get(b.scope), b.day, b.key)));
    for of_scope in rows.chunk_by(|a, b| usage.scopes.get(a.scope) == usage.scopes.get(b.scope)) {
        let Some(scope) = of_scope.first().and_then(|first| usage.scopes.get(first.scope)) else { continue };
        let known = inputs.directory.subscription(&scope.0);
        let Some((_, customer)) = known.filter(|(subscription, _)| !subscription.is_classic()) else { continue };
        let prices = (inputs.prices, inputs.directory.party.currency);
        let left = net_of_corrections(&blocks_of(prices, &scope.1, of_scope)?)?;
        for of_day in left.chunk_by(|a, b| a.day == b.day) {
            let day = of_day.first().and_then(|first| days.get_mut(&(&customer.id, first.day)));
            if let Some(day) = day {
                day.offer(&inputs, scope, of_day)?;
            }
        }
    }
    for ((_, date), day) in days {
        day.cover(date, &mut coverage)?;
    }
    Ok(coverage)
}

/// A customer's plans on one day, and the usage that they may pay for.
#[derive(Debug, Default)]
struct CustomerDay<'a> {
    plans: Vec<OpenPlan<'a>>,
    rows: Vec<OpenRow<'a>>,
    claims: Vec<Claim>,
}

#[derive(Debug)]
struct OpenPlan<'a> {
    holding: &'a PlanHolding,
    /// What is left of the day's commitment.
    left: Decimal,
}

#[derive(Debug)]
struct OpenRow<'a> {
    scope: &'a (SubscriptionId, MeterId),
    key: RecordKey,
    /// What nobody has paid for yet, in blocks.
    left: Decimal,
}

/// A plan that may pay for a record.
#[derive(Debug)]
struct Claim {
    /// What the plan leaves of the list price; the least goes first (SP-3).
    price_share: Decimal,
    plan: usize,
    row: usize,
    plan_price: Decimal,
}

/// The customers' days with their plans, in the order of their orders.
fn committed<'a>(
    inputs: &CoverInputs<'a>,
    coverage: &mut Coverage,
) -> Result<BTreeMap<(&'a CustomerId, Date), CustomerDay<'a>>, CoverError> {
    let mut days: BTreeMap<(&CustomerId, Date), CustomerDay<'_>> = BTreeMap::new();
    for (customer, holdings) in inputs.holdings {
        for holding in holdings {
            // Seats and renewals cut a plan into pieces; one of them is enough.
            let pieces = holdings.iter().filter(|piece| piece.order_id == holding.order_id);
            if !pieces.clone().any(|piece| inputs.rates.pays_for_something(piece)) {
                let (product_id, sku_id) = (holding.product.product_id.clone(), holding.product.sku_id.clone());
                let (order_id, from) = (holding.order_id.clone(), holding.days.from);
                return Err(CoverError::NoList { order_id, product_id, sku_id, from });
            }
            let units = Decimal::from_integer(i64::from(holding.units));
            let commitment =
                holding.hourly_commitment.checked_mul(Decimal::from_integer(HOURS_OF_DAY))?.checked_mul(units)?;
            let mut day = holding.days.from;
            while day < holding.days.until && inputs.period.contains(day) {
                coverage.add_day(&holding.order_id, day, commitment);
                let plans = &mut days.entry((customer, day)).or_default().plans;
                plans.push(OpenPlan { holding, left: commitment });
                let Ok(next) = day.tomorrow() else { break };
                day = next;
            }
        }
    }
    for day in days.values_mut() {
        day.plans.sort_by(|a, b| a.holding.order_id.cmp(&b.holding.order_id));
    }
    Ok(days)
}

impl<'a> CustomerDay<'a> {
    /// The records of one scope; the plans that pay for the meter lay claim to them.
    fn offer(
        &mut self,
        inputs: &CoverInputs<'a>,
        scope: &'a (SubscriptionId, MeterId),
        left: &[Blocks<'_>],
    ) -> Result<(), CoverError> {
        let Some(Blocks { day, price, .. }) = left.first() else { return Ok(()) };
        let mut claims = Vec::new();
        for (place, plan) in self.plans.iter().enumerate() {
            claims.extend(claim(inputs, plan.holding, price, (&scope.1, *day))?.map(|share| (place, share)));
        }
        for Blocks { key, blocks, .. } in left {
            let row = self.rows.len();
            self.rows.push(OpenRow { scope, key: *key, left: *blocks });
            let of_row =
                claims.iter().map(|&(plan, (price_share, plan_price))| Claim { price_share, plan, row, plan_price });
            self.claims.extend(of_row);
        }
        Ok(())
    }

    /// Pays claim by claim: the greatest discount first (SP-3).
    fn cover(mut self, date: Date, coverage: &mut Coverage) -> Result<(), CoverError> {
        let Self { plans, rows, claims } = &mut self;
        // Rows came by subscription, meter and key, and plans stand by their orders.
        claims.sort_by_key(|claim| (claim.price_share, claim.plan, claim.row));
        for claim in claims {
            let (Some(plan), Some(row)) = (plans.get_mut(claim.plan), rows.get_mut(claim.row)) else { continue };
            let quantity = plan.pay(claim.plan_price, row.left)?;
            if quantity.is_zero() {
                continue;
            }
            row.left = row.left.checked_sub(quantity)?;
            let order_id = plan.holding.order_id.clone();
            let part = CoveredPart { order_id, quantity, plan_price: claim.plan_price };
            coverage.add_part((&row.scope.0, &row.scope.1), (date, row.key), part)?;
        }
        Ok(())
    }
}

impl OpenPlan<'_> {
    /// How much of `wanted` the rest of the commitment pays for, at `price` a block.
    fn pay(&mut self, price: Decimal, wanted: Decimal) -> Result<Decimal, DecimalError> {
        let needs = price.scale().saturating_add(wanted.scale());
        // Longer costs would not add up to a day's sum of 38 digits.
        let wanted = match needs > COST_DECIMALS_MAX {
            true => wanted.rounded(QUANTITY_DECIMALS, Rounding::TowardZero)?,
            false => wanted,
        };
        let cost = price.checked_mul(wanted)?;
        if cost <= self.left {
            self.left = self.left.checked_sub(cost)?;
            return Ok(wanted);
        }
        // The hours are used up. What the cut leaves of them is too little for anything else.
        let left = std::mem::take(&mut self.left);
        left.div_rounded(price, QUANTITY_DECIMALS, Rounding::TowardZero)
    }
}

/// What the plan leaves of a meter's list price, and its own price; `None` where it does not pay for the meter on
/// that day, or where that would cost more than without it.
fn claim(
    inputs: &CoverInputs<'_>,
    plan: &PlanHolding,
    price: &MeterPrice,
    (meter, day): (&MeterId, Date),
) -> Result<Option<(Decimal, Decimal)>, CoverError> {
    let Some(plan_price) = inputs.rates.price(plan, meter, day) else { return Ok(None) };
    if price.currency != plan.currency {
        let (order_id, meter) = (plan.order_id.clone(), meter.clone());
        return Err(CoverError::Currency { order_id, meter, plan: plan.currency, price: price.currency });
    }
    let list_price = price.tiers.first_price();
    let plan_price = plan_price.of(list_price)?;
    if list_price.is_zero() || plan_price > list_price {
        return Ok(None);
    }
    Ok(Some((plan_price.div_significant(list_price, PRICE_DIGITS)?, plan_price)))
}

/// A record's quantity in blocks of the price of its day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blocks<'a> {
    pub(super) day: Date,
    pub(super) key: RecordKey,
    pub(super) blocks: Decimal,
    price: &'a MeterPrice,
}

/// The records of one meter that have a price. What has none is nothing that a plan could pay for: it is listed
/// where it is rated.
pub(super) fn blocks_of<'a>(
    (prices, billing_currency): (&'a PriceBook<'a>, Currency),
    meter: &MeterId,
    rows: &[&PlanUsageRow],
) -> Result<Vec<Blocks<'a>>, CoverError> {
    let mut priced = Vec::with_capacity(rows.len());
    for of_day in rows.chunk_by(|a, b| a.day == b.day) {
        let Some(day) = of_day.first().map(|row| row.day) else { continue };
        let Ok(in_force) = prices.price_on(meter, day, billing_currency) else { continue };
        let price = in_force.price;
        let unit = UnitOfMeasure::parse(&price.unit_of_measure);
        for row in of_day {
            let blocks = row.quantity.exact().and_then(|quantity| unit.pricing_quantity(quantity, row.basis));
            let inexact = |_| CoverError::Quantity { meter: meter.clone(), unit: price.unit_of_measure.clone() };
            priced.push(Blocks { day, key: row.key, blocks: blocks.map_err(inexact)?, price });
        }
    }
    Ok(priced)
}

/// What is there to be covered of one scope's month, by day and key: the records above zero, less what corrections
/// take back of them: first of the same day, then of the others, the last first (SP-5).
fn net_of_corrections<'a>(month: &[Blocks<'a>]) -> Result<Vec<Blocks<'a>>, DecimalError> {
    let (mut used, mut of_other_days) = (Vec::with_capacity(month.len()), Decimal::ZERO);
    for of_day in month.chunk_by(|a, b| a.day == b.day) {
        let below = of_day.iter().map(|row| row.blocks).filter(|blocks| blocks.is_negative());
        let taken_back = crate::decimal::sum(below)?.negated()?;
        let first = used.len();
        used.extend(of_day.iter().filter(|row| !row.blocks.is_negative()));
        let left = take_last(used.get_mut(first..).unwrap_or_default(), taken_back)?;
        of_other_days = of_other_days.checked_add(left)?;
    }
    take_last(&mut used, of_other_days)?;
    used.retain(|row| !row.blocks.is_zero());
    Ok(used)
}

/// Takes `quantity` away from the last of `rows`; answers what they do not have.
fn take_last(rows: &mut [Blocks<'_>], mut quantity: Decimal) -> Result<Decimal, DecimalError> {
    for row in rows.iter_mut().rev() {
        let taken = quantity.min(row.blocks);
        row.blocks = row.blocks.checked_sub(taken)?;
        quantity = quantity.checked_sub(taken)?;
    }
    Ok(quantity)
}

#[cfg(test)]
mod tests;
