//! What can be bought, for which term, paid how, at which price.
//!
//! Rules LC-15, LC-16 (docs/rules/licence-subscriptions.md). Prices are for one seat and one charge cycle.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::decimal::Decimal;
use crate::licence::{LicenceOrder, OrderAction, RefundWindow};
use crate::money::Currency;
use crate::period::DayRange;
use crate::price::Product;

/// How long a price and a number of seats are promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Term {
    #[serde(rename = "P1M")]
    Month,
    #[serde(rename = "P1Y")]
    Year,
    #[serde(rename = "P3Y")]
    ThreeYears,
}

/// How often a term is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillingPlan {
    Monthly,
    Annual,
    Triennial,
    /// Once, for the whole term or for good; it neither renews nor changes.
    OneTime,
}

/// Whose rules a licence or usage is charged by; each has its own family of invoices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Generation {
    #[default]
    NewCommerce,
    /// Licences for a year, paid by the month or at once, and usage by the rate, on recurring invoices.
    Classic,
}

/// What kind of thing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductCategory {
    Licence,
    Software,
    /// Software for good.
    Perpetual,
    Reservation,
    SavingsPlan,
    /// Of another publisher.
    Marketplace,
}

/// Reads a word by its spelling on the wire, whatever its case.
fn named<T: Copy>(words: &[(T, &'static str)], text: &str) -> Option<T> {
    words.iter().find(|(_, word)| word.eq_ignore_ascii_case(text)).map(|(value, _)| *value)
}

fn word<T: Copy + PartialEq>(words: &[(T, &'static str)], value: T) -> &'static str {
    words.iter().find(|(known, _)| *known == value).map_or("", |(_, word)| word)
}

const TERMS: [(Term, &str); 3] = [(Term::Month, "P1M"), (Term::Year, "P1Y"), (Term::ThreeYears, "P3Y")];
const PLANS: [(BillingPlan, &str); 4] = [
    (BillingPlan::Monthly, "monthly"),
    (BillingPlan::Annual, "annual"),
    (BillingPlan::Triennial, "triennial"),
    (BillingPlan::OneTime, "one_time"),
];
const GENERATIONS: [(Generation, &str); 2] =
    [(Generation::NewCommerce, "new_commerce"), (Generation::Classic, "classic")];
const CATEGORIES: [(ProductCategory, &str); 6] = [
    (ProductCategory::Licence, "licence"),
    (ProductCategory::Software, "software"),
    (ProductCategory::Perpetual, "perpetual"),
    (ProductCategory::Reservation, "reservation"),
    (ProductCategory::SavingsPlan, "savings_plan"),
    (ProductCategory::Marketplace, "marketplace"),
];

impl Term {
    #[must_use]
    pub fn months(self) -> u16 {
        match self {
            Self::Month => 1,
            Self::Year => 12,
            Self::ThreeYears => 36,
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        word(&TERMS, self)
    }

    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        named(&TERMS, text)
    }
}

impl BillingPlan {
    /// Months that one charge pays for; `None` for all of them.
    #[must_use]
    pub fn step_months(self) -> Option<u16> {
        match self {
            Self::Monthly => Some(1),
            Self::Annual => Some(12),
            Self::Triennial => Some(36),
            Self::OneTime => None,
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        word(&PLANS, self)
    }

    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        named(&PLANS, text)
    }
}

impl Generation {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        word(&GENERATIONS, self)
    }

    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        named(&GENERATIONS, text)
    }

    /// Lists and directories of before there were two have the bytes that they had.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl ProductCategory {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        word(&CATEGORIES, self)
    }

    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        named(&CATEGORIES, text)
    }
}

/// The qualifier of a product that costs nothing for a while.
pub const TRIAL: &str = "Trial";

/// One price of one product for a term and a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenceOffer {
    pub product: Product,
    pub category: ProductCategory,
    /// `None` for what is bought for good.
    pub term: Option<Term>,
    pub plan: BillingPlan,
    pub unit_price: Decimal,
    pub currency: Currency,
    /// The days on which it can be bought or renewed.
    pub effective: DayRange,
    /// Such as `Trial` or `Add-on`.
    pub qualifiers: Vec<String>,
    /// Where it is not the standard one.
    pub refund_hours: Option<RefundHours>,
    #[serde(default, skip_serializing_if = "Generation::is_default")]
    pub generation: Generation,
    /// Of a savings plan that covers usage: what one unit commits to use in every hour, in `currency` (RT-22).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hourly_commitment: Option<Decimal>,
}

