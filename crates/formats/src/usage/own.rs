//! Quittance's own formats: every record has an id, and says what its quantity counts.

use billing::uom::QuantityBasis;
use billing::usage::{RecordOrigin, ResourceDescription, UsageKind, UsageRecord};

use super::field::Field;
use super::row::{self, Row};
use super::tags;
use crate::error::{Fault, RejectedLine};
use crate::number;

/// One record of CSV, JSON Lines or Parquet.
pub(super) fn own_record(row: &impl Row) -> Result<UsageRecord, RejectedLine> {
    let text = |field| row.text(field).to_owned();
    let kind = kind(row)?;
    let quantity = row::quantity(row)?;
    if kind == UsageKind::Usage && quantity.is_zero() {
        let fault = Fault::new("usage.line.quantity_zero", "the quantity of usage is zero");
        return Err(row.reject(Field::Quantity, fault));
    }
    if kind == UsageKind::Usage && quantity.is_negative() {
        let message = "the quantity of usage is negative; only a record of kind correction may be";
        return Err(row.reject(Field::Quantity, Fault::new("usage.line.quantity_negative", message)));
    }
    Ok(UsageRecord {
        origin: RecordOrigin::Own { record_id: row::needed_id(row, Field::RecordId)?, revision: revision(row)? },
        kind,
        usage_date: row::day(row, number::iso_date)?,
        customer_id: row::optional_id(row, Field::CustomerId)?,
        subscription_id: row::needed_id(row, Field::SubscriptionId)?,
        subscription_name: text(Field::SubscriptionName),
        entitlement_id: row::optional_id(row, Field::EntitlementId)?,
        entitlement_name: text(Field::EntitlementName),
        meter_id: row::needed_id(row, Field::MeterId)?,
        meter: row::meter(row),
        product_name: text(Field::ProductName),
        publisher_name: text(Field::PublisherName),
        quantity,
        quantity_basis: basis(row)?,
        unit_of_measure: text(Field::UnitOfMeasure),
        resource: ResourceDescription {
            uri: text(Field::ResourceUri),
            group: text(Field::ResourceGroup),
            location: text(Field::ResourceLocation),
            consumed_service: text(Field::ConsumedService),
            tags: tags::checked(row.text(Field::Tags)).map_err(|fault| row.reject(Field::Tags, fault))?,
            additional_info: text(Field::AdditionalInfo),
            service_info1: String::new(),
            service_info2: String::new(),
        },
        provider_cost: row::provider_cost(row)?,
    })
}

fn kind(row: &impl Row) -> Result<UsageKind, RejectedLine> {
    match row.text(Field::Kind) {
        "" | "usage" => Ok(UsageKind::Usage),
        "correction" => Ok(UsageKind::Correction),
        other => {
            let message = format!("{:?} is neither usage nor correction", number::excerpt(other));
            Err(row.reject(Field::Kind, Fault::new("usage.line.kind_unknown", message)))
        }
    }
}

fn basis(row: &impl Row) -> Result<QuantityBasis, RejectedLine> {
    match row::basis_text(row)? {
        "blocks" => Ok(QuantityBasis::Blocks),
        "units" => Ok(QuantityBasis::Units),
        other => {
            let message = format!("{:?} is neither blocks nor units", number::excerpt(other));
            Err(row.reject(Field::QuantityBasis, Fault::new("usage.line.quantity_basis_unknown", message)))
        }
    }
}

fn revision(row: &impl Row) -> Result<u32, RejectedLine> {
    let text = row.text(Field::Revision);
    if text.is_empty() {
        return Ok(0);
    }
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten().ok_or_else(|| {
        let message = format!("{:?} is not a whole number from 0 to {}", number::excerpt(text), u32::MAX);
        row.reject(Field::Revision, Fault::new("usage.line.revision_malformed", message))
    })
}
