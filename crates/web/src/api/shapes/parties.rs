//! Organisations, customers, subscriptions.

use billing::ids::{CustomerId, OrganisationId};
use billing::money::Currency;
use billing::party;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Order, page};

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Organisation {
    id: String,
    name: String,
    /// Who bills it; absent for the issuer itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    billed_by: Option<String>,
    /// The currency that it is billed in.
    currency: String,
    country: String,
    tenant_id: String,
    partner_number: String,
    address_lines: Vec<String>,
    tax_id: String,
    email: String,
    payment_terms_days: u16,
    language: String,
    tax_treatment: String,
}
page!(OrganisationPage, Organisation);

impl Organisation {
    pub(crate) fn key(&self) -> String {
        self.id.clone()
    }
}

impl From<&party::Organisation> for Organisation {
    fn from(organisation: &party::Organisation) -> Self {
        Self {
            id: organisation.id.to_string(),
            name: organisation.name.clone(),
            billed_by: organisation.billed_by.as_ref().map(ToString::to_string),
            currency: organisation.currency.to_string(),
            country: organisation.country.clone(),
            tenant_id: organisation.tenant_id.clone(),
            partner_number: organisation.partner_number.clone(),
            address_lines: organisation.address_lines.clone(),
            tax_id: organisation.tax_id.clone(),
            email: organisation.email.clone(),
            payment_terms_days: organisation.payment_terms_days,
            language: organisation.language.clone(),
            tax_treatment: organisation.tax.treatment.as_str().to_owned(),
        }
    }
}

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Language {
    #[default]
    En,
    De,
    Fr,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TaxTreatment {
    #[default]
    Standard,
    Exempt,
    ReverseCharge,
}

impl Language {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Fr => "fr",
        }
    }
}

impl From<TaxTreatment> for billing::tax::TaxTreatment {
    fn from(treatment: TaxTreatment) -> Self {
        match treatment {
            TaxTreatment::Standard => Self::Standard,
            TaxTreatment::Exempt => Self::Exempt,
            TaxTreatment::ReverseCharge => Self::ReverseCharge,
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewOrganisation {
    /// A short id of your choice.
    #[schema(value_type = String, format = "id", max_length = 64)]
    pub(crate) id: OrganisationId,
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: String,
    /// The currency that it is billed in.
    #[schema(value_type = String, format = "currency")]
    pub(crate) currency: Currency,
    /// ISO 3166-1, two letters.
    #[schema(min_length = 2, max_length = 2)]
    pub(crate) country: String,
    #[serde(default)]
    #[schema(max_length = 64)]
    pub(crate) tenant_id: String,
    #[serde(default)]
    #[schema(max_length = 64)]
    pub(crate) partner_number: String,
    #[serde(default)]
    #[schema(max_items = 10)]
    pub(crate) address_lines: Vec<String>,
    #[serde(default)]
    #[schema(max_length = 64)]
    pub(crate) tax_id: String,
    #[serde(default)]
    #[schema(max_length = 200)]
    pub(crate) email: String,
    /// Net days from invoice to due date; without it 60.
    #[schema(minimum = 0, maximum = 3650)]
    pub(crate) payment_terms_days: Option<u16>,
    /// Of documents; without it `en`.
    pub(crate) language: Option<Language>,
    /// Without it `standard`.
    pub(crate) tax_treatment: Option<TaxTreatment>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Customer {
    id: String,
    /// Through which it is billed.
    organisation: String,
    name: String,
    domain: String,
    country: String,
}
page!(CustomerPage, Customer);

impl Customer {
    pub(crate) fn key(&self) -> String {
        self.id.clone()
    }
}

impl From<&party::Customer> for Customer {
    fn from(customer: &party::Customer) -> Self {
        Self {
            id: customer.id.to_string(),
            organisation: customer.billed_party.to_string(),
            name: customer.name.clone(),
            domain: customer.domain.clone(),
            country: customer.country.clone(),
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCustomer {
    #[schema(value_type = String, format = "id")]
    pub(crate) id: CustomerId,
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) name: String,
    #[serde(default)]
    #[schema(max_length = 255)]
    pub(crate) domain: String,
    #[serde(default)]
    #[schema(max_length = 2)]
    pub(crate) country: String,
}

/// Days, the last one not among them; without it there is no end.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Days {
    #[schema(format = "date")]
    from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "date")]
    until: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubscriptionSummary {
    id: String,
    customer: String,
    name: String,
    /// The days on which it earns the partner credit.
    earned_credit: Vec<Days>,
    /// Of its usage: `new_commerce` on one-time invoices, `classic` on recurring ones.
    generation: &'static str,
}
page!(SubscriptionPage, SubscriptionSummary);

impl SubscriptionSummary {
    pub(crate) fn key(&self) -> String {
        self.id.clone()
    }
}

impl From<&party::Subscription> for SubscriptionSummary {
    fn from(subscription: &party::Subscription) -> Self {
        let days = |range: &billing::period::DayRange| Days {
            from: range.from.to_string(),
            until: range.until.map(|day| day.to_string()),
        };
        Self {
            id: subscription.id.to_string(),
            customer: subscription.customer.to_string(),
            name: subscription.name.clone(),
            earned_credit: subscription.earned_credit.iter().map(days).collect(),
            generation: subscription.generation.as_str(),
        }
    }
}

/// A subscription with its changes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Subscription {
    pub(crate) subscription: SubscriptionSummary,
    pub(crate) orders: Vec<Order>,
}
