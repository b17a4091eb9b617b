//! A customer's licences of the new commerce: orders in their order, and the cycles that begin by themselves.
//!
//! Rules LC-15 to LC-19 (docs/rules/licence-subscriptions.md). It is computed from the first order on
//! each time, so that lines are a function of the orders and of the lists that were known.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::decimal::{Decimal, power_of_ten};
use crate::ids::SubscriptionId;
use crate::invoice::TOTAL_MINOR_MAX;
use crate::licence::held_plans::{HeldPlans, PlanHolding};
use crate::licence::order::PRICE_DIGITS_MAX;
use crate::licence::{
    AnchorRule, BillingPlan, ChargeType, ChargedCycle, Cycle, Discount, Generation, KnownOffers, LicenceCharge,
    LicenceError, LicenceOffer, LicenceOrder, OfferKey, OrderAction, OrderError, Purchase, Refund, Term, Upgrade,
    UpgradeTo, anchored_day, change_plan, change_quantity, charge_cycle, charge_until, convert, discounted, refund,
};
use crate::money::Currency;

/// The prices of a generation that were known when the month of a day was closed (LC-16).
pub type OffersOn<'a> = dyn Fn(Generation, Date) -> KnownOffers<'a> + 'a;

/// A charge with all that its invoice line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenceLine {
    pub subscription: SubscriptionId,
    /// The order behind it, or the first one of the subscription.
    pub order_id: String,
    /// The month of this day is the one that bills it.
    pub ordered_on: Date,
    pub offer: LicenceOffer,
    pub discounts: Vec<Discount>,
    /// The first day of the term, and the first that is no longer in it; `None` for good.
    pub term: (Date, Option<Date>),
    /// Of the month of this day an exchange rate is taken.
    pub rated_on: Date,
    pub charge: LicenceCharge,
}

/// Seats that were ordered together.
#[derive(Debug, Clone, Copy)]
struct Lot {
    ordered_at: Timestamp,
    seats: u32,
}

#[derive(Debug, Clone)]
struct Licence {
    first_order: String,
    offer: LicenceOffer,
    discounts: Vec<Discount>,
    /// List price less discounts, of a whole cycle.
    price: Decimal,
    anchor: Date,
    anchor_rule: AnchorRule,
    /// From the anchor to the end of the cycle; below zero where terms end together.
    months: i32,
    charged_cycle: ChargedCycle,
    term_from: Date,
    term_until: Option<Date>,
    seats: u32,
    lots: Vec<Lot>,
    auto_renew: bool,
    next_plan: Option<BillingPlan>,
    ended_on: Option<Date>,
    /// Charges of the present cycle, to be taken back whole.
    charged: Vec<(Date, LicenceCharge)>,
}

/// All licences of one customer at some time.
struct Portfolio<'a> {
    own_currency: Currency,
    offers: &'a OffersOn<'a>,
    /// Lines of before this day are not asked for.
    from: Date,
    licences: BTreeMap<SubscriptionId, Licence>,
    lines: Vec<LicenceLine>,
    plans: HeldPlans,
}

type OrderResult<T> = Result<T, OrderError>;

/// Why a customer's licences cannot be charged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("subscription {}: {error}", subscription.as_str())]
pub struct LicenceFailure {
    pub subscription: SubscriptionId,
    /// `None` where a cycle or term that begins by itself failed.
    pub order_id: Option<String>,
    pub error: OrderError,
}

/// All lines of some days, by subscription and time. `orders` are those of one customer in the order of
/// their times, without those of classic licences; prices in `own_currency` come first.
///
/// # Errors
/// The first order that cannot be accepted, or a term without a price.
pub fn licence_lines<'a>(
    own_currency: Currency,
    offers: &'a OffersOn<'a>,
    orders: &[LicenceOrder],
    days: Cycle,
) -> Result<Vec<LicenceLine>, Box<LicenceFailure>> {
    let mut lines = replayed(own_currency, offers, orders, days)?.lines;
    lines.sort_by(|a, b| (&a.subscription, a.ordered_on).cmp(&(&b.subscription, b.ordered_on)));
    Ok(lines)
}

