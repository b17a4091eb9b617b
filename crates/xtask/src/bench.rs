//! `cargo xtask bench import`: how fast the own usage CSV is imported, and in how much memory.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Import of the own usage CSV: records a second and peak memory
    Import(ImportBench),
}

#[derive(Debug, Args)]
pub(crate) struct ImportBench {
    /// Lines of the generated file
    #[arg(long, default_value_t = 5_000_000)]
    rows: u64,
    /// Runs; the median is reported
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(bench: &Bench) -> Result<(), String> {
    match bench {
        Bench::Import(args) => import(args),
    }
}

fn import(args: &ImportBench) -> Result<(), String> {
    let binary = release_build()?;
    let folder = PathBuf::from("target/bench-import");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let csv = folder.join(format!("usage-{}.csv", args.rows));
    write_usage(&csv, args.rows).map_err(|error| format!("{}: {error}", csv.display()))?;
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

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Builds the product once, optimised.
fn release_build() -> Result<PathBuf, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let status = Command::new(cargo).args(["build", "--release", "-p", "quittance"]).status();
    match status {
        Ok(status) if status.success() => Ok(PathBuf::from("target/release/quittance")),
        Ok(status) => Err(format!("the release build ended with {status}")),
        Err(error) => Err(format!("cargo cannot be run: {error}")),
    }
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

/// A month of usage as a large issuer would export it: many subscriptions, skewed meters.
fn write_usage(path: &Path, rows: u64) -> std::io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let partial = path.with_extension("partial");
    let mut out = BufWriter::new(File::create(&partial)?);
    writeln!(
        out,
        "record_id,usage_date,subscription_id,meter_id,quantity,quantity_basis,unit_of_measure,resource_uri,resource_group,tags"
    )?;
    let mut state: u64 = 42;
    for row in 0..rows {
        // A linear congruential step: the same file on every machine.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (subscription, draw) = ((state >> 33) % 20_000, (state >> 13) % 8_000);
        let meter = draw * draw / 8_000;
        let day = row * 30 / rows + 1;
        writeln!(
            out,
            "rec-{row:09},2026-09-{day:02},00000000-0000-4000-8000-{subscription:012x},00000000-0000-4000-9000-{meter:012x},{}.{:06},blocks,1 Hour,/subscriptions/{subscription:05}/resourceGroups/rg-{}/providers/Microsoft.Compute/virtualMachines/vm-{:04},rg-{},\"{{\"\"costCenter\"\":\"\"CC{:04}\"\"}}\"",
            (state >> 40) % 48,
            (state >> 20) % 1_000_000,
            state % 12,
            (state >> 25) % 10_000,
            state % 12,
            (state >> 50) % 500,
        )?;
    }
    out.flush()?;
    fs::rename(partial, path)
}
