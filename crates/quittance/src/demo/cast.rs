//! Who takes part in the demonstration: an issuer, four billed organisations, their customers.

use billing::ids::{IdError, OrganisationId};
use billing::money::MoneyError;
use billing::party::Organisation;

use crate::output::Failure;

/// Id, name, currency, country, language, address.
type PartyRow = (&'static str, &'static str, &'static str, &'static str, &'static str, [&'static str; 2]);

const ISSUER: PartyRow =
    ("meridian", "Meridian Cloud Distribution", "EUR", "NL", "en", ["Keizersgracht 221", "1016 DV Amsterdam"]);

const PARTIES: [PartyRow; 4] = [
    ("quillon", "Quillon Cloud Services", "EUR", "FR", "fr", ["14 rue des Tanneurs", "69005 Lyon"]),
    ("harbourline", "Harbourline IT", "GBP", "GB", "en", ["3 Quay Street", "Bristol BS1 4DB"]),
    ("sakuraba", "Sakuraba Systems", "JPY", "JP", "en", ["2-11-3 Meguro", "Tokyo 153-0063"]),
    ("prairie", "Prairie Data Works", "USD", "US", "en", ["800 Grand Avenue", "Des Moines, IA 50309"]),
];

/// The party that commands mean when none is named.
pub(super) const DEFAULT_PARTY: &str = "quillon";

/// Six customers below each party, in the order of the parties.
pub(super) const CUSTOMERS: [&str; 24] = [
    "Atelier Brunet",
    "Port Meridian Logistics",
    "Fonderie Lacaze",
    "Clinique du Vallon",
    "Verger Numérique",
    "Librairie Auriol",
    "Cotswold Brewing",
    "Thistle & Sons Insurance",
    "Northmoor Rail",
    "Lantern Street Films",
    "Fenland Seeds",
    "Redcliffe Optics",
    "Hanamizuki Foods",
    "Kitayama Robotics",
    "Aoba Learning",
    "Tsubame Couriers",
    "Mizunara Design",
    "Kawasemi Clinics",
    "Blue Stem Cooperative",
    "Larkspur Veterinary",
    "Ironwood Trailers",
    "Two Rivers Credit Union",
    "Cedar Falls Schools",
    "Switchgrass Energy",
];

pub(super) const CUSTOMERS_A_PARTY: usize = 6;

fn organisation(
    row: &PartyRow,
    tenant_id: String,
    number: usize,
    billed_by: Option<&OrganisationId>,
) -> Result<Organisation, Failure> {
    let (id, name, currency, country, language, address) = row;
    let malformed = |error: IdError| Failure::new(error.code(), format!("{id}: {error}"));
    let unknown = |error: MoneyError| Failure::new(error.code(), format!("{id}: {error}"));
    Ok(Organisation {
        id: id.parse().map_err(malformed)?,
        name: (*name).to_owned(),
        tenant_id,
        partner_number: (5_083_417 + number * 1_009).to_string(),
        address_lines: address.iter().map(|line| (*line).to_owned()).collect(),
        country: (*country).to_owned(),
        tax_id: String::new(),
        email: format!("billing@{id}.example"),
        currency: currency.parse().map_err(unknown)?,
        payment_terms_days: 60,
        language: (*language).to_owned(),
        billed_by: billed_by.cloned(),
        tax: billing::party::TaxProfile::default(),
    })
}

/// The issuer and the parties; `tenant_id` makes GUIDs.
pub(super) fn organisations(mut tenant_id: impl FnMut() -> String) -> Result<Vec<Organisation>, Failure> {
    let issuer = organisation(&ISSUER, tenant_id(), 0, None)?;
    let mut all = vec![issuer.clone()];
    for (number, row) in (1..).zip(&PARTIES) {
        all.push(organisation(row, tenant_id(), number, Some(&issuer.id))?);
    }
    Ok(all)
}
