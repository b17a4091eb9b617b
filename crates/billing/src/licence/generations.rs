//! A customer's orders, each to the rules of its subscription's generation.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::ids::SubscriptionId;
use crate::licence::classic_portfolio::classic_lines;
use crate::licence::held_plans::PlanHolding;
use crate::licence::portfolio::held_plans;
use crate::licence::{
    ClassicLine, Cycle, Generation, LicenceFailure, LicenceLine, LicenceOrder, OffersOn, OrderAction, licence_lines,
};
use crate::money::Currency;

/// What a customer's licences of both generations are charged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LicenceCharges {
    pub new_commerce: Vec<LicenceLine>,
    pub classic: Vec<ClassicLine>,
}

/// All lines of some days, of each generation by subscription and time. `orders` are those of one customer in the
/// order of their times.
///
/// # Errors
/// The first order of a generation that cannot be accepted, or a term without a price.
pub fn licence_charges<'a>(
    own_currency: Currency,
    offers: &'a OffersOn<'a>,
    orders: &[LicenceOrder],
    days: Cycle,
) -> Result<LicenceCharges, Box<LicenceFailure>> {
    let (new_commerce, classic) = by_generation(own_currency, offers, orders);
    Ok(LicenceCharges {
        new_commerce: licence_lines(own_currency, offers, &new_commerce, days)?,
        classic: classic_lines(own_currency, offers, &classic, days)?,
    })
}

/// The savings plans that a customer holds on some days, by subscription and day. `orders` are as for
/// [`licence_charges`].
///
/// # Errors
/// As [`licence_charges`]; classic licences are not looked at.
pub fn plan_holdings<'a>(
    own_currency: Currency,
    offers: &'a OffersOn<'a>,
    orders: &[LicenceOrder],
    days: Cycle,
) -> Result<Vec<PlanHolding>, Box<LicenceFailure>> {
    let (new_commerce, _) = by_generation(own_currency, offers, orders);
    held_plans(own_currency, offers, &new_commerce, days)
}

/// The offer of its purchase decides a subscription's generation (LC-20), and the first order that begins it counts:
/// a second one is refused where the first one went. An upgrade that touches a classic licence goes there to
/// be refused.
fn by_generation<'o>(
    own_currency: Currency,
    offers: &OffersOn<'_>,
    orders: &'o [LicenceOrder],
) -> (Cow<'o, [LicenceOrder]>, Vec<LicenceOrder>) {
    let generation_of = |order: &LicenceOrder| match &order.action {
        OrderAction::Purchase(purchase) => {
            let day = order.ordered_on();
            let known = offers(Generation::Classic, day);
            let offer = known.has_classic().then(|| known.find(&purchase.offer, own_currency, day)).flatten();
            offer.map_or(Generation::NewCommerce, |offer| offer.generation)
        }
        _ => Generation::NewCommerce,
    };
    if orders.iter().all(|order| generation_of(order) == Generation::NewCommerce) {
        return (Cow::Borrowed(orders), Vec::new());
    }
    let mut begun: BTreeMap<&SubscriptionId, Generation> = BTreeMap::new();
    let (mut new_commerce, mut classic) = (Vec::new(), Vec::new());
    for order in orders {
        let mut generation = *begun.entry(&order.subscription).or_insert_with(|| generation_of(order));
        if let OrderAction::Upgrade { target, .. } = &order.action {
            generation = generation.max(*begun.entry(target).or_insert(generation));
        }
        match generation {
            Generation::NewCommerce => new_commerce.push(order.clone()),
            Generation::Classic => classic.push(order.clone()),
        }
    }
    (Cow::Owned(new_commerce), classic)
}
