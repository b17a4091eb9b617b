//! One charge of a classic licence: a fee over a span, rounded by the seat.
//!
//! Rules LC-11, LC-20 (docs/rules/classic-licences.md). Amounts are in the currency of the price, which is that
//! of the invoice, at its decimals.

use crate::decimal::{Decimal, DecimalError, Rounding};
use crate::licence::{
    ClassicProration, ClassicRefund, Cycle, Discount, LicenceError, LicenceFee, LicenceOffer, ProratedSpan, discounted,
};

/// One charge; what it takes back has a unit price below zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassicCharge {
    pub fee: LicenceFee,
    pub span: Cycle,
    /// Days of the span, of those that the price is for.
    pub prorated: ProratedSpan,
    /// Of one seat over the span, half-up.
    pub unit_price: Decimal,
    /// Above zero, also of what is taken back.
    pub seats: Decimal,
    /// `unit_price x seats`.
    pub amount: Decimal,
    /// What is taken off the amount; of its sign.
    pub discount: Decimal,
}

/// What a cycle costs: the offer's price for all of its days, and what is taken off.
#[derive(Debug, Clone, Copy)]
pub(super) struct CyclePrice<'a> {
    pub(super) offer: &'a LicenceOffer,
    pub(super) discounts: &'a [Discount],
    pub(super) cycle: Cycle,
}

impl CyclePrice<'_> {
    fn decimals(&self) -> u8 {
        self.offer.currency.minor_digits()
    }

    /// The charge of a part of the cycle, or of all of it.
    pub(super) fn charge(&self, fee: LicenceFee, span: Cycle, seats: Decimal) -> Result<ClassicCharge, LicenceError> {
        let prorated = ProratedSpan { days: span.days(), of_days: self.cycle.days() };
        let way = ClassicProration::UnitThenQuantity;
        let (unit_price, amount) = way.amount(self.offer.unit_price, seats, prorated, self.decimals())?;
        // This way has the price of a seat; without one all seats are taken as one.
        let unit_price = unit_price.unwrap_or(amount);
        Ok(ClassicCharge { fee, span, prorated, unit_price, seats, amount, discount: self.discount(amount)? })
    }

    /// The charge that gives unused days back.
    pub(super) fn refunded(
        &self,
        fee: LicenceFee,
        refund: &ClassicRefund,
        seats: Decimal,
    ) -> Result<ClassicCharge, LicenceError> {
        let prorated = ProratedSpan { days: refund.span.days(), of_days: self.cycle.days() };
        let ClassicRefund { span, unit_price, amount, .. } = *refund;
        Ok(ClassicCharge { fee, span, prorated, unit_price, seats, amount, discount: self.discount(amount)? })
    }

    fn discount(&self, amount: Decimal) -> Result<Decimal, DecimalError> {
        taken_off(amount, self.discounts, self.decimals())
    }
}

/// What discounts take off an amount, one after another and rounded once, half-up.
pub(crate) fn taken_off(amount: Decimal, discounts: &[Discount], decimals: u8) -> Result<Decimal, DecimalError> {
    let rates: Vec<Decimal> = discounts.iter().map(|discount| discount.rate).collect();
    let share = Decimal::ONE.checked_sub(discounted(Decimal::ONE, &rates)?)?;
    amount.mul_rounded(share, decimals, Rounding::HalfUp)
}

impl ClassicCharge {
    /// Takes this charge back to the cent.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`]
    pub fn taken_back(&self, fee: LicenceFee) -> Result<Self, DecimalError> {
        Ok(Self {
            fee,
            unit_price: self.unit_price.negated()?,
            amount: self.amount.negated()?,
            discount: self.discount.negated()?,
            ..self.clone()
        })
    }

    /// Amount less discount.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`]
    pub fn subtotal(&self) -> Result<Decimal, DecimalError> {
        self.amount.checked_sub(self.discount)
    }
}
