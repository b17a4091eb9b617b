//! `cargo xtask bench rating`: rates one month with the product, and with its peers by the same job.
//!
//! `rating-bench` makes the data and rates our part of it, the programs of crates/xtask/bench are the
//! peers. Each run is a process of its own with two threads. All have to come to the same totals.

mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::{Args, ValueEnum};
use serde::Deserialize;

use super::{release_build, target_folder, text};
use report::Report;

#[derive(Debug, Args)]
pub(crate) struct RatingBench {
    /// Rows of usage
    #[arg(long, default_value_t = 10_000_000)]
    rows: u64,
    /// Runs of each, in turns; of the speeds the median is reported
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Seed of the data, which is made once for each number of rows and seed
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Table,
    Json,
}

/// The peers' programs, and the modules that each of them needs.
const PEERS: [(&str, &str); 3] = [
    ("peer_duckdb.py", "import duckdb, pyarrow"),
    ("peer_polars.py", "import polars, pyarrow"),
    ("peer_chdb.py", "import chdb, pyarrow"),
];
const PYTHON: &str = "python3";
const THREADS: usize = 2;

/// What a run prints about itself.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Run {
    name: String,
    version: String,
    rows: u64,
    rows_per_s: u64,
    peak_rss_mb: u64,
    out_mb: f64,
    totals_sha: String,
}

/// Somebody who does the job.
#[derive(Debug)]
struct Contestant {
    /// Program and arguments.
    command: Vec<String>,
    totals: PathBuf,
    runs: Vec<Run>,
}

pub(super) fn rating(args: &RatingBench) -> Result<(), String> {
    let binary = text(&release_build("rating-bench")?);
    let folder = target_folder().join("bench-rating").join(format!("{}-{}", args.rows, args.seed));
    let data = folder.join("data");
    let (rows, seed) = (args.rows.to_string(), args.seed.to_string());
    eprintln!("data of {rows} rows in {}", data.display());
    let generate = ["generate", "--rows", &rows, "--seed", &seed, "--dir", &text(&data)].map(str::to_owned);
    output_of(&[vec![binary.clone()], generate.to_vec()].concat())?;

    let mut ours = ours(&binary, &data, &folder)?;
    let mut peers: Vec<Contestant> = PEERS.iter().filter_map(|peer| available(peer, &data, &folder)).collect();
    for round in 1..=args.rounds {
        eprintln!("round {round} of {}", args.rounds);
        ours.run(args.rows)?;
        // One that gives up, for want of memory say, takes no further part; one that is wrong ends it all.
        peers = peers
            .into_iter()
            .filter_map(|peer| peer.run_beside(&ours, args.rows).transpose())
            .collect::<Result<_, _>>()?;
    }
    let report = Report::new(&ours, &peers);
    match args.output {
        Output::Table => print!("{}", report.table()),
        Output::Json => println!("{}", report.json(args.rows, args.rounds)),
    }
    Ok(())
}

fn ours(binary: &str, data: &Path, folder: &Path) -> Result<Contestant, String> {
    let out = folder.join("quittance");
    fs::create_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    let totals = out.join("totals.csv");
    let command = [binary, "rate", "--dir", &text(data), "--out", &text(&totals)].map(str::to_owned);
    Ok(Contestant { command: command.to_vec(), totals, runs: vec![] })
}

/// A peer, unless Python or its modules are missing.
fn available((program, imports): &(&str, &str), data: &Path, folder: &Path) -> Option<Contestant> {
    let found = Command::new(PYTHON).args(["-c", imports]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        eprintln!("{program} is skipped: `{PYTHON} -c \"{imports}\"` fails");
        return None;
    }
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench").join(program);
    let out = folder.join(program.file_stem()?);
    let command = [PYTHON, &text(&program), &text(&data.join("peers")), &text(&out), &THREADS.to_string()];
    Some(Contestant { command: command.map(str::to_owned).to_vec(), totals: out.join("totals.csv"), runs: vec![] })
}

impl Contestant {
    fn run(&mut self, rows: u64) -> Result<(), String> {
        let printed = output_of(&self.command)?;
        let line = printed.lines().rfind(|line| line.starts_with('{')).unwrap_or_default();
        let run: Run =
            serde_json::from_str(line).map_err(|error| format!("{:?} printed {printed:?}: {error}", self.command))?;
        if run.rows != rows {
            return Err(format!("{} rated {} of {rows} rows", run.name, run.rows));
        }
        eprintln!("  {}: {} rows/s", run.name, run.rows_per_s);
        self.runs.push(run);
        Ok(())
    }

    /// `None` for a peer that fails.
    ///
    /// # Errors
    /// Totals that are not ours.
    fn run_beside(mut self, ours: &Self, rows: u64) -> Result<Option<Self>, String> {
        if let Err(failure) = self.run(rows) {
            eprintln!("  left out from here on: {failure}");
            return Ok(None);
        }
        let sha = |contestant: &Self| contestant.runs.last().map(|run| run.totals_sha.clone());
        if sha(&self) == sha(ours) { Ok(Some(self)) } else { Err(difference(&ours.totals, &self.totals)) }
    }
}

/// Standard output of a command that succeeds. It gets two cores, whatever the machine has: ours uses
/// all it is given, and the peers' runtimes bring helpers besides their threads.
fn output_of(command: &[String]) -> Result<String, String> {
    let cores = std::thread::available_parallelism().map_or(THREADS, std::num::NonZero::get);
    let pin = if cores > THREADS { vec!["taskset".to_owned(), "-c".to_owned(), "0,1".to_owned()] } else { vec![] };
    let words = [pin.as_slice(), command].concat();
    let (program, arguments) = words.split_first().ok_or("there is no command")?;
    let mut process = Command::new(program);
    // The peers' programs lie among the sources, where Python would leave its compiled form of them.
    process.args(arguments).env("PYTHONDONTWRITEBYTECODE", "1").stderr(Stdio::inherit());
    let output = process.output().map_err(|error| format!("{program} cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?} ended with {}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}

/// A sentence about the first line in which two files of totals differ.
fn difference(ours: &Path, theirs: &Path) -> String {
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let (our_lines, their_lines) = (read(ours), read(theirs));
    let files = format!("{} and {} differ", ours.display(), theirs.display());
    match first_difference(&our_lines, &their_lines) {
        Some((line, ours, theirs)) => format!("{files}, first in line {line}: {ours:?} and {theirs:?}"),
        None => format!("{files}, but not in their lines"),
    }
}

/// Number of the line, and what it is in each text; nothing where one has ended.
fn first_difference<'t>(ours: &'t str, theirs: &'t str) -> Option<(usize, &'t str, &'t str)> {
    let line_count = ours.lines().count().max(theirs.lines().count());
    let padded = |text: &'t str| text.lines().chain(std::iter::repeat("")).take(line_count);
    let mut pairs = (1..).zip(padded(ours).zip(padded(theirs)));
    pairs.find(|(_, (ours, theirs))| ours != theirs).map(|(line, (ours, theirs))| (line, ours, theirs))
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn the_first_line_that_differs_is_found() {
        assert_eq!(first_difference("a,1\nb,2\n", "a,1\nb,2\n"), None);
        assert_eq!(first_difference("a,1\nb,2\nc,3\n", "a,1\nb,3\n"), Some((2, "b,2", "b,3")));
        assert_eq!(first_difference("a,1\n", "a,1\nb,3\n"), Some((2, "", "b,3")));
    }
}
