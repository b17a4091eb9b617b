//! A day's use as a utilization record.

use formats::vendor::{AzureUtilizationRecord, InstanceData, ResourceAttributes, StringMap, Text, UtilizedMeter};
use jiff::ToSpan;
use jiff::civil::Date;

use crate::uses::Use;

/// One use. What was reported of its instance beside the resource stands in `infoFields`.
#[must_use]
pub fn utilization_record(of: &Use) -> AzureUtilizationRecord {
    let instance = of.instance.as_ref();
    let services = instance
        .map(|instance| {
            [("serviceInfo1", instance.service_info1.as_str()), ("serviceInfo2", instance.service_info2.as_str())]
        })
        .unwrap_or_default();
    AzureUtilizationRecord {
        usage_start_time: of.day.into(),
        usage_end_time: of.day.checked_add(1.day()).unwrap_or(Date::MAX).into(),
        resource: UtilizedMeter {
            id: of.meter_id.as_str().into(),
            name: of.meter.name.as_str().into(),
            category: of.meter.category.as_str().into(),
            subcategory: of.meter.subcategory.as_str().into(),
            region: of.meter.region.as_str().into(),
        },
        quantity: of.quantity.into(),
        unit: of.unit.as_str().into(),
        info_fields: StringMap::from_pairs(services),
        instance_data: instance.map(|instance| InstanceData {
            resource_uri: instance.uri.as_str().into(),
            location: instance.location.as_str().into(),
            part_number: Text::default(),
            order_number: Text::default(),
            tags: StringMap::from_json(&instance.tags),
            additional_info: StringMap::from_json(&instance.additional_info),
        }),
        attributes: ResourceAttributes::UTILIZATION_RECORD,
    }
}
