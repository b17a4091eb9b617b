//! What an invoice was computed from, named so that it can be computed again (design D3, INV-5).

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::{MeterId, SubscriptionId};
use crate::invoice::InvoiceNumber;
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub savings_plans: Vec<BlobDigest>,
}

/// How many lists of each kind and how many orders were known; later ones stand behind them. Terms that began in a
/// closed month keep its prices (LC-16), what is taken back of it has its rates and taxes (TX-2), and what later orders
/// change of it is charged later (LC-23).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KnownLists {
    pub exchange_rates: u64,
    pub tax_rates: u64,
    pub offers: u64,
    /// The place of the last order.
    pub orders: u64,
}

impl KnownLists {
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let digests = &snapshot.lists;
        let count = |lists: &[BlobDigest]| u64::try_from(lists.len()).unwrap_or(u64::MAX);
        Self {
            exchange_rates: count(&digests.exchange_rates),
            tax_rates: count(&digests.tax_rates),
            offers: count(&digests.offers),
            orders: snapshot.orders_through,
        }
    }
}

/// A closed month that was restated: its lists and orders are those of the restatement from then on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestatedMonth {
    pub period: BillingPeriod,
    pub lists: KnownLists,
    /// The document with the differences.
    pub by: InvoiceNumber,
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
    /// Earlier months, each with its last restatement.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restated: Vec<RestatedMonth>,
}
