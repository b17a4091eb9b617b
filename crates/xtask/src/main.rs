//! Build and check commands: `cargo xtask architecture`, `cargo xtask bench …`, `cargo xtask instructions`.

mod architecture;
mod bench;
mod instructions;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prove that each crate uses only what it may
    Architecture,
    /// Count the instructions of rating a small month and compare them with the record
    Instructions {
        /// Keep what is counted as the record
        #[arg(long)]
        record: bool,
    },
    /// Measure, with the product's own release build
    #[command(subcommand)]
    Bench(bench::Bench),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Architecture => architecture::check(),
        Command::Instructions { record } => instructions::count(record),
        Command::Bench(bench) => bench::run(&bench),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
