//! Progress bars: on a terminal, none in a pipe.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over a known number of bytes, with the records counted beside it.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    bytes_done: Option<Arc<AtomicU64>>,
    records: AtomicU64,
}

/// How often the bar is moved.
const RECORDS_A_STEP: u64 = 4096;

impl Progress {
    /// A bar that fills with the bytes of a file.
    pub(crate) fn over_bytes(what: &str, total: u64, bytes_done: Arc<AtomicU64>) -> Self {
        let bar = visible(|| ProgressBar::new(total));
        let template = "{msg:<32} {bar:32} {percent:>3} %  {per_sec:>12}  {eta}";
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(what.to_owned());
        Self { bar, bytes_done: Some(bytes_done), records: AtomicU64::new(0) }
    }

    /// A spinner that counts records.
    pub(crate) fn counting(what: &str) -> Self {
        let bar = visible(ProgressBar::new_spinner);
        let template = "{spinner} {msg} {pos} lines  {per_sec}";
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar, bytes_done: None, records: AtomicU64::new(0) }
    }

    pub(crate) fn tick(&self, records: u64) {
        let before = self.records.fetch_add(records, Ordering::Relaxed);
        let count = before + records;
        if before / RECORDS_A_STEP != count / RECORDS_A_STEP {
            let position = self.bytes_done.as_ref().map_or(count, |bytes| bytes.load(Ordering::Relaxed));
            self.bar.set_position(position);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn visible(make: impl FnOnce() -> ProgressBar) -> ProgressBar {
    if std::io::stderr().is_terminal() { make() } else { ProgressBar::hidden() }
}
