//! What the rounds came to, for people and for programs.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Contestant, Run};

/// All runs of one.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Summary {
    name: String,
    version: String,
    /// Median.
    rows_per_s: u64,
    /// The largest.
    peak_rss_mb: u64,
    out_mb: f64,
    totals_sha: String,
}

impl Summary {
    fn of(runs: &[Run]) -> Option<Self> {
        let last = runs.last()?;
        let mut speeds: Vec<u64> = runs.iter().map(|run| run.rows_per_s).collect();
        speeds.sort_unstable();
        Some(Self {
            name: last.name.clone(),
            version: last.version.clone(),
            rows_per_s: speeds[speeds.len() / 2],
            peak_rss_mb: runs.iter().map(|run| run.peak_rss_mb).max()?,
            out_mb: last.out_mb,
            totals_sha: last.totals_sha.clone(),
        })
    }
}

/// The results; ours comes first.
#[derive(Debug)]
pub(super) struct Report {
    results: Vec<Summary>,
}

impl Report {
    pub(super) fn new(ours: &Contestant, peers: &[Contestant]) -> Self {
        let all = std::iter::once(ours).chain(peers);
        Self { results: all.filter_map(|contestant| Summary::of(&contestant.runs)).collect() }
    }

    /// How many times as fast as `other` we are.
    fn ratio_to(&self, other: &Summary) -> f64 {
        let ours = self.results.first().map_or(0, |ours| ours.rows_per_s);
        (ours as f64 / other.rows_per_s.max(1) as f64 * 1000.0).round() / 1000.0
    }

    fn best_peer(&self) -> Option<&Summary> {
        self.results.iter().skip(1).max_by_key(|peer| peer.rows_per_s)
    }

    pub(super) fn json(&self, rows: u64, rounds: u32) -> Value {
        json!({
            "rows": rows,
            "rounds": rounds,
            "results": self.results,
            "ratio_to_best_peer": self.best_peer().map(|best| self.ratio_to(best)),
        })
    }

    pub(super) fn table(&self) -> String {
        let heads = ["name", "version", "rows/s", "peak MB", "output MB", "ours to it"].map(str::to_owned);
        let row = |summary: &Summary| {
            [
                summary.name.clone(),
                summary.version.clone(),
                summary.rows_per_s.to_string(),
                summary.peak_rss_mb.to_string(),
                format!("{:.1}", summary.out_mb),
                format!("{:.2}", self.ratio_to(summary)),
            ]
        };
        let mut table = aligned(&std::iter::once(heads).chain(self.results.iter().map(row)).collect::<Vec<_>>());
        match self.best_peer() {
            Some(best) => {
                table.push_str(&format!("quittance to the best peer, {}: {:.2}\n", best.name, self.ratio_to(best)));
            }
            None => table.push_str("no peer took part\n"),
        }
        table
    }
}

/// Names and versions to the left, figures to the right.
fn aligned(rows: &[[String; 6]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let cell = |(column, text): (usize, &String)| match column {
        0 | 1 => format!("{text:<width$}", width = widths[column]),
        _ => format!("{text:>width$}", width = widths[column]),
    };
    let line = |row: &[String; 6]| row.iter().enumerate().map(cell).collect::<Vec<_>>().join("  ") + "\n";
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contestant(name: &str, runs: &[(u64, u64)]) -> Contestant {
        let run = |(rows_per_s, peak_rss_mb): &(u64, u64)| Run {
            name: name.to_owned(),
            version: "1.2".to_owned(),
            rows: 10,
            rows_per_s: *rows_per_s,
            peak_rss_mb: *peak_rss_mb,
            out_mb: 3.5,
            totals_sha: "ab".to_owned(),
        };
        Contestant { command: vec![], totals: "totals.csv".into(), runs: runs.iter().map(run).collect() }
    }

    #[test]
    fn speed_is_the_median_memory_the_maximum_and_the_best_peer_the_fastest() {
        let ours = contestant("quittance", &[(300, 20), (100, 30), (200, 10)]);
        let peers = [contestant("slow", &[(50, 1)]), contestant("fast", &[(160, 7)])];
        let report = Report::new(&ours, &peers);
        let expected = "\
name       version  rows/s  peak MB  output MB  ours to it
quittance  1.2         200       30        3.5        1.00
slow       1.2          50        1        3.5        4.00
fast       1.2         160        7        3.5        1.25
quittance to the best peer, fast: 1.25
";
        assert_eq!(report.table(), expected);
        let json = report.json(10, 3);
        assert_eq!((&json["ratio_to_best_peer"], &json["rounds"]), (&json!(1.25), &json!(3)));
        assert_eq!(json["results"][0]["rows_per_s"], json!(200));
        assert_eq!(Report::new(&ours, &[]).json(10, 3)["ratio_to_best_peer"], Value::Null);
    }
}
