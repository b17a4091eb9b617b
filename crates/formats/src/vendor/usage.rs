//! What the usage of the open month comes to so far: summaries and records.

use billing::money::Currency;
use serde::Serialize;

use super::budget::SpendingBudget;
use super::culture::Culture;
use super::datetime::WireDateTime;
use super::envelope::{Links, ResourceAttributes};
use super::number::JsonNumber;
use super::text::{Guid, Text};

/// What usage costs so far. The older commerce names its currency by a culture, the modern one by its code: a client
/// tells the two apart by that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageCost {
    total_cost: JsonNumber,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency_locale: Option<Culture>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency_code: Option<Currency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usd_total_cost: Option<JsonNumber>,
    last_modified_date: WireDateTime,
}

impl UsageCost {
    /// Of the older commerce.
    #[must_use]
    pub fn in_culture(total_cost: JsonNumber, culture: Option<Culture>, as_of: WireDateTime) -> Self {
        Self {
            total_cost,
            currency_locale: culture,
            currency_code: None,
            usd_total_cost: None,
            last_modified_date: as_of,
        }
    }

    /// Of the modern one; in dollars as well where all of it is priced in them.
    #[must_use]
    pub fn in_currency(
        total_cost: JsonNumber,
        currency: Currency,
        usd_total_cost: Option<JsonNumber>,
        as_of: WireDateTime,
    ) -> Self {
        Self {
            total_cost,
            currency_locale: None,
            currency_code: Some(currency),
            usd_total_cost,
            last_modified_date: as_of,
        }
    }
}

/// Whose usage it is. Some clients read the one pair of names, some the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageOf {
    resource_id: Guid,
    id: Guid,
    resource_name: Text,
    name: Text,
}

impl UsageOf {
    #[must_use]
    pub fn new(id: &str, name: &str) -> Self {
        Self { resource_id: id.into(), id: id.into(), resource_name: name.into(), name: name.into() }
    }
}

/// A month of a partner, a customer or a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageSummary<T> {
    #[serde(flatten)]
    own: T,
    #[serde(flatten)]
    of: UsageOf,
    billing_start_date: WireDateTime,
    /// The first day of the next month, unlike that of an invoice.
    billing_end_date: WireDateTime,
    #[serde(flatten)]
    cost: UsageCost,
    links: Links,
    attributes: ResourceAttributes,
}

impl<T: UsageResource> UsageSummary<T> {
    #[must_use]
    pub fn new(own: T, of: UsageOf, (start, end): (WireDateTime, WireDateTime), cost: UsageCost, links: Links) -> Self {
        let attributes = ResourceAttributes::of(T::OBJECT_TYPE);
        Self { own, of, billing_start_date: start, billing_end_date: end, cost, links, attributes }
    }
}

/// One of several parts that usage is summed by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UsageRecord<T> {
    #[serde(flatten)]
    own: T,
    #[serde(flatten)]
    cost: UsageCost,
    attributes: ResourceAttributes,
}

impl<T: UsageResource> UsageRecord<T> {
    #[must_use]
    pub fn new(own: T, cost: UsageCost) -> Self {
        Self { own, cost, attributes: ResourceAttributes::of(T::OBJECT_TYPE) }
    }
}

/// What a summary or a record has of its own.
pub trait UsageResource: Serialize {
    const OBJECT_TYPE: &'static str;
}

macro_rules! resources {
    ($($type:ident = $object_type:literal;)*) => {
        $(impl UsageResource for $type {
            const OBJECT_TYPE: &'static str = $object_type;
        })*
    };
}

