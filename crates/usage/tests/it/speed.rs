//! Figures of an import, asked for by hand:
//! `USAGE_RECORDS=1000000 cargo nextest run -p usage --run-ignored only speed --no-capture`

use std::fmt::Write;
use std::time::Duration;

use billing::ports::{UsageFile, UsageStore};
use billing::usage::{RecordOrigin, UsageRecord};
use jiff::ToSpan;
use jiff::civil::date;

use crate::samples::{World, full};

/// Records of some thousand resources, day by day, as a source would write them.
fn record(number: u64, template: &UsageRecord) -> UsageRecord {
    let (resource, day) = (number % 4_000, (number / 4_000) % 30);
    let mut record = template.clone();
    record.origin = RecordOrigin::Own { record_id: format!("2026-09/{number:010}").parse().unwrap(), revision: 0 };
    record.usage_date = date(2026, 9, 1).saturating_add(i64::try_from(day).unwrap().days());
    record.subscription_id = format!("plan-{}", resource % 200).parse().unwrap();
    record.meter_id = format!("0dfadad2-6e4f-4078-85e1-90c230d4d{:03}", resource % 300).parse().unwrap();
    record.resource.uri = format!("/subscriptions/{}/resourceGroups/group/providers/vm-{resource}", resource % 200);
    record.quantity = format!("{}.{:04}", number % 24, number % 9_973).parse().unwrap();
    record
}

/// Processor time of this thread: on a busy machine it says more than the clock.
fn processor_time() -> Duration {
    let status = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(status.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0))
}

fn peak_memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1024
}

#[test]
#[ignore = "a measurement; needs an optimised build to say anything"]
#[allow(clippy::print_stderr, reason = "figures for whoever asked")]
fn import_speed() {
    let count: u64 = std::env::var("USAGE_RECORDS").map_or(1_000_000, |text| text.parse().unwrap());
    let mut world = World::new(131_072);
    let template = full("x");
    let mut report = String::new();
    let started = processor_time();
    (0..count).for_each(|n| drop(std::hint::black_box(record(n, &template))));
    writeln!(report, "making {count} records: {:?}", processor_time() - started).unwrap();
    for (name, first) in [("into an empty store", 0), ("beside as many", count), ("the same again", count)] {
        let started = processor_time();
        let mut session = world.store.begin_import(&world.manifest, &[]).unwrap();
        for n in first..first + count {
            session.push(n, record(n, &template)).unwrap();
        }
        let imported = session.finish().unwrap();
        let (accepted, duplicate) = (imported.accepted, imported.duplicate);
        let bytes: u64 = imported.files.iter().map(|(rows, keys)| rows.byte_count + keys.byte_count).sum();
        let seconds = processor_time() - started;
        writeln!(
            report,
            "{name}: {seconds:?}, {accepted} + {duplicate}, {bytes} bytes, peak {} MiB",
            peak_memory_mib()
        )
        .unwrap();
        for (rows, keys) in imported.files {
            let place = u64::try_from(world.manifest.len()).unwrap() + 1;
            world.manifest.push(UsageFile { place, rows, keys });
        }
    }
    let started = processor_time();
    let mut read: u64 = 0;
    let take = &mut |_| {
        read += 1;
        Ok(())
    };
    world.store.read_usage(&world.manifest, date(2026, 9, 1), date(2026, 10, 1), take).unwrap();
    writeln!(report, "reading {read}: {:?}, peak {} MiB", processor_time() - started, peak_memory_mib()).unwrap();
    eprintln!("{report}");
}
