//! `quittance`: one binary for billing. Commands are parsed in `cli`, run in `commands`.

mod certificate;
mod cli;
mod clock;
mod commands;
mod data_dir;
mod demo;
mod export_shelf;
mod output;
mod paper;
mod progress;
mod settings;
mod shelf;

use std::process::ExitCode;

use crate::output::Failure;

#[tokio::main]
async fn main() -> ExitCode {
    let invocation = match settings::parse(std::env::args_os()) {
        Ok(invocation) => invocation,
        Err(exit_code) => return exit_code,
    };
    start_log();
    let ended = commands::run(&invocation).await;
    data_dir::close_all().await;
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report(invocation.output),
    }
}

/// The operator's log goes to standard error; `QUITTANCE_LOG` chooses what is in it.
fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("QUITTANCE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// How a command ended when it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    Done,
    /// Done, and there is something to look at: quarantined lines, parked parties, findings.
    Findings,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Findings => Self::from(1),
        }
    }
}

type CommandResult = Result<Exit, Failure>;
