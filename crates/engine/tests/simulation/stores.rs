//! The stores of a run, and processes that work on them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use billing::invoice::{Invoice, InvoiceLine};
use billing::ports::{Ledger, PortError, PortResult, UsageStore, hex};
use engine::{Books, DocumentShelf};
use sha2::{Digest, Sha256};
use testkit::faults::{Faults, FaultyLedger, FaultyStore};
use testkit::memory::{MemoryLedger, MemoryStore};

/// Documents as JSON: the same document gives the same bytes.
#[derive(Debug, Default)]
struct JsonShelf(Mutex<BTreeMap<String, Vec<u8>>>);

impl DocumentShelf for JsonShelf {
    fn render_invoice(&self, invoice: &Invoice, lines: &[InvoiceLine]) -> PortResult<Vec<u8>> {
        Ok(serde_json::to_vec(&(invoice, lines)).unwrap())
    }

    fn store(&self, sha256: &str, bytes: &[u8]) -> PortResult<String> {
        assert_eq!(hex(&Sha256::digest(bytes)), sha256);
        self.0.lock().unwrap().insert(sha256.to_owned(), bytes.to_vec());
        Ok(sha256.to_owned())
    }

    fn load(&self, path: &str) -> PortResult<Vec<u8>> {
        let found = self.0.lock().unwrap().get(path).cloned();
        found.ok_or_else(|| PortError::new("storage.file_missing", "no such document", path))
    }
}

/// What outlives a process.
pub(crate) struct Stores {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) usage: Arc<dyn UsageStore>,
    shelf: Arc<JsonShelf>,
    pub(crate) faults: Arc<Faults>,
}

impl Stores {
    pub(crate) fn in_memory() -> Self {
        Self::of(Arc::new(MemoryLedger::default()), Arc::new(MemoryStore::default()))
    }

    pub(crate) fn of(ledger: Arc<dyn Ledger>, usage: Arc<dyn UsageStore>) -> Self {
        Self { ledger, usage, shelf: Arc::default(), faults: Arc::default() }
    }

    /// A new process at whose ports things go wrong.
    pub(crate) fn process(&self) -> Books {
        let (faults, usage) = (Arc::clone(&self.faults), Arc::clone(&self.usage));
        Books::new(
            Arc::new(FaultyLedger { ledger: Arc::clone(&self.ledger), faults: Arc::clone(&faults) }),
            Arc::new(FaultyStore { store: usage, faults }),
            Arc::clone(&self.shelf) as Arc<dyn DocumentShelf>,
        )
    }

    /// A process to which nothing happens, to look at what there is.
    pub(crate) fn witness(&self) -> Books {
        let shelf = Arc::clone(&self.shelf) as Arc<dyn DocumentShelf>;
        Books::new(Arc::clone(&self.ledger), Arc::clone(&self.usage), shelf)
    }
}
