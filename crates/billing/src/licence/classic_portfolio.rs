//! A customer's classic licences: orders in their order, cycles that begin by themselves, and changes of seats
//! that are settled on the next billing date.
//!
//! Rules LC-20 to LC-22 (docs/rules/classic-licences.md). As for the new commerce, all is computed from the first
//! order on each time.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::decimal::Decimal;
use crate::ids::SubscriptionId;
use crate::licence::classic_charge::CyclePrice;
use crate::licence::cycle::days_between;
use crate::licence::portfolio::{check_size, number};
use crate::licence::{
    AnchorRule, BillingPlan, ClassicCharge, ClassicRefundRounding, Cycle, Discount, FULL_REFUND_DAYS, Generation,
    LicenceError, LicenceFailure, LicenceFee, LicenceOffer, LicenceOrder, NotClassic, OfferKey, OffersOn, OrderAction,
    OrderError, Purchase, Refund, Term, anchored_day, refund_classic,
};
use crate::money::Currency;

/// A classic charge with all that its invoice line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassicLine {
    pub subscription: SubscriptionId,
    /// The order behind it, or the first one of the subscription.
    pub order_id: String,
    /// The month of this day is the one that bills it.
    pub billed_on: Date,
    /// The month of this day decides its tax: of what is taken back, the one that billed it.
    pub rated_on: Date,
    pub offer: LicenceOffer,
    pub discounts: Vec<Discount>,
    /// The first day of the term, and the first that is no longer in it.
    pub term: (Date, Date),
    pub charge: ClassicCharge,
}

/// Another number of seats that no charge has yet.
#[derive(Debug, Clone)]
struct SeatChange {
    day: Date,
    seats: u32,
    order_id: String,
}

/// A charge that was not taken back.
#[derive(Debug, Clone)]
struct StandingCharge {
    billed_on: Date,
    seats: u32,
    charge: ClassicCharge,
}

#[derive(Debug, Clone)]
struct ClassicLicence {
    first_order: String,
    offer: LicenceOffer,
    discounts: Vec<Discount>,
    /// The day of the purchase.
    anchor: Date,
    anchor_rule: AnchorRule,
    cycle: Cycle,
    term: (Date, Date),
    /// From the anchor to the next billing date.
    months_billed: i32,
    seats: u32,
    changes: Vec<SeatChange>,
    /// Those of the present cycle, in the order of their days, behind those that a full refund takes back too.
    standing: Vec<StandingCharge>,
    auto_renew: bool,
    ended_on: Option<Date>,
}

/// All classic licences of one customer at some time.
struct ClassicPortfolio<'a> {
    own_currency: Currency,
    offers: &'a OffersOn<'a>,
    /// Lines of before this day are not asked for.
    from: Date,
    licences: BTreeMap<SubscriptionId, ClassicLicence>,
    lines: Vec<ClassicLine>,
}

type OrderResult<T> = Result<T, OrderError>;

/// All lines of some days, by subscription and time. `orders` are those of one customer's classic licences, in
/// the order of their times; `own_currency` is that of the invoice.
///
/// # Errors
/// The first order that cannot be accepted, or a term without a price.
pub(super) fn classic_lines<'a>(
    own_currency: Currency,
    offers: &'a OffersOn<'a>,
    orders: &[LicenceOrder],
    days: Cycle,
) -> Result<Vec<ClassicLine>, Box<LicenceFailure>> {
    let Cycle { from, until } = days;
    let mut portfolio = ClassicPortfolio { own_currency, offers, from, licences: BTreeMap::new(), lines: Vec::new() };
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
    let mut lines = portfolio.lines;
    lines.sort_by(|a, b| (&a.subscription, a.billed_on).cmp(&(&b.subscription, b.billed_on)));
    Ok(lines)
}

