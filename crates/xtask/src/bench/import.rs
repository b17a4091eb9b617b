//! `cargo xtask bench import`: how fast the own usage CSV is imported, and in how much memory.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use clap::Args;
use serde_json::{Value, json};

use super::{release_build, target_folder, text};

#[derive(Debug, Args)]
pub(crate) struct ImportBench {
    /// Lines of the generated file
    #[arg(long, default_value_t = 5_000_000)]
    rows: u64,
    /// Runs; the median is reported
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Without any order inside of a day
    #[arg(long)]
    shuffled: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn import(args: &ImportBench) -> Result<(), String> {
    let binary = release_build("quittance")?;
    let folder = target_folder().join("bench-import");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let order = if args.shuffled { "shuffled" } else { "ordered" };
    let csv = folder.join(format!("usage-{}-{order}.csv", args.rows));
    write_usage(&csv, args.rows, args.shuffled).map_err(|error| format!("{}: {error}", csv.display()))?;
    let mut seconds = Vec::new();
    let mut peak_mib = 0;
    for round in 0..args.rounds.max(1) {
        let data = folder.join(format!("data-{round}"));
        let _ = fs::remove_dir_all(&data);
        measured(&binary, &["init", "--data-dir", &text(&data)])?;
        let import =
            ["import", "usage", &text(&csv), "--assign-to", "bench", "--data-dir", &text(&data), "--output", "json"];
        let run = measured(&binary, &import)?;
        if run.answer["accepted"] != json!(args.rows) {
            return Err(format!("{} of {} records were accepted", run.answer["accepted"], args.rows));
        }
        seconds.push(run.seconds_thousandths);
        peak_mib = peak_mib.max(run.peak_kib / 1024);
        let _ = fs::remove_dir_all(&data);
    }
    seconds.sort_unstable();
    let median = seconds[seconds.len() / 2].max(1);
    let rate = args.rows * 1000 / median;
    if args.json {
        println!(
            "{}",
            json!({ "rows": args.rows, "seconds": format!("{}.{:03}", median / 1000, median % 1000), "rows_per_s": rate, "peak_rss_mib": peak_mib })
        );
    } else {
        println!(
            "{} records in {}.{:03} s (median of {}): {rate} records/s, peak {peak_mib} MiB",
            args.rows,
            median / 1000,
            median % 1000,
            seconds.len()
        );
    }
    Ok(())
}

struct Run {
    seconds_thousandths: u64,
    peak_kib: u64,
    answer: Value,
}

/// Runs a command; its peak memory is read from the kernel while it runs.
fn measured(binary: &Path, args: &[&str]) -> Result<Run, String> {
    let start = Instant::now();
    let mut child = Command::new(binary)
        .args(args)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .map_err(|error| format!("{}: {error}", binary.display()))?;
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0;
    while child.try_wait().map_err(|error| error.to_string())?.is_none() {
        peak_kib = peak_kib.max(high_water_mark(&status_file));
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let seconds_thousandths = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("{args:?} ended with {}", output.status));
    }
    let answer = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    Ok(Run { seconds_thousandths, peak_kib, answer })
}

fn high_water_mark(status_file: &str) -> u64 {
    let status = fs::read_to_string(status_file).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|text| text.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or(0)
}

/// A month of usage: each day names the same resources again, in the order of their subscriptions;
/// meters are skewed. `shuffled` takes the order away. Which of the two real exports are like has not
/// been checked, so both are reported (docs/benchmarks.md).
fn write_usage(path: &Path, rows: u64, shuffled: bool) -> std::io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let partial = path.with_extension("partial");
    let mut out = BufWriter::new(File::create(&partial)?);
    writeln!(
        out,
        "record_id,usage_date,subscription_id,meter_id,quantity,quantity_basis,unit_of_measure,resource_uri,resource_group,tags"
    )?;
    let resources = rows.div_ceil(DAYS).max(1);
    for row in 0..rows {
        let (day, place) = (row / resources + 1, row % resources);
        let resource = if shuffled { mixed(row) % resources } else { place };
        write_record(&mut out, row, day, resource, resources)?;
    }
    out.flush()?;
    fs::rename(partial, path)
}

const DAYS: u64 = 30;
const SUBSCRIPTIONS: u64 = 20_000;
const METERS: u64 = 8_000;

fn write_record(out: &mut impl Write, row: u64, day: u64, resource: u64, resources: u64) -> std::io::Result<()> {
    let subscription = resource * SUBSCRIPTIONS / resources;
    let (fixed, daily) = (mixed(resource), mixed(row));
    let draw = fixed % METERS;
    let (meter, group) = (draw * draw / METERS, fixed % 12);
    writeln!(
        out,
        "rec-{row:09},2026-09-{day:02},00000000-0000-4000-8000-{subscription:012x},00000000-0000-4000-9000-{meter:012x},{}.{:06},blocks,1 Hour,/subscriptions/{subscription:05}/resourceGroups/rg-{group}/providers/Microsoft.Compute/virtualMachines/vm-{resource:07},rg-{group},\"{{\"\"costCenter\"\":\"\"CC{:04}\"\"}}\"",
        daily % 48,
        (daily >> 20) % 1_000_000,
        (fixed >> 30) % 500,
    )
}

/// Spreads a number over 64 bits: the same file on every machine.
fn mixed(number: u64) -> u64 {
    let step = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let step = (step ^ (step >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    step ^ (step >> 27)
}
