//! Who and what there is in every run: small, so that everything meets everything.

use billing::ids::OrganisationId;
use billing::party::{Customer, Organisation, Subscription, TaxProfile};
use billing::tax::{TaxRounding, TaxTreatment};

pub(crate) const ISSUER: &str = "north";

/// A billed party.
pub(crate) struct Party {
    pub(crate) id: &'static str,
    pub(crate) currency: &'static str,
    pub(crate) country: &'static str,
    pub(crate) treatment: TaxTreatment,
    pub(crate) payment_terms_days: u16,
}

/// By id. Only the first one buys licences.
pub(crate) const PARTIES: [Party; 3] = [
    Party { id: "alpha", currency: "EUR", country: "FR", treatment: TaxTreatment::Standard, payment_terms_days: 60 },
    Party { id: "beta", currency: "USD", country: "GB", treatment: TaxTreatment::Standard, payment_terms_days: 10 },
    Party {
        id: "gamma",
        currency: "JPY",
        country: "DE",
        treatment: TaxTreatment::ReverseCharge,
        payment_terms_days: 0,
    },
];
pub(crate) const LICENSEE: usize = 0;

/// (plan, customer, party). The customer `newcomer` is unknown until it is imported.
pub(crate) const PLANS: [(&str, &str, usize); 6] = [
    ("a1", "anna", 0),
    ("a2", "anna", 0),
    ("a3", "arno", 0),
    ("b1", "bert", 1),
    ("c1", "cora", 2),
    ("n1", "newcomer", 1),
];
pub(crate) const NEWCOMER: usize = 5;

/// A meter; all its prices have one currency and one unit.
pub(crate) struct Meter {
    pub(crate) id: &'static str,
    pub(crate) currency: &'static str,
    pub(crate) unit: &'static str,
    /// Its usage is stated in units, of which a block has ten.
    pub(crate) counts_units: bool,
    /// Whether it has a price from the beginning.
    pub(crate) is_priced: bool,
}

pub(crate) const METERS: [Meter; 4] = [
    Meter { id: "flat", currency: "EUR", unit: "1 Hour", counts_units: false, is_priced: true },
    Meter { id: "late", currency: "USD", unit: "1 Hour", counts_units: false, is_priced: false },
    Meter { id: "pack", currency: "EUR", unit: "10 Hours", counts_units: true, is_priced: true },
    Meter { id: "tier", currency: "USD", unit: "1 Hour", counts_units: false, is_priced: true },
];

pub(crate) fn party_id(party: usize) -> OrganisationId {
    PARTIES[party].id.parse().unwrap()
}

pub(crate) fn issuer_id() -> OrganisationId {
    ISSUER.parse().unwrap()
}

pub(crate) fn organisations() -> Vec<Organisation> {
    let issuer = Organisation {
        id: issuer_id(),
        name: "North".to_owned(),
        tenant_id: String::new(),
        partner_number: String::new(),
        address_lines: vec![],
        country: "FR".to_owned(),
        tax_id: String::new(),
        email: String::new(),
        currency: "EUR".parse().unwrap(),
        payment_terms_days: 30,
        language: "en".to_owned(),
        billed_by: None,
        tax: TaxProfile { treatment: TaxTreatment::Standard, rounding: TaxRounding::DocumentHalfUp },
    };
    let billed = PARTIES.iter().map(|party| Organisation {
        id: party.id.parse().unwrap(),
        name: party.id.to_owned(),
        country: party.country.to_owned(),
        currency: party.currency.parse().unwrap(),
        payment_terms_days: party.payment_terms_days,
        billed_by: Some(issuer_id()),
        tax: TaxProfile { treatment: party.treatment, ..issuer.tax },
        ..issuer.clone()
    });
    let billed: Vec<Organisation> = billed.collect();
    [vec![issuer], billed].concat()
}

/// As they would be with another currency.
pub(crate) fn abroad() -> Vec<Organisation> {
    organisations().into_iter().map(|one| Organisation { currency: "GBP".parse().unwrap(), ..one }).collect()
}

/// Those that are known from the beginning.
pub(crate) fn customers() -> Vec<Customer> {
    let known = PLANS.iter().filter(|(_, customer, _)| *customer != PLANS[NEWCOMER].1);
    let customer = |(_, id, party): &(&str, &str, usize)| Customer {
        id: id.parse().unwrap(),
        billed_party: party_id(*party),
        name: (*id).to_owned(),
        domain: String::new(),
        country: PARTIES[*party].country.to_owned(),
    };
    known.map(customer).collect()
}

/// Those that are known from the beginning; the others come with their usage.
pub(crate) fn subscriptions() -> Vec<Subscription> {
    let subscription = |(id, customer, _): &(&str, &str, usize)| Subscription {
        id: id.parse().unwrap(),
        customer: customer.parse().unwrap(),
        name: String::new(),
        earned_credit: vec![],
        generation: billing::licence::Generation::default(),
    };
    PLANS.iter().take(2).map(subscription).collect()
}