impl<'a> ClassicPortfolio<'a> {
    fn apply(&mut self, order: &LicenceOrder) -> OrderResult<()> {
        let subscription = &order.subscription;
        if let OrderAction::Purchase(purchase) = &order.action {
            return self.purchase(order, purchase);
        }
        // An upgrade may be of a licence that is none of these, to one that is.
        if let OrderAction::Upgrade { .. } = &order.action {
            return Err(OrderError::NotClassic(NotClassic::Upgrade));
        }
        self.advance(subscription, order.ordered_on())?;
        let mut licence = self.active(subscription)?.clone();
        match &order.action {
            OrderAction::Purchase(_) | OrderAction::Upgrade { .. } => {}
            OrderAction::ChangeSeats { seats } => licence.change_seats(order, *seats)?,
            OrderAction::Cancel => self.cancel(order, &mut licence)?,
            OrderAction::SetAutoRenew { auto_renew } => licence.auto_renew = *auto_renew,
            OrderAction::ChangePlan { .. } => return Err(OrderError::NotClassic(NotClassic::ChangeOfPlan)),
        }
        self.licences.insert(subscription.clone(), licence);
        Ok(())
    }

    fn active(&self, subscription: &SubscriptionId) -> OrderResult<&ClassicLicence> {
        let licence = self.licences.get(subscription).ok_or_else(|| OrderError::Unknown(subscription.clone()))?;
        match licence.ended_on {
            Some(ended_on) => Err(OrderError::Ended { subscription: subscription.clone(), ended_on }),
            None => Ok(licence),
        }
    }

