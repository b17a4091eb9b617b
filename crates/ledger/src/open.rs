//! Opening a ledger: one connection that writes, a few that read.

use std::path::Path;
use std::time::{Duration, Instant};

use billing::ports::PortResult;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Sqlite, SqliteConnection, Transaction};
use tokio::time::sleep;

use crate::error::{BUSY, LedgerError, Result};
use crate::migrations;

/// How long a statement waits for another process, and a call for the connection.
const WAIT_MAX: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);
const READERS_MAX: u32 = 4;
/// What stays of the write-ahead log after a large import.
const LOG_BYTES_MAX: &str = "67108864";

/// The ledger of one data directory in a SQLite file.
#[derive(Debug, Clone)]
pub struct SqliteLedger {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl SqliteLedger {
    /// Opens the ledger at `path`, and makes it where there is none.
    ///
    /// # Errors
    /// `ledger.version_newer`, `ledger.foreign`, `ledger.damaged`, `ledger.busy`, `storage.full`.
    pub async fn open(path: &Path) -> PortResult<Self> {
        Ok(Self::connect(path, true).await?)
    }

    /// Opens the ledger at `path`; one of an older version is brought up to date.
    ///
    /// # Errors
    /// `ledger.missing` where there is none; else as [`SqliteLedger::open`].
    pub async fn open_existing(path: &Path) -> PortResult<Self> {
        if !path.is_file() {
            return Err(LedgerError::Missing(path.to_owned()).into());
        }
        Ok(Self::connect(path, false).await?)
    }

    /// Waits for calls under way and closes the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Tries again while others hold the file: SQLite does not wait by itself for the moment in
    /// which another process turns on the write-ahead log of a new one.
    async fn connect(path: &Path, create: bool) -> Result<Self> {
        let started = Instant::now();
        loop {
            match Self::connect_once(path, create).await {
                Err(error) if error.code() == BUSY && started.elapsed() < WAIT_MAX => sleep(PAUSE).await,
                done => return done,
            }
        }
    }

    async fn connect_once(path: &Path, create: bool) -> Result<Self> {
        let plain = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(create)
            .foreign_keys(true)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(WAIT_MAX)
            .disable_statement_logging();
        // Looks before it turns on the write-ahead log: a file of somebody else stays as it is.
        // In a transaction, for another process may be making the ledger at this moment.
        let mut probe = plain.clone().connect().await?;
        let mut snapshot = probe.begin().await?;
        let found = migrations::check(&mut snapshot).await;
        snapshot.rollback().await?;
        probe.close().await?;
        let is_current = migrations::is_current(found?);

        let writer = pool(1).connect_with(
            plain.clone().journal_mode(SqliteJournalMode::Wal).pragma("journal_size_limit", LOG_BYTES_MAX),
        );
        let ledger = Self {
            writer: writer.await?,
            readers: pool(READERS_MAX).connect_lazy_with(plain.pragma("query_only", "ON")),
        };
        if !is_current {
            let mut transaction = ledger.write().await?;
            migrations::apply(&mut transaction).await?;
            transaction.commit().await?;
        }
        Ok(ledger)
    }

    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// Queries that have to agree with each other.
    pub(crate) async fn read(&self) -> Result<Transaction<'static, Sqlite>> {
        Ok(self.readers.begin().await?)
    }

    /// Takes the write lock at once, so that nothing that is read can change before the commit.
    /// Dropped without a commit, it leaves nothing.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Sqlite>> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}

fn pool(connections_max: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(WAIT_MAX)
        .idle_timeout(None)
        .max_lifetime(None)
        .before_acquire(|connection, _| Box::pin(is_clean(connection)))
}

/// SQLite ends a transaction by itself when the disk is full, and the roll-back that follows
/// fails. The connection then counts a transaction that there is no more and would refuse every
/// later one, so it is given up.
async fn is_clean(connection: &mut SqliteConnection) -> std::result::Result<bool, sqlx::Error> {
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

#[cfg(test)]
mod tests {
    use billing::ports::{Ledger, UsageImport};

    use super::*;

    /// Limits the file to `pages` on the writing connection, the only one that can.
    async fn limit(ledger: &SqliteLedger, pages: &'static str) {
        sqlx::query(pages).execute(&ledger.writer).await.unwrap();
    }

    async fn full_then_roomy(large: impl AsyncFn(&SqliteLedger) -> PortResult<()>) {
        let folder = tempfile::tempdir().unwrap();
        let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).await.unwrap();
        ledger.set_setting("before", "kept").await.unwrap();
        // SQLite takes no smaller limit than the pages that there are.
        limit(&ledger, "PRAGMA max_page_count = 1").await;
        for _ in 0..2 {
            let error = large(&ledger).await.unwrap_err();
            assert_eq!((error.code, error.message.as_str()), ("storage.full", "the disk is full; nothing was written"));
            limit(&ledger, "PRAGMA max_page_count = 1").await;
        }
        assert_eq!(ledger.setting("before").await.unwrap().as_deref(), Some("kept"));
        assert_eq!(ledger.setting("large").await.unwrap(), None);

        limit(&ledger, "PRAGMA max_page_count = 1000000").await;
        large(&ledger).await.unwrap();
        assert!(ledger.integrity().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_full_disk_loses_nothing_and_ends_when_there_is_room_again() {
        let text = "x".repeat(1_000_000);
        full_then_roomy(async |ledger| ledger.set_setting("large", &text).await).await;
        full_then_roomy(async |ledger| ledger.put_blob(text.as_bytes()).await.map(|_| ())).await;
        let import = UsageImport { source: text.clone(), ..UsageImport::default() };
        full_then_roomy(async |ledger| ledger.commit_usage_import(&import).await).await;
    }

    #[tokio::test]
    async fn readers_cannot_write_and_the_lock_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).await.unwrap();
        let write = sqlx::query("INSERT INTO settings (name, value) VALUES ('a', 'b')");
        let refused = LedgerError::from(write.execute(ledger.readers()).await.unwrap_err());
        assert_eq!(refused.code(), "ledger.read_only");

        let other = ledger.clone();
        let held = ledger.write().await.unwrap();
        let waiting = tokio::spawn(async move { other.set_setting("a", "c").await });
        tokio::time::sleep(Duration::from_millis(50)).await;
        held.commit().await.unwrap();
        waiting.await.unwrap().unwrap();
    }
}
