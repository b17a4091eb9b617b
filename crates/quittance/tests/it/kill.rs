//! Commands are killed at random moments and repeated: the books end as if nothing had happened.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::books::{Books, files_below, numbers};
use crate::chance::Chance;
use crate::sample::{RECORDS, lists, usage};

/// Half of them hit an import, half a close.
const KILLS: u64 = 100;
const IMPORT: &str = "import usage october.csv";
const CLOSE: &str = "close --period 2026-10";

/// What the same commands come to when nobody disturbs them, and how long each takes.
struct Undisturbed {
    billed: String,
    import: Duration,
    close: Duration,
}

fn books() -> Books {
    let books = lists();
    books.write("october.csv", usage("2026-10", 9, RECORDS));
    books
}

fn undisturbed() -> Undisturbed {
    let runs = [(); 3].map(|()| {
        let books = books();
        let started = Instant::now();
        books.run(IMPORT).exits(0);
        let import = started.elapsed();
        let started = Instant::now();
        books.run(CLOSE).exits(0);
        (books.billed(), import, started.elapsed())
    });
    assert!(runs.iter().all(|(billed, ..)| *billed == runs[0].0), "undisturbed runs differ");
    let middle = |mut times: [Duration; 3]| {
        times.sort();
        times[1]
    };
    Undisturbed {
        import: middle(runs.each_ref().map(|run| run.1)),
        close: middle(runs.each_ref().map(|run| run.2)),
        billed: runs[0].0.clone(),
    }
}

/// Starts a command, kills it after a while, and says whether it was still running.
fn kill_after(command: &mut Command, moment: Duration) -> bool {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    thread::sleep(moment);
    let running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    running
}

fn moment(chance: &mut Chance, duration: Duration) -> Duration {
    let micros = usize::try_from(duration.as_micros()).unwrap();
    Duration::from_micros(u64::try_from(chance.below(micros.max(1))).unwrap())
}

/// One import and one close, both killed on their way and repeated; how many kills hit.
fn check(seed: u64, expected: &Undisturbed) -> u64 {
    let mut chance = Chance::new(seed);
    let books = books();
    let mut hits = 0;

    hits += u64::from(kill_after(&mut books.command(IMPORT), moment(&mut chance, expected.import)));
    let report = books.json(IMPORT);
    let count = |name: &str| report[name].as_u64().unwrap();
    assert_eq!(count("accepted") + count("duplicate"), RECORDS, "seed {seed}: {report:#}");
    assert!([0, RECORDS].contains(&count("accepted")), "seed {seed}: half an import was seen: {report:#}");

    hits += u64::from(kill_after(&mut books.command(CLOSE), moment(&mut chance, expected.close)));
    books.run(CLOSE).exits(0);
    assert_eq!(books.billed(), expected.billed, "seed {seed}");
    check_numbers(&books.json("invoices list"));
    check_files(&books, &books.verify_sound());
    hits
}

/// INV-1: gapless.
fn check_numbers(list: &Value) {
    let mut found = numbers(list);
    found.sort();
    let expected: Vec<String> = (1..=found.len()).map(|number| format!("G{number:09}")).collect();
    assert_eq!(found, expected);
}

/// Every file is one that the ledger names and `verify` looked at: no orphans are left.
fn check_files(books: &Books, verified: &Value) {
    let files = files_below(&books.dir().join("usage"));
    assert_eq!(
        Some(files.len()),
        verified["files"].as_u64().map(|count| usize::try_from(count).unwrap()),
        "{files:#?}"
    );
}

#[test]
fn a_killed_import_and_a_killed_close_can_be_repeated() {
    let kills = std::env::var("QUITTANCE_TEST_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    let expected = undisturbed();
    let half = kills / 4;
    let expected = &expected;
    let hits: u64 = thread::scope(|scope| {
        let halves = [0..half, half..kills / 2];
        let halves = halves.map(|seeds| scope.spawn(move || seeds.map(|seed| check(seed, expected)).sum::<u64>()));
        halves.into_iter().map(|half| half.join().unwrap()).sum()
    });
    assert!(hits * 2 > kills, "only {hits} of {kills} kills came before the end");
}
