//! A billed party: whom and what its prices are for.

use std::collections::BTreeMap;

use billing::decimal::Decimal;
use billing::fx::{FxQuote, FxTable};
use billing::party::{Customer, Organisation, PartyDirectory, Subscription};
use billing::period::{BillingPeriod, DayRange};
use billing::price::{MeterPrice, PriceBook, PriceSheet, Product, TierBasis, TierTable};
use billing::rate::{LateFrom, RatingInputs, ScopeKey};
use billing::savings_plan::Coverage;
use billing::uom::QuantityBasis;
use billing::usage::{MeterDescription, UsageRecord};
use jiff::civil::date;

use crate::samples::own;

pub(super) fn september() -> BillingPeriod {
    "2026-09".parse().unwrap()
}

pub(super) fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// What one billed party is rated with.
#[derive(Debug, Clone)]
pub(super) struct Party {
    pub(super) directory: PartyDirectory,
    pub(super) sheets: Vec<PriceSheet>,
    pub(super) fx: FxTable,
    pub(super) late_from: LateFrom,
    pub(super) coverage: Coverage,
}

fn organisation(id: &str, currency: &str) -> Organisation {
    Organisation {
        id: id.parse().unwrap(),
        name: String::new(),
        tenant_id: String::new(),
        partner_number: String::new(),
        address_lines: vec![],
        country: "DE".to_owned(),
        tax_id: String::new(),
        email: String::new(),
        currency: currency.parse().unwrap(),
        payment_terms_days: 60,
        language: "en".to_owned(),
        billed_by: None,
        tax: billing::party::TaxProfile::default(),
    }
}

/// Days of September 2026, the second one not included.
pub(super) fn days(from: i8, until: i8) -> DayRange {
    DayRange { from: date(2026, 9, from), until: Some(date(2026, 9, until)) }
}

pub(super) fn scope(customer: &str, plan: &str, meter: &str, month: &str) -> ScopeKey {
    ScopeKey {
        customer: customer.parse().unwrap(),
        subscription: plan.parse().unwrap(),
        meter: meter.parse().unwrap(),
        usage_month: month.parse().unwrap(),
        covered_by: None,
    }
}

impl Party {
    /// Rates of August and September: 0.8 EUR for a dollar.
    pub(super) fn billed_in(currency: &str) -> Self {
        let quotes = ["2026-08", "2026-09"].into_iter().flat_map(|month| {
            [("EUR", "1.25"), ("JPY", "0.00661"), ("KWD", "3.2587")].map(|(currency, usd)| FxQuote::UsdPerUnit {
                currency: currency.parse().unwrap(),
                month: month.parse().unwrap(),
                usd: d(usd),
            })
        });
        let (customers, subscriptions) = (BTreeMap::new(), BTreeMap::new());
        let party = organisation("party", currency);
        Self {
            directory: PartyDirectory { issuer: organisation("issuer", "EUR"), party, customers, subscriptions },
            sheets: Vec::new(),
            fx: FxTable::new(quotes).unwrap(),
            late_from: LateFrom::new(),
            coverage: Coverage::default(),
        }
    }

    pub(super) fn add_plan(&mut self, customer: &str, plan: &str, earned_credit: Vec<DayRange>) {
        let customer = Customer {
            id: customer.parse().unwrap(),
            billed_party: self.directory.party.id.clone(),
            name: String::new(),
            domain: String::new(),
            country: "DE".to_owned(),
        };
        let (id, name) = (plan.parse().unwrap(), String::new());
        let generation = billing::licence::Generation::default();
        let plan = Subscription { id, customer: customer.id.clone(), name, earned_credit, generation };
        self.directory.customers.insert(customer.id.clone(), customer);
        self.directory.subscriptions.insert(plan.id.clone(), plan);
    }

    /// Plans `plan-1`, `plan-2` and so on, the later ones with the earlier customers, so that the order
    /// of customers is not that of plans; credit from the 10th to the 19th.
    pub(super) fn with_plans(count: usize, prices: Vec<MeterPrice>) -> Self {
        let mut party = Self::billed_in("EUR");
        for number in 1..=count {
            party.add_plan(&format!("c-{}", (count - number) / 2), &format!("plan-{number}"), vec![days(10, 20)]);
        }
        party.sheets.push(sheet(prices));
        party
    }

    pub(super) fn inputs<'a>(&'a self, prices: &'a PriceBook<'a>) -> RatingInputs<'a> {
        let Self { directory, fx, late_from, coverage, .. } = self;
        RatingInputs { directory, prices, fx, late_from, coverage }
    }
}

pub(super) fn sheet(prices: Vec<MeterPrice>) -> PriceSheet {
    PriceSheet { title: String::new(), offer_terms: vec![], prices }
}

/// A dollar price for one hour since long ago, with an earned credit of 15 percent.
pub(super) fn price(meter: &str, unit_price: &str) -> MeterPrice {
    MeterPrice {
        meter_id: meter.parse().unwrap(),
        meter: MeterDescription::default(),
        product: Product::default(),
        currency: billing::money::Currency::USD,
        unit_of_measure: "1 Hour".to_owned(),
        tiers: TierTable::flat(d(unit_price)),
        included_quantity: Decimal::ZERO,
        tier_basis: TierBasis::Billable,
        effective: DayRange { from: date(2026, 1, 1), until: None },
        earned_credit_rate: d("0.15"),
    }
}

/// Blocks of a plan and a meter on a day of September.
pub(super) fn used(id: &str, plan: &str, meter: &str, day: u64, quantity: &str) -> UsageRecord {
    UsageRecord {
        subscription_id: plan.parse().unwrap(),
        meter_id: meter.parse().unwrap(),
        quantity_basis: QuantityBasis::Blocks,
        ..own(id, 0, &format!("2026-09-{day:02}"), quantity)
    }
}
