//! A data directory: ledger, usage files, documents, and the lock that one writer holds.

use std::any::Any;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use engine::writing::WriteGate;
use engine::{Books, EngineResult};
use ledger::SqliteLedger;

use crate::export_shelf::FolderShelf;
use crate::output::Failure;
use crate::shelf::FileShelf;

/// An open data directory.
#[derive(Debug)]
pub(crate) struct DataDir {
    pub(crate) books: Books,
    root: PathBuf,
}

/// Held while a command writes; released when dropped or when the process ends.
#[derive(Debug)]
pub(crate) struct WriteLock {
    _file: File,
}

const LEDGER: &str = "ledger.db";

/// The lock of a data directory, as requests take it.
#[derive(Debug)]
pub(crate) struct LockGate {
    root: PathBuf,
}

impl WriteGate for LockGate {
    fn enter(&self) -> EngineResult<Box<dyn Any + Send>> {
        let lock = lock(&self.root).map_err(Failure::into_engine)?;
        Ok(Box::new(lock))
    }
}

fn lock(root: &Path) -> Result<WriteLock, Failure> {
    let path = root.join("write.lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let message = format!("another command is writing to {}; try again when it is done", root.display());
            return Err(Failure::new("data_dir.locked", message));
        }
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    Ok(WriteLock { _file: file })
}

/// The ledgers that this process has opened.
static OPENED: Mutex<Vec<SqliteLedger>> = Mutex::new(Vec::new());

/// Closes them. Only then is the database's log taken into its file, where `verify` sees every byte
/// of it and a copy of the file is a copy of the books.
pub(crate) async fn close_all() {
    let opened = std::mem::take(&mut *OPENED.lock().unwrap_or_else(PoisonError::into_inner));
    for ledger in opened {
        ledger.close().await;
    }
}

impl DataDir {
    /// Opens a data directory that `init` or `demo` made.
    pub(crate) async fn open(root: &Path) -> Result<Self, Failure> {
        if !root.join(LEDGER).is_file() {
            let message = format!("{} is no data directory; make one with `quittance init`", root.display());
            return Err(Failure::new("data_dir.missing", message));
        }
        // A directory that is taken away meanwhile must not come back as empty books.
        Self::around(root, SqliteLedger::open_existing(&root.join(LEDGER)).await?)
    }

    pub(crate) async fn open_or_create(root: &Path) -> Result<Self, Failure> {
        std::fs::create_dir_all(root).map_err(|error| {
            Failure::new("data_dir.unusable", format!("{} cannot be made: {error}", root.display()))
        })?;
        Self::around(root, SqliteLedger::open(&root.join(LEDGER)).await?)
    }

    fn around(root: &Path, ledger: SqliteLedger) -> Result<Self, Failure> {
        OPENED.lock().unwrap_or_else(PoisonError::into_inner).push(ledger.clone());
        let usage = usage::DirectoryStore::open(root)?;
        let books = Books::new(Arc::new(ledger), Arc::new(usage), Arc::new(FileShelf::new(root)));
        Ok(Self { books, root: root.to_owned() })
    }

    pub(crate) fn exists(root: &Path) -> bool {
        root.join(LEDGER).exists()
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Makes this the only process that writes, and removes what a killed one left behind.
    pub(crate) async fn lock(&self) -> Result<WriteLock, Failure> {
        let lock = self.lock_without_sweep()?;
        self.sweep().await?;
        Ok(lock)
    }

    pub(crate) fn lock_without_sweep(&self) -> Result<WriteLock, Failure> {
        lock(&self.root)
    }

    /// Where the exports of a server are kept.
    pub(crate) fn export_shelf(&self) -> FolderShelf {
        FolderShelf::new(&self.root)
    }

    /// Lets the requests of a server write in their turn, beside other processes.
    pub(crate) fn gate(&self) -> LockGate {
        LockGate { root: self.root.clone() }
    }

    async fn sweep(&self) -> Result<(), Failure> {
        for path in engine::storing::sweep(&self.books).await? {
            tracing::info!(path, "removed a file that nothing names");
        }
        Ok(())
    }

    /// The key that signs statement links; made once.
    pub(crate) async fn link_key(&self) -> Result<[u8; 32], Failure> {
        const NAME: &str = "link_key";
        if let Some(key) = self.books.ledger.setting(NAME).await?.as_deref().and_then(from_hex) {
            return Ok(key);
        }
        let key = random_bytes()?;
        self.books.ledger.set_setting(NAME, &billing::ports::hex(&key)).await?;
        Ok(key)
    }
}

/// 32 bytes of the operating system's randomness.
pub(crate) fn random_bytes() -> Result<[u8; 32], Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::new("random.unavailable", "the system gives no random bytes").with_operator(error))?;
    Ok(bytes)
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (i, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(key)
}
