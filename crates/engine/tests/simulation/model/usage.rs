//! Which records count: every record once, its highest revision, until its month was closed for anybody.

use std::collections::BTreeMap;

use billing::period::BillingPeriod;
use billing::usage::{RecordKey, RecordOrigin, UsageKind, UsageRecord};
use jiff::civil::Date;

use crate::scene::{METERS, NEWCOMER, PLANS};

/// A line of a usage file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) revision: u32,
    pub(crate) day: Date,
    pub(crate) plan: usize,
    pub(crate) meter: usize,
    /// In hundredths of blocks, or of units where the meter counts them.
    pub(crate) hundredths: i64,
    /// The quantity is no number.
    pub(crate) is_malformed: bool,
}

pub(crate) const USAGE_HEADER: &str =
    "record_id,revision,kind,usage_date,customer_id,subscription_id,meter_id,quantity,quantity_basis";

impl Row {
    pub(crate) fn text(&self) -> String {
        let Self { id, revision, day, .. } = self;
        let ((plan, customer, _), meter) = (PLANS[self.plan], &METERS[self.meter]);
        let kind = if self.hundredths < 0 { "correction" } else { "usage" };
        let quantity = if self.is_malformed { "many".to_owned() } else { decimal(self.hundredths.into(), 2) };
        let basis = if meter.counts_units { "units" } else { "blocks" };
        format!("{id},{revision},{kind},{day},{customer},{plan},{},{quantity},{basis}\n", meter.id)
    }

    pub(crate) fn month(&self) -> BillingPeriod {
        BillingPeriod::containing(self.day).unwrap()
    }

    /// Blocks of the price, in thousandths.
    pub(crate) fn thousandths(&self) -> i128 {
        i128::from(self.hundredths) * if METERS[self.meter].counts_units { 1 } else { 10 }
    }

    fn says(&self) -> (Date, usize, usize, i64) {
        (self.day, self.plan, self.meter, self.hundredths)
    }

    /// By which records of one day are in order (RI-4).
    fn key(&self) -> RecordKey {
        let record = UsageRecord {
            origin: RecordOrigin::Own { record_id: self.id.parse().unwrap(), revision: 0 },
            kind: UsageKind::Usage,
            usage_date: self.day,
            customer_id: None,
            subscription_id: PLANS[self.plan].0.parse().unwrap(),
            subscription_name: String::new(),
            entitlement_id: None,
            entitlement_name: String::new(),
            meter_id: METERS[self.meter].id.parse().unwrap(),
            meter: billing::usage::MeterDescription::default(),
            product_name: String::new(),
            publisher_name: String::new(),
            quantity: billing::decimal::Decimal::ZERO,
            quantity_basis: billing::uom::QuantityBasis::Blocks,
            unit_of_measure: String::new(),
            resource: billing::usage::ResourceDescription::default(),
            provider_cost: None,
        };
        record.key(record.content_digest(), 0)
    }
}

/// `123456` with two decimals is `1234.56`.
pub(crate) fn decimal(value: i128, decimals: usize) -> String {
    let digits = format!("{:0width$}", value.unsigned_abs(), width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    format!("{}{whole}.{fraction}", if value < 0 { "-" } else { "" })
}

/// A record and what became of it.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) key: RecordKey,
    pub(crate) versions: BTreeMap<u32, Row>,
    /// The period that billed it.
    pub(crate) billed_in: Option<BillingPeriod>,
}

impl Record {
    /// The version that counts.
    pub(crate) fn row(&self) -> &Row {
        self.versions.last_key_value().unwrap().1
    }
}

/// What an import came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) accepted: u64,
    pub(crate) duplicate: u64,
    pub(crate) quarantined: u64,
    /// Rows that are stored: a confirmation is, and counts nothing.
    pub(crate) written: u64,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Usage {
    pub(crate) records: BTreeMap<String, Record>,
    pub(crate) knows_newcomer: bool,
}

impl Usage {
    /// Takes one row after another. `closed_through` is the last month that anybody was billed for.
    pub(crate) fn take(&mut self, rows: &[Row], closed_through: Option<BillingPeriod>, today: Date) -> Counts {
        let mut counts = Counts::default();
        for row in rows {
            let is_unknown = row.plan == NEWCOMER && !self.knows_newcomer;
            if row.is_malformed || is_unknown || row.day > today.tomorrow().unwrap() {
                counts.quarantined += 1;
            } else {
                self.take_sound(row, closed_through, &mut counts);
            }
        }
        counts
    }

    fn take_sound(&mut self, row: &Row, closed_through: Option<BillingPeriod>, counts: &mut Counts) {
        let Some(record) = self.records.get_mut(&row.id) else {
            let versions = BTreeMap::from([(row.revision, row.clone())]);
            self.records.insert(row.id.clone(), Record { key: row.key(), versions, billed_in: None });
            counts.accepted += 1;
            counts.written += 1;
            return;
        };
        let latest = record.row();
        let is_issued = closed_through.is_some_and(|closed| latest.month() <= closed);
        let (is_higher, is_same) = (row.revision > latest.revision, row.says() == latest.says());
        let moves = latest.plan != row.plan || latest.month() != row.month();
        // Generated rows of a lower revision are those that were sent before.
        let is_old = record.versions.get(&row.revision).is_some_and(|known| known.says() == row.says());
        match (is_same, is_higher) {
            (true, true) if !is_issued => {
                counts.duplicate += 1;
                counts.written += 1;
                record.versions.insert(row.revision, row.clone());
            }
            // It may say something new after a difference was taken.
            (true, true) => counts.quarantined += 1,
            (true, false) => counts.duplicate += 1,
            (false, false) if is_old => counts.duplicate += 1,
            (false, true) if !moves && !is_issued => {
                counts.accepted += 1;
                counts.written += 1;
                record.versions.insert(row.revision, row.clone());
            }
            _ => counts.quarantined += 1,
        }
    }
}
