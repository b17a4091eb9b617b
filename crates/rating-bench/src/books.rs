//! The books of the benchmark: a data directory, and its ledger as it was generated.

use std::fs;
use std::io::{Cursor, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use billing::invoice::{Invoice, InvoiceLine};
use billing::ports::{PortError, PortResult};
use billing::price::PriceSheet;
use engine::import::{ImportFile, ImportReport, import_fx, import_prices};
use engine::{Books, DocumentShelf};
use formats::fx::FxOptions;
use formats::price::{PriceOptions, write_prices_csv};
use formats::source::Input;
use jiff::Timestamp;
use ledger::SqliteLedger;

use crate::world::{World, organisations};
use crate::{Outcome, at};

/// After the month, so that none of its days lies in the future.
pub(crate) const NOW: &str = "2026-10-05T09:00:00Z";

const LEDGER: &str = "ledger.db";
const FRESH_LEDGER: &str = "ledger.db.fresh";
/// What SQLite keeps beside the file.
const LOG: &str = "ledger.db-wal";
const LOG_INDEX: &str = "ledger.db-shm";
const RATED: &str = "usage/rated";

/// Nothing is printed here.
#[derive(Debug)]
struct NoDocuments;

impl DocumentShelf for NoDocuments {
    fn render_invoice(&self, _: &Invoice, _: &[InvoiceLine]) -> PortResult<Vec<u8>> {
        Err(PortError::new("document.render.failed", "nothing is printed here", ""))
    }

    fn store(&self, _: &str, _: &[u8]) -> PortResult<String> {
        Err(PortError::new("storage.failed", "nothing is stored here", ""))
    }

    fn load(&self, _: &str) -> PortResult<Vec<u8>> {
        Err(PortError::new("storage.file_missing", "nothing is stored here", ""))
    }
}

/// An open data directory.
#[derive(Debug)]
pub(crate) struct OpenBooks {
    pub(crate) books: Books,
    ledger: SqliteLedger,
}

impl OpenBooks {
    pub(crate) async fn create(root: &Path) -> Outcome<Self> {
        fs::create_dir_all(root).map_err(at(root))?;
        Self::around(root, SqliteLedger::open(&root.join(LEDGER)).await?)
    }

    pub(crate) async fn open(root: &Path) -> Outcome<Self> {
        Self::around(root, SqliteLedger::open_existing(&root.join(LEDGER)).await?)
    }

    fn around(root: &Path, ledger: SqliteLedger) -> Outcome<Self> {
        let books =
            Books::new(Arc::new(ledger.clone()), Arc::new(usage::DirectoryStore::open(root)?), Arc::new(NoDocuments));
        Ok(Self { books, ledger })
    }

    /// Only then does the ledger's file hold all of it.
    pub(crate) async fn close(self) {
        self.ledger.close().await;
    }

    pub(crate) async fn add_directory(&self, world: &World) -> Outcome<()> {
        let ledger = self.books.ledger.as_ref();
        ledger.save_organisations(&organisations()?).await?;
        ledger.save_customers(&world.customers).await?;
        ledger.save_subscriptions(&world.subscriptions).await?;
        Ok(())
    }

    /// Imports the price sheet and the exchange rates from the files that an issuer would have.
    pub(crate) async fn add_lists(&self, sheet: &PriceSheet) -> Outcome<()> {
        let mut prices = Vec::new();
        write_prices_csv(sheet, &mut prices)?;
        let (books, now) = (&self.books, now()?);
        let prices = import_prices(books, file("prices.csv", prices), &PriceOptions::default(), now).await?;
        check_complete(&prices)?;
        let rates = file("fx.csv", crate::prices::fx_csv()?.into_bytes());
        check_complete(&import_fx(books, rates, &FxOptions::default(), now).await?)
    }
}

pub(crate) fn now() -> Outcome<Timestamp> {
    Ok(NOW.parse()?)
}

pub(crate) fn file(name: &str, bytes: Vec<u8>) -> ImportFile {
    let sha256 = crate::sha256_of(&bytes);
    ImportFile { input: Input::new(name, Cursor::new(bytes)), name: name.to_owned(), sha256 }
}

/// Our own lists are good: a line that is set aside is a defect.
pub(crate) fn check_complete(report: &ImportReport) -> Outcome<()> {
    match report.quarantined.first() {
        None => Ok(()),
        Some(line) => Err(format!("{} line {}: {} ({})", report.source, line.line, line.message, line.code).into()),
    }
}

/// Keeps the closed ledger as it is now, for [`forget_rating`].
pub(crate) fn keep_ledger(root: &Path) -> Outcome<()> {
    let log = root.join(LOG);
    if log.metadata().is_ok_and(|log| log.len() > 0) {
        return Err(format!("{} holds what the ledger's own file does not", log.display()).into());
    }
    copy(root, LEDGER, FRESH_LEDGER)
}

/// Puts the books back into the state in which they were generated: nothing is rated yet.
pub(crate) fn forget_rating(root: &Path) -> Outcome<()> {
    for path in [root.join(LOG), root.join(LOG_INDEX)] {
        if_present(fs::remove_file(&path)).map_err(at(&path))?;
    }
    copy(root, FRESH_LEDGER, LEDGER)?;
    let rated = root.join(RATED);
    if_present(fs::remove_dir_all(&rated)).map_err(at(&rated))
}

/// What is gone already need not be removed.
pub(crate) fn if_present(removed: std::io::Result<()>) -> std::io::Result<()> {
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn copy(root: &Path, from: &str, to: &str) -> Outcome<()> {
    let from = root.join(from);
    fs::copy(&from, root.join(to)).map_err(at(&from))?;
    Ok(())
}

/// Where the books of a benchmark's data lie.
pub(crate) fn root_of(dir: &Path) -> PathBuf {
    dir.join("books")
}