    fn offer(&self, key: &OfferKey, day: Date) -> OrderResult<&'a LicenceOffer> {
        let missing = || OrderError::PriceMissing { key: key.clone(), day };
        let known = (self.offers)(Generation::Classic, day);
        let offer = known.find_of(Generation::Classic, key, self.own_currency, day).ok_or_else(missing)?;
        if offer.currency == self.own_currency {
            Ok(offer)
        } else {
            Err(OrderError::NotClassic(NotClassic::Currency(offer.currency)))
        }
    }

    /// Charges seats for a span of the cycle, and keeps the charge for the day that it is taken back.
    fn charge(
        &mut self,
        name: (&SubscriptionId, &str),
        licence: &mut ClassicLicence,
        billed_on: Date,
        (fee, span, seats): (LicenceFee, Cycle, u32),
    ) -> OrderResult<()> {
        let charge = licence.price().charge(fee, span, number(seats))?;
        licence.standing.push(StandingCharge { billed_on, seats, charge: charge.clone() });
        self.add_line(name, licence, (billed_on, billed_on), charge);
        Ok(())
    }

    fn add_line(
        &mut self,
        (subscription, order_id): (&SubscriptionId, &str),
        licence: &ClassicLicence,
        (billed_on, rated_on): (Date, Date),
        charge: ClassicCharge,
    ) {
        if billed_on >= self.from {
            self.lines.push(ClassicLine {
                subscription: subscription.clone(),
                order_id: order_id.to_owned(),
                billed_on,
                rated_on,
                offer: licence.offer.clone(),
                discounts: licence.discounts.clone(),
                term: licence.term,
                charge,
            });
        }
    }

    fn purchase(&mut self, order: &LicenceOrder, purchase: &Purchase) -> OrderResult<()> {
        let (subscription, day) = (&order.subscription, order.ordered_on());
        if self.licences.contains_key(subscription) {
            return Err(OrderError::Exists(subscription.clone()));
        }
        if purchase.ends_on.is_some() {
            return Err(OrderError::NotClassic(NotClassic::CommonEnd));
        }
        if purchase.discounts.iter().any(|discount| discount.rate.is_negative() || discount.rate > Decimal::ONE) {
            return Err(OrderError::Discount);
        }
        let offer = self.offer(&purchase.offer, day)?;
        check_size(offer.unit_price, number(purchase.seats), offer.currency)?;
        if purchase.seats == 0 {
            return Err(LicenceError::SeatsNotPositive.into());
        }
        let after = |months| anchored_day(day, months, purchase.anchor_rule);
        let mut licence = ClassicLicence {
            first_order: order.order_id.clone(),
            offer: offer.clone(),
            discounts: purchase.discounts.clone(),
            anchor: day,
            anchor_rule: purchase.anchor_rule,
            cycle: Cycle::new(day, after(step_months(offer))?)?,
            term: (day, after(TERM_MONTHS)?),
            months_billed: 1,
            seats: purchase.seats,
            changes: Vec::new(),
            standing: Vec::new(),
            auto_renew: purchase.auto_renew,
            ended_on: None,
        };
        let charged = (LicenceFee::PURCHASE, licence.cycle, licence.seats);
        self.charge((subscription, &order.order_id), &mut licence, day, charged)?;
        self.licences.insert(subscription.clone(), licence);
        Ok(())
    }

    /// Passes the billing dates up to `day`, that day included.
    fn advance(&mut self, subscription: &SubscriptionId, day: Date) -> OrderResult<()> {
        while let Some(mut licence) = self.licences.get(subscription).filter(|one| one.ended_on.is_none()).cloned() {
            let date = licence.day_after(licence.months_billed)?;
            if date > day {
                break;
            }
            licence.months_billed = licence.months_billed.checked_add(1).ok_or(LicenceError::Calendar)?;
            let changed = self.settle(subscription, &mut licence, date)?;
            if date == licence.term.1 {
                self.next_term(subscription, &mut licence)?;
            } else if date == licence.cycle.until {
                let fee = if changed { LicenceFee::CYCLE_PRORATED } else { LicenceFee::CYCLE };
                self.next_cycle(subscription, &mut licence, fee)?;
            }
            self.licences.insert(subscription.clone(), licence);
        }
        Ok(())
    }

    /// Takes the charge that seats changed in back for its whole span and charges its parts. False where the
    /// seats are what they were.
    fn settle(&mut self, id: &SubscriptionId, licence: &mut ClassicLicence, date: Date) -> OrderResult<bool> {
        let changes = std::mem::take(&mut licence.changes);
        let Some(standing) = licence.standing.last().cloned() else { return Ok(false) };
        let old = &standing.charge;
        let parts = parts_of(&standing, &changes);
        let Some(order_id) = changes.first().map(|change| change.order_id.clone()) else { return Ok(false) };
        if matches!(parts.as_slice(), [part] if part.seats == standing.seats) {
            return Ok(false);
        }
        licence.standing.pop();
        let taken_back = old.taken_back(LicenceFee::CYCLE_PRORATED)?;
        self.add_line((id, &order_id), licence, (date, standing.billed_on), taken_back);
        let ends = parts.iter().skip(1).map(|part| part.day).chain([old.span.until]);
        for (part, until) in parts.iter().zip(ends) {
            let span = Cycle::new(part.day, until)?;
            let order_id = if part.order_id.is_empty() { &order_id } else { &part.order_id };
            self.charge((id, order_id), licence, date, (LicenceFee::CYCLE_PRORATED, span, part.seats))?;
        }
        Ok(true)
    }

    fn next_cycle(&mut self, id: &SubscriptionId, licence: &mut ClassicLicence, fee: LicenceFee) -> OrderResult<()> {
        let date = licence.cycle.until;
        let months =
            licence.months_billed.checked_sub(1).and_then(|done| done.checked_add(step_months(&licence.offer)));
        licence.cycle = Cycle::new(date, licence.day_after(months.ok_or(LicenceError::Calendar)?)?)?;
        // A full refund is over once the purchase is so old; then nothing but the present cycle can come back.
        if days_between(licence.anchor, date) >= FULL_REFUND_DAYS {
            licence.standing.clear();
        }
        let (order_id, charged) = (licence.first_order.clone(), (fee, licence.cycle, licence.seats));
        self.charge((id, &order_id), licence, date, charged)
    }

    fn next_term(&mut self, id: &SubscriptionId, licence: &mut ClassicLicence) -> OrderResult<()> {
        let day = licence.term.1;
        if !licence.auto_renew {
            licence.ended_on = Some(day);
            return Ok(());
        }
        // Whoever renews pays the list price of that day.
        licence.offer = self.offer(&licence.key(), day)?.clone();
        licence.discounts = Vec::new();
        let months = licence.months_billed.checked_sub(1).and_then(|done| done.checked_add(TERM_MONTHS));
        licence.term = (day, licence.day_after(months.ok_or(LicenceError::Calendar)?)?);
        self.next_cycle(id, licence, LicenceFee::RENEWAL)
    }

    fn cancel(&mut self, order: &LicenceOrder, licence: &mut ClassicLicence) -> OrderResult<()> {
        let (name, day) = ((&order.subscription, order.order_id.as_str()), order.ordered_on());
        let price = (licence.offer.unit_price, number(licence.seats));
        let decimals = licence.offer.currency.minor_digits();
        let rounding = ClassicRefundRounding::HalfUp;
        let refund = refund_classic(licence.anchor, day, licence.cycle, price, decimals, rounding)?;
        if refund.refund == Refund::Full {
            // Changes that were not charged need not come back.
            for StandingCharge { billed_on, charge, .. } in std::mem::take(&mut licence.standing) {
                let taken_back = charge.taken_back(LicenceFee::CANCELLATION)?;
                self.add_line(name, licence, (day, billed_on), taken_back);
            }
        } else {
            self.settle(&order.subscription, licence, day)?;
            let charge = licence.price().refunded(LicenceFee::CANCELLATION, &refund, number(licence.seats))?;
            self.add_line(name, licence, (day, day), charge);
        }
        licence.changes.clear();
        licence.ended_on = Some(day);
        Ok(())
    }
}

