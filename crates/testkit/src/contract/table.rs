//! The tables of the contract.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::json::Json;

/// One resource.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    pub(super) resource: String,
    /// What `attributes.objectType` says.
    #[serde(default)]
    pub(super) object_type: Option<String>,
    pub(super) properties: Vec<Property>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Property {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) json_type: JsonType,
    pub(super) required: bool,
    pub(super) nullable: bool,
    #[serde(default)]
    pub(super) format: Option<String>,
    /// The words of an enum.
    #[serde(default)]
    pub(super) values: Vec<String>,
    /// The table of an object or of the elements of an array.
    #[serde(default)]
    pub(super) of: Option<String>,
    /// The member that names the currency of an amount.
    #[serde(default)]
    pub(super) currency: Option<String>,
    #[serde(default)]
    pub(super) sign: Option<Sign>,
    /// In characters.
    #[serde(default)]
    pub(super) length_max: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum JsonType {
    String,
    Number,
    /// A number token without point and exponent.
    Integer,
    Boolean,
    Object,
    Array,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Sign {
    ZeroOrNegative,
    ZeroOrPositive,
}

impl JsonType {
    pub(super) fn fits(self, value: &Json) -> bool {
        match (self, value) {
            (Self::Integer, Json::Number(token)) => !token.contains(['.', 'e', 'E']),
            (Self::String, Json::Text(_))
            | (Self::Number, Json::Number(_))
            | (Self::Boolean, Json::Bool)
            | (Self::Object, Json::Object(_))
            | (Self::Array, Json::Array(_)) => true,
            _ => false,
        }
    }
}

const FILES: [&str; 42] = [
    include_str!("../../contract/azure_resource_monthly_usage_record.json"),
    include_str!("../../contract/azure_utilization_record.json"),
    include_str!("../../contract/collection.json"),
    include_str!("../../contract/customer_monthly_usage_record.json"),
    include_str!("../../contract/customer_usage_summary.json"),
    include_str!("../../contract/daily_rated_usage_line_item.json"),
    include_str!("../../contract/daily_usage_line_item.json"),
    include_str!("../../contract/early_export_manifest.json"),
    include_str!("../../contract/early_export_operation.json"),
    include_str!("../../contract/error.json"),
    include_str!("../../contract/estimate_link.json"),
    include_str!("../../contract/export_blob.json"),
    include_str!("../../contract/graph_export_manifest.json"),
    include_str!("../../contract/graph_export_operation.json"),
    include_str!("../../contract/invoice.json"),
    include_str!("../../contract/invoice_detail.json"),
    include_str!("../../contract/invoice_summary.json"),
    include_str!("../../contract/invoice_summary_detail.json"),
    include_str!("../../contract/license_based_line_item.json"),
    include_str!("../../contract/link.json"),
    include_str!("../../contract/link_header.json"),
    include_str!("../../contract/links.json"),
    include_str!("../../contract/meter_usage_record.json"),
    include_str!("../../contract/one_time_invoice_line_item.json"),
    include_str!("../../contract/operation_error.json"),
    include_str!("../../contract/partner_usage_summary.json"),
    include_str!("../../contract/reconciliation_export_row.json"),
    include_str!("../../contract/reconciliation_export_row_basic.json"),
    include_str!("../../contract/resource_attributes.json"),
    include_str!("../../contract/resource_usage_record.json"),
    include_str!("../../contract/spending_budget.json"),
    include_str!("../../contract/subscription_daily_usage_record.json"),
    include_str!("../../contract/subscription_monthly_usage_record.json"),
    include_str!("../../contract/subscription_usage_summary.json"),
    include_str!("../../contract/tax_receipt.json"),
    include_str!("../../contract/throttled.json"),
    include_str!("../../contract/usage_based_line_item.json"),
    include_str!("../../contract/usage_export_row.json"),
    include_str!("../../contract/usage_export_row_basic.json"),
    include_str!("../../contract/usage_export_row_early_basic.json"),
    include_str!("../../contract/utilization_instance.json"),
    include_str!("../../contract/utilized_resource.json"),
];

static TABLES: LazyLock<Result<BTreeMap<String, Table>, String>> = LazyLock::new(|| {
    let mut tables = BTreeMap::new();
    for file in FILES {
        let table: Table = serde_json::from_str(file).map_err(|error| format!("{error} in {file:.60}"))?;
        tables.insert(table.resource.clone(), table);
    }
    Ok(tables)
});

pub(super) fn all() -> Result<impl Iterator<Item = &'static Table>, String> {
    TABLES.as_ref().map(BTreeMap::values).map_err(Clone::clone)
}

/// The table of a resource.
pub(super) fn named(resource: &str) -> Result<&'static Table, String> {
    let known = all()?.find(|table| table.resource == resource);
    known.ok_or_else(|| format!("there is no table {resource:?}"))
}
