//! Any records in any files and any chunks leave the store as a simple model has it.

use std::collections::BTreeMap;

use billing::period::BillingPeriod;
use billing::usage::{RecordOrigin, UsageRecord};
use jiff::civil::{Date, date};
use proptest::prelude::*;

use crate::samples::{World, own, row};

/// Everything that was taken, in plain maps.
#[derive(Default)]
struct Model {
    /// The versions of each record id by revision.
    own: BTreeMap<String, BTreeMap<u32, UsageRecord>>,
    /// How often each provider's row counts, by its text.
    rows: BTreeMap<String, (UsageRecord, usize)>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    accepted: u64,
    duplicate: u64,
    refused: Vec<(u64, &'static str)>,
}

impl Model {
    fn import(&mut self, records: &[UsageRecord], closed: &[BillingPeriod]) -> Outcome {
        let mut outcome = Outcome::default();
        let mut in_this_file: BTreeMap<String, usize> = BTreeMap::new();
        for (line, record) in (1..).zip(records) {
            let verdict = match &record.origin {
                RecordOrigin::ProviderRow => Ok(self.take_row(record, &mut in_this_file)),
                RecordOrigin::Own { record_id, revision } => {
                    self.take_own(record_id.as_str(), *revision, record, closed)
                }
            };
            match verdict {
                Ok(true) => outcome.accepted += 1,
                Ok(false) => outcome.duplicate += 1,
                Err(code) => outcome.refused.push((line, code)),
            }
        }
        outcome
    }

    fn take_row(&mut self, record: &UsageRecord, in_this_file: &mut BTreeMap<String, usize>) -> bool {
        let text = format!("{record:?}");
        let here = in_this_file.entry(text.clone()).or_default();
        *here += 1;
        let (_, known) = self.rows.entry(text).or_insert_with(|| (record.clone(), 0));
        let is_new = *here > *known;
        *known = (*known).max(*here);
        is_new
    }

    fn take_own(
        &mut self,
        id: &str,
        revision: u32,
        record: &UsageRecord,
        closed: &[BillingPeriod],
    ) -> Result<bool, &'static str> {
        let versions = self.own.entry(id.to_owned()).or_default();
        let same = |known: &UsageRecord| known.content_digest() == record.content_digest();
        let Some((latest_revision, latest)) = versions.last_key_value() else {
            versions.insert(revision, record.clone());
            return Ok(true);
        };
        let month = |record: &UsageRecord| BillingPeriod::containing(record.usage_date).unwrap();
        if same(latest) {
            if revision <= *latest_revision {
                return Ok(false);
            }
            // Differences may have been taken in between, so what says again what was billed may be news.
            if closed.contains(&month(latest)) {
                return Err("usage.line.revision_after_issue");
            }
            versions.insert(revision, record.clone());
            return Ok(false);
        }
        if revision <= *latest_revision {
            let above = versions.range(revision..).next();
            let below = versions.range(..revision).next_back();
            let is_exact = versions.contains_key(&revision);
            let agrees = above.is_some_and(|(_, known)| same(known))
                || (!is_exact && below.is_some_and(|(_, known)| same(known)));
            return if agrees { Ok(false) } else { Err("usage.line.record_id_conflict") };
        }
        if month(latest) != month(record) {
            return Err("usage.line.revision_moves_month");
        }
        if closed.contains(&month(latest)) {
            return Err("usage.line.revision_after_issue");
        }
        versions.insert(revision, record.clone());
        Ok(true)
    }

    fn stored(&self, from: Date, until: Date) -> Vec<UsageRecord> {
        let own = self.own.values().filter_map(|versions| Some(versions.last_key_value()?.1.clone()));
        let rows = self.rows.values().flat_map(|(record, count)| std::iter::repeat_n(record.clone(), *count));
        sorted(own.chain(rows).filter(|record| from <= record.usage_date && record.usage_date < until))
    }
}