/// The savings plans that are held on some days, by subscription and day; the rest as [`licence_lines`].
pub(super) fn held_plans<'a>(
    own_currency: Currency,
    offers: &'a OffersOn<'a>,
    orders: &[LicenceOrder],
    days: Cycle,
) -> Result<Vec<PlanHolding>, Box<LicenceFailure>> {
    Ok(replayed(own_currency, offers, orders, days)?.plans.on(days))
}

fn replayed<'a>(
    own_currency: Currency,
    offers: &'a OffersOn<'a>,
    orders: &[LicenceOrder],
    days: Cycle,
) -> Result<Portfolio<'a>, Box<LicenceFailure>> {
    let Cycle { from, until } = days;
    let mut portfolio = Portfolio {
        own_currency,
        offers,
        from,
        licences: BTreeMap::new(),
        lines: Vec::new(),
        plans: HeldPlans::default(),
    };
    for order in orders.iter().take_while(|order| order.ordered_on() < until) {
        let order_id = Some(order.order_id.clone());
        let failed = |error| Box::new(LicenceFailure { subscription: order.subscription.clone(), order_id, error });
        portfolio.apply(order).map_err(failed)?;
    }
    let subscriptions: Vec<SubscriptionId> = portfolio.licences.keys().cloned().collect();
    let last = until.yesterday().unwrap_or(until);
    for subscription in subscriptions {
        let failed = |error| Box::new(LicenceFailure { subscription: subscription.clone(), order_id: None, error });
        portfolio.advance(&subscription, last).map_err(failed)?;
    }
    Ok(portfolio)
}

impl<'a> Portfolio<'a> {
    fn apply(&mut self, order: &LicenceOrder) -> OrderResult<()> {
        let (subscription, day) = (&order.subscription, order.ordered_on());
        if let OrderAction::Purchase(purchase) = &order.action {
            return self.purchase(order, purchase);
        }
        self.advance(subscription, day)?;
        let licence = self.active(subscription)?.clone();
        match &order.action {
            OrderAction::Purchase(_) => Ok(()),
            OrderAction::ChangeSeats { seats } => self.change_seats(order, licence, *seats),
            OrderAction::Cancel => self.cancel(order, licence),
            OrderAction::Upgrade { seats, target, to } => self.upgrade(order, licence, *seats, target, to.as_ref()),
            OrderAction::ChangePlan { plan } => {
                if licence.offer.plan == BillingPlan::OneTime || *plan == BillingPlan::OneTime {
                    return Err(OrderError::OneTime(subscription.clone()));
                }
                // Refused now rather than when the cycle ends.
                self.offer(&licence.key(*plan), licence.term_from)?;
                self.set(day, subscription, Licence { next_plan: Some(*plan), ..licence });
                Ok(())
            }
            OrderAction::SetAutoRenew { auto_renew } => {
                if licence.offer.term.is_none() {
                    return Err(OrderError::OneTime(subscription.clone()));
                }
                self.set(day, subscription, Licence { auto_renew: *auto_renew, ..licence });
                Ok(())
            }
        }
    }

    /// How a subscription stands from `day` on.
    fn set(&mut self, day: Date, subscription: &SubscriptionId, licence: Licence) {
        let seats = if licence.ended_on.is_some() { 0 } else { licence.seats };
        self.plans.note(day, subscription, &licence.first_order, &licence.offer, seats);
        self.licences.insert(subscription.clone(), licence);
    }

    fn active(&self, subscription: &SubscriptionId) -> OrderResult<&Licence> {
        let licence = self.licences.get(subscription).ok_or_else(|| OrderError::Unknown(subscription.clone()))?;
        match licence.ended_on {
            Some(ended_on) => Err(OrderError::Ended { subscription: subscription.clone(), ended_on }),
            None => Ok(licence),
        }
    }

