//! What orders that came late change of a month that is billed.
//!
//! Rule LC-23 (docs/rules/licence-subscriptions.md): the month is charged again with all orders, and only what differs
//! is charged with the next document.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::decimal::DecimalError;
use crate::ids::SubscriptionId;
use crate::licence::{ClassicLine, LicenceCharges, LicenceLine};

/// What differs between the charges that days were billed with and those that they have with all orders: what is no
/// longer charged is taken back to the cent, what is new is charged. Each keeps its day, whose month decides rates and
/// taxes.
///
/// # Errors
/// [`DecimalError::Overflow`]
pub fn late_charges(billed: LicenceCharges, today: LicenceCharges) -> Result<LicenceCharges, DecimalError> {
    Ok(LicenceCharges {
        new_commerce: difference(billed.new_commerce, today.new_commerce)?,
        classic: difference(billed.classic, today.classic)?,
    })
}

trait Charged: Clone + PartialEq {
    /// Lines with different ones are never the same.
    fn place(&self) -> (SubscriptionId, Date);
    fn taken_back(self) -> Result<Self, DecimalError>;
}

impl Charged for LicenceLine {
    fn place(&self) -> (SubscriptionId, Date) {
        (self.subscription.clone(), self.ordered_on)
    }

    fn taken_back(self) -> Result<Self, DecimalError> {
        Ok(Self { charge: self.charge.taken_back(self.charge.charge_type)?, ..self })
    }
}

impl Charged for ClassicLine {
    fn place(&self) -> (SubscriptionId, Date) {
        (self.subscription.clone(), self.billed_on)
    }

    fn taken_back(self) -> Result<Self, DecimalError> {
        Ok(Self { charge: self.charge.taken_back(self.charge.fee)?, ..self })
    }
}

/// By subscription and day; of one day, what is taken back comes first.
fn difference<L: Charged>(billed: Vec<L>, today: Vec<L>) -> Result<Vec<L>, DecimalError> {
    let mut days: BTreeMap<(SubscriptionId, Date), (Vec<L>, Vec<L>)> = BTreeMap::new();
    for line in today {
        days.entry(line.place()).or_default().1.push(line);
    }
    for line in billed {
        let (gone, new) = days.entry(line.place()).or_default();
        match new.iter().position(|other| *other == line) {
            Some(same) => drop(new.remove(same)),
            None => gone.push(line),
        }
    }
    let mut lines = Vec::new();
    for (gone, new) in days.into_values() {
        for line in gone {
            lines.push(line.taken_back()?);
        }
        lines.extend(new);
    }
    Ok(lines)
}
