//! Options from the command line, the environment and `quittance.toml`, in this order.
//!
//! Every option `--some-option` is also `QUITTANCE_SOME_OPTION` and `some-option = …` in the file,
//! at the top or in a table of its command (`[serve]`, `[import.usage]`).

use std::error::Error;
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use billing::decimal::DecimalError;
use billing::ids::IdError;
use billing::invoice::NumberError;
use billing::money::MoneyError;
use billing::period::PeriodError;
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
    let file = read_file(&args).and_then(|file| check_keys(&Cli::command(), &file, "").map(|()| file));
    let file = file.map_err(|message| {
        let _ = Cli::command().error(clap::error::ErrorKind::InvalidValue, message).print();
        ExitCode::from(2)
    })?;
    let command = with_sources(Cli::command(), &file, &file);
    let parsed = command.try_get_matches_from(args).and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => Ok(Invocation { output: cli.output, cli }),
        Err(error) => {
            let _ = error.print();
            if let Some(code) = code_of(&error) {
                // A closed standard error leaves nobody to tell.
                let _ = writeln!(std::io::stderr(), "code: {code}");
            }
            Err(if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS })
        }
    }
}

/// The stable code of a value that was refused, where the value's type has codes.
fn code_of(error: &clap::Error) -> Option<&'static str> {
    let cause = error.source()?;
    (cause.downcast_ref().map(NumberError::code))
        .or_else(|| cause.downcast_ref().map(IdError::code))
        .or_else(|| cause.downcast_ref().map(MoneyError::code))
        .or_else(|| cause.downcast_ref().map(PeriodError::code))
        .or_else(|| cause.downcast_ref().copied().map(DecimalError::code))
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
    let values = own.get(&long).or_else(|| top.get(&long)).map(texts).unwrap_or_default();
    if values.is_empty() { arg } else { arg.required(false).default_values(values) }
}

/// The words of a value, as they would stand on the command line.
fn texts(value: &toml::Value) -> Vec<String> {
    match value {
        toml::Value::String(text) => vec![text.clone()],
        toml::Value::Array(values) => values.iter().flat_map(texts).collect(),
        // `check_keys` refuses these.
        toml::Value::Float(_) | toml::Value::Table(_) => vec![],
        other => vec![other.to_string()],
    }
}

/// Refuses keys that name no option, and numbers that would pass through a binary float.
fn check_keys(command: &Command, table: &toml::Table, path: &str) -> Result<(), String> {
    for (key, value) in table {
        let place = format!("{path}{key}");
        let subcommand = command.get_subcommands().find(|sub| sub.get_name() == key);
        match (value, subcommand) {
            (toml::Value::Table(own), Some(subcommand)) => check_keys(subcommand, own, &format!("{place}."))?,
            (toml::Value::Float(_), _) => {
                return Err(format!("quittance.toml: write {place} in quotes, so that it stays exact"));
            }
            _ if names_option(command, key) => {}
            _ => return Err(format!("quittance.toml: {place} is no option and no command")),
        }
    }
    Ok(())
}

/// Whether the command or one below it has the option: at the top a key holds for all commands.
fn names_option(command: &Command, long: &str) -> bool {
    command.get_arguments().any(|arg| arg.get_long() == Some(long))
        || command.get_subcommands().any(|subcommand| names_option(subcommand, long))
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