    fn offer(&self, key: &OfferKey, day: Date) -> OrderResult<&'a LicenceOffer> {
        let missing = || OrderError::PriceMissing { key: key.clone(), day };
        let generation = Generation::NewCommerce;
        (self.offers)(generation, day).find_of(generation, key, self.own_currency, day).ok_or_else(missing)
    }

    fn charge(
        &mut self,
        subscription: &SubscriptionId,
        licence: &mut Licence,
        order_id: &str,
        day: Date,
        charge: LicenceCharge,
    ) {
        licence.charged.push((day, charge));
        self.add_line(licence, subscription, order_id, (day, day), charge);
    }

    fn add_line(
        &mut self,
        licence: &Licence,
        subscription: &SubscriptionId,
        order_id: &str,
        (ordered_on, rated_on): (Date, Date),
        charge: LicenceCharge,
    ) {
        if ordered_on >= self.from {
            self.lines.push(licence.line(subscription, order_id, ordered_on, rated_on, charge));
        }
    }

    fn purchase(&mut self, order: &LicenceOrder, purchase: &Purchase) -> OrderResult<()> {
        let (subscription, day) = (&order.subscription, order.ordered_on());
        if self.licences.contains_key(subscription) {
            return Err(OrderError::Exists(subscription.clone()));
        }
        let offer = self.offer(&purchase.offer, day)?;
        let price = discounted_price(offer, &purchase.discounts)?;
        check_size(price, number(purchase.seats), offer.currency)?;
        let span = FirstSpan::of(offer, day, purchase.ends_on, purchase.anchor_rule)?;
        let mut licence = Licence {
            first_order: order.order_id.clone(),
            offer: offer.clone(),
            discounts: purchase.discounts.clone(),
            price,
            anchor: span.anchor,
            anchor_rule: purchase.anchor_rule,
            months: span.months,
            charged_cycle: span.charged_at(price),
            term_from: day,
            term_until: span.term_until,
            seats: purchase.seats,
            lots: vec![Lot { ordered_at: order.ordered_at, seats: purchase.seats }],
            auto_renew: purchase.auto_renew,
            next_plan: None,
            ended_on: None,
            charged: Vec::new(),
        };
        let seats = number(purchase.seats);
        let charge = match span.full_cycle_days {
            Some(days) => charge_until(span.cycle, days, price, seats)?,
            None => charge_cycle(ChargeType::New, span.cycle, price, seats)?,
        };
        self.charge(subscription, &mut licence, &order.order_id, day, charge);
        self.set(day, subscription, licence);
        Ok(())
    }

    /// Begins the cycles and terms that begin up to `day`, that day included.
    fn advance(&mut self, subscription: &SubscriptionId, day: Date) -> OrderResult<()> {
        let is_due = |licence: &Licence| {
            licence.ended_on.is_none() && licence.offer.term.is_some() && licence.cycle().until <= day
        };
        while self.licences.get(subscription).is_some_and(is_due) {
            let Some(licence) = self.licences.remove(subscription) else { return Ok(()) };
            let begins_on = licence.cycle().until;
            let next = if licence.term_until == Some(licence.cycle().until) {
                self.next_term(subscription, licence)?
            } else {
                self.next_cycle(subscription, licence)?
            };
            self.set(begins_on, subscription, next);
        }
        Ok(())
    }

    fn next_term(&mut self, subscription: &SubscriptionId, licence: Licence) -> OrderResult<Licence> {
        let day = licence.cycle().until;
        if !licence.auto_renew || licence.offer.plan == BillingPlan::OneTime {
            return Ok(Licence { ended_on: Some(day), ..licence });
        }
        let plan = licence.next_plan.unwrap_or(licence.offer.plan);
        // Whoever renews has paid the list price from then on.
        let offer = self.offer(&licence.key(plan), day)?;
        let mut next = Licence {
            offer: offer.clone(),
            discounts: Vec::new(),
            price: discounted_price(offer, &[])?,
            term_from: day,
            term_until: Some(licence.day_after(offer.term.map_or(0, Term::months))?),
            lots: vec![Lot { ordered_at: midnight(day)?, seats: licence.seats }],
            next_plan: None,
            charged: Vec::new(),
            ..licence
        };
        next.begin_cycle(next.step())?;
        let charge = charge_cycle(ChargeType::Renew, next.cycle(), next.price, number(next.seats))?;
        let order_id = next.first_order.clone();
        self.charge(subscription, &mut next, &order_id, day, charge);
        Ok(next)
    }

    fn next_cycle(&mut self, subscription: &SubscriptionId, licence: Licence) -> OrderResult<Licence> {
        let day = licence.cycle().until;
        let Some(plan) = licence.next_plan.filter(|plan| *plan != licence.offer.plan) else {
            let mut next = Licence { charged: Vec::new(), next_plan: None, ..licence };
            next.begin_cycle(next.step())?;
            let charge = charge_cycle(ChargeType::CycleCharge, next.cycle(), next.price, number(next.seats))?;
            let order_id = next.first_order.clone();
            self.charge(subscription, &mut next, &order_id, day, charge);
            return Ok(next);
        };
        // The price of the term stays that of its first day.
        let offer = self.offer(&licence.key(plan), licence.term_from)?;
        let price = discounted_price(offer, &licence.discounts)?;
        let mut next = Licence { offer: offer.clone(), price, charged: Vec::new(), next_plan: None, ..licence };
        let step = next.step();
        let remaining = next.months_to_boundary(step)?;
        next.begin_cycle(remaining)?;
        // So many months of the plan's price are charged for the cycle's days.
        next.charged_cycle.parts = Decimal::from_integer(i64::from(remaining));
        next.charged_cycle.whole_days =
            next.charged_cycle.whole_days.checked_mul(Decimal::from_integer(i64::from(step)))?;
        let charge = change_plan(next.cycle(), price, (remaining, step), number(next.seats))?;
        let order_id = next.first_order.clone();
        self.charge(subscription, &mut next, &order_id, day, charge);
        Ok(next)
    }

    fn change_seats(&mut self, order: &LicenceOrder, mut licence: Licence, seats: u32) -> OrderResult<()> {
        let (subscription, day) = (&order.subscription, order.ordered_on());
        if licence.offer.plan == BillingPlan::OneTime {
            return Err(OrderError::OneTime(subscription.clone()));
        }
        check_size(licence.price, number(seats), licence.offer.currency)?;
        let change = (number(licence.seats), number(seats));
        let charges = change_quantity(licence.charged_cycle, day, change)?;
        match seats.checked_sub(licence.seats) {
            Some(added) => licence.lots.push(Lot { ordered_at: order.ordered_at, seats: added }),
            None => licence.give_back(licence.seats.saturating_sub(seats), order.ordered_at)?,
        }
        licence.seats = seats;
        for charge in charges {
            self.charge(subscription, &mut licence, &order.order_id, day, charge);
        }
        self.set(day, subscription, licence);
        Ok(())
    }

    fn cancel(&mut self, order: &LicenceOrder, mut licence: Licence) -> OrderResult<()> {
        let (subscription, day) = (&order.subscription, order.ordered_on());
        let window = licence.offer.refund_window();
        let opened_at = licence.lots.first().map_or(order.ordered_at, |lot| lot.ordered_at);
        let refund_now = match window.refund_after(order.ordered_at.duration_since(opened_at)) {
            // What is bought for good has no days to divide.
            Refund::Prorated if licence.offer.term.is_none() => Refund::Full,
            // Usage that a plan has paid for was billed at nothing: the days on which it was held are charged (SP-1).
            Refund::Full if licence.offer.hourly_commitment.is_some() => Refund::Prorated,
            other => other,
        };
        match refund_now {
            Refund::None => return Err(OrderError::WindowClosed { hours: window.prorated_for.as_hours() }),
            Refund::Prorated => {
                let charge = refund(ChargeType::CancelImmediate, licence.charged_cycle, day, number(licence.seats))?;
                self.charge(subscription, &mut licence, &order.order_id, day, charge);
            }
            // All that the cycle was charged is taken back, to the cent.
            Refund::Full => {
                for (rated_on, charge) in std::mem::take(&mut licence.charged) {
                    let charge = charge.taken_back(ChargeType::CancelImmediate)?;
                    self.add_line(&licence, subscription, &order.order_id, (day, rated_on), charge);
                }
            }
        }
        licence.ended_on = Some(day);
        self.set(day, subscription, licence);
        Ok(())
    }

    fn upgrade(
        &mut self,
        order: &LicenceOrder,
        mut base: Licence,
        seats: u32,
        target: &SubscriptionId,
        to: Option<&UpgradeTo>,
    ) -> OrderResult<()> {
        let (subscription, day) = (&order.subscription, order.ordered_on());
        if base.offer.plan == BillingPlan::OneTime {
            return Err(OrderError::OneTime(subscription.clone()));
        }
        if target == subscription {
            return Err(LicenceError::SeatsUnchanged.into());
        }
        if seats > base.seats {
            return Err(OrderError::TooFewSeats {
                subscription: subscription.clone(),
                seats: base.seats,
                wanted: seats,
            });
        }
        let (upgrade, mut other) = match to {
            Some(to) => (Upgrade::ToNew, self.upgraded(order, &base, target, to, seats)?),
            None => {
                self.advance(target, day)?;
                (Upgrade::ToExisting, self.active(target)?.clone())
            }
        };
        let charges = convert(upgrade, day, base.charged_cycle, other.charged_cycle, number(seats))?;
        let [taken_back, charged] = charges;
        base.take(seats);
        self.charge(subscription, &mut base, &order.order_id, day, taken_back);
        if base.seats == 0 {
            base.ended_on = Some(day);
        }
        if upgrade == Upgrade::ToExisting {
            let all = number(other.seats).checked_add(number(seats))?;
            check_size(other.price, all, other.offer.currency)?;
            other.seats = other.seats.checked_add(seats).ok_or(LicenceError::SeatsNotPositive)?;
            other.lots.push(Lot { ordered_at: order.ordered_at, seats });
        }
        self.charge(target, &mut other, &order.order_id, day, charged);
        self.set(day, subscription, base);
        self.set(day, target, other);
        Ok(())
    }

    /// The new subscription that seats of `base` become. A trial becomes a term of its own from that day
    /// on; other terms go on as they are.
    fn upgraded(
        &self,
        order: &LicenceOrder,
        base: &Licence,
        target: &SubscriptionId,
        to: &UpgradeTo,
        seats: u32,
    ) -> OrderResult<Licence> {
        if self.licences.contains_key(target) {
            return Err(OrderError::Exists(target.clone()));
        }
        let day = order.ordered_on();
        let key =
            OfferKey { product_id: to.product_id.clone(), sku_id: to.sku_id.clone(), ..base.key(base.offer.plan) };
        let offer = self.offer(&key, day)?.clone();
        let price = discounted_price(&offer, &[])?;
        check_size(price, number(seats), offer.currency)?;
        let mut target = Licence {
            first_order: order.order_id.clone(),
            price,
            // The cycle goes on at the new price, of as much as was charged for it.
            charged_cycle: ChargedCycle { unit_price: price, ..base.charged_cycle },
            offer,
            discounts: Vec::new(),
            seats,
            lots: vec![Lot { ordered_at: order.ordered_at, seats }],
            next_plan: None,
            ended_on: None,
            charged: Vec::new(),
            ..base.clone()
        };
        if base.offer.is_trial() {
            let span = FirstSpan::of(&target.offer, day, None, base.anchor_rule)?;
            target = Licence {
                anchor: span.anchor,
                months: span.months,
                charged_cycle: span.charged_at(target.price),
                term_from: day,
                term_until: span.term_until,
                ..target
            };
        }
        Ok(target)
    }
}