resources! {
    PartnerUsage = "PartnerUsageSummary";
    CustomerUsage = "CustomerUsageSummary";
    SubscriptionUsage = "SubscriptionUsageSummary";
    CustomerMonthlyUsage = "CustomerMonthlyUsageRecord";
    SubscriptionMonthlyUsage = "SubscriptionMonthlyUsageRecord";
    MeterUsage = "MeterUsageRecord";
    ResourceUsage = "ResourceUsageRecord";
    AzureResourceMonthlyUsage = "AzureResourceMonthlyUsageRecord";
    SubscriptionDailyUsage = "SubscriptionDailyUsageRecord";
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartnerUsage {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub emails_to_notify: Vec<Text>,
    pub customers_over_budget: i32,
    pub customers_trending_over: i32,
    pub customers_with_usage_based_subscription: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CustomerUsage {
    pub budget: SpendingBudget,
}

/// Nothing besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubscriptionUsage {}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerMonthlyUsage {
    pub budget: SpendingBudget,
    /// Of the budget, in percent; 0 without one.
    pub percent_used: JsonNumber,
    /// Whether the customer has a plan of the modern commerce.
    pub is_upgraded: bool,
    #[serde(flatten)]
    pub of: UsageOf,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionMonthlyUsage {
    pub status: SubscriptionStatus,
    #[serde(skip_serializing_if = "Text::is_empty")]
    pub partner_on_record: Text,
    #[serde(flatten)]
    pub of: UsageOf,
}

/// Whether a subscription can be used. The books know no other state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionStatus {
    Active,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MeterUsage {
    pub subscription_id: Guid,
    pub meter_id: Text,
    pub meter_name: Text,
    #[serde(flatten)]
    pub metered: Metered,
}

/// What a meter counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metered {
    pub category: Text,
    pub subcategory: Text,
    pub quantity_used: JsonNumber,
    pub unit: Text,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceUsage {
    pub subscription_id: Guid,
    pub resource_uri: Text,
    pub resource_type: Text,
    #[serde(skip_serializing_if = "Guid::is_empty")]
    pub entitlement_id: Guid,
    pub entitlement_name: Text,
    pub resource_group_name: Text,
    pub name: Text,
    pub resource_name: Text,
}

/// A meter of a subscription; the older commerce calls meters resources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AzureResourceMonthlyUsage {
    #[serde(flatten)]
    pub metered: Metered,
    #[serde(flatten)]
    pub of: UsageOf,
}

/// A meter of a subscription on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionDailyUsage {
    pub date_used: WireDateTime,
    #[serde(flatten)]
    pub of: UsageOf,
}

#[cfg(test)]
mod tests {
    use super::*;
    use billing::decimal::Decimal;
    use jiff::civil::date;

    fn number(text: &str) -> JsonNumber {
        text.parse::<Decimal>().unwrap().into()
    }

    #[test]
    fn costs_are_told_as_each_commerce_tells_them() {
        let as_of = WireDateTime::from(date(2026, 11, 10));
        let own = |day| SubscriptionDailyUsage { date_used: day, of: UsageOf::new("A-1", "S1") };
        let culture = Culture::of("fr", "FR", Currency::EUR);
        let of = r#"{"dateUsed":"2026-11-10T00:00:00Z","resourceId":"a-1","id":"a-1","resourceName":"S1","name":"S1""#;
        let tail =
            r#""lastModifiedDate":"2026-11-10T00:00:00Z","attributes":{"objectType":"SubscriptionDailyUsageRecord"}}"#;
        let classic = UsageRecord::new(own(as_of), UsageCost::in_culture(number("57"), culture, as_of));
        let expected = format!(r#"{of},"totalCost":57,"currencyLocale":"fr-FR",{tail}"#);
        assert_eq!(serde_json::to_string(&classic).unwrap(), expected);
        let usd = Some(number("37.2096"));
        let cost = UsageCost::in_currency(number("34.232832"), Currency::EUR, usd, as_of);
        let modern = serde_json::to_string(&UsageRecord::new(own(as_of), cost)).unwrap();
        let expected = format!(r#"{of},"totalCost":34.232832,"currencyCode":"EUR","usdTotalCost":37.2096,{tail}"#);
        assert_eq!(modern, expected);
    }
}
