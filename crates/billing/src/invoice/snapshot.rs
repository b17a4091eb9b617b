//! What an invoice was computed from, named so that it can be computed again (design D3, INV-5).

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::{MeterId, SubscriptionId};
use crate::period::BillingPeriod;

/// The version of the rules in this crate. It changes when the same inputs would give another
/// invoice, and only then; the changelog says so under "Changes an invoice".
pub const RULES_VERSION: u32 = 1;

/// SHA-256 of stored bytes, in hexadecimal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BlobDigest(pub String);

impl fmt::Display for BlobDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for BlobDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The party's last closed month, and up to which usage file it was billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriorClosure {
    pub period: BillingPeriod,
    pub usage_through: u64,
}

/// Usage of a closed month that had no price and was moved on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CarriedDay {
    pub subscription: SubscriptionId,
    pub meter: MeterId,
    pub usage_date: Date,
    /// It stands in usage files after this place of the manifest ...
    pub usage_after: u64,
    /// ... and up to this one: others of the same day were billed, or are late by themselves.
    pub usage_through: u64,
}

/// The lists that an invoice was computed with, each kind in the order of its import.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ListDigests {
    pub price_sheets: Vec<BlobDigest>,
    pub exchange_rates: Vec<BlobDigest>,
    pub tax_rates: Vec<BlobDigest>,
    pub offers: Vec<BlobDigest>,
}

/// The inputs of one invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    pub rules_version: u32,
    /// Usage files up to this place of the manifest.
    pub usage_through: u64,
    /// Orders up to this place.
    pub orders_through: u64,
    pub prior_closure: Option<PriorClosure>,
    pub carried_in: Vec<CarriedDay>,
    /// The party with its customers and subscriptions.
    pub directory: BlobDigest,
    pub lists: ListDigests,
    pub allow_unpriced: bool,
}
