//! Records to import, and a store to import them into.

use std::path::Path;

use billing::period::BillingPeriod;
use billing::ports::{ImportedUsage, PortResult, StoredUsage, UsageFile, UsageFilter, UsageStore};
use billing::uom::QuantityBasis;
use billing::usage::{MeterDescription, ProviderCost, RecordOrigin, ResourceDescription, UsageKind, UsageRecord};
use jiff::civil::{Date, date};
use tempfile::TempDir;
use usage::{DirectoryStore, Limits};

/// A record of our own formats: id, revision, day, quantity.
pub(crate) fn own(id: &str, revision: u32, day: &str, quantity: &str) -> UsageRecord {
    UsageRecord { origin: RecordOrigin::Own { record_id: id.parse().unwrap(), revision }, ..row(day, quantity) }
}

/// A provider's row: day and quantity.
pub(crate) fn row(day: &str, quantity: &str) -> UsageRecord {
    UsageRecord {
        origin: RecordOrigin::ProviderRow,
        kind: UsageKind::Usage,
        usage_date: day.parse().unwrap(),
        customer_id: Some("customer-1".parse().unwrap()),
        subscription_id: "plan-1".parse().unwrap(),
        subscription_name: String::new(),
        entitlement_id: None,
        entitlement_name: String::new(),
        meter_id: "meter-1".parse().unwrap(),
        meter: MeterDescription::default(),
        product_name: String::new(),
        publisher_name: String::new(),
        quantity: quantity.parse().unwrap(),
        quantity_basis: QuantityBasis::Units,
        unit_of_measure: "1 Hour".to_owned(),
        resource: ResourceDescription::default(),
        provider_cost: None,
    }
}

/// A record with something in every field.
pub(crate) fn full(id: &str) -> UsageRecord {
    let text = |name: &str| format!("{name} of {id}, ünïcode \u{1F600}, \"quoted\"");
    UsageRecord {
        kind: UsageKind::Correction,
        customer_id: None,
        subscription_name: text("subscription"),
        entitlement_id: Some("entitlement-1".parse().unwrap()),
        entitlement_name: text("entitlement"),
        meter: MeterDescription {
            category: text("category"),
            subcategory: text("subcategory"),
            name: text("meter"),
            region: text("region"),
        },
        product_name: text("product"),
        publisher_name: text("publisher"),
        quantity_basis: QuantityBasis::Blocks,
        unit_of_measure: "10 GB/Month".to_owned(),
        resource: ResourceDescription {
            uri: text("uri"),
            group: text("group"),
            location: text("location"),
            consumed_service: text("service"),
            tags: "{\"a\": \"b\"}".to_owned(),
            additional_info: text("additional"),
            service_info1: text("info1"),
            service_info2: text("info2"),
        },
        provider_cost: Some(ProviderCost { amount: "-12.000345".parse().unwrap(), currency: "KWD".parse().unwrap() }),
        ..own(id, 3, "2026-09-14", "-0.00000000000000000000000001")
    }
}

/// A data directory with the manifest that a ledger would keep.
pub(crate) struct World {
    pub(crate) root: TempDir,
    pub(crate) store: DirectoryStore,
    pub(crate) manifest: Vec<UsageFile>,
    pub(crate) closed: Vec<BillingPeriod>,
}

impl World {
    pub(crate) fn new(rows_per_chunk: usize) -> Self {
        let root = tempfile::tempdir().unwrap();
        let store = open(root.path(), rows_per_chunk);
        Self { root, store, manifest: Vec::new(), closed: Vec::new() }
    }

    /// Imports records as one file, lines counting from 1, without committing.
    pub(crate) fn write(&self, records: &[UsageRecord]) -> PortResult<ImportedUsage> {
        let mut session = self.store.begin_import(&self.manifest, &self.closed)?;
        for (line, record) in (1..).zip(records) {
            session.push(line, record.clone())?;
        }
        session.finish()
    }

    pub(crate) fn import(&mut self, records: &[UsageRecord]) -> ImportedUsage {
        let imported = self.write(records).unwrap();
        for (rows, keys) in &imported.files {
            let place = u64::try_from(self.manifest.len()).unwrap() + 1;
            self.manifest.push(UsageFile { place, rows: rows.clone(), keys: keys.clone() });
        }
        imported
    }

    /// Imports and compares (accepted, duplicate) and (line, code) of what was refused.
    #[track_caller]
    pub(crate) fn check(&mut self, records: &[UsageRecord], counts: (u64, u64), refused: &[(u64, &str)]) {
        let imported = self.import(records);
        assert_eq!((imported.accepted, imported.duplicate), counts);
        let found: Vec<_> = imported.refused.iter().map(|refusal| (refusal.line, refusal.code)).collect();
        assert_eq!(found, refused);
    }

    pub(crate) fn read(&self, from: Date, until: Date) -> PortResult<Vec<StoredUsage>> {
        let mut records = Vec::new();
        self.store.read_usage(&self.manifest, &UsageFilter::days(from, until), &mut |stored| {
            records.push(stored);
            Ok(())
        })?;
        Ok(records)
    }

    pub(crate) fn read_all(&self) -> Vec<StoredUsage> {
        self.read(date(1990, 1, 1), date(2200, 1, 1)).unwrap()
    }

    pub(crate) fn quantities(&self) -> Vec<String> {
        let mut quantities: Vec<_> = self.read_all().iter().map(|stored| stored.record.quantity.to_string()).collect();
        quantities.sort();
        quantities
    }

    /// Paths of all files below `usage`, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        list(self.root.path(), &self.root.path().join("usage"), &mut found);
        found.sort();
        found
    }
}

pub(crate) fn open(root: &Path, rows_per_chunk: usize) -> DirectoryStore {
    DirectoryStore::with_limits(root, Limits { rows_per_chunk, ..Limits::default() }).unwrap()
}

fn list(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(root, &path, found);
        } else {
            found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
        }
    }
}
