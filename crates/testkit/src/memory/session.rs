//! An import into memory: which records are new, known, restated or refused (RI-1, RI-2).

use std::collections::BTreeMap;

use billing::period::BillingPeriod;
use billing::ports::{ImportSession, ImportedUsage, PortResult, RefusedRecord, UsageFile};
use billing::usage::{ContentDigest, RecordKey, RecordOrigin, UsageRecord, is_storable};

use super::store::{MemoryStore, Row};

pub(super) struct MemorySession<'a> {
    store: &'a MemoryStore,
    closed_months: &'a [BillingPeriod],
    /// Every version of each record by its revision, stored or of this import.
    versions: BTreeMap<RecordKey, BTreeMap<u32, UsageRecord>>,
    /// How many equal provider rows this import had.
    occurrences: BTreeMap<ContentDigest, u32>,
    accepted: BTreeMap<BillingPeriod, Vec<Row>>,
    imported: ImportedUsage,
}

/// What becomes of a record.
enum Verdict {
    Counts,
    /// A higher revision that says what is known: it counts nothing, and its number is kept.
    Confirms,
    Duplicate,
    Refused(&'static str, &'static str),
}

impl<'a> MemorySession<'a> {
    pub(super) fn begin(
        store: &'a MemoryStore,
        known: &[UsageFile],
        closed_months: &'a [BillingPeriod],
    ) -> PortResult<Self> {
        let mut versions: BTreeMap<RecordKey, BTreeMap<u32, UsageRecord>> = BTreeMap::new();
        for file in known {
            for (key, record) in store.records(&file.rows)?.iter() {
                versions.entry(*key).or_default().insert(record.revision(), record.clone());
            }
        }
        let (occurrences, accepted, imported) = Default::default();
        Ok(Self { store, closed_months, versions, occurrences, accepted, imported })
    }

    /// The key of a record: a provider's row is known by its content and how many equal ones came before.
    fn key_of(&mut self, record: &UsageRecord) -> RecordKey {
        let content = record.content_digest();
        let occurrence = match record.origin {
            RecordOrigin::Own { .. } => 0,
            RecordOrigin::ProviderRow => {
                let count = self.occurrences.entry(content).or_default();
                *count += 1;
                *count - 1
            }
        };
        record.key(content, occurrence)
    }

    fn judge(&self, key: RecordKey, record: &UsageRecord, month: BillingPeriod) -> Verdict {
        let Some(versions) = self.versions.get(&key) else { return Verdict::Counts };
        let Some((latest_revision, latest)) = versions.last_key_value() else { return Verdict::Counts };
        let (revision, content) = (record.revision(), record.content_digest());
        let says_the_same =
            |other: Option<(&u32, &UsageRecord)>| other.is_some_and(|(_, other)| other.content_digest() == content);
        let latest_month = BillingPeriod::containing(latest.usage_date).ok();
        let is_issued = latest_month.is_some_and(|month| self.closed_months.contains(&month));
        if latest.content_digest() == content {
            return match revision > *latest_revision {
                false => Verdict::Duplicate,
                true if is_issued => {
                    Verdict::Refused("usage.line.revision_after_issue", "the record's month was issued")
                }
                true => Verdict::Confirms,
            };
        }
        if revision <= *latest_revision {
            // An older file again: it says what was said at its revision, or between two that are known.
            let at_or_above = versions.range(revision..).next();
            let below = versions.range(..revision).next_back();
            let is_between = at_or_above.is_some_and(|(above, _)| *above > revision);
            return match says_the_same(at_or_above) || (is_between && says_the_same(below)) {
                true => Verdict::Duplicate,
                false => Verdict::Refused("usage.line.record_id_conflict", "the record is known with other content"),
            };
        }
        if latest.subscription_id != record.subscription_id {
            let message = "the record is known as usage of another subscription";
            return Verdict::Refused("usage.line.revision_moves_subscription", message);
        }
        if latest_month != Some(month) {
            return Verdict::Refused(
                "usage.line.revision_moves_month",
                "the record is known as usage of another month",
            );
        }
        if is_issued {
            return Verdict::Refused("usage.line.revision_after_issue", "the record's month was issued");
        }
        Verdict::Counts
    }

    fn refuse(&mut self, line: u64, record: UsageRecord, code: &'static str, message: &str) {
        self.imported.refused.push(RefusedRecord { line, record, code, message: message.to_owned() });
    }
}

impl ImportSession for MemorySession<'_> {
    fn push(&mut self, line: u64, record: UsageRecord) -> PortResult<()> {
        let Ok(month) = BillingPeriod::containing(record.usage_date) else {
            self.refuse(line, record, "period.out_of_range", "no month is billed that holds this day");
            return Ok(());
        };
        if !is_storable(record.quantity) {
            let message = "the quantity has more than 12 digits before the point or 26 after it";
            self.refuse(line, record, "usage.line.quantity_out_of_range", message);
            return Ok(());
        }
        let key = self.key_of(&record);
        match self.judge(key, &record, month) {
            Verdict::Refused(code, message) => {
                self.refuse(line, record, code, message);
                return Ok(());
            }
            Verdict::Duplicate => {
                self.imported.duplicate += 1;
                return Ok(());
            }
            Verdict::Confirms => self.imported.duplicate += 1,
            Verdict::Counts => self.imported.accepted += 1,
        }
        self.versions.entry(key).or_default().insert(record.revision(), record.clone());
        self.accepted.entry(month).or_default().push((key, record));
        Ok(())
    }

    fn finish(self: Box<Self>) -> PortResult<ImportedUsage> {
        let Self { store, accepted, mut imported, .. } = *self;
        for rows in accepted.into_values() {
            imported.files.push(store.write_records(rows)?);
        }
        Ok(imported)
    }
}