impl Licence {
    fn key(&self, plan: BillingPlan) -> OfferKey {
        OfferKey {
            product_id: self.offer.product.product_id.clone(),
            sku_id: self.offer.product.sku_id.clone(),
            term: self.offer.term,
            plan,
        }
    }

    fn line(
        &self,
        subscription: &SubscriptionId,
        order_id: &str,
        ordered_on: Date,
        rated_on: Date,
        charge: LicenceCharge,
    ) -> LicenceLine {
        LicenceLine {
            subscription: subscription.clone(),
            order_id: order_id.to_owned(),
            ordered_on,
            offer: self.offer.clone(),
            discounts: self.discounts.clone(),
            term: (self.term_from, self.term_until),
            rated_on,
            charge,
        }
    }

    fn cycle(&self) -> Cycle {
        self.charged_cycle.cycle
    }

    /// Months of a cycle: those of the plan, and no more than the term has.
    fn step(&self) -> u16 {
        let term = self.offer.term.map_or(0, Term::months);
        self.offer.plan.step_months().unwrap_or(term).min(term)
    }

    /// The day that many months behind the present cycle.
    fn day_after(&self, months: u16) -> Result<Date, LicenceError> {
        let months = self.months.checked_add(i32::from(months)).ok_or(LicenceError::Calendar)?;
        anchored_day(self.anchor, months, self.anchor_rule)
    }

