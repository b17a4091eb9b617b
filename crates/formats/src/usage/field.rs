//! The fields of a usage record and what each source calls them.

/// One field of a usage record, whatever the source names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    RecordId,
    Revision,
    Kind,
    UsageDate,
    CustomerId,
    SubscriptionId,
    SubscriptionName,
    EntitlementId,
    EntitlementName,
    MeterId,
    MeterCategory,
    MeterSubcategory,
    MeterName,
    MeterRegion,
    ProductName,
    PublisherName,
    Quantity,
    QuantityBasis,
    UnitOfMeasure,
    ResourceUri,
    ResourceGroup,
    ResourceLocation,
    ConsumedService,
    Tags,
    AdditionalInfo,
    ServiceInfo1,
    ServiceInfo2,
    ProviderCost,
    ProviderCurrency,
    ChargeType,
}

/// One more than the last field's number.
pub(super) const FIELD_COUNT: usize = Field::ChargeType as usize + 1;

/// What a source calls a field; the first name that a file has counts.
pub(super) struct Named {
    pub(super) field: Field,
    pub(super) names: &'static [&'static str],
    pub(super) required: bool,
}

const fn needed(field: Field, names: &'static [&'static str]) -> Named {
    Named { field, names, required: true }
}

const fn optional(field: Field, names: &'static [&'static str]) -> Named {
    Named { field, names, required: false }
}

/// Quittance's own formats: CSV columns, Parquet columns and JSON members.
pub(super) const OWN: &[Named] = &[
    needed(Field::RecordId, &["record_id"]),
    needed(Field::UsageDate, &["usage_date"]),
    needed(Field::SubscriptionId, &["subscription_id"]),
    needed(Field::MeterId, &["meter_id"]),
    needed(Field::Quantity, &["quantity"]),
    needed(Field::QuantityBasis, &["quantity_basis"]),
    optional(Field::Revision, &["revision"]),
    optional(Field::Kind, &["kind"]),
    optional(Field::CustomerId, &["customer_id"]),
    optional(Field::SubscriptionName, &["subscription_name"]),
    optional(Field::EntitlementId, &["entitlement_id"]),
    optional(Field::EntitlementName, &["entitlement_name"]),
    optional(Field::MeterCategory, &["meter_category"]),
    optional(Field::MeterSubcategory, &["meter_subcategory"]),
    optional(Field::MeterName, &["meter_name"]),
    optional(Field::MeterRegion, &["meter_region"]),
    optional(Field::ProductName, &["product_name"]),
    optional(Field::PublisherName, &["publisher_name"]),
    optional(Field::UnitOfMeasure, &["unit_of_measure"]),
    optional(Field::ResourceUri, &["resource_uri"]),
    optional(Field::ResourceGroup, &["resource_group"]),
    optional(Field::ResourceLocation, &["resource_location"]),
    optional(Field::ConsumedService, &["consumed_service"]),
    optional(Field::Tags, &["tags"]),
    optional(Field::AdditionalInfo, &["additional_info"]),
    optional(Field::ProviderCost, &["provider_cost"]),
    optional(Field::ProviderCurrency, &["provider_currency"]),
];

/// Azure's cost exports. Enterprise files of before 2019 have a numeric `SubscriptionId` beside the
/// GUID, and `ConsumedQuantity`.
pub(super) const AZURE_CSV: &[Named] = &[
    needed(Field::UsageDate, &["Date", "UsageDateTime", "UsageDate"]),
    needed(Field::SubscriptionId, &["SubscriptionGuid", "SubscriptionId"]),
    needed(Field::MeterId, &["MeterId"]),
    needed(Field::Quantity, &["Quantity", "UsageQuantity", CONSUMED_QUANTITY]),
    optional(Field::CustomerId, &["customerTenantId"]),
    optional(Field::SubscriptionName, &["SubscriptionName"]),
    optional(Field::MeterCategory, &["MeterCategory"]),
    optional(Field::MeterSubcategory, &["MeterSubCategory"]),
    optional(Field::MeterName, &["MeterName"]),
    optional(Field::MeterRegion, &["MeterRegion"]),
    optional(Field::ProductName, &["ProductName", "Product"]),
    optional(Field::PublisherName, &["PublisherName"]),
    optional(Field::UnitOfMeasure, &["UnitOfMeasure"]),
    optional(Field::ResourceUri, &["ResourceId", "InstanceId"]),
    optional(Field::ResourceGroup, &["ResourceGroup", "ResourceGroupName"]),
    optional(Field::ResourceLocation, &["ResourceLocation"]),
    optional(Field::ConsumedService, &["ConsumedService"]),
    optional(Field::Tags, &["Tags"]),
    optional(Field::AdditionalInfo, &["AdditionalInfo"]),
    optional(Field::ServiceInfo1, &["ServiceInfo1"]),
    optional(Field::ServiceInfo2, &["ServiceInfo2"]),
    optional(Field::ProviderCost, &["CostInBillingCurrency", "Cost", "PreTaxCost", "ExtendedCost"]),
    optional(Field::ProviderCurrency, &["BillingCurrency", "BillingCurrencyCode", "Currency"]),
    optional(Field::ChargeType, &["ChargeType"]),
];

/// Legacy enterprise files count blocks in this column.
pub(super) const CONSUMED_QUANTITY: &str = "ConsumedQuantity";

/// Members of `properties` in Azure usage details.
pub(super) const AZURE_JSON: &[Named] = &[
    needed(Field::UsageDate, &["usageStart", "date"]),
    needed(Field::SubscriptionId, &["subscriptionGuid", "subscriptionId"]),
    needed(Field::MeterId, &["meterId"]),
    needed(Field::Quantity, &[USAGE_QUANTITY, "quantity"]),
    optional(Field::CustomerId, &["customerTenantId"]),
    optional(Field::SubscriptionName, &["subscriptionName"]),
    optional(Field::ProductName, &["product", "productName"]),
    optional(Field::PublisherName, &["publisherName"]),
    optional(Field::UnitOfMeasure, &["unitOfMeasure"]),
    optional(Field::ResourceUri, &["instanceId", "resourceId"]),
    optional(Field::ResourceGroup, &["resourceGroup", "resourceGroupName"]),
    optional(Field::ResourceLocation, &["instanceLocation", "resourceLocation"]),
    optional(Field::ConsumedService, &["consumedService"]),
    optional(Field::AdditionalInfo, &["additionalProperties", "additionalInfo"]),
    optional(Field::ServiceInfo1, &["serviceInfo1"]),
    optional(Field::ServiceInfo2, &["serviceInfo2"]),
    optional(Field::ProviderCost, &["pretaxCost", "costInBillingCurrency", "cost"]),
    optional(Field::ProviderCurrency, &["currency", "billingCurrency", "billingCurrencyCode"]),
    optional(Field::ChargeType, &["chargeType"]),
];

/// The details of 2017 and 2018 count blocks in this member; later ones count units in `quantity`.
pub(super) const USAGE_QUANTITY: &str = "usageQuantity";

/// Members of `properties.meterDetails`, which is there only when it was asked for.
pub(super) const AZURE_JSON_METER: &[Named] = &[
    optional(Field::MeterName, &["meterName"]),
    optional(Field::MeterCategory, &["meterCategory"]),
    optional(Field::MeterSubcategory, &["meterSubCategory"]),
    optional(Field::MeterRegion, &["meterLocation", "meterRegion"]),
    optional(Field::UnitOfMeasure, &["unit", "unitOfMeasure"]),
];