/// A refund window in hours from the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundHours {
    pub full: u32,
    pub prorated: u32,
}

impl LicenceOffer {
    #[must_use]
    pub fn is_trial(&self) -> bool {
        self.qualifiers.iter().any(|qualifier| qualifier == TRIAL)
    }

    #[must_use]
    pub fn refund_window(&self) -> RefundWindow {
        self.refund_hours.map_or(RefundWindow::STANDARD, |hours| RefundWindow {
            full_for: jiff::SignedDuration::from_hours(i64::from(hours.full)),
            prorated_for: jiff::SignedDuration::from_hours(i64::from(hours.prorated)),
        })
    }
}

/// What is asked for in a price list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OfferKey {
    pub product_id: String,
    pub sku_id: String,
    pub term: Option<Term>,
    pub plan: BillingPlan,
}

/// All offers, list by list in the order of their import.
#[derive(Debug, Clone, Default)]
pub struct OfferBook {
    /// Each with the number of its list, from 1.
    offers: BTreeMap<OfferKey, Vec<(u64, LicenceOffer)>>,
    has_classic: bool,
    /// The SKUs of each product that are savings plans that cover usage.
    commitments: BTreeMap<String, BTreeSet<String>>,
}

/// The offers of the first so many lists: what was known at some time.
#[derive(Debug, Clone, Copy)]
pub struct KnownOffers<'a> {
    book: &'a OfferBook,
    lists: u64,
}

impl OfferBook {
    #[must_use]
    pub fn new(lists: impl IntoIterator<Item = Vec<LicenceOffer>>) -> Self {
        let mut book = Self::default();
        for (number, list) in (1_u64..).zip(lists) {
            for offer in list {
                book.has_classic |= offer.generation == Generation::Classic;
                if offer.hourly_commitment.is_some() {
                    let skus = book.commitments.entry(offer.product.product_id.clone()).or_default();
                    skus.insert(offer.product.sku_id.clone());
                }
                let key = OfferKey {
                    product_id: offer.product.product_id.clone(),
                    sku_id: offer.product.sku_id.clone(),
                    term: offer.term,
                    plan: offer.plan,
                };
                book.offers.entry(key).or_default().push((number, offer));
            }
        }
        book
    }

    /// Whether an order begins what some list has as a savings plan that covers usage.
    #[must_use]
    pub fn begins_commitment(&self, order: &LicenceOrder) -> bool {
        let product = match &order.action {
            OrderAction::Purchase(purchase) => Some((&purchase.offer.product_id, &purchase.offer.sku_id)),
            OrderAction::Upgrade { to: Some(to), .. } => Some((&to.product_id, &to.sku_id)),
            _ => None,
        };
        product.is_some_and(|(product_id, sku_id)| {
            self.commitments.get(product_id).is_some_and(|skus| skus.contains(sku_id))
        })
    }

    /// Those of the first `lists` lists.
    #[must_use]
    pub fn through(&self, lists: u64) -> KnownOffers<'_> {
        KnownOffers { book: self, lists }
    }

    #[must_use]
    pub fn all(&self) -> KnownOffers<'_> {
        self.through(u64::MAX)
    }
}

impl<'a> KnownOffers<'a> {
    /// The offer in force on `day`: in the party's currency if there is one, then the latest start, then
    /// the latest import (LC-16).
    #[must_use]
    pub fn find(self, key: &OfferKey, own: Currency, day: Date) -> Option<&'a LicenceOffer> {
        self.find_where(key, own, day, |_| true)
    }

    /// As [`KnownOffers::find`], among the offers of one generation.
    #[must_use]
    pub fn find_of(self, generation: Generation, key: &OfferKey, own: Currency, day: Date) -> Option<&'a LicenceOffer> {
        self.find_where(key, own, day, |offer| offer.generation == generation)
    }

    /// Whether some list has classic offers.
    pub(super) fn has_classic(self) -> bool {
        self.book.has_classic
    }

    fn find_where(
        self,
        key: &OfferKey,
        own: Currency,
        day: Date,
        is_asked_for: impl Fn(&LicenceOffer) -> bool,
    ) -> Option<&'a LicenceOffer> {
        let of_key = self.book.offers.get(key)?.iter().take_while(|(list, _)| *list <= self.lists);
        let offers = of_key.map(|(_, offer)| offer);
        let in_force = offers.filter(|offer| offer.effective.contains(day) && is_asked_for(offer));
        // Of equals the last one is taken.
        in_force.max_by_key(|offer| (offer.currency == own, offer.effective.from))
    }
}
