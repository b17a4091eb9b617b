//! Usage records: what was consumed, by whom, on which day, and how a record is recognised.
//!
//! Rule: docs/rules/record-identity.md. Quantities are exact decimals in the basis that the
//! source states; nothing here is rounded.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::decimal::Decimal;
use crate::ids::{CustomerId, EntitlementId, MeterId, RecordId, SubscriptionId};
use crate::money::Currency;
use crate::uom::QuantityBasis;

/// Quantities and provider costs have at most this many digits before the point ...
pub const INTEGER_DIGITS_MAX: u32 = 12;
/// ... and at most this many after it, so that any file of them fits 38 digits.
pub const DECIMALS_MAX: u8 = 26;

/// Whether `value` is inside the range that usage is stored in.
#[must_use]
pub fn is_storable(value: Decimal) -> bool {
    let limit = Decimal::new(10_i128.pow(INTEGER_DIGITS_MAX), 0).unwrap_or_default();
    value.scale() <= DECIMALS_MAX && value.abs().is_ok_and(|magnitude| magnitude < limit)
}

/// What a record reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageKind {
    Usage,
    /// Takes back earlier usage; the only kind that may be negative in Quittance's own formats (RT-5).
    Correction,
}

/// How a record is told from others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordOrigin {
    /// Quittance's own formats name each record; a higher revision restates it.
    Own { record_id: RecordId, revision: u32 },
    /// A provider's row: its content, and its occurrence among equal rows of one file.
    ProviderRow,
}

/// What a meter measures, in the provider's words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct MeterDescription {
    pub category: String,
    pub subcategory: String,
    pub name: String,
    pub region: String,
}

/// A cost that a provider states beside the usage. Kept for comparison, never mixed with our rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderCost {
    /// Exact, in units of `currency` (not minor units).
    pub amount: Decimal,
    pub currency: Currency,
}

/// Where the usage happened; free text of the provider.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ResourceDescription {
    pub uri: String,
    pub group: String,
    pub location: String,
    pub consumed_service: String,
    /// `""` or the text of a JSON object.
    pub tags: String,
    pub additional_info: String,
    pub service_info1: String,
    pub service_info2: String,
}

/// One day's use of one meter by one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRecord {
    pub origin: RecordOrigin,
    pub kind: UsageKind,
    /// The UTC day of the use; decides price and credit (RT-9).
    pub usage_date: Date,
    /// Absent in files that know subscriptions only.
    pub customer_id: Option<CustomerId>,
    /// The plan or subscription that is billed.
    pub subscription_id: SubscriptionId,
    pub subscription_name: String,
    /// The technical subscription below the plan.
    pub entitlement_id: Option<EntitlementId>,
    pub entitlement_name: String,
    pub meter_id: MeterId,
    pub meter: MeterDescription,
    pub product_name: String,
    pub publisher_name: String,
    pub quantity: Decimal,
    pub quantity_basis: QuantityBasis,
    /// As the source writes it; may be empty, then the price's unit is meant.
    pub unit_of_measure: String,
    pub resource: ResourceDescription,
    pub provider_cost: Option<ProviderCost>,
}

/// 16 bytes that name one record for ever.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey(pub [u8; 16]);

/// 16 bytes over a record's content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentDigest(pub [u8; 16]);

impl std::fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for ContentDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn half(hasher: Sha256) -> [u8; 16] {
    let digest: [u8; 32] = hasher.finalize().into();
    let mut half = [0; 16];
    half.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    half
}

/// Feeds fields with their length in front, so that no two field lists give the same bytes.
struct FieldHasher(Sha256);

impl FieldHasher {
    fn field(&mut self, bytes: &[u8]) {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.0.update(length.to_be_bytes());
        self.0.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.field(text.as_bytes());
    }

    fn number(&mut self, number: Decimal) {
        self.field(&number.mantissa().to_be_bytes());
        self.field(&[number.scale()]);
    }
}

