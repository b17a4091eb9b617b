//! Options come from the command line, the environment and `quittance.toml`; help and completions.

use std::fs;

use crate::books::{Books, Ended, bare_command};
use crate::sample;

/// The invoices list of these books as JSON, asked for without `--output` and `--data-dir`.
fn listed(variables: &[(&str, &str)], books: &Books) -> Ended {
    let mut command = bare_command();
    command.args(["invoices", "list"]).envs(variables.iter().copied()).current_dir(books.path(""));
    Ended::of("invoices list", &mut command)
}

#[test]
fn the_environment_mirrors_options() {
    let books = sample::full();
    let json = books.run("invoices list --output json").exits(0).out;
    let variables = [("QUITTANCE_OUTPUT", "json"), ("QUITTANCE_DATA_DIR", "books")];
    assert_eq!(listed(&variables, &books).exits(0).out, json);
    assert_eq!(listed(&[("QUITTANCE_OUTPUT", "xml"), ("QUITTANCE_DATA_DIR", "books")], &books).code, Some(2));
    listed(&[("QUITTANCE_OUTPUT", "json")], &books).fails("data_dir.missing");
    // What is typed wins.
    let mut command = books.command("invoices list --output csv");
    let csv = Ended::of("csv", command.env("QUITTANCE_OUTPUT", "json")).exits(0).out;
    assert!(csv.starts_with("invoice,amends,organisation,"), "{csv}");
}

#[test]
fn the_file_mirrors_options() {
    let books = sample::full();
    let json = books.run("invoices list --output json").exits(0).out;
    let write = |text: &str| fs::write(books.dir().join("quittance.toml"), text).unwrap();
    write("output = \"json\"\n[close]\nearly = true\n[token.create]\nrole = \"admin\"\n");
    assert_eq!(books.run("invoices list").exits(0).out, json);
    assert_eq!(books.run("token create --org north").exits(0).json()["role"], "admin");
    let mut command = books.command("invoices list");
    let csv = Ended::of("csv", command.env("QUITTANCE_OUTPUT", "csv")).exits(0).out;
    assert!(csv.starts_with("invoice,amends,organisation,"), "the environment wins over the file: {csv}");
    books.run("close --period 2026-11").exits(0);
    write("output = \n");
    assert_eq!(books.run("invoices list").code, Some(2));
}

/// All commands by their path, found from the help of the program.
fn commands(path: &[String]) -> Vec<Vec<String>> {
    let help = help(path);
    let Some((_, list)) = help.split_once("Commands:\n") else { return vec![path.to_vec()] };
    let names = list.lines().take_while(|line| line.starts_with("  ")).filter(|line| !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    let below = names.flat_map(|name| commands(&[path, &[name.to_owned()]].concat())).collect::<Vec<_>>();
    [vec![path.to_vec()], below].concat()
}

#[track_caller]
fn help(path: &[String]) -> String {
    let mut command = bare_command();
    Ended::of("help", command.args(path).arg("--help")).exits(0).out
}

#[test]
fn every_command_has_help_and_those_that_declare_them_examples() {
    let sources = [include_str!("../../src/cli.rs"), include_str!("../../src/cli/paying.rs")];
    let declared: usize = sources.iter().map(|source| source.matches("after_help = ").count()).sum();
    let commands = commands(&[]);
    assert!(commands.len() >= 25, "{commands:?}");
    let with_example = commands.iter().filter(|path| help(path).contains("\nExample")).count();
    assert_eq!(with_example, declared, "{commands:?}");
    for path in &commands {
        let help = help(path);
        assert!(help.contains("Usage: quittance"), "{path:?}");
        assert!(help.contains("--data-dir") && help.contains("--output"), "{path:?}");
    }
}

#[test]
fn completions_name_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let mut command = bare_command();
        let script = Ended::of("completions", command.args(["completions", shell])).exits(0).out;
        for word in ["demo", "import", "close", "verify", "own-cost-as-price"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn what_cannot_be_parsed_is_a_usage_error() {
    let books = Books::none();
    let lines = [
        "--no-such-option",
        "invoices list --no-such-option",
        "no-such-command",
        "rate",
        "rate --period October",
        "close --period 2026-13",
        "import usage",
        "import prices",
        "invoices show x/../y",
        "pay G000000001 --amount much --reference a",
        "org add x --name X --currency EU --country FR",
        "token create --role king",
        "demo --listen nowhere",
    ];
    for line in lines {
        let ended = books.run(line);
        assert_eq!(ended.code, Some(2), "{ended:#?}");
        assert!(ended.out.is_empty() && ended.err.starts_with("error: "), "{ended:#?}");
    }
}

#[test]
fn a_failure_is_json_where_json_was_asked_for() {
    let books = Books::none();
    let ended = books.run("invoices list --output json").exits(3);
    let error: serde_json::Value = serde_json::from_str(&ended.err).unwrap();
    assert_eq!(error["error"]["code"], "data_dir.missing");
    assert!(error["error"]["message"].as_str().unwrap().contains("quittance init"));
    assert!(ended.out.is_empty());
}

#[test]
fn the_version_is_that_of_the_package() {
    let mut command = bare_command();
    let version = Ended::of("version", command.arg("--version")).exits(0).out;
    assert_eq!(version.trim(), concat!("quittance ", env!("CARGO_PKG_VERSION")));
}