const TERM_MONTHS: i32 = 12;

/// Months that one charge pays for.
fn step_months(offer: &LicenceOffer) -> i32 {
    if offer.plan == BillingPlan::Monthly { 1 } else { TERM_MONTHS }
}

/// The days from which a number of seats held, within a charge that was made for one number: of several changes
/// on a day the last one counts. The first part has no order of its own.
fn parts_of(old: &StandingCharge, changes: &[SeatChange]) -> Vec<SeatChange> {
    let mut parts = vec![SeatChange { day: old.charge.span.from, seats: old.seats, order_id: String::new() }];
    for change in changes {
        parts.retain(|part| part.day != change.day);
        parts.push(change.clone());
    }
    parts.dedup_by(|next, part| next.seats == part.seats);
    parts
}

impl ClassicLicence {
    fn key(&self) -> OfferKey {
        OfferKey {
            product_id: self.offer.product.product_id.clone(),
            sku_id: self.offer.product.sku_id.clone(),
            term: Some(Term::Year),
            plan: self.offer.plan,
        }
    }

    fn price(&self) -> CyclePrice<'_> {
        CyclePrice { offer: &self.offer, discounts: &self.discounts, cycle: self.cycle }
    }

    /// The day so many months after the purchase.
    fn day_after(&self, months: i32) -> Result<Date, LicenceError> {
        anchored_day(self.anchor, months, self.anchor_rule)
    }

    /// Charged on the next billing date.
    fn change_seats(&mut self, order: &LicenceOrder, seats: u32) -> OrderResult<()> {
        if seats == 0 {
            return Err(LicenceError::SeatsNotPositive.into());
        }
        if seats == self.seats {
            return Err(LicenceError::SeatsUnchanged.into());
        }
        check_size(self.offer.unit_price, number(seats), self.offer.currency)?;
        self.seats = seats;
        self.changes.push(SeatChange { day: order.ordered_on(), seats, order_id: order.order_id.clone() });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
