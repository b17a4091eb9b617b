//! Azure's cost exports and usage details.
//!
//! Negative and zero quantities are taken as they are: providers correct that way (RT-5).

use billing::uom::QuantityBasis;
use billing::usage::{RecordOrigin, ResourceDescription, UsageKind, UsageRecord};

use super::field::Field;
use super::row::{self, Row};
use super::tags;
use crate::error::{Fault, RejectedLine};
use crate::number;

pub(super) fn azure_record(row: &impl Row, quantity_basis: QuantityBasis) -> Result<UsageRecord, RejectedLine> {
    let text = |field| row.text(field).to_owned();
    check_charge_type(row)?;
    let uri = row.text(Field::ResourceUri);
    let group = match row.text(Field::ResourceGroup) {
        "" => resource_group_of(uri),
        group => group,
    };
    Ok(UsageRecord {
        origin: RecordOrigin::ProviderRow,
        kind: UsageKind::Usage,
        usage_date: row::day(row, number::date)?,
        customer_id: row::optional_id(row, Field::CustomerId)?,
        subscription_id: row::needed_id(row, Field::SubscriptionId)?,
        subscription_name: text(Field::SubscriptionName),
        entitlement_id: row::optional_id(row, Field::SubscriptionId)?,
        entitlement_name: text(Field::SubscriptionName),
        meter_id: row::needed_id(row, Field::MeterId)?,
        meter: row::meter(row),
        product_name: text(Field::ProductName),
        publisher_name: text(Field::PublisherName),
        quantity: row::quantity(row)?,
        quantity_basis,
        unit_of_measure: text(Field::UnitOfMeasure),
        resource: ResourceDescription {
            uri: uri.to_owned(),
            group: group.to_owned(),
            location: text(Field::ResourceLocation),
            consumed_service: text(Field::ConsumedService),
            tags: tags::normalised(row.text(Field::Tags)),
            additional_info: text(Field::AdditionalInfo),
            service_info1: text(Field::ServiceInfo1),
            service_info2: text(Field::ServiceInfo2),
        },
        provider_cost: row::provider_cost(row)?,
    })
}

/// Purchases, refunds, taxes and unused reservations are no metered use.
fn check_charge_type(row: &impl Row) -> Result<(), RejectedLine> {
    let charge_type = row.text(Field::ChargeType);
    if charge_type.is_empty() || charge_type.eq_ignore_ascii_case("Usage") {
        return Ok(());
    }
    let message = format!("a charge of type {} is no usage", number::excerpt(charge_type));
    Err(row.reject(Field::ChargeType, Fault::new("usage.line.charge_type_unsupported", message)))
}

/// `rg` of `/subscriptions/…/resourceGroups/rg/providers/…`; the word's case varies.
fn resource_group_of(uri: &str) -> &str {
    let mut parts = uri.split('/');
    match parts.by_ref().find(|part| part.eq_ignore_ascii_case("resourceGroups")) {
        Some(_) => parts.next().unwrap_or(""),
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::resource_group_of;

    #[test]
    fn the_resource_group_is_read_from_the_uri() {
        assert_eq!(resource_group_of("/subscriptions/1/resourceGroups/RITEST/providers/x/y/z"), "RITEST");
        assert_eq!(resource_group_of("/subscriptions/1/resourcegroups/rg"), "rg");
        assert_eq!(resource_group_of("/subscriptions/1/resourceGroups"), "");
        assert_eq!(resource_group_of("/providers/Microsoft.Capacity/reservationOrders/1"), "");
    }
}