    /// The next cycle, charged at the price of the term.
    fn begin_cycle(&mut self, months: u16) -> Result<(), LicenceError> {
        let until = self.day_after(months)?;
        let cycle = Cycle::new(self.cycle().until, self.term_until.map_or(until, |end| end.min(until)))?;
        self.charged_cycle = ChargedCycle::whole(cycle, self.price);
        self.months = self.months.checked_add(i32::from(months)).ok_or(LicenceError::Calendar)?;
        Ok(())
    }

    /// Months from the end of the present cycle to where a plan of `step` months begins anew, counted
    /// back from the end of the term.
    fn months_to_boundary(&self, step: u16) -> Result<u16, LicenceError> {
        let Some(end) = self.term_until else { return Ok(step) };
        let mut months: u16 = 0;
        while self.day_after(months)? < end {
            months = months.checked_add(1).ok_or(LicenceError::Calendar)?;
        }
        Ok(match months.checked_rem(step) {
            None | Some(0) => step,
            Some(rest) => rest,
        })
    }

    /// Gives back the seats that were ordered last, as long as their windows are open.
    fn give_back(&mut self, mut seats: u32, now: Timestamp) -> OrderResult<()> {
        let window = self.offer.refund_window();
        for lot in self.lots.iter_mut().rev() {
            if window.refund_after(now.duration_since(lot.ordered_at)) == Refund::None {
                break;
            }
            let given = lot.seats.min(seats);
            lot.seats = lot.seats.saturating_sub(given);
            seats = seats.saturating_sub(given);
        }
        if seats > 0 {
            return Err(OrderError::WindowClosed { hours: window.prorated_for.as_hours() });
        }
        Ok(())
    }

