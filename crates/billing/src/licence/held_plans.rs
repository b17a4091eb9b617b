//! Which savings plans a customer holds on which days, noted while its orders are gone through.
//!
//! Rule SP-1 (docs/rules/savings-plan.md).

use jiff::civil::Date;

use crate::decimal::Decimal;
use crate::ids::SubscriptionId;
use crate::licence::{Cycle, LicenceOffer, ProductCategory, Term};
use crate::money::Currency;
use crate::price::Product;

/// Units of a savings plan on some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanHolding {
    pub subscription: SubscriptionId,
    /// The order that began it.
    pub order_id: String,
    pub product: Product,
    pub term: Option<Term>,
    pub currency: Currency,
    /// Of one unit, in `currency`.
    pub hourly_commitment: Decimal,
    pub units: u32,
    /// Half-open.
    pub days: Cycle,
}

/// How a plan stands from a day on, until the next note about it.
#[derive(Debug)]
struct Note {
    from: Date,
    subscription: SubscriptionId,
    order_id: String,
    offer: LicenceOffer,
    units: u32,
}

/// What was noted of all plans of a customer.
#[derive(Debug, Default)]
pub(super) struct HeldPlans(Vec<Note>);

impl HeldPlans {
    /// Takes note of `units` from `day` on. Other products are passed over.
    pub(super) fn note(
        &mut self,
        day: Date,
        subscription: &SubscriptionId,
        order_id: &str,
        offer: &LicenceOffer,
        units: u32,
    ) {
        if offer.category == ProductCategory::SavingsPlan {
            self.0.push(Note {
                from: day,
                subscription: subscription.clone(),
                order_id: order_id.to_owned(),
                offer: offer.clone(),
                units,
            });
        }
    }

    /// What is held on some of `days`.
    pub(super) fn on(mut self, days: Cycle) -> Vec<PlanHolding> {
        // Stable: of one day, what was noted last holds.
        self.0.sort_by(|a, b| (&a.subscription, a.from).cmp(&(&b.subscription, b.from)));
        let mut holdings = Vec::new();
        for notes in self.0.chunk_by(|a, b| a.subscription == b.subscription) {
            let ends = notes.iter().skip(1).map(|next| next.from).chain([days.until]);
            for (note, end) in notes.iter().zip(ends) {
                let held = Cycle { from: note.from.max(days.from), until: end.min(days.until) };
                holdings.extend(note.holding(held));
            }
        }
        holdings
    }
}

impl Note {
    fn holding(&self, days: Cycle) -> Option<PlanHolding> {
        let hourly_commitment = self.offer.hourly_commitment?;
        (self.units > 0 && days.from < days.until).then(|| PlanHolding {
            subscription: self.subscription.clone(),
            order_id: self.order_id.clone(),
            product: self.offer.product.clone(),
            term: self.offer.term,
            currency: self.offer.currency,
            hourly_commitment,
            units: self.units,
            days,
        })
    }
}
