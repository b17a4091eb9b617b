//! `cargo xtask bench …`: what the product's release build takes for its two long jobs.

mod import;
mod rating;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Import of the own usage CSV: records a second and peak memory
    Import(import::ImportBench),
    /// Rating of a month, beside the same job in DuckDB, Polars and chDB
    Rating(rating::RatingBench),
}

pub(crate) fn run(bench: &Bench) -> Result<(), String> {
    match bench {
        Bench::Import(args) => import::import(args),
        Bench::Rating(args) => rating::rating(args),
    }
}

pub(crate) fn text(path: &Path) -> String {
    path.display().to_string()
}

pub(crate) fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from)
}

/// Builds a program of the workspace once, optimised.
fn release_build(package: &str) -> Result<PathBuf, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    // Only results go to standard output.
    let status = Command::new(cargo).args(["build", "--release", "-p", package]).stdout(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(target_folder().join("release").join(package)),
        Ok(status) => Err(format!("the release build ended with {status}")),
        Err(error) => Err(format!("cargo cannot be run: {error}")),
    }
}
