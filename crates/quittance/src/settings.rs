//! Options from the command line, the environment and `quittance.toml`, in this order.
//!
//! Every option `--some-option` is also `QUITTANCE_SOME_OPTION` and `some-option = …` in the file,
//! at the top or in a table of its command (`[serve]`, `[import.usage]`).

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgAction, Command, CommandFactory, FromArgMatches};

use crate::cli::{Cli, Output};

/// A parsed command line.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) cli: Cli,
    pub(crate) output: Output,
}

/// Parses; prints help or a usage error itself and answers the exit code.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Invocation, ExitCode> {
    let args: Vec<OsString> = args.into_iter().collect();
    let file = match read_file(&args) {
        Ok(file) => file,
        Err(message) => {
            let _ = Cli::command().error(clap::error::ErrorKind::InvalidValue, message).print();
            return Err(ExitCode::from(2));
        }
    };
    let command = with_sources(Cli::command(), &file, &file);
    let parsed = command.try_get_matches_from(args).and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => Ok(Invocation { output: cli.output, cli }),
        Err(error) => {
            let _ = error.print();
            Err(if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS })
        }
    }
}

/// Gives every option its environment variable, and the file's value as its default.
fn with_sources(command: Command, top: &toml::Table, own: &toml::Table) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let mut command = command.mut_args(|arg| with_source(arg, top, own));
    for name in names {
        let empty = toml::Table::new();
        let table = own.get(&name).and_then(toml::Value::as_table).unwrap_or(&empty);
        command = command.mut_subcommand(name, |sub| with_sources(sub, top, table));
    }
    command
}

fn with_source(arg: Arg, top: &toml::Table, own: &toml::Table) -> Arg {
    let Some(long) = arg.get_long().map(str::to_owned) else { return arg };
    if matches!(arg.get_action(), ArgAction::Help | ArgAction::Version) {
        return arg;
    }
    let variable = format!("QUITTANCE_{}", long.replace('-', "_").to_uppercase());
    let arg = arg.env(variable).hide_env(true);
    match own.get(&long).or_else(|| top.get(&long)) {
        Some(toml::Value::String(text)) => arg.default_value(text.clone()),
        Some(value @ (toml::Value::Integer(_) | toml::Value::Boolean(_))) => arg.default_value(value.to_string()),
        _ => arg,
    }
}

/// The file in the data directory that the arguments or the environment name.
fn read_file(args: &[OsString]) -> Result<toml::Table, String> {
    let path = data_dir_of(args).join("quittance.toml");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(toml::Table::new()),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => return Ok(toml::Table::new()),
        Err(error) => return Err(format!("{} cannot be read: {error}", path.display())),
    };
    text.parse().map_err(|error| format!("{} is not valid TOML: {error}", path.display()))
}

/// The data directory has to be known before the rest can be parsed.
fn data_dir_of(args: &[OsString]) -> PathBuf {
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg == "--data-dir" {
            if let Some(dir) = args.next() {
                return dir.into();
            }
        } else if let Some(dir) = arg.to_str().and_then(|arg| arg.strip_prefix("--data-dir=")) {
            return dir.into();
        }
    }
    std::env::var_os("QUITTANCE_DATA_DIR").map_or_else(|| "quittance-data".into(), PathBuf::from)
}