    /// Takes seats away whatever their windows; those that were ordered last go first.
    fn take(&mut self, mut seats: u32) {
        self.seats = self.seats.saturating_sub(seats);
        for lot in self.lots.iter_mut().rev() {
            let taken = lot.seats.min(seats);
            lot.seats = lot.seats.saturating_sub(taken);
            seats = seats.saturating_sub(taken);
        }
    }
}

/// The first cycle of a subscription.
struct FirstSpan {
    anchor: Date,
    /// From the anchor to the end of the cycle.
    months: i32,
    cycle: Cycle,
    term_until: Option<Date>,
    /// Where the cycle was cut short: the days that it would have had.
    full_cycle_days: Option<Decimal>,
}

impl FirstSpan {
    fn of(offer: &LicenceOffer, day: Date, ends_on: Option<Date>, rule: AnchorRule) -> Result<Self, LicenceError> {
        let Some(term) = offer.term else {
            // For good: the day of the purchase stands for it.
            let cycle = Cycle::inclusive(day, day)?;
            return Ok(Self { anchor: day, months: 0, cycle, term_until: None, full_cycle_days: None });
        };
        let term_months = i32::from(term.months());
        let step = i32::from(offer.plan.step_months().unwrap_or_else(|| term.months()).min(term.months()));
        let whole = Cycle::new(day, anchored_day(day, step, rule)?)?;
        let term_end = anchored_day(day, term_months, rule)?;
        let Some(last) = ends_on else {
            return Ok(Self {
                anchor: day,
                months: step,
                cycle: whole,
                term_until: Some(term_end),
                full_cycle_days: None,
            });
        };
        let end = last.tomorrow().map_err(|_| LicenceError::Calendar)?;
        if end <= day || end > term_end {
            return Err(LicenceError::OutsideCycle);
        }
        // Cycles are counted back from the common end; the first one takes what is left over.
        let mut months: i32 = 0;
        loop {
            let earlier = months.checked_sub(step).ok_or(LicenceError::Calendar)?;
            if anchored_day(end, earlier, rule)? <= day {
                break;
            }
            months = earlier;
        }
        let cycle = Cycle::new(day, anchored_day(end, months, rule)?)?;
        let full_cycle_days = (cycle.days() < whole.days()).then(|| whole.days());
        Ok(Self { anchor: end, months, cycle, term_until: Some(end), full_cycle_days })
    }

