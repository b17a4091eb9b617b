//! Organisations, customers and subscriptions: who is billed for what.
//!
//! An organisation is issuer towards those it bills and billed party towards those that bill it.
//! Each sees its own level only (ORG-1).

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::decimal::Decimal;
use crate::ids::{CustomerId, OrganisationId, SubscriptionId};
use crate::licence::Generation;
use crate::money::Currency;
use crate::period::DayRange;
use crate::tax::{TaxRounding, TaxTreatment};

/// An issuer or a billed party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    pub id: OrganisationId,
    pub name: String,
    /// GUID of the tenant on the vendor wire (`partnerId`).
    pub tenant_id: String,
    /// Partner number on the vendor wire; digits.
    pub partner_number: String,
    pub address_lines: Vec<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    pub tax_id: String,
    pub email: String,
    /// The currency that this organisation is billed in.
    pub currency: Currency,
    /// Net days from invoice date to due date.
    pub payment_terms_days: u16,
    /// Language of documents: `en`, `de`, `fr`.
    pub language: String,
    /// Who bills it; `None` for an issuer at the top of the chain.
    pub billed_by: Option<OrganisationId>,
    pub tax: TaxProfile,
}

/// How an organisation is taxed, and how it taxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TaxProfile {
    /// When it is billed.
    pub treatment: TaxTreatment,
    /// Of the documents that it issues.
    pub rounding: TaxRounding,
}

/// A customer below a billed party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    pub id: CustomerId,
    pub billed_party: OrganisationId,
    pub name: String,
    pub domain: String,
    pub country: String,
}

/// A plan or subscription of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    pub id: SubscriptionId,
    pub customer: CustomerId,
    pub name: String,
    /// The days on which the partner earned the credit: access for the whole day (RT-20).
    #[serde(default)]
    pub earned_credit: Vec<DayRange>,
    /// Whose rules its usage is billed by (CU-3). Directories of before it was known do not have it.
    #[serde(default, skip_serializing_if = "Generation::is_default")]
    pub generation: Generation,
}

impl Subscription {
    /// Whether its usage stands on the recurring invoice.
    #[must_use]
    pub fn is_classic(&self) -> bool {
        self.generation == Generation::Classic
    }

    /// The rate of the partner earned credit on `day`: all of `rate` or nothing (RT-20). Classic usage earns none (CU-6).
    #[must_use]
    pub fn earned_credit_rate(&self, day: Date, rate: Decimal) -> Decimal {
        let earns = !self.is_classic() && self.earned_credit.iter().any(|range| range.contains(day));
        if earns { rate } else { Decimal::ZERO }
    }
}

/// One billed party with all that lies below it: what an invoice's snapshot keeps of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyDirectory {
    pub issuer: Organisation,
    pub party: Organisation,
    pub customers: BTreeMap<CustomerId, Customer>,
    pub subscriptions: BTreeMap<SubscriptionId, Subscription>,
}

impl PartyDirectory {
    #[must_use]
    pub fn subscription(&self, id: &SubscriptionId) -> Option<(&Subscription, &Customer)> {
        let subscription = self.subscriptions.get(id)?;
        Some((subscription, self.customers.get(&subscription.customer)?))
    }

    #[must_use]
    pub fn is_classic(&self, id: &SubscriptionId) -> bool {
        self.subscriptions.get(id).is_some_and(Subscription::is_classic)
    }

    /// The same with the subscriptions of one generation only.
    #[must_use]
    pub fn of_generation(&self, generation: Generation) -> Self {
        let mut directory = self.clone();
        directory.subscriptions.retain(|_, subscription| subscription.generation == generation);
        directory
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_credit_is_earned_by_whole_days() {
        let subscription = Subscription {
            id: "s".parse().unwrap(),
            customer: "c".parse().unwrap(),
            name: String::new(),
            earned_credit: vec![
                DayRange { from: date(2026, 9, 1), until: Some(date(2026, 9, 4)) },
                DayRange { from: date(2026, 9, 20), until: None },
            ],
            generation: Generation::default(),
        };
        let rate: Decimal = "0.15".parse().unwrap();
        for (day, earned) in [(1, true), (3, true), (4, false), (19, false), (20, true), (30, true)] {
            let expected = if earned { rate } else { Decimal::ZERO };
            assert_eq!(subscription.earned_credit_rate(date(2026, 9, day), rate), expected, "day {day}");
        }
    }
}
