//! The usage of one day: nearly every resource reports once.

use billing::decimal::{Decimal, DecimalError};
use billing::ids::IdError;
use billing::uom::QuantityBasis;
use billing::usage::{MeterDescription, RecordKey, RecordOrigin, ResourceDescription, UsageKind, UsageRecord};
use jiff::ToSpan;
use jiff::civil::Date;

use crate::chance::{Chance, Purpose};
use crate::skew::Skewed;
use crate::world::{DAYS, FIRST_DAY, World};

pub(crate) const QUANTITY_DECIMALS: u8 = 10;
const QUANTITY_ONE: u64 = 10_u64.pow(QUANTITY_DECIMALS as u32);

/// How a day differs from the resource's ordinary one.
const DAILY: Skewed = Skewed { middle: 0, spread: 577 };

/// One row of usage.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    /// Counts from 1 over the month.
    pub(crate) number: u64,
    /// Place of the resource.
    pub(crate) resource: usize,
    /// At [`QUANTITY_DECIMALS`].
    pub(crate) quantity: u64,
}

/// So many that on each day one in 21 does not report.
pub(crate) fn resource_count(rows: u64) -> Result<u32, std::num::TryFromIntError> {
    u32::try_from(rows.div_ceil(u64::from(DAYS)) * 21 / 20 + 1)
}

/// The rows of a day are numbered from `first_row_before(day) + 1` on.
pub(crate) fn first_row_before(rows: u64, day: u8) -> u64 {
    rows * u64::from(day) / u64::from(DAYS)
}

pub(crate) fn date_of(day: u8) -> Date {
    FIRST_DAY.saturating_add(i64::from(day).days())
}

/// The rows of a day (from 0), in the order of the resources.
pub(crate) fn rows_of_day(world: &World, seed: u64, rows: u64, day: u8) -> impl Iterator<Item = Row> + '_ {
    let mut chance = Chance::new(seed, Purpose::Usage(day));
    let (before, through) = (first_row_before(rows, day), first_row_before(rows, day + 1));
    let resource_count = world.resources.len();
    let mut number = before;
    (0..resource_count).filter_map(move |resource| {
        // As many of those that are left as rows are missing, all with the same chance.
        let left = (resource_count - resource) as u64;
        if chance.below(left) >= through - number {
            return None;
        }
        number += 1;
        let logarithm = world.resources[resource].quantity_logarithm + DAILY.logarithm(&mut chance);
        let quantity = with_fewer_decimals(world.powers.times(QUANTITY_ONE, logarithm), &mut chance);
        Some(Row { number, resource, quantity })
    })
}

/// Most meters report six decimals, some all ten and some only four.
fn with_fewer_decimals(quantity: u64, chance: &mut Chance) -> u64 {
    let unit = match chance.below(10) {
        0..3 => 1,
        3..8 => 10_u64.pow(4),
        _ => 10_u64.pow(6),
    };
    (quantity - quantity % unit).max(unit)
}

/// The row as a record of Quittance's own formats.
pub(crate) fn record(world: &World, date: Date, row: Row) -> crate::Outcome<UsageRecord> {
    let resource = world.resources[row.resource];
    let subscription = &world.subscriptions[resource.subscription as usize];
    Ok(UsageRecord {
        origin: origin(row.number)?,
        kind: UsageKind::Usage,
        usage_date: date,
        customer_id: Some(subscription.customer.clone()),
        subscription_id: subscription.id.clone(),
        subscription_name: String::new(),
        entitlement_id: None,
        entitlement_name: String::new(),
        meter_id: world.meters[resource.meter as usize].clone(),
        meter: MeterDescription::default(),
        product_name: String::new(),
        publisher_name: String::new(),
        quantity: quantity(row)?,
        quantity_basis: QuantityBasis::Blocks,
        unit_of_measure: String::new(),
        resource: ResourceDescription {
            uri: world.uri(row.resource),
            group: world.groups[usize::from(resource.group)].clone(),
            tags: world.tags[usize::from(resource.tags)].clone(),
            ..ResourceDescription::default()
        },
        provider_cost: None,
    })
}

fn origin(number: u64) -> Result<RecordOrigin, IdError> {
    Ok(RecordOrigin::Own { record_id: format!("r-{number:09}").parse()?, revision: 1 })
}

fn quantity(row: Row) -> Result<Decimal, DecimalError> {
    Decimal::new(i128::from(row.quantity), QUANTITY_DECIMALS)
}

/// The peers' order: rows of one counter and day, which are neighbours here, are numbered in the order
/// of their record keys, by which ours come (RI-4). Answers rows with their line ids.
pub(crate) fn with_line_ids(rows: &[(Row, RecordKey)], world: &World) -> Vec<(Row, u64)> {
    let counter = |row: &Row| {
        let resource = world.resources[row.resource];
        (resource.subscription, resource.meter)
    };
    let mut numbered = Vec::with_capacity(rows.len());
    for group in rows.chunk_by(|(a, _), (b, _)| counter(a) == counter(b)) {
        let mut keys: Vec<RecordKey> = group.iter().map(|(_, key)| *key).collect();
        keys.sort_unstable();
        let first = group.first().map_or(0, |(row, _)| row.number);
        let place = |key| u64::try_from(keys.partition_point(|known| *known < key)).unwrap_or(u64::MAX);
        numbered.extend(group.iter().map(|(row, key)| (*row, first + place(*key))));
    }
    numbered
}