impl UsageRecord {
    /// The digest of everything but the origin; the same row read again, from whatever format,
    /// has the same digest.
    #[must_use]
    pub fn content_digest(&self) -> ContentDigest {
        let mut hasher = FieldHasher(Sha256::new());
        hasher.text("usage/1");
        hasher.text(match self.kind {
            UsageKind::Usage => "usage",
            UsageKind::Correction => "correction",
        });
        let day = self.usage_date;
        hasher.field(&day.year().to_be_bytes());
        hasher.field(&[day.month().unsigned_abs(), day.day().unsigned_abs()]);
        hasher.text(self.customer_id.as_ref().map_or("", CustomerId::as_str));
        hasher.text(self.subscription_id.as_str());
        hasher.text(self.entitlement_id.as_ref().map_or("", EntitlementId::as_str));
        hasher.text(self.meter_id.as_str());
        hasher.number(self.quantity);
        hasher.text(match self.quantity_basis {
            QuantityBasis::Blocks => "blocks",
            QuantityBasis::Units => "units",
        });
        hasher.text(&self.unit_of_measure);
        if let Some(cost) = self.provider_cost {
            hasher.number(cost.amount);
            hasher.text(cost.currency.code());
        }
        let resource = &self.resource;
        for text in [
            &self.subscription_name,
            &self.entitlement_name,
            &self.product_name,
            &self.publisher_name,
            &self.meter.category,
            &self.meter.subcategory,
            &self.meter.name,
            &self.meter.region,
            &resource.uri,
            &resource.group,
            &resource.location,
            &resource.consumed_service,
            &resource.tags,
            &resource.additional_info,
            &resource.service_info1,
            &resource.service_info2,
        ] {
            hasher.text(text);
        }
        ContentDigest(half(hasher.0))
    }

    /// The key that this record is known by. `occurrence` counts equal provider rows of one file
    /// from 0; own records ignore it.
    #[must_use]
    pub fn key(&self, content: ContentDigest, occurrence: u32) -> RecordKey {
        let mut hasher = FieldHasher(Sha256::new());
        match &self.origin {
            RecordOrigin::Own { record_id, .. } => {
                hasher.text("own");
                hasher.text(record_id.as_str());
            }
            RecordOrigin::ProviderRow => {
                hasher.text("row");
                hasher.field(&content.0);
                hasher.field(&occurrence.to_be_bytes());
            }
        }
        RecordKey(half(hasher.0))
    }

    /// 0 for provider rows.
    #[must_use]
    pub fn revision(&self) -> u32 {
        match self.origin {
            RecordOrigin::Own { revision, .. } => revision,
            RecordOrigin::ProviderRow => 0,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn record() -> UsageRecord {
        UsageRecord {
            origin: RecordOrigin::Own { record_id: "r-1".parse().unwrap(), revision: 0 },
            kind: UsageKind::Usage,
            usage_date: jiff::civil::date(2026, 9, 14),
            customer_id: Some("customer-1".parse().unwrap()),
            subscription_id: "plan-1".parse().unwrap(),
            subscription_name: String::new(),
            entitlement_id: None,
            entitlement_name: String::new(),
            meter_id: "meter-1".parse().unwrap(),
            meter: MeterDescription::default(),
            product_name: String::new(),
            publisher_name: String::new(),
            quantity: Decimal::ONE,
            quantity_basis: QuantityBasis::Units,
            unit_of_measure: String::new(),
            resource: ResourceDescription::default(),
            provider_cost: None,
        }
    }

    #[test]
    fn content_changes_with_every_field_and_never_with_the_origin() {
        let base = record();
        let mut other_origin = record();
        other_origin.origin = RecordOrigin::ProviderRow;
        assert_eq!(base.content_digest(), other_origin.content_digest());

        let changes: [fn(&mut UsageRecord); 8] = [
            |r| r.kind = UsageKind::Correction,
            |r| r.usage_date = jiff::civil::date(2026, 9, 15),
            |r| r.customer_id = None,
            |r| r.subscription_id = "plan-2".parse().unwrap(),
            |r| r.quantity = Decimal::from_integer(2),
            |r| r.quantity_basis = QuantityBasis::Blocks,
            |r| r.resource.tags = "{}".to_owned(),
            |r| r.provider_cost = Some(ProviderCost { amount: Decimal::ONE, currency: Currency::USD }),
        ];
        for (i, change) in changes.iter().enumerate() {
            let mut changed = record();
            change(&mut changed);
            assert_ne!(base.content_digest(), changed.content_digest(), "change {i}");
        }
    }

    #[test]
    fn own_records_are_known_by_id_and_rows_by_content_and_occurrence() {
        let own = record();
        let digest = own.content_digest();
        assert_eq!(own.key(digest, 0), own.key(digest, 7));
        let mut row = record();
        row.origin = RecordOrigin::ProviderRow;
        assert_ne!(row.key(digest, 0), row.key(digest, 1));
        assert_ne!(row.key(digest, 0), own.key(digest, 0));
    }

    #[test]
    fn the_storable_range_is_what_38_digits_hold() {
        for (text, expected) in [("999999999999.9", true), ("1000000000000", false), ("-1e-26", true), ("1e-27", false)]
        {
            assert_eq!(is_storable(text.parse().unwrap()), expected, "{text}");
        }
    }
}
