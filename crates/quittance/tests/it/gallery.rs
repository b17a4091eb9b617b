//! The error gallery: every code has a page in `docs/errors`, and an example that raises it: a
//! file that the tests of its reader try, or commands that are run here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::books::{Ended, NOW, bare_command, copy_folder};
use crate::codes::raised_codes;
use crate::demo_books::demo_dir;

/// Codes that nothing outside of the program can provoke in a test, with the reason.
const WITHOUT_EXAMPLE: [(&str, &str); 39] = [
    ("close.drift", "guards against a defect of the program"),
    ("close.totals", "guards against a defect of the program"),
    ("closure.with_document", "guards against a defect of the program"),
    ("currency.mixed", "guards against a defect of the program"),
    ("demo.line_refused", "guards against a defect of the program"),
    ("demo.parked", "guards against a defect of the program"),
    ("document.amount.malformed", "guards against a defect of the program"),
    ("document.locale.unknown", "the command line accepts languages that have a translation"),
    ("document.render.failed", "guards against a defect of the program"),
    ("explain.does_not_add_up", "stored files are checked by their digests before"),
    ("id.malformed", "guards against a defect of the program"),
    ("invoice.number_ambiguous", "the command line makes one issuer"),
    ("invoice.number_malformed", "a usage error of the command line, which ends with 2"),
    ("invoice.series_exhausted", "needs a thousand million invoices"),
    ("journal.too_few_postings", "guards against a defect of the program"),
    ("journal.unbalanced", "guards against a defect of the program"),
    ("journal.unknown_name", "rows of the journal are checked by their digests; tests of the ledger raise it"),
    ("ledger.busy", "needs half a minute; tests of the ledger raise it"),
    ("ledger.conflict", "the lock of the data directory prevents it"),
    ("ledger.failed", "needs a disk that fails"),
    ("ledger.missing", "data_dir.missing comes first"),
    ("ledger.number_too_large", "guards against a defect of the program"),
    ("ledger.read_only", "rights do not bind a test that runs as root"),
    ("ledger.reference_unknown", "guards against a defect of the program"),
    ("number.division_by_zero", "guards against a defect of the program"),
    ("number.inexact", "shown inside the message of another code"),
    ("organisation.not_chosen", "init and demo choose a default"),
    ("payment.currency", "the command line books in the invoice's currency"),
    ("quarantine.not_waiting", "the lock of the data directory prevents it"),
    ("random.unavailable", "needs a system without randomness"),
    ("rating.failed", "shown inside the reason of a parked organisation"),
    ("rating.out_of_order", "guards against a defect of the program"),
    ("rating.subscription_unknown", "guards against a defect of the program"),
    ("savings_plan.discount_out_of_range", "savings plans cannot be imported yet"),
    ("savings_plan.negative", "savings plans cannot be imported yet"),
    ("storage.busy", "no store of a data directory raises it"),
    ("storage.full", "needs a full disk: disk_full.rs makes one where it may"),
    ("token.role_unknown", "a usage error of the command line, which ends with 2"),
    ("verify.rules_version", "needs books of another version"),
];
const PARTS: [&str; 3] = ["## What is wrong", "## How it looks", "## What to do"];

fn gallery() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors")
}

/// The codes that have a folder.
fn folders() -> Vec<String> {
    let entries = fs::read_dir(gallery()).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
    let mut names: Vec<String> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn has_example(code: &str) -> bool {
    fs::read_dir(gallery().join(code)).is_ok_and(|files| files.count() > 1)
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
fn every_code_has_an_example_or_a_reason() {
    let excused = |code: &str| WITHOUT_EXAMPLE.iter().any(|(excused, _)| *excused == code);
    let bare: Vec<String> = raised_codes().into_iter().filter(|code| !has_example(code) && !excused(code)).collect();
    assert!(bare.is_empty(), "no example: {bare:#?}");
    let idle: Vec<_> = WITHOUT_EXAMPLE.iter().filter(|(code, _)| has_example(code)).collect();
    assert!(idle.is_empty(), "these have an example by now: {idle:#?}");
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
    assert!(matches!(ended.code, Some(1 | 3)), "{}: {ended:#?}", folder.display());
    ended.out + &ended.err
}

fn check_example(code: &str) {
    let printed = run_example(&gallery().join(code));
    let named = [format!("({code})"), format!("\"code\": \"{code}\""), format!("\"code\":\"{code}\"")];
    assert!(named.iter().any(|name| printed.contains(name)), "{code} is not raised: {printed}");
}

#[test]
fn every_command_raises_its_code() {
    let examples: Vec<String> =
        folders().into_iter().filter(|code| gallery().join(code).join("command").is_file()).collect();
    assert!(examples.len() > 45, "{examples:?}");
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
