//! One file for each command.

mod adjustments;
mod balances;
mod bank;
pub(crate) mod client;
pub(crate) mod close;
mod explain;
mod export;
mod import;
mod init;
pub(crate) mod invoices;
mod org;
mod pay;
mod payments;
mod quarantine;
mod rate;
pub(crate) mod restate;
mod savings_plans;
pub(crate) mod serve;
mod simulate;
mod store;
pub(crate) mod token;
mod verify;

use clap::CommandFactory;

use crate::cli::{Cli, Command};
use crate::settings::Invocation;
use crate::{CommandResult, Exit, demo};

/// Runs the command that was asked for.
pub(crate) async fn run(invocation: &Invocation) -> CommandResult {
    let (dir, output) = (invocation.cli.data_dir.as_path(), invocation.output);
    match &invocation.cli.command {
        Command::Demo(args) => demo::run(dir, output, args).await,
        Command::Init(args) => init::run(dir, output, args).await,
        Command::Org(command) => org::run(dir, output, command).await,
        Command::Import(command) => import::run(dir, output, command).await,
        Command::Rate(args) => rate::run(dir, output, args).await,
        Command::Simulate(args) => simulate::run(dir, output, args).await,
        Command::SavingsPlans(args) => savings_plans::run(dir, output, args).await,
        Command::Close(args) => close::run(dir, output, args).await,
        Command::Restate(args) => restate::run(dir, output, args).await,
        Command::Invoices(command) => invoices::run(dir, output, command).await,
        Command::Pay(args) => pay::run(dir, output, args).await,
        Command::Payments(command) => payments::run(dir, output, command).await,
        Command::Adjustments(command) => adjustments::run(dir, output, command).await,
        Command::Balances(args) => balances::run(dir, output, args).await,
        Command::Explain(args) => explain::run(dir, output, args).await,
        Command::Verify => verify::run(dir, output).await,
        Command::Quarantine(command) => quarantine::run(dir, output, command).await,
        Command::Export(command) => export::run(dir, command).await,
        Command::Store(command) => store::run(dir, output, *command).await,
        Command::Serve(args) => serve::run(dir, args).await,
        Command::Token(command) => token::run(dir, output, command).await,
        Command::Client(command) => client::run(dir, output, command).await,
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut Cli::command(), "quittance", &mut std::io::stdout());
            Ok(Exit::Done)
        }
    }
}
