//! The error gallery: every code has a page in `docs/errors`, and an example that raises it: a
//! file that the tests of its reader try, commands that are run here, a request to a server, or a call
//! of a library.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::books::{Ended, NOW, bare_command, copy_folder};
use crate::codes::raised_codes;
use crate::demo_books::demo_dir;

/// How the files of an example begin that a test tries: commands here, calls in `gallery_calls`, requests
/// in `gallery_requests`, the rest by the tests of the crate that reads it.
const TRIED: [&str; 14] = [
    "bank.",
    "call.json",
    "command",
    "customers.csv",
    "fx.csv",
    "offers.csv",
    "orders.csv",
    "prices.",
    "request.json",
    "savings_plans.csv",
    "sheet.json",
    "subscriptions.csv",
    "tax.csv",
    "usage.",
];
/// What some commands use besides the program and the tools of every shell.
const PROGRAMS: [&str; 3] = ["cc", "flock", "python3"];
const PARTS: [&str; 3] = ["## What is wrong", "## How it looks", "## What to do"];

pub(crate) fn gallery() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors")
}

/// The codes that have a folder.
pub(crate) fn folders() -> Vec<String> {
    let entries = fs::read_dir(gallery()).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
    let mut names: Vec<String> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn has_example(code: &str) -> bool {
    let mut files = fs::read_dir(gallery().join(code)).into_iter().flatten().map(Result::unwrap);
    files.any(|file| TRIED.iter().any(|tried| file.file_name().to_string_lossy().starts_with(tried)))
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let codes = raised_codes();
    let has_page = |code: &&String| {
        let page = fs::read_to_string(gallery().join(code).join("README.md")).unwrap_or_default();
        page.starts_with(&format!("# {code}\n")) && PARTS.iter().all(|part| page.contains(part))
    };
    let missing: Vec<_> = codes.iter().filter(|code| !has_page(code)).collect();
    assert!(missing.is_empty(), "no page in docs/errors: {missing:#?}");
    let folders = folders();
    let stale: Vec<_> = folders.iter().filter(|folder| !codes.contains(*folder)).collect();
    assert!(stale.is_empty(), "nothing raises: {stale:#?}");
}

#[test]
fn every_code_has_an_example() {
    let bare: Vec<String> = raised_codes().into_iter().filter(|code| !has_example(code)).collect();
    assert!(bare.is_empty(), "no example: {bare:#?}");
}

/// Runs the commands of an example in a folder with its files; all that they print.
fn run_example(folder: &Path) -> String {
    let work = tempfile::tempdir().unwrap();
    copy_folder(folder, work.path());
    let mut commands = fs::read_to_string(folder.join("command")).unwrap();
    if let Some(rest) = commands.strip_prefix("quittance demo --no-serve\n") {
        // Its outcome is at hand already.
        copy_folder(demo_dir(), &work.path().join("quittance-data"));
        commands = rest.to_owned();
    }
    let program = Path::new(env!("CARGO_BIN_EXE_quittance")).parent().unwrap().to_owned();
    let search = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    for name in bare_command().get_envs().filter(|(_, value)| value.is_none()).map(|(name, _)| name) {
        shell.env_remove(name);
    }
    shell.env("PATH", format!("{}:{search}", program.display())).env("QUITTANCE_NOW", NOW).env("QUITTANCE_LOG", "off");
    let ended = Ended::of(&commands, shell.arg("-c").arg(&commands).current_dir(work.path()));
    assert!(matches!(ended.code, Some(1..=3)), "{}: {ended:#?}", folder.display());
    ended.out + &ended.err
}

/// A program that the commands use and this machine lacks.
fn absent_program(folder: &Path) -> Option<&'static str> {
    let commands = fs::read_to_string(folder.join("command")).unwrap();
    let search = std::env::var_os("PATH").unwrap_or_default();
    let is_absent = |program: &&&str| !std::env::split_paths(&search).any(|dir| dir.join(program).is_file());
    let used = |program: &&&str| commands.split_whitespace().any(|word| word == **program);
    PROGRAMS.iter().filter(used).find(is_absent).copied()
}

fn check_example(code: &str) {
    let folder = gallery().join(code);
    if let Some(program) = absent_program(&folder) {
        assert!(std::env::var_os("QUITTANCE_CI").is_none(), "{program} is absent");
        eprintln!("skipped: {program} is absent, which the example of {code} uses");
        return;
    }
    let printed = run_example(&folder);
    let json = |colon: &str| format!("\"code\"{colon}\"{code}\"");
    let named = [format!("({code})"), format!("\ncode: {code}\n"), json(": "), json(":")];
    assert!(named.iter().any(|name| printed.contains(name)), "{code} is not raised: {printed}");
}

#[test]
fn every_command_raises_its_code() {
    let mut examples: Vec<String> =
        folders().into_iter().filter(|code| gallery().join(code).join("command").is_file()).collect();
    assert!(examples.len() > 70, "{examples:?}");
    // It waits for half a minute, in which the others are done.
    examples.sort_by_key(|code| code != "ledger.busy");
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(code) = examples.get(next.fetch_add(1, Ordering::Relaxed)) {
                    check_example(code);
                }
            });
        }
    });
}