fn sorted(records: impl Iterator<Item = UsageRecord>) -> Vec<UsageRecord> {
    let mut records: Vec<_> = records.collect();
    records.sort_by_cached_key(|record| format!("{record:?}"));
    records
}

fn any_record() -> impl Strategy<Value = UsageRecord> {
    let day = prop::sample::select(vec!["2026-08-31", "2026-09-01", "2026-09-30", "2026-10-01"]);
    let quantity = prop::sample::select(vec!["1", "2.5", "-0.001"]);
    let own = (0..6_u32, 0..4_u32, day.clone(), quantity.clone())
        .prop_map(|(id, revision, day, quantity)| own(&format!("r-{id}"), revision, day, quantity));
    let row = (day, quantity).prop_map(|(day, quantity)| row(day, quantity));
    prop_oneof![3 => own, 2 => row]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn the_store_holds_what_the_model_holds(
        files in prop::collection::vec(prop::collection::vec(any_record(), 0..24), 1..5),
        rows_per_chunk in 1..12_usize,
        closed_after in 0..5_usize,
    ) {
        let mut world = World::new(rows_per_chunk);
        let mut model = Model::default();
        for (number, file) in files.iter().enumerate() {
            if number == closed_after {
                world.closed = vec!["2026-09".parse().unwrap()];
            }
            let expected = model.import(file, &world.closed);
            let imported = world.import(file);
            let refused: Vec<_> = imported.refused.iter().map(|refusal| (refusal.line, refusal.code)).collect();
            let found = Outcome { accepted: imported.accepted, duplicate: imported.duplicate, refused };
            prop_assert_eq!(found, expected);
            for refusal in &imported.refused {
                prop_assert_eq!(&refusal.record, &file[usize::try_from(refusal.line).unwrap() - 1]);
            }
        }
        for (from, until) in [
            (date(1990, 1, 1), date(2200, 1, 1)),
            (date(2026, 9, 1), date(2026, 10, 1)),
            (date(2026, 9, 1), date(2026, 9, 2)),
            (date(2026, 9, 2), date(2026, 9, 30)),
        ] {
            let read = world.read(from, until).unwrap();
            prop_assert_eq!(sorted(read.iter().map(|stored| stored.record.clone())), model.stored(from, until));
            let mut keys: Vec<_> = read.iter().map(|stored| stored.key).collect();
            keys.sort();
            keys.dedup();
            prop_assert_eq!(keys.len(), read.len());
        }
    }
}

/// Each revision of a record has one content, and contents come again: 1, 2, 1, 2, ...
fn any_revision() -> impl Strategy<Value = UsageRecord> {
    (0..3_u32, 0..6_u32).prop_map(|(id, revision)| {
        let quantity = ((id + revision) % 2 + 1).to_string();
        own(&format!("r-{id}"), revision, "2026-09-14", &quantity)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// RATE-2: what counts is the highest revision, in whatever order revisions arrive.
    #[test]
    fn revisions_may_arrive_in_any_order(
        records in prop::collection::vec(any_revision(), 1..16),
        rows_per_chunk in 1..6_usize,
        rows_per_file in 1..6_usize,
    ) {
        let mut world = World::new(rows_per_chunk);
        for file in records.chunks(rows_per_file) {
            world.import(file);
        }
        let mut highest: BTreeMap<String, UsageRecord> = BTreeMap::new();
        for record in &records {
            let RecordOrigin::Own { record_id, .. } = &record.origin else { continue };
            let known = highest.entry(record_id.to_string()).or_insert_with(|| record.clone());
            if record.revision() > known.revision() {
                *known = record.clone();
            }
        }
        let read = world.read(date(2026, 9, 1), date(2026, 10, 1)).unwrap();
        let read = read.into_iter().map(|stored| stored.record);
        prop_assert_eq!(sorted(read), sorted(highest.into_values()));
    }
}