    /// The cycle at the price of a whole one.
    fn charged_at(&self, unit_price: Decimal) -> ChargedCycle {
        let whole_days = self.full_cycle_days.unwrap_or_else(|| self.cycle.days());
        ChargedCycle { cycle: self.cycle, unit_price, parts: Decimal::ONE, whole_days }
    }
}

fn discounted_price(offer: &LicenceOffer, discounts: &[Discount]) -> OrderResult<Decimal> {
    let rates: Vec<Decimal> = discounts.iter().map(|discount| discount.rate).collect();
    if rates.iter().any(|rate| rate.is_negative() || *rate > Decimal::ONE) {
        return Err(OrderError::Discount);
    }
    let too_long = |_| OrderError::PriceTooLong(offer.unit_price);
    let price = discounted(offer.unit_price, &rates).map_err(too_long)?;
    let longest = power_of_ten(PRICE_DIGITS_MAX).unwrap_or(i128::MAX);
    if price.mantissa().abs() >= longest { Err(OrderError::PriceTooLong(price)) } else { Ok(price) }
}

/// A charge that no invoice could hold is refused when it is ordered.
pub(super) fn check_size(price: Decimal, seats: Decimal, currency: Currency) -> OrderResult<()> {
    let too_large = || OrderError::TooLarge { seats, price };
    let most = Decimal::new(i128::from(TOTAL_MINOR_MAX), currency.minor_digits())?;
    let amount = price.checked_mul(seats).map_err(|_| too_large())?;
    if amount > most { Err(too_large()) } else { Ok(()) }
}

pub(super) fn number(seats: u32) -> Decimal {
    Decimal::from_integer(i64::from(seats))
}

fn midnight(day: Date) -> Result<Timestamp, LicenceError> {
    TimeZone::UTC.to_timestamp(day.into()).map_err(|_| LicenceError::Calendar)
}

#[cfg(test)]
mod tests;
