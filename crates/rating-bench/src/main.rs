//! The rating benchmark: makes one month of usage as books of Quittance and as plain Parquet for its
//! peers, rates the books, and measures what decoding and encoding alone would take.
//!
//! `cargo xtask bench rating` runs it beside the peers (crates/xtask/bench).

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program of the command line: figures and progress")]

mod bill_run;
mod books;
mod chance;
mod day;
mod figures;
mod generate;
mod limit;
mod peers;
mod prices;
mod rate;
mod skew;
mod totals;
mod world;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use billing::ports::hex;
use clap::{Parser, Subcommand};
use sha2::{Digest, Sha256};

/// What goes wrong here ends the process, whatever it is.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// The month that is generated and rated.
pub(crate) const PERIOD: &str = "2026-09";

#[derive(Debug, Parser)]
#[command(name = "rating-bench", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the data, unless the same data is there already
    Generate(generate::GenerateArgs),
    /// Make the books of a bill run: many parties with licences, for `quittance close`
    BillRun(bill_run::BillRunArgs),
    /// Rate the books from the state in which they were generated, and print what it took
    Rate(rate::RateArgs),
    /// Measure a corrected day, pages of the issued invoice and explanations of its lines
    Figures(figures::FiguresArgs),
    /// Measure plain decoding of the records and plain encoding of the lines of the last `rate`
    Limit(limit::LimitArgs),
}

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Generate(args) => generate::generate(&args).await,
        Command::BillRun(args) => bill_run::generate(&args).await,
        Command::Rate(args) => rate::rate(&args).await,
        Command::Figures(args) => figures::figures(&args).await,
        Command::Limit(args) => limit::limit(&args).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The second form has what a store says to its operator.
            eprintln!("rating-bench: {error} ({error:?})");
            ExitCode::FAILURE
        }
    }
}

pub(crate) fn sha256_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// `error` with the path that it is about.
pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Box<dyn Error> {
    move |error| format!("{}: {error}", path.display()).into()
}
